"""Requests that wait for turns, in virtual time, and hold them until a test lets go."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.asr.scheduler import Scheduler, Slot
from tests.asr.virtual_time import now_s


def scheduler(*, concurrency: int, requests_per_minute: int = 1000) -> Scheduler:
    return Scheduler(
        concurrency=concurrency, requests_per_minute=requests_per_minute, clock=now_s, sleep=asyncio.sleep
    )


class Crowd:
    """Requests named ``<share>-<number>``."""

    def __init__(self, slots: Scheduler) -> None:
        self.slots = slots
        self.begun: list[str] = []
        self.begun_s: list[float] = []
        self.held: dict[str, Slot] = {}
        self.tasks: dict[str, asyncio.Task[None]] = {}
        self._ended: dict[str, asyncio.Event] = {}

    async def ask(self, *names: str) -> None:
        """Have these ask for a turn, one after the other."""
        for name in names:
            self._ended[name] = asyncio.Event()
            self.tasks[name] = asyncio.create_task(self._ask(name))
            await settle()

    async def end(self, *names: str) -> None:
        """Let these end, and whoever comes next begin."""
        for name in names:
            self._ended[name].set()
            await settle()

    async def give_up(self, *names: str) -> None:
        """Cancel these all at once."""
        for name in names:
            self.tasks[name].cancel()
        await settle()

    async def _ask(self, name: str) -> None:
        async with self.slots.slot(name.partition("-")[0]) as slot:
            self.begun.append(name)
            self.begun_s.append(now_s())
            self.held[name] = slot
            try:
                await self._ended[name].wait()
            finally:
                del self.held[name]


@asynccontextmanager
async def crowd(slots: Scheduler) -> AsyncIterator[Crowd]:
    them = Crowd(slots)
    yield them
    await them.give_up(*them.tasks)
    await asyncio.gather(*them.tasks.values(), return_exceptions=True)


async def settle() -> None:
    """Let everybody do what needs no time."""
    for _ in range(10):
        await asyncio.sleep(0)


async def pass_time(wait_s: float) -> None:
    """Let so much time pass, and see what it brings."""
    await asyncio.sleep(wait_s)
    await settle()


def names(flow: str, many: int) -> list[str]:
    return [f"{flow}-{number}" for number in range(many)]
