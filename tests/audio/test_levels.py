from __future__ import annotations

from array import array
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.audio.levels import FRAME_MS, is_loud, measure, power
from bot.audio.sounds import find_activity
from bot.recording import Span
from tests.audio.sounds import (
    RATE_HZ,
    Colour,
    Signal,
    hum,
    noise,
    pcm_of,
    silence,
    sounding_s,
    sounds_in,
    speech,
    whisper,
)
from tests.speech.corpus import Clip, real

pytestmark = pytest.mark.slow

CLIPS = real()


def levels_of(signal: Signal) -> array[int]:
    levels = array("I")
    measure(pcm_of(signal), levels)
    return levels


def test_the_level_of_noise_is_its_power() -> None:
    levels = levels_of(noise("white", -40, 10))

    assert len(levels) == 500
    assert np.mean(levels) == pytest.approx(power(-40), rel=0.05)


def test_the_loudest_samples_there_are_can_be_measured() -> None:
    assert max(levels_of(np.tile([32_767.0, -32_768.0], 1_000))) == pytest.approx(power(0) * 2, rel=0.01)


def test_a_constant_offset_is_no_sound() -> None:
    assert set(levels_of(np.full(16_000, 20_000.0))) == {0}


@pytest.mark.parametrize("hz", [100, 440, 1_000, 2_000, 4_000, 6_000])
def test_a_loud_tone_is_no_silence(hz: int) -> None:
    assert sounding_s(hum(hz, -20, 3)) == pytest.approx(3)


def test_levels_go_on_where_they_ended() -> None:
    pcm, levels = pcm_of(noise("pink", -30, 1.03)), array("I")
    for end in (100, 700, 16_000, len(pcm)):
        measure(pcm[:end], levels)

    whole = array("I")
    measure(pcm, whole)
    assert levels == whole
    assert len(whole) == 51

    measure(pcm, levels, to_the_end=True)
    assert len(levels) == 52


@pytest.mark.parametrize("dbfs", [-50, -60, -75])
@pytest.mark.parametrize("colour", ["white", "pink", "brown"])
def test_a_bare_noise_floor_holds_no_sound(colour: Colour, dbfs: float) -> None:
    assert sounds_in(noise(colour, dbfs, 171)) == ()


@pytest.mark.parametrize("from_hz", [0.0, 1.0, 60.0])
def test_rumble_however_deep_holds_no_sound(from_hz: float) -> None:
    assert sounds_in(noise("brown", -50, 171, from_hz=from_hz)) == ()


@pytest.mark.parametrize("seconds", [0.001, 1, 120])
def test_digital_silence_holds_no_sound(seconds: float) -> None:
    assert sounds_in(silence(seconds)) == ()


@pytest.mark.parametrize("floor", [silence(30), noise("white", -65, 30), noise("pink", -65, 30)])
def test_whispering_is_sound(floor: Signal) -> None:
    sounds = sounds_in(whisper(-45, 30) + floor)

    assert len(sounds) == 12
    for number, sound in enumerate(sounds):
        assert sound.start_ms == pytest.approx(number * 2_500, abs=100)
        assert sound.end_ms == pytest.approx(number * 2_500 + 1_875, abs=100)


@pytest.mark.parametrize("clip", CLIPS, ids=[clip.name for clip in CLIPS])
@pytest.mark.parametrize("floor_dbfs", [None, -65])
def test_soft_speech_is_sound(clip: Clip, floor_dbfs: float | None) -> None:
    spoken = speech(clip.path, -45)
    loud_s = sounding_s(speech(clip.path, -20))
    floor = silence(0) if floor_dbfs is None else noise("pink", floor_dbfs, len(spoken) / RATE_HZ + 1)

    found_s = sounding_s(spoken if floor_dbfs is None else spoken + floor[: len(spoken)])

    assert found_s > len(spoken) / RATE_HZ * 0.5
    assert found_s == pytest.approx(loud_s, rel=0.25)


@pytest.mark.parametrize("colour", ["white", "pink", "brown"])
def test_one_word_in_two_minutes_of_noise_is_found(colour: Colour) -> None:
    signal = noise(colour, -60, 120)
    word = speech(CLIPS[0].path, -30)[int(0.4 * RATE_HZ) : int(0.8 * RATE_HZ)]
    signal[70 * RATE_HZ : 70 * RATE_HZ + len(word)] += word

    (sound,) = sounds_in(signal)

    assert 69_900 < sound.start_ms < sound.end_ms < 70_500
    assert sound.duration_ms > 200


