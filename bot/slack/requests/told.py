"""Events that somebody is told about, each once, however often Slack delivers it."""

from __future__ import annotations

from cachetools import TTLCache

_REMEMBERED_FOR_S = 900.0
"""Slack's last delivery of an event comes six minutes after the first."""
_MOST_REMEMBERED = 5_000


class Told:
    """Events of which this process has begun to tell somebody: what took too long is delivered again.

    What a former process had begun is told again: better twice than never.

    Source: https://docs.slack.dev/apis/events-api/#retries
    """

    def __init__(self) -> None:
        self._ids: TTLCache[str, None] = TTLCache(_MOST_REMEMBERED, _REMEMBERED_FOR_S)

    def __contains__(self, event_id: str) -> bool:
        """True where somebody was told of it, or needed not be."""
        return event_id in self._ids

    def add(self, event_id: str) -> None:
        """Note that somebody is told of it; an event without an id is never noted."""
        if event_id:
            self._ids[event_id] = None
