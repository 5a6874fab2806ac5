"""Rate limits: an adaptive limit (AIMD) of concurrency, and a sliding window of 60 s. No I/O, no waiting."""

from __future__ import annotations

import math
from collections import deque

WINDOW_S = 60.0

_NEWCOMERS_PART = 5
"""One request in so many is kept for flows that are new to the window."""


class AdaptiveLimit:
    """Adaptive limit of requests at once: half as many after a throttling, then slowly more.

    What the account really allows is told nowhere, and others may be using it.

    Args:
        ceiling: The most, and what it begins with.

    Attributes:
        round: Counts the halvings. Requests of one round were begun under the same limit.

    Source: https://www.rfc-editor.org/rfc/rfc5681#section-3.1 (additive increase, multiplicative decrease)
    """

    def __init__(self, ceiling: int) -> None:
        self._ceiling = ceiling
        self._allowed = float(ceiling)
        self.round = 0

    @property
    def at_once(self) -> int:
        """Requests that may run now."""
        return int(self._allowed)

    def succeeded(self) -> None:
        """Grow by one for each limit's worth of answers."""
        self._allowed = min(self._allowed + 1 / self._allowed, self._ceiling)

    def throttled(self, begun_in_round: int) -> None:
        """Halve, unless the request was begun before the last halving: that one answered it already."""
        if begun_in_round == self.round:
            self._allowed = max(self._allowed / 2, 1.0)
            self.round += 1


class RateWindow:
    """Sliding window: so many requests begin within any 60 seconds, a fifth of them kept for newcomers.

    A newcomer is a flow that has begun nothing for 60 seconds: a clip's first request must not wait behind
    a long recording that used up the minute. A leaky bucket would let twice as many begin within a minute: a
    full bucket, then its refill.

    Args:
        requests_per_minute: Requests that begin within any 60 seconds.
    """

    def __init__(self, requests_per_minute: int) -> None:
        again = requests_per_minute - requests_per_minute // _NEWCOMERS_PART
        # When the last so many began: each makes room for another 60 seconds later.
        self._begun_s = deque([-math.inf] * requests_per_minute, maxlen=requests_per_minute)
        self._begun_again_s = deque([-math.inf] * again, maxlen=again)
        self._last_s: dict[str, float] = {}
        """The time of each flow's last beginning, oldest first; a flow that is new again is not in it."""

    def opens_at_s(self, flow: str) -> float:
        """The time from which this flow may begin a request, if no other does before."""
        again_s = min(self._begun_again_s[0], self._last_s.get(flow, -math.inf))
        return max(self._begun_s[0], again_s) + WINDOW_S

    def begin(self, flow: str, now_s: float) -> None:
        """Count a request that begins; ``now_s`` never goes backwards."""
        while self._last_s and self._last_s[oldest := next(iter(self._last_s))] + WINDOW_S <= now_s:
            del self._last_s[oldest]
        if self._last_s.pop(flow, None) is not None:
            self._begun_again_s.append(now_s)
        self._last_s[flow] = now_s
        self._begun_s.append(now_s)
