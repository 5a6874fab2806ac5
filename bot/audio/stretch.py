"""Sound of one channel since the last cut: its samples, and the levels of their frames. Pure."""

from __future__ import annotations

from array import array

from bot.audio.levels import FRAME_SAMPLES, measure


class Stretch:
    """Samples (s16, mono, 16 kHz) that grow at the end and are dropped at the beginning.

    Attributes:
        pcm: The samples.
        levels: Of their first frames, as far as they were measured.
    """

    def __init__(self) -> None:
        """No sample yet."""
        self.pcm = array("h")
        self.levels = array("I")

    def __len__(self) -> int:
        """The number of samples."""
        return len(self.pcm)

    def copy(self) -> Stretch:
        """One with the same samples, which goes on differently."""
        made = Stretch()
        made.pcm, made.levels = self.pcm[:], self.levels[:]
        return made

    def add(self, pcm: bytes) -> None:
        """Append samples."""
        self.pcm.frombytes(pcm)

    def measured(self, *, to_the_end: bool) -> array[int]:
        """The levels of all whole frames; with ``to_the_end`` of a shorter last one, too."""
        measure(self.pcm, self.levels, to_the_end=to_the_end)
        return self.levels

    def drop(self, samples: int) -> None:
        """Drop the first samples."""
        del self.pcm[:samples]
        if samples % FRAME_SAMPLES:
            self.levels = array("I")
        else:
            del self.levels[: samples // FRAME_SAMPLES]
