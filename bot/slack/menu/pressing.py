"""Answering what people press under a reply: each press is acknowledged, with a sentence or a modal."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog
from slack_bolt.async_app import AsyncAck

from bot import sentences
from bot.errors import Rejected, TranscriptionError
from bot.model import Place
from bot.slack.bodies import Body, channel_of, part, user_of
from bot.slack.desk import Desk
from bot.slack.files import parse_id
from bot.slack.menu.presses import Press, parse_press
from bot.translations import ENGLISH

PATIENCE_S = 2.5
"""Slack waits three seconds for the acknowledgement."""


class Pressing:
    """Answers presses.

    Args:
        desk: What it works with.
        patience_s: How long an answer may take.
    """

    def __init__(self, desk: Desk, *, patience_s: float = PATIENCE_S) -> None:
        self._desk = desk
        self._patience_s = patience_s
        self._log = structlog.get_logger(__name__)

    async def answer(self, ack: AsyncAck, body: Body, work: Callable[[Press], Awaitable[str]]) -> None:
        """Do what a press asks for, acknowledge it, and tell the person alone what came of it.

        Args:
            ack: Acknowledges it.
            body: As Slack delivers it.
            work: What it asks for; returns a sentence, or nothing where a modal says it. A fault of ours is
                not acknowledged: Slack shows that.
        """
        press = parse_press(body, self._desk.identity.team_id)
        said = (
            ENGLISH.say(sentences.REPLY_UNKNOWN) if press is None else await self.attempt(lambda: work(press))
        )
        await ack()
        self.tell(body, said)

    async def attempt(self, work: Callable[[], Awaitable[str]]) -> str:
        """What work returns in time, or why it did not."""
        try:
            async with asyncio.timeout(self._patience_s):
                return await work()
        except TimeoutError:
            return ENGLISH.say(sentences.SLACK_SLOW)
        except Rejected as error:
            self._log.debug("press on what is out of reach", reason=str(error))
            return ENGLISH.say(sentences.OUT_OF_REACH)
        except TranscriptionError as error:
            self._log.warning("press not answered", error=str(error))
            return ENGLISH.say(sentences.SLACK_SILENT)

    def tell(self, body: Body, said: str) -> None:
        """Tell whoever pressed, beside what they pressed. Never raises."""
        message, container = part(body, "message"), part(body, "container")
        thread_ts = parse_id(message, "thread_ts") or parse_id(container, "thread_ts")
        if said:
            place = Place(channel_of(body), thread_ts or None)
            self._desk.errands.start(self._desk.whispers.tell(user_of(body), place, said))
