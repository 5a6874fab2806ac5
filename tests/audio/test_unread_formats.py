"""Names for what plays elsewhere and is not read here."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.audio.child.decode import DECODERS
from bot.audio.unread_formats import CODECS, unread_format
from tests.audio.samples import encode

BEGINNINGS = {
    "DSS": b"\x02dss\0\0",
    "DS2": b"\x03ds2\0\0",
    "SILK": b"\x02#!SILK_V3",
    "AMR with several channels": b"#!AMR_MC1.0\n",
    "MIDI": b"MThd\0\0\0\x06",
    "QCP": b"RIFF\n\n\n\nQLCMfmt ",
    "RealMedia": b".RMF\0\0\0\x12",
    "Monkey's Audio": b"MAC \x96\x0f",
    "Musepack": b"MP+\x17",
    "Audible": b"\0\n\n\n\x57\x90\x75\x36",
}


@pytest.mark.parametrize(("name", "head"), BEGINNINGS.items(), ids=BEGINNINGS)
def test_a_format_is_known_by_its_first_bytes(name: str, head: bytes) -> None:
    assert unread_format(head + bytes(100)) == name
    assert unread_format(b" " + head) is None


@pytest.mark.parametrize("head", [b"", b"RIFF", b"RIFF\0\0\0\0WAVEfmt ", b"MP3", b"Dear all", bytes(100)])
def test_other_bytes_have_no_name(head: bytes) -> None:
    assert unread_format(head) is None


@pytest.mark.parametrize(
    ("container", "codec"),
    [
        ("ipod", "aac"),
        ("mp3", "mp3"),
        ("mpegts", "aac"),
        ("avi", "mp3"),
        ("ogg", "libopus"),
        ("flac", "flac"),
    ],
)
def test_what_is_read_is_not_named(container: str, codec: str, tmp_path: Path) -> None:
    source = encode(tmp_path / "source", container, codec, seconds=0.2)

    assert unread_format(source.read_bytes()) is None


def test_no_codec_that_is_decoded_is_named() -> None:
    assert not CODECS.keys() & set(DECODERS.split(","))
