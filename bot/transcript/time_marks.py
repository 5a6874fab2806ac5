"""Time marks: the places in a recording, as ``2:10``, that paragraphs of its text begin with. Pure.

An en space parts a mark from the words. It looks like any other space; but no words have one, whose white
space is made single plain spaces (``documents.on_one_line``). So a text that is read again tells by itself
which times are marks, and “10:30 is too late” loses no word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bot import formats
from bot.transcript.direction import CHARACTERS

MARKS_ABOVE_S = 180.0
"""Seconds of a recording: a longer one has time marks."""
BEHIND = "\u2002"
_MARK = re.compile(
    # What turns the direction of the paragraph stands before its mark, which belongs to the paragraph.
    rf"^[{CHARACTERS}]*(?:([0-9]{{1,4}}):)?([0-5]?[0-9]):([0-5][0-9]){BEHIND}",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class MarkedParagraph:
    """A paragraph, and the time of its mark."""

    text: str
    """Its words, without the mark."""
    start_ms: int | None = None
    """``None`` where no mark stands before it."""


def with_mark(text: str, start_ms: int) -> str:
    """A paragraph with its mark before it: ``0:05``, ``2:10``, ``1:02:10``.

    One that has no words gets none; nor one in brackets, as a gap, which names its own times.
    """
    if not text or (text.startswith("[") and text.endswith("]")):
        return text
    return f"{formats.clock(start_ms).removeprefix('0')}{BEHIND}{text}"


def split_mark(paragraph: str) -> MarkedParagraph:
    """A paragraph apart from its mark, where it has one."""
    found = _MARK.match(paragraph)
    if found is None:
        return MarkedParagraph(paragraph)
    hours, minutes, seconds = (int(digits or 0) for digits in found.groups())
    return MarkedParagraph(paragraph[found.end() :], ((hours * 60 + minutes) * 60 + seconds) * 1000)


def without_marks(text: str) -> str:
    """The words of a text with marks."""
    return _MARK.sub("", text)


def marks_and_words(text: str) -> Iterator[tuple[str, str]]:
    """A text in stretches: each mark, with its space, and all that follows until the next one.

    What stands before the first mark comes with an empty one.
    """
    mark, start = "", 0
    for found in _MARK.finditer(text):
        if found.start():
            yield mark, text[start : found.start()]
        mark, start = found[0], found.end()
    yield mark, text[start:]
