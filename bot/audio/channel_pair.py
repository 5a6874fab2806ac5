"""Sound of a recording's one or two channels on its way from the decoder to the cutter. Pure.

Most files of two channels have the same on both. Only where they differ are the channels handed on beside
their mix: each is another stream to measure.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pair:
    """The two channels of a stretch where they differ, equally long: PCM s16, 16 kHz each."""

    at_bytes: int
    """From the beginning of what it belongs to."""
    left: bytes
    right: bytes


@dataclass(frozen=True, slots=True)
class Pcm:
    """A piece of a recording: PCM s16, mono, 16 kHz."""

    mixed: bytes
    pairs: tuple[Pair, ...] = ()
    """In order; between them both channels have what ``mixed`` has."""

    def channels(self) -> tuple[bytes, bytes]:
        """Both channels, as long as ``mixed``."""
        left, right = bytearray(self.mixed), bytearray(self.mixed)
        for pair in self.pairs:
            end_bytes = pair.at_bytes + len(pair.left)
            left[pair.at_bytes : end_bytes], right[pair.at_bytes : end_bytes] = pair.left, pair.right
        return bytes(left), bytes(right)
