"""Deletion of the bot's replies to a recording: messages and files, in its thread and direct messages."""

from __future__ import annotations

import structlog

from bot.errors import Outage, Rejected, Unavailable
from bot.model import SUBSCRIBERS, THREAD, Place, Removal
from bot.slack.client.api import SlackApi
from bot.slack.client.history import messages_in, open_direct
from bot.slack.client.uploads import Uploads
from bot.slack.replies.metadata import plan_removal

_TRIES_WHILE_UNKNOWN = 9
"""Some ten minutes: a channel that Slack does not know may go by another id, which an event tells."""


class ReplyDeleter:
    """Finds and deletes the bot's own messages and files. Ephemeral messages are beyond reach.

    Args:
        api: Of Slack.
        uploads: For files.
    """

    def __init__(self, api: SlackApi, uploads: Uploads) -> None:
        self._api = api
        self._uploads = uploads
        self._log = structlog.get_logger(__name__)

    async def delete(self, removal: Removal) -> None:
        """Delete every reply that a removal covers; doing it again does no harm.

        Raises:
            Unavailable: Slack does not answer, or does not know the channel (yet); some of it may be deleted.
            Misconfigured: the token or a scope is wrong.
        """
        closed = ""
        if removal.audience in {None, THREAD}:
            closed = await self._delete_in(Place(removal.channel_id, removal.thread_ts), removal)
        for reader_id in sorted(_readers(removal)):
            try:
                direct = await open_direct(self._api, reader_id)
            except Rejected:
                continue
            await self._delete_in(direct, removal)
        if closed == "channel_not_found" and removal.attempt < _TRIES_WHILE_UNKNOWN:
            raise Unavailable(Outage.SLACK, closed)

    async def _delete_in(self, place: Place, removal: Removal) -> str:
        """Delete what stands in one place; return Slack's code where it is closed, else nothing."""
        try:
            # There is no reply from before the recording was shared.
            messages = [message async for message in messages_in(self._api, place, oldest=removal.message_ts)]
        except Rejected as closed:
            self._log.info("nothing left to delete", channel_id=place.channel_id, reason=str(closed))
            return closed.code
        for standing in plan_removal(messages, removal):
            await self._uploads.remove(place.channel_id, standing)
        return ""


def _readers(removal: Removal) -> set[str]:
    """The users who may have had a reply of their own, by direct message."""
    audiences = {removal.audience, *(key.audience for key in removal.keys if removal.covers(key))}
    return {audience for audience in audiences if audience not in {None, THREAD, SUBSCRIBERS}}
