"""Lanes of decoders, small and big: a voice note does not wait behind long recordings."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from bot.tasks import start_task

SMALL_BYTES = 4 * 1024 * 1024
"""Sources up to this size begin in the small lane."""
SMALL_S = 2.0
"""A decoder that has run for so long leaves the small lane, where that is full.

A voice note takes a tenth of it. Bytes say little: three hours of silence fit into two megabytes.
"""


class Place:
    """A decoder's place in a lane.

    Attributes:
        was_given_up: The decoder took too long for the small lane, and was ended.
    """

    def __init__(self, lane: asyncio.Semaphore, small_s: float | None) -> None:
        self.was_given_up = False
        self._lane = lane
        self._small_s = small_s

    @asynccontextmanager
    async def giving_up(self, end: Callable[[], None]) -> AsyncIterator[None]:
        """Have ``end`` end the decoder, and the place be free, once that has run long in a full small lane.

        Whatever else is done while inside: its segments may wait for somebody who takes them.
        """
        watching = start_task(self._watch(end))
        try:
            yield
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)

    async def _watch(self, end: Callable[[], None]) -> None:
        if self._small_s is None:
            return
        await asyncio.sleep(self._small_s)
        while not self._lane.locked():  # noqa: ASYNC110  # it becomes so with a decoder that begins
            await asyncio.sleep(self._small_s / 4)
        end()
        self.was_given_up = True
        self._lane.release()


class Lanes:
    """A small and a big lane, with so many places each.

    Args:
        places: Of each lane.
        small_s: As ``SMALL_S``; injected for tests.
    """

    def __init__(self, places: int, small_s: float = SMALL_S) -> None:
        self._small = asyncio.Semaphore(places)
        self._big = asyncio.Semaphore(places)
        self._small_s = small_s

    @asynccontextmanager
    async def place(self, *, is_small: bool) -> AsyncIterator[Place]:
        """Hold a place while inside, or until it is given up; waits until there is one."""
        lane = self._small if is_small else self._big
        await lane.acquire()
        place = Place(lane, self._small_s if is_small else None)
        try:
            yield place
        finally:
            if not place.was_given_up:
                lane.release()
