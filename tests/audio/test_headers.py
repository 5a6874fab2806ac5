from __future__ import annotations

import io
import struct
import wave
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.audio.headers import Wav, id3v2_bytes, read_mp3_frame, read_wav
from tests.audio.samples import encode

PCM_GUID = bytes.fromhex("0100000000001000800000aa00389b71")
FLOAT_GUID = bytes.fromhex("0300000000001000800000aa00389b71")


def wav(fmt: bytes, data: bytes = bytes(640), before: bytes = b"", after: bytes = b"") -> bytes:
    body = b"WAVEfmt " + struct.pack("<I", len(fmt)) + fmt + before
    body += b"data" + struct.pack("<I", len(data)) + data + after
    return b"RIFF" + struct.pack("<I", len(body)) + body


def fmt(tag: int = 1, channels: int = 1, rate_hz: int = 16_000, bits: int = 16, extra: bytes = b"") -> bytes:
    block_bytes = channels * bits // 8
    return struct.pack("<HHIIHH", tag, channels, rate_hz, rate_hz * block_bytes, block_bytes, bits) + extra


def extensible(guid: bytes, valid_bits: int = 16) -> bytes:
    return fmt(0xFFFE, 2, extra=struct.pack("<HHI", 22, valid_bits, 3) + guid)


@given(st.integers(1_000, 192_000), st.integers(1, 2), st.integers(1, 500))
def test_what_the_wave_module_writes_is_read_back(rate_hz: int, channels: int, blocks: int) -> None:
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(channels)
        out.setsampwidth(2)
        out.setframerate(rate_hz)
        out.writeframes(bytes(blocks * channels * 2))
    whole = file.getvalue()

    found = read_wav(whole[:44], len(whole))

    assert found == Wav(channels, rate_hz, blocks * channels * 2)
    assert found.duration_s == pytest.approx(blocks / rate_hz)


def test_other_chunks_and_the_long_formats_are_read() -> None:
    listed = b"LIST" + struct.pack("<I", 3) + b"abc\0"
    for whole in (wav(fmt(), before=listed), wav(fmt(extra=b"\0\0")), wav(extensible(PCM_GUID))):
        assert read_wav(whole, len(whole)) is not None


@pytest.mark.parametrize(
    "whole",
    [
        wav(fmt(tag=3)),
        wav(fmt(bits=8)),
        wav(fmt(bits=24)),
        wav(fmt(channels=0)),
        wav(fmt(channels=3)),
        wav(fmt(rate_hz=1)),
        wav(fmt(rate_hz=400_000)),
        wav(extensible(FLOAT_GUID)),
        wav(extensible(PCM_GUID, valid_bits=12)),
        wav(fmt(0xFFFE)),
        wav(fmt()[:12]),
        wav(fmt(), data=b""),
        wav(fmt(), data=bytes(641)),
        wav(fmt(), after=b"LIST\0\0\0\0"),
        wav(fmt(), before=b"fmt " + struct.pack("<I", 16) + fmt(channels=2)),
        wav(fmt()).replace(struct.pack("<I", 32_000), struct.pack("<I", 8_000)),
        wav(fmt()) + b"junk",
        wav(fmt())[:-2],
        wav(fmt()).replace(b"data", b"dada"),
        wav(fmt()).replace(b"fmt ", b"fat "),
        wav(fmt()).replace(b"RIFF", b"RIFX"),
        wav(fmt()).replace(b"WAVE", b"AVI "),
        b"",
    ],
)
def test_the_least_doubt_about_a_wav_is_none(whole: bytes) -> None:
    assert read_wav(whole, len(whole)) is None


@given(st.binary(max_size=200), st.integers(0, 2**33))
def test_no_bytes_break_the_readers(head: bytes, size_bytes: int) -> None:
    for prefix in (b"", b"RIFF" + struct.pack("<I", (size_bytes - 8) % 2**32) + b"WAVE", wav(fmt())[:36]):
        read_wav(prefix + head, size_bytes)
    read_mp3_frame(head)
    assert id3v2_bytes(b"ID3" + head) >= 0


@pytest.mark.parametrize("rate_hz", [8_000, 11_025, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000])
@pytest.mark.parametrize("bits_per_s", [32_000, 64_000])
def test_frame_lengths_lead_from_header_to_header(rate_hz: int, bits_per_s: int, tmp_path: Path) -> None:
    options = {"id3v2_version": "0"}
    whole = encode(
        tmp_path / "mp3", "mp3", "libmp3lame", rate_hz, seconds=0.5, bits_per_s=bits_per_s, options=options
    ).read_bytes()
    at, kinds = 0, set()
    while at < len(whole):
        frame = read_mp3_frame(whole[at : at + 4])
        assert frame is not None
        assert frame.rate_hz == rate_hz
        kinds.add(frame.kind)
        at += frame.size_bytes

    assert at == len(whole)
    assert len(kinds) == 1


@pytest.mark.parametrize(
    "head",
    [
        bytes.fromhex("fffb00c4"),  # free format
        bytes.fromhex("fffbf0c4"),  # no such bit rate
        bytes.fromhex("fffb9cc4"),  # no such sample rate
        bytes.fromhex("fffd90c4"),  # layer II
        bytes.fromhex("ffeb90c4"),  # no such version
        bytes.fromhex("fefb90c4"),  # no sync
        bytes.fromhex("fffb90"),
        b"",
    ],
)
def test_anything_but_a_layer_three_header_is_none(head: bytes) -> None:
    assert read_mp3_frame(head) is None


def test_the_length_of_an_id3v2_tag_is_read() -> None:
    assert id3v2_bytes(b"ID3\x04\0\0\0\0\x02\x01") == 10 + 257
    assert id3v2_bytes(b"ID3\x04\0\x10\0\0\x02\x01") == 20 + 257
    assert id3v2_bytes(b"ID3\x04\0\0\x80\0\x02\x01") == 0
    assert id3v2_bytes(b"TAG") == 0
