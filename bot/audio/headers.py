"""Parses WAV, MP3 frame and ID3v2 headers, of the two formats that may go out untouched. Pure.

The least doubt gives ``None``, and the file is converted instead: nothing here has to know every variant.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

_PCM = 1
_EXTENSIBLE = 0xFFFE
_PCM_GUID = bytes.fromhex("0100000000001000800000aa00389b71")
_MAX_WAV_RATE_HZ = 192_000
_MAX_WAV_CHANNELS = 2
"""Whoever takes more for loudspeakers leaves microphones out."""
_SAMPLE_BYTES = 2


@dataclass(frozen=True, slots=True)
class Wav:
    """A WAV file of s16 PCM: how much sound its data chunk holds."""

    channels: int
    rate_hz: int
    data_bytes: int

    @property
    def duration_s(self) -> float:
        """Length of the sound."""
        return self.data_bytes / self.bytes_per_s

    @property
    def bytes_per_s(self) -> int:
        """Of all channels."""
        return self.rate_hz * self.channels * _SAMPLE_BYTES


def read_wav(head: bytes, size_bytes: int) -> Wav | None:
    """Read the header of an s16 PCM WAV whose data chunk is not empty and ends where the file ends.

    Args:
        head: The file's first bytes, the data chunk's header among them.
        size_bytes: The whole file's size.

    Source: https://learn.microsoft.com/en-us/windows/win32/api/mmreg/ns-mmreg-waveformatextensible
    """
    if head[:4] != b"RIFF" or head[8:12] != b"WAVE" or _u32(head, 4) != size_bytes - 8:
        return None
    shape: tuple[int, int] | None = None
    at = 12
    while at + 8 <= len(head):
        name, chunk_bytes = head[at : at + 4], _u32(head, at + 4)
        at += 8
        if name == b"data":
            if shape is None or chunk_bytes == 0 or at + chunk_bytes != size_bytes:
                return None
            channels, rate_hz = shape
            return None if chunk_bytes % (channels * _SAMPLE_BYTES) else Wav(channels, rate_hz, chunk_bytes)
        if name == b"fmt ":
            previous, shape = shape, _s16_shape(head[at : at + chunk_bytes])
            if previous is not None or shape is None:
                return None
        at += chunk_bytes + chunk_bytes % 2
    return None


def _s16_shape(fmt: bytes) -> tuple[int, int] | None:
    """Channels and sample rate in a ``fmt`` chunk; ``None`` unless it says s16 PCM."""
    if len(fmt) not in {16, 18, 40}:
        return None
    tag, channels, rate_hz, bytes_per_s, block_bytes, bits = struct.unpack_from("<HHIIHH", fmt)
    if tag == _EXTENSIBLE:
        valid_bits = int.from_bytes(fmt[18:20], "little")
        if fmt[24:] != _PCM_GUID or valid_bits != 16:
            return None
    elif tag != _PCM or len(fmt) == 40:
        return None
    if bits != 16 or not 1 <= channels <= _MAX_WAV_CHANNELS or not 1_000 <= rate_hz <= _MAX_WAV_RATE_HZ:
        return None
    if block_bytes != channels * _SAMPLE_BYTES or bytes_per_s != rate_hz * block_bytes:
        return None
    return channels, rate_hz


def _u32(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 4], "little")


@dataclass(frozen=True, slots=True)
class Mp3Frame:
    """The fields of a layer III frame's header."""

    size_bytes: int
    """Of the whole frame, header included."""
    samples: int
    rate_hz: int
    kind: int
    """The header's version, layer and rate bits: equal in every frame of an honest file."""


_MPEG1_KBITS = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_MPEG2_KBITS = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_MPEG1_RATES_HZ = (44_100, 48_000, 32_000)
_RATE_DIVISORS = {3: 1, 2: 2, 0: 4}
"""By the header's version bits: MPEG 1, 2 and 2.5."""
_LAYER_III = 1
_KIND_MASK = 0xFFFE0C00


def read_mp3_frame(head: bytes) -> Mp3Frame | None:
    """Read the four bytes of a layer III header; ``None`` for anything else, free format included.

    Source: ISO/IEC 11172-3, 2.4.2.3, and ISO/IEC 13818-3, 2.4.2.3
    """
    word = int.from_bytes(head[:4], "big")
    divisor = _RATE_DIVISORS.get(word >> 19 & 3)
    kbit_index, rate_index = word >> 12 & 15, word >> 10 & 3
    if len(head) < 4 or word >> 21 != 0x7FF or divisor is None or word >> 17 & 3 != _LAYER_III:
        return None
    if kbit_index in {0, 15} or rate_index == 3:
        return None
    kbits = (_MPEG1_KBITS if divisor == 1 else _MPEG2_KBITS)[kbit_index]
    samples = 1_152 if divisor == 1 else 576
    rate_hz = _MPEG1_RATES_HZ[rate_index] // divisor
    size_bytes = samples // 8 * kbits * 1_000 // rate_hz + (word >> 9 & 1)
    return Mp3Frame(size_bytes, samples, rate_hz, word & _KIND_MASK)


def id3v2_bytes(head: bytes) -> int:
    """Size of the ID3v2 tag that a file starts with, from its first ten bytes; 0 without one.

    Source: https://id3.org/id3v2.4.0-structure, 3.1
    """
    if len(head) < 10 or head[:3] != b"ID3" or any(byte > 0x7F for byte in head[6:10]):
        return 0
    size_bytes = head[6] << 21 | head[7] << 14 | head[8] << 7 | head[9]
    footer_bytes = 10 if head[5] & 0x10 else 0
    return 10 + size_bytes + footer_bytes