def test_steady_loud_noise_may_hold_speech_and_is_sound() -> None:
    assert sounds_in(noise("white", -40, 30)) == (Span(0, 30_000),)


def test_a_hum_is_heard_through_or_is_sound_but_never_hides_speech() -> None:
    spoken = speech(CLIPS[0].path, -30)

    assert sounding_s(spoken + hum(50, -40, 60)[: len(spoken)]) == pytest.approx(sounding_s(spoken), rel=0.2)


def bursts(*spans_ms: tuple[int, int], total_ms: int = 5_000) -> tuple[Span, ...]:
    """The sounds of silence with loud bursts in it, of levels and not of samples."""
    levels = array("I", [0]) * (total_ms // FRAME_MS)
    for start_ms, end_ms in spans_ms:
        for at in range(start_ms // FRAME_MS, end_ms // FRAME_MS):
            levels[at] = 1_000_000
    return find_activity(levels, Span(10_000, 10_000 + total_ms)).sounds


def test_a_short_pause_joins_and_a_longer_one_parts() -> None:
    # Smoothing makes each burst 40 ms longer at both ends.
    assert bursts((1_000, 2_000), (2_360, 3_000)) == (Span(10_960, 13_040),)
    assert bursts((1_000, 2_000), (2_380, 3_000)) == (Span(10_960, 12_040), Span(12_340, 13_040))


def test_times_stay_within_the_segment() -> None:
    levels = array("I", [1_000_000]) * 50

    assert find_activity(levels, Span(500, 1_495)).sounds == (Span(500, 1_495),)


def test_a_blip_at_the_edge_is_dropped_unless_it_is_alone() -> None:
    levels = array("I", [0]) * 250
    levels[249] = 120  # smoothed over three frames there: just above -75 dBFS
    alone = find_activity(levels, Span(0, 5_000)).sounds
    levels[100:150] = array("I", [1_000_000]) * 50

    assert alone == (Span(4_980, 5_000),)
    assert find_activity(levels, Span(0, 5_000)).sounds == (Span(1_960, 3_040),)


@settings(max_examples=50)
@given(st.lists(st.sampled_from([0, 30, 200, 40_000, 2**31]), max_size=400), st.integers(0, 10**7))
def test_sounds_lie_in_order_between_pauses(levels: list[int], start_ms: int) -> None:
    span = Span(start_ms, start_ms + len(levels) * FRAME_MS)

    active = find_activity(levels, span)
    sounds, sent = active.sounds, active.sent

    assert all(span.start_ms <= sound.start_ms < sound.end_ms <= span.end_ms for sound in sounds)
    assert all(other.start_ms - one.end_ms >= 300 for one, other in pairwise(sounds))
    assert len(sounds) < 2 or all(sound.duration_ms >= 60 for sound in sounds)
    assert (sent is None) is (not sounds)
    if sent is not None:
        assert span.start_ms <= sent.start_ms <= sounds[0].start_ms
        assert sounds[-1].end_ms <= sent.end_ms <= span.end_ms


def test_silence_of_more_than_two_seconds_at_the_ends_is_left_out() -> None:
    def sent(*spans_ms: tuple[int, int]) -> Span | None:
        levels = array("I", [0]) * 500
        for start_ms, end_ms in spans_ms:
            for at in range(start_ms // FRAME_MS, end_ms // FRAME_MS):
                levels[at] = 1_000_000
        return find_activity(levels, Span(100_000, 110_000)).sent

    # Smoothing makes each burst 40 ms longer at both ends.
    assert sent((2_040, 7_960)) == Span(100_000, 110_000)
    assert sent((2_060, 5_000), (6_000, 7_940)) == Span(101_520, 108_480)


def test_only_a_sample_beyond_minus_30_dbfs_is_loud() -> None:
    assert is_loud(array("h", [0, 1_037, 0]).tobytes())
    assert is_loud(array("h", [0, -1_037, 0]).tobytes())
    assert is_loud(array("h", [-32_768]).tobytes())
    assert not is_loud(array("h", [1_036, -1_036]).tobytes())
    assert not is_loud(b"\xff")
    assert not is_loud(b"")
