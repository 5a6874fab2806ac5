"""Every track that a listener would hear is heard; alternatives to it are not."""

from __future__ import annotations

from array import array
from pathlib import Path

import pytest
from av.stream import Disposition

from bot.audio.media import Media
from bot.audio.plan import MOST_TRACKS
from bot.errors import Refusal, Rejected
from bot.recording import Segment
from tests.audio.muxing import Track, blocks_of, level_dbfs, matroska, mux, pauses
from tests.audio.samples import encode, tone
from tests.audio.splitting import only_segment_of, segments_of

pytestmark = pytest.mark.slow

RATE_HZ = 48_000
SILENT = array("h", bytes(2 * 4 * RATE_HZ))
LOW_HZ, HIGH_HZ = 500.0, 1_300.0
LOW, HIGH = tone(4.0, RATE_HZ, LOW_HZ), tone(4.0, RATE_HZ, HIGH_HZ)
THERE_DBFS, GONE_DBFS = -20, -45


def audio_of(segment: Segment) -> Path:
    assert segment.audio is not None
    return segment.audio.path


def hears(segment: Segment, hz: float) -> bool:
    level = level_dbfs(audio_of(segment), hz)
    assert level > THERE_DBFS or level < GONE_DBFS
    return level > THERE_DBFS


def starts_s(segment: Segment) -> list[float]:
    return [sound.start_ms / 1_000 for sound in segment.sounds]


@pytest.mark.parametrize("container", ["mp4", "matroska", "mov"])
async def test_a_silent_first_track_does_not_hide_the_second(
    container: str, tmp_path: Path, workspace: Path, media: Media
) -> None:
    source = mux(tmp_path / "source", container, [Track(SILENT), Track(LOW)])

    segment = await only_segment_of(media, source, workspace)

    assert hears(segment, LOW_HZ)
    assert segment.tracks == 1


@pytest.mark.parametrize("container", ["mp4", "matroska"])
async def test_two_speakers_with_a_track_each_are_both_heard_each_at_their_time(
    container: str, tmp_path: Path, workspace: Path, media: Media
) -> None:
    one = Track(pauses((0.0, 2.0, LOW_HZ)), disposition=Disposition.default)
    other = Track(pauses((5.0, 8.0, HIGH_HZ)), disposition=Disposition.default)
    source = mux(tmp_path / "source", container, [one, other])

    segment = await only_segment_of(media, source, workspace)

    assert starts_s(segment) == [pytest.approx(0, abs=0.1), pytest.approx(5, abs=0.1)]
    assert segment.span.end_ms == pytest.approx(8_000, abs=100)
    assert hears(segment, LOW_HZ)
    assert hears(segment, HIGH_HZ)
    assert segment.tracks == 2


async def test_tracks_of_any_codec_rate_and_layout_are_mixed(
    tmp_path: Path, workspace: Path, media: Media
) -> None:
    tracks = [
        Track(tone(4.0, 48_000, 500), "aac", 48_000, "stereo"),
        Track(tone(4.0, 16_000, 1_300), "pcm_s16le", 16_000),
        Track(tone(4.0, 44_100, 2_100), "flac", 44_100),
    ]

    segment = await only_segment_of(media, mux(tmp_path / "source", "matroska", tracks), workspace)

    assert all(hears(segment, hz) for hz in (500, 1_300, 2_100))
    assert segment.tracks == 3


