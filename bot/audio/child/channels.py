"""Mixes the channels of decoded frames to PCM s16, mono, 16 kHz. Runs in the child process alone.

Of two channels those are handed on, too, where they differ: different voices may be heard apart.

A speaker layout that the file names (stereo, 5.1) is mixed as FFmpeg mixes it. Without one, all channels are
microphones and count alike. Where channels cancel each other, the loudest is heard in their place.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from typing import Literal

import av
from av.audio.frame import AudioFrame

from bot.audio.cancellation import Powers, powers_of, sampling_step
from bot.audio.channel_pair import Pair, Pcm
from bot.audio.child.filters import SAMPLE_BYTES, FilterGraph
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
        self._to_mono: FilterGraph | None = None
        """Behind ``_filters``, where these leave two channels."""
        self._chosen: int | None = None

    def take(self, frame: AudioFrame) -> Iterator[Pcm]:
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

    def end(self) -> Iterator[Pcm]:
        """Hand on the rest, and be ready for something else."""
        if (rest := self._fifo.read()) is not None:
            yield from self._mixed(rest)
        yield from self._flushed()
        self._shape, self._fifo = None, av.AudioFifo()

    def _mixed(self, frame: AudioFrame) -> Iterator[Pcm]:
        powers = _powers(frame)
        chosen = None if powers is None else powers.loudest_if_cancelled(_within(self._chosen, frame))
        differ = chosen is None and powers is not None and _has_two_sides(frame) and not powers.are_alike()
        self.has_chosen |= chosen is not None
        if chosen != self._chosen or (differ and self._to_mono is None):
            yield from self._flushed()
            self._chosen = chosen
        if chosen is not None:
            frame = _one_channel(frame, chosen)
        if self._filters is None:
            self._to_mono = _stereo_to_mono() if differ else None
            self._filters = _filters_for(frame, keeps_sides=differ)
        frame.pts = None
        self._filters.push(frame)
        yield self._pcm(self._filters.pull(), differ=differ)

    def _flushed(self) -> Iterator[Pcm]:
        if self._filters is not None:
            yield self._pcm(self._filters.end(), differ=True)
        self._filters = self._to_mono = None

    def _pcm(self, samples: bytes, *, differ: bool) -> Pcm:
        """The sound that came out of the filters."""
        if self._to_mono is None or not samples:
            return Pcm(samples)
        frame = AudioFrame(format="s16", layout="stereo", samples=len(samples) // SAMPLE_BYTES // 2)
        frame.sample_rate = RATE_HZ
        frame.planes[0].update(samples.ljust(frame.planes[0].buffer_size, b"\0"))
        self._to_mono.push(frame)
        sides = array("h", samples)
        pairs = (Pair(0, sides[::2].tobytes(), sides[1::2].tobytes()),) if differ else ()
        return Pcm(self._to_mono.pull(), pairs)


def _filters_for(frame: AudioFrame, *, keeps_sides: bool) -> FilterGraph:
    layout = "stereo" if keeps_sides else "mono"
    filters = [("aformat", f"sample_fmts=s16:channel_layouts={layout}:sample_rates={RATE_HZ}")]
    if _has_no_layout(frame) and keeps_sides:
        filters.insert(0, ("pan", "stereo|c0=c0|c1=c1"))
    elif _has_no_layout(frame):
        # "<" makes the sum of all shares 1.
        shares = "+".join(f"c{number}" for number in range(frame.layout.nb_channels))
        filters.insert(0, ("pan", f"mono|c0<{shares}"))
    return FilterGraph([(frame.format.name, frame.layout.name, frame.sample_rate)], filters)


def _stereo_to_mono() -> FilterGraph:
    return FilterGraph([("s16", "stereo", RATE_HZ)], [("aformat", "sample_fmts=s16:channel_layouts=mono")])


def _has_two_sides(frame: AudioFrame) -> bool:
    """True for two channels that count alike."""
    return frame.layout.nb_channels == 2 and (frame.layout.name == "stereo" or _has_no_layout(frame))


def _has_no_layout(frame: AudioFrame) -> bool:
    """True where FFmpeg knows only how many channels there are; it then calls them "3 channels"."""
    return frame.layout.nb_channels > 1 and frame.layout.name.endswith("channels")


def _powers(frame: AudioFrame) -> Powers | None:
    """The powers of channels of which one may be heard alone; ``None`` where only a mix is."""
    count = frame.layout.nb_channels
    if count != 2 and (count == 1 or not _has_no_layout(frame)):
        return None
    step = sampling_step(frame.sample_rate)
    origin = _SIGNED_FROM.get(frame.format.packed.name, 0)
    channels = [_channel(frame, number)[::step].tolist() for number in range(count)]
    if origin:
        channels = [[sample - origin for sample in channel] for channel in channels]
    return powers_of(channels)


def _within(chosen: int | None, frame: AudioFrame) -> int | None:
    return chosen if chosen is not None and chosen < frame.layout.nb_channels else None


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
