"""Reading direction of texts: invisible marks that have right-to-left ones laid out from the right. Pure.

What shows a text, Slack too, takes the direction of each paragraph from its first letter: a Latin name at
its beginning turns an Arabic sentence around. Or, as many players and editors, it takes all of it for
left-to-right, and a full stop comes at the wrong end. So the text says it itself, in both ways: a mark
counts as the first letter, and an embedding holds the order of words in what is laid out left to right.

An embedding, and no isolate: players know it for longer, and the first letter is not looked for in isolates.

Source: https://www.unicode.org/reports/tr9/ (P2, P3: the first strong character; X2: embeddings)
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

CHARACTERS = r"\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
"""Whatever turns the direction and is not seen, as what stands between the brackets of a pattern."""
_LRM, _RLM = "\u200e", "\u200f"
"""They count as a letter of their direction."""
_RLE, _PDF = "\u202b", "\u202c"
"""What stands between them is laid out right to left, also in a paragraph that is not."""
_DIRECTION = re.compile(f"[{CHARACTERS}]")


def without_direction(text: str) -> str:
    """A text without anything that turns its direction."""
    return _DIRECTION.sub("", text)


def is_right_to_left(text: str) -> bool:
    """True where at least half of the words are of a right-to-left script: the others are names in it."""
    words = [direction for direction in map(_direction, text.split()) if direction]
    return bool(words) and 2 * words.count("R") >= len(words)


def first_mark(text: str, *, right_to_left: bool) -> str:
    """The mark to put before a text whose first letter is of another direction than the text; else empty.

    Enough for what goes by the first letter; and it can be cut off without harm, as one of a pair cannot.
    """
    first, wanted = _direction(text), "R" if right_to_left else "L"
    return "" if first in {"", wanted} else _RLM if right_to_left else _LRM


def laid_out(line: str, *, right_to_left: bool) -> str:
    """A line or a paragraph, which is laid out in its direction by whatever shows it."""
    marked = first_mark(line, right_to_left=right_to_left) + line
    return f"{_RLE}{marked}{_PDF}" if right_to_left else marked


def paragraphs_laid_out(text: str) -> str:
    """A text whose paragraphs, with an empty line between them, are each laid out in their direction."""
    return "\n\n".join(
        laid_out(paragraph, right_to_left=is_right_to_left(paragraph)) for paragraph in text.split("\n\n")
    )


def _direction(text: str) -> str:
    """The direction of a text's first letter, ``L`` or ``R``; empty where it has none."""
    return next(_strong(text), "")


def _strong(text: str) -> Iterator[str]:
    for character in text:
        kind = unicodedata.bidirectional(character)
        if kind in {"L", "R", "AL"}:
            yield "L" if kind == "L" else "R"
