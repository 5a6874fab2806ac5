"""Sound activity: the sounds of a segment between its pauses, and what of it is worth sending. Pure.

Both compare the levels of frames with a noise floor, but not with the same one. What is not sent is lost:
there the floor is that of the whole segment, and what is above -45 dBFS counts as sound whatever the noise.
A pause only tells times: a fan, a car or automatic gain, however loud, must not hide it. Its floor leaves out
digital silence, which meeting programs, headsets and cutters put between the words: a floor of nothing would
make sound of each speaker's own noise. A long sound is looked at once more, by its own noise: beside
speakers in a quiet room, one who sits at a fan would never pause.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from bot.audio.levels import FRAME_MS, SILENCE, SPEECH
from bot.recording import Span

SHORTEST_PAUSE_MS = 300
SHORTEST_SOUND_MS = 60
_AROUND = 2
"""Frames on each side that a frame is smoothed with: 100 ms in all."""
_FLOOR_PERCENT = 10
_LOUD_PERCENT = 90
_ABOVE_FLOOR = 4.0
"""6 dB, as power: what is above, is sent."""
_PAUSE_ABOVE_FLOOR = 2.5
"""4 dB, as power: what is below, is a pause."""
_PAUSE_SHARE = 0.25
"""Of the way from the noise floor to what is loud, in dB: what is below, is a pause, too."""
_LONG_RUN_MS = 5_000
"""A sound that may hide pauses."""
_LONGEST_SILENCE_MS = 2_000
_MARGIN_MS = 500


@dataclass(frozen=True, slots=True)
class Activity:
    """The sound activity of a segment."""

    sounds: tuple[Span, ...]
    """Between pauses of at least ``SHORTEST_PAUSE_MS``; empty where there is no sound."""
    sent: Span | None
    """The stretch that is worth sending, around all of them; ``None`` where there is no sound."""


def find_activity(levels: Sequence[int], span: Span) -> Activity:
    """The sounds of a segment.

    Where a frame is 6 dB above the segment's noise floor and above -75 dBFS, or above -45 dBFS, the segment
    is worth sending. Its sounds are the frames above -75 dBFS, 4 dB above the noise floor and above a quarter
    of the way from there to what is loud.

    Args:
        levels: The segment's own.
        span: Where it lies in the recording.
    """
    smoothed = _smoothed(levels)
    if not smoothed:
        return Activity((), None)
    by_level = sorted(smoothed)
    sending = _louder(
        smoothed, min(max(_percentile(by_level, _FLOOR_PERCENT) * _ABOVE_FLOOR, SILENCE), SPEECH)
    )
    if not sending:
        return Activity((), None)
    pause = _pause_level(by_level[bisect_right(by_level, SILENCE) :])
    # Steady noise may hold speech: then all of it is sound.
    runs = _within(_louder(smoothed, pause), sending) or sending
    sounds = [sound for run in runs for sound in _between_its_pauses(smoothed, run)]
    first, last = _spans((sending[0], sending[-1]), span)
    return Activity(_spans(sounds, span), _with_margins(Span(first.start_ms, last.end_ms), span))


def _smoothed(levels: Sequence[int]) -> list[float]:
    sums = [0, *accumulate(levels)]
    count = len(levels)
    edges = ((max(0, at - _AROUND), min(count, at + _AROUND + 1)) for at in range(count))
    return [(sums[end] - sums[start]) / (end - start) for start, end in edges]


def _percentile(by_level: Sequence[float], percent: int) -> float:
    return by_level[len(by_level) * percent // 100]


def _louder(smoothed: Sequence[float], level: float) -> list[tuple[int, int]]:
    """The runs above a level, without blips unless there is nothing else."""
    runs = _runs([one > level for one in smoothed])
    return [run for run in runs if run[1] - run[0] >= SHORTEST_SOUND_MS // FRAME_MS] or runs


def _between_its_pauses(smoothed: Sequence[float], run: tuple[int, int]) -> list[tuple[int, int]]:
    """The sounds of a long run: its own noise, where somebody speaks close to a fan, may hide its pauses."""
    start, end = run
    if end - start < _LONG_RUN_MS // FRAME_MS:
        return [run]
    own = smoothed[start:end]
    inside = [(start + first, start + behind) for first, behind in _louder(own, _pause_level(sorted(own)))]
    edges = [start, *(edge for before, after in pairwise(inside) for edge in (before[1], after[0])), end]
    return list(zip(edges[::2], edges[1::2], strict=True))


def _pause_level(by_level: Sequence[float]) -> float:
    """The level below which a frame is a pause; of the levels of what is heard, in order."""
    floor, loud = _percentile(by_level, _FLOOR_PERCENT), _percentile(by_level, _LOUD_PERCENT)
    share: float = (loud / floor) ** _PAUSE_SHARE
    return floor * max(_PAUSE_ABOVE_FLOOR, share)


def _within(runs: Sequence[tuple[int, int]], outer: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The runs between the first and the last of the outer ones."""
    return [run for run in runs if outer[0][0] <= run[0] and run[1] <= outer[-1][1]]


def _runs(sounding: Sequence[bool]) -> list[tuple[int, int]]:
    """First frame and the one behind the last of each run, over short pauses."""
    runs: list[tuple[int, int]] = []
    for at, sounds in enumerate(sounding):
        if not sounds:
            continue
        if runs and at - runs[-1][1] < SHORTEST_PAUSE_MS // FRAME_MS:
            runs[-1] = (runs[-1][0], at + 1)
        else:
            runs.append((at, at + 1))
    return runs


def _spans(runs: Sequence[tuple[int, int]], span: Span) -> tuple[Span, ...]:
    return tuple(
        Span(span.start_ms + start * FRAME_MS, min(span.start_ms + end * FRAME_MS, span.end_ms))
        for start, end in runs
    )


def _with_margins(sounding: Span, span: Span) -> Span:
    """A segment without the long silence at its ends; half a second stays beside the sound."""
    return Span(
        sounding.start_ms - _MARGIN_MS
        if sounding.start_ms - span.start_ms > _LONGEST_SILENCE_MS
        else span.start_ms,
        sounding.end_ms + _MARGIN_MS if span.end_ms - sounding.end_ms > _LONGEST_SILENCE_MS else span.end_ms,
    )
