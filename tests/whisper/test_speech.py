from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bot.whisper.speech import find_speech
from tests.speech.corpus import real
from tests.speech.encoding import decode

NOISE = np.random.default_rng(1).standard_normal(16000 * 10).astype(np.float32)
TONE = np.sin(np.arange(16000 * 10) * 2 * np.pi * 440 / 16000).astype(np.float32)


def test_two_sentences_are_found_in_noise() -> None:
    (clip,) = (clip for clip in real() if clip.path.stem == "en_librivox_0890")
    samples = decode(clip.path, 16000).astype(np.float32) / 32768
    pause = np.zeros(16000 * 2, np.float32)
    sound = np.concatenate([pause, samples, pause, samples, pause])
    found = find_speech(sound + 0.003 * np.resize(NOISE, len(sound)))
    length_s = len(samples) / 16000
    assert found[0].start_s == pytest.approx(2.0, abs=0.5)
    assert found[-1].end_s == pytest.approx(4 + 2 * length_s, abs=0.7)
    assert sum(one.duration_s for one in found) == pytest.approx(2 * length_s, rel=0.15)
    assert not any(one.start_s < 3 + length_s < one.end_s for one in found)


@pytest.mark.parametrize(
    "samples",
    [NOISE * 0.01, NOISE * 0.1, TONE * 0.3, NOISE[:0], NOISE[:1] * 0.1, np.zeros(16000, np.float32)],
    ids=["noise", "loud noise", "tone", "nothing", "a sample", "silence"],
)
def test_nobody_speaks(samples: Any) -> None:
    assert find_speech(samples) == []
