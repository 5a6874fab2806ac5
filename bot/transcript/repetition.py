"""Collapses runaway repetitions, in which a recogniser says the same thing without end. Pure.

People repeat themselves too, so a text is touched only where nobody could have said it in the time.

Source: https://doi.org/10.1353/lan.2011.0057 (Pellegrino, Coupé and Marsico: in seven languages people read
5.2 to 7.8 syllables a second; the limits here are at about twice that)
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from operator import eq

from bot.transcript.script import spoken_length
from bot.transcript.tokens import tokens

_WORDS_PER_S = 7.0
"""Fast conversation reaches five and a half."""
_LENGTH_PER_S = 70.0
"""In the unit of ``spoken_length``: 11.7 Chinese or 17.5 kana characters, 14 Korean syllables, 35 letters."""
_GRACE_S = 1.0
"""Sounds are measured without their quiet beginnings and ends."""
_FEWEST_COPIES = 4
_LONGEST_UNIT = 40
"""In words, or in characters of scripts without spaces."""
_LONGEST_WORD = 30
"""Characters; “hahaha…” without a space is looked at letter by letter."""


@dataclass(frozen=True, slots=True)
class _Piece:
    """A word or a character: ``text[start:end]``."""

    start: int
    end: int
    shown: str
    """Without case."""
    said: str
    """Without case or punctuation."""


@dataclass(frozen=True, slots=True)
class _Run:
    """The same ``unit`` pieces again and again, from ``start`` to ``end``."""

    start: int
    end: int
    unit: int


def is_plausible(text: str, sound_s: float) -> bool:
    """True where a person can say this much in so many seconds of sound."""
    needed_s = max(len(text.split()) / _WORDS_PER_S, spoken_length(text) / _LENGTH_PER_S)
    return needed_s <= sound_s + _GRACE_S


def collapse(text: str, sound_s: float) -> str:
    """The text, with runaway repetitions cut to one copy; as it is where a person can have said it.

    Args:
        text: What was recognised.
        sound_s: Seconds of sound that it was recognised from.
    """
    while not is_plausible(text, sound_s):
        pieces = _pieces(text)
        exact = _runs([piece.shown for piece in pieces])
        alike = _runs([piece.said for piece in pieces])
        # To the letter if possible: without its stops, “Bye bye. Bye bye.” is one “bye” again and again.
        runs = exact if 2 * _longest(exact) >= _longest(alike) else alike
        if not runs:
            break
        text = _cut(text, pieces, runs, sound_s)
    return text


def _pieces(text: str) -> list[_Piece]:
    pieces = []
    for token in tokens(text):
        letters = token.end - token.start > _LONGEST_WORD
        for start, end in pairwise(
            range(token.start, token.end + 1) if letters else (token.start, token.end)
        ):
            shown = text[start:end].casefold()
            pieces.append(_Piece(start, end, shown, re.sub(r"[\W_]+", "", shown) or shown))
    return pieces


def _runs(said: Sequence[str]) -> list[_Run]:
    """Repetitions that do not overlap, the longest first."""
    found = []
    for unit in range(1, min(_LONGEST_UNIT, len(said) // _FEWEST_COPIES) + 1):
        start = 0
        for at, same in enumerate([*map(eq, said, said[unit:]), False]):
            if not same:
                if at + unit - start >= _FEWEST_COPIES * unit:
                    found.append(_Run(start, at + unit, unit))
                start = at + 1
    # Where units of one word repeat, so do units of two: the shorter is the truer.
    found.sort(key=lambda run: (run.start - run.end, run.unit))
    taken = bytearray(len(said))
    apart = []
    for run in found:
        # Of two runs that overlap the longer was first, so it covers an end of the shorter.
        if not taken[run.start] and not taken[run.end - 1]:
            taken[run.start : run.end] = b"\1" * (run.end - run.start)
            apart.append(run)
    return apart


def _longest(runs: Sequence[_Run]) -> int:
    return runs[0].end - runs[0].start if runs else 0


def _cut(text: str, pieces: Sequence[_Piece], runs: Sequence[_Run], sound_s: float) -> str:
    """Cut run after run to one copy, until what is left is plausible."""
    dropped: list[tuple[int, int]] = []
    lengths = [0, *accumulate(spoken_length(text[piece.start : piece.end]) for piece in pieces)]
    length, words = lengths[-1], len(text.split())
    for run in runs:
        if max(words / _WORDS_PER_S, length / _LENGTH_PER_S) <= sound_s + _GRACE_S:
            break
        # The first copy stays, and what at the end is less than one: it may belong to what follows.
        first, last = run.start + run.unit, run.end - (run.end - run.start) % run.unit
        dropped.append((pieces[first - 1].end, pieces[last - 1].end))
        length -= lengths[last] - lengths[first]
        words -= len(text[pieces[first - 1].end : pieces[last - 1].end].split())
    left = []
    at = 0
    for start, end in sorted(dropped):
        left.append(text[at:start])
        at = end
    return "".join([*left, text[at:]])
