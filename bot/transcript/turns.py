"""Turns of a conversation: each voice until somebody answers, in the order in which they begin. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from bot.recording import Utterance
from bot.transcript.tokens import ends_sentence

_PAUSE_MS = 1_000
"""After a shorter pause in a sentence a voice goes on with it, whoever says "mhm" meanwhile."""


@dataclass(frozen=True, slots=True)
class Turn:
    """The utterances from ``start`` to before ``end`` of one voice."""

    voice: int
    start: int
    end: int


def turns(voices: Sequence[Sequence[Utterance]]) -> list[Turn]:
    """All turns of a conversation, in the order in which they begin.

    A voice's turn is over where another one begins to speak before it goes on, and its sentence is over too
    or it pauses for a second.

    Args:
        voices: The utterances of each, in order.
    """
    begins_ms = [sorted(said.span.start_ms for said in voice) for voice in voices]
    found = []
    for number, voice in enumerate(voices):
        others = [begins for other, begins in enumerate(begins_ms) if other != number]
        ends = [
            at
            for at, (said, following) in enumerate(pairwise(voice), start=1)
            if any(_begins_between(begins, said, following) for begins in others)
            and _may_end(said, following)
        ]
        found += [Turn(number, start, end) for start, end in pairwise((0, *ends, len(voice))) if start < end]
    return sorted(found, key=lambda turn: (voices[turn.voice][turn.start].span.start_ms, turn.voice))


def _begins_between(begins_ms: Sequence[int], said: Utterance, following: Utterance) -> bool:
    after = bisect_left(begins_ms, said.span.start_ms)
    return after < len(begins_ms) and begins_ms[after] < following.span.start_ms


def _may_end(said: Utterance, following: Utterance) -> bool:
    pause_ms = following.span.start_ms - said.span.end_ms
    return pause_ms >= _PAUSE_MS or ends_sentence(said.text)
