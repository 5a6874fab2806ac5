"""The rate limit of ``chat.postMessage``: about a message a second in each channel, with short bursts.

Source: https://docs.slack.dev/apis/web-api/rate-limits/
How long a burst may be, and how long ``Retry-After`` is then, Slack does not tell.
"""

from __future__ import annotations

import time
from collections.abc import Callable


class PostLimits:
    """A leaky bucket for each channel, which a second empties by one message.

    Attributes:
        burst: The messages that a channel takes at once.
        retry_after_s: What a refused call is told.
        refused: The number of calls that were refused.
    """

    def __init__(
        self, burst: int = 5, retry_after_s: int = 1, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.burst = burst
        self.retry_after_s = retry_after_s
        self.refused = 0
        self._clock = clock
        self._empty_at_s: dict[str, float] = {}

    def takes(self, channel_id: str) -> bool:
        """Count a post; False where it is one too many, which is not counted."""
        now_s = self._clock()
        empty_at_s = max(self._empty_at_s.get(channel_id, now_s), now_s)
        if empty_at_s - now_s > self.burst - 1:
            self.refused += 1
            return False
        self._empty_at_s[channel_id] = empty_at_s + 1.0
        return True
