"""Catching up: notices when events of Slack were missed, and has the channels' histories looked through.

Socket Mode buffers nothing, and Slack gives up after some six minutes. Over HTTP nothing tells whether events
arrive, so that histories are looked through once an hour.

Source: https://docs.slack.dev/apis/events-api/#retries
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TypeVar

import structlog

from bot.errors import TranscriptionError
from bot.ports.preferences import Listening
from bot.slack.client.gaps import GapDetector
from bot.slack.requests.look_back import LookBack

T = TypeVar("T")

_LOOK_EVERY_S = 2.0
_NOTE_EVERY = timedelta(minutes=1)
"""How far the workspace was heard is written down so often."""
_MARGIN = timedelta(minutes=5)
"""Slack's clock and ours may differ, and the last events may not have been acknowledged."""
_OVER_HTTP_EVERY = timedelta(hours=1)
_AGAIN_AFTER_S = 600.0
"""After a look back that left something to do."""
_STUMBLE_S = 60.0
"""Between tries while the database does not take what it is told."""


class CatchUp:
    """Watches the connection, and looks back after each gap.

    Args:
        look_back: Looks through the histories.
        listening: Keeps what was heard and missed.
        team_id: The workspace.
        automatic: The deployment's default for channels where nobody has decided.
        is_open: Asks whether a socket is open; ``None`` for events over HTTP.
        now: UTC; injected for tests.
        sleep: Waits; the same.
    """

    def __init__(
        self,
        look_back: LookBack,
        listening: Listening,
        *,
        team_id: str,
        automatic: bool,
        is_open: Callable[[], Awaitable[bool]] | None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._look_back = look_back
        self._listening = listening
        self._team_id = team_id
        self._automatic = automatic
        self._is_open = is_open
        self._now = now
        self._sleep = sleep
        self._gaps = 0
        self._due = asyncio.Event()
        self._log = structlog.get_logger(__name__)

    async def run(self) -> None:
        """Begin where a former process ended, then watch and look back until cancelled."""
        heard_until = await self._until_stored(
            partial(self._listening.start, self._team_id, automatic=self._automatic)
        )
        now = self._now()
        if heard_until is not None:
            missed = partial(self._listening.note_missed, self._team_id, heard_until - _MARGIN)
            await self._until_stored(missed)
        self._due.set()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._watch(now))
            group.create_task(self._look_back_when_due())

    async def _watch(self, now: datetime) -> None:
        """Look at the connection at short intervals; note how far everything was heard, and every gap."""
        detector, noted_at = GapDetector(now), now
        while True:
            await self._sleep(_LOOK_EVERY_S)
            is_open = self._is_open is None or await self._is_open()
            missed_from = detector.look(self._now(), is_open=is_open)
            if self._is_open is None:
                is_due = detector.heard_until - noted_at >= _OVER_HTTP_EVERY
                # All that is known of what came since then is that nobody was told.
                missed_from = noted_at if is_due or missed_from else None
            if missed_from is not None:
                await self._note_gap(missed_from)
            is_new = self._is_open is not None and detector.heard_until - noted_at >= _NOTE_EVERY
            if missed_from is not None or is_new:
                noted_at = detector.heard_until
                await self._until_stored(partial(self._listening.note_heard, self._team_id, noted_at))

    async def _note_gap(self, gap_from: datetime) -> None:
        missed = partial(self._listening.note_missed, self._team_id, gap_from - _MARGIN)
        await self._until_stored(missed)
        # What is looked through meanwhile may not hold what was missed last.
        self._gaps += 1
        self._due.set()

    async def _look_back_when_due(self) -> None:
        is_done = True
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(None if is_done else _AGAIN_AFTER_S):
                    await self._due.wait()
            self._due.clear()
            is_done = await self._look_back_once()

    async def _look_back_once(self) -> bool:
        """Look back; False where something is left to do, whatever broke."""
        gaps = self._gaps
        try:
            return await self._look_back.run(lambda: gaps == self._gaps)
        except TranscriptionError as error:
            self._log.warning("channels not listed", error=str(error))
        except Exception:  # noqa: BLE001  # whatever broke here, the bot goes on
            self._log.exception("not looked back")
        return False

    async def _until_stored(self, write: Callable[[], Awaitable[T]]) -> T:
        """Write to the store, again until it takes it: what was missed must not be forgotten."""
        while True:
            try:
                return await write()
            except Exception:  # noqa: BLE001  # the database may be back in a minute
                self._log.exception("not noted how far events were heard")
                await self._sleep(_STUMBLE_S)
