"""Tiny sound files in every container, made with PyAV: a tone of 440 Hz unless told otherwise."""

from __future__ import annotations

import math
import struct
import wave
from array import array
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.stream import Disposition

TONE_HZ = 440
SPARSE_S = 280


def tone(seconds: float, rate_hz: int, hz: float = TONE_HZ) -> array[int]:
    """Mono s16 samples of a sine."""
    step = 2 * math.pi * hz / rate_hz
    return array("h", (int(12_000 * math.sin(step * at)) for at in range(int(seconds * rate_hz))))


def encode(
    path: Path,
    container: str,
    codec: str,
    rate_hz: int = 48_000,
    *,
    layout: str = "mono",
    seconds: float = 2.0,
    video: str | None = None,
    tones_hz: tuple[float, ...] = (TONE_HZ,),
    cover: bool = False,
    bits_per_s: int = 64_000,
    codec_options: dict[str, str] | None = None,
    options: dict[str, str] | None = None,
    metadata: dict[str, str] | None = None,
) -> Path:
    """Write one file: an audio track for each of ``tones_hz``, and a video track before them if named.

    With ``cover`` the video is one picture, and no film.
    """
    with av.open(str(path), "w", format=container, options=options or {}) as out:
        picture = out.add_stream(video, rate=10) if video else None
        tracks = []
        for _ in tones_hz:
            track = out.add_stream(codec, rate=rate_hz, layout=layout, options=codec_options or {})
            assert isinstance(track, AudioStream)
            track.bit_rate = bits_per_s
            tracks.append(track)
        out.metadata.update(metadata or {})
        if picture is not None:
            assert isinstance(picture, av.VideoStream)
            pixels = "yuvj420p" if cover else "yuv420p"
            picture.width, picture.height, picture.pix_fmt = 64, 48, pixels
            if cover:
                picture.disposition = Disposition.attached_pic
            for at in range(1 if cover else int(seconds * 10)):
                still = av.VideoFrame(64, 48, pixels)
                still.pts = at
                out.mux(picture.encode(still))
            out.mux(picture.encode(None))
        for track, hz in zip(tracks, tones_hz, strict=True):
            _encode_tone(out, track, tone(seconds, rate_hz, hz), rate_hz)
    return path


def _encode_tone(out: OutputContainer, track: AudioStream, samples: array[int], rate_hz: int) -> None:
    codec = track.codec_context
    if not codec.is_open:
        codec.open()
    resampler = av.AudioResampler(
        format=codec.format.name, layout=codec.layout.name, rate=rate_hz, frame_size=codec.frame_size or 1024
    )
    whole = av.AudioFrame(format="s16", layout="mono", samples=len(samples))
    whole.planes[0].update(samples.tobytes().ljust(whole.planes[0].buffer_size, b"\0"))
    whole.sample_rate, whole.pts, whole.time_base = rate_hz, 0, Fraction(1, rate_hz)
    for frame in (*resampler.resample(whole), *resampler.resample(None)):
        out.mux(track.encode(frame))
    out.mux(track.encode(None))


def write_wav(path: Path, samples: array[int], rate_hz: int = 16_000, channels: int = 1) -> Path:
    """An s16 PCM WAV with the shortest header there is."""
    with wave.open(str(path), "wb") as out:
        out.setnchannels(channels)
        out.setsampwidth(2)
        out.setframerate(rate_hz)
        out.writeframes(samples.tobytes())
    return path


def sparse_wav(path: Path, seconds: int = SPARSE_S, rate_hz: int = 192_000, channels: int = 8) -> Path:
    """Silence that is dear to decode and takes no room on the disk: 860 MB, all hole."""
    data_bytes = seconds * rate_hz * channels * 2
    fmt = struct.pack("<HHIIHH", 1, channels, rate_hz, rate_hz * channels * 2, channels * 2, 16)
    with path.open("wb") as out:
        out.write(b"RIFF" + struct.pack("<I", data_bytes + 36) + b"WAVEfmt " + struct.pack("<I", 16) + fmt)
        out.write(b"data" + struct.pack("<I", data_bytes))
        out.truncate(44 + data_bytes)
    return path


def claiming(mp4: bytes, claim_s: int, rate_hz: int = 48_000) -> bytes:
    """An MP4 whose header, tracks and media claim another length; its index stays true.

    Source: ISO/IEC 14496-12, 8.2.2, 8.3.2 and 8.4.2, version 0 of each box
    """
    lying = bytearray(mp4)
    for box, at_bytes, unit in ((b"mvhd", 20, 1_000), (b"mdhd", 20, rate_hz), (b"tkhd", 24, 1_000)):
        at = lying.index(box) + at_bytes
        lying[at : at + 4] = struct.pack(">I", min(claim_s * unit, 2**32 - 1))
    return bytes(lying)


def lasting(mp4: bytes, ticks: int) -> bytes:
    """An MP4 whose index says that each packet lasts so many ticks of the track's clock.

    Source: ISO/IEC 14496-12, 8.6.1.2
    """
    lying, at = bytearray(mp4), mp4.index(b"stts") + 8
    (entries,) = struct.unpack_from(">I", mp4, at)
    for entry in range(entries):
        struct.pack_into(">I", lying, at + 4 + entry * 8 + 4, ticks)
    return bytes(lying)


def heard(path: Path) -> tuple[float, float]:
    """Seconds and main frequency in Hz of a sound file, by counting its samples and zero crossings."""
    resampler = av.AudioResampler(format="s16", layout="mono", rate=16_000)
    samples = array("h")
    with av.open(str(path)) as container:
        for frame in (*container.decode(audio=0), None):
            for piece in resampler.resample(frame):
                samples.frombytes(bytes(piece.planes[0])[: piece.samples * 2])
    middle = samples[len(samples) // 4 : len(samples) * 3 // 4]
    crossings = sum((one < 0) != (other < 0) for one, other in pairwise(middle))
    loud = max(middle, default=0) > 3_000
    return len(samples) / 16_000, crossings / 2 / (len(middle) / 16_000) if loud else 0.0
