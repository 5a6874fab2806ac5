from __future__ import annotations

import asyncio
import gc

from structlog.testing import capture_logs

from bot.slack.background import BackgroundTasks, KeyedLocks


async def test_an_errand_goes_on_after_its_listener() -> None:
    errands, ran = BackgroundTasks(), asyncio.Event()

    async def run() -> None:
        await asyncio.sleep(0)
        ran.set()

    errands.start(run())
    gc.collect()
    assert not ran.is_set()
    await errands.done()

    assert ran.is_set()


async def test_done_waits_also_for_what_errands_start() -> None:
    errands, order = BackgroundTasks(), list[str]()

    async def second() -> None:
        await asyncio.sleep(0)
        order.append("second")

    async def first() -> None:
        errands.start(second())
        order.append("first")

    errands.start(first())
    await errands.done()

    assert order == ["first", "second"]


async def test_a_fault_is_logged_and_harms_no_other() -> None:
    errands, ran = BackgroundTasks(), list[str]()

    async def fail() -> None:
        raise RuntimeError("broken")

    async def work() -> None:
        ran.append("work")

    with capture_logs() as lines:
        errands.start(fail())
        errands.start(work())
        await errands.done()

    assert [line["event"] for line in lines] == ["errand failed"]
    assert ran == ["work"]


async def test_what_does_not_end_in_time_is_ended() -> None:
    errands, ended = BackgroundTasks(), list[str]()

    async def hang() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("hang")

    errands.start(hang())
    await asyncio.sleep(0)
    await errands.stop(patience_s=0.0)

    assert ended == ["hang"]


async def test_stopping_lets_end_what_can() -> None:
    errands, ended = BackgroundTasks(), list[str]()

    async def work() -> None:
        await asyncio.sleep(0)
        ended.append("work")

    errands.start(work())
    await errands.stop(patience_s=5.0)

    assert ended == ["work"]


async def test_whoever_comes_first_is_first() -> None:
    turns, done, may_go = KeyedLocks(), list[int](), asyncio.Event()

    async def act(number: int) -> None:
        async with turns.of("C1"):
            await may_go.wait()
            done.append(number)

    tasks = [asyncio.create_task(act(number)) for number in range(4)]
    await asyncio.sleep(0)
    tasks[1].cancel()
    may_go.set()
    await asyncio.gather(*tasks, return_exceptions=True)

    assert done == [0, 2, 3]


async def test_different_things_wait_for_nobody_and_nothing_is_kept_of_them() -> None:
    turns = KeyedLocks()

    async with turns.of("C1"):
        assert turns.of("C1").locked()
        assert not turns.of("C2").locked()

    assert not turns.of("C1").locked()
    assert len(turns._locks) == 0  # what nobody can see would grow for ever
