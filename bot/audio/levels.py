"""Loudness of sound: the levels of 20 ms frames. Pure.

A level is the power of a frame in units of the samples' square, a whole number, so that sums of levels are
exact. It is taken from the differences between every seventh sample: half their mean square is the power of
white noise, while rumble, hum and a constant offset count little. Plain power would find "sound" in brown
noise, and an even step would miss a tone of 1 or 2 kHz.
"""

from __future__ import annotations

from array import array
from math import dist

from bot.audio.plan import RATE_HZ

FRAME_MS = 20
FRAME_SAMPLES = RATE_HZ * FRAME_MS // 1_000
SAMPLES_PER_MS = RATE_HZ // 1_000
_STEP = 7
_FULL_SCALE = 32_768
_LOUD_DBFS = -30.0


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
        samples = pcm[at : at + FRAME_SAMPLES : _STEP].tolist()
        # Twice as fast as a sum of squares in Python; the square of the root is off by far less than 1.
        squares = round(dist(samples[1:], samples[:-1]) ** 2)
        levels.append(squares // (2 * max(len(samples) - 1, 1)))


def is_loud(pcm: bytes) -> bool:
    """True where some s16 sample exceeds -30 dBFS: such audio is worth sending without a closer look."""
    samples = array("h", pcm[: len(pcm) // 2 * 2])
    return max(max(samples, default=0), -min(samples, default=0)) > _FULL_SCALE * 10 ** (_LOUD_DBFS / 20)
