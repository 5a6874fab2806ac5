"""What concerns the same thing happens in the order in which it began."""

from __future__ import annotations

import asyncio
from weakref import WeakValueDictionary


class Turns:
    """Hands out turns: whoever comes first is first, and is waited for by whoever comes after."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        """By what they concern; one that nobody holds or waits for is forgotten."""

    def of(self, concern: str) -> asyncio.Lock:
        """The turn of one thing: a channel's id, say; for ``async with``."""
        return self._locks.setdefault(concern, asyncio.Lock())
