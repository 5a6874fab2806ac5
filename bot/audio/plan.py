"""What one request may hold, what one file may cost, and which files go out as they are. Pure.

Source: https://help.aliyun.com/zh/model-studio/qwen-speech-recognition (5 minutes and 10 MB a request; the
service counts the bytes of the whole data URI, after Base64).
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.audio.headers import read_wav
from bot.model import AudioMime

MAX_REQUEST_S = 300
"""The recogniser's limit for one request."""
MAX_DATA_URI_BYTES = 10_485_760
OVERSHOOT_S = 0.5
"""A clip that Slack stopped at five minutes decodes to a few frames more: that is cut off, not refused."""
CONVERTED_S = 299.75
"""What is written of such a clip: an MP3 encoder's delay and padding (0.1 s) come on top."""

RATE_HZ = 16_000
"""The rate that the recogniser resamples to."""
MP3_BITS_PER_S = 64_000
"""See docs/adr/0002-wav-or-mp3.md, for the next two as well."""
UNTOUCHED_WAV_BYTES = 1_048_576
"""Half a minute at 16 kHz: beyond, the upload costs more time than making it four times smaller."""
UNTOUCHED_MP3_BYTES = 2_621_440
"""300 s at 64 kbit/s and some tags: what is bigger gains from a lower bit rate."""
WAV_HEAD_BYTES = 4_096
"""How much of a file ``untouched_wav_s`` wants to see."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What converting one file may cost."""

    memory_bytes: int = 320 * 1024 * 1024
    """Of address space: Python and FFmpeg's libraries map 130 MB before they open anything."""
    cpu_s: int = 30
    """Five minutes of Opus took 1.6 s, and a small computer is ten times slower."""
    wall_s: float = 180.0
    """A child only computes and reads a file: six times its CPU limit means that the machine is too busy."""
    file_bytes: int = 16 * 1024 * 1024


def data_uri_bytes(size_bytes: int, mime: AudioMime) -> int:
    """Size of a file as ``data:<mime>;base64,<data>``."""
    return len(f"data:{mime};base64,") + (size_bytes + 2) // 3 * 4


def fits_request(size_bytes: int, duration_s: float, mime: AudioMime) -> bool:
    """Whether the recogniser takes this much in one request."""
    return 0 < duration_s <= MAX_REQUEST_S and data_uri_bytes(size_bytes, mime) <= MAX_DATA_URI_BYTES


def untouched_wav_s(head: bytes, size_bytes: int) -> float | None:
    """Seconds of a WAV file that may go out as it is; ``None`` for any other file.

    Args:
        head: The first ``WAV_HEAD_BYTES`` of the file, or all of a shorter one.
        size_bytes: The whole file's size.
    """
    wav = read_wav(head, size_bytes)
    if wav is None or size_bytes > UNTOUCHED_WAV_BYTES:
        return None
    return wav.duration_s if fits_request(size_bytes, wav.duration_s, "audio/wav") else None
