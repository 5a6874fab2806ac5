"""The price of transcribing, the monthly limit and what is set aside of it, and when consent is needed."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime

from bot.errors import ConsentNeeded, Refusal, Rejected
from bot.model import Job
from bot.ports.preferences import Ledger
from bot.ports.store import Queue

WARN_FROM = 0.8
"""The share of a month's minutes from which on replies say so."""
FEWEST_BYTES_PER_S = 300
"""Half of AMR's lowest rate, since pauses take next to nothing: what is smaller is not long."""
_PADDING_S = 0.2
"""What encoding adds to a sound at most (a MP3 encoder's delay); and whole seconds are billed."""


class Budget:
    """Knows the price, and the two limits that an operator may set.

    Args:
        ledger: What was used.
        price_per_second: In US dollars.
        monthly_minutes: The most of a workspace in a calendar month (UTC); ``None``: no limit.
        confirm_above_minutes: Longer recordings need consent; ``None``: none does.
        now: The time, in UTC.
    """

    def __init__(
        self,
        ledger: Ledger,
        *,
        price_per_second: float,
        monthly_minutes: int | None,
        confirm_above_minutes: int | None,
        now: Callable[[], datetime],
    ) -> None:
        self._ledger = ledger
        self._price_per_second = price_per_second
        self._monthly_minutes = monthly_minutes
        self._confirm_above_s = None if confirm_above_minutes is None else confirm_above_minutes * 60
        self._now = now

    def cost(self, duration_s: float) -> float:
        """The price of a recording, in US dollars."""
        return duration_s * self._price_per_second

    async def share_used(self, team_id: str) -> float:
        """The share of the month's minutes that a workspace has used; 1 is all. 0 where there is no limit."""
        if self._monthly_minutes is None:
            return 0.0
        used = await self._ledger.used(team_id, self._now().date())
        return used.seconds / (self._monthly_minutes * 60)

    def check(
        self, job: Job, share_used: float, duration_s: float | None, heard_s: float | None = None
    ) -> None:
        """Let pass what may be transcribed now, as far as anybody can say.

        Args:
            job: Which.
            share_used: As ``share_used`` returned it.
            duration_s: Of the recording; ``None`` where nobody knows yet.
            heard_s: What of it is heard, if more.

        Raises:
            Rejected: MONTH_USED_UP.
            ConsentNeeded: it is long, and nobody has agreed to that.
        """
        if share_used >= 1:
            raise Rejected(Refusal.MONTH_USED_UP, f"{share_used:.0%}", self._monthly_minutes)
        if duration_s is not None and (heard_s or duration_s) > self._longest_unasked_s(job):
            raise ConsentNeeded(duration_s, heard_s)

    def reservation(self, queue: Queue, job: Job) -> Reservation:
        """The reservation of a try of a job; nothing is set aside yet."""
        return Reservation(queue, job, self._monthly_minutes)

    def needs_length(self, job: Job, share_used: float, size_bytes: int) -> bool:
        """True where so many bytes can hold what needs consent, or more than the month has left."""
        return self.is_too_much(job, share_used, size_bytes / FEWEST_BYTES_PER_S)

    def is_too_much(self, job: Job, share_used: float, heard_s: float) -> bool:
        """True where so many seconds need consent, or are more than the month has left."""
        left_s = math.inf
        if self._monthly_minutes is not None:
            left_s = self._monthly_minutes * 60 * (1 - share_used)
        return heard_s > min(left_s, self._longest_unasked_s(job))

    def _longest_unasked_s(self, job: Job) -> float:
        if self._confirm_above_s is None or job.is_confirmed:
            return math.inf
        return self._confirm_above_s


class Reservation:
    """The seconds of the month that are set aside for one try of a job, before anything is billed.

    Without a monthly limit nothing is set aside, and everything may be heard.

    Args:
        queue: Keeps it.
        job: Which.
        most_minutes: The most of its workspace in a month; ``None``: no limit.
    """

    def __init__(self, queue: Queue, job: Job, most_minutes: int | None) -> None:
        self._queue = queue
        self._job = job
        self._most_minutes = most_minutes
        self._set_aside_s = 0
        self._taken_s = 0

    async def begin(self, seconds: float) -> None:
        """Set the length of what is to be heard aside, as far as it is known, in place of an earlier try's.

        Raises:
            Rejected: MONTH_USED_UP: so much is not left.
        """
        self._set_aside_s = _most_billed_s(seconds) if seconds else 0
        await self._reserve(self._set_aside_s, anew=True)

    async def take(self, seconds: float) -> None:
        """Take what one request costs from what is set aside; beyond that, set more aside first.

        Raises:
            Rejected: MONTH_USED_UP: so much is not left.
        """
        self._taken_s += _most_billed_s(seconds)
        more_s = self._taken_s - self._set_aside_s
        if more_s > 0:
            # First of all: requests are sent side by side.
            self._set_aside_s += more_s
            await self._reserve(more_s)

    async def _reserve(self, seconds: float, *, anew: bool = False) -> None:
        if self._most_minutes is None:
            return
        most_s = self._most_minutes * 60.0
        if not await self._queue.reserve(self._job, seconds, most_s=most_s, anew=anew):
            raise Rejected(Refusal.MONTH_USED_UP, f"{seconds} s more", self._most_minutes)


def _most_billed_s(duration_s: float) -> int:
    """The most seconds that a request may be billed for."""
    return math.ceil(duration_s + _PADDING_S)


def month_to_tell(share_used: float) -> float | None:
    """The share of the month that a reply tells of; ``None`` where it is not worth a word."""
    return min(share_used, 1.0) if share_used >= WARN_FROM else None
