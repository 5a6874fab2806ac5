"""Recordings with several tracks, gaps on the clock and odd channels, made with PyAV."""

from __future__ import annotations

import struct
from array import array
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from operator import itemgetter
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.audio.stream import AudioStream
from av.packet import Packet
from av.stream import Disposition

from tests.audio.samples import tone


@dataclass(frozen=True)
class Track:
    """One track: what it says, and how the container tells of it."""

    samples: array[int]
    """Of each channel."""
    codec: str = "aac"
    rate_hz: int = 48_000
    layout: str = "mono"
    language: str = ""
    disposition: int = 0
    moved: Callable[[float], float | None] = field(default=lambda at_s: at_s)
    """From a packet's time to the one that it gets, in seconds; ``None`` drops it."""
    antiphase: bool = False
    """Of two channels, the second is the first turned upside down."""
    second: array[int] | None = None
    """The samples of the second of two channels, where they are others."""


def mux(
    path: Path,
    container: str,
    tracks: Sequence[Track],
    *,
    film_s: float = 0.0,
    options: dict[str, str] | None = None,
) -> Path:
    """Write a file, its packets in order of time."""
    with av.open(str(path), "w", format=container, options=options or {}) as out:
        film = out.add_stream("mpeg4", rate=5) if film_s else None
        streams = [_stream(out, track) for track in tracks]
        packets: list[tuple[float, Packet[Any]]] = [
            (packet_s, packet)
            for stream, track in zip(streams, tracks, strict=True)
            for packet_s, packet in _packets(stream, track)
        ]
        if film is not None:
            packets += _pictures(film, film_s)
        for _, packet in sorted(packets, key=itemgetter(0)):
            out.mux(packet)
    return path


def _stream(out: av.container.OutputContainer, track: Track) -> AudioStream:
    stream = out.add_stream(track.codec, rate=track.rate_hz, layout=track.layout)
    assert isinstance(stream, AudioStream)
    if track.language:
        stream.metadata["language"] = track.language
    stream.disposition = Disposition(track.disposition)
    return stream


def _packets(stream: AudioStream, track: Track) -> list[tuple[float, Packet[AudioStream]]]:
    codec = stream.codec_context
    if not codec.is_open:
        codec.open()
    resampler = av.AudioResampler(
        format=codec.format.name,
        layout=codec.layout.name,
        rate=track.rate_hz,
        frame_size=codec.frame_size or 1_024,
    )
    mono = np.array(track.samples, np.int16)
    other = mono if track.second is None else np.array(track.second, np.int16)
    channels = np.stack([mono, -mono if track.antiphase else other])
    whole = av.AudioFrame.from_ndarray(channels.T.reshape(1, -1).copy(), format="s16", layout="stereo")
    whole.sample_rate, whole.pts, whole.time_base = track.rate_hz, 0, Fraction(1, track.rate_hz)
    frames = (*resampler.resample(whole), *resampler.resample(None), None)
    made = []
    for packet in (packet for frame in frames for packet in stream.encode(frame)):
        assert packet.pts is not None
        at_s = float(packet.pts * packet.time_base)
        moved_s = track.moved(at_s)
        if moved_s is not None:
            packet.pts += round((moved_s - at_s) / packet.time_base)
            packet.dts = packet.pts
            made.append((moved_s, packet))
    return made


def _pictures(film: av.VideoStream, seconds: float) -> list[tuple[float, Packet[av.VideoStream]]]:
    film.width, film.height, film.pix_fmt = 64, 48, "yuv420p"
    frames: list[av.VideoFrame | None] = []
    for at in range(int(seconds * 5)):
        frame = av.VideoFrame(64, 48, "yuv420p")
        frame.pts = at
        frames.append(frame)
    return [
        (float((packet.dts or 0) * packet.time_base), packet)
        for frame in (*frames, None)
        for packet in film.encode(frame)
    ]


