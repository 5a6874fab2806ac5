from __future__ import annotations

from array import array
from itertools import combinations

import numpy as np
import pytest

from bot.audio.levels import measure
from bot.audio.sounds import find_activity
from bot.audio.voices import are_different_voices
from bot.recording import Span
from tests.audio.sounds import RATE_HZ, Signal, hum, noise, pcm_of, silence, speech
from tests.speech.corpus import Clip, real

pytestmark = pytest.mark.slow

VOICES = real()
PAIRS = [pytest.param(*pair, id=f"{pair[0].name}-{pair[1].name}") for pair in combinations(VOICES[:5], 2)]


def said(clip: Clip, seconds: float, *, from_s: float = 0.0, dbfs: float = -20) -> Signal:
    """A clip over and over from a moment on."""
    whole = np.concatenate([silence(from_s), np.tile(speech(clip.path, dbfs), 10)])
    return whole[: int(seconds * RATE_HZ)]


def judged(left: Signal, right: Signal) -> bool:
    return are_different_voices(*_measured(left, right), 7_000)


def _measured(
    *channels: Signal,
) -> tuple[tuple[array[int], array[int]], tuple[tuple[Span, ...], tuple[Span, ...]]]:
    levels = []
    for channel in channels:
        levels.append(array("I"))
        measure(pcm_of(channel), levels[-1])
    span = Span(7_000, 7_000 + len(levels[0]) * 20)
    return (levels[0], levels[1]), (
        find_activity(levels[0], span).sounds,
        find_activity(levels[1], span).sounds,
    )


def late(signal: Signal, ms: float) -> Signal:
    """The signal, some way further from the microphone."""
    return np.concatenate([silence(ms / 1_000), signal])[: len(signal)]


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_two_people_at_once_are_two_voices(one: Clip, other: Clip) -> None:
    assert judged(said(one, 20), said(other, 20))
    assert judged(said(one, 20), said(other, 20, dbfs=-45)), "one of them far softer"
    assert judged(said(one, 20) + noise("pink", -50, 20, 1), said(other, 20) + noise("pink", -50, 20, 2))


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_two_people_who_take_turns_are_two_voices(one: Clip, other: Clip) -> None:
    left = np.concatenate([said(one, 6), silence(6), said(one, 6)])
    right = np.concatenate([silence(6), said(other, 6), silence(6)])
    assert judged(left, right)


@pytest.mark.parametrize("leak_db", [-3, -6, -10, -20, -30])
@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_two_microphones_in_one_room_are_not(one: Clip, other: Clip, leak_db: int) -> None:
    leak = 10 ** (leak_db / 20)
    near, far = said(one, 20), said(other, 20)
    left, right = near + leak * late(far, 3), far + leak * late(near, 3)
    # Softer than that, the voice on the spot drowns it.
    assert leak_db < -10 or not judged(left, right), "both speak all the time"
    turns = np.concatenate([said(one, 6), silence(6), said(one, 6)])
    others = np.concatenate([silence(6), said(other, 6), silence(6)])
    assert not judged(turns + leak * late(others, 3), others + leak * late(turns, 3))


@pytest.mark.parametrize("clip", VOICES, ids=lambda clip: clip.name)
def test_one_voice_on_both_channels_is_one(clip: Clip) -> None:
    voice = said(clip, 20)
    assert not judged(voice, voice)
    assert not judged(voice, -voice)
    assert not judged(voice, 0.3 * late(voice, 2))
    assert not judged(voice + noise("pink", -45, 20, 1), 0.5 * voice + noise("pink", -45, 20, 2))


@pytest.mark.parametrize(
    "other",
    [
        silence(20),
        *(noise(colour, dbfs, 20) for colour in ("white", "pink", "brown") for dbfs in (-50, -40, -25)),
        *(hum(hz, -40, 20) for hz in (100, 440, 1_000, 3_000)),
        hum(1_000, -40, 20) + noise("white", -70, 20),
    ],
)
def test_nobody_speaks_on_a_channel_of_silence_noise_or_hum(other: Signal) -> None:
    assert not judged(said(VOICES[0], 20), other)
    assert not judged(other, said(VOICES[0], 20))


def test_a_word_or_two_are_not_heard_apart() -> None:
    other = np.concatenate([silence(10), said(VOICES[1], 0.8), silence(9.2)])
    assert not judged(said(VOICES[0], 20), other)


def test_a_segment_may_be_empty() -> None:
    assert not judged(silence(0), silence(0))
