"""Comparison of audio channels: those that cancel each other when they are averaged, and those alike. Pure.

Balanced lines taken for stereo, and microphones wired the wrong way round, give two channels that are each
other's mirror image.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import mul

_CANCELLED_DB = 12
"""Below what channels that have nothing in common would leave: of two equals, 15 dB below each."""
_CANCELLED = 10 ** (_CANCELLED_DB / 10)
_ALIKE = 0.9
"""The squared correlation from which on two channels are the same sound, one of them louder perhaps."""
_LOOKED_AT_EACH_S = 500
"""Samples of a channel that are enough to tell its power."""


def sampling_step(rate_hz: int) -> int:
    """The step from one sample that is looked at to the next.

    Odd, so that the tones that it always meets at their zero crossings are none that a clock or a mains hums.
    """
    return rate_hz // _LOOKED_AT_EACH_S | 1


@dataclass(frozen=True, slots=True)
class Powers:
    """The power of each channel, and of their sum, in the same units."""

    channels: tuple[float, ...]
    total: float

    def loudest_if_cancelled(self, before: int | None = None) -> int | None:
        """The loudest channel's number where the channels cancel each other; ``None`` where they do not.

        Args:
            before: The one that was heard before; it stays where it is about as loud, since a change clicks.
        """
        if self.total * _CANCELLED >= sum(self.channels):
            return None
        loudest = max(range(len(self.channels)), key=self.channels.__getitem__)
        return (
            before if before is not None and 2 * self.channels[before] >= self.channels[loudest] else loudest
        )

    def are_alike(self) -> bool:
        """True where two channels are the same sound, one of them louder perhaps, or both silent."""
        left, right = self.channels
        shared = (self.total - left - right) / 2
        return left == right == 0 or shared**2 >= _ALIKE * left * right > 0


def powers_of(channels: Sequence[Sequence[float]]) -> Powers:
    """The powers of channels.

    Args:
        channels: Samples of each, taken at the same times.
    """
    mixed = list(map(sum, zip(*channels, strict=True)))
    powers = (sum(map(mul, channel, channel)) for channel in channels)
    return Powers(tuple(powers), sum(map(mul, mixed, mixed)))
