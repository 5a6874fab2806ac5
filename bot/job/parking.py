"""Jobs that wait for the operator: set aside, and released when verification succeeds again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog

from bot.errors import TranscriptionError
from bot.job.clock import Clock
from bot.model import Job
from bot.ports.store import Queue

FIRST_S = 1.0
LONGEST_S = 60.0
"""Between verifications that fail: so soon does the bot go on once the operator has acted."""
LONGEST_FRUITLESS_S = 600.0
"""Between releases that bring the jobs straight back: verification passes, and they fail all the same."""


class Parking:
    """Parks misconfigured jobs, and releases them when verification succeeds.

    Args:
        queue: The jobs.
        verify: Asks every outside service whether parked jobs may go on; raises our errors where not.
        clock: Time and patience.
    """

    def __init__(self, queue: Queue, verify: Callable[[], Awaitable[None]], clock: Clock) -> None:
        self._queue = queue
        self._verify = verify
        self._clock = clock
        self._filled = asyncio.Event()
        self._log = structlog.get_logger(__name__)

    async def park(self, job: Job) -> None:
        """Set a claimed job aside."""
        await self._queue.park(job)
        self._filled.set()

    async def run(self) -> None:
        """While jobs are parked, verify at growing intervals and release them when it succeeds.

        Those that have waited too long are released too: their next try says that it was the last. Jobs that
        come back at once do not reset the interval. Never returns.
        """
        delay_s = FIRST_S
        while True:
            try:
                delay_s = await self._run_once(delay_s)
            except Exception:  # noqa: BLE001  # the database may be back in a minute
                self._log.exception("parked jobs not released")
                await self._clock.sleep(LONGEST_S)

    async def _run_once(self, delay_s: float) -> float:
        """Wait until jobs are parked, and then so long; return how long to wait the next time."""
        self._filled.clear()
        if not await self._queue.has_parked():
            quiet_since = self._clock.now()
            await self._filled.wait()
            if (self._clock.now() - quiet_since).total_seconds() > LONGEST_S:
                delay_s = FIRST_S
        await self._clock.sleep(delay_s)
        overdue = self._clock.now() - timedelta(seconds=self._clock.give_up_after_s)
        await self._queue.release_parked(accepted_before=overdue)
        if not await self._is_verified():
            return min(LONGEST_S, delay_s * 2)
        self._log.info("verified again", released=await self._queue.release_parked())
        return min(LONGEST_FRUITLESS_S, delay_s * 2)

    async def _is_verified(self) -> bool:
        try:
            await self._verify()
        except TranscriptionError as error:
            self._log.warning("still parked", error=str(error))
            return False
        except Exception:  # noqa: BLE001  # whatever a service answered, the jobs that are not parked go on
            self._log.exception("verification broke")
            return False
        return True
