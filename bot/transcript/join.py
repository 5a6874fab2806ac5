"""Joins the parts of a recording into its transcript: paragraphs, gaps and languages. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from bot.recording import Gap, LanguageHeard, Paragraph, Part, Span, Transcript, Utterance
from bot.transcript.align import align
from bot.transcript.paragraphs import divide
from bot.transcript.repetition import collapse
from bot.transcript.script import separator


def join(parts: Sequence[Part]) -> Transcript:
    """The transcript of a recording, or of its beginning.

    Args:
        parts: In order and side by side from the recording's beginning on. Silent ones are pauses.
    """
    passages: list[Paragraph | Gap] = []
    languages: dict[str | None, LanguageHeard] = {}
    stretch = _Stretch()
    for part in parts:
        if part.failed:
            passages += stretch.end()
            _add_gap(passages, part.span)
        elif part.recognition is not None:
            code = part.recognition.language
            for before, utterance in _utterances(part.recognition.text, part.sounds, part.span):
                languages.setdefault(code, LanguageHeard(code, utterance.span.start_ms))
                stretch.add(before, utterance)
    passages += stretch.end()
    return Transcript(
        passages=tuple(passages),
        languages=tuple(languages.values()),
        duration_s=parts[-1].span.end_ms / 1000 if parts else 0.0,
        complete=all(heard.complete for part in parts for heard in part.recognitions),
        emotion=_emotion_of(parts),
    )


def _emotion_of(parts: Sequence[Part]) -> str | None:
    """The emotion of most of what was said, by the length of the parts; ``None`` where none has one."""
    lengths_ms: Counter[str] = Counter()
    for part in parts:
        for heard in part.recognitions:
            if heard.emotion is not None and heard.text.strip():
                lengths_ms[heard.emotion] += part.span.duration_ms
    return max(lengths_ms, key=lengths_ms.__getitem__, default=None)


@dataclass(slots=True)
class _Stretch:
    """The utterances since the last gap."""

    said: list[Utterance] = field(default_factory=list)
    between: list[str] = field(default_factory=list)
    """The white space before each utterance."""

    def add(self, before: str | None, utterance: Utterance) -> None:
        """Go on with an utterance, and what its text has before it; ``None`` where a new text begins."""
        last = self.said[-1].text if self.said else ""
        self.between.append(separator(last, utterance.text) if before is None else before)
        self.said.append(utterance)

    def end(self) -> list[Paragraph]:
        """Its paragraphs; what follows is another one."""
        ended = divide(self.said, self.between)
        self.said, self.between = [], []
        return ended


def _utterances(
    recognised: str, sounds: Sequence[Span], span: Span
) -> Iterator[tuple[str | None, Utterance]]:
    """The utterances of a part, each with the space before it in the part's text."""
    sound_ms = sum(sound.duration_ms for sound in sounds) or span.duration_ms
    text = " ".join(collapse(recognised, sound_ms / 1000).split())
    said = 0
    for utterance in align(text, sounds, span):
        start = text.index(utterance.text, said)
        yield text[said:start] if said else None, utterance
        said = start + len(utterance.text)


def _add_gap(passages: list[Paragraph | Gap], span: Span) -> None:
    """Add a gap, or make the one before it longer."""
    if passages and isinstance(last := passages[-1], Gap) and last.span.end_ms == span.start_ms:
        passages[-1] = Gap(Span(last.span.start_ms, span.end_ms))
    else:
        passages.append(Gap(span))
