"""Who was in which channel a moment ago, so that one act of somebody's costs one question."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable

_FRESH_FOR_S = 10.0
_MOST = 5_000


class Memberships:
    """Remembers who is in a channel. Who is not may come in at any time, and is asked for again.

    Args:
        clock: Seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._seen_at: OrderedDict[tuple[str, str], float] = OrderedDict()
        """By channel and person, who was seen last at the end."""

    def knows(self, channel_id: str, user_id: str) -> bool:
        """Whether somebody was seen in a channel a moment ago."""
        seen_at = self._seen_at.get((channel_id, user_id))
        return seen_at is not None and self._clock() - seen_at < _FRESH_FOR_S

    def keep(self, channel_id: str, user_ids: Iterable[str]) -> None:
        """These people are in a channel now."""
        now = self._clock()
        for user_id in user_ids:
            self._seen_at[channel_id, user_id] = now
            self._seen_at.move_to_end((channel_id, user_id))
        while len(self._seen_at) > _MOST:
            self._seen_at.popitem(last=False)
