"""Whatever comes, in whatever order: what must hold of every request that got its turn."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Literal

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.asr.rate_limit import WINDOW_S
from bot.asr.scheduler import Scheduler
from tests.asr.crowd import scheduler
from tests.asr.virtual_time import in_virtual_time, now_s

LONGEST_PAUSE_S = 60.0


@dataclass(frozen=True)
class Plan:
    """One request: when it asks, what becomes of it, and when it is given up."""

    asks_s: float
    flow: str
    takes_s: float
    outcome: Literal["heard", "throttled"] = "heard"
    retry_after_s: float | None = None
    gives_up_after_s: float | None = None


@dataclass
class Request:
    flow: str
    asked_s: float
    begun_s: float
    ended_s: float = 0.0


@dataclass
class Record:
    """What happened; requests in the order in which they began."""

    slots: Scheduler
    ceiling: int
    begun: list[Request] = field(default_factory=list)
    running: int = 0
    lowered_s: float = 0.0

    async def live(self, plan: Plan) -> None:
        await asyncio.sleep(plan.asks_s)
        try:
            async with asyncio.timeout(plan.gives_up_after_s):
                await self._run(plan)
        except TimeoutError:
            assert plan.gives_up_after_s is not None

    async def _run(self, plan: Plan) -> None:
        asked_s = now_s()
        async with self.slots.slot(plan.flow) as slot:
            request = Request(plan.flow, asked_s, now_s())
            self.begun.append(request)
            self.running += 1
            # The limit may have been lowered in the same instant, just after this turn was given.
            assert self.running <= (self.ceiling if self.lowered_s == now_s() else self.slots.limit)
            try:
                await asyncio.sleep(plan.takes_s)
                if plan.outcome == "throttled":
                    self.slots.throttled(slot, plan.retry_after_s)
                    self.lowered_s = now_s()
                else:
                    self.slots.succeeded()
            finally:
                self.running -= 1
                request.ended_s = now_s()


# Quarters of a second: sums of them are exact, so that nothing has to be compared "nearly".
def quarters(longest_s: int) -> st.SearchStrategy[float]:
    return st.integers(0, 4 * longest_s).map(lambda number: number / 4)


SHARES = st.sampled_from(["long", "long", "long", "a", "b", "c"])
HEARD = st.builds(Plan, quarters(200), SHARES, quarters(50))
THROTTLED = st.builds(
    Plan,
    quarters(200),
    SHARES,
    quarters(50),
    outcome=st.just("throttled"),
    retry_after_s=st.none() | quarters(90),
)
GIVEN_UP = st.builds(Plan, quarters(200), SHARES, quarters(50), gives_up_after_s=quarters(90))


def was_new(earlier: list[Request], request: Request) -> bool:
    return all(other.flow != request.flow or other.begun_s + WINDOW_S <= request.begun_s for other in earlier)


def keeps_to_the_window(begun: list[Request], per_minute: int) -> bool:
    begun_s = [request.begun_s for request in begun]
    again_s = [request.begun_s for at, request in enumerate(begun) if not was_new(begun[:at], request)]
    return all(
        one_too_many_s - first_s >= WINDOW_S
        for times_s, most in ((begun_s, per_minute), (again_s, per_minute - per_minute // 5))
        for first_s, one_too_many_s in zip(times_s, times_s[most:], strict=False)
    )


async def check_all_turns_are_back(record: Record, per_minute: int) -> None:
    """As many can begin at once as the limit says, once the window has passed."""
    await asyncio.sleep(WINDOW_S + LONGEST_PAUSE_S)
    most = min(record.slots.limit, per_minute)
    record.begun.clear()
    plans = [Plan(0.0, f"after {number}", 100.0, gives_up_after_s=1.0) for number in range(most + 1)]
    await asyncio.gather(*map(record.live, plans))
    assert len(record.begun) == most


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 5), st.integers(1, 12), st.lists(HEARD | THROTTLED | GIVEN_UP, min_size=1, max_size=40))
@in_virtual_time
async def test_the_limits_hold_everyone_comes_to_their_turn_and_every_turn_comes_back(
    concurrency: int, per_minute: int, plans: list[Plan]
) -> None:
    record = Record(scheduler(concurrency=concurrency, requests_per_minute=per_minute), concurrency)
    # If one of them starved, time itself would complain that everybody waits.
    await asyncio.gather(*map(record.live, plans))
    patient = sum(plan.gives_up_after_s is None for plan in plans)
    assert patient <= len(record.begun) <= len(plans)
    assert keeps_to_the_window(record.begun, per_minute)
    assert 1 <= record.slots.limit <= concurrency
    await check_all_turns_are_back(record, per_minute)


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 5), st.integers(1, 12), st.lists(HEARD, min_size=1, max_size=40))
@in_virtual_time
async def test_nobody_waits_without_a_reason(concurrency: int, per_minute: int, plans: list[Plan]) -> None:
    record = Record(scheduler(concurrency=concurrency, requests_per_minute=per_minute), concurrency)
    await asyncio.gather(*map(record.live, plans))
    for at, request in enumerate(record.begun):
        if request.begun_s > request.asked_s:
            before_s = request.begun_s - 1 / 8
            earlier = [other for other in record.begun[:at] if other.begun_s <= before_s]
            running = sum(other.ended_s > before_s for other in earlier)
            one_more = [*earlier, Request(request.flow, request.asked_s, before_s)]
            assert running == concurrency or not keeps_to_the_window(one_more, per_minute)
