from __future__ import annotations

import asyncio

from bot.slack.keyed_locks import KeyedLocks


async def test_whoever_comes_first_is_first() -> None:
    locks, done, may_go = KeyedLocks(), list[int](), asyncio.Event()

    async def act(number: int) -> None:
        async with locks.of("C1"):
            await may_go.wait()
            done.append(number)

    tasks = [asyncio.create_task(act(number)) for number in range(4)]
    await asyncio.sleep(0)
    tasks[1].cancel()
    may_go.set()
    await asyncio.gather(*tasks, return_exceptions=True)

    assert done == [0, 2, 3]


async def test_different_things_wait_for_nobody_and_nothing_is_kept_of_them() -> None:
    locks = KeyedLocks()

    async with locks.of("C1"):
        assert locks.of("C1").locked()
        assert not locks.of("C2").locked()

    assert not locks.of("C1").locked()
    assert len(locks._locks) == 0  # what nobody can see would grow for ever
