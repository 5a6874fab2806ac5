"""Mixes the channels of decoded frames to PCM s16, mono, 16 kHz. Runs in the child process alone.

A speaker layout that the file names (stereo, 5.1) is mixed as FFmpeg mixes it. Without one, all channels are
microphones and count alike. Where channels cancel each other, the loudest is heard in their place.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import av
from av.audio.frame import AudioFrame

from bot.audio.cancellation import loudest_if_cancelled, sampling_step
from bot.audio.child.filters import FilterGraph
from bot.audio.plan import RATE_HZ

GATHERED_SAMPLES = 48_000
"""Of each channel, at most: 3 MB of the biggest kind of frame. A second, where that is less."""
_SAMPLES: dict[str, Literal["B", "h", "i", "q", "f", "d"]] = {
    "u8": "B",
    "s16": "h",
    "s32": "i",
    "s64": "q",
    "flt": "f",
    "dbl": "d",
}
"""Python's names of FFmpeg's sample formats."""
_SIGNED_FROM = {"u8": 128}


class Downmix:
    """Resamples decoded frames of whatever shape to PCM s16, mono, 16 kHz.

    Frames are gathered first: each call of FFmpeg's resampler costs as much as a packet of AAC does. Their
    own times are not looked at.

    Attributes:
        has_chosen: Channels cancelled each other at some time.
    """

    def __init__(self) -> None:
        """Nothing is taken yet."""
        self.has_chosen = False
        self._shape: tuple[str, str, int, int] | None = None
        self._fifo = av.AudioFifo()
        self._filters: FilterGraph | None = None
        self._chosen: int | None = None

    def take(self, frame: AudioFrame) -> Iterator[bytes]:
        """Take one frame, and hand on what is ready."""
        layout = frame.layout
        now = (frame.format.name, layout.name, layout.nb_channels, frame.sample_rate)
        if self._shape is not None and now != self._shape:
            # FIFO and resampler are built for one shape; broken and chained files change it on the way.
            yield from self.end()
        self._shape = now
        frame.pts = None
        self._fifo.write(frame)
        if (
            self._fifo.samples >= min(GATHERED_SAMPLES, frame.sample_rate)
            and (gathered := self._fifo.read()) is not None
        ):
            yield from self._mixed(gathered)

    def end(self) -> Iterator[bytes]:
        """Hand on the rest, and be ready for something else."""
        if (rest := self._fifo.read()) is not None:
            yield from self._mixed(rest)
        yield from self._flushed()
        self._shape, self._fifo = None, av.AudioFifo()

    def _mixed(self, frame: AudioFrame) -> Iterator[bytes]:
        chosen = _chosen_channel(frame, self._chosen)
        self.has_chosen |= chosen is not None
        if chosen != self._chosen:
            yield from self._flushed()
            self._chosen = chosen
        if chosen is not None:
            frame = _one_channel(frame, chosen)
        if self._filters is None:
            self._filters = _filters_for(frame)
        frame.pts = None
        self._filters.push(frame)
        yield self._filters.pull()

    def _flushed(self) -> Iterator[bytes]:
        if self._filters is not None:
            yield self._filters.end()
        self._filters = None


def _filters_for(frame: AudioFrame) -> FilterGraph:
    filters = [("aformat", f"sample_fmts=s16:channel_layouts=mono:sample_rates={RATE_HZ}")]
    if _has_no_layout(frame):
        # "<" makes the sum of all shares 1.
        shares = "+".join(f"c{number}" for number in range(frame.layout.nb_channels))
        filters.insert(0, ("pan", f"mono|c0<{shares}"))
    return FilterGraph([(frame.format.name, frame.layout.name, frame.sample_rate)], filters)


def _has_no_layout(frame: AudioFrame) -> bool:
    """True where FFmpeg knows only how many channels there are; it then calls them "3 channels"."""
    return frame.layout.nb_channels > 1 and frame.layout.name.endswith("channels")


def _chosen_channel(frame: AudioFrame, before: int | None) -> int | None:
    """The channel that is heard alone; ``None`` for a mix of all."""
    count = frame.layout.nb_channels
    if count != 2 and (count == 1 or not _has_no_layout(frame)):
        return None
    step = sampling_step(frame.sample_rate)
    origin = _SIGNED_FROM.get(frame.format.packed.name, 0)
    channels = [_channel(frame, number)[::step].tolist() for number in range(count)]
    if origin:
        channels = [[sample - origin for sample in channel] for channel in channels]
    return loudest_if_cancelled(channels, before if before is not None and before < count else None)


def _channel(frame: AudioFrame, number: int) -> memoryview[int] | memoryview[float]:
    """The samples of one channel."""
    code, count = _SAMPLES[frame.format.packed.name], frame.layout.nb_channels
    if frame.format.is_planar:
        return memoryview(frame.planes[number]).cast(code)[: frame.samples]
    return memoryview(frame.planes[0]).cast(code)[number : frame.samples * count : count]


def _one_channel(frame: AudioFrame, number: int) -> AudioFrame:
    """A mono frame of one channel."""
    one = AudioFrame(format=frame.format.packed.name, layout="mono", samples=frame.samples)
    one.sample_rate = frame.sample_rate
    data = _channel(frame, number).tobytes()
    one.planes[0].update(data.ljust(one.planes[0].buffer_size, b"\0"))
    return one
