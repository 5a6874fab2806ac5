from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from bot.store.batches import MOST_A_BATCH, Batches


class Work:
    """Batches of numbers, each held until a test lets it end; the result is the number's double."""

    def __init__(self) -> None:
        self.done: list[list[int]] = []
        self.fault: Exception | None = None
        self.go = asyncio.Event()
        self.batches = Batches(self._do)

    async def _do(self, items: Sequence[int]) -> list[int]:
        self.done.append(list(items))
        await self.go.wait()
        if self.fault is not None:
            raise self.fault
        return [2 * item for item in items]

    def start(self, *items: int) -> list[asyncio.Task[int]]:
        return [asyncio.create_task(self.batches.add(item)) for item in items]


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_what_arrives_while_a_batch_runs_is_the_next_one_in_its_order() -> None:
    work = Work()
    first = work.start(1)
    await settle()
    others = work.start(*range(2, MOST_A_BATCH + 5))
    await settle()
    assert work.done == [[1]]
    assert not any(task.done() for task in others)

    work.go.set()

    assert await asyncio.gather(*first, *others) == [2 * item for item in range(1, MOST_A_BATCH + 5)]
    assert [len(batch) for batch in work.done] == [1, MOST_A_BATCH, 3]
    assert await asyncio.gather(*work.start(7)) == [14]


async def test_where_a_batch_fails_each_of_it_fails_and_the_next_goes_on() -> None:
    work = Work()
    work.fault = OSError("database or disk is full")
    failing = work.start(1, 2)
    await settle()
    work.go.set()
    assert await asyncio.gather(*failing, return_exceptions=True) == [work.fault] * 2

    work.fault = None
    assert await asyncio.gather(*work.start(3)) == [6]


async def test_who_is_cancelled_takes_nobody_along() -> None:
    work = Work()
    running = work.start(1, 2)
    await settle()
    running[0].cancel()
    work.go.set()

    assert await running[1] == 4
    with pytest.raises(asyncio.CancelledError):
        await running[0]
