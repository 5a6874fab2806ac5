from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.whisper.windows import RATE_HZ, cut_windows


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
