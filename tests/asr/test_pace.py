from __future__ import annotations

import asyncio
import contextlib
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.asr.pace import WINDOW_S, Pace


class Clock:
    """Time that passes only where somebody sleeps."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s

    async def sleep(self, wait_s: float) -> None:
        self.now_s += wait_s
        await asyncio.sleep(0)


def pace(clock: Clock, *, concurrency: int, requests_per_minute: int) -> Pace:
    return Pace(
        concurrency=concurrency, requests_per_minute=requests_per_minute, clock=clock, sleep=clock.sleep
    )


@given(
    st.lists(st.floats(0, 90), min_size=1, max_size=40),
    st.integers(1, 6),
    st.integers(1, 4),
)
def test_no_sixty_seconds_hold_more_than_the_limit(
    pauses_s: list[float], requests_per_minute: int, concurrency: int
) -> None:
    clock = Clock()
    begun: list[float] = []

    async def ask(turns: Pace, pause_s: float) -> None:
        async with turns.turn():
            begun.append(clock.now_s)
            await clock.sleep(pause_s / concurrency)

    async def main() -> None:
        turns = pace(clock, concurrency=concurrency, requests_per_minute=requests_per_minute)
        await asyncio.gather(*(ask(turns, pause_s) for pause_s in pauses_s))

    asyncio.run(main())
    assert len(begun) == len(pauses_s)
    for first, one_too_many in zip(begun, begun[requests_per_minute:], strict=False):
        assert one_too_many - first >= WINDOW_S - 1e-9


async def test_a_free_window_is_used_at_once() -> None:
    clock = Clock()
    turns = pace(clock, concurrency=100, requests_per_minute=100)
    for _ in range(100):
        async with turns.turn():
            pass
    assert clock.now_s == 1000.0
    async with turns.turn():
        assert clock.now_s == 1060.0


async def test_turns_come_in_the_order_of_asking() -> None:
    clock = Clock()
    turns = pace(clock, concurrency=2, requests_per_minute=3)
    order: list[int] = []

    async def ask(number: int) -> None:
        async with turns.turn():
            order.append(number)
            await asyncio.sleep(0)

    await asyncio.gather(*(ask(number) for number in range(20)))
    assert order == sorted(order)
    assert all(a < b for a, b in pairwise(order))


async def test_nobody_overtakes_whoever_waits_for_the_window() -> None:
    clock = Clock()
    sleeping: list[asyncio.Future[None]] = []

    async def sleep_until_woken(_wait_s: float) -> None:
        sleeping.append(asyncio.get_running_loop().create_future())
        await sleeping[-1]

    turns = Pace(concurrency=3, requests_per_minute=1, clock=clock, sleep=sleep_until_woken)
    order: list[str] = []

    async def ask(name: str) -> None:
        async with turns.turn():
            order.append(name)

    async def settle() -> None:
        for _ in range(10):
            await asyncio.sleep(0)

    await ask("first")
    asked = [asyncio.create_task(ask("second")), asyncio.create_task(ask("third"))]
    await settle()
    clock.now_s += WINDOW_S
    asked.append(asyncio.create_task(ask("late")))
    await settle()
    while sleeping:
        sleeping.pop(0).set_result(None)
        await settle()
        clock.now_s += WINDOW_S
    await asyncio.gather(*asked)
    assert order == ["first", "second", "third", "late"]


async def test_no_more_at_once_than_allowed() -> None:
    clock = Clock()
    turns = pace(clock, concurrency=3, requests_per_minute=1000)
    running = 0
    most = 0

    async def ask() -> None:
        nonlocal running, most
        async with turns.turn():
            running += 1
            most = max(most, running)
            await asyncio.sleep(0)
            running -= 1

    await asyncio.gather(*(ask() for _ in range(50)))
    assert most == 3


async def test_whoever_stops_waiting_takes_no_turn_with_them() -> None:
    clock = Clock()
    asleep = asyncio.Event()

    async def sleep_for_ever(_wait_s: float) -> None:
        asleep.set()
        await asyncio.Event().wait()

    turns = Pace(concurrency=1, requests_per_minute=1, clock=clock, sleep=sleep_for_ever)
    async with turns.turn():
        pass

    async def ask() -> None:
        async with turns.turn():
            pytest.fail("the window was full")

    waiting = asyncio.create_task(ask())
    await asleep.wait()
    waiting.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await waiting
    clock.now_s += WINDOW_S
    async with turns.turn():
        pass
