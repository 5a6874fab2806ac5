"""Background tasks started by handlers, and locks by key. Both end with the process."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any
from weakref import WeakValueDictionary

import structlog

from bot.tasks import start_task


class BackgroundTasks:
    """Runs work beside the handlers, and keeps hold of it: Slack waits three seconds for an acknowledgement.

    It is lost where the bot dies: what has to happen belongs into the database before the acknowledgement.
    """

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        self._log = structlog.get_logger(__name__)

    def start(self, work: Coroutine[Any, Any, object]) -> None:
        """Run something from now on; what it raises is logged."""
        task = start_task(self._run(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def done(self) -> None:
        """Return when everything that was started, also by one another, has ended."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def stop(self, patience_s: float) -> None:
        """Give what is under way so long to end, then end it."""
        try:
            async with asyncio.timeout(patience_s):
                await self.done()
        except TimeoutError:
            for task in self._tasks:
                task.cancel()
            await self.done()

    async def _run(self, work: Coroutine[Any, Any, object]) -> None:
        try:
            await work
        except Exception:  # noqa: BLE001  # nobody waits for it: the log hears of it
            self._log.exception("errand failed")


class KeyedLocks:
    """A lock for each key: what concerns the same thing happens in the order in which it began."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        """One that nobody holds or waits for is forgotten."""

    def of(self, key: str) -> asyncio.Lock:
        """The lock of one thing: a channel's id, say; for ``async with``."""
        return self._locks.setdefault(key, asyncio.Lock())
