"""Signs that a vocabulary turned Whisper's answer to rubbish, and how much of a vocabulary it takes. Pure."""

from __future__ import annotations

import itertools
import re
import unicodedata

MOST_NAMES = 20
MOST_LETTERS = 300
"""Of all names together. Measured on the English clips, as below."""
LOOPING = 2.4
"""Whisper's own measure: text that compresses better than this goes round in circles."""
_UNSURE = -1.0
"""Whisper's own measure: a mean log probability below this is a guess."""
_MOST_LETTERS_A_SECOND = 30.0
_LEAST_LETTERS_A_SECOND, _LEAST_SYLLABLES_A_SECOND = 5.0, 1.5
"""Of speech without its pauses. Clips had 8.4 to 16.2, in Chinese 3.9 to 4.3, in Japanese 3.9 to 7.3."""
_UNSAID_S = 1.0
"""A word may be drawn out."""
_SYLLABIC = {"zh", "yue", "ja", "ko"}
"""A letter of these is a syllable or more."""
_LETTERS_A_WORD = 15.0
_ONE_WORD_LETTERS = 20
_UNSPACED = {"zh", "yue", "ja", "th"}
"""These write no spaces between words."""


def prompt_of(context: str) -> str:
    """Whisper's prompt for a context: its first names, in one line.

    Names one a line made Whisper base write one name instead of what was said. Word errors on eight English
    clips, in percent, for 0, 10, 20, 40 and 100 names: 2.7, 3.6, 18.6, 60.5, 25.0 one a line, and 2.7, 2.7,
    2.7, 3.2, 4.5 with commas.

    Args:
        context: Names, one a line or with commas between them.
    """
    names = _names(context)[:MOST_NAMES]
    lengths = itertools.accumulate(len(name) + 2 for name in names)
    return ", ".join(name for name, length in zip(names, lengths, strict=True) if length <= MOST_LETTERS)


def _names(context: str) -> list[str]:
    return [name for part in re.split(r"[\n,;]", context) if (name := part.strip())]


def count_letters(text: str) -> int:
    """Count the characters that are neither spaces, punctuation nor symbols."""
    return sum(map(len, _words(text)))


def letters_a_second(language: str) -> float:
    """The fewest that speech has without its pauses, by the language's code."""
    return _LEAST_SYLLABLES_A_SECOND if language in _SYLLABIC else _LEAST_LETTERS_A_SECOND


def is_implausible(
    text: str, language: str, duration_s: float, speech_s: float, mean_log_probability: float, context: str
) -> bool:
    """True for an answer that should be heard again, without the context that steered it.

    Args:
        text: The answer.
        language: Its code.
        duration_s: Of the audio.
        speech_s: Of the speech in it.
        mean_log_probability: The lowest of the answer's segments.
        context: As it was given, or the prompt made of it.
    """
    words = _words(text)
    letters = sum(map(len, words))
    return (
        mean_log_probability < _UNSURE
        or letters < letters_a_second(language) * (speech_s - _UNSAID_S)
        or letters > _MOST_LETTERS_A_SECOND * duration_s
        or (language not in _UNSPACED and letters > max(_ONE_WORD_LETTERS, _LETTERS_A_WORD * len(words)))
        or _recites(words, context)
    )


def _recites(words: list[str], context: str) -> bool:
    """True where two neighbouring names of the context follow each other in the text."""
    names = [_words(name) for name in _names(context)]
    said = f" {' '.join(words)} "
    return any(f" {' '.join(one + other)} " in said for one, other in itertools.pairwise(filter(None, names)))


def _words(text: str) -> list[str]:
    kept = (" " if unicodedata.category(character)[0] in "PS" else character for character in text.casefold())
    return "".join(kept).split()
