"""Phase cancellation: channels of which nothing is left when they are averaged. Pure.

Balanced lines taken for stereo, and microphones wired the wrong way round, give two channels that are each
other's mirror image.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import mul

_CANCELLED_DB = 12
"""Below what channels that have nothing in common would leave: of two equals, 15 dB below each."""
_CANCELLED = 10 ** (_CANCELLED_DB / 10)
_LOOKED_AT_EACH_S = 500
"""Samples of a channel that are enough to tell its power."""


def sampling_step(rate_hz: int) -> int:
    """The step from one sample that is looked at to the next.

    Odd, so that the tones that it always meets at their zero crossings are none that a clock or a mains hums.
    """
    return rate_hz // _LOOKED_AT_EACH_S | 1


def loudest_if_cancelled(channels: Sequence[Sequence[float]], before: int | None = None) -> int | None:
    """The loudest channel's number where the channels cancel each other; ``None`` where they do not.

    Args:
        channels: Samples of each, taken at the same times.
        before: The one that was heard before; it stays where it is about as loud, since a change clicks.
    """
    powers = [sum(map(mul, channel, channel)) for channel in channels]
    mixed = list(map(sum, zip(*channels, strict=True)))
    if sum(map(mul, mixed, mixed)) * _CANCELLED >= sum(powers):
        return None
    loudest = max(range(len(powers)), key=powers.__getitem__)
    return before if before is not None and 2 * powers[before] >= powers[loudest] else loudest
