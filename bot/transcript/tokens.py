"""Tokenizes a text into words, or in scripts without spaces characters, which no line break divides. Pure.

Source: https://www.unicode.org/reports/tr14/ (what may not begin or end a line)
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise

from bot.transcript.script import THAI_LAO, UNSPACED, spoken_length


class Ends(Enum):
    """The largest unit that ends with a token."""

    SENTENCE = "sentence"
    CLAUSE = "clause"
    WORD = "word"
    """A word; in a script without spaces a character, which may stand inside a word."""


@dataclass(frozen=True, slots=True)
class Token:
    """``text[start:end]`` of the text it was found in."""

    start: int
    end: int
    spoken_length: int
    """In the unit of ``script.spoken_length``; at least 1."""
    ends: Ends


_NEVER_FIRST = (
    # Closing punctuation, and what clings to a number.
    r"!%),.:;?\]}'\"\u00a2\u00b0\u00b7\u00bb\u2013\u2014\u2019\u201d\u2026\u2030\u203a\u203c\u2047-\u2049\u2103"
    r"\u3001-\u3003\u3009\u300b\u300d\u300f\u3011\u3015\u3017\u3019\u301b-\u301f\u30fb"
    r"\uff01\uff05\uff09\uff0c\uff0e\uff1a\uff1b\uff1f\uff3d\uff5d\uff60-\uff61\uff63-\uff65"
    # Small kana, marks of length, of voice and of repetition.
    r"\u3005\u303b\u3041\u3043\u3045\u3047\u3049\u3063\u3083\u3085\u3087\u308e\u3095\u3096\u3099-\u309e"
    r"\u30a1\u30a3\u30a5\u30a7\u30a9\u30c3\u30e3\u30e5\u30e7\u30ee\u30f5\u30f6\u30fc-\u30fe\u31f0-\u31ff"
    r"\uff67-\uff70\uff9e\uff9f"
    # Vowels and marks that follow their consonant: Thai, Lao, Khmer, Myanmar, and those of any script.
    r"\u0e2f-\u0e3a\u0e45-\u0e4e\u0eb0-\u0ebc\u0ec6-\u0ece\u17b4-\u17d7\u17dd\u102b-\u103e\u1056-\u1059"
    r"\u105e-\u1060\u1062-\u1064\u1067-\u106d\u1071-\u1074\u1082-\u108d\u108f\u109a-\u109d\ua9e5\uaa7b-\uaa7d"
    r"\u0300-\u036f\u200c\u200d\ufe00-\ufe0f\U000e0100-\U000e01ef"
)
_NEVER_LAST = (
    # Opening punctuation; vowels before their consonant; marks that stack the next consonant.
    r"(\[{'\"\u00a1\u00ab\u00bf\u2018\u201c\u2039\u3008\u300a\u300c\u300e\u3010\u3014\u3016\u3018\u301a\u301d"
    r"\uff08\uff3b\uff5b\uff5f\uff62\u0e40-\u0e44\u0ec0-\u0ec4\u17d2\u1039\u200d"
)
_BREAK = re.compile(rf"(?:(?<=[{UNSPACED}])|(?=[{UNSPACED}]))(?<![{_NEVER_LAST}])(?![{_NEVER_FIRST}])")
_HAS_UNSPACED = re.compile(f"[{UNSPACED}]")

_CLOSERS = r"""["'\u00bb\u2019\u201d\u203a)\]}\u300b\u300d\u300f\u3011\uff09]*$"""
_SENTENCE_END = re.compile(
    rf"[.!?\u2026\u06d4\u061f\u0964\u0965\u104a\u104b\u17d4\u17d5\u203c\u2047-\u2049\u3002\uff01\uff0e\uff1f\uff61]{_CLOSERS}"
)
_NO_SENTENCE_END = re.compile(r"(?:^|\W)(?:Mrs?|Ms|Dr|Prof|St|vs|[A-Z])\.$")
"""A title or an initial before a name."""
_CLAUSE_END = re.compile(
    rf"[,;:\u00b7\u060c\u061b\u2013\u2014\u3001\u30fb\uff0c\uff1a\uff1b\uff64]{_CLOSERS}"
)
_ENDS_THAI_OR_LAO = re.compile(f"[{THAI_LAO}]$")
_LONGEST_TAIL = 12
"""Characters that are looked at for what they end: quotation marks without end are nobody's speech."""


def tokens(text: str) -> list[Token]:
    """All of a text but its white space, in order."""
    found = []
    for match in re.finditer(r"\S+", text):
        start, end = match.span()
        # A space ends something in a script that has none between words, unless a foreign word follows.
        ended = text[end + 1 : end + 2] == "" or _HAS_UNSPACED.match(text, end + 1) is not None
        breaks = (
            (place for place in (hit.start() for hit in _BREAK.finditer(text, start, end)) if place > start)
            if _HAS_UNSPACED.search(text, start, end)
            else ()
        )
        for left, right in pairwise((start, *breaks, end)):
            if left < right:
                piece = text[left:right]
                ends = _ends(piece, phrase=ended and right == end)
                found.append(Token(left, right, max(1, spoken_length(piece)), ends))
    return found


def ends_sentence(text: str) -> bool:
    """True where a sentence ends with this text."""
    return _ends(text, phrase=True) is Ends.SENTENCE


def _ends(text: str, *, phrase: bool) -> Ends:
    if text[-1:].isalnum() and not phrase:
        return Ends.WORD
    tail = text[-_LONGEST_TAIL:]
    if _SENTENCE_END.search(tail) and not _NO_SENTENCE_END.search(tail):
        return Ends.SENTENCE
    if _CLAUSE_END.search(tail):
        return Ends.CLAUSE
    if phrase and _ENDS_THAI_OR_LAO.search(tail):
        return Ends.SENTENCE
    return Ends.CLAUSE if phrase and _HAS_UNSPACED.match(tail[-1:]) else Ends.WORD
