from __future__ import annotations

import random
import secrets
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from tests.speech.conftest import Share
from tests.speech.corpus import Clip, real
from tests.speech.encoding import Samples, decode, write_wav
from tests.speech.scoring import count_errors

pytestmark = pytest.mark.asyncio(loop_scope="session")
ENGLISH = [clip for clip in real() if clip.language == "en"]
RATE_HZ = 16_000
MOST_PERCENT = 20.0
"""Measured: 0 to 7."""
LEAST_PERCENT_SWAPPED = 40.0
"""Measured: 57 to 91, against the words in the other order."""


def glue(clips: Sequence[Clip], chance: random.Random) -> Samples:
    """Clips one after the other, each louder or softer, with silence before and between them."""
    pieces: list[Samples] = []
    for clip in clips:
        gain = 10 ** (chance.uniform(-12, 6) / 20)
        louder = np.clip(decode(clip.path, RATE_HZ) * gain, -32_768, 32_767)
        pieces += [np.zeros(round(chance.uniform(0.2, 1.5) * RATE_HZ), np.int16), louder.astype(np.int16)]
    return np.concatenate(pieces)


def percent(clips: Sequence[Clip], transcript: str) -> float:
    return count_errors("en", " ".join(clip.said for clip in clips), transcript).percent


@pytest.mark.parametrize(
    "seed",
    [
        pytest.param(secrets.randbits(32), id=f"try{number}", marks=[pytest.mark.soak] * (number > 0))
        for number in range(5)
    ],
)
async def test_words_come_in_the_order_in_which_they_were_said(
    share: Share, tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    first, second = chance.sample(ENGLISH, 2)
    heard = {}
    for clips in ((first, second), (second, first)):
        path = write_wav(glue(clips, chance), tmp_path / f"{chance.randbytes(4).hex()}.wav")
        result = await share(path)
        sys.stdout.write(
            f"seed {seed}: {percent(clips, result.transcript):.1f}% {[clip.name for clip in clips]}\n"
        )
        assert (result.outcome, result.language) == ("transcribed", "en")
        heard[clips] = result.transcript
    for clips, transcript in heard.items():
        assert percent(clips, transcript) <= MOST_PERCENT
        assert percent(clips[::-1], transcript) >= LEAST_PERCENT_SWAPPED
