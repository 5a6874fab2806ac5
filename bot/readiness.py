"""Whether the bot can do its work, part by part."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler

from bot.asr.dashscope import DashScope
from bot.errors import TranscriptionError
from bot.ports import Jobs

_WORD_AGES_AFTER = timedelta(minutes=1)
_ASK_AGAIN_S = 5.0


class Readiness:
    """Whether the bot can do its work, part by part.

    Args:
        jobs: Asked whether the database answers.
        recogniser: Asked for its last word.
        now: UTC; injected for tests.

    Attributes:
        identified: Slack has taken the token.
        socket: The Socket Mode connection, once it was opened.
    """

    def __init__(
        self,
        jobs: Jobs,
        recogniser: DashScope,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._jobs = jobs
        self._recogniser = recogniser
        self._now = now
        self._asked_at = now() - _WORD_AGES_AFTER
        self.identified = False
        self.socket: AsyncSocketModeHandler | None = None

    async def checks(self) -> dict[str, str]:
        """Each part by name: ``ok``, or what is wrong with it."""
        return {
            "slack": await self._slack(),
            "database": await self._database(),
            "recogniser": await self._recognises(),
        }

    async def _slack(self) -> str:
        if not self.identified:
            return "not reached yet"
        if self.socket is not None and not await self.socket.client.is_connected():
            return "the socket is not connected"
        return "ok"

    async def _database(self) -> str:
        try:
            await self._jobs.depth()
        except Exception as error:  # noqa: BLE001  # whatever it is, the database is not ready
            return type(error).__name__
        return "ok"

    async def _recognises(self) -> str:
        """The recogniser's last word; a bad one that is old is asked for again, or nothing would mend it."""
        word, now = self._recogniser.last_word, self._now()
        if word is None or word.failure is None:
            return "ok"
        if now - max(word.at, self._asked_at) > _WORD_AGES_AFTER:
            # Noted first: probes come side by side, each question costs, and one that hangs leaves no word.
            self._asked_at = now
            with suppress(TranscriptionError, TimeoutError):
                async with asyncio.timeout(_ASK_AGAIN_S):
                    await self._recogniser.verify()
            word = self._recogniser.last_word
        return "ok" if word is None or word.failure is None else str(word.failure)
