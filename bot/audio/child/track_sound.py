"""One track as PCM s16, mono, 16 kHz, on the player's clock. Runs in the child process alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from av.audio.frame import AudioFrame

from bot.audio.channel_pair import Pair, Pcm
from bot.audio.child.channels import Downmix
from bot.audio.child.filters import SAMPLE_BYTES
from bot.audio.plan import RATE_HZ
from bot.audio.timeline import Timeline

_SECOND = bytes(RATE_HZ * SAMPLE_BYTES)


class TrackSound:
    """Takes the frames of a track, and holds what is not taken yet of its sound.

    Args:
        timeline: Of the track.
        keeps_pairs: Hand on its two channels, too, where they differ.
    """

    def __init__(self, timeline: Timeline, *, keeps_pairs: bool) -> None:
        self._timeline = timeline
        self._downmix = Downmix()
        self._pcm = bytearray()
        self._taken = 0
        """Samples before ``_pcm``."""
        self._keeps_pairs = keeps_pairs
        self._pairs: list[Pair] = []
        """Placed in ``_pcm``."""

    @property
    def samples(self) -> int:
        """The samples that wait to be taken."""
        return len(self._pcm) // SAMPLE_BYTES

    def add(self, frame: AudioFrame) -> Iterator[None]:
        """Add a frame, and the silence before it; yields whenever something may be taken."""
        duration_s = frame.samples / frame.sample_rate
        if self._timeline.skipped_s(frame.time):
            self._flush()
            missing = round(self._timeline.at_s * RATE_HZ) - self._taken - self.samples
            while missing > 0:
                self._pcm += _SECOND[: missing * SAMPLE_BYTES]
                missing -= RATE_HZ
                yield
        self._timeline.go_on(duration_s)
        for pcm in self._downmix.take(frame):
            self._append(pcm)
            yield

    def end(self) -> None:
        """Add what is still on its way: no frame follows."""
        self._flush()

    def take_all(self) -> Pcm:
        """Take all samples that wait."""
        pairs, self._pairs = tuple(self._pairs), []
        return Pcm(self.take(self.samples), pairs)

    def take(self, samples: int) -> bytes:
        """Take the next samples; silence where there are not as many, and what comes later is later."""
        if self.samples < samples:
            self._flush()
            self._pcm += bytes(max(0, samples - self.samples) * SAMPLE_BYTES)
            self._timeline.at_s = max(self._timeline.at_s, (self._taken + self.samples) / RATE_HZ)
        pcm = bytes(memoryview(self._pcm)[: samples * SAMPLE_BYTES])
        del self._pcm[: samples * SAMPLE_BYTES]
        self._taken += samples
        return pcm

    def _flush(self) -> None:
        for pcm in self._downmix.end():
            self._append(pcm)

    def _append(self, pcm: Pcm) -> None:
        if self._keeps_pairs:
            self._pairs += (replace(pair, at_bytes=len(self._pcm) + pair.at_bytes) for pair in pcm.pairs)
        self._pcm += pcm.mixed
