"""Estimates when the words of a text were said: a beam search over pauses, with Gaussian costs. Pure.

The recogniser gives no times. Words are laid over the sounds in proportion to their length. Each pause then
takes the end of a word near its expected place, best the end of a sentence; what is left of the text is laid
over the sounds that are left, so that an error lasts only until the next sentence. The beam keeps a few
hypotheses side by side until the pauses that follow tell which was right: one alone soon loses its place.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from bot.recording import Span, Utterance
from bot.transcript.tokens import Ends, Token, tokens

# The cost of a pause there: that of a place which is off by sqrt(2 * cost) standard deviations.
_END_COSTS = {Ends.SENTENCE: 0.0, Ends.CLAUSE: 1.5, Ends.WORD: 3.0}
_USUAL_PAUSE_MS = 700
"""A longer pause weighs these costs more, a shorter one less."""
_BEAM_WIDTH = 8
"""The beam's width; see test_align for what it is worth."""
_SEARCH_SIGMAS = 3.0
"""The search range on each side of a pause's expected place, in standard deviations."""
_MOST_TRIED = 8
"""Words on each side that one pause looks at, whatever the text."""


@dataclass(frozen=True, slots=True)
class _Hypothesis:
    """A hypothesis of the beam: one way of laying the text over the sounds so far."""

    said: int
    """The number of words said."""
    cost: float
    before: _Hypothesis | None = None
    """The hypothesis that it extends, which ends at the pause before."""


def align(text: str, sounds: Sequence[Span], span: Span) -> list[Utterance]:
    """The utterances of a text, in order: every character but the spaces between them in exactly one.

    Args:
        text: What was recognised.
        sounds: Where there is sound, between pauses.
        span: The stretch of the recording that was recognised; no time lies outside it.
    """
    words = tokens(text)
    stretches = _inside(sounds, span)
    return [
        Utterance(text[words[said].start : words[end - 1].end], stretch)
        for stretch, (said, end) in zip(stretches, pairwise([0, *_ends(words, stretches)]), strict=True)
        if end > said
    ]


def _inside(sounds: Sequence[Span], span: Span) -> list[Span]:
    """The sounds that lie inside the span, in order and apart; the span itself where there are none."""
    apart: list[Span] = []
    for sound in sorted(sounds, key=lambda sound: sound.start_ms):
        start_ms = max(sound.start_ms, apart[-1].end_ms if apart else span.start_ms)
        end_ms = min(sound.end_ms, span.end_ms)
        if start_ms < end_ms:
            apart.append(Span(start_ms, end_ms))
    return apart or [span]


def _ends(words: Sequence[Token], stretches: Sequence[Span]) -> list[int]:
    """For each stretch of sound, the number of words that are said when it ends."""
    lengths = [0, *accumulate(word.spoken_length for word in words)]
    # A sound without words is a noise: possible, but no better than a pause between two words.
    end_costs = [_END_COSTS[word.ends] for word in words]
    left_ms = sum(stretch.duration_ms for stretch in stretches)
    hypotheses = [_Hypothesis(0, 0.0)]
    for sound, after in pairwise(stretches):
        pause = min(max((after.start_ms - sound.end_ms) / _USUAL_PAUSE_MS, 0.5), 1.6)
        found: dict[int, tuple[float, _Hypothesis]] = {}
        for hypothesis in hypotheses:
            _extend(hypothesis, found, lengths, end_costs, sound.duration_ms, left_ms, pause)
        best_first = sorted(found.items(), key=lambda place: place[1][0])[:_BEAM_WIDTH]
        hypotheses = [_Hypothesis(said, cost, before) for said, (cost, before) in best_first]
        left_ms -= sound.duration_ms
    ends, best = [len(words)], hypotheses[0]
    while best.before is not None:
        ends.append(best.said)
        best = best.before
    return ends[::-1]


def _extend(
    hypothesis: _Hypothesis,
    found: dict[int, tuple[float, _Hypothesis]],
    lengths: list[int],
    end_costs: list[float],
    sound_ms: int,
    left_ms: int,
    pause: float,
) -> None:
    """Extend a hypothesis by the next pause, and keep the cheapest one to each place in ``found``."""
    said, most = hypothesis.said, len(end_costs)
    per_ms = max(lengths[-1] - lengths[said], 1) / left_ms
    expected = lengths[said] + per_ms * sound_ms
    # The standard deviation: nobody speaks evenly.
    sigma = per_ms * (150 + 0.15 * sound_ms)
    nearest = bisect_left(lengths, expected, said, most)
    first = bisect_left(lengths, expected - _SEARCH_SIGMAS * sigma, said, most)
    last = bisect_right(lengths, expected + _SEARCH_SIGMAS * sigma, said, most)
    first = max(said, min(first, nearest - 1), nearest - _MOST_TRIED)
    last = min(most, max(last, nearest), nearest + _MOST_TRIED)
    for end in range(first, last + 1):
        off = (lengths[end] - expected) / sigma
        fit = end_costs[end - 1] if end > said else _END_COSTS[Ends.WORD]
        cost = hypothesis.cost + off * off / 2 + fit * pause
        if end not in found or cost < found[end][0]:
            found[end] = (cost, hypothesis)
