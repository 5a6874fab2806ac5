"""Mentions of the bot (``app_mention``): beside a file, below a recording in a thread, or with a link to one.

Source: https://docs.slack.dev/reference/events/app_mention
"""

from __future__ import annotations

import structlog

from bot.slack.incoming.events import EventCallback, MessageEvent
from bot.slack.incoming.listeners import Listeners
from bot.slack.requests.share_plan import Ignored, Share, parse_share
from bot.slack.requests.shares import Shares
from bot.slack.requests.to_bot import parse_to_bot
from bot.slack.requests.written import WrittenRequests


class Mentions:
    """Transcribes the recording that a mention points at, in its own thread. Beside a file it is a share.

    Args:
        written: Does what is asked for, and answers.
        shares: Handles mentions beside files.
    """

    def __init__(self, written: WrittenRequests, shares: Shares) -> None:
        self._written = written
        self._shares = shares
        self._log = structlog.get_logger(__name__)

    def register(self, listeners: Listeners) -> None:
        """Listen for mentions."""
        listeners.event("app_mention", MessageEvent, self._take)

    async def _take(self, mention: EventCallback[MessageEvent]) -> None:
        """Do what is asked for, and tell whoever wrote it where they would not see it.

        Raises:
            Unavailable: Slack does not answer, and delivers the event again.
            Misconfigured: a scope or the token is wrong; the same.
        """
        if mention.event.edited:
            # Of an edit ``message_changed`` tells more: what was said before.
            self._log.debug("edited mention passed over", event_id=mention.event_id)
            return
        share, message = parse_share(mention), parse_to_bot(mention)
        if share is not Ignored.NO_FILES:
            await self._shares.take(mention)
        is_to_bot = isinstance(share, Share) or share is Ignored.NO_FILES
        if message is None or not is_to_bot or not await self._written.is_by_person(mention):
            return
        if isinstance(share, Share):
            answer = await self._written.opted_out(share.target)
        else:
            answer = await self._written.ask(mention, message.wanted) if message.wanted else None
        await self._written.tell(mention, answer or self._written.words(message, is_direct=False))
