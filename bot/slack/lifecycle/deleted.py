"""Deleted recordings (``message_deleted``, ``file_deleted`` …): their transcripts are deleted too.

Source: https://docs.slack.dev/reference/events/message/message_deleted and its neighbours.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, replace

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
    thread_ts: str | None
    """The thread of its replies; ``None``: only the jobs that know the message can tell."""
    file_id: str | None = None
    """The deleted file; ``None`` for the whole message."""


class DeletedRecordings:
    """Has transcripts deleted whose recordings somebody deletes.

    An error of the store is raised, so that Slack delivers the event again.

    Args:
        requests: Stores the removals.
        identity: The bot's ids; its own messages are passed over.
        edited: Take every ``message_changed`` too: of those that listen for it only the first is called.
    """

    def __init__(
        self,
        requests: Requests,
        identity: Identity,
        edited: Sequence[Callable[[EventCallback[MessageEvent]], Awaitable[None]]],
    ) -> None:
        self._requests = requests
        self._identity = identity
        self._edited = edited
        self._log = structlog.get_logger(__name__)

    def register(self, listeners: Listeners) -> None:
        """Listen for deletions; before those that listen for messages of any kind."""
        listeners.event("message", MessageEvent, self._lose_message, subtype="message_deleted")
        listeners.event("message", MessageEvent, self._change_message, subtype="message_changed")
        listeners.event("file_deleted", FileDeleted, self._lose_file)

    async def _lose_file(self, deleted: EventCallback[FileDeleted]) -> None:
        file_id = deleted.event.file_id
        if file_id:
            messages = await self._requests.remove_file(deleted.installation_id, file_id)
            self._log.info("file deleted", file_id=file_id, messages=messages)

    async def _change_message(self, changed: EventCallback[MessageEvent]) -> None:
        await self._lose_message(changed)
        for take in self._edited:
            await take(changed)

    async def _lose_message(self, changed: EventCallback[MessageEvent]) -> None:
        for gone in parse_gone(changed, self._identity):
            is_known = await self._requests.remove_message(
                gone.team_id,
                gone.channel_id,
                gone.message_ts,
                thread_ts=gone.thread_ts,
                file_id=gone.file_id,
            )
            if is_known:
                self._log.info("recording deleted", channel_id=gone.channel_id, file_id=gone.file_id)


def parse_gone(changed: EventCallback[MessageEvent], identity: Identity) -> Iterator[Deletion]:
    """The recordings of a message that are gone; none where the message is the bot's own. Pure.

    Where Slack does not say what the message was, whether it held recordings is for the jobs to tell.
    """
    event, team_id = changed.event, changed.installation_id
    before, after = event.previous_message or Message(), event.message or Message()
    if identity.wrote(before) or identity.wrote(after):
        return
    target, now = before.target(team_id, event.channel), after.target(team_id, event.channel)
    # The head of a thread with replies is changed into a tombstone.
    if event.subtype == "message_deleted" or after.subtype == "tombstone":
        ts = event.deleted_ts or before.ts or after.ts
        if target is not None and target.files:
            yield _gone(target)
        elif team_id and event.channel and ts:
            yield Deletion(team_id, event.channel, ts, None)
        return
    gone = [file.id for file in now.files if file.state is FileState.GONE] if now else []
    if target is not None:
        were = {file.id for file in target.files if file.state is not FileState.GONE}
        yield from (_gone(target, file_id) for file_id in gone if file_id in were)
    elif now is not None:
        yield from (replace(_gone(now, file_id), thread_ts=None) for file_id in gone)


def _gone(target: SharedMessage, file_id: str | None = None) -> Deletion:
    return Deletion(target.team_id, target.channel_id, target.message_ts, target.thread_ts, file_id)
