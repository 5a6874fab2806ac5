from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.transcript.repetition import collapse, is_plausible
from tests.transcript.repetitions import HONEST, RUNAWAY
from tests.transcript.texts import texts


def toolkit_rule(text: str, _sound_s: float) -> str:
    """The rule of the vendor's toolkit: up to 20 characters, 20 times in a row or more, become one."""
    return re.sub(r"(.{1,20}?)\1{19,}", r"\1", text, flags=re.DOTALL)


def touched(rule: object) -> list[str]:
    assert callable(rule)
    return [text for text, sound_s in HONEST if rule(text, sound_s) != text]


def left_over(rule: object) -> list[str]:
    """Runaways of which more than the one copy is left, give or take its last word."""
    assert callable(rule)
    return [text for text, sound_s, rest in RUNAWAY if len(rule(text, sound_s)) > len(rest) + 20]


def test_there_is_enough_to_judge_by() -> None:
    assert len(HONEST) >= 40
    assert len(RUNAWAY) >= 15
    assert len({text for text, _ in HONEST}) == len(HONEST)


def test_no_honest_repetition_is_touched_and_no_runaway_missed() -> None:
    assert touched(collapse) == []
    assert left_over(collapse) == []


def test_the_toolkit_touches_honest_ones_and_misses_runaways() -> None:
    # The yardstick: should it do better one day than these, look at it again.
    assert (len(touched(toolkit_rule)), len(left_over(toolkit_rule))) == (2, 3)


@pytest.mark.parametrize(("text", "sound_s", "rest"), RUNAWAY)
def test_one_copy_of_a_runaway_is_left_and_all_that_was_said_around_it(
    text: str, sound_s: float, rest: str
) -> None:
    assert collapse(text, sound_s).strip() == rest


@pytest.mark.parametrize(("text", "sound_s"), HONEST)
def test_people_repeat_themselves_faster_than_they_usually_do(text: str, sound_s: float) -> None:
    assert collapse(text, sound_s * 0.8) == text


def test_the_runaway_goes_before_what_somebody_may_have_said_four_times() -> None:
    # The stops are those of Thue and Morse: no order of them comes three times in a row.
    stops = [",."[copy.bit_count() % 2] for copy in range(400)]
    text = "very very very very good. " + " ".join(f"Thank you{stop}" for stop in stops)

    assert collapse(text, 10.0).strip() == "very very very very good. Thank you,"


def test_only_as_much_is_cut_as_nobody_could_have_said() -> None:
    text = "no no no no no. " + "thank you " * 300

    assert collapse(text, 10.0).strip() == "no no no no no. thank you"


@given(texts, st.floats(0, 100))
def test_what_is_left_is_a_part_of_the_text_in_order(text: str, sound_s: float) -> None:
    rest = iter(text)

    assert all(character in rest for character in collapse(text, sound_s))


@given(texts, st.integers(1, 12), st.floats(0, 30))
def test_a_plausible_text_is_never_touched(text: str, copies: int, sound_s: float) -> None:
    repeated = f"{text} " * copies

    if is_plausible(repeated, sound_s):
        assert collapse(repeated, sound_s) == repeated
    assert collapse(repeated, 1e9) == repeated


@given(st.lists(st.sampled_from(["yes", "we", "can", "go"]), min_size=1, max_size=3), st.integers(60, 200))
def test_any_runaway_becomes_plausible(unit: list[str], copies: int) -> None:
    text = " ".join(unit * copies)

    assert is_plausible(collapse(text, 1.0), 1.0)


@pytest.mark.no_cover  # a tracer triples what so much text takes
@pytest.mark.parametrize(
    "text", ["ab " * 15_000, "a" * 50_000, "字" * 50_000, "、" * 50_000, "ab c" * 12_000]
)
@pytest.mark.slow
def test_hostile_text_takes_no_longer_than_any(text: str) -> None:
    began_s = time.process_time()
    collapse(text, 10.0)

    assert time.process_time() - began_s < 4
