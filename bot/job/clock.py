"""Clock, sleep and chance, injected so that no test waits on wall time."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Clock:
    """The clock of a job: time, sleep, jitter, and the time after which it gives up."""

    give_up_after_s: float
    """From acceptance to giving up (``JOB_GIVE_UP_AFTER_S``)."""
    now: Callable[[], datetime]
    """UTC by a clock that nobody sets, as the store's is."""
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    jitter: Callable[[], float] = random.random
    """Draws from [0, 1)."""
