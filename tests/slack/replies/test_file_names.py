"""Files are named after the recording, whatever somebody has called it."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack.replies.file_names import transcript_file_names
from bot.translations import ENGLISH, Reader

TS = "1796047537.000100"
"""14:05 on 30 November 2026, in UTC."""


def named(name: str, ts: str = TS, reader: Reader = ENGLISH) -> str:
    """The text file's name without its extension."""
    text, srt, vtt = transcript_file_names(reader, name, ts)
    stem = text.removesuffix(".txt")
    assert (text, srt, vtt) == (f"{stem}.txt", f"{stem}.srt", f"{stem}.vtt")
    return stem


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("Weekly sync.m4a", "Weekly sync"),
        ("Weekly sync.M4A", "Weekly sync"),
        ("Weekly sync", "Weekly sync"),
        ("2026.11.30", "2026.11.30"),
        ("notes.tar.gz", "notes.tar.gz"),
        ("a.mp3.mp4", "a.mp3"),
        ("Audio clip (2026-11-30 14:05).m4a", "Audio clip (2026-11-30 14-05)"),
        ("週次ミーティング.m4a", "週次ミーティング"),
        ("פגישה.m4a", "פגישה"),
        ("می‌روم.m4a", "می‌روم"),
        ("👩‍💻.m4a", "👩‍💻"),
        ("Cafe\u0301.m4a", "Café"),
        ("What now?.m4a", "What now"),
    ],
)
def test_a_file_is_called_as_its_recording(name: str, stem: str) -> None:
    assert named(name) == stem


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("../../etc/passwd.m4a", "etc-passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("C:\\a.m4a", "C--a"),
        ("-rf.m4a", "rf"),
        (".bashrc.m4a", "bashrc"),
        ("~root.m4a", "root"),
        ("a\x00b\x1b[31m\r\nc\t d.m4a", "ab[31m c d"),
        ("sync\u202e4pm.txt", "sync4pm.txt"),
        ("a\u2066b\u200fc\ufeffd\ud800e.wav", "abcde"),
        ("a\u2028b\u3000c.wav", "a b c"),
        ('<"a"|*?>.wav', "a-"),
        ("end. . .m4a", "end"),
        ("CON.m4a", "_CON"),
        ("com1.notes.mp3", "_com1.notes"),
        ("LPT³", "_LPT³"),
        ("nul .txt", "_nul .txt"),
        ("Contract.m4a", "Contract"),
        ("transcript-F024OTHER.m4a", "transcript F024OTHER"),
        ("transcript-F024OTHER-v2", "transcript F024OTHER-v2"),
        ("-transcript-F024OTHER.txt", "transcript F024OTHER.txt"),
    ],
)
def test_a_hostile_name_is_tamed(name: str, stem: str) -> None:
    assert named(name) == stem


@pytest.mark.parametrize(
    "name", ["audio_message.m4a", "audio_message.webm", "Audio message", "audio_message"]
)
def test_a_voice_clip_is_named_after_its_minute(name: str) -> None:
    assert named(name) == "Voice message 2026-11-30 14.05 UTC"


@pytest.mark.parametrize(
    "name", ["", ".m4a", "...", "- -.wav", "\u202e\x00", "\u200d\u200c", "video_message.mp4"]
)
def test_what_has_no_name_is_a_recording_of_its_minute(name: str) -> None:
    assert named(name) == "Recording 2026-11-30 14.05 UTC"


def test_who_reads_german_gets_german_names() -> None:
    german = Reader.of("de")

    assert named("audio_message.m4a", reader=german) == "Sprachnachricht 2026-11-30 14.05 UTC"
    assert named("", reader=german) == "Aufnahme 2026-11-30 14.05 UTC"


@pytest.mark.parametrize("ts", ["", "x", "nan", "inf", "1e300"])
def test_an_odd_time_is_left_out(ts: str) -> None:
    assert named("", ts) == "Recording"


@pytest.mark.parametrize("character", ["a", "é", "語", "😀", "e\u0301\u0323"])
def test_a_long_name_is_cut_between_characters(character: str) -> None:
    stem = named(character * 255)

    assert 170 <= len(stem.encode()) <= 180
    assert unicodedata.normalize("NFC", character * 255).startswith(stem)


@given(st.text(max_size=255))
def test_every_file_system_takes_every_name(name: str) -> None:
    for made in transcript_file_names(ENGLISH, name, TS):
        assert made == made.strip()
        assert 5 <= len(made.encode()) <= 190
        assert not set(made) & set('/\\:*?"<>|')
        assert made[0] not in ".-~"
        assert made.isprintable() or set("\u200c\u200d") & set(made)
        assert not made.startswith("transcript-")
        assert ".." not in made[-5:]
