"""Gaps in the events of Slack: no socket was open, or the process stood still. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

_LONGEST_PAUSE = timedelta(seconds=30)
"""Slack closes and renews each socket now and then, which takes seconds, and delivers again what was not
acknowledged meanwhile."""


class GapDetector:
    """Tells from regular looks at the connection when events may have been missed.

    A process that stood still, as while its machine slept, looks late, and so is told from one that ran.

    Args:
        now: When everything was heard; UTC.

    Attributes:
        heard_until: When the connection was last seen open.
    """

    def __init__(self, now: datetime) -> None:
        self.heard_until = now

    def look(self, now: datetime, *, is_open: bool) -> datetime | None:
        """Note whether events can arrive now.

        Returns:
            The beginning of a gap that ends now; ``None`` where there is none, or it goes on.
        """
        if not is_open:
            return None
        before, self.heard_until = self.heard_until, now
        return before if now - before > _LONGEST_PAUSE else None
