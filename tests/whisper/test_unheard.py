from __future__ import annotations

import pytest

from bot.whisper.unheard import Said, find_gaps, halve, is_sparse, speech_within
from bot.whisper.windows import Span

WINDOW = Span(0.0, 29.0)


def said(*spans: tuple[float, float]) -> list[Said]:
    return [Said(Span(*span), " Words.") for span in spans]


def speech(*spans: tuple[float, float]) -> list[Span]:
    return [Span(*span) for span in spans]


@pytest.mark.parametrize(
    ("heard", "spoken", "gap"),
    [
        pytest.param([(0, 10)], [(0, 9.5), (12, 20)], (11.7, 20.3), id="behind the last timestamp"),
        pytest.param([(0, 5), (20, 28)], [(0, 5), (7, 10), (12, 18), (21, 28)], (6.7, 18.3), id="between"),
        pytest.param([(20, 28)], [(3, 18), (20, 28)], (2.7, 18.3), id="before"),
        pytest.param([(0, 10)], [(0, 28)], (10, 28.3), id="speech without a pause"),
        pytest.param([(0, 10)], [(0, 10.5), (12, 13.2)], (11.7, 13.5), id="timestamps half a second off"),
        pytest.param([(0, 10)], [(0, 9.5), (28, 29)], (27.7, 29), id="to the window's end"),
        pytest.param([(14, 20), (0, 10)], [(0, 9), (10.5, 13), (14, 20)], (10.2, 13.3), id="in any order"),
        pytest.param([], [(5, 28)], (4.7, 28.3), id="nothing heard"),
    ],
)
def test_speech_without_an_answer_is_a_gap(
    heard: list[tuple[float, float]], spoken: list[tuple[float, float]], gap: tuple[float, float]
) -> None:
    assert list(find_gaps(said(*heard), speech(*spoken), WINDOW)) == [pytest.approx(gap)]


@pytest.mark.parametrize(
    ("heard", "spoken"),
    [
        pytest.param([(0, 28)], [(0, 28)], id="all heard"),
        pytest.param([(0, 10)], [(0, 9)], id="silence behind"),
        pytest.param([(0, 10)], [(0, 10.9)], id="the end of a word"),
        pytest.param([(0, 10)], [(0, 9), (15, 15.9)], id="a knock"),
        pytest.param([(0, 12), (3, 4)], [(0, 12)], id="one segment inside another"),
        pytest.param([], [(0, 28.5)], id="not much shorter than the window"),
        pytest.param([], [], id="silence"),
    ],
)
def test_no_gap(heard: list[tuple[float, float]], spoken: list[tuple[float, float]]) -> None:
    assert not list(find_gaps(said(*heard), speech(*spoken), WINDOW))


@pytest.mark.parametrize(
    ("text", "language", "spoken", "sparse"),
    [
        pytest.param(" Unless to be rather cold-hearted.", "en", [(0, 12)], True, id="one sentence of two"),
        pytest.param(" Unless to be rather cold-hearted.", "en", [(0, 3.4)], False, id="said slowly"),
        pytest.param(" Unless to be rather cold-hearted.", "en", [(0, 2), (10, 11.5)], False, id="pauses"),
        pytest.param(" Well,", "en", [(0, 2.9)], False, id="one word, drawn out"),
        pytest.param("\u4e00\u4e8c\u4e09\u56db\u4e94\u516d\u4e03", "zh", [(0, 4)], False, id="syllables"),
        pytest.param("\u4e00\u4e8c\u4e09", "zh", [(0, 4)], True, id="few syllables"),
    ],
)
def test_a_sparse_segment(
    text: str, language: str, spoken: list[tuple[float, float]], *, sparse: bool
) -> None:
    assert is_sparse(Said(Span(0, 12), text), speech(*spoken), language) is sparse


def test_halves_are_cut_in_a_long_pause_near_the_middle() -> None:
    spoken = speech((0, 2), (5, 9), (9.5, 14), (15.5, 20), (20.5, 29))
    assert halve(spoken, WINDOW) == speech((0, 14.75), (14.75, 29))


@pytest.mark.parametrize(
    "spoken", [[], [(0, 29)], [(0, 1), (1.4, 29)]], ids=["silence", "no pause", "at an edge"]
)
def test_no_halves(spoken: list[tuple[float, float]]) -> None:
    assert not halve(speech(*spoken), WINDOW)


def test_speech_within_a_span() -> None:
    spoken = speech((0, 2), (3, 5), (6, 9))
    assert speech_within(spoken, Span(4, 6)) == speech((4, 5))
