"""Echo detection: a transcript that only repeats its context, which little sound may bring. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from itertools import accumulate

from bot.transcript.direction import without_direction
from bot.transcript.script import UNSPACED

_WORD = re.compile(rf"[{UNSPACED}]|[^\W_{UNSPACED}]+")
"""A character of a script without spaces counts for a word."""
_BETWEEN_ITEMS = re.compile(
    r"[,;:!?|/(){}\[\]\"<>=+*#\n\r\u00ab\u00bb\u00b7\u2013\u2014\u201c\u201d\u2022\u060c\u061b\u061f\u0964"
    r"\u3001\u3002\u300a-\u300f\u30fb]+|\.(?=\s)"
)
_FEWEST_WORDS = 3
"""Fewer, out of their order, anybody may say."""


def is_echo(text: str, context: str) -> bool:
    """True where a transcript says nothing but what stands in the context.

    That is a contiguous part of it, or whole items of its list in whatever order. Case, punctuation, spaces
    and the width of characters make no difference. Somebody may have said just that: recognise again without
    the context rather than drop the words.
    """
    # What turns their direction is not seen, and would divide words.
    text, context = without_direction(text), without_direction(context)
    said, known = _words(text), _words(context)
    if not said or not known:
        return False
    return _is_part(said, known) or _is_made_of_items(said, _items(context))


def _words(text: str) -> list[str]:
    found: list[str] = _WORD.findall(unicodedata.normalize("NFKC", text).casefold())
    return [word for word in found if unicodedata.category(word[0])[0] in "LMN"]


def _is_part(said: Sequence[str], known: Sequence[str]) -> bool:
    """True where the words stand in the context side by side, however either of them is spaced."""
    sought, whole = "".join(said), "".join(known)
    # A part begins and ends where words do: “cat” is not a part of “concatenate”.
    edges = {0, *accumulate(map(len, known))}
    at = whole.find(sought)
    while at >= 0:
        if at in edges and at + len(sought) in edges:
            return True
        at = whole.find(sought, at + 1)
    return False


def _items(context: str) -> set[str]:
    """The items of a list, or the words of a context without any punctuation; joined without spaces."""
    written = _BETWEEN_ITEMS.split(unicodedata.normalize("NFKC", context))
    items = {"".join(_words(item)) for item in written} - {""}
    return items if len(items) > 1 else set(_words(context))


def _is_made_of_items(said: Sequence[str], items: set[str]) -> bool:
    """True where the words fall into whole items: three words at least, or every item."""
    if len(said) < _FEWEST_WORDS and not items <= set(said):
        return False
    whole = "".join(said)
    lengths = {len(item) for item in items}
    reached = {0}
    for edge in accumulate(map(len, said)):
        if any(edge - length in reached and whole[edge - length : edge] in items for length in lengths):
            reached.add(edge)
    return len(whole) in reached
