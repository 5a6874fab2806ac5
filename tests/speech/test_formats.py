from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio

from tests.speech.conftest import Share
from tests.speech.corpus import real
from tests.speech.encoding import FORMATS, Samples, decode, encode, write_wav
from tests.speech.scoring import count_errors

pytestmark = pytest.mark.asyncio(loop_scope="session")
SPOKEN = [clip for clip in real() if clip.path.stem in {"jfk", "en_librivox_0870", "en_librivox_0890"}]
SAID = " ".join(clip.said for clip in SPOKEN)
HEARD_EACH_TIME = {"m4a", "webm (Opus)"}
"""What Slack's clips come in. tests/audio decodes them all each time, if not by words."""
MOST_POINTS = 3.0
MOST_POINTS_AMR = 8.0


def speech(rate_hz: int) -> Samples:
    """Some 24 s of English: enough words for points to mean something, and one window of the recogniser's."""
    pause = np.zeros(rate_hz // 2, np.int16)
    return np.concatenate([piece for clip in SPOKEN for piece in (decode(clip.path, rate_hz), pause)])


def percent(transcript: str) -> float:
    return count_errors("en", SAID, transcript).percent


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def wav_percent(share: Share, tmp_path_factory: pytest.TempPathFactory) -> float:
    result = await share(write_wav(speech(16_000), tmp_path_factory.mktemp("plain") / "speech.wav"))
    return percent(result.transcript)


# That each is decoded to the same sound is shown in tests/audio; hearing it takes seconds.
@pytest.mark.parametrize(
    "name",
    [name if name in HEARD_EACH_TIME else pytest.param(name, marks=pytest.mark.soak) for name in FORMATS],
)
async def test_every_format_is_heard_as_well_as_wav(
    name: str, share: Share, wav_percent: float, tmp_path: Path
) -> None:
    wanted = FORMATS[name]
    path = encode(speech(wanted.rate_hz), tmp_path / f"speech{wanted.suffix}", wanted)
    result = await share(path)
    assert (result.outcome, result.language) == ("transcribed", "en")
    most = MOST_POINTS_AMR if name == "amr" else MOST_POINTS
    assert percent(result.transcript) - wav_percent <= most


async def test_plain_wav_is_heard_well(wav_percent: float) -> None:
    assert wav_percent < 4
