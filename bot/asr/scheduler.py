"""Keeps the account's limits before the wire, and shares out what they allow."""

from __future__ import annotations

import asyncio
import math
from collections import Counter, deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bot.asr.rate_limit import AdaptiveLimit, RateWindow

_LONGEST_PAUSE_S = 60.0
"""Whoever was asked to wait longer waits by itself: the others are not held back for an hour."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A request that may run."""

    round: int
    """Of the adaptive limit, when it began."""


class Pace:
    """Lets so many requests run at once, and so many begin within any 60 seconds.

    Of the shares that wait, the one with the fewest requests running goes first, then the one that has waited
    longest since a request of its own ended. So the only request of a short recording begins when the next
    one ends, however many of a long recording's wait. Within a share it is first come, first served.

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
        # The shares in the order of their turns, the requests of each in the order of asking.
        self._waiting: dict[str, deque[asyncio.Future[Turn]]] = {}
        self._running: Counter[str] = Counter()
        # Runs only while somebody waits and nothing but time is in the way.
        self._alarm: asyncio.Task[None] | None = None

    @property
    def limit(self) -> int:
        """Requests that may run at once now."""
        return self._limit.at_once

    @asynccontextmanager
    async def turn(self, share: str) -> AsyncIterator[Turn]:
        """Wait for a turn of this share, and hold it inside the ``async with``."""
        turn: asyncio.Future[Turn] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(share, deque()).append(turn)
        self._advance()
        try:
            yield await turn
        finally:
            # Whoever was cancelled between being given the turn and waking gives it back, too.
            if turn.done() and not turn.cancelled():
                self._running -= Counter([share])
                if share in self._waiting:
                    self._waiting[share] = self._waiting.pop(share)
            self._advance()

    def succeeded(self) -> None:
        """Hear, before a turn ends, that its request was answered."""
        self._limit.succeeded()

    def throttled(self, turn: Turn, retry_after_s: float | None) -> None:
        """Hear, before a turn ends, that the account's limit was reached.

        Args:
            turn: Of the request that was turned away.
            retry_after_s: The wait that was asked for: until then nothing begins.
        """
        self._limit.throttled(turn.round)
        if retry_after_s is not None:
            pause_s = min(retry_after_s, _LONGEST_PAUSE_S)
            self._paused_until_s = max(self._paused_until_s, self._clock() + pause_s)

    def _advance(self) -> None:
        """Begin whatever may begin now, and come back when time lets more begin."""
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        while (shares := self._shares()) and self._running.total() < self.limit:
            now_s = self._clock()
            opens_at_s = {
                share: max(self._paused_until_s, self._window.opens_at_s(share)) for share in shares
            }
            open_shares = [share for share in shares if opens_at_s[share] <= now_s]
            if not open_shares:
                wait_s = min(opens_at_s.values()) - now_s
                self._alarm = asyncio.create_task(self._advance_after(wait_s))
                return
            # Of equals `min` takes the first.
            share = min(open_shares, key=lambda share: self._running[share])
            self._window.begin(share, now_s)
            self._running[share] += 1
            self._waiting[share].popleft().set_result(Turn(self._limit.round))

    def _shares(self) -> list[str]:
        """Those that wait, in the order of their turns."""
        for share, turns in list(self._waiting.items()):
            # Whoever was cancelled is on the way out: a turn given to them would be lost.
            while turns and turns[0].cancelled():
                turns.popleft()
            if not turns:
                del self._waiting[share]
        return list(self._waiting)

    async def _advance_after(self, wait_s: float) -> None:
        await self._sleep(wait_s)
        self._alarm = None
        self._advance()
