"""Detection of two audio channels that carry different voices, as recordings of calls do. Pure.

What one microphone hears of another's voice rises and falls with it; two people do not.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from statistics import StatisticsError, correlation

from bot.audio.levels import FRAME_MS
from bot.recording import Span

_FEWEST_MS = 1_000
"""Of sound on each channel; and of sound on both at once, before that tells anything."""
_ONE_SOURCE = 0.75
"""The correlation of levels from which on both channels hear the same voice. Of speech: 0.85 and more where
each microphone hears the other voice at -10 dB and both speak all the time, 0.9 and more at -30 dB where they
take turns; at most 0.65 where neither hears the other."""
_UNEVEN = 4.0
"""6 dB, as power: so far apart lie the softer and the louder frames of a voice, and not those of noise."""


def is_heard(sounds: Sequence[Span]) -> bool:
    """True where a channel has sound enough to be somebody's voice."""
    return sum(sound.duration_ms for sound in sounds) >= _FEWEST_MS


def are_different_voices(
    levels: tuple[Sequence[int], Sequence[int]], sounds: tuple[Sequence[Span], Sequence[Span]], start_ms: int
) -> bool:
    """True where somebody speaks on each of two channels, and neither hears the other's voice.

    Args:
        levels: Of each channel's frames, of one segment.
        sounds: The sounds of each channel.
        start_ms: Where the segment begins.
    """
    if not all(map(is_heard, sounds)):
        return False
    active = tuple(_frames(found, start_ms) for found in sounds)
    if not all(map(_is_uneven, levels, active)):
        return False
    joint = [
        (math.log(left or 1), math.log(right or 1))
        for at, (left, right) in enumerate(zip(*levels, strict=True))
        if at in active[0] and at in active[1]
    ]
    # Where the one is louder, the other may be its echo; all at once, what one of them hides does not show.
    return not any(
        _is_one_source(side)
        for side in (
            [(left, right) for left, right in joint if left >= right],
            [(left, right) for left, right in joint if right >= left],
        )
    )


def _is_one_source(levels: Sequence[tuple[float, float]]) -> bool:
    if len(levels) * FRAME_MS < _FEWEST_MS:
        return False
    try:
        return correlation(*zip(*levels, strict=True)) >= _ONE_SOURCE
    except StatisticsError:  # an even tone
        return True


def _is_uneven(levels: Sequence[int], active: Collection[int]) -> bool:
    by_level = sorted(levels[at] for at in active if at < len(levels))
    count = len(by_level)
    return count > 0 and by_level[count * 9 // 10] >= _UNEVEN * by_level[count // 10]


def _frames(sounds: Sequence[Span], start_ms: int) -> set[int]:
    """The numbers of the frames with sound."""
    return {
        at
        for sound in sounds
        for at in range((sound.start_ms - start_ms) // FRAME_MS, (sound.end_ms - start_ms) // FRAME_MS)
    }
