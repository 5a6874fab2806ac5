"""``file_shared`` events: the message that shares a file is looked up where no event tells of it.

Source: https://docs.slack.dev/reference/events/file_shared
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import structlog

from bot.errors import Outage, Refusal, Rejected, Unavailable
from bot.model import Claim
from bot.slack.client.lookups import Lookups
from bot.slack.incoming.events import EventCallback, FileShared, MessageEvent
from bot.slack.incoming.listeners import Listeners
from bot.slack.incoming.messages import Message
from bot.slack.keyed_locks import KeyedLocks
from bot.slack.requests.direct_messages import DirectMessages
from bot.slack.requests.handled_files import HandledFiles

_PATIENCE_S = 1.5
"""For the message event, which nearly always comes. Slack waits 3 s for the acknowledgement."""
_NEW_FOR_S = 60.0
"""For so long Slack may not have what it told of: it is to tell again."""


class FileSharedEvents:
    """Takes the message that shares a file as if its event had come, unless that was handled.

    Nothing is stored of the event itself, so it is acknowledged only when the requests that it leads to are
    stored, or when there are none: a process that dies meanwhile loses nothing, for Slack delivers it again.
    The requests have the keys of the message's own, which may come later.

    Args:
        messages: Takes the message.
        handled: Knows the files of messages that were taken.
        lookups: Reads from Slack.
        now: UTC; injected for tests.
    """

    def __init__(
        self,
        messages: DirectMessages,
        handled: HandledFiles,
        lookups: Lookups,
        now: Callable[[], datetime],
    ) -> None:
        self._messages = messages
        self._handled = handled
        self._lookups = lookups
        self._now = now
        self._locks = KeyedLocks()
        self._log = structlog.get_logger(__name__)

    def register(self, listeners: Listeners) -> None:
        """Listen for shared files."""
        listeners.event("file_shared", FileShared, self._take)

    async def _take(self, shared: EventCallback[FileShared]) -> None:
        event = shared.event
        is_ours = bool(event.user_id) and event.user_id == shared.bot_user_id
        if is_ours or not (event.file_id and event.channel_id):
            return
        if await self._handled.wait_for(event.channel_id, event.file_id, _PATIENCE_S):
            return
        # The first of a message's files takes all of them.
        async with self._locks.of(event.channel_id):
            if not await self._handled.wait_for(event.channel_id, event.file_id, 0.0):
                await self._look_up(shared)

    async def _look_up(self, shared: EventCallback[FileShared]) -> None:
        """Take the message, if there is one.

        Raises:
            Unavailable: Slack does not answer, or does not have the share yet.
            Misconfigured: a scope or the token is wrong.
        """
        event = shared.event
        try:
            message = await self._message(event)
        except Rejected as error:
            if self._is_new(event):
                raise Unavailable(Outage.SLACK, "a shared file that is not there yet") from error
            self._log.info("shared file out of reach", file_id=event.file_id, reason=str(error))
            return
        if message is not None:
            await self._messages.take(_event_of(shared, message))

    async def _message(self, event: FileShared) -> Message | None:
        """The newest message of the channel that shares the file; ``None`` where there need not be one.

        Raises:
            Rejected: there is none that the bot can see.
            Unavailable: Slack does not answer.
            Misconfigured: a scope or the token is wrong.
        """
        file = await self._lookups.file_object(event.file_id)
        shares = [share for share in file.shares if share.channel_id == event.channel_id]
        if shares:
            return await self._lookups.one_message(event.channel_id, shares[-1].ts)
        # A canvas, say, is shared without a message.
        if file.claim is Claim.OTHER:
            return None
        raise Rejected(Refusal.GONE, "not shared in its channel")

    def _is_new(self, event: FileShared) -> bool:
        try:
            age_s = self._now().timestamp() - float(event.event_ts)
        except ValueError:
            return False
        return age_s < _NEW_FOR_S


def _event_of(shared: EventCallback[FileShared], message: Message) -> EventCallback[MessageEvent]:
    """The event that would have told of a message."""
    event = MessageEvent(channel=shared.event.channel_id).about(message)
    # Its other fields are parsed already.
    return EventCallback[MessageEvent].model_construct(**dict(shared) | {"event": event})
