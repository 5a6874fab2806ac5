"""Two people on the two channels of a recording are heard apart, and nobody else is."""

from __future__ import annotations

from array import array
from pathlib import Path

import numpy as np
import psutil
import pytest

from bot.audio.media import Media
from bot.audio.plan import Limits
from bot.errors import Refusal, Rejected
from bot.recording import AudioChannel, Segment, Span
from tests.audio.muxing import Track, mux, wav_of_channels
from tests.audio.samples import sparse_wav, tone
from tests.audio.sounds import Signal, at_dbfs, hum, noise, pcm_of
from tests.audio.splitting import only_segment_of, segments_of
from tests.speech.corpus import real
from tests.speech.encoding import decode

pytestmark = pytest.mark.slow

RATE_HZ = 48_000
CLIPS = real()
ENCODER_DELAY = 1_105
"""Of the samples that LAME puts before the sound."""
FORMATS = [
    ("wav", "pcm_s16le"),
    ("wav", "pcm_f32le"),
    ("ipod", "aac"),
    ("ogg", "libopus"),
    ("mp3", "libmp3lame"),
]


def said(number: int, seconds: float, *, dbfs: float = -20.0, from_s: float = 0.0) -> Signal:
    """One of the voices, at 48 kHz, for as long."""
    clip = at_dbfs(decode(CLIPS[number].path, RATE_HZ).astype(np.float64), dbfs)
    return np.concatenate([np.zeros(round(from_s * RATE_HZ)), np.resize(clip, round(seconds * RATE_HZ))])


def quiet(seconds: float) -> Signal:
    return np.zeros(round(seconds * RATE_HZ))


def in_turns(
    seconds: float, turn_s: float = 6.0, dbfs: tuple[float, float] = (-20, -20)
) -> tuple[Signal, Signal]:
    """Two voices, the one speaking while the other does not."""
    at = np.arange(round(seconds * RATE_HZ))
    begins = at // round(turn_s * RATE_HZ) % 2 == 0
    return said(0, seconds, dbfs=dbfs[0]) * begins, said(1, seconds, dbfs=dbfs[1]) * ~begins


def recorded(
    path: Path, channels: tuple[Signal, Signal], container: str = "wav", codec: str = "pcm_s16le"
) -> Path:
    left, right = map(pcm_of, channels)
    return mux(path, container, [Track(left, codec, RATE_HZ, "stereo", second=right)])


def likeness(channel: AudioChannel, voice: Signal) -> float:
    """The correlation of the loudness of what is sent with that of a voice, tenth of a second by tenth."""
    assert channel.audio is not None
    sent = decode(channel.audio.path, 16_000).astype(np.float64)
    heard, expected = _loudness(sent[ENCODER_DELAY:], 1_600), _loudness(voice, 4_800)
    count = min(len(heard), len(expected))
    return float(np.corrcoef(heard[:count], expected[:count])[0, 1])


