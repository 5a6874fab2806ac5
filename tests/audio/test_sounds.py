"""Pauses in noise and in digital silence; what else finds sound is in ``test_levels``."""

from __future__ import annotations

from array import array
from itertools import pairwise

import numpy as np
import pytest

from bot.audio.levels import measure
from bot.audio.sounds import Activity, find_activity
from bot.recording import Span
from tests.audio.sounds import RATE_HZ, Signal, noise, pcm_of, silence, speech
from tests.speech.corpus import real

pytestmark = pytest.mark.slow

CLIP = next(clip for clip in real() if clip.name == "fr_asterisk_demo-echotest")


def activity_of(signal: Signal) -> Activity:
    pcm, levels = pcm_of(signal), array("I")
    measure(pcm, levels, to_the_end=True)
    return find_activity(levels, Span(0, -(-len(pcm) // 16)))


def spoken(noise_dbfs: float) -> Signal:
    """Speech at -20 dBFS with a noise of its own."""
    clip = speech(CLIP.path, -20)
    return clip + noise("pink", noise_dbfs, len(clip) / RATE_HZ + 1)[: len(clip)]


def test_digital_silence_between_clips_does_not_make_sound_of_their_own_noise() -> None:
    clip = spoken(-60)
    alone = activity_of(clip).sounds

    among = activity_of(np.concatenate([clip, silence(len(clip) / RATE_HZ)])).sounds

    assert len(alone) >= 3
    assert len(among) == len(alone)


def test_a_speaker_in_noise_pauses_though_it_is_quiet_around() -> None:
    noisy = spoken(-42)
    signal = np.concatenate([silence(20), noisy, silence(20)])
    signal += noise("pink", -60, len(signal) / RATE_HZ + 1)[: len(signal)]

    among = activity_of(signal).sounds

    assert len(among) >= 3


@pytest.mark.parametrize("dbfs", [-40, -36])
def test_noise_that_is_sent_still_has_pauses(dbfs: float) -> None:
    signal = np.concatenate([silence(8), spoken(-90), silence(8), spoken(-90), silence(8)])
    signal += noise("pink", dbfs, len(signal) / RATE_HZ + 1)[: len(signal)]

    active = activity_of(signal)

    assert active.sent == Span(0, -(-len(signal) // 16))
    gaps_ms = [behind.start_ms - before.end_ms for before, behind in pairwise(active.sounds)]
    assert max(gaps_ms) == pytest.approx(8_000, abs=600)
    assert active.sounds[0].start_ms == pytest.approx(8_000, abs=400)


def test_steady_noise_without_speech_is_one_sound() -> None:
    active = activity_of(noise("white", -40, 30))

    assert active == Activity((Span(0, 30_000),), Span(0, 30_000))
