"""Background tasks started by handlers, lost if the process dies."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import structlog

from bot.tasks import start_task


class BackgroundTasks:
    """Runs coroutines beside the handlers, and keeps a reference to each task until it ends.

    Slack waits three seconds for an acknowledgement, so what takes longer goes on here. It is lost where the
    process dies: what has to happen belongs into the database before the acknowledgement.
    """

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        self._log = structlog.get_logger(__name__)

    def start(self, work: Coroutine[Any, Any, object]) -> None:
        """Start a coroutine as a task; what it raises is logged."""
        task = start_task(self._run(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def done(self) -> None:
        """Return when every task has ended, also those that tasks have started."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def stop(self, patience_s: float) -> None:
        """Wait for the tasks to end, ``patience_s`` seconds at most, then cancel the rest."""
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
        except Exception:  # noqa: BLE001  # nobody awaits it: the log has to tell
            self._log.exception("errand failed")
