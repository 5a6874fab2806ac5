from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.audio.timeline import SHORTEST_SKIP_S, Timeline

FRAME_S = 0.02


def silences(times_s: list[float | None], most_s: float = 100.0, claimed_s: float = 0.0) -> list[float]:
    timeline, found = Timeline(10.0, most_s, claimed_s), []
    for time_s in times_s:
        found.append(round(timeline.skipped_s(None if time_s is None else 10.0 + time_s), 6))
        timeline.go_on(FRAME_S)
    return found


def test_silence_fills_what_the_clock_skips() -> None:
    assert silences([5.0, 5.02, 7.04]) == [5.0, 0.0, 2.0]


def test_what_is_short_is_filled_once_it_has_added_up() -> None:
    steps = [at * (FRAME_S + 0.03) for at in range(6)]

    assert silences([*steps]) == [0, 0, 0, 0, 0.12, 0]


def test_frames_without_a_time_follow_each_other() -> None:
    assert silences([None, None, 1.04]) == [0, 0, 1.0]


def test_a_clock_that_starts_anew_counts_from_there() -> None:
    assert silences([0.0, 0.02, 50.0, 0.0, 0.02, 3.04]) == [0, 0, 49.96, 0, 0, 3.0]


def test_a_skip_behind_the_claimed_end_is_not_believed_and_later_ones_are() -> None:
    assert silences([0.0, 90.0, 90.02, 92.04], claimed_s=5.0) == [0, 0, 0, 2.0]


def test_a_claim_that_is_passed_already_says_nothing() -> None:
    times_s = [at * FRAME_S for at in range(60)]

    assert silences([*times_s, 30.0], claimed_s=0.01)[-1] == 28.8


@given(st.lists(st.none() | st.floats(-1e12, 1e12), max_size=50), st.floats(0, 1e9))
def test_whatever_the_clock_says_silence_never_exceeds_the_longest_recording(
    times_s: list[float | None], claimed_s: float
) -> None:
    timeline = Timeline(0.0, 60.0, claimed_s)
    for time_s in times_s:
        skipped_s = timeline.skipped_s(time_s)
        assert skipped_s == 0 or skipped_s >= SHORTEST_SKIP_S
        assert skipped_s == 0 or timeline.at_s <= 60.0
        timeline.go_on(FRAME_S)
