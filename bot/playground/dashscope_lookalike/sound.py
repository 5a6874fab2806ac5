"""A check that bytes are the sound that their MIME type says, and its length.

Headers are walked by hand: a decoder forgives what another decoder refuses.
"""

from __future__ import annotations

import struct

from bot.whisper.heard import NotThatSoundError

_PCM = 0x0001
_EXTENSIBLE = 0xFFFE
_PCM_SUBTYPE = bytes.fromhex("0100000000001000800000aa00389b71")
_SAMPLE_BITS = frozenset({8, 16, 24, 32})

_RATES_HZ = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
_KBITS_MPEG_1 = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_KBITS_MPEG_2 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_ID3V1_BYTES = 128


def measure(mime: str, data: bytes) -> float:
    """Length in seconds of ``audio/wav`` or ``audio/mpeg`` bytes, always more than 0.

    Raises:
        NotThatSoundError: They are something else, or cut off.
    """
    duration_s = measure_wav(data) if mime == "audio/wav" else measure_mpeg(data)
    if duration_s <= 0:
        raise NotThatSoundError("no samples")
    return duration_s


def measure_wav(data: bytes) -> float:
    """Length in seconds of integer PCM in RIFF/WAVE whose declared lengths match what is there.

    Source: https://www.mmsp.ece.mcgill.ca/Documents/AudioFormats/WAVE/WAVE.html
    """
    if len(data) < 12 or data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise NotThatSoundError("no RIFF/WAVE header")
    if struct.unpack_from("<I", data, 4)[0] != len(data) - 8:
        raise NotThatSoundError("the RIFF length is not the file's")
    position = 12
    bytes_per_s = block_bytes = 0
    while position + 8 <= len(data):
        name, length = struct.unpack_from("<4sI", data, position)
        position += 8
        if position + length > len(data):
            raise NotThatSoundError("a chunk reaches beyond the end")
        if name == b"fmt ":
            bytes_per_s, block_bytes = _pcm_format(data[position : position + length])
        if name == b"data":
            if not bytes_per_s or length % block_bytes:
                raise NotThatSoundError("no format before the data, or a broken sample")
            return float(length) / bytes_per_s
        position += length + length % 2
    raise NotThatSoundError("no data chunk")


def _pcm_format(chunk: bytes) -> tuple[int, int]:
    if len(chunk) < 16:
        raise NotThatSoundError("a short fmt chunk")
    tag, channels, rate_hz, bytes_per_s, block_bytes, bits = struct.unpack_from("<HHIIHH", chunk)
    if tag == _EXTENSIBLE and chunk[24:40] == _PCM_SUBTYPE:
        tag = _PCM
    consistent = block_bytes == channels * bits // 8 and bytes_per_s == rate_hz * block_bytes
    if tag != _PCM or bits not in _SAMPLE_BITS or not consistent or not bytes_per_s:
        raise NotThatSoundError("not integer PCM")
    return bytes_per_s, block_bytes


def measure_mpeg(data: bytes) -> float:
    """Length in seconds of MPEG layer III frames that follow each other without a gap.

    Tags may stand before and after; the last frame may be cut short.

    Source: http://www.mp3-tech.org/programmer/frame_header.html
    """
    position, end = _after_id3v2(data), len(data)
    if data[-_ID3V1_BYTES:].startswith(b"TAG"):
        end -= _ID3V1_BYTES
    duration_s = 0.0
    while position + 4 <= end:
        frame_bytes, frame_s = _frame(data, position)
        position += frame_bytes
        duration_s += frame_s
    return duration_s


def _after_id3v2(data: bytes) -> int:
    if len(data) < 10 or data[:3] != b"ID3":
        return 0
    length = 0
    for byte in data[6:10]:
        length = length << 7 | byte & 0x7F
    return 10 + length


def _frame(data: bytes, position: int) -> tuple[int, float]:
    header = int.from_bytes(data[position : position + 4], "big")
    version, layer = header >> 19 & 3, header >> 17 & 3
    bitrate, rate, padding = header >> 12 & 15, header >> 10 & 3, header >> 9 & 1
    if header >> 21 != 0x7FF or version == 1 or layer != 1 or bitrate in {0, 15} or rate == 3:
        raise NotThatSoundError("no layer III frame where one must begin")
    rate_hz = _RATES_HZ[version][rate]
    samples = 1152 if version == 3 else 576
    kbits = (_KBITS_MPEG_1 if version == 3 else _KBITS_MPEG_2)[bitrate]
    return samples * kbits * 125 // rate_hz + padding, samples / rate_hz
