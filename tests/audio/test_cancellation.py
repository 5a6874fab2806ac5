from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.audio.cancellation import powers_of, sampling_step

VOICE = [1.0, -2.0, 3.0, -1.0, 2.0]


def scaled(by: float) -> list[float]:
    return [by * sample for sample in VOICE]


@pytest.mark.parametrize(
    ("channels", "chosen"),
    [
        ([VOICE, scaled(-1)], 0),
        ([scaled(-0.9), VOICE], 1),
        ([scaled(0.2), VOICE, scaled(-1.1)], 2),
        ([VOICE, scaled(-0.5)], None),
        ([VOICE, VOICE], None),
        ([VOICE, scaled(0)], None),
        ([scaled(0)] * 8 + [VOICE], None),
        ([scaled(0), scaled(0)], None),
        ([[], []], None),
    ],
)
def test_the_loudest_is_chosen_where_nothing_is_left_of_the_mix(
    channels: list[list[float]], chosen: int | None
) -> None:
    assert powers_of(channels).loudest_if_cancelled() == chosen


@pytest.mark.parametrize(("before", "chosen"), [(0, 0), (1, 1), (None, 1)])
def test_a_channel_that_is_about_as_loud_stays(before: int | None, chosen: int) -> None:
    assert powers_of([scaled(0.95), scaled(-1)]).loudest_if_cancelled(before) == chosen


def test_a_channel_that_falls_silent_does_not_stay() -> None:
    assert powers_of([scaled(0.1), VOICE, scaled(-1.1)]).loudest_if_cancelled(0) == 2


@pytest.mark.parametrize(
    ("other", "alike"),
    [
        (VOICE, True),
        (scaled(0.01), True),
        (scaled(-0.3), True),
        ([sample + noise for sample, noise in zip(VOICE, (0.2, 0.1, -0.2, 0.3, -0.1), strict=True)], True),
        (scaled(0), False),
        ([2.0, 1.0, 1.0, -3.0, -2.0], False),
    ],
)
def test_channels_are_alike_however_loud(other: list[float], *, alike: bool) -> None:
    assert powers_of([VOICE, other]).are_alike() is alike
    assert powers_of([other, VOICE]).are_alike() is alike


def test_silent_channels_are_alike() -> None:
    assert powers_of([scaled(0), scaled(0)]).are_alike()


@given(st.integers(1, 400_000))
def test_the_step_is_odd(rate_hz: int) -> None:
    assert sampling_step(rate_hz) % 2 == 1
