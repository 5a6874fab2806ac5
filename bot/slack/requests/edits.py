"""Edited messages (``message_changed``): what an edit asks for anew is done, the rest is passed over.

Slack tells the text before the edit, so nothing that people write has to be kept.

Source: https://docs.slack.dev/reference/events/message/message_changed
"""

from __future__ import annotations

from bot.slack.incoming.events import EventCallback, MessageEvent
from bot.slack.incoming.messages import Message
from bot.slack.requests.to_bot import MessageToBot, parse_to_bot
from bot.slack.requests.written import WrittenRequests


class EditedRequests:
    """Does what the edit of a message asks the bot for.

    Args:
        written: Does what is asked for, and answers.
    """

    def __init__(self, written: WrittenRequests) -> None:
        self._written = written

    async def take(self, changed: EventCallback[MessageEvent]) -> None:
        """Do what is asked for now and was not before.

        Raises:
            Unavailable: Slack does not answer, and delivers the event again.
            Misconfigured: a scope or the token is wrong; the same.
        """
        event = changed.event
        if event.message is None:
            return
        now = _as_written(changed, event.message)
        message = parse_to_bot(now)
        if message is None:
            return
        before = event.previous_message
        was = parse_to_bot(_as_written(changed, before)) if before else None
        is_asked = message.wanted is not None and (was is None or was.wanted != message.wanted)
        # Where Slack does not say what was asked before, the store knows; but what was told nobody knows.
        is_told = before is not None and not event.is_direct and _is_news(message, was)
        is_edit = before is not None or event.message.edited
        if not (is_edit and (is_asked or is_told) and await self._written.is_by_person(now)):
            return
        answer = await self._written.ask(now, message.wanted) if is_asked and message.wanted else None
        if is_told:
            answer = self._written.words(message, is_direct=False) or answer
        if before is not None:
            await self._written.tell(now, answer)


def _is_news(message: MessageToBot, was: MessageToBot | None) -> bool:
    """True where words of a message are to be answered that were not there before; chatter stays chatter."""
    return was is None or (message.is_for_bot_alone and message.said != was.said)


def _as_written(changed: EventCallback[MessageEvent], message: Message) -> EventCallback[MessageEvent]:
    """A message that an edit tells of, as if it had just been written."""
    return changed.model_copy(update={"event": changed.event.about(message)})
