"""Waits before calls that Slack would refuse for their rate.

In each channel they are some three posts a second, and one for a while after a 429: Slack takes short bursts,
and whoever posts now and then is not to wait. Of other calls they are as many as Slack's 429s let through.

Source: https://docs.slack.dev/apis/web-api/rate-limits/
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.errors import Outage, Unavailable

MOST_REPEATS = 2
"""How often one call is made again after a 429."""
LONGEST_PAUSE_S = 60.0
"""A longer ``Retry-After`` is the caller's to wait for."""
_POST_EVERY_S = 0.3
_SLOW_POST_EVERY_S = 1.0
"""After a 429."""
_SLOW_FOR_S = 300.0
_POSTS_AT_ONCE = 3
"""In a channel that was quiet: Slack takes short bursts."""
_MOST_KNOWN = 1000
"""More limits than this are looked through for those that hold nobody back."""


@dataclass(slots=True)
class _Limit:
    """The rate limit of a method, or of ``chat.postMessage`` in one channel."""

    paces: bool
    first: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held by the call that waits at the head; the others come in the order in which they began to wait."""
    paused_until_s: float = 0.0
    """As a 429 asked for."""
    idle_at_s: float = 0.0
    """When a burst may be as long as ever again."""
    slow_until_s: float = 0.0
    """Since a 429."""

    def wait_s(self, now_s: float) -> float:
        """Seconds that the next call has to wait."""
        pace_s = self.idle_at_s - (_POSTS_AT_ONCE - 1) * self._every_s(now_s) if self.paces else 0.0
        return max(self.paused_until_s, pace_s) - now_s

    def count(self, now_s: float) -> None:
        """Count a call that is made now."""
        if self.paces:
            self.idle_at_s = max(self.idle_at_s, now_s) + self._every_s(now_s)

    def pause(self, until_s: float) -> None:
        """Hold calls back until then, and burst no more for a while after."""
        self.paused_until_s = max(self.paused_until_s, until_s)
        self.slow_until_s = self.paused_until_s + _SLOW_FOR_S
        self.idle_at_s = self.paused_until_s + (_POSTS_AT_ONCE - 1) * _SLOW_POST_EVERY_S

    def _every_s(self, now_s: float) -> float:
        return _SLOW_POST_EVERY_S if now_s < self.slow_until_s else _POST_EVERY_S


class RateLimits:
    """The rate limits of one token: by method, and of ``chat.postMessage`` by channel too.

    Args:
        clock: Seconds that only grow; injected for tests.
        sleep: Waits; the same.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._limits: dict[tuple[str, str], _Limit] = {}

    async def wait(self, method: str, arguments: Mapping[str, Any], patience_s: float | None) -> None:
        """Return when a call may be made, which counts as made then; first come, first served.

        Args:
            method: As Slack names it.
            arguments: The call's.
            patience_s: The longest pause that is worth waiting for; ``None`` for ``LONGEST_PAUSE_S``.

        Raises:
            Unavailable: Slack has asked for a longer pause.
        """
        limit = self._limit(method, arguments)
        # Before it queues behind others that wait for the same.
        self._next_wait_s(limit, patience_s)
        async with limit.first:
            await self._wait_out(limit, patience_s)
            limit.count(self._clock())

    async def pause(
        self, method: str, arguments: Mapping[str, Any], retry_after_s: float, patience_s: float | None
    ) -> None:
        """Hold such calls back; return when the one that met the 429 may be made again, before all others.

        Raises:
            Unavailable: as ``wait``.
        """
        limit = self._limit(method, arguments)
        limit.pause(self._clock() + retry_after_s)
        await self._wait_out(limit, patience_s)
        limit.count(self._clock())

    async def _wait_out(self, limit: _Limit, patience_s: float | None) -> None:
        while (wait_s := self._next_wait_s(limit, patience_s)) > 0:
            await self._sleep(wait_s)

    def _next_wait_s(self, limit: _Limit, patience_s: float | None) -> float:
        longest_s = LONGEST_PAUSE_S if patience_s is None else min(patience_s, LONGEST_PAUSE_S)
        wait_s = limit.wait_s(self._clock())
        if wait_s > longest_s:
            error = Unavailable(Outage.SLACK, "ratelimited", retry_after_s=wait_s)
            error.code = "ratelimited"
            raise error
        return wait_s

    def _limit(self, method: str, arguments: Mapping[str, Any]) -> _Limit:
        paces = method == "chat.postMessage"
        key = (method, str(arguments.get("channel", "")) if paces else "")
        if key not in self._limits and len(self._limits) >= _MOST_KNOWN:
            self._drop_idle()
        return self._limits.setdefault(key, _Limit(paces))

    def _drop_idle(self) -> None:
        now_s = self._clock()
        for key, limit in list(self._limits.items()):
            if not limit.first.locked() and max(limit.idle_at_s, limit.slow_until_s) <= now_s:
                del self._limits[key]
