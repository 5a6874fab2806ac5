"""Whatever a phone, a browser or Slack makes comes out as speech that the recogniser takes."""

from __future__ import annotations

import asyncio
import stat
import struct
from array import array
from pathlib import Path
from typing import Any

import pytest

from bot.audio.media import Media
from bot.errors import Refusal, Rejected
from tests.audio.samples import TONE_HZ, encode, heard, write_wav
from tests.audio.splitting import only_audio_of, only_segment_of, segments_of

pytestmark = pytest.mark.slow

AMR: dict[str, Any] = {"rate_hz": 8_000, "bits_per_s": 12_200}
CONTAINERS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "m4a": ("ipod", "aac", {}),
    "m4a with lossless audio": ("ipod", "alac", {}),
    "mp4 in fragments": ("mp4", "aac", {"options": {"movflags": "frag_keyframe+empty_moov"}}),
    "3gp": ("3gp", "libopencore_amrnb", AMR),
    "webm": ("webm", "libopus", {}),
    "webm without a duration": ("webm", "libopus", {"options": {"live": "1"}}),
    "mkv": ("matroska", "flac", {}),
    "ogg with opus": ("ogg", "libopus", {}),
    "ogg with vorbis": ("ogg", "vorbis", {"layout": "stereo", "codec_options": {"strict": "experimental"}}),
    "mp2": ("mp2", "mp2", {}),
    "wav, float": ("wav", "pcm_f32le", {}),
    "wav, 24 bit": ("wav", "pcm_s24le", {}),
    "wav, 8 bit": ("wav", "pcm_u8", {}),
    "wav, A-law": ("wav", "pcm_alaw", {"rate_hz": 8_000}),
    "wav, mu-law": ("wav", "pcm_mulaw", {"rate_hz": 8_000}),
    "wav, ADPCM": ("wav", "adpcm_ima_wav", {}),
    "wav, G.722 under a tag that is no ASCII": ("wav", "g722", {"rate_hz": 16_000}),
    "wav, FLAC under a tag that is no ASCII": ("wav", "flac", {}),
    "flac": ("flac", "flac", {}),
    "flac, 5.1": ("flac", "flac", {"layout": "5.1"}),
    "amr": ("amr", "libopencore_amrnb", AMR),
    "wma": ("asf", "wmav2", {"rate_hz": 44_100}),
    "aac": ("adts", "aac", {}),
    "aiff": ("aiff", "pcm_s16be", {}),
    "caf": ("caf", "alac", {}),
    "mp4 with ac3": ("mp4", "ac3", {}),
    "ac3": ("ac3", "ac3", {}),
    "eac3": ("eac3", "eac3", {}),
    "avi with mp3": ("avi", "libmp3lame", {}),
    "avi with pcm": ("avi", "pcm_s16le", {}),
    "transport stream with aac": ("mpegts", "aac", {}),
    "transport stream with aac in LATM": ("mpegts", "aac", {"options": {"mpegts_flags": "latm"}}),
    "transport stream with mp2": ("mpegts", "mp2", {}),
    "program stream with mp2": ("mpeg", "mp2", {}),
    "program stream of a DVD": ("vob", "ac3", {}),
    "program stream with pcm": ("vob", "pcm_s16be", {}),
    "flv with aac": ("flv", "aac", {}),
    "flv with mp3": ("flv", "libmp3lame", {"rate_hz": 44_100}),
    "flv with Nellymoser": ("flv", "nellymoser", {"rate_hz": 22_050}),
    "flv with ADPCM": ("flv", "adpcm_swf", {"rate_hz": 22_050}),
    "au": ("au", "pcm_s16be", {}),
    "au, mu-law": ("au", "pcm_mulaw", {"rate_hz": 8_000}),
    "w64": ("w64", "pcm_s16le", {}),
    "voc": ("voc", "pcm_s16le", {}),
    "wv": ("wv", "wavpack", {}),
    "tta": ("tta", "tta", {}),
    "wav, G.722": ("wav", "g722", {"rate_hz": 16_000}),
    "wav, G.723.1": ("wav", "g723_1", {"rate_hz": 8_000, "bits_per_s": 6_300}),
    "wav, G.726": ("wav", "g726", {"rate_hz": 8_000, "bits_per_s": 32_000}),
    "wav, Yamaha ADPCM": ("wav", "adpcm_yamaha", {}),
    "mkv with WavPack": ("matroska", "wavpack", {}),
    "mkv with TTA": ("matroska", "tta", {}),
    "mp3 of 44.1 kHz with a tag in Latin-1": (
        "mp3",
        "libmp3lame",
        {"rate_hz": 44_100, "metadata": {"title": "caf\xe9"}, "options": {"write_id3v1": "1"}},
    ),
}
FILMS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "mp4": ("mp4", "aac", {"video": "libx264"}),
    "mov": ("mov", "pcm_s16le", {"video": "mpeg4"}),
    "webm": ("webm", "libopus", {"video": "libvpx"}),
    "avi": ("avi", "libmp3lame", {"video": "mpeg4"}),
    "transport stream": ("mpegts", "aac", {"video": "libx264"}),
    "program stream": ("mpeg", "mp2", {"video": "mpeg2video"}),
    "flv": ("flv", "aac", {"video": "flv"}),
}


def make(path: Path, kind: tuple[str, str, dict[str, Any]]) -> Path:
    container, codec, settings = kind
    return encode(path, container, codec, **settings)


