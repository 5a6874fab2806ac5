"""Deleted recordings (``message_deleted``, ``file_deleted`` …): their transcripts are deleted too.

Source: https://docs.slack.dev/reference/events/message/message_deleted and its neighbours.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import structlog

from bot.model import FileState
from bot.ports.store import Requests
from bot.slack.client.identity import Identity
from bot.slack.incoming.events import EventCallback, FileDeleted, MessageEvent
from bot.slack.incoming.listeners import Listeners
from bot.slack.incoming.messages import Message, SharedMessage


@dataclass(frozen=True, slots=True)
class Deletion:
    """A deleted message with recordings, or one deleted file of it."""

    team_id: str
    channel_id: str
    message_ts: str
    thread_ts: str
    file_id: str | None = None
    """The deleted file; ``None`` for the whole message."""


class DeletedRecordings:
    """Has transcripts deleted whose recordings somebody deletes.

    An error of the store is raised, so that Slack delivers the event again.

    Args:
        requests: Stores the removals.
        identity: The bot's ids; its own messages are passed over.
    """

    def __init__(self, requests: Requests, identity: Identity) -> None:
        self._requests = requests
        self._identity = identity
        self._log = structlog.get_logger(__name__)

    def register(self, listeners: Listeners) -> None:
        """Listen for deletions; before those that listen for messages of any kind."""
        for subtype in ("message_deleted", "message_changed"):
            listeners.event("message", MessageEvent, self._lose_message, subtype=subtype)
        listeners.event("file_deleted", FileDeleted, self._lose_file)

    async def _lose_file(self, deleted: EventCallback[FileDeleted]) -> None:
        file_id = deleted.event.file_id
        if file_id:
            messages = await self._requests.remove_file(deleted.installation_id, file_id)
            self._log.info("file deleted", file_id=file_id, messages=messages)

    async def _lose_message(self, changed: EventCallback[MessageEvent]) -> None:
        for gone in parse_gone(changed, self._identity):
            await self._requests.remove_message(
                gone.team_id,
                gone.channel_id,
                gone.message_ts,
                thread_ts=gone.thread_ts,
                file_id=gone.file_id,
            )
            self._log.info("recording deleted", channel_id=gone.channel_id, file_id=gone.file_id)


def parse_gone(changed: EventCallback[MessageEvent], identity: Identity) -> Iterator[Deletion]:
    """The recordings of a message that are gone; none where the message is the bot's own. Pure."""
    event = changed.event
    before, after = event.previous_message or Message(), event.message or Message()
    ours = {identity.bot_user_id, identity.bot_id} - {""}
    if ours & {before.user, before.bot_id}:
        return
    target = before.target(changed.installation_id, event.channel)
    if target is None or not target.files:
        return
    # The head of a thread with replies is changed into a tombstone.
    if event.subtype == "message_deleted" or after.subtype == "tombstone":
        yield _gone(target)
        return
    now = after.target(target.team_id, target.channel_id)
    gone = {file.id for file in now.files if file.state is FileState.GONE} if now else set()
    for file in target.files:
        if file.id in gone and file.state is not FileState.GONE:
            yield _gone(target, file.id)


def _gone(target: SharedMessage, file_id: str | None = None) -> Deletion:
    return Deletion(target.team_id, target.channel_id, target.message_ts, target.thread_ts, file_id)
