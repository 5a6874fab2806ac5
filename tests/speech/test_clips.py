from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bot.errors import Refusal
from bot.sentences import REFUSALS
from bot.translations import ENGLISH
from tests.speech.conftest import Share
from tests.speech.corpus import real, synthetic
from tests.speech.encoding import FORMATS, decode, encode, write_wav
from tests.speech.scoring import Errors, count_errors

pytestmark = pytest.mark.asyncio(loop_scope="session")
MOST_PERCENT = {"en": 7, "es": 35, "fr": 20, "it": 20, "ru": 50, "pt": 35, "zh": 10, "ja": 10}
"""What was measured, and one to three words more; in Russian each hyphen that is not heard parts words."""
CLIPS = [*real(), synthetic("zh/jishu"), synthetic("ja/kazoeru"), synthetic("pt/pangrama")]
ALL = len(CLIPS)


@pytest.mark.parametrize(
    ("language", "most_clips"),
    [*((language, 2) for language in MOST_PERCENT), pytest.param("en", ALL, marks=pytest.mark.soak)],
)
async def test_speech_is_heard_in_its_own_language(language: str, most_clips: int, share: Share) -> None:
    # The clips of a language together: in one of eight words, rounding on another processor is two of them.
    errors = Errors()
    for clip in [clip for clip in CLIPS if clip.language == language][:most_clips]:
        result = await share(clip.path)
        assert (result.outcome, result.language) == ("transcribed", language), clip.name
        errors += count_errors(language, clip.said, result.transcript)
    assert errors.percent <= MOST_PERCENT[language]


async def test_a_clip_that_sends_the_recogniser_round_in_circles(share: Share, tmp_path: Path) -> None:
    clip, webm = synthetic("fr/comptage"), FORMATS["webm (Opus)"]
    result = await share(encode(decode(clip.path, webm.rate_hz), tmp_path / "counting.webm", webm))
    assert (result.outcome, result.language) == ("transcribed", "fr")
    assert count_errors("fr", clip.said, result.transcript).percent <= 40


async def test_silence_is_told_and_not_made_up(share: Share, tmp_path: Path) -> None:
    result = await share(write_wav(np.zeros(16_000 * 4, np.int16), tmp_path / "silence.wav"))
    assert (result.outcome, result.transcript, result.language) == ("refused", "", None)
    assert result.text == ENGLISH.say(REFUSALS[Refusal.NO_SPEECH])
