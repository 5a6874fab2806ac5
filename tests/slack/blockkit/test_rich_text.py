from __future__ import annotations

import html
import json
import re
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.playground.slack_lookalike.blockkit import complaints_about_blocks
from bot.slack.blockkit.elements import Block, context, line
from bot.slack.blockkit.rich_text import (
    BLOCK_CHARACTERS,
    beginning,
    escape,
    fallback,
    join,
    marked_text_of,
    rich_text,
    rich_texts,
    split,
    text_of,
)
from bot.transcript.documents import on_one_line
from bot.transcript.time_marks import with_mark, without_marks

PROSE = st.lists(
    st.text(st.characters(categories=["L", "N", "P"]), min_size=1, max_size=30), min_size=1, max_size=40
).flatmap(
    lambda words: st.lists(
        st.sampled_from(["", " ", " ", "\n", "\n\n"]), min_size=len(words), max_size=len(words)
    ).map(lambda spaces: "".join(map("".join, zip(words, spaces, strict=True))).strip())
)


@given(st.text())
def test_escaping_loses_nothing(text: str) -> None:
    assert html.unescape(escape(text.replace("&", "and"))) == text.replace("&", "and")
    assert not re.search(r"[<>]", escape(text))


@given(PROSE, st.integers(4, 60))
def test_a_text_that_is_split_can_be_joined_again(text: str, limit: int) -> None:
    pieces = list(split(text, limit))

    assert join(pieces) == text
    assert all(0 < len(piece) <= limit for _, piece in pieces)


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("one two", [("cut", "one two")]),
        ("four five seven", [("cut", "four"), ("word", "five"), ("word", "seven")]),
        ("one\n\nsix seven", [("cut", "one"), ("paragraph", "six"), ("word", "seven")]),
        ("abcdefghij", [("cut", "abcdefg"), ("cut", "hij")]),
        ("abcdefg\nhij", [("cut", "abcdefg"), ("line", "hij")]),
    ],
)
def test_a_text_is_cut_where_it_pauses(text: str, pieces: list[tuple[str, str]]) -> None:
    assert list(split(text, 7)) == pieces


SENTENCE = "All of this was said at once. "


@pytest.mark.parametrize(
    ("text", "end"),
    [
        (SENTENCE * 200, "at once."),
        ("这些话都是一口气说完的。" * 600, "。"),
        ("قيل كل هذا دفعة واحدة؟ " * 300, "؟"),
        ("Dr. Smith says so, " * 40 + SENTENCE * 120, "at once."),
    ],
)
def test_nobody_is_cut_off_in_the_middle_of_a_sentence(text: str, end: str) -> None:
    text = text.strip()

    assert all(piece.endswith(end) for _, piece in split(text, 2_400))
    assert beginning(text, 2_400).endswith(f"{end} …")
    assert len(beginning(text, 2_400)) <= 2_400


def test_the_end_of_a_paragraph_is_a_better_place_still() -> None:
    text = f"{SENTENCE * 50}\n\n{SENTENCE * 100}"

    (_, first), *_ = split(text, 2_400)

    assert first == (SENTENCE * 50).strip()
    assert beginning(text, 2_400) == f"{first} …"


@given(PROSE, st.integers(4, 60))
def test_a_beginning_is_no_longer_than_it_may_be(text: str, limit: int) -> None:
    if len(text) > limit:
        shown = beginning(text, limit)
        assert len(shown) <= limit
        assert text.startswith(shown.removesuffix("…").rstrip())


@given(PROSE.map(lambda text: (f"{text} " * 400)[:9_000].strip()))
@example("&amp; &lt;" * 400)
def test_the_text_of_a_message_is_read_again(text: str) -> None:
    blocks = rich_texts(text)
    # As Slack gives it back.
    given_back = [rich_text(escape(text_in(block)), block.get("block_id")) for block in blocks]

    assert complaints_about_blocks(blocks) == []
    is_the_same = text_of([*given_back, context("English · 0:11")]) == text
    assert is_the_same, "a comparison of long texts would take minutes to print"


def text_in(block: Block) -> str:
    return str(block["elements"][0]["elements"][0]["text"])


MARKED = "0:05\u2002Good morning.\n\n[00:10-02:10 gap]\n\n1:02:10\u200210:30 is too late."
WORDS = "Good morning.\n\n[00:10-02:10 gap]\n\n10:30 is too late."


ARABIC = "0:05\u2002Kubernetes هو موضوع اليوم.\n\nGood morning.\n\nמה שלומך? Slack."


