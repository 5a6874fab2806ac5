from __future__ import annotations

import asyncio
import gc
import weakref

from bot import tasks
from bot.tasks import start_task


class Waiting:
    """A future that only its task refers to: without a reference to the task, both may vanish."""

    def __init__(self) -> None:
        self.done = False

    async def wait(self) -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.future = weakref.ref(future)
        await future
        self.done = True


async def test_a_task_that_nobody_holds_is_kept_until_it_ends() -> None:
    waiting = Waiting()
    start_task(waiting.wait())
    await asyncio.sleep(0)
    gc.collect()

    future = waiting.future()
    assert future is not None, "the task was collected in the middle of its work"
    future.set_result(None)
    del future
    await asyncio.sleep(0)
    await asyncio.sleep(0)

    assert waiting.done
    assert not tasks._running, "what has ended is let go"
