"""Fair queueing over flows: shares the account's limits out between the jobs that wait for the recogniser."""

from __future__ import annotations

import asyncio
import math
from collections import Counter, deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bot.asr.rate_limit import AdaptiveLimit, RateWindow
from bot.tasks import start_task

_LONGEST_PAUSE_S = 60.0
"""The longest that one job's ``retry_after_s`` pauses the others: they are not held back for an hour."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A request that may run."""

    round: int
    """Of the adaptive limit, when it began."""


class Scheduler:
    """Fair queueing over flows: so many requests at once, so many that begin within any 60 seconds.

    A flow is what shares the limits with others, such as one job. Of the flows that wait, the one with the
    fewest requests running goes first, then the one that has waited longest since a request of its own ended.
    So the only request of a short recording begins when the next one ends, however many of a long
    recording's wait. Within a flow it is first come, first served.

    Args:
        concurrency: Requests at once; also the largest burst, as the limit may be enforced by the second.
            Throttling lowers it for a while.
        requests_per_minute: Requests that begin within any 60 seconds.
        clock: Seconds that never go backwards.
        sleep: Waits so many seconds.
    """

    def __init__(
        self,
        *,
        concurrency: int,
        requests_per_minute: int,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[object]],
    ) -> None:
        self._limit = AdaptiveLimit(concurrency)
        self._window = RateWindow(requests_per_minute)
        self._paused_until_s = -math.inf
        self._clock = clock
        self._sleep = sleep
        # The flows in the order in which they are served, the requests of each in the order of arrival.
        self._waiting: dict[str, deque[asyncio.Future[Slot]]] = {}
        self._running: Counter[str] = Counter()
        # Runs only while somebody waits and nothing but time is in the way.
        self._alarm: asyncio.Task[None] | None = None

    @property
    def limit(self) -> int:
        """Requests that may run at once now."""
        return self._limit.at_once

    @asynccontextmanager
    async def slot(self, flow: str) -> AsyncIterator[Slot]:
        """Wait for a slot of this flow, and hold it inside the ``async with``."""
        slot: asyncio.Future[Slot] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(flow, deque()).append(slot)
        self._advance()
        try:
            yield await slot
        finally:
            # Whoever was cancelled between being given the slot and waking gives it back, too.
            if slot.done() and not slot.cancelled():
                self._running -= Counter([flow])
                if flow in self._waiting:
                    self._waiting[flow] = self._waiting.pop(flow)
            self._advance()

    def succeeded(self) -> None:
        """Record, before a slot is given back, that its request was answered."""
        self._limit.succeeded()

    def throttled(self, slot: Slot, retry_after_s: float | None) -> None:
        """Record, before a slot is given back, that the account's limit was reached.

        Args:
            slot: Of the request that was turned away.
            retry_after_s: The wait that was asked for: until then nothing begins.
        """
        self._limit.throttled(slot.round)
        if retry_after_s is not None:
            pause_s = min(retry_after_s, _LONGEST_PAUSE_S)
            self._paused_until_s = max(self._paused_until_s, self._clock() + pause_s)

    def _advance(self) -> None:
        """Begin whatever may begin now, and come back when time lets more begin."""
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        while (flows := self._flows()) and self._running.total() < self.limit:
            now_s = self._clock()
            opens_at_s = {flow: max(self._paused_until_s, self._window.opens_at_s(flow)) for flow in flows}
            open_flows = [flow for flow in flows if opens_at_s[flow] <= now_s]
            if not open_flows:
                wait_s = min(opens_at_s.values()) - now_s
                self._alarm = start_task(self._advance_after(wait_s))
                return
            # Of equals `min` takes the first.
            flow = min(open_flows, key=lambda flow: self._running[flow])
            self._window.begin(flow, now_s)
            self._running[flow] += 1
            self._waiting[flow].popleft().set_result(Slot(self._limit.round))

    def _flows(self) -> list[str]:
        """Flows that wait; of those with equally many requests running, the first is served first."""
        for flow, slots in list(self._waiting.items()):
            # Whoever was cancelled is on the way out: a slot given to them would be lost.
            while slots and slots[0].cancelled():
                slots.popleft()
            if not slots:
                del self._waiting[flow]
        return list(self._waiting)

    async def _advance_after(self, wait_s: float) -> None:
        await self._sleep(wait_s)
        self._alarm = None
        self._advance()
