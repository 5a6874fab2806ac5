"""Direct messages to the bot: files are transcribed, words do what a mention does or are answered with help.

Source: https://docs.slack.dev/reference/events/message.im
"""

from __future__ import annotations

from bot.slack.incoming.events import EventCallback, MessageEvent
from bot.slack.incoming.listeners import Listeners
from bot.slack.requests.share_plan import Ignored, Share, parse_share
from bot.slack.requests.shares import Shares
from bot.slack.requests.to_bot import parse_to_bot
from bot.slack.requests.written import WrittenRequests


class DirectMessages:
    """Answers what people write to the bot alone; every other message is a share or nothing.

    Args:
        written: Does what is asked for, and answers.
        shares: Handles messages with files.
    """

    def __init__(self, written: WrittenRequests, shares: Shares) -> None:
        self._written = written
        self._shares = shares

    def register(self, listeners: Listeners) -> None:
        """Listen for messages; before ``Shares``, which this hands them to."""
        listeners.event("message", MessageEvent, self.take)

    async def take(self, written: EventCallback[MessageEvent]) -> None:
        """Store what is shared, or do what is asked for, and answer.

        Raises:
            Unavailable: Slack does not answer, and delivers the event again.
            Misconfigured: a scope or the token is wrong; the same.
        """
        await self._shares.take(written)
        if not written.event.is_direct:
            return
        share, message = parse_share(written), parse_to_bot(written)
        if isinstance(share, Share):
            words = self._written.words(message, is_direct=True) if message else None
            await self._written.tell(written, await self._written.opted_out(share.target) or words)
        elif share is Ignored.NO_FILES and message and await self._written.is_by_person(written):
            wanted = message.wanted
            asked = await self._written.ask(written, wanted) if wanted else None
            await self._written.tell(
                written, asked if wanted else self._written.words(message, is_direct=True)
            )
