from __future__ import annotations

import re

import pytest
from hypothesis import given

from bot.transcript.edits import MOST_OFFERED, new_words, parse_paragraphs
from tests.transcript.texts import texts


def test_paragraphs_are_the_lines_that_hold_something() -> None:
    text = " One  two.\n\n\n\tThree\u202e.\r\n \x07\nFour.\ud800"

    assert parse_paragraphs(text) == ["One two.", "Three.", "Four."]
    assert parse_paragraphs(" \n\t\n") == []


@pytest.mark.parametrize(
    ("before", "after", "offered"),
    [
        ("I met team at green wall.", "I met Tim at Grünwald.", ["Tim", "Grünwald"]),
        ("We use cuber netties.", "We use “Kubernetes”, (mostly).", ["Kubernetes", "mostly"]),
        ("我们去北京开会。", "我们去格林瓦德开会。", ["格林瓦德"]),
        ("One two.", "Two one.", []),
        ("One two.", "One two", []),
        ("One two.", "One.\n\nTwo.", []),
        ("One.", "One. A B !!! ?", []),
        ("One.", "One. Extra, extra! one", ["Extra"]),
        ("", "Alpha beta.", ["Alpha", "beta"]),
        ("One.", f"One. {'x' * 41}", []),
    ],
)
def test_new_words_are_offered(before: str, after: str, offered: list[str]) -> None:
    assert new_words(before, after)[: len(offered) + 1] == offered


@given(texts, texts)
def test_what_is_offered_is_new_and_fits_a_box(before: str, after: str) -> None:
    offered = new_words(before, after)

    assert len(offered) <= MOST_OFFERED
    assert all(1 < len(word) <= 40 and re.search(r"\w", word) for word in offered)
    assert all(word.casefold() not in before.casefold() for word in offered)
    assert all(word in " ".join(parse_paragraphs(after)) for word in offered)
