"""Evidence that a file breaks off before its sound does. Runs in the child process alone.

A container whose own structure reaches beyond the end of the file has lost something. One that merely lacks a
length or an end mark (a live WebM, a WAV whose recorder crashed) is whole as far as anybody can tell.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import BinaryIO

from bot.audio.child.links import is_page_cut
from bot.audio.headers import id3v2_bytes

CLEARLY_S = 1.5
"""So much is missing at least: encoders and headers differ by less."""
_UNFINISHED_BYTES = 0x7FFF_0000
"""From here on, a size in a WAV's header means that nobody knew it yet."""
_MOST_BOXES = 100_000
_XING = frozenset({b"Xing", b"Info"})
_XING_AT = (13, 21, 36)
"""Behind a frame's header and side information: MPEG 2 mono; MPEG 2 stereo or 1 mono; MPEG 1 stereo."""
_XING_BYTES = _XING_AT[-1] + 16
_XING_COUNTS = 0b11
"""Flags: the header has a number of frames and a number of bytes."""


def is_cut_off(source: Path, format_name: str) -> bool:
    """True where the structure of a file reaches beyond its end, or where only its length can tell.

    Args:
        source: The file.
        format_name: FFmpeg's name of its container.
    """
    looks_cut = _LOOKS_CUT.get(format_name)
    if looks_cut is None:
        return False
    with source.open("rb") as file:
        return looks_cut(file, os.fstat(file.fileno()).st_size)


def _is_wav_cut(file: BinaryIO, size_bytes: int) -> bool:
    """True where the data chunk is longer than what is left of the file, by what counts.

    Source: https://learn.microsoft.com/en-us/windows/win32/xaudio2/resource-interchange-file-format--riff-
    """
    at = 12
    for _ in range(_MOST_BOXES):
        file.seek(at)
        head = file.read(8)
        if len(head) < 8:
            return False
        chunk_bytes = int.from_bytes(head[4:], "little")
        if head[:4] == b"data":
            return chunk_bytes < _UNFINISHED_BYTES and _is_missing(
                at + 8 + chunk_bytes - size_bytes, chunk_bytes
            )
        at += 8 + chunk_bytes + chunk_bytes % 2
    return False


def _is_caf_cut(file: BinaryIO, size_bytes: int) -> bool:
    """True where the data chunk is longer than what is left of the file, by what counts; -1 is unknown.

    Source: https://developer.apple.com/library/archive/documentation/MusicAudio/Reference/CAFSpec/CAF_spec/CAF_spec.html
    """
    at = 8
    for _ in range(_MOST_BOXES):
        file.seek(at)
        head = file.read(12)
        chunk_bytes = int.from_bytes(head[4:], "big", signed=True)
        if len(head) < 12 or chunk_bytes < 0:
            return False
        if head[:4] == b"data":
            return _is_missing(at + 12 + chunk_bytes - size_bytes, chunk_bytes)
        at += 12 + chunk_bytes
        if at >= size_bytes:
            return False
    return False


def _is_mp3_cut(file: BinaryIO, size_bytes: int) -> bool:
    """True where the Xing header counts more bytes than the file has, by what counts.

    Source: https://www.codeproject.com/Articles/8295/MPEG-Audio-Frame-Header (2.3.1)
    """
    at = id3v2_bytes(file.read(10))
    file.seek(at)
    frame = file.read(_XING_BYTES)
    for tag_at in _XING_AT:
        tag = frame[tag_at : tag_at + 16]
        if len(tag) == 16 and tag[:4] in _XING and tag[7] & _XING_COUNTS == _XING_COUNTS:
            stream_bytes = int.from_bytes(tag[12:16], "big")
            return _is_missing(at + stream_bytes - size_bytes, stream_bytes)
    return False


def _is_missing(missing_bytes: int, of_bytes: int) -> bool:
    """True where so many bytes are more than rounding, or another program's tag."""
    return missing_bytes > max(8_192, of_bytes // 50)


def _is_box_cut(file: BinaryIO, size_bytes: int) -> bool:
    """True where the last box reaches beyond the file.

    Source: ISO/IEC 14496-12, 4.2
    """
    at = 0
    for _ in range(_MOST_BOXES):
        file.seek(at)
        head = file.read(16)
        if len(head) < 8:
            return bool(head)
        box_bytes = int.from_bytes(head[:4], "big")
        if box_bytes == 1:
            box_bytes = int.from_bytes(head[8:], "big")
        if box_bytes == 0:
            return False  # to the end, however far that is
        at += max(box_bytes, 8)
        if at >= size_bytes:
            return at > size_bytes
    return False


def _is_segment_cut(file: BinaryIO, size_bytes: int) -> bool:
    """True where the segment reaches beyond the file; one of unknown size does not.

    Source: https://www.rfc-editor.org/rfc/rfc8794 (4 to 6)
    """
    at = 0
    for name in (b"\x1a\x45\xdf\xa3", b"\x18\x53\x80\x67"):
        file.seek(at)
        head = file.read(12)
        if len(head) < 12 or head[:4] != name or not head[4]:
            return False
        length = 9 - head[4].bit_length()
        content_bytes = int.from_bytes(head[4 : 4 + length], "big") & ((1 << 7 * length) - 1)
        at += 4 + length + content_bytes
        if content_bytes == (1 << 7 * length) - 1:
            return False
    return at > size_bytes


def _is_form_cut(file: BinaryIO, size_bytes: int) -> bool:
    """True where an AIFF file's form reaches beyond it."""
    return 8 + int.from_bytes(file.read(8)[4:], "big") > size_bytes


def _is_anyhow(_file: BinaryIO, _size_bytes: int) -> bool:
    """True: the samples are counted in the header of a FLAC file, and nothing else tells of its end."""
    return True


_LOOKS_CUT: Mapping[str, Callable[[BinaryIO, int], bool]] = {
    "aiff": _is_form_cut,
    "caf": _is_caf_cut,
    "flac": _is_anyhow,
    "matroska,webm": _is_segment_cut,
    "mov,mp4,m4a,3gp,3g2,mj2": _is_box_cut,
    "mp3": _is_mp3_cut,
    "ogg": is_page_cut,
    "wav": _is_wav_cut,
}
"""By FFmpeg's names."""