def pauses(*spans_s: tuple[float, float, float], rate_hz: int = 48_000) -> array[int]:
    """Tones between silence: each from, to (in seconds) and Hz, in order."""
    samples = array("h")
    for start_s, end_s, hz in spans_s:
        samples.extend(array("h", bytes(2 * (round(start_s * rate_hz) - len(samples)))))
        samples.extend(tone(end_s - start_s, rate_hz, hz))
    return samples


def wav_of_channels(path: Path, channels: Sequence[array[int]], rate_hz: int = 16_000) -> Path:
    """An s16 WAV without a speaker layout, of any number of channels."""
    count = len(channels)
    data = np.column_stack([np.array(channel, np.int16) for channel in channels]).tobytes()
    fmt = struct.pack("<HHIIHH", 1, count, rate_hz, rate_hz * count * 2, count * 2, 16)
    riff = b"WAVEfmt " + struct.pack("<I", 16) + fmt + b"data" + struct.pack("<I", len(data)) + data
    path.write_bytes(b"RIFF" + struct.pack("<I", len(riff)) + riff)
    return path


def matroska(
    path: Path,
    blocks: Iterable[tuple[int, float, array[int]]],
    *,
    tracks: int = 1,
    rate_hz: int = 8_000,
    claim_s: float | None = None,
) -> Path:
    """A Matroska file of PCM that no muxer would write: its blocks in any order, at any time.

    Args:
        path: Where to.
        blocks: Of each the track's number from 1 on, its time in seconds, and its samples; mono.
        tracks: How many there are.
        rate_hz: Of every track.
        claim_s: The duration in the header, if any.

    Source: https://www.rfc-editor.org/rfc/rfc9559
    """
    info = _element("2AD7B1", (1_000_000).to_bytes(4, "big"))
    if claim_s is not None:
        info += _element("4489", struct.pack(">d", claim_s * 1_000))
    audio = _element("B5", struct.pack(">d", rate_hz)) + _element("9F", b"\1") + _element("6264", b"\x10")
    entries = b"".join(
        _element(
            "AE",
            _element("D7", bytes([number]))
            + _element("73C5", bytes([number]))
            + _element("83", b"\2")
            + _element("86", b"A_PCM/INT/LIT")
            + _element("E1", audio),
        )
        for number in range(1, tracks + 1)
    )
    clusters = b"".join(
        _element(
            "1F43B675",
            _element("E7", round(at_s * 1_000).to_bytes(6, "big"))
            + _element("A3", bytes([0x80 | number, 0, 0, 0x80]) + samples.tobytes()),
        )
        for number, at_s, samples in blocks
    )
    head = _element("1A45DFA3", _element("4282", b"matroska"))
    segment = _element("1549A966", info) + _element("1654AE6B", entries) + clusters
    path.write_bytes(head + _element("18538067", segment))
    return path


def _element(name: str, content: bytes) -> bytes:
    return bytes.fromhex(name) + (len(content) | 1 << 56).to_bytes(8, "big") + content


def blocks_of(
    samples: array[int], rate_hz: int = 8_000, track: int = 1
) -> list[tuple[int, float, array[int]]]:
    """A track in blocks of 20 ms, at their own times."""
    step = rate_hz // 50
    return [(track, at / rate_hz, samples[at : at + step]) for at in range(0, len(samples), step)]


def level_dbfs(path: Path, hz: float, from_s: float = 0.0, to_s: float | None = None) -> float:
    """The level of one tone in a stretch of a sound file."""
    resampler = av.AudioResampler(format="s16", layout="mono", rate=16_000)
    pieces = []
    with av.open(str(path)) as container:
        for frame in (*container.decode(audio=0), None):
            pieces += [piece.to_ndarray().ravel() for piece in resampler.resample(frame)]
    sound = np.concatenate(pieces).astype(float) / 32_768
    sound = sound[int(from_s * 16_000) : None if to_s is None else int(to_s * 16_000)]
    turning = np.exp(-2j * np.pi * hz * np.arange(len(sound)) / 16_000)
    return float(20 * np.log10(2 * abs(np.mean(sound * turning)) + 1e-9))
