"""Only a flawless MP3 and a plain small WAV go out as they are."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot.audio.media import Media
from tests.audio.samples import encode, tone, write_wav
from tests.audio.splitting import only_audio_of

GOOD: dict[str, dict[str, Any]] = {
    "16 kHz": {"rate_hz": 16_000},
    "44.1 kHz, stereo": {"rate_hz": 44_100, "layout": "stereo"},
    "variable bit rate": {
        "rate_hz": 44_100,
        "codec_options": {"global_quality": "600", "flags": "+qscale"},
    },
    "no tags, no Xing header": {"options": {"write_xing": "0", "id3v2_version": "0"}},
    "ID3v1 behind": {"metadata": {"title": "t"}, "options": {"write_id3v1": "1"}},
}


@pytest.fixture
def mp3(tmp_path: Path) -> bytes:
    return encode(tmp_path / "mp3", "mp3", "libmp3lame", 16_000).read_bytes()


@pytest.mark.parametrize("settings", GOOD.values(), ids=GOOD)
async def test_a_flawless_mp3_goes_out_as_it_is(
    settings: dict[str, Any], tmp_path: Path, workspace: Path, media: Media
) -> None:
    source = encode(tmp_path / "source", "mp3", "libmp3lame", **settings)

    prepared = await only_audio_of(media, source, workspace)

    assert prepared.path == source
    assert prepared.mime == "audio/mpeg"
    assert prepared.size_bytes == source.stat().st_size
    assert prepared.duration_s == pytest.approx(2.0, abs=0.1)


def frames_later(mp3: bytes, tag: bytes) -> bytes:
    """What promises that the Xing header's frame count is another."""
    at = mp3.index(tag) + 8
    return mp3[:at] + (int.from_bytes(mp3[at : at + 4], "big") * 100).to_bytes(4, "big") + mp3[at + 4 :]


JUNK = random.Random(7).randbytes(3_000)
FLAWS: dict[str, Callable[[bytes], bytes]] = {
    "junk before": lambda mp3: b"hello\n" * 20 + mp3,
    "junk between frames": lambda mp3: mp3[:8_000] + JUNK + mp3[8_000:],
    "zeros between frames": lambda mp3: mp3[:-2_880] + bytes(100) + mp3[-2_880:],
    "junk behind": lambda mp3: mp3 + JUNK,
    "zeros behind": lambda mp3: mp3 + bytes(500),
    "a cut last frame": lambda mp3: mp3[:-100],
    "another MP3 glued behind": lambda mp3: mp3 + mp3,
    "a WAV glued behind": lambda mp3: mp3 + b"RIFF\0\0\0\0WAVEfmt " + bytes(200),
    "a broken frame": lambda mp3: mp3[:8_010] + bytes(200) + mp3[8_210:],
    "a Xing header that lies": lambda mp3: frames_later(mp3, b"Info"),
    "no ID3v1 behind": lambda mp3: mp3 + b"TAX" + bytes(125),
    "a tag that claims too much": lambda mp3: b"ID3\x04\0\0\0\0\x01\0" + mp3,
}


@pytest.mark.parametrize("flaw", FLAWS.values(), ids=FLAWS)
async def test_an_mp3_with_a_flaw_is_converted(
    flaw: Callable[[bytes], bytes], mp3: bytes, tmp_path: Path, workspace: Path, media: Media
) -> None:
    source = tmp_path / "source"
    source.write_bytes(flaw(mp3))

    prepared = await only_audio_of(media, source, workspace)

    assert prepared.path != source
    assert prepared.duration_s > 1


async def test_a_change_of_rate_on_the_way_is_converted(
    mp3: bytes, tmp_path: Path, workspace: Path, media: Media
) -> None:
    options = {"id3v2_version": "0", "write_xing": "0"}
    other = encode(tmp_path / "other", "mp3", "libmp3lame", 44_100, options=options).read_bytes()
    source = tmp_path / "source"
    source.write_bytes(mp3 + other)

    prepared = await only_audio_of(media, source, workspace)

    assert prepared.path != source
    assert prepared.duration_s == pytest.approx(4, abs=0.3)


async def test_a_small_wav_goes_out_as_it_is_without_a_child(tmp_path: Path, workspace: Path) -> None:
    source = write_wav(tmp_path / "source", tone(1.0, 16_000))
    no_child_may_start = Media(children=0)

    prepared = await only_audio_of(no_child_may_start, source, workspace)

    assert (prepared.path, prepared.mime, prepared.duration_s) == (source, "audio/wav", 1.0)
    assert prepared.size_bytes == source.stat().st_size


async def test_a_big_wav_is_made_smaller(tmp_path: Path, workspace: Path, media: Media) -> None:
    source = write_wav(tmp_path / "source", tone(15.0, 48_000), 48_000)

    prepared = await only_audio_of(media, source, workspace)

    assert prepared.mime == "audio/mpeg"
    assert prepared.size_bytes < source.stat().st_size / 4
