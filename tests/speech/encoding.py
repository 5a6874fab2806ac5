"""Speech in every format that people share: decoded and encoded with PyAV."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.video.stream import VideoStream

Samples = npt.NDArray[np.int16]
"""Mono PCM."""
PICTURES_PER_S = 5


@dataclass(frozen=True, slots=True)
class Format:
    """A container, and the codec in it."""

    suffix: str
    container: str
    codec: str
    rate_hz: int = 48_000
    layout: str = "mono"
    bits_per_s: int = 64_000
    has_video: bool = False
    options: Mapping[str, str] = field(default_factory=dict)
    """Of the codec."""


FORMATS: Mapping[str, Format] = {
    "m4a": Format(".m4a", "ipod", "aac"),
    "webm (Opus)": Format(".webm", "webm", "libopus", bits_per_s=32_000),
    "ogg (Opus)": Format(".ogg", "ogg", "libopus", bits_per_s=32_000),
    "ogg (Vorbis)": Format(".ogg", "ogg", "vorbis", 44_100, "stereo", options={"strict": "experimental"}),
    "wma": Format(".wma", "asf", "wmav2", 44_100),
    "flac": Format(".flac", "flac", "flac", 44_100),
    "wav, 48 kHz stereo": Format(".wav", "wav", "pcm_s16le", layout="stereo"),
    "mp4 video": Format(".mp4", "mp4", "aac", 44_100, "stereo", 96_000, has_video=True),
    "amr": Format(".amr", "amr", "libopencore_amrnb", 8_000, bits_per_s=12_200),
}
"""What people share besides plain WAV and MP3: voice clips, and players', telephones' and cameras' files."""


def decode(path: Path, rate_hz: int) -> Samples:
    """The first audio track of a file, mixed to mono."""
    resampler = av.AudioResampler(format="s16", layout="mono", rate=rate_hz)
    with av.open(str(path)) as container:
        pieces = [
            piece.to_ndarray()[0]
            for frame in (*container.decode(audio=0), None)
            for piece in resampler.resample(frame)
        ]
    return np.concatenate(pieces)


def encode(samples: Samples, path: Path, wanted: Format) -> Path:
    """Write samples, at the format's own rate, to a file."""
    with av.open(str(path), "w", format=wanted.container) as out:
        video = _add_video(out) if wanted.has_video else None
        track = out.add_stream(
            wanted.codec, rate=wanted.rate_hz, layout=wanted.layout, options=dict(wanted.options)
        )
        assert isinstance(track, AudioStream)
        track.bit_rate = wanted.bits_per_s
        if video is not None:
            _encode_pictures(out, video, round(len(samples) / wanted.rate_hz * PICTURES_PER_S))
        _encode_samples(out, track, samples, wanted)
    return path


def write_wav(samples: Samples, path: Path, rate_hz: int = 16_000) -> Path:
    """Write samples as plain mono WAV."""
    return encode(samples, path, Format(".wav", "wav", "pcm_s16le", rate_hz))


def _encode_samples(out: OutputContainer, track: AudioStream, samples: Samples, wanted: Format) -> None:
    codec = track.codec_context
    if not codec.is_open:
        codec.open()
    resampler = av.AudioResampler(
        codec.format.name, wanted.layout, wanted.rate_hz, frame_size=codec.frame_size or 1024
    )
    whole = av.AudioFrame.from_ndarray(samples[None], format="s16", layout="mono")
    whole.sample_rate, whole.pts, whole.time_base = wanted.rate_hz, 0, Fraction(1, wanted.rate_hz)
    for piece in (*resampler.resample(whole), *resampler.resample(None)):
        out.mux(track.encode(piece))
    out.mux(track.encode(None))


def _add_video(out: OutputContainer) -> VideoStream:
    video = out.add_stream("mpeg4", rate=PICTURES_PER_S)
    assert isinstance(video, VideoStream)
    video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
    return video


def _encode_pictures(out: OutputContainer, video: VideoStream, pictures: int) -> None:
    for at in range(pictures):
        picture = av.VideoFrame(64, 48, "yuv420p")
        picture.pts = at
        out.mux(video.encode(picture))
    out.mux(video.encode(None))
