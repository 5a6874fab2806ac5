"""Estimates when the words of a text were said: a beam search over pauses, with costs of a likelihood. Pure.

The recogniser gives no times. Words are laid over the sounds in proportion to their length. A pause costs
little where a sentence ends and more the longer it is within one, a sentence that ends without a pause costs
too, and so does a sound that is too short or too long for its words; the cheapest way of all wins. The beam
keeps a few hypotheses side by side until the pauses that follow tell which was right: one alone soon loses
its place.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from bot.recording import Span, Utterance
from bot.transcript.tokens import Ends, Token, tokens

# Costs are those of a place which is off by sqrt(2 * cost) standard deviations.
_PAUSE_COSTS = {Ends.SENTENCE: 0.0, Ends.CLAUSE: 1.5, Ends.WORD: 6.0}
"""Of a pause of ``_USUAL_PAUSE_MS`` behind it."""
_CAPITAL_COST = 1.5
"""The same before a capital letter: a sentence may begin there, though nothing ended."""
_NOISE_COST = 2.0
"""The same behind a sound without words."""
_NO_PAUSE_COSTS = {Ends.SENTENCE: 4.0, Ends.CLAUSE: 1.0, Ends.WORD: 0.0}
"""Of its end within a sound."""
_MOST_MISFIT = 6.0
"""The most that a sound of the wrong length costs: it may be music, or half drowned in noise."""
_USUAL_PAUSE_MS = 1_000
"""A longer pause weighs its costs more, a shorter one less."""
_LEAST_WEIGHT, _MOST_WEIGHT = 0.1, 1.6
_SIGMA_MS, _SIGMA_SHARE = 150, 0.1
"""The standard deviation of how long words take, and what a sound's length adds: nobody speaks evenly."""
_LEFT_SHARE = 0.3
"""How far the pace follows what is left to be said, beside that of the whole."""
_BEAM_WIDTH = 32
"""The beam's width; see test_align for what it is worth."""
_SEARCH_SIGMAS = 3.0
"""The search range on each side of a pause's expected place, in standard deviations."""
_MOST_TRIED = 10
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
        for stretch, (said, end) in zip(
            stretches, pairwise([0, *_ends(_Costs(text, words), stretches)]), strict=True
        )
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


class _Costs:
    """A text's lengths and costs, by the number of words said."""

    def __init__(self, text: str, words: Sequence[Token]) -> None:
        self.words = len(words)
        self.lengths = [0, *accumulate(word.spoken_length for word in words)]
        self.pauses = [_NOISE_COST, *(_PAUSE_COSTS[word.ends] for word in words)]
        for number, word in enumerate(words[1:], 1):
            if text[word.start].isupper():
                self.pauses[number] = min(self.pauses[number], _CAPITAL_COST)
        self.no_pauses = [0.0, *accumulate(_NO_PAUSE_COSTS[word.ends] for word in words)]


def _ends(costs: _Costs, stretches: Sequence[Span]) -> list[int]:
    """For each stretch of sound, the number of words that are said when it ends."""
    left_ms = max(sum(stretch.duration_ms for stretch in stretches), 1)
    per_ms = max(costs.lengths[-1], 1) / left_ms
    hypotheses = [_Hypothesis(0, 0.0)]
    for sound, after in pairwise(stretches):
        pause = (after.start_ms - sound.end_ms) / _USUAL_PAUSE_MS
        weight = min(max(pause, _LEAST_WEIGHT), _MOST_WEIGHT)
        found: dict[int, tuple[float, _Hypothesis]] = {}
        for hypothesis in hypotheses:
            left_per_ms = max(costs.lengths[-1] - costs.lengths[hypothesis.said], 1) / left_ms
            pace = per_ms + _LEFT_SHARE * (left_per_ms - per_ms)
            _extend(hypothesis, found, costs, sound.duration_ms, pace, weight)
        best_first = sorted(found.items(), key=lambda place: place[1][0])[:_BEAM_WIDTH]
        hypotheses = [_Hypothesis(said, cost, before) for said, (cost, before) in best_first]
        left_ms -= sound.duration_ms
    best = min(hypotheses, key=lambda one: one.cost + _rest_cost(one.said, costs, left_ms, per_ms))
    ends = [costs.words]
    while best.before is not None:
        ends.append(best.said)
        best = best.before
    return ends[::-1]


def _extend(
    hypothesis: _Hypothesis,
    found: dict[int, tuple[float, _Hypothesis]],
    costs: _Costs,
    sound_ms: int,
    pace: float,
    weight: float,
) -> None:
    """Extend a hypothesis by the next pause, and keep the cheapest one to each place in ``found``."""
    said, most, lengths = hypothesis.said, costs.words, costs.lengths
    expected = lengths[said] + pace * sound_ms
    sigma = pace * (_SIGMA_MS + _SIGMA_SHARE * sound_ms)
    nearest = bisect_left(lengths, expected, said, most)
    first = bisect_left(lengths, expected - _SEARCH_SIGMAS * sigma, said, most)
    last = bisect_right(lengths, expected + _SEARCH_SIGMAS * sigma, said, most)
    first = max(said, min(first, nearest - 1), nearest - _MOST_TRIED)
    last = min(most, max(last, nearest), nearest + _MOST_TRIED)
    for end in range(first, last + 1):
        off = (lengths[end] - expected) / sigma
        cost = hypothesis.cost + min(off * off / 2, _MOST_MISFIT)
        if end > said:
            cost += costs.no_pauses[end - 1] - costs.no_pauses[said] + costs.pauses[end] * weight
        else:
            cost += _NOISE_COST * weight
        if end not in found or cost < found[end][0]:
            found[end] = (cost, hypothesis)


def _rest_cost(said: int, costs: _Costs, sound_ms: int, pace: float) -> float:
    """The cost of saying all that is left in the last sound."""
    sigma = pace * (_SIGMA_MS + _SIGMA_SHARE * sound_ms)
    off = (costs.lengths[-1] - costs.lengths[said] - pace * sound_ms) / sigma
    inside = costs.no_pauses[-2] - costs.no_pauses[said] if said < costs.words else 0.0
    return min(off * off / 2, _MOST_MISFIT) + inside
