from __future__ import annotations

import contextlib
import struct
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.playground.dashscope_lookalike.sound import measure
from bot.whisper.heard import NotThatSoundError

MakeWav = Callable[..., bytes]


def test_length_of_wav(wav: MakeWav) -> None:
    assert measure("audio/wav", wav(1.5)) == pytest.approx(1.5)


def test_chunks_after_the_data_do_not_count(wav: MakeWav) -> None:
    assert measure("audio/wav", wav(1.5, tail=b"LIST" + struct.pack("<I", 4) + b"INFO")) == pytest.approx(1.5)


def test_length_of_mp3(mp3: bytes) -> None:
    # The encoder adds a frame of information and its delay.
    assert measure("audio/mpeg", mp3) == pytest.approx(1.0, abs=0.2)


def test_tags_around_mp3_do_not_count(mp3: bytes) -> None:
    id3v2 = b"ID3\x04\x00\x00\x00\x00\x01\x00" + bytes(128)
    tagged = id3v2 + mp3[mp3.index(b"\xff\xf3") :] + b"TAG" + bytes(125)
    assert measure("audio/mpeg", tagged) == measure("audio/mpeg", mp3)


def test_mpeg_1_frames() -> None:
    frame = bytes.fromhex("fffb9064") + bytes(413)
    assert measure("audio/mpeg", frame * 100) == pytest.approx(100 * 1152 / 44100)


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[:-2],
        lambda data: data + b"\0\0",
        lambda data: b"RIFX" + data[4:],
        lambda data: data[:4] + b"\xff\xff\xff\xff" + data[8:],
        lambda data: data[:40] + b"\xff\xff\xff\xff" + data[44:],
        lambda data: data[:40] + b"\0\0\0\0" + data[44:],
        lambda data: data[:20] + b"\x03\x00" + data[22:],
        lambda data: data[:34] + b"\x0c\x00" + data[36:],
        lambda _: b"",
    ],
    ids=["cut", "longer", "rifx", "riff-stream", "data-stream", "no-data", "float", "12-bit", "empty"],
)
def test_damaged_wav(wav: MakeWav, damage: Callable[[bytes], bytes]) -> None:
    with pytest.raises(NotThatSoundError):
        measure("audio/wav", damage(wav()))


@pytest.mark.parametrize("mime", ["audio/wav", "audio/mpeg"])
def test_each_is_not_the_other(wav: MakeWav, mp3: bytes, mime: str) -> None:
    with pytest.raises(NotThatSoundError):
        measure(mime, mp3 if mime == "audio/wav" else wav())


def test_gap_between_mp3_frames(mp3: bytes) -> None:
    middle = mp3.index(b"\xff\xf3", len(mp3) // 2)
    with pytest.raises(NotThatSoundError):
        measure("audio/mpeg", mp3[:middle] + b"gap" + mp3[middle:])


@given(st.binary(max_size=200), st.sampled_from(["", "52494646", "fffb9064", "49443304"]))
def test_anything_else_is_refused_and_never_breaks(junk: bytes, start: str) -> None:
    for mime in ("audio/wav", "audio/mpeg"):
        with contextlib.suppress(NotThatSoundError):
            assert measure(mime, bytes.fromhex(start) + junk) > 0
