from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.transcript.documents import on_one_line
from bot.transcript.time_marks import MarkedParagraph, marks_and_words, split_mark, with_mark, without_marks
from tests.transcript.texts import texts

HOUR_MS = 3_600_000


@pytest.mark.parametrize(
    ("start_ms", "mark"),
    [
        (0, "0:00"),
        (5_900, "0:05"),
        (130_000, "2:10"),
        (754_000, "12:34"),
        (HOUR_MS - 1, "59:59"),
        (HOUR_MS + 130_000, "1:02:10"),
        (30 * HOUR_MS, "30:00:00"),
    ],
)
def test_a_mark_is_a_time_as_players_show_it(start_ms: int, mark: str) -> None:
    assert with_mark("So.", start_ms) == f"{mark}\u2002So."
    assert split_mark(f"{mark}\u2002So.") == MarkedParagraph("So.", start_ms // 1_000 * 1_000)


@given(texts.map(on_one_line), st.integers(0, 100 * HOUR_MS))
def test_a_mark_comes_off_again_and_takes_no_word_along(text: str, start_ms: int) -> None:
    marked = with_mark(text, start_ms)

    assert without_marks(marked) == split_mark(marked).text == text
    assert without_marks(f"{marked}\n\n{marked}") == f"{text}\n\n{text}"
    assert split_mark(text) == MarkedParagraph(text)
    assert "".join(mark + words for mark, words in marks_and_words(f"{text}\n\n{marked}")) == (
        f"{text}\n\n{marked}"
    )


@pytest.mark.parametrize(
    "text", ["10:30 is too late.", "2:10 2:10 said the clock", "1:02:10", "\u2002So.", "99:99\u2002So.", ""]
)
def test_a_time_that_somebody_says_is_no_mark(text: str) -> None:
    assert without_marks(text) == text
    assert split_mark(text) == MarkedParagraph(text)


def test_what_has_no_words_or_names_its_own_times_has_no_mark() -> None:
    assert with_mark("", 5_000) == ""
    assert with_mark("[00:10-02:10 could not be transcribed]", 10_000).startswith("[")


def test_stretches_are_a_mark_and_the_words_behind_it() -> None:
    assert list(marks_and_words("a\n\n0:05\u2002b c\n\n0:09\u2002d")) == [
        ("", "a\n\n"),
        ("0:05\u2002", "b c\n\n"),
        ("0:09\u2002", "d"),
    ]
    assert list(marks_and_words("0:05\u2002b")) == [("0:05\u2002", "b")]
    assert list(marks_and_words("")) == [("", "")]
