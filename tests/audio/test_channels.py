"""Channels are heard as one, and none is lost on the way."""

from __future__ import annotations

from array import array
from math import log10
from pathlib import Path

import pytest

from bot.audio.media import Media
from tests.audio.muxing import Track, level_dbfs, mux, pauses, wav_of_channels
from tests.audio.samples import TONE_HZ, encode, tone
from tests.audio.splitting import only_audio_of

pytestmark = pytest.mark.slow

RATE_HZ = 16_000
HZ, OTHER_HZ = 500.0, 1_300.0
VOICE, OTHER = tone(3.0, RATE_HZ, HZ), tone(3.0, RATE_HZ, OTHER_HZ)
SILENT = array("h", bytes(2 * len(VOICE)))
TONE_DBFS = -8.7
"""Of samples of 12,000."""


@pytest.mark.parametrize("channels", [2, 3, 4, 6, 8, 9, 11, 20, 32])
async def test_every_microphone_counts_where_no_speakers_are_named(
    channels: int, tmp_path: Path, workspace: Path, media: Media
) -> None:
    for number in {0, channels // 2, channels - 1}:
        microphones = [VOICE if number == at else SILENT for at in range(channels)]
        source = wav_of_channels(tmp_path / f"{number}", microphones, RATE_HZ)

        audio = await only_audio_of(media, source, workspace)

        assert level_dbfs(audio.path, HZ) == pytest.approx(TONE_DBFS - 20 * log10(channels), abs=1)


async def test_a_layout_that_is_told_is_mixed_as_told(tmp_path: Path, workspace: Path, media: Media) -> None:
    source = encode(tmp_path / "source", "flac", "flac", layout="5.1")

    assert level_dbfs((await only_audio_of(media, source, workspace)).path, TONE_HZ) > -25


@pytest.mark.parametrize(
    ("container", "codec"),
    [
        ("wav", "pcm_s16le"),
        ("wav", "pcm_u8"),
        ("wav", "pcm_s32le"),
        ("wav", "pcm_f32le"),
        ("wav", "pcm_f64le"),
        ("mp4", "aac"),
        ("mp3", "libmp3lame"),
        ("flac", "flac"),
        ("webm", "libopus"),
    ],
)
async def test_channels_that_cancel_do_not_silence_each_other(
    container: str, codec: str, tmp_path: Path, workspace: Path, media: Media
) -> None:
    track = Track(tone(3.0, 48_000, HZ), codec, layout="stereo", antiphase=True)
    source = mux(tmp_path / "source", container, [track])

    audio = await only_audio_of(media, source, workspace)

    assert audio.path != source
    assert level_dbfs(audio.path, HZ) == pytest.approx(TONE_DBFS, abs=1.5)


async def test_a_small_wav_goes_out_as_it_is_only_where_its_mix_is_heard(
    tmp_path: Path, workspace: Path
) -> None:
    """Without a decoder, what goes out is all there is."""
    upside_down = array("h", (-sample for sample in VOICE))
    soft = array("h", (sample // 2 for sample in upside_down))
    for other in (VOICE, SILENT, soft):
        source = wav_of_channels(tmp_path / "source", [VOICE, other], RATE_HZ)
        assert (await only_audio_of(Media(children=0), source, workspace)).path == source
    for channels in ([VOICE, upside_down], [VOICE, OTHER], [VOICE, SILENT, SILENT]):
        source = wav_of_channels(tmp_path / "source", channels, RATE_HZ)
        assert (await only_audio_of(Media(), source, workspace)).path != source


async def test_channels_that_cancel_for_a_while_are_heard_throughout(
    tmp_path: Path, workspace: Path, media: Media
) -> None:
    left = pauses((0.0, 20.0, HZ), rate_hz=RATE_HZ)
    right = array(
        "h", (-sample if 5 * RATE_HZ <= at < 12 * RATE_HZ else sample for at, sample in enumerate(left))
    )
    source = wav_of_channels(tmp_path / "source", [left, right], RATE_HZ)

    audio = await only_audio_of(media, source, workspace)

    assert audio.duration_s == pytest.approx(20, abs=0.01)
    for at_s in (0, 1, 2, 3, 6, 7, 8, 9, 10, 13, 14, 15, 16, 17, 18):
        assert level_dbfs(audio.path, HZ, at_s, at_s + 1) > TONE_DBFS - 1.5
