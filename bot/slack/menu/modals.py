"""Modals that open at once, and are filled when what stands in them is known."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import structlog

from bot import sentences
from bot.errors import Rejected, TranscriptionError
from bot.model import Place
from bot.slack.api_errors import API_FAILURES, translate
from bot.slack.desk import Desk
from bot.slack.files import parse_id
from bot.slack.kit import Block, modal, section
from bot.translations import ENGLISH, Reader

PATIENCE_S = 2.0
"""A trigger lives for three seconds, in which what led to it has to be acknowledged too."""
_FILLING_PATIENCE_S = 0.4
"""The acknowledgement waits so long for a modal to be filled: mostly that is enough."""


class Modals:
    """Opens and fills modals.

    Args:
        desk: What it works with.
        patience_s: How long Slack may take to open one.
        filling_patience_s: How long an acknowledgement waits for a modal to be filled.
    """

    def __init__(
        self, desk: Desk, *, patience_s: float = PATIENCE_S, filling_patience_s: float = _FILLING_PATIENCE_S
    ) -> None:
        self._desk = desk
        self._patience_s = patience_s
        self._filling_patience_s = filling_patience_s
        self._log = structlog.get_logger(__name__)

    async def open(
        self,
        trigger_id: str,
        title: str,
        content: Callable[[], Awaitable[Block]],
        *,
        user_id: str,
        place: Place,
    ) -> None:
        """Open one, and fill it; most are filled when this returns, and all go on being filled. Never raises.

        Args:
            trigger_id: What allows it, for three seconds.
            title: Of the modal.
            content: Makes what stands in it; our errors become a sentence there.
            user_id: Who is told where Slack does not open it.
            place: Where.

        Source: https://docs.slack.dev/reference/methods/views.open
        """
        try:
            async with asyncio.timeout(self._patience_s):
                answer = await self._desk.writes.views_open(
                    trigger_id=trigger_id, view=notice(ENGLISH, title, ENGLISH.say(sentences.ONE_MOMENT))
                )
        except API_FAILURES as failure:
            self._log.warning("modal not opened", error=str(translate(failure)))
            self._desk.errands.start(
                self._desk.whispers.tell(user_id, place, ENGLISH.say(sentences.SLACK_SILENT))
            )
            return
        filled = asyncio.Event()
        view_id = parse_id(answer.get("view") or {}, "id")
        self._desk.errands.start(self._fill(view_id, title, content, filled))
        with suppress(TimeoutError):
            async with asyncio.timeout(self._filling_patience_s):
                await filled.wait()

    async def show(self, view_id: str, view: Block) -> None:
        """Show something else in one; nothing happens where it is closed. Never raises.

        Source: https://docs.slack.dev/reference/methods/views.update
        """
        try:
            await self._desk.writes.views_update(view_id=view_id, view=view)
        except API_FAILURES as failure:
            self._log.warning("modal not updated", error=str(translate(failure)))

    async def _fill(
        self, view_id: str, title: str, content: Callable[[], Awaitable[Block]], filled: asyncio.Event
    ) -> None:
        try:
            view = await content()
        except Rejected:
            view = notice(ENGLISH, title, ENGLISH.say(sentences.OUT_OF_REACH))
        except TranscriptionError as error:
            self._log.warning("modal not filled", error=str(error))
            view = notice(ENGLISH, title, ENGLISH.say(sentences.SLACK_SILENT))
        except Exception:
            # Else the modal would say for ever that it takes a moment.
            await self.show(view_id, notice(ENGLISH, title, ENGLISH.say(sentences.WENT_WRONG)))
            raise
        await self.show(view_id, view)
        filled.set()


def notice(reader: Reader, title: str, text: str) -> Block:
    """A modal with a sentence, and nothing to do but to close it."""
    return modal("notice", title, [section(text)], close=reader.say(sentences.CLOSE))
