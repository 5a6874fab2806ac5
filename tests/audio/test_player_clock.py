"""Times are those of a player: what a container's clock skips is silence."""

from __future__ import annotations

from collections.abc import Callable
from itertools import cycle
from pathlib import Path

import pytest

from bot.audio.media import Media
from bot.recording import Segment, Span
from tests.audio.muxing import Track, blocks_of, matroska, mux, pauses
from tests.audio.samples import encode, tone
from tests.audio.splitting import only_segment_of, segments_of

pytestmark = pytest.mark.slow

RATE_HZ = 48_000


def sounds_s(segments: list[Segment]) -> list[tuple[float, float]]:
    return [
        (sound.start_ms / 1_000, sound.end_ms / 1_000) for segment in segments for sound in segment.sounds
    ]


def moved_from(start_s: float, by_s: float) -> Callable[[float], float]:
    return lambda at_s: at_s + by_s if at_s >= start_s else at_s


def near(*spans_s: tuple[float, float]) -> list[object]:
    return [(pytest.approx(start_s, abs=0.15), pytest.approx(end_s, abs=0.15)) for start_s, end_s in spans_s]


@pytest.mark.parametrize(
    ("container", "codec", "options"),
    [
        ("mp4", "aac", {}),
        ("webm", "libopus", {}),
        ("webm", "libopus", {"live": "1"}),
        ("matroska", "aac", {}),
        ("matroska", "pcm_s16le", {}),
        ("mp4", "aac", {"movflags": "frag_keyframe+empty_moov"}),
    ],
)
async def test_a_pause_of_the_recorder_is_silence(
    container: str, codec: str, options: dict[str, str], tmp_path: Path, workspace: Path, media: Media
) -> None:
    track = Track(tone(6.0, RATE_HZ), codec, moved=moved_from(2.0, 60.0))

    segments = await segments_of(
        media, mux(tmp_path / "source", container, [track], options=options), workspace
    )

    assert sounds_s(segments) == near((0, 2), (62, 66))
    assert segments[-1].span.end_ms == pytest.approx(66_000, abs=100)


@pytest.mark.parametrize(("container", "codec"), [("mp4", "aac"), ("matroska", "libopus")])
async def test_sound_that_begins_late_in_a_film_is_late(
    container: str, codec: str, tmp_path: Path, workspace: Path, media: Media
) -> None:
    track = Track(tone(3.0, RATE_HZ), codec, moved=moved_from(-1.0, 30.0))

    segment = await only_segment_of(
        media, mux(tmp_path / "source", container, [track], film_s=34.0), workspace
    )

    assert sounds_s([segment]) == near((30, 33))


async def test_a_clock_that_begins_anywhere_counts_from_there(
    tmp_path: Path, workspace: Path, media: Media
) -> None:
    track = Track(tone(3.0, RATE_HZ), "libopus", moved=moved_from(-1.0, 3_000.0))

    segment = await only_segment_of(media, mux(tmp_path / "source", "matroska", [track]), workspace)

    assert sounds_s([segment]) == near((0, 3))


async def test_a_jump_backwards_is_ignored_and_later_pauses_are_not(
    tmp_path: Path, workspace: Path, media: Media
) -> None:
    def moved(at_s: float) -> float:
        return at_s + 100 if at_s < 2 else at_s if at_s < 4 else at_s + 10

    blocks = [(track, moved(at_s), block) for track, at_s, block in blocks_of(tone(6.0, 8_000))]

    segments = await segments_of(media, matroska(tmp_path / "source", blocks), workspace)

    assert sounds_s(segments) == near((0, 4), (14, 16))


@pytest.mark.parametrize("jitter_s", [0.004, 0.04])
async def test_a_jittery_clock_makes_no_pause(
    jitter_s: float, tmp_path: Path, workspace: Path, media: Media
) -> None:
    jitters = cycle((0.0, jitter_s, -jitter_s, jitter_s / 2, -jitter_s / 2))
    blocks = [
        (track, max(at_s + jitter, 0), block)
        for (track, at_s, block), jitter in zip(blocks_of(tone(6.0, 8_000)), jitters, strict=False)
    ]

    segment = await only_segment_of(media, matroska(tmp_path / "source", blocks), workspace)

    assert segment.span == Span(0, 6_000)


async def test_opus_that_is_not_sent_in_silence_keeps_its_times(
    tmp_path: Path, workspace: Path, media: Media
) -> None:
    def moved(at_s: float) -> float | None:
        return at_s if not 2.5 < at_s < 32 or round(at_s * 50) % 20 == 0 else None

    track = Track(pauses((0.0, 2.0, 500.0), (33.0, 35.0, 500.0)), "libopus", moved=moved)

    segments = await segments_of(media, mux(tmp_path / "source", "webm", [track]), workspace)

    assert sounds_s(segments) == near((0, 2), (33, 35))


async def test_a_pause_beyond_the_end_that_the_file_claims_is_a_lie(
    tmp_path: Path, workspace: Path, media: Media
) -> None:
    moved = moved_from(1.0, 7_000.0)
    blocks = [(track, moved(at_s), block) for track, at_s, block in blocks_of(tone(3.0, 8_000))]
    source = matroska(tmp_path / "source", blocks, claim_s=3.0)

    segment = await only_segment_of(media, source, workspace)

    assert segment.span == Span(0, 3_000)


async def test_a_pause_beyond_the_longest_recording_is_a_lie(tmp_path: Path, workspace: Path) -> None:
    track = Track(tone(3.0, RATE_HZ), "libopus", moved=moved_from(1.0, 7_000.0))
    source = mux(tmp_path / "source", "webm", [track], options={"live": "1"})

    segment = await only_segment_of(Media(most_minutes=60), source, workspace)

    assert sounds_s([segment]) == near((0, 3))


DRIFTLESS = [
    ("mp4", "aac", 44_100),
    ("mp4", "aac", 16_000),
    ("webm", "libopus", 48_000),
    ("matroska", "libmp3lame", 44_100),
    ("ogg", "libopus", 48_000),
    ("mp3", "libmp3lame", 44_100),
    ("asf", "wmav2", 44_100),
    ("flac", "flac", 44_100),
]


@pytest.mark.parametrize(("container", "codec", "rate_hz"), DRIFTLESS)
async def test_a_steady_recording_gets_no_pause(
    container: str, codec: str, rate_hz: int, tmp_path: Path, workspace: Path, media: Media
) -> None:
    source = encode(tmp_path / "source", container, codec, rate_hz, seconds=60.0)

    segment = await only_segment_of(media, source, workspace)

    assert sounds_s([segment]) == near((0, 60))
    assert segment.span.end_ms == pytest.approx(60_000, abs=60)
