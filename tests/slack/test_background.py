from __future__ import annotations

import asyncio
import gc

from structlog.testing import capture_logs

from bot.slack.background import BackgroundTasks


async def test_a_task_goes_on_after_its_handler() -> None:
    background, ran = BackgroundTasks(), asyncio.Event()

    async def run() -> None:
        await asyncio.sleep(0)
        ran.set()

    background.start(run())
    gc.collect()
    assert not ran.is_set()
    await background.done()

    assert ran.is_set()


async def test_done_waits_also_for_what_tasks_start() -> None:
    background, order = BackgroundTasks(), list[str]()

    async def second() -> None:
        await asyncio.sleep(0)
        order.append("second")

    async def first() -> None:
        background.start(second())
        order.append("first")

    background.start(first())
    await background.done()

    assert order == ["first", "second"]


async def test_a_fault_is_logged_and_harms_no_other() -> None:
    background, ran = BackgroundTasks(), list[str]()

    async def fail() -> None:
        raise RuntimeError("broken")

    async def work() -> None:
        ran.append("work")

    with capture_logs() as lines:
        background.start(fail())
        background.start(work())
        await background.done()

    assert [line["event"] for line in lines] == ["errand failed"]
    assert ran == ["work"]


async def test_what_does_not_end_in_time_is_ended() -> None:
    background, ended = BackgroundTasks(), list[str]()

    async def hang() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("hang")

    background.start(hang())
    await asyncio.sleep(0)
    await background.stop(patience_s=0.0)

    assert ended == ["hang"]


async def test_stopping_lets_end_what_can() -> None:
    background, ended = BackgroundTasks(), list[str]()

    async def work() -> None:
        await asyncio.sleep(0)
        ended.append("work")

    background.start(work())
    await background.stop(patience_s=5.0)

    assert ended == ["work"]
