"""Windows of audio for a model that takes 30 s at a time. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

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


class Span(NamedTuple):
    """A stretch of a window, in seconds from the window's beginning."""

    start_s: float
    end_s: float

    @property
    def duration_s(self) -> float:
        """Its length."""
        return self.end_s - self.start_s


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
