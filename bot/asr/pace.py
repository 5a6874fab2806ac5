"""Keeps the account's request limit before the wire, first come, first served."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

WINDOW_S = 60.0


class Pace:
    """Lets so many requests run at once, and so many begin within any 60 seconds.

    A leaky bucket would let twice as many begin within a minute: a full bucket, then its refill.

    Args:
        concurrency: Requests at once; also the largest burst, as the limit may be enforced by the second.
        requests_per_minute: Requests that begin within any 60 seconds.
        clock: Seconds that never go backwards.
        sleep: Waits so many seconds.
    """

    def __init__(
        self,
        *,
        concurrency: int,
        requests_per_minute: int,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._slots = asyncio.Semaphore(concurrency)
        self._gate = asyncio.Lock()
        self._begun: deque[float] = deque(maxlen=requests_per_minute)
        self._clock = clock
        self._sleep = sleep

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a turn, and hold it inside the ``async with``."""
        async with self._slots:
            # Whoever waits for the window holds the gate: so nobody overtakes.
            async with self._gate:
                while (wait_s := self._wait_s()) > 0:
                    await self._sleep(wait_s)
                self._begun.append(self._clock())
            yield

    def _wait_s(self) -> float:
        if len(self._begun) < (self._begun.maxlen or 0):
            return 0.0
        return self._begun[0] + WINDOW_S - self._clock()
