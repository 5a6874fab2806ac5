"""A track's place on the player's clock: where silence belongs, as its timestamps say. Pure.

FFmpeg's ``aresample=async=1`` is the model: silence fills what the timestamps skip, and nothing else changes.

Source: https://ffmpeg.org/ffmpeg-resampler.html (``async``, ``min_hard_comp``)
"""

from __future__ import annotations

from dataclasses import dataclass

SHORTEST_SKIP_S = 0.1
"""Less is rounding (milliseconds in WebM and FLV), jitter, or an encoder's delay."""
_JUMP_BACK_S = 1.0
"""More than jitter: the clock was set anew, and counts from there."""


@dataclass(slots=True)
class Timeline:
    """Follows a track from frame to frame.

    Timestamps are a stranger's word: a skip that ends behind ``claimed_s`` or ``most_s`` is not believed, so
    that all silence together is never longer than the longest recording.
    """

    start_s: float
    """The container's first time: there the player's clock begins."""
    most_s: float
    """The longest recording that is taken."""
    claimed_s: float = 0.0
    """The length in the container's header; 0 where it has none."""
    at_s: float = 0.0
    """How far the track has come, silence included."""
    _moved_s: float = 0.0
    """What the file's own times are behind the recording's."""
    _next_s: float = 0.0
    """The file's own time at which the next frame is due."""

    def skipped_s(self, time_s: float | None) -> float:
        """The silence before a frame; moves on by it.

        Args:
            time_s: The frame's timestamp; ``None`` where it has none.
        """
        if time_s is None:
            return 0.0
        time_s -= self.start_s
        if time_s < self._next_s - _JUMP_BACK_S:
            self._moved_s = self.at_s - time_s
        self._next_s = time_s
        skipped_s = time_s + self._moved_s - self.at_s
        if skipped_s < SHORTEST_SKIP_S:
            return 0.0
        if self.at_s + skipped_s > self._latest_s():
            self._moved_s -= skipped_s
            return 0.0
        self.at_s += skipped_s
        return skipped_s

    def go_on(self, duration_s: float) -> None:
        """Move on by a frame."""
        self.at_s += duration_s
        self._next_s += duration_s

    def _latest_s(self) -> float:
        # Of a recording that is longer than its header says, the header says nothing.
        believed = self.claimed_s and self.at_s <= self.claimed_s + _JUMP_BACK_S
        return min(self.claimed_s + _JUMP_BACK_S, self.most_s) if believed else self.most_s
