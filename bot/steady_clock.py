"""A clock that nobody sets: how old something is and when it is due depend on the time that has passed."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta


def utc_now() -> datetime:
    """The time by the system's clock, which may be set at any moment."""
    return datetime.now(UTC)


class SteadyClock:
    """UTC by the system's clock as it was when this one was set, and the time that has passed since.

    Whoever sets the system's clock meanwhile changes nothing. The time in which the machine slept has not
    passed: nobody could do anything in it.

    Args:
        wall: UTC by the system's clock.
        passed_s: Seconds that never go backwards.
    """

    def __init__(
        self, wall: Callable[[], datetime] = utc_now, passed_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._wall = wall
        self._passed_s = passed_s
        self.set()

    def set(self) -> None:
        """Take over the time of the system's clock, while nothing depends on this one yet."""
        self._from, self._from_s = self._wall(), self._passed_s()

    def now(self) -> datetime:
        """The time, in UTC."""
        return self._from + timedelta(seconds=self._passed_s() - self._from_s)
