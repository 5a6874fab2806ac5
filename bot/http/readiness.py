"""The readiness probe: checks Slack, the database and the recogniser, each by name."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial

from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler

from bot.asr.dashscope import DashScope
from bot.errors import TranscriptionError
from bot.store.database import Database
from bot.tasks import start_task

_WORD_AGES_AFTER_S = 60.0
_ASK_AGAIN_S = 5.0
_NOT_REACHED = "not reached yet"


class Opening:
    """The readiness of a bot that has yet to open its data directory, and asks nobody before.

    Attributes:
        awaits: What it waits for.
    """

    def __init__(self) -> None:
        self.awaits = "not opened yet"

    async def checks(self) -> dict[str, str]:
        """Each part by name, none of them ready."""
        return {"slack": _NOT_REACHED, "database": self.awaits, "recogniser": "not asked yet"}


class Readiness:
    """The readiness checks: Slack, the database and the recogniser, each by name.

    Args:
        database: Asked whether it can be written.
        recogniser: Asked for its last word.
        ask_slack: Asks Slack whether it takes the bot token; raises our errors where not.
        clock: Seconds that never go backwards, as of the recogniser's client.
        patience_s: The longest that all checks may take together.
    """

    def __init__(
        self,
        database: Database,
        recogniser: DashScope,
        ask_slack: Callable[[], Awaitable[object]],
        clock: Callable[[], float] = time.monotonic,
        patience_s: float = 1.5,
    ) -> None:
        self._database = database
        self._recogniser = recogniser
        self._ask_slack = ask_slack
        self._clock = clock
        self._asked_at_s = clock() - _WORD_AGES_AFTER_S
        self._slack_asked_at_s = clock()
        self._slack_word = _NOT_REACHED
        self._is_connected = False
        self._socket: AsyncSocketModeHandler | None = None
        self._patience_s = patience_s
        self._questions = {"slack": self._slack, "database": self._writes, "recogniser": self._recognises}
        self._asking: dict[str, asyncio.Task[str]] = {}
        """Questions under way: probes come side by side, and none is asked twice."""

    def connect(self, socket: AsyncSocketModeHandler | None) -> None:
        """Slack has taken the token, and the Socket Mode connection is open; ``None`` in HTTP mode."""
        self._is_connected, self._socket = True, socket
        self._slack_asked_at_s, self._slack_word = self._clock(), "ok"

    async def checks(self) -> dict[str, str]:
        """Each part by name: ``ok``, or what is wrong with it; within ``patience_s`` from what is known."""
        for part, ask in self._questions.items():
            if part not in self._asking:
                self._asking[part] = start_task(ask())
                self._asking[part].add_done_callback(partial(self._forget, part))
        asking = dict(self._asking)
        await asyncio.wait(asking.values(), timeout=self._patience_s)
        # What has not answered goes on: a database that hangs would not be cancelled in time.
        return {part: task.result() if task.done() else self._known(part) for part, task in asking.items()}

    def _forget(self, part: str, _task: asyncio.Task[str]) -> None:
        del self._asking[part]

    def _known(self, part: str) -> str:
        """The last word of a part that does not answer now."""
        match part:
            case "slack":
                return self._slack_word
            case "recogniser":
                return self._recogniser_word()
            case _:
                return "no answer"

    async def _slack(self) -> str:
        """Slack's last word on the bot token, of which a socket knows nothing; an old one is renewed."""
        if self._socket is not None and not await self._socket.client.is_connected():
            return "the socket is not connected"
        now_s = self._clock()
        if self._is_connected and now_s - self._slack_asked_at_s > _WORD_AGES_AFTER_S:
            # Noted first: it may hang.
            self._slack_asked_at_s = now_s
            self._slack_word = await self._ask_about_token()
        return self._slack_word

    async def _ask_about_token(self) -> str:
        try:
            async with asyncio.timeout(_ASK_AGAIN_S):
                await self._ask_slack()
        except TimeoutError:
            return "no answer"
        except TranscriptionError as error:
            return str(error)
        return "ok"

    async def _writes(self) -> str:
        try:
            await self._database.prove_writable()
        except OSError as error:
            return error.strerror or type(error).__name__
        except Exception as error:  # noqa: BLE001  # whatever it is, the database is not ready
            return type(error).__name__
        return "ok"

    async def _recognises(self) -> str:
        """The recogniser's last word; a bad one that is old is asked for again, or nothing would mend it."""
        word, now_s = self._recogniser.last_word, self._clock()
        if word is None or word.failure is None:
            return "ok"
        if now_s - max(word.at_s, self._asked_at_s) > _WORD_AGES_AFTER_S:
            # Noted first: each question costs, and one that hangs leaves no word.
            self._asked_at_s = now_s
            with suppress(TranscriptionError, TimeoutError):
                async with asyncio.timeout(_ASK_AGAIN_S):
                    await self._recogniser.verify()
        return self._recogniser_word()

    def _recogniser_word(self) -> str:
        word = self._recogniser.last_word
        return "ok" if word is None or word.failure is None else str(word.failure)
