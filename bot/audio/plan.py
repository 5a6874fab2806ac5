"""Limits of a request and of decoding, and the format that each segment is sent in. Pure.

Source: https://help.aliyun.com/zh/model-studio/qwen-speech-recognition (5 minutes and 10 MB a request; the
service counts the bytes of the whole data URI, after Base64).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bot.audio.headers import Wav, read_wav
from bot.recording import AudioMime, Span

MAX_REQUEST_S = 300
"""The recogniser's limit for one request."""
MAX_DATA_URI_BYTES = 10_485_760
SHORTEST_MS = 20_000
"""No segment is shorter that does not end with the recording or beside what is done: three requests a minute
of it at most, of the hundred that an account has."""
LONGEST_MS = 171_000
"""No segment is longer. Short ones are recognised side by side, and each is a small loss when it fails."""
TOLERANCE_S = 1.0
"""A recording may exceed the longest allowed by this much: encoders add a little at both ends."""
MOST_TRACKS = 16
"""That are heard of one file. OBS records six at most, conference systems one for each that speaks."""

RATE_HZ = 16_000
"""The rate that the recogniser resamples to."""
MP3_BITS_PER_S = 64_000
"""See docs/adr/0002-wav-or-mp3.md, for the next two as well."""
UNTOUCHED_WAV_BYTES = 1_048_576
"""Half a minute at 16 kHz: beyond, the upload costs more time than making it four times smaller."""
UNTOUCHED_MP3_BYTES = 2_621_440
"""120 kbit/s for the longest segment: what is bigger gains from a lower bit rate."""
WAV_HEAD_BYTES = 4_096
"""The beginning of a file that ``untouched_wav`` needs."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Resource limits for decoding one file."""

    memory_bytes: int = 320 * 1024 * 1024
    """Of address space: Python and FFmpeg's libraries map 130 MB before they open anything."""
    cpu_s: int = 30
    """Before the first second is decoded."""
    cpu_s_each_s: float = 0.1
    """For each second decoded: an m4a takes 0.005, and a small computer is ten times slower."""
    stall_s: float = 180.0
    """For each segment. A child only computes and reads a file: longer means that the machine is too busy."""
    file_bytes: int = 6 * 1024 * 1024
    """For each segment: the longest takes 5.5 MB."""


def data_uri_bytes(size_bytes: int, mime: AudioMime) -> int:
    """Size of a file as ``data:<mime>;base64,<data>``."""
    return len(f"data:{mime};base64,") + (size_bytes + 2) // 3 * 4


def fits_request(size_bytes: int, duration_s: float, mime: AudioMime) -> bool:
    """True where the recogniser takes this much in one request."""
    return 0 < duration_s <= MAX_REQUEST_S and data_uri_bytes(size_bytes, mime) <= MAX_DATA_URI_BYTES


def untouched_wav(head: bytes, size_bytes: int) -> Wav | None:
    """A WAV file that may go out as it is if it is loud enough; ``None`` for any other file.

    Args:
        head: The first ``WAV_HEAD_BYTES`` of the file, or all of a shorter one.
        size_bytes: The whole file's size.
    """
    wav = read_wav(head, size_bytes)
    if wav is None or size_bytes > UNTOUCHED_WAV_BYTES:
        return None
    return wav if fits_request(size_bytes, wav.duration_s, "audio/wav") else None


def sent_as(*, short: bool, compressed: bool) -> AudioMime:
    """The type a segment is sent as: MP3 of a short recording, else WAV unless ``compressed``.

    Encoding an hour takes longer than anything else that happens to it; a short clip is encoded at once.
    """
    return "audio/mpeg" if compressed or short else "audio/wav"


def segment_path(workspace: Path, source: Path, span: Span, mime: AudioMime, channel: int = 0) -> Path:
    """The path of the file made of a segment, or of one of its channels; numbered from 0 on."""
    kind = "mp3" if mime == "audio/mpeg" else "wav"
    number = f".{channel}" if channel else ""
    return workspace / f"{source.name}.{span.start_ms}-{span.end_ms}{number}.{kind}"
