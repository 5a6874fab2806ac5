"""Deletion of the bot's replies to a recording: messages and files, in its thread and direct messages."""

from __future__ import annotations

from datetime import timedelta

import structlog

from bot.errors import Outage, Rejected, ThreadGone, Unavailable
from bot.model import SUBSCRIBERS, THREAD, Place, Removal
from bot.reply import SharedTranscript
from bot.slack.client.api import SlackApi
from bot.slack.client.history import messages_in, open_direct
from bot.slack.client.identity import OwnIdentity
from bot.slack.client.uploads import Uploads
from bot.slack.incoming.messages import Message
from bot.slack.replies.metadata import plan_removal

_CLOCK_MARGIN = timedelta(minutes=5)
"""Slack's clock and ours may differ; looking further back costs nothing."""
_TRIES_WHILE_UNKNOWN = 9
"""Some ten minutes: a channel that Slack does not know may go by another id, which an event tells."""


class ReplyDeleter:
    """Finds and deletes the bot's own messages and files. Ephemeral messages are beyond reach.

    Args:
        api: Of Slack.
        uploads: For files.
        own: Tells its messages from those of others.
    """

    def __init__(self, api: SlackApi, uploads: Uploads, own: OwnIdentity) -> None:
        self._api = api
        self._uploads = uploads
        self._own = own
        self._log = structlog.get_logger(__name__)

    async def delete(self, removal: Removal) -> None:
        """Delete every reply that a removal covers; doing it again does no harm.

        Raises:
            Unavailable: Slack does not answer, or does not know the channel (yet); some of it may be deleted.
            Misconfigured: the token or a scope is wrong.
        """
        closed = ""
        if removal.audience in {None, THREAD}:
            closed = await self._delete_in(Place(removal.channel_id, removal.thread_ts), removal, THREAD)
        for reader_id in sorted(_readers(removal)):
            try:
                direct = await open_direct(self._api, reader_id)
            except Rejected:
                continue
            await self._delete_in(direct, removal, reader_id)
        if closed == "channel_not_found" and removal.attempt < _TRIES_WHILE_UNKNOWN:
            raise Unavailable(Outage.SLACK, closed)

    async def _delete_in(self, place: Place, removal: Removal, audience: str) -> str:
        """Delete what is found in a place, and the replies to an audience that jobs know.

        Returns:
            Slack's code where the place is closed to the bot; else nothing.
        """
        closed = ""
        messages: list[Message] = []
        try:
            messages = await self._find(place, removal)
        except Rejected as error:
            closed = error.code
            self._log.info("nothing left to delete", channel_id=place.channel_id, reason=str(error))
        found = plan_removal(messages, removal)
        known = {ts for key, ts in removal.replies if key.audience == audience and removal.covers(key)}
        known -= {standing.ts for standing in found}
        for standing in (*found, *(SharedTranscript(ts, ()) for ts in sorted(known))):
            await self._uploads.remove(place.channel_id, standing)
        return closed

    async def _find(self, place: Place, removal: Removal) -> list[Message]:
        """The bot's messages in a place.

        Raises:
            Rejected: it is closed to the bot.
        """
        try:
            # There is no reply from before the recording was shared.
            return await self._messages_in(place, removal.message_ts)
        except ThreadGone:
            # A reply that Slack was handed meanwhile stands at the top level of the channel.
            if removal.posts_since is None:
                raise
            since = removal.posts_since - _CLOCK_MARGIN
            return await self._messages_in(Place(place.channel_id), f"{since.timestamp():.6f}")

    async def _messages_in(self, place: Place, oldest: str) -> list[Message]:
        identity = await self._own.get()
        return [message async for message in messages_in(self._api, place, oldest) if identity.wrote(message)]


def _readers(removal: Removal) -> set[str]:
    """The users who may have had a reply of their own, by direct message."""
    audiences = {removal.audience, *(key.audience for key in removal.keys if removal.covers(key))}
    return {audience for audience in audiences if audience not in {None, THREAD, SUBSCRIBERS}}
