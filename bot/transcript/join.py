"""Joins the parts of a recording into its transcript: paragraphs, gaps and languages. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from bot.recording import Gap, LanguageHeard, Paragraph, Part, Span, Transcript, Utterance
from bot.transcript.align import align
from bot.transcript.paragraphs import divide
from bot.transcript.repetition import collapse
from bot.transcript.script import separator
from bot.transcript.time_marks import MARKS_ABOVE_S
from bot.transcript.turns import turns


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
            continue
        for voice, channel in enumerate(part.channels):
            if (heard := channel.recognition) is None:
                continue
            for before, utterance in _utterances(heard.text, channel.sounds, part.span):
                at_ms = utterance.span.start_ms
                if heard.language not in languages or at_ms < languages[heard.language].from_ms:
                    languages[heard.language] = LanguageHeard(heard.language, at_ms)
                stretch.add(voice, before, utterance)
    passages += stretch.end()
    duration_s = parts[-1].span.end_ms / 1000 if parts else 0.0
    return Transcript(
        passages=tuple(passages),
        languages=tuple(sorted(languages.values(), key=lambda language: language.from_ms)),
        duration_s=duration_s,
        complete=all(heard.complete for part in parts for heard in part.recognitions),
        emotion=_emotion_of(parts),
        tracks=max((part.tracks for part in parts), default=1),
        breaks_off=any(part.breaks_off for part in parts),
        time_marks=duration_s > MARKS_ABOVE_S,
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
class _Voice:
    """The utterances of one voice since the last gap."""

    said: list[Utterance] = field(default_factory=list)
    between: list[str] = field(default_factory=list)
    """The white space before each utterance."""


class _Stretch:
    """The utterances since the last gap, by voice."""

    def __init__(self) -> None:
        self._voices: defaultdict[int, _Voice] = defaultdict(_Voice)

    def add(self, voice: int, before: str | None, utterance: Utterance) -> None:
        """Go on with an utterance, and what its text has before it; ``None`` where a new text begins."""
        of = self._voices[voice]
        last = of.said[-1].text if of.said else ""
        of.between.append(separator(last, utterance.text) if before is None else before)
        of.said.append(utterance)

    def end(self) -> list[Paragraph]:
        """Its paragraphs, each of one voice; what follows is another one."""
        voices, self._voices = self._voices, defaultdict(_Voice)
        numbers = sorted(voices)
        return [
            replace(paragraph, voice=numbers[turn.voice])
            for turn in turns([voices[number].said for number in numbers])
            for paragraph in divide(
                voices[numbers[turn.voice]].said[turn.start : turn.end],
                voices[numbers[turn.voice]].between[turn.start : turn.end],
            )
        ]


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
