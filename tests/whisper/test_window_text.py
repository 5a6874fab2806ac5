from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bot.whisper.window_text import Segment, WindowText
from bot.whisper.windows import RATE_HZ, Span


@dataclass
class Heard:
    """A segment of the model's."""

    start: float
    end: float
    text: str
    avg_logprob: float = -0.3
    compression_ratio: float = 1.2


def sentence(start: float, end: float, word: str) -> Heard:
    return Heard(start, end, f" {word * 40}.")


class Model:
    """Answers by what lies at the beginning of the audio, which is its own time in it."""

    def __init__(self, answer: Callable[[float, float], Sequence[Segment]]) -> None:
        self.answer = answer
        self.pieces: list[tuple[float, float]] = []

    def __call__(self, samples: Any, _speech_s: float) -> Sequence[Segment]:
        start_s, duration_s = round(float(samples[0]), 1), round(len(samples) / RATE_HZ, 1)
        self.pieces.append((start_s, round(start_s + duration_s, 1)))
        return self.answer(start_s, duration_s)


def text_of(model: Model, spoken: Sequence[tuple[float, float]], duration_s: float = 29.0) -> str:
    clock = (np.arange(round(duration_s * RATE_HZ)) / RATE_HZ).astype(np.float32)
    return WindowText(clock, [Span(*span) for span in spoken], "en", model).text()


def test_a_window_is_decoded_once_where_all_is_heard() -> None:
    model = Model(lambda _start, _duration: [sentence(0, 10, "a"), sentence(10, 20, "b")])
    assert text_of(model, [(0, 20)]) == f" {'a' * 40}. {'b' * 40}."
    assert model.pieces == [(0, 29)]


def test_a_sentence_that_was_left_out_comes_in_its_place() -> None:
    def answer(start_s: float, _duration_s: float) -> list[Segment]:
        return [sentence(0, 5, "b")] if start_s else [sentence(0, 5, "a"), sentence(15, 20, "c")]

    model = Model(answer)
    assert text_of(model, [(0, 5), (7, 12), (15, 20)]) == "".join(f" {word * 40}." for word in "abc")
    assert model.pieces == [(0, 29), (6.7, 12.3)]


def test_a_sparse_segment_is_heard_in_halves_where_they_are_fuller() -> None:
    def answer(_start_s: float, duration_s: float) -> list[Segment]:
        return [Heard(0, duration_s, " Few.") if duration_s > 10 else sentence(0, duration_s, "a")]

    model = Model(answer)
    assert text_of(model, [(0, 6), (7, 12)], 13) == f" {'a' * 40}. {'a' * 40}."
    assert model.pieces == [(0, 13), (0, 6.5), (6.5, 13)]


def test_a_sparse_segment_stays_where_its_halves_are_no_fuller() -> None:
    model = Model(lambda _start, duration: [Heard(0, duration, " Few.")] if duration > 10 else [])
    assert text_of(model, [(0, 6), (7, 12)], 13) == " Few."


def test_a_window_that_loops_is_heard_in_halves() -> None:
    def answer(_start_s: float, duration_s: float) -> list[Segment]:
        loop = Heard(0, duration_s, " So on" * 60, compression_ratio=9.0)
        return [loop if duration_s > 20 else sentence(0, duration_s, "a")]

    assert text_of(Model(answer), [(0, 6), (8, 9), (16, 22)]) == f" {'a' * 40}. {'a' * 40}."


def test_speech_that_ends_in_a_loop_is_left_out_behind_the_rest() -> None:
    def answer(start_s: float, duration_s: float) -> list[Segment]:
        loop = Heard(0, duration_s, " So on" * 60, compression_ratio=9.0)
        return [loop] if start_s else [sentence(0, 5, "a")]

    assert text_of(Model(answer), [(0, 5), (7, 12)]) == f" {'a' * 40}."


def test_silence_is_decoded_once() -> None:
    model = Model(lambda _start, _duration: [])
    assert text_of(model, []) == ""
    assert model.pieces == [(0, 29)]


SEGMENTS = st.lists(
    st.builds(
        Heard,
        *(st.floats(0, 40), st.floats(0, 40), st.sampled_from(["", " Yes.", " and so on" * 30])),
        compression_ratio=st.sampled_from([1.0, 9.0]),
    ),
    max_size=4,
)
SPEECH = st.lists(st.floats(0, 30), max_size=12, unique=True).map(
    lambda times: list(zip(sorted(times)[::2], sorted(times)[1::2], strict=False))
)


@given(st.data(), SPEECH)
def test_whatever_the_model_says_it_ends(data: st.DataObject, spoken: list[tuple[float, float]]) -> None:
    model = Model(lambda _start, _duration: [*data.draw(SEGMENTS)])
    text_of(model, spoken, 30.0)
    assert len(model.pieces) <= 40
