"""Windows of audio for a model that takes 30 s at a time, and the rest of one that it left unheard. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Samples = npt.NDArray[np.float32]
    """Mono, 16 kHz, -1 to 1."""

RATE_HZ = 16_000
_WINDOW_S = 29
"""Longer audio is cut at the quietest moment before this."""
_CUT_FROM_S = 18
_LULL_S = 0.3

_FRAME_S = 0.05
_LEAST_UNHEARD_S = 2.0
"""What is shorter, behind the place where the model stopped, is the end of its last word or a breath."""
_LEAST_LOUD_S = 1.0
_LEAD_S = 0.3
"""So much is kept before the first loud frame: consonants are quiet."""
_BELOW_PEAK_DB = 35.0
_ABOVE_FLOOR_DB = 4.0


def cut_windows(samples: Samples) -> Iterator[Samples]:
    """Yield pieces of at most 30 s, cut in the middle of the quietest 0.3 s."""
    import numpy as np  # noqa: PLC0415  # of the optional extra

    lull = int(_LULL_S * RATE_HZ)
    while len(samples) > 30 * RATE_HZ:
        first = _CUT_FROM_S * RATE_HZ
        energy = np.cumsum(np.square(samples[first : _WINDOW_S * RATE_HZ], dtype=np.float64))
        cut = first + int(np.argmin(energy[lull:] - energy[:-lull])) + lull // 2
        yield samples[:cut]
        samples = samples[cut:]
    yield samples


def unheard_rest(samples: Samples, stopped_s: float) -> Samples | None:
    """The part of a window behind the model's last timestamp, from where it may be speech.

    Args:
        samples: The window.
        stopped_s: The last timestamp, in seconds from the window's beginning.

    Returns:
        ``None`` where less than 1 s of it stands out of the window's noise; else at least 2 s less
        than the window, so that going on from rest to rest ends.
    """
    import numpy as np  # noqa: PLC0415  # of the optional extra

    stopped_s = max(stopped_s, _LEAST_UNHEARD_S)
    if len(samples) / RATE_HZ - stopped_s < _LEAST_UNHEARD_S:
        return None
    size = int(_FRAME_S * RATE_HZ)
    count = len(samples) // size
    power = np.square(samples[: count * size].reshape(count, size), dtype=np.float64).mean(axis=1)
    level_db = 10 * np.log10(np.maximum(power, 1e-9))
    threshold_db = max(level_db.max() - _BELOW_PEAK_DB, np.percentile(level_db, 10) + _ABOVE_FLOOR_DB)
    behind = int(stopped_s / _FRAME_S)
    loud = np.flatnonzero(level_db[behind:] > threshold_db)
    if len(loud) * _FRAME_S < _LEAST_LOUD_S:
        return None
    start_s = max(stopped_s, (behind + int(loud[0])) * _FRAME_S - _LEAD_S)
    return samples[int(start_s * RATE_HZ) :]
