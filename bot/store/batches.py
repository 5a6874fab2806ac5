"""Batches: what is asked for while a transaction runs is done together in the next one (group commit)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from bot.tasks import start_task

MOST_A_BATCH = 200
"""The others wait for the next: nobody waits for long behind a transaction."""

ItemT = TypeVar("ItemT")
ResultT = TypeVar("ResultT")


class Batches(Generic[ItemT, ResultT]):
    """Collects items while a batch is done, and does them as the next batch, in the order of their arrival.

    A batch begins after each of its items was added: what it reads is no older than that, and what it writes
    is durable when the item's result is there.

    Args:
        work: Does a batch; returns a result for each item, in their order. Where it raises, all fail.
    """

    def __init__(self, work: Callable[[Sequence[ItemT]], Awaitable[Sequence[ResultT]]]) -> None:
        self._work = work
        self._waiting: list[tuple[ItemT, asyncio.Future[ResultT]]] = []
        self._running: asyncio.Task[None] | None = None

    async def add(self, item: ItemT) -> ResultT:
        """Have an item done; raises what its batch raises."""
        result: asyncio.Future[ResultT] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, result))
        if self._running is None:
            self._running = start_task(self._run())
        return await result

    async def _run(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[:MOST_A_BATCH], self._waiting[MOST_A_BATCH:]
                await self._do(batch)
        finally:
            self._running = None

    async def _do(self, batch: Sequence[tuple[ItemT, asyncio.Future[ResultT]]]) -> None:
        try:
            results = await self._work([item for item, _ in batch])
        except Exception as error:  # noqa: BLE001  # it is for those who wait
            for _, waiting in batch:
                if not waiting.done():
                    waiting.set_exception(error)
            return
        for (_, waiting), result in zip(batch, results, strict=True):
            if not waiting.done():
                waiting.set_result(result)
