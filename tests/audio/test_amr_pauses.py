"""AMR whose pauses are told in few bytes (DTX), as telephones record it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bot.audio.media import Media
from tests.audio.splitting import segments_of
from tests.speech.corpus import JFK
from tests.speech.encoding import Format, decode
from tests.speech.encoding import encode as encode_speech

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(("suffix", "container"), [(".amr", "amr"), (".3gp", "3gp")])
async def test_words_around_a_long_pause_are_heard_where_they_are_said(
    suffix: str, container: str, tmp_path: Path, workspace: Path, media: Media
) -> None:
    said = decode(JFK.path, 8_000)
    pause = np.zeros(30 * 8_000, np.int16)
    wanted = Format(suffix, container, "libopencore_amrnb", 8_000, bits_per_s=12_200, options={"dtx": "1"})
    samples = np.concatenate([said, pause, said])
    source = encode_speech(samples, tmp_path / "source", wanted)

    segments = await segments_of(media, source, workspace)

    assert segments[-1].span.end_ms == pytest.approx(len(samples) / 8, abs=60)
    assert not segments[-1].breaks_off
    starts_ms = [sound.start_ms for segment in segments for sound in segment.sounds]
    behind_ms = starts_ms[0] + (len(said) + len(pause)) / 8
    assert min(abs(start_ms - behind_ms) for start_ms in starts_ms) < 100
