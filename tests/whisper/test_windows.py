from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.whisper.windows import RATE_HZ, cut_windows, unheard_rest


def sound(seconds: float, level: float, seed: int = 1) -> Any:
    noise = np.random.default_rng(seed).standard_normal(round(seconds * RATE_HZ))
    return (level * noise).astype(np.float32)


@settings(max_examples=30, deadline=None)
@given(st.floats(0.01, 200), st.integers(0, 2**32 - 1))
def test_windows_lose_nothing_and_fit(duration_s: float, seed: int) -> None:
    samples = sound(duration_s, 1.0, seed)
    windows = list(cut_windows(samples))
    assert all(len(window) <= 30 * RATE_HZ for window in windows)
    assert np.array_equal(np.concatenate(windows), samples)


def test_windows_are_cut_in_the_pause() -> None:
    samples = sound(40, 1.0)
    samples[24 * RATE_HZ : 25 * RATE_HZ] *= 0.01
    first, second = cut_windows(samples)
    assert 24 * RATE_HZ < len(first) < 25 * RATE_HZ
    assert len(second) == len(samples) - len(first)


@pytest.mark.parametrize("floor", [0.0, 0.001, 0.01])
def test_a_rest_begins_shortly_before_it_is_loud_again(floor: float) -> None:
    samples = np.concatenate([sound(5, 0.1), sound(6, floor), sound(4, 0.1), sound(3, floor)])
    rest = unheard_rest(samples, 5.0)
    assert rest is not None
    assert (len(samples) - len(rest)) / RATE_HZ == pytest.approx(10.7, abs=0.06)


@pytest.mark.parametrize(
    ("samples", "stopped_s"),
    [
        pytest.param(sound(9, 0.1), 8.0, id="the end of a word"),
        pytest.param(np.concatenate([sound(5, 0.1), sound(20, 0.001)]), 5.0, id="a room"),
        pytest.param(np.concatenate([sound(5, 0.1), np.zeros(160_000, np.float32)]), 5.0, id="silence"),
        pytest.param(
            np.concatenate([sound(5, 0.1), sound(9, 0.001), sound(0.5, 0.1), sound(5, 0.001)]),
            5.0,
            id="a knock",
        ),
        pytest.param(sound(9, 0.1), 30.0, id="a timestamp behind the end"),
        pytest.param(sound(0.01, 0.1), 0.0, id="less than a frame"),
    ],
)
def test_no_rest(samples: Any, stopped_s: float) -> None:
    assert unheard_rest(samples, stopped_s) is None


@given(st.floats(0, 30), st.floats(0, 40))
@settings(max_examples=50, deadline=None)
def test_each_rest_is_shorter(duration_s: float, stopped_s: float) -> None:
    samples = np.concatenate([sound(duration_s / 2, 0.001), sound(duration_s / 2, 0.1)])
    rest = unheard_rest(samples, stopped_s)
    assert rest is None or len(rest) <= len(samples) - 2 * RATE_HZ
