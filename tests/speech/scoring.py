"""How far a transcript is from what was said."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

import jiwer

UNSPACED = frozenset({"zh", "ja"})
"""Languages written without spaces: characters are counted, not words."""
_APOSTROPHES = str.maketrans("", "", "'\N{RIGHT SINGLE QUOTATION MARK}")


@dataclass(frozen=True, slots=True)
class Errors:
    """Words (or characters) that were wrong, missing or too many, out of those that were said."""

    wrong: int = 0
    said: int = 0

    def __add__(self, other: Errors) -> Errors:
        """Pool two counts."""
        return Errors(self.wrong + other.wrong, self.said + other.said)

    @property
    def percent(self) -> float:
        """The error rate; over 100 where more was invented than said."""
        return 100 * self.wrong / self.said


def plain(text: str) -> str:
    """NFKC, lower case, no apostrophes; other punctuation parts words."""
    text = unicodedata.normalize("NFKC", text).lower().translate(_APOSTROPHES)
    spaced = (" " if unicodedata.category(character)[0] in "PS" else character for character in text)
    return " ".join("".join(spaced).split())


def count_errors(language: str, said: str, heard: str) -> Errors:
    """Compare a transcript with what was said, both as they are written."""
    said, heard = plain(said), plain(heard)
    if language in UNSPACED:
        said, heard = " ".join(said.replace(" ", "")), " ".join(heard.replace(" ", ""))
    if not heard:
        return Errors(len(said.split()), len(said.split()))
    found = jiwer.process_words(said, heard)
    return Errors(found.substitutions + found.deletions + found.insertions, len(said.split()))
