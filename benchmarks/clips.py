"""Clips of real speech for the benchmark: the packaged recording, repeated to a length, in some formats."""

from __future__ import annotations

import wave
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
from av.audio.stream import AudioStream

_SPEECH = Path(__file__).parent.parent / "bot" / "playground" / "clips" / "jfk.m4a"
_RECORDED_HZ = 48_000
"""What phones and browsers record at."""
_BITS_PER_S = 64_000


@dataclass(frozen=True, slots=True)
class Clip:
    """A file that people share."""

    title: str
    path: Path
    mimetype: str
    seconds: float

    @property
    def size_bytes(self) -> int:
        """Of the file."""
        return self.path.stat().st_size


def make_voice_clips(folder: Path, seconds: float) -> list[Clip]:
    """What people send: a WAV that may go out as it is, Slack's own recording, a browser's."""
    wav = folder / "clip.wav"
    _write_wav(wav, _speech(seconds, 16_000, channels=1), 16_000, channels=1)
    m4a, webm = folder / "clip.m4a", folder / "clip.webm"
    recorded = _speech(seconds, _RECORDED_HZ, channels=1)
    _encode(m4a, "ipod", "aac", recorded)
    _encode(webm, "webm", "libopus", recorded)
    return [
        Clip("WAV, 16 kHz s16, sent untouched", wav, "audio/wav", seconds),
        Clip("m4a, 48 kHz AAC", m4a, "audio/mp4", seconds),
        Clip("webm, 48 kHz Opus", webm, "audio/webm", seconds),
    ]


def make_big_clip(folder: Path, seconds: float) -> Clip:
    """PCM s16, stereo, 48 kHz: 192 kB for each second."""
    path = folder / "big.wav"
    _write_wav(path, _speech(seconds, _RECORDED_HZ, channels=2), _RECORDED_HZ, channels=2)
    return Clip("WAV, 48 kHz s16, stereo", path, "audio/wav", seconds)


def _speech(seconds: float, rate_hz: int, channels: int) -> bytes:
    """Interleaved PCM s16le of this length."""
    resampler = av.AudioResampler(format="s16", layout="stereo" if channels == 2 else "mono", rate=rate_hz)
    pieces = []
    with av.open(str(_SPEECH)) as container:
        for frame in (*container.decode(audio=0), None):
            pieces += [
                bytes(piece.planes[0])[: piece.samples * channels * 2] for piece in resampler.resample(frame)
            ]
    once = b"".join(pieces)
    wanted_bytes = round(seconds * rate_hz) * channels * 2
    return (once * (wanted_bytes // len(once) + 1))[:wanted_bytes]


def _write_wav(path: Path, samples: bytes, rate_hz: int, channels: int) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes(samples)


def _encode(path: Path, container: str, codec: str, samples: bytes) -> None:
    """Write mono s16le at ``_RECORDED_HZ`` with a codec."""
    with av.open(str(path), "w", format=container) as out:
        track = out.add_stream(codec, rate=_RECORDED_HZ, layout="mono")
        assert isinstance(track, AudioStream)
        track.bit_rate = _BITS_PER_S
        track.codec_context.open()
        for frame in _frames(track, samples):
            out.mux(track.encode(frame))
        out.mux(track.encode(None))


def _frames(track: AudioStream, samples: bytes) -> Iterator[av.AudioFrame]:
    whole = av.AudioFrame(format="s16", layout="mono", samples=len(samples) // 2)
    whole.planes[0].update(samples.ljust(whole.planes[0].buffer_size, b"\0"))
    whole.sample_rate, whole.pts, whole.time_base = _RECORDED_HZ, 0, Fraction(1, _RECORDED_HZ)
    codec = track.codec_context
    resampler = av.AudioResampler(
        format=codec.format.name, layout="mono", rate=_RECORDED_HZ, frame_size=codec.frame_size
    )
    yield from resampler.resample(whole)
    yield from resampler.resample(None)
