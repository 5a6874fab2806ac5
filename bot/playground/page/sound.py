"""The length of a recording, and its loudness from moment to moment, as Slack's clients measure them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

WAVE_POINTS = 100
"""Source: https://docs.slack.dev/reference/objects/file-object/ (``audio_wave_samples``)."""
_RATE_HZ = 8_000
_BIN_SAMPLES = 400
"""50 ms."""
_LONGEST_S = 4 * 3600


@dataclass(frozen=True, slots=True)
class Sound:
    """What a player shows before it plays."""

    duration_ms: int
    wave: list[int]
    """Loudness of a hundredth each, 0 to 100, the loudest 100."""


def measure_sound(path: Path) -> Sound | None:
    """Decode a recording; ``None`` where there is nothing to hear. Blocks.

    The files are the person's own, on their own machine: unlike the bot's decoder this one needs no cage.
    """
    import numpy as np  # noqa: PLC0415  # of the optional extra

    bins: list[float] = []
    left = np.zeros(0, dtype=np.float32)
    samples = 0
    for decoded in _samples(path):
        # Samples that are floats may be no numbers at all.
        left = np.concatenate([left, np.nan_to_num(decoded, nan=0.0, posinf=1.0, neginf=-1.0)])
        whole = len(left) // _BIN_SAMPLES * _BIN_SAMPLES
        bins += np.abs(left[:whole]).reshape(-1, _BIN_SAMPLES).max(axis=1).tolist()
        left, samples = left[whole:], samples + len(decoded)
        if samples > _LONGEST_S * _RATE_HZ:
            break
    bins += [float(np.abs(left).max())] if len(left) else []
    return Sound(round(samples / _RATE_HZ * 1000), hundred(bins)) if samples else None


def _samples(path: Path) -> Iterator[Any]:
    """Mono samples, -1 to 1, at ``_RATE_HZ``, as far as they can be decoded."""
    import av  # noqa: PLC0415  # with numpy only where audio is decoded

    resampler = av.AudioResampler(format="flt", layout="mono", rate=_RATE_HZ)
    # Cut off in the middle, it still has a beginning.
    with suppress(av.error.FFmpegError, IndexError, ValueError):
        with av.open(str(path), mode="r", metadata_errors="ignore") as container:
            for frame in container.decode(audio=0):
                yield from (resampled.to_ndarray().ravel() for resampled in resampler.resample(frame))
        yield from (resampled.to_ndarray().ravel() for resampled in resampler.resample(None))


def hundred(loudness: list[float]) -> list[int]:
    """A hundred points out of as many as there are, the loudest 100."""
    loudest = max(loudness, default=0.0) or 1.0
    points = []
    for number in range(WAVE_POINTS):
        first = number * len(loudness) // WAVE_POINTS
        last = max(first + 1, math.ceil((number + 1) * len(loudness) / WAVE_POINTS))
        points.append(min(100, round(100 * max(loudness[first:last], default=0.0) / loudest)))
    return points
