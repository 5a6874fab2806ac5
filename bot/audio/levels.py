"""Energy-based sound detection: levels of 20 ms frames, and the sounds between pauses. Pure.

A level is the power of a frame in units of the samples' square, a whole number, so that sums of levels are
exact. It is taken from the differences between every seventh sample: half their mean square is the power of
white noise, while rumble, hum and a constant offset count little. Plain power would find "sound" in brown
noise, and an even step would miss a tone of 1 or 2 kHz.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from itertools import accumulate
from operator import mul, sub

from bot.audio.plan import RATE_HZ
from bot.recording import Span

FRAME_MS = 20
FRAME_SAMPLES = RATE_HZ * FRAME_MS // 1_000
SAMPLES_PER_MS = RATE_HZ // 1_000
_STEP = 7
_FULL_SCALE = 32_768
_LOUD_DBFS = -30.0
_AROUND = 2
"""Frames on each side that a frame is smoothed with: 100 ms in all."""
_PERCENTILE = 10
_ABOVE_FLOOR = 4
"""6 dB, as power."""
_SHORTEST_PAUSE_MS = 300
_SHORTEST_SOUND_MS = 60
_LONGEST_SILENCE_MS = 2_000
_MARGIN_MS = 500


def power(dbfs: float) -> float:
    """The level of noise of so many dBFS."""
    return float(_FULL_SCALE**2 * 10 ** (dbfs / 10))


SILENCE = power(-75)
"""Frames below this level hold no sound, and count as equally silent."""
SPEECH = power(-45)
"""Frames above this level hold sound, however noisy the rest is."""


def measure(pcm: array[int], levels: array[int], *, to_the_end: bool = False) -> None:
    """Append the levels of the whole frames (or of all samples) that ``levels`` does not cover yet.

    Args:
        pcm: Samples, s16, mono, 16 kHz.
        levels: Of their first frames; an ``array("I")``.
        to_the_end: The last frame may be shorter.
    """
    end = len(pcm) if to_the_end else len(pcm) // FRAME_SAMPLES * FRAME_SAMPLES
    for at in range(len(levels) * FRAME_SAMPLES, end, FRAME_SAMPLES):
        samples = pcm[at : at + FRAME_SAMPLES : _STEP]
        steps = list(map(sub, samples[1:], samples))
        levels.append(sum(map(mul, steps, steps)) // (2 * max(len(steps), 1)))


def find_sounds(levels: Sequence[int], span: Span) -> tuple[Span, ...]:
    """The stretches of a segment that hold sound, between pauses of at least 0.3 s.

    A frame holds sound when it is 6 dB above the segment's noise floor and above -75 dBFS, or above -45 dBFS.

    Args:
        levels: The segment's own.
        span: Where it lies in the recording.
    """
    smoothed = _smoothed(levels)
    if not smoothed:
        return ()
    floor = sorted(smoothed)[len(smoothed) * _PERCENTILE // 100]
    threshold = min(max(floor * _ABOVE_FLOOR, SILENCE), SPEECH)
    runs = _runs([level > threshold for level in smoothed])
    long_enough = [run for run in runs if run[1] - run[0] >= _SHORTEST_SOUND_MS // FRAME_MS]
    return tuple(
        Span(span.start_ms + start * FRAME_MS, min(span.start_ms + end * FRAME_MS, span.end_ms))
        for start, end in long_enough or runs
    )


def _smoothed(levels: Sequence[int]) -> list[float]:
    sums = [0, *accumulate(levels)]
    count = len(levels)
    edges = ((max(0, at - _AROUND), min(count, at + _AROUND + 1)) for at in range(count))
    return [(sums[end] - sums[start]) / (end - start) for start, end in edges]


def _runs(sounding: list[bool]) -> list[tuple[int, int]]:
    """First frame and the one behind the last of each run, over short pauses."""
    runs: list[tuple[int, int]] = []
    for at, sounds in enumerate(sounding):
        if not sounds:
            continue
        if runs and at - runs[-1][1] < _SHORTEST_PAUSE_MS // FRAME_MS:
            runs[-1] = (runs[-1][0], at + 1)
        else:
            runs.append((at, at + 1))
    return runs


def worth_sending(span: Span, sounds: Sequence[Span]) -> Span:
    """A segment without the long silence at its ends; half a second stays beside the sound."""
    start_ms, end_ms = sounds[0].start_ms, sounds[-1].end_ms
    return Span(
        start_ms - _MARGIN_MS if start_ms - span.start_ms > _LONGEST_SILENCE_MS else span.start_ms,
        end_ms + _MARGIN_MS if span.end_ms - end_ms > _LONGEST_SILENCE_MS else span.end_ms,
    )


def is_loud(pcm: bytes) -> bool:
    """True where some s16 sample exceeds -30 dBFS: such audio is worth sending without a closer look."""
    samples = array("h", pcm[: len(pcm) // 2 * 2])
    return max(max(samples, default=0), -min(samples, default=0)) > _FULL_SCALE * 10 ** (_LOUD_DBFS / 20)