@pytest.mark.parametrize("kind", CONTAINERS.values(), ids=CONTAINERS)
async def test_every_container_comes_out_as_the_tone_that_went_in(
    kind: tuple[str, str, dict[str, Any]], tmp_path: Path, workspace: Path, media: Media
) -> None:
    prepared = await only_audio_of(media, make(tmp_path / "source", kind), workspace)

    assert prepared.mime == "audio/mpeg"
    assert prepared.duration_s == pytest.approx(2.0, abs=0.06)
    assert not prepared.has_video
    assert prepared.size_bytes == prepared.path.stat().st_size
    seconds, hz = heard(prepared.path)
    assert seconds == pytest.approx(prepared.duration_s, abs=0.15)
    assert hz == pytest.approx(TONE_HZ, rel=0.02)


async def test_wide_band_amr_is_taken(tmp_path: Path, workspace: Path, media: Media) -> None:
    source = tmp_path / "source"
    source.write_bytes(
        b"#!AMR-WB\n" + b"\x7c" * 100
    )  # frames of 20 ms that say "no data"; nothing encodes it

    segment = await only_segment_of(media, source, workspace)

    assert segment.span.duration_ms == pytest.approx(2_000, abs=10)


async def test_aac_in_wav_is_taken_where_its_frames_can_be_told_apart(
    tmp_path: Path, workspace: Path, media: Media
) -> None:
    frames = encode(tmp_path / "aac", "adts", "aac").read_bytes()
    fmt = struct.pack("<HHIIHHH", 0x00FF, 1, 48_000, 8_000, 1, 16, 0)
    source = tmp_path / "source"
    chunks = b"fmt " + struct.pack("<I", len(fmt)) + fmt + b"data" + struct.pack("<I", len(frames)) + frames
    source.write_bytes(b"RIFF" + struct.pack("<I", len(chunks) + 4) + b"WAVE" + chunks)

    prepared = await only_audio_of(media, source, workspace)

    assert prepared.duration_s == pytest.approx(2.0, abs=0.06)
    assert heard(prepared.path)[1] == pytest.approx(TONE_HZ, rel=0.02)


@pytest.mark.parametrize("kind", FILMS.values(), ids=FILMS)
async def test_a_film_is_heard_and_called_a_film(
    kind: tuple[str, str, dict[str, Any]], tmp_path: Path, workspace: Path, media: Media
) -> None:
    prepared = await only_audio_of(media, make(tmp_path / "source", kind), workspace)

    assert prepared.has_video
    assert heard(prepared.path)[1] == pytest.approx(TONE_HZ, rel=0.02)


async def test_a_track_that_begins_late_hinders_nothing(
    tmp_path: Path, workspace: Path, media: Media
) -> None:
    source = encode(tmp_path / "source", "flv", "nellymoser", 22_050, seconds=30.0)
    picture = b"\x12" + bytes(30)
    tag = b"\x09" + struct.pack(">I", len(picture))[1:] + struct.pack(">I", 30_000)[1:] + bytes(4) + picture
    source.write_bytes(source.read_bytes() + tag + struct.pack(">I", len(tag)))

    prepared = await only_audio_of(media, source, workspace)

    assert prepared.duration_s == pytest.approx(30.0, abs=0.1)


async def test_what_is_made_is_small_private_and_in_the_workspace(
    tmp_path: Path, workspace: Path, media: Media
) -> None:
    source = encode(tmp_path / "source", "ipod", "aac")

    prepared = await only_audio_of(media, source, workspace)

    assert prepared.path.parent == workspace
    assert stat.S_IMODE(prepared.path.stat().st_mode) == 0o600
    assert prepared.size_bytes == pytest.approx(2.0 * 8_000, rel=0.1)


async def test_a_second_attempt_replaces_the_first(workspace: Path, media: Media) -> None:
    source = encode(workspace / "source", "ipod", "aac")

    first = await only_audio_of(media, source, workspace)

    assert await only_audio_of(media, source, workspace) == first


@pytest.mark.parametrize("name", ["clip.txt", "http:x", "concat:a|b", "%d.wav", "-i", "ü 音.m3u8"])
async def test_the_name_does_not_matter(name: str, tmp_path: Path, workspace: Path, media: Media) -> None:
    prepared = await only_audio_of(media, encode(tmp_path / name, "ipod", "aac"), workspace)

    assert prepared.duration_s == pytest.approx(2.0, abs=0.06)


@pytest.mark.parametrize(("container", "codec"), [("mp4", "aac"), ("flac", "flac"), ("mp3", "libmp3lame")])
async def test_cover_art_is_no_film(
    container: str, codec: str, tmp_path: Path, workspace: Path, media: Media
) -> None:
    source = encode(tmp_path / "source", container, codec, video="mjpeg", cover=True)

    prepared = await only_audio_of(media, source, workspace)

    assert not prepared.has_video
    assert heard(prepared.path)[1] == pytest.approx(TONE_HZ, rel=0.02)


async def test_the_longest_recording_passes_and_more_does_not(tmp_path: Path, workspace: Path) -> None:
    def silence(seconds: float) -> Path:
        return write_wav(tmp_path / str(seconds), array("h", bytes(int(seconds * 16_000))), 8_000)

    media = Media(children=2, most_minutes=5)
    whole, over = silence(300.9), silence(301.1)
    kept, refused = await asyncio.gather(
        segments_of(media, whole, workspace), segments_of(media, over, workspace), return_exceptions=True
    )

    assert not isinstance(kept, BaseException)
    assert kept[-1].span.end_ms == 300_900
    assert isinstance(refused, Rejected)
    assert refused.reason is Refusal.TOO_LONG
    assert refused.limit == 5
