"""The text of a window: decoded once, and again where the model left speech out. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from bot.whisper.plausibility import LOOPING, count_letters
from bot.whisper.unheard import Said, find_gaps, halve, is_sparse, speech_within
from bot.whisper.windows import RATE_HZ, Span

if TYPE_CHECKING:
    from bot.whisper.windows import Samples

_DEEPEST = 2
"""So often is a piece of a piece heard again: a window is decoded once as a rule, 40 times at the worst."""


class Segment(Protocol):
    """One of faster-whisper's segments."""

    start: float
    """In seconds from the beginning of what was decoded."""
    end: float
    text: str
    avg_logprob: float
    compression_ratio: float


Decode = Callable[["Samples", float], Sequence[Segment]]
"""Decodes audio that holds so many seconds of speech."""


def loops(segments: Sequence[Segment]) -> bool:
    """True where the model goes round in circles."""
    return any(segment.compression_ratio > LOOPING for segment in segments)


@dataclass(frozen=True, slots=True)
class WindowText:
    """Decodes one window.

    Args:
        samples: The window.
        speech: When somebody speaks in it.
        language: Its code.
        decode: See ``Decode``.
    """

    samples: Samples
    speech: Sequence[Span]
    language: str
    decode: Decode

    def text(self) -> str:
        """All that was heard, in its order."""
        said = self._hear(Span(0.0, len(self.samples) / RATE_HZ), 0)
        return "".join(one.text for one in said)

    def _hear(self, span: Span, depth: int) -> list[Said]:
        speech = speech_within(self.speech, span)
        piece = self.samples[int(span.start_s * RATE_HZ) : int(span.end_s * RATE_HZ)]
        segments = self.decode(piece, sum(one.duration_s for one in speech))
        said = [_placed(segment, span) for segment in segments]
        if loops(segments) or not segments:
            return self._hear_halves(span, depth) or ([] if depth else said)
        if depth == _DEEPEST:
            return said
        heard = [other for one in said for other in self._hear_fuller(one, depth)]
        for gap in find_gaps(said, speech, span):
            heard += self._hear(gap, depth + 1)
        return sorted(heard, key=lambda one: one.span)

    def _hear_fuller(self, said: Said, depth: int) -> list[Said]:
        if is_sparse(said, self.speech, self.language):
            halves = self._hear_halves(said.span, depth)
            if sum(count_letters(half.text) for half in halves) > count_letters(said.text):
                return halves
        return [said]

    def _hear_halves(self, span: Span, depth: int) -> list[Said]:
        if depth == _DEEPEST:
            return []
        halves = halve(speech_within(self.speech, span), span)
        return [said for half in halves for said in self._hear(half, depth + 1)]


def _placed(segment: Segment, span: Span) -> Said:
    """A segment at its place in the window; what it tells of the padding behind the audio is cut off."""
    start_s, end_s = (min(span.start_s + at_s, span.end_s) for at_s in (segment.start, segment.end))
    return Said(Span(start_s, end_s), segment.text)
