from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.asr.rate_limit import WINDOW_S, AdaptiveLimit, RateWindow


def test_a_throttling_halves_the_limit_once_for_all_requests_begun_before_it() -> None:
    limit = AdaptiveLimit(8)
    for _ in range(8):
        limit.throttled(0)
    assert (limit.at_once, limit.round) == (4, 1)
    limit.throttled(1)
    limit.throttled(0)
    assert (limit.at_once, limit.round) == (2, 2)


def test_the_limit_never_falls_below_one() -> None:
    limit = AdaptiveLimit(5)
    seen = []
    for _ in range(5):
        limit.throttled(limit.round)
        seen.append(limit.at_once)
    assert seen == [2, 1, 1, 1, 1]


def test_the_limit_climbs_by_one_for_each_limit_s_worth_of_answers_up_to_the_ceiling() -> None:
    limit = AdaptiveLimit(8)
    for _ in range(3):
        limit.throttled(limit.round)
    assert limit.at_once == 1
    answers: list[int] = []
    for wanted in range(2, 9):
        answers.append(0)
        while limit.at_once < wanted:
            limit.succeeded()
            answers[-1] += 1
    for at_once, needed in enumerate(answers, start=1):
        assert at_once <= needed <= at_once + 1
    for _ in range(100):
        limit.succeeded()
    assert limit.at_once == 8


@given(st.integers(1, 20), st.lists(st.sampled_from(["succeeded", "throttled", "throttled late"])))
def test_the_limit_stays_between_one_and_its_ceiling(ceiling: int, events: list[str]) -> None:
    limit = AdaptiveLimit(ceiling)
    for event in events:
        before = limit.at_once
        match event:
            case "succeeded":
                limit.succeeded()
                assert before <= limit.at_once <= before + 1
            case "throttled":
                limit.throttled(limit.round)
                assert limit.at_once == max(before // 2, 1)
            case _:
                limit.throttled(limit.round - 1)
                assert limit.at_once == before
        assert 1 <= limit.at_once <= ceiling


def test_a_fifth_of_the_window_is_kept_for_shares_that_are_new_to_it() -> None:
    window = RateWindow(10)
    for _ in range(9):
        window.begin("long", 100.0)
    assert window.opens_at_s("long") == 160.0
    assert window.opens_at_s("clip") <= 100.0
    window.begin("clip", 130.0)
    assert window.opens_at_s("another clip") == 160.0


def test_newcomers_take_the_kept_fifth_first() -> None:
    window = RateWindow(10)
    for clip in "ab":
        window.begin(clip, 100.0)
    for second in range(8):
        window.begin("a", 101.0 + second)
    assert window.opens_at_s("c") == 160.0, "ten have begun"


def test_whoever_began_nothing_for_sixty_seconds_is_new_again() -> None:
    window = RateWindow(5)
    window.begin("patient", 100.0)
    for _ in range(5):
        window.begin("long", 101.0)
    assert window.opens_at_s("patient") == 161.0
    # Four of the long one's places come free at 161: only the patient one may have the fifth.
    window.begin("patient", 161.0)
    for _ in range(4):
        assert window.opens_at_s("long") <= 161.0
        window.begin("long", 161.0)
    assert window.opens_at_s("long") == 221.0


def test_a_window_of_four_keeps_nothing_back() -> None:
    window = RateWindow(4)
    for _ in range(4):
        assert window.opens_at_s("long") <= 100.0
        window.begin("long", 100.0)
    assert window.opens_at_s("long") == window.opens_at_s("clip") == 160.0


def test_shares_of_the_past_are_forgotten() -> None:
    window = RateWindow(10)
    for number in range(1000):
        window.begin(f"job {number}", 60.0 * number)
    assert len(window._last_s) == 1


def open_by_the_book(begun: list[tuple[float, str]], flow: str, now_s: float, per_minute: int) -> bool:
    """Count anew, from all that ever began, whether one more may begin."""

    def is_new(earlier: list[tuple[float, str]], flow: str, at_s: float) -> bool:
        return all(other != flow or then_s + WINDOW_S <= at_s for then_s, other in earlier)

    within = [
        not is_new(begun[:index], other, at_s)
        for index, (at_s, other) in enumerate(begun)
        if at_s + WINDOW_S > now_s
    ]
    if len(within) >= per_minute:
        return False
    return is_new(begun, flow, now_s) or sum(within) < per_minute - per_minute // 5


@settings(max_examples=150)
@given(
    st.integers(1, 12),
    st.lists(st.tuples(st.integers(0, 25), st.sampled_from("aaabc")), min_size=1, max_size=50),
)
def test_the_window_opens_neither_early_nor_late(per_minute: int, asked: list[tuple[int, str]]) -> None:
    window = RateWindow(per_minute)
    begun: list[tuple[float, str]] = []
    now_s = 1000.0
    for gap_s, flow in asked:
        now_s += gap_s
        opens_s = window.opens_at_s(flow)
        assert (opens_s <= now_s) == open_by_the_book(begun, flow, now_s, per_minute)
        if opens_s > now_s:
            assert not open_by_the_book(begun, flow, opens_s - 0.5, per_minute)
            assert open_by_the_book(begun, flow, opens_s, per_minute)
            now_s = opens_s
        window.begin(flow, now_s)
        begun.append((now_s, flow))
