"""Speech in a window that a model's answer leaves out, by its timestamps and by voice activity. Pure."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.whisper.plausibility import count_letters, letters_a_second
from bot.whisper.windows import Span

_LEAST_UNHEARD_S = 1.0
"""Of speech. Also of a word that began before the gap: the model's timestamps are half a second off."""
_MARGIN_S = 0.3
"""So much is kept on either side of the speech: consonants are quiet."""
_LEAST_SPARSE_S = 3.0
"""Of speech: one word may be drawn out."""
_LEAST_PIECE_S = 1.5


@dataclass(frozen=True, slots=True)
class Said:
    """A segment of the model's answer."""

    span: Span
    text: str


def speech_within(speech: Sequence[Span], span: Span) -> list[Span]:
    """Clip the stretches of speech to a span."""
    clipped = (Span(max(one.start_s, span.start_s), min(one.end_s, span.end_s)) for one in speech)
    return [one for one in clipped if one.duration_s > 0]


def find_gaps(said: Sequence[Said], speech: Sequence[Span], span: Span) -> Iterator[Span]:
    """Yield the speech of a span that lies before, between and behind the segments of its answer.

    Yields:
        Spans with at least 1 s of speech, at least 1 s shorter than the whole.
    """
    heard_until_s = span.start_s
    for start_s, end_s in [*sorted(one.span for one in said), Span(span.end_s, span.end_s)]:
        gap = Span(heard_until_s, start_s)
        heard_until_s = max(heard_until_s, end_s)
        unheard = [
            one for one in speech_within(speech, gap) if one in speech or one.duration_s >= _LEAST_UNHEARD_S
        ]
        if sum(one.duration_s for one in unheard) < _LEAST_UNHEARD_S:
            continue
        found = Span(
            max(gap.start_s, unheard[0].start_s - _MARGIN_S), min(gap.end_s, unheard[-1].end_s + _MARGIN_S)
        )
        if found.duration_s <= span.duration_s - 1:
            yield found


def is_sparse(said: Said, speech: Sequence[Span], language: str) -> bool:
    """True for a segment with far fewer letters than its speech must have."""
    speech_s = sum(one.duration_s for one in speech_within(speech, said.span))
    return speech_s >= _LEAST_SPARSE_S and count_letters(said.text) < letters_a_second(language) * speech_s


def halve(speech: Sequence[Span], span: Span) -> list[Span]:
    """Cut a span in a long pause near its middle; nothing where it has none."""
    pauses = [
        Span(one.end_s, other.start_s)
        for one, other in itertools.pairwise(speech)
        if min(other.start_s - span.start_s, span.end_s - one.end_s) >= _LEAST_PIECE_S
    ]
    if not pauses:
        return []

    def merit(pause: Span) -> float:
        return pause.duration_s * min(pause.start_s - span.start_s, span.end_s - pause.end_s)

    best = max(pauses, key=merit)
    cut_s = (best.start_s + best.end_s) / 2
    return [Span(span.start_s, cut_s), Span(cut_s, span.end_s)]
