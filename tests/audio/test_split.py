"""Recordings of any length, through the real child."""

from __future__ import annotations

from array import array
from pathlib import Path

import numpy as np
import pytest

from bot.audio.child.encode import write_mp3
from bot.audio.media import Media
from bot.audio.plan import LONGEST_MS, UNTOUCHED_WAV_BYTES
from bot.recording import Segment, Span
from tests.audio.samples import encode, heard, tone, write_wav
from tests.audio.sounds import hum, noise, pcm_of
from tests.audio.splitting import only_audio_of, only_segment_of, segments_of
from tests.speech.encoding import Format
from tests.speech.encoding import encode as encode_speech

pytestmark = pytest.mark.slow

RATE_HZ = 8_000
CUTS = (Span(0, 110_000), Span(110_000, 260_000), Span(260_000, 345_000))


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three tones, each ended by a pause where it must be cut."""
    pcm = array("h")
    for seconds, hz in ((110, 300), (150, 500), (85, 700)):
        pcm.extend(array("h", bytes(RATE_HZ)))
        pcm.extend(tone(seconds - 1, RATE_HZ, hz))
        pcm.extend(array("h", bytes(RATE_HZ)))
    return write_wav(tmp_path_factory.mktemp("recording") / "source", pcm, RATE_HZ)


def files_in(folder: Path) -> int:
    return len(list(folder.iterdir()))


def spans(segments: list[Segment]) -> list[Span]:
    return [segment.span for segment in segments]


async def test_a_long_recording_is_cut_in_its_pauses(recording: Path, workspace: Path, media: Media) -> None:
    segments = await segments_of(media, recording, workspace)

    assert [segment.last for segment in segments] == [False, False, True]
    assert segments[0].span.start_ms == 0
    assert segments[-1].span.end_ms == 345_000
    for segment, cut, hz in zip(segments, CUTS, (300, 500, 700), strict=True):
        assert segment.span.end_ms == pytest.approx(cut.end_ms, abs=500)
        assert segment.span.duration_ms <= LONGEST_MS
        assert segment.audio is not None
        assert segment.audio.duration_s == segment.span.duration_ms / 1_000
        assert segment.audio.size_bytes == segment.audio.path.stat().st_size
        assert len(segment.sounds) == 1
        seconds, found_hz = heard(segment.audio.path)
        assert seconds == pytest.approx(segment.audio.duration_s, abs=0.15)
        assert found_hz == pytest.approx(hz, rel=0.02)
    assert files_in(workspace) == 3


async def test_a_second_run_makes_the_same_but_for_what_is_done(
    recording: Path, tmp_path: Path, media: Media
) -> None:
    first = await segments_of(media, recording, tmp_path)
    for kept in ((), (1,), (0, 2)):
        workspace = tmp_path / "-".join(("workspace", *map(str, kept)))
        workspace.mkdir()

        second = await segments_of(media, recording, workspace, [first[at].span for at in kept])

        left = [segment for at, segment in enumerate(first) if at not in kept]
        assert [(one.span, one.sounds, one.last) for one in second] == [
            (one.span, one.sounds, one.last) for one in left
        ]
        assert files_in(workspace) == len(left)
        for one, other in zip(second, left, strict=True):
            assert one.audio is not None
            assert other.audio is not None
            assert one.audio.path.read_bytes() == other.audio.path.read_bytes()


async def test_a_recording_that_is_done_altogether_gives_nothing(
    recording: Path, tmp_path: Path, workspace: Path, media: Media
) -> None:
    done = spans(await segments_of(media, recording, tmp_path))

    assert await segments_of(media, recording, workspace, done) == []
    assert files_in(workspace) == 0


async def test_a_small_wav_of_which_something_is_done_is_cut_there(tmp_path: Path, media: Media) -> None:
    source = write_wav(tmp_path / "source", tone(3.0, 16_000))

    segments = await segments_of(media, source, tmp_path, [Span(1_000, 2_000)])

    assert spans(segments) == [Span(0, 1_000), Span(2_000, 3_000)]
    assert [segment.last for segment in segments] == [False, True]
    assert all(segment.audio and segment.audio.path != source for segment in segments)


async def test_a_flawless_mp3_of_which_something_is_done_is_cut_there(tmp_path: Path, media: Media) -> None:
    source = encode(tmp_path / "source", "mp3", "libmp3lame", 16_000, seconds=3.0)

    segments = await segments_of(media, source, tmp_path, [Span(1_000, 2_000)])

    assert spans(segments)[0] == Span(0, 1_000)
    assert spans(segments)[1].start_ms == 2_000
    assert all(segment.audio and segment.audio.path != source for segment in segments)


async def test_a_film_s_every_segment_says_so(tmp_path: Path, media: Media) -> None:
    source = encode(tmp_path / "source", "mp4", "aac", video="mpeg4")

    (one, other) = await segments_of(media, source, tmp_path, [Span(500, 1_000)])

    assert one.audio is not None
    assert other.audio is not None
    assert one.audio.has_video
    assert other.audio.has_video


async def test_silence_at_both_ends_is_not_sent(tmp_path: Path, workspace: Path, media: Media) -> None:
    pcm = array("h", bytes(2 * 48_000 * 10)) + tone(5.0, 48_000) + array("h", bytes(2 * 48_000 * 4))
    source = write_wav(tmp_path / "source", pcm, 48_000)

    segment = await only_segment_of(media, source, workspace)

    assert segment.span == Span(0, 19_000)
    ((start_ms, end_ms),) = [(sound.start_ms, sound.end_ms) for sound in segment.sounds]
    assert start_ms == pytest.approx(10_000, abs=60)
    assert end_ms == pytest.approx(15_000, abs=60)
    assert segment.audio is not None
    assert segment.audio.duration_s == pytest.approx(6.0, abs=0.12)
    assert heard(segment.audio.path)[0] == pytest.approx(segment.audio.duration_s, abs=0.15)


async def test_both_sides_of_a_long_silence_are_sent_apart_and_small(
    tmp_path: Path, workspace: Path, media: Media
) -> None:
    pcm = tone(25.0, 16_000) + array("h", bytes(2 * 16_000 * 30)) + tone(5.0, 16_000)
    source = write_wav(tmp_path / "source", pcm, 16_000)

    first, second = await segments_of(media, source, workspace)

    assert first.span == Span(0, second.span.start_ms)
    assert second.span.start_ms == pytest.approx(54_240, abs=100)
    assert second.span.end_ms == pytest.approx(60_000, abs=100)
    assert (first.last, second.last) == (False, True)
    for segment, seconds in ((first, 25.5), (second, 5.75)):
        assert segment.audio is not None
        assert segment.audio.mime == "audio/mpeg"
        assert segment.audio.duration_s == pytest.approx(seconds, abs=0.15)
        assert heard(segment.audio.path)[0] == pytest.approx(seconds, abs=0.2)
    assert await segments_of(media, source, workspace, [first.span]) == [second]


async def test_a_flawless_mp3_with_a_long_silence_is_cut(
    tmp_path: Path, workspace: Path, media: Media
) -> None:
    source = mp3_of(
        tone(25.0, 16_000) + array("h", bytes(2 * 16_000 * 8)) + tone(5.0, 16_000), tmp_path / "a"
    )
    ends = mp3_of(tone(5.0, 16_000) + array("h", bytes(2 * 16_000 * 8)), tmp_path / "b")

    segments = await segments_of(media, source, workspace)
    audio = await only_audio_of(media, ends, workspace)

    assert len(segments) == 2
    assert audio.path != ends
    assert audio.duration_s == pytest.approx(5.5, abs=0.15)


@pytest.mark.parametrize("format_and_codec", [("ipod", "aac"), ("mp3", "libmp3lame"), ("flac", "flac")])
async def test_a_silent_recording_has_nothing_to_send(
    format_and_codec: tuple[str, str], tmp_path: Path, workspace: Path, media: Media
) -> None:
    source = encode(tmp_path / "source", *format_and_codec, tones_hz=(0,))

    segment = await only_segment_of(media, source, workspace)

    assert (segment.audio, segment.sounds) == (None, ())
    assert segment.span.end_ms == pytest.approx(2_000, abs=100)
    assert files_in(workspace) == 0


async def test_the_noise_of_a_small_wav_is_told_from_sound_by_a_child(
    tmp_path: Path, workspace: Path, media: Media
) -> None:
    source = write_wav(tmp_path / "source", pcm_of(noise("pink", -50, 20)))

    assert (await only_segment_of(media, source, workspace)).audio is None


async def test_a_soft_small_wav_is_converted(tmp_path: Path, workspace: Path, media: Media) -> None:
    source = write_wav(tmp_path / "source", pcm_of(hum(440, -40, 2)))

    assert (await only_audio_of(media, source, workspace)).path != source


async def test_a_small_wav_goes_out_as_it_is_with_the_sounds_that_a_child_finds(
    tmp_path: Path, workspace: Path, media: Media
) -> None:
    pcm = (array("h", bytes(2 * 16_000 * 4)) + tone(2.0, 16_000)) * 3 + tone(1.0, 16_000)
    source = write_wav(tmp_path / "source", pcm)
    decoded = flac_of(pcm, tmp_path / "decoded")

    segment = await only_segment_of(Media(children=0), source, workspace)

    assert segment.audio is not None
    assert segment.audio.path == source
    assert len(segment.sounds) == 3
    assert segment.sounds == (await only_segment_of(media, decoded, workspace)).sounds


async def test_a_small_wav_with_a_long_silence_is_cut(tmp_path: Path, workspace: Path, media: Media) -> None:
    pcm = tone(10.0, 16_000) + array("h", bytes(2 * 16_000 * 12)) + tone(8.0, 16_000)
    source = write_wav(tmp_path / "source", pcm)
    assert source.stat().st_size < UNTOUCHED_WAV_BYTES

    first, second = await segments_of(media, source, workspace)

    assert first.audio is not None
    assert second.audio is not None
    assert first.audio.duration_s + second.audio.duration_s == pytest.approx(19.25, abs=0.2)


@pytest.mark.parametrize(("rate_hz", "seconds", "whole"), [(48_000, 4.9, True), (48_000, 5.1, False)])
async def test_a_wav_of_another_rate_goes_out_as_it_is_while_it_is_short(
    tmp_path: Path, workspace: Path, media: Media, *, rate_hz: int, seconds: float, whole: bool
) -> None:
    source = write_wav(tmp_path / "source", tone(seconds, rate_hz), rate_hz)

    audio = await only_audio_of(media, source, workspace)

    assert (audio.path == source) is whole


def flac_of(pcm: array[int], path: Path) -> Path:
    samples = np.frombuffer(pcm.tobytes(), np.int16)
    return encode_speech(samples, path, Format(".flac", "flac", "flac", 16_000))


def mp3_of(pcm: array[int], path: Path) -> Path:
    write_mp3(path, pcm)
    return path


async def test_the_sounds_of_an_untouched_mp3_are_real(tmp_path: Path, workspace: Path, media: Media) -> None:
    source = mp3_of((array("h", bytes(2 * 16_000 * 4)) + tone(2.0, 16_000)) * 3, tmp_path / "source")

    segment = await only_segment_of(media, source, workspace)

    assert segment.audio is not None
    assert segment.audio.path == source
    assert segment.audio.duration_s == segment.span.duration_ms / 1_000
    assert [sound.start_ms for sound in segment.sounds] == [
        pytest.approx(start_ms, abs=150) for start_ms in (4_000, 10_000, 16_000)
    ]


async def test_an_mp3_longer_than_a_segment_is_cut(tmp_path: Path, workspace: Path, media: Media) -> None:
    pcm = tone(10.0, 16_000) * 18
    fits = mp3_of(pcm[: 16_000 * 170], tmp_path / "170")
    does_not = mp3_of(pcm[: 16_000 * 172], tmp_path / "172")

    audio = await only_audio_of(media, fits, workspace)
    segments = await segments_of(media, does_not, workspace)

    assert audio.path == fits
    assert len(segments) == 2
    assert all(segment.audio and segment.audio.path.parent == workspace for segment in segments)
