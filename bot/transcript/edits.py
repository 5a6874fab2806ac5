"""Edited texts: their paragraphs, a diff of their words, and the words that are new in them. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import groupby

from bot.transcript.documents import on_one_line
from bot.transcript.time_marks import MarkedParagraph, split_mark
from bot.transcript.tokens import tokens

MOST_OFFERED = 10
_LONGEST_OFFER = 40
"""Characters. What is longer is a sentence."""


@dataclass(frozen=True, slots=True)
class EditedWord:
    """A word, or in a script without spaces a character, of an old or a new text."""

    text: str
    within: int
    """The number of its cue in an old text, of its paragraph in a new one."""
    start: int
    """Its offset in the text of its cue or paragraph."""
    end: int
    spoken_length: int


def parse_paragraphs(text: str) -> list[str]:
    """The paragraphs of a text that somebody wrote: every line is one, as people may see it."""
    return [line for line in map(on_one_line, text.splitlines()) if line]


def parse_marked(text: str) -> list[MarkedParagraph]:
    """The paragraphs of a text that we wrote, which may have time marks."""
    marked = map(split_mark, text.splitlines())
    found = [MarkedParagraph(on_one_line(each.text), each.start_ms) for each in marked]
    return [paragraph for paragraph in found if paragraph.text]


def new_words(before: str, after: str) -> list[str]:
    """Words of an edited text that stand in the place of others and were not in the old one; at most 10."""
    old, lines = words_of([before]), parse_paragraphs(after)
    new = words_of(lines)
    known = before.casefold()
    found: dict[str, str] = {}
    for _, _, _, start, end in _changes(old, new):
        for within, stretch in groupby(new[start:end], key=lambda said: said.within):
            several = list(stretch)
            for word in lines[within][several[0].start : several[-1].end].split():
                bare = _without_punctuation(word)
                if 1 < len(bare) <= _LONGEST_OFFER and bare.casefold() not in known:
                    found.setdefault(bare.casefold(), bare)
    return list(found.values())[:MOST_OFFERED]


def words_of(texts: Sequence[str]) -> list[EditedWord]:
    """The words of some texts, in order."""
    return [
        EditedWord(text[token.start : token.end], number, token.start, token.end, token.spoken_length)
        for number, text in enumerate(texts)
        for token in tokens(text)
    ]


def _changes(
    old: Sequence[EditedWord], new: Sequence[EditedWord]
) -> Iterator[tuple[str, int, int, int, int]]:
    """The changes of the old words, in order, without what stayed; as ``SequenceMatcher.get_opcodes``."""
    return (change for change in matches(old, new) if change[0] != "equal")


def matches(old: Sequence[EditedWord], new: Sequence[EditedWord]) -> Iterator[tuple[str, int, int, int, int]]:
    """The steps from the old words to the new ones, in order; as ``SequenceMatcher.get_opcodes``."""
    a, b = [said.text for said in old], [said.text for said in new]
    # Most of a text stays, and matching takes the square of what is matched.
    same = _common(a, b)
    same_after = _common(a[same:][::-1], b[same:][::-1])
    yield "equal", 0, same, 0, same
    changed = SequenceMatcher(None, a[same : len(a) - same_after], b[same : len(b) - same_after])
    for kind, a_start, a_end, b_start, b_end in changed.get_opcodes():
        yield kind, a_start + same, a_end + same, b_start + same, b_end + same
    yield "equal", len(a) - same_after, len(a), len(b) - same_after, len(b)


def _common(a: Sequence[str], b: Sequence[str]) -> int:
    """The length of the common prefix, in words."""
    return next((at for at, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))


def _without_punctuation(word: str) -> str:
    at = [place for place, character in enumerate(word) if character.isalnum()]
    return word[at[0] : at[-1] + 1] if at else ""
