"""Locks by key within this process, such as one for each channel."""

from __future__ import annotations

import asyncio
from weakref import WeakValueDictionary


class KeyedLocks:
    """A lock per key: work on the same key runs one at a time, in the order in which it began to wait."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        """A lock that nobody holds or waits for is dropped."""

    def of(self, key: str) -> asyncio.Lock:
        """The lock of one key, such as a channel's id; for ``async with``."""
        return self._locks.setdefault(key, asyncio.Lock())