def test_right_to_left_paragraphs_say_so_and_are_read_without_it() -> None:
    blocks = rich_texts(ARABIC)

    assert elements_of(blocks) == [
        ("\u202b\u200f0:05\u2002", True),
        ("Kubernetes هو موضوع اليوم.\u202c\n\nGood morning.\n\n\u202bמה שלומך? Slack.\u202c", False),
    ]
    assert marked_text_of(blocks) == ARABIC
    assert text_of(blocks) == ARABIC[5:]
    assert fallback("Slack هو موضوع اليوم.") == "\u200fSlack هو موضوع اليوم."
    assert rich_texts(text_of(blocks)) == rich_texts(ARABIC[5:])


def elements_of(blocks: list[Block]) -> list[tuple[str, bool]]:
    """The text elements of blocks, and if they are in italics."""
    return [
        (element["text"], element.get("style") == {"italic": True})
        for block in blocks
        for section in block["elements"]
        for element in section["elements"]
    ]


def test_time_marks_are_quiet_and_no_words() -> None:
    blocks = rich_texts(MARKED)

    assert complaints_about_blocks(blocks) == []
    assert elements_of(blocks) == [
        ("0:05\u2002", True),
        ("Good morning.\n\n[00:10-02:10 gap]\n\n", False),
        ("1:02:10\u2002", True),
        ("10:30 is too late.", False),
    ]
    assert text_of(blocks) == WORDS
    assert marked_text_of(blocks) == MARKED
    assert fallback(MARKED) == WORDS


@pytest.mark.parametrize("space", [" ", "", "\u00a0"])
def test_a_mark_is_known_by_its_style_whatever_becomes_of_its_space(space: str) -> None:
    blocks = json.loads(json.dumps(rich_texts(MARKED)).replace(r"\u2002", space))

    assert text_of(blocks) == WORDS
    assert marked_text_of(blocks) == MARKED


@given(PROSE.map(on_one_line).filter(bool), st.integers(1, 30))
def test_marks_are_read_again_from_as_many_blocks_as_it_takes(text: str, length: int) -> None:
    marked = "\n\n".join(
        with_mark(" ".join([text] * length), 7_000 * at)
        for at in range(1 + min(60, 9_000 // (len(text) * length)))
    )
    blocks = rich_texts(marked)

    assert complaints_about_blocks(blocks) == []
    assert marked_text_of(blocks) == marked
    assert text_of(blocks) == without_marks(marked)


def test_only_text_is_read_again() -> None:
    origin = line("From {channel}: hear it", channel={"type": "channel", "channel_id": "C024CHAN1"})

    assert text_of([origin, *rich_texts("Hello."), context("English")]) == "Hello."


@pytest.mark.parametrize(
    "blocks",
    [
        None,
        "rich_text",
        {},
        [],
        [None, 7, {}],
        [{"type": "rich_text"}],
        [{"type": "rich_text", "elements": {}}],
        [{"type": "rich_text", "elements": [{"elements": [{"type": "text", "text": None}]}]}],
    ],
)
def test_odd_blocks_hold_no_text(blocks: Any) -> None:
    assert text_of(blocks) == ""


def test_blocks_whose_ids_are_not_ours_are_paragraphs() -> None:
    assert text_of([rich_text("One.", "x1"), rich_text("Two.", "x2"), rich_text("Three.")]) == (
        "One.\n\nTwo.\n\nThree."
    )


def test_a_fallback_is_the_beginning_escaped() -> None:
    assert fallback("a < b") == "a &lt; b"
    assert fallback("word " * 2_000).endswith(" word…")
    assert 2_900 < len(fallback("word " * 2_000)) <= 3_000
    assert len(fallback("&" * 7_000)) <= 3_000
    assert beginning("one two three", 9) == "one two…"


@pytest.mark.parametrize(
    "text",
    ["שלום " * 2_000, "\n\n".join(["א"] * 3_000), "\n\n".join(["Ada אמרה שלום לכולם"] * 400)],
    ids=["one paragraph", "paragraphs of a letter", "paragraphs that begin with a name"],
)
def test_what_lays_a_text_out_has_room_in_its_block(text: str) -> None:
    blocks = rich_texts(text)
    shown = [block["elements"][0]["elements"][0]["text"] for block in blocks]
    assert all(len(piece) <= BLOCK_CHARACTERS for piece in shown)
    assert text_of(blocks).split() == text.split()
