"""A recording that breaks off says so; one that lacks its end mark does not. Chains are read to their end."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot.audio.media import Media
from tests.audio.muxing import Track, mux, wav_of_channels
from tests.audio.samples import encode, tone
from tests.audio.splitting import only_segment_of, segments_of

pytestmark = pytest.mark.slow

SECONDS = 20.0
KINDS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "m4a": ("ipod", "aac", {"options": {"movflags": "faststart"}}),
    "mp4 in fragments": ("mp4", "aac", {"options": {"movflags": "frag_keyframe+empty_moov"}}),
    "webm": ("webm", "libopus", {}),
    "mkv": ("matroska", "aac", {}),
    "ogg": ("ogg", "libopus", {}),
    "wav": ("wav", "pcm_s24le", {}),
    "flac": ("flac", "flac", {}),
    "aiff": ("aiff", "pcm_s16be", {}),
    "caf": ("caf", "pcm_s16be", {}),
    "mp3": ("mp3", "libmp3lame", {"metadata": {"title": "a title"}}),
    "mp3, 22 kHz, stereo": ("mp3", "libmp3lame", {"rate_hz": 22_050, "layout": "stereo"}),
}


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
async def test_a_file_that_breaks_off_says_so(
    kind: tuple[str, str, dict[str, Any]], tmp_path: Path, workspace: Path, media: Media
) -> None:
    container, codec, settings = kind
    source = encode(tmp_path / "source", container, codec, seconds=SECONDS, **settings)
    whole = await only_segment_of(media, source, workspace)
    data = source.read_bytes()
    source.write_bytes(data[: len(data) * 6 // 10])

    cut = await only_segment_of(media, source, workspace)

    assert not whole.breaks_off
    assert cut.breaks_off
    assert cut.span.end_ms == pytest.approx(12_000, abs=2_000)


async def test_only_the_last_segment_says_so(tmp_path: Path, workspace: Path, media: Media) -> None:
    source = encode(tmp_path / "source", "webm", "libopus", seconds=400.0)
    data = source.read_bytes()
    source.write_bytes(data[: len(data) * 6 // 10])

    segments = await segments_of(media, source, workspace)

    assert [segment.breaks_off for segment in segments] == [False] * (len(segments) - 1) + [True]


async def test_a_live_recording_without_a_duration_is_whole_as_far_as_anybody_can_tell(
    tmp_path: Path, workspace: Path, media: Media
) -> None:
    source = encode(tmp_path / "source", "webm", "libopus", seconds=4.0, options={"live": "1"})

    assert not (await only_segment_of(media, source, workspace)).breaks_off


@pytest.mark.parametrize("data_bytes", [0, 1_000, 0x7FFF_FFFF, 0xFFFF_FFFF, 0x8000_0000])
async def test_a_wav_whose_header_was_never_finished_is_whole(
    data_bytes: int, tmp_path: Path, workspace: Path, media: Media
) -> None:
    source = wav_of_channels(tmp_path / "source", [tone(4.0, 16_000)])
    data = bytearray(source.read_bytes())
    struct.pack_into("<I", data, 40, data_bytes)
    struct.pack_into("<I", data, 4, min(data_bytes + 36, 0xFFFF_FFFF))
    source.write_bytes(data)

    segment = await only_segment_of(media, source, workspace)

    assert not segment.breaks_off


async def test_a_caf_whose_header_was_never_finished_is_whole(
    tmp_path: Path, workspace: Path, media: Media
) -> None:
    source = encode(tmp_path / "source", "caf", "pcm_s16be", seconds=4.0)
    data = bytearray(source.read_bytes())
    at = data.index(b"data") + 4
    data[at : at + 8] = b"\xff" * 8
    source.write_bytes(data)

    assert not (await only_segment_of(media, source, workspace)).breaks_off


@pytest.mark.parametrize(
    "change",
    [
        lambda mp3: mp3[: len(mp3) // 2].replace(b"Info", b"Nope"),
        lambda mp3: mp3 + mp3,
        lambda mp3: mp3 + b"TAG" + bytes(125),
        lambda mp3: mp3[:-500],
    ],
    ids=["no word of its size", "another behind", "a tag behind", "a frame less"],
)
async def test_an_mp3_that_says_nothing_of_more_is_whole(
    change: Callable[[bytes], bytes], tmp_path: Path, workspace: Path, media: Media
) -> None:
    source = encode(tmp_path / "source", "mp3", "libmp3lame", seconds=SECONDS)
    source.write_bytes(change(source.read_bytes()))

    assert not (await segments_of(media, source, workspace))[-1].breaks_off


@pytest.mark.parametrize("container", ["mp4", "matroska"])
async def test_a_film_that_goes_on_without_sound_is_whole(
    container: str, tmp_path: Path, workspace: Path, media: Media
) -> None:
    source = mux(tmp_path / "source", container, [Track(tone(3.0, 48_000))], film_s=12.0)

    assert not (await only_segment_of(media, source, workspace)).breaks_off


async def test_a_last_frame_that_lasts_is_whole(tmp_path: Path, workspace: Path, media: Media) -> None:
    track = Track(tone(4.0, 48_000), moved=lambda at_s: at_s + 9 if at_s > 3.98 else at_s)
    source = mux(tmp_path / "source", "mp4", [track])

    assert not (await only_segment_of(media, source, workspace)).breaks_off


async def test_a_file_of_which_nothing_decodes_to_the_end_breaks_off(
    tmp_path: Path, workspace: Path, media: Media
) -> None:
    source = encode(tmp_path / "source", "matroska", "flac", 8_000, seconds=SECONDS, tones_hz=(0,))
    data = bytearray(source.read_bytes())
    packets = [at for at in range(len(data)) if data[at : at + 2] == b"\xff\xf8"]
    for at in packets[len(packets) * 6 // 10 :]:
        data[at : at + 2] = bytes(2)
    source.write_bytes(data)

    segment = await only_segment_of(media, source, workspace)

    assert segment.breaks_off
    assert segment.span.end_ms == pytest.approx(12_000, abs=1_000)


async def test_a_hole_in_the_middle_is_no_end(tmp_path: Path, workspace: Path, media: Media) -> None:
    data = bytearray(encode(tmp_path / "clip", "adts", "aac", seconds=SECONDS).read_bytes())
    hole = slice(len(data) * 4 // 10, len(data) * 6 // 10)
    data[hole] = random.Random(1).randbytes(hole.stop - hole.start)
    source = tmp_path / "source"
    source.write_bytes(data)

    assert not (await only_segment_of(media, source, workspace)).breaks_off


OGG = ("ogg", "libopus")


def link(path: Path, codec: str, layout: str, rate_hz: int, hz: float) -> bytes:
    options = {"codec_options": {"strict": "experimental"}} if codec == "vorbis" else {}
    made: Any = {"layout": layout, "seconds": 3.0, "tones_hz": (hz,), **options}
    return encode(path, "oga" if codec == "flac" else "ogg", codec, rate_hz, **made).read_bytes()


@pytest.mark.parametrize(
    "links",
    [
        [("libopus", "mono", 48_000), ("libopus", "stereo", 48_000)],
        [("libopus", "stereo", 48_000), ("libopus", "mono", 16_000), ("libopus", "stereo", 48_000)],
        [("libopus", "mono", 48_000), ("libopus", "mono", 48_000)],
        [("vorbis", "stereo", 44_100), ("vorbis", "stereo", 22_050)],
        [("flac", "mono", 44_100), ("flac", "stereo", 48_000)],
        [("libopus", "mono", 48_000), ("vorbis", "stereo", 44_100)],
    ],
)
async def test_a_chain_is_read_on_from_link_to_link(
    links: list[tuple[str, str, int]], tmp_path: Path, workspace: Path, media: Media
) -> None:
    source = tmp_path / "source"
    source.write_bytes(
        b"".join(link(tmp_path / "link", *one, 500.0 + 100 * at) for at, one in enumerate(links))
    )

    segment = await only_segment_of(media, source, workspace)

    assert segment.span.end_ms == pytest.approx(3_000 * len(links), abs=100 * len(links))
    assert segment.audio is not None
    assert not segment.breaks_off


async def test_a_link_that_cannot_be_read_does_not_cost_the_next(
    tmp_path: Path, workspace: Path, media: Media
) -> None:
    one, broken, other = (link(tmp_path / "link", "libopus", "mono", 48_000, 500.0) for _ in range(3))
    source = tmp_path / "source"
    source.write_bytes(one + broken.replace(b"OpusHead", b"OpusHurt") + other)

    assert (await only_segment_of(media, source, workspace)).span.end_ms == pytest.approx(6_000, abs=100)


async def test_a_chain_whose_last_link_breaks_off_says_so(
    tmp_path: Path, workspace: Path, media: Media
) -> None:
    one, other = (link(tmp_path / "link", "libopus", "mono", 48_000, 500.0) for _ in range(2))
    source = tmp_path / "source"
    source.write_bytes(one + other[: len(other) * 8 // 10])

    assert (await only_segment_of(media, source, workspace)).breaks_off
