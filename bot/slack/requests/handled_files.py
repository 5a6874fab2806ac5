"""Memory of the files whose messages were handled lately."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from cachetools import TTLCache

_KEPT_FOR_S = 120.0
"""Slack sends the two events of a share within a second, and again after a minute where one failed."""
_MOST_KEPT = 10_000


class HandledFiles:
    """Tells whoever waits for it that the message with a file was handled, whatever came of it.

    It is lost if the process dies: then the file is looked up, and its key makes that harmless.
    """

    def __init__(self) -> None:
        self._handled: TTLCache[tuple[str, str], asyncio.Event] = TTLCache(_MOST_KEPT, _KEPT_FOR_S)
        """By channel and file."""

    def note(self, channel_id: str, file_ids: Iterable[str]) -> None:
        """Remember the files of a message that was handled."""
        for file_id in file_ids:
            handled = self._handled.pop((channel_id, file_id), None) or asyncio.Event()
            handled.set()
            self._handled[channel_id, file_id] = handled

    async def wait_for(self, channel_id: str, file_id: str, patience_s: float) -> bool:
        """Wait until a file's message is handled; False where it was not within so many seconds."""
        handled = self._handled.setdefault((channel_id, file_id), asyncio.Event())
        try:
            async with asyncio.timeout(patience_s):
                return await handled.wait()
        except TimeoutError:
            return False