async def test_loud_tracks_do_not_clip(tmp_path: Path, workspace: Path, media: Media) -> None:
    loud = array("h", (sample * 27 // 10 for sample in LOW))
    source = mux(tmp_path / "source", "matroska", [Track(loud, "pcm_s16le"), Track(loud, "pcm_s16le")])

    segment = await only_segment_of(media, source, workspace)

    assert level_dbfs(audio_of(segment), LOW_HZ, 1, 3) == pytest.approx(0, abs=1)
    assert level_dbfs(audio_of(segment), 3 * LOW_HZ, 1, 3) < -25, "a clipped sine has overtones"


@pytest.mark.parametrize(
    "other",
    [
        Track(HIGH, language="ger"),
        Track(HIGH, language="eng", disposition=Disposition.dub),
        Track(HIGH, language="eng", disposition=Disposition.comment),
        Track(HIGH, language="eng", disposition=Disposition.visual_impaired),
    ],
    ids=["language", "dub", "commentary", "description"],
)
async def test_an_alternative_to_the_default_track_is_left_out(
    other: Track, tmp_path: Path, workspace: Path, media: Media
) -> None:
    default = Track(LOW, language="eng", disposition=Disposition.default)
    source = mux(tmp_path / "source", "matroska", [other, default])

    segment = await only_segment_of(media, source, workspace)

    assert hears(segment, LOW_HZ)
    assert not hears(segment, HIGH_HZ)
    assert segment.tracks == 1


def with_unknown_track(film: bytes) -> bytes:
    """The MP4, with a first track of a codec that nobody decodes."""
    at = film.index(b"mp4a", film.index(b"stsd"))
    return film[:at] + b"apac" + film[at + 4 :].replace(b"esds", b"zzzz", 1)


async def test_a_default_track_without_a_decoder_does_not_hide_the_one_beside_it(
    tmp_path: Path, workspace: Path, media: Media
) -> None:
    default = Track(LOW, disposition=Disposition.default)
    film = mux(tmp_path / "film", "mp4", [default, Track(HIGH)], film_s=4.0).read_bytes()
    source = tmp_path / "source"
    source.write_bytes(with_unknown_track(film))

    segment = await only_segment_of(media, source, workspace)

    assert hears(segment, HIGH_HZ)
    assert not hears(segment, LOW_HZ)


async def test_an_encrypted_track_does_not_hide_the_one_beside_it(
    tmp_path: Path, workspace: Path, media: Media
) -> None:
    film = bytearray(mux(tmp_path / "film", "mp4", [Track(LOW), Track(HIGH)]).read_bytes())
    at = film.index(b"mp4a", film.index(b"stsd"))
    film[at : at + 4] = b"enca"
    source = tmp_path / "source"
    source.write_bytes(film)

    segment = await only_segment_of(media, source, workspace)

    assert hears(segment, HIGH_HZ)
    assert not hears(segment, LOW_HZ)


@pytest.mark.parametrize("late", [0, 1])
async def test_a_track_that_begins_late_or_ends_early_is_mixed_all_the_same(
    late: int, tmp_path: Path, workspace: Path, media: Media
) -> None:
    long = Track(pauses((0.0, 100.0, LOW_HZ)), "pcm_s16le")
    short = Track(tone(2.0, RATE_HZ, HIGH_HZ), "pcm_s16le", moved=lambda at_s: at_s + 96 * late)
    source = mux(tmp_path / "source", "matroska", [long, short])

    segment = await only_segment_of(media, source, workspace)

    assert segment.span.end_ms == pytest.approx(100_000, abs=100)
    for other in (0, 1):
        from_s = 96.0 * other
        assert (level_dbfs(audio_of(segment), HIGH_HZ, from_s, from_s + 2) > THERE_DBFS) is (other == late)


async def test_nothing_is_lost_of_tracks_that_stand_one_behind_the_other(
    tmp_path: Path, workspace: Path, media: Media
) -> None:
    one, other = tone(200.0, 8_000, LOW_HZ), tone(90.0, 8_000, HIGH_HZ)
    source = matroska(tmp_path / "source", [*blocks_of(one), *blocks_of(other, track=2)], tracks=2)

    segments = await segments_of(media, source, workspace)

    heard_s = sum(
        sound.duration_ms / 1_000
        for segment in segments
        for sound in segment.sounds
        if level_dbfs(audio_of(segment), HIGH_HZ) > -30
    )
    assert heard_s >= 90


async def test_more_tracks_than_anybody_records_cost_no_more(tmp_path: Path, media: Media) -> None:
    count = 4 * MOST_TRACKS
    blocks = [block for track in range(1, count + 1) for block in blocks_of(tone(1.0, 8_000), track=track)]
    source = matroska(tmp_path / "source", blocks, tracks=count)

    segment = await only_segment_of(media, source, tmp_path)

    assert segment.tracks == MOST_TRACKS


async def test_a_file_of_which_no_track_can_be_read_is_refused(tmp_path: Path, media: Media) -> None:
    whole = encode(tmp_path / "clip", "ipod", "aac").read_bytes()
    source = tmp_path / "source"
    source.write_bytes(with_unknown_track(whole))

    with pytest.raises(Rejected) as caught:
        await segments_of(media, source, tmp_path)

    assert caught.value.reason is Refusal.FORMAT_NOT_READ
    assert caught.value.detail == "unknown"
