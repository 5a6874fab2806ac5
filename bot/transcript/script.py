"""Writing systems: scripts without spaces between words, how texts join, spoken lengths. Pure."""

from __future__ import annotations

import re
import unicodedata

EAST_ASIAN = (
    "\u2e80-\u2fdf\u3000-\u312f\u31a0-\u31bf\u31f0-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\uff01-\uff9f\uffe0-\uffe6\U00020000-\U000323af"
)
"""Han, Hiragana, Katakana, Bopomofo and full-width punctuation, as ranges of a regular expression's class."""
THAI_LAO = "\u0e01-\u0e3a\u0e40-\u0eff"
"""These have no full stop either: a space, or nothing at all, ends a sentence."""
UNSPACED = f"{EAST_ASIAN}{THAI_LAO}\u1000-\u109f\u1780-\u17ff\u19e0-\u19ff\ua9e0-\ua9ff\uaa60-\uaa7f"
"""The above, Myanmar and Khmer. Korean is not among them: it has spaces."""

_UNSPACED = re.compile(f"[{UNSPACED}]")


def is_unspaced(character: str) -> bool:
    """True where it belongs to a script that is written without spaces between words."""
    return _UNSPACED.match(character) is not None


def separator(left: str, right: str) -> str:
    """The separator between two texts that follow one another: a space, or nothing.

    Nothing between two characters of an unspaced script, nor beside full-width punctuation, which brings its
    own space, nor between such a character and the punctuation behind it. A Chinese and an English word keep
    a space, and so do “Hello.” and a Chinese word: that full stop belongs to the English.
    """
    if not left or not right:
        return ""
    if _is_wide_punctuation(left[-1]) or _is_wide_punctuation(right[0]):
        return ""
    spoken = next((character for character in reversed(left) if not _is_punctuation(character)), left[-1])
    together = is_unspaced(spoken) and (is_unspaced(right[0]) or _is_punctuation(right[0]))
    return "" if together else " "


def join(left: str, right: str) -> str:
    """Two texts as one, with a space between them where their scripts want one."""
    return left + separator(left, right) + right


def spoken_length(text: str) -> int:
    """The time it takes to say, in halves of a Latin letter; 0 for punctuation and marks alone.

    A Mandarin syllable takes as long as about three letters of English, a Japanese mora as two, a Korean
    syllable as two and a half. A digit stands for a word of about four.
    """
    return sum(map(_spoken_length, text))


def _spoken_length(character: str) -> int:
    if not character.isalnum():
        return 0
    if character.isdigit():
        return 8
    if character < "\u2e80" or character >= "\uff00":
        return 2
    if "\u3040" <= character <= "\u30ff":
        return 4
    return 5 if "\uac00" <= character <= "\ud7a3" else 6


def _is_punctuation(character: str) -> bool:
    return unicodedata.category(character).startswith("P")


def _is_wide_punctuation(character: str) -> bool:
    return _is_punctuation(character) and unicodedata.east_asian_width(character) in "WF"