def _loudness(signal: Signal, step: int) -> Signal:
    frames = signal[: len(signal) // step * step].reshape(-1, step)
    return np.asarray(np.sqrt(np.mean(frames**2, axis=1)), np.float64)


@pytest.mark.parametrize(("container", "codec"), FORMATS)
async def test_two_people_at_once_are_heard_apart(
    container: str, codec: str, tmp_path: Path, workspace: Path, media: Media
) -> None:
    voices = said(0, 15), said(1, 15)
    source = recorded(tmp_path / "source", voices, container, codec)

    segment = await only_segment_of(media, source, workspace)

    assert len(segment.channels) == len(segment.audios) == 2
    assert len({audio.path for audio in segment.audios}) == 2
    for channel, own, other in zip(segment.channels, voices, voices[::-1], strict=True):
        assert likeness(channel, own) > 0.95
        assert likeness(channel, other) < 0.5


@pytest.mark.parametrize(("container", "codec"), FORMATS)
async def test_two_people_who_take_turns_are_heard_apart_each_for_as_long_as_they_speak(
    container: str, codec: str, tmp_path: Path, workspace: Path, media: Media
) -> None:
    left = np.concatenate([said(0, 8), quiet(16)])
    right = np.concatenate([quiet(12), said(1, 9), quiet(3)])
    source = recorded(tmp_path / "source", (left, right), container, codec)

    segment = await only_segment_of(media, source, workspace)

    (first, second) = segment.channels
    assert first.sounds[-1].end_ms == pytest.approx(8_000, abs=700)
    assert second.sounds[0].start_ms == pytest.approx(12_000, abs=700)
    assert first.audio is not None
    assert second.audio is not None
    assert first.audio.duration_s == pytest.approx(8.5, abs=0.7)
    assert second.audio.duration_s == pytest.approx(10, abs=0.7)


@pytest.mark.parametrize(("container", "codec"), [("wav", "pcm_s16le"), ("ipod", "aac"), ("ogg", "libopus")])
async def test_one_voice_on_both_channels_is_heard_once(
    container: str, codec: str, tmp_path: Path, workspace: Path, media: Media
) -> None:
    voice = said(0, 15)
    late = np.concatenate([quiet(0.003), voice])[: len(voice)]
    hiss = noise("pink", -50, 45, 1), noise("pink", -50, 45, 2)
    for other in (
        voice,
        0.3 * voice,
        -voice,
        0.25 * late,
        quiet(15),
        0.5 * late + hiss[1][: len(voice)],
        hiss[0][: len(voice)],
        np.resize(hum(1_000, -40, 45), len(voice)),
    ):
        for channels in ((voice, other), (other, voice)):
            source = recorded(tmp_path / "source", channels, container, codec)
            assert (await only_segment_of(media, source, workspace)).further_channels == ()


async def test_people_who_hear_each_other_s_microphones_are_heard_once(
    tmp_path: Path, workspace: Path, media: Media
) -> None:
    left, right = in_turns(24)
    echo = 10 ** (-12 / 20)
    late = (
        np.concatenate([quiet(0.003), right])[: len(right)],
        np.concatenate([quiet(0.003), left])[: len(left)],
    )
    source = recorded(tmp_path / "source", (left + echo * late[0], right + echo * late[1]), "ipod", "aac")

    assert (await only_segment_of(media, source, workspace)).further_channels == ()


@pytest.mark.parametrize("soft_dbfs", [-20, -45])
async def test_a_long_conversation_is_cut_in_nobody_s_word(
    soft_dbfs: float, tmp_path: Path, workspace: Path, media: Media
) -> None:
    voices = in_turns(240, dbfs=(-20, soft_dbfs))
    source = recorded(tmp_path / "source", voices, "ipod", "aac")

    segments = await segments_of(media, source, workspace)

    assert len(segments) > 1
    assert segments[-1].span.end_ms == pytest.approx(240_000, abs=200)
    assert all(len(segment.channels) == 2 for segment in segments)
    for segment in segments[:-1]:
        for voice in voices:
            around = voice[(segment.span.end_ms - 50) * 48 : (segment.span.end_ms + 50) * 48]
            loudest = np.sqrt(np.mean(voice[voice != 0] ** 2))
            assert np.sqrt(np.mean(around**2)) < loudest / 10, segment.span


async def test_who_resumes_a_conversation_finds_the_cuts_of_the_first_run(
    tmp_path: Path, workspace: Path, media: Media
) -> None:
    source = recorded(tmp_path / "source", in_turns(400), "ipod", "aac")
    first = await segments_of(media, source, workspace)
    assert len(first) > 2

    again = await segments_of(media, source, workspace, [first[1].span])

    assert [_told(segment) for segment in again] == [_told(one) for one in first if one is not first[1]]


def _told(segment: Segment) -> tuple[Span, list[tuple[Span, ...]]]:
    return segment.span, [channel.sounds for channel in segment.channels]


async def test_a_conversation_after_a_long_beginning_on_both_channels_is_heard_apart(
    tmp_path: Path, workspace: Path, media: Media
) -> None:
    both = np.concatenate([said(2, 170), quiet(10)])
    left, right = in_turns(120)
    source = recorded(
        tmp_path / "source", (np.concatenate([both, left]), np.concatenate([both, right])), "ipod", "aac"
    )

    segments = await segments_of(media, source, workspace)

    assert segments[0].further_channels == ()
    assert len(segments[-1].further_channels) == 1


@pytest.mark.parametrize("seconds", [4.0, 12.0])
async def test_a_small_file_goes_out_as_it_is_only_where_one_voice_speaks(
    seconds: float, tmp_path: Path, workspace: Path, media: Media
) -> None:
    voice, other = (array("h", pcm_of(said(number, seconds))[::3]) for number in (0, 1))
    source = wav_of_channels(tmp_path / "source", [voice, other])
    assert len((await only_segment_of(media, source, workspace)).audios) == 2

    source = wav_of_channels(tmp_path / "source", [voice, voice])
    (audio,) = (await only_segment_of(media, source, workspace)).audios
    assert (audio.path == source) is (seconds < 5)

    mp3 = recorded(tmp_path / "mp3", (said(0, seconds), said(0, seconds)), "mp3", "libmp3lame")
    (audio,) = (await only_segment_of(media, mp3, workspace)).audios
    assert audio.path == mp3


async def test_the_channels_of_several_tracks_stay_together(
    tmp_path: Path, workspace: Path, media: Media
) -> None:
    left, right = pcm_of(said(0, 15)), pcm_of(said(1, 15))
    tracks = [
        Track(left, "aac", RATE_HZ, "stereo", second=right),
        Track(tone(15.0, RATE_HZ), "aac", RATE_HZ),
    ]
    source = mux(tmp_path / "source", "ipod", tracks)

    assert (await only_segment_of(media, source, workspace)).further_channels == ()


async def test_the_channels_lie_where_the_clock_says(tmp_path: Path, workspace: Path, media: Media) -> None:
    left, right = pcm_of(said(0, 24)), pcm_of(said(1, 24))
    track = Track(
        *(left, "libopus", RATE_HZ, "stereo"),
        second=right,
        moved=lambda at_s: at_s if at_s < 12 else at_s + 8,
    )
    source = mux(tmp_path / "source", "webm", [track])

    segments = await segments_of(media, source, workspace)

    assert segments[-1].span.end_ms == pytest.approx(32_000, abs=100)
    for segment in segments:
        for channel in segment.channels:
            for sound in channel.sounds:
                assert sound.end_ms <= 12_300 or sound.start_ms >= 19_800
    assert sum(len(segment.audios) for segment in segments) == 2 * len(segments)


@pytest.mark.parametrize(("container", "codec"), [("wav", "pcm_s16le"), ("ipod", "aac"), ("ogg", "libopus")])
async def test_what_is_heard_of_two_voices_is_told_beforehand(
    container: str, codec: str, tmp_path: Path, workspace: Path, media: Media
) -> None:
    source = recorded(tmp_path / "source", in_turns(200), container, codec)

    heard_s = await media.heard_apart_s(source)

    sent_s = sum(
        audio.duration_s for one in await segments_of(media, source, workspace) for audio in one.audios
    )
    assert sent_s > 300
    assert heard_s == pytest.approx(sent_s, abs=0.01)
    assert not psutil.Process().children()


async def test_of_what_is_heard_as_one_there_is_nothing_to_tell(tmp_path: Path, media: Media) -> None:
    voice = said(0, 15)
    assert await media.heard_apart_s(recorded(tmp_path / "source", (voice, voice))) is None
    both = pcm_of(voice), pcm_of(said(1, 15))
    tracks = [Track(left, "aac", RATE_HZ, "stereo", second=both[0]) for left in both]
    assert await media.heard_apart_s(mux(tmp_path / "tracks", "ipod", tracks)) is None


async def test_mono_is_not_decoded_for_it(tmp_path: Path) -> None:
    media = Media(limits=Limits(cpu_s=3, cpu_s_each_s=0))
    source = sparse_wav(tmp_path / "source", seconds=36_000, rate_hz=48_000, channels=1)
    assert await media.heard_apart_s(source) is None


async def test_what_is_too_long_is_refused(tmp_path: Path) -> None:
    source = recorded(tmp_path / "source", (quiet(70), quiet(70)))
    with pytest.raises(Rejected) as refusal:
        await Media(most_minutes=1).heard_apart_s(source)
    assert (refusal.value.reason, refusal.value.limit) == (Refusal.TOO_LONG, 1)
