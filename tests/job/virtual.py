"""Time that passes only when a test says so, and threads that run at once."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

EPOCH = datetime(2026, 11, 1, 12, tzinfo=UTC)


class VirtualTime:
    """``now`` and ``sleep`` for a ``Clock``; moved on by ``run`` and ``until``."""

    def __init__(self) -> None:
        self.passed_s = 0.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._count = 0

    def now(self) -> datetime:
        return EPOCH + timedelta(seconds=self.passed_s)

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        self._count += 1
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self.passed_s + seconds, self._count, woken))
        await woken

    async def wait(self, event: asyncio.Event, seconds: float | None) -> None:
        """Until the event, or until so much time has passed."""
        tasks: list[asyncio.Future[Any]] = [asyncio.ensure_future(event.wait())]
        if seconds is not None:
            tasks.append(asyncio.ensure_future(self.sleep(seconds)))
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task

    async def settle(self) -> None:
        """Let everything run until all of it waits."""
        loop: Any = asyncio.get_running_loop()
        await asyncio.sleep(0)
        while loop._ready:  # noqa: ASYNC110  # there is no event for "nothing is runnable"
            await asyncio.sleep(0)

    async def run(self, seconds: float) -> None:
        """Let so much time pass."""
        await self._run(self.passed_s + seconds, lambda: False)

    async def until(self, reached: Callable[[], bool], within_s: float) -> None:
        """Let time pass until something holds."""
        end_s = self.passed_s + within_s
        await self._run(end_s, reached)
        assert reached(), f"not within {within_s} s"

    async def _run(self, end_s: float, reached: Callable[[], bool]) -> None:
        await self.settle()
        while not reached():
            if not self._sleepers or self._sleepers[0][0] > end_s:
                self.passed_s = end_s
                return
            due_s, _, woken = heapq.heappop(self._sleepers)
            if not woken.done():
                self.passed_s = due_s
                woken.set_result(None)
                await self.settle()


class AtOnce(ThreadPoolExecutor):
    """Runs in the caller's thread, so that ``settle`` can tell when all is quiet."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        done: Future[Any] = Future()
        try:
            done.set_result(fn(*args, **kwargs))
        except BaseException as error:  # noqa: BLE001  # handed on to whoever awaits it
            done.set_exception(error)
        return done
