"""What people delete: its transcripts go too.

Source: https://docs.slack.dev/reference/events/message/message_deleted and its neighbours.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import structlog
from slack_bolt.async_app import AsyncApp

from bot.model import FileState
from bot.ports.store import Requests
from bot.slack.bodies import Body, part, team_of
from bot.slack.files import parse_id
from bot.slack.identity import Identity
from bot.slack.targets import Target, parse_target


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """A message, or one of its files, that is gone."""

    team_id: str
    channel_id: str
    message_ts: str
    thread_ts: str
    file_id: str | None = None
    """``None``: all of it."""


class Withdrawals:
    """Has transcripts go where their recordings went.

    Args:
        jobs: Where that becomes durable.
        identity: Whose own messages say nothing here.
    """

    def __init__(self, jobs: Requests, identity: Identity) -> None:
        self._jobs = jobs
        self._identity = identity
        self._log = structlog.get_logger(__name__)

    def register(self, bolt: AsyncApp) -> None:
        """Listen for what is deleted; before whoever listens for messages of any kind.

        An error of the store is raised, so that Slack delivers the event again.
        """

        async def lose_file(body: dict[str, Any]) -> None:
            file_id = parse_id(part(body, "event"), "file_id")
            if file_id:
                messages = await self._jobs.withdraw_file(team_of(body), file_id)
                self._log.info("file deleted", file_id=file_id, messages=messages)

        async def lose_message(body: dict[str, Any]) -> None:
            for gone in parse_withdrawn(body, self._identity):
                await self._jobs.withdraw_message(
                    gone.team_id,
                    gone.channel_id,
                    gone.message_ts,
                    thread_ts=gone.thread_ts,
                    file_id=gone.file_id,
                )
                self._log.info("recording deleted", channel_id=gone.channel_id, file_id=gone.file_id)

        for subtype in ("message_deleted", "message_changed"):
            bolt.event({"type": "message", "subtype": subtype})(lose_message)
        bolt.event("file_deleted")(lose_file)


def parse_withdrawn(body: Body, identity: Identity) -> Iterator[Withdrawn]:
    """What of a message with files is gone; nothing where the message is the bot's own. Pure."""
    event = part(body, "event")
    before, after = part(event, "previous_message"), part(event, "message")
    ours = {identity.bot_user_id, identity.bot_id} - {""}
    if ours & {parse_id(before, "user"), parse_id(before, "bot_id")}:
        return
    target = parse_target(team_of(body), parse_id(event, "channel"), before)
    if target is None or not target.files:
        return
    # The head of a thread with replies is changed into a tombstone.
    if event.get("subtype") == "message_deleted" or after.get("subtype") == "tombstone":
        yield _withdrawn(target)
        return
    now = parse_target(target.team_id, target.channel_id, after)
    gone = {file.id for file in now.files if file.state is FileState.GONE} if now else set()
    for file in target.files:
        if file.id in gone and file.state is not FileState.GONE:
            yield _withdrawn(target, file.id)


def _withdrawn(target: Target, file_id: str | None = None) -> Withdrawn:
    return Withdrawn(target.team_id, target.channel_id, target.message_ts, target.thread_ts, file_id)
