"""Retimes an edited text by the subtitles that it had before, with a diff of their words. Pure.

A word that stayed shows with the cue it was in, and what stands in the place of others shares their time
out.

Source: https://www.w3.org/TR/webvtt1/
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import groupby

from bot.recording import Paragraph, Span, Transcript, Utterance
from bot.transcript.documents import WORD_JOINER, on_one_line
from bot.transcript.tokens import tokens

MOST_OFFERED = 10
_LONGEST_OFFER = 40
"""Characters. What is longer is a sentence."""
_TIME = r"(?:(\d{2}):)?([0-5]\d):([0-5]\d)\.(\d{3})"
_TIMES = re.compile(rf"{_TIME}[ \t]+-->[ \t]+{_TIME}.*")


@dataclass(frozen=True, slots=True)
class _Said:
    """A word, or in a script without spaces a character, of an old or a new text."""

    text: str
    within: int
    """The number of its cue in an old text, of its paragraph in a new one."""
    start: int
    """Its offset in the text of its cue or paragraph."""
    end: int
    spoken_length: int


def parse_paragraphs(text: str) -> list[str]:
    """The paragraphs of a text that somebody wrote: every line is one, as people may see it."""
    return [line for line in map(on_one_line, text.splitlines()) if line]


def retime(paragraphs: Sequence[str], subtitles: str) -> Transcript:
    """A transcript of these paragraphs whose words come when the WebVTT subtitles said them.

    It is there to be written to files: its languages are not known, and a gap is a paragraph like others.
    Where there are no subtitles to go by, everything is said at once.
    """
    cues = list(_parse_cues(subtitles)) or [("", Span(0, 0))]
    spans = [span for _, span in cues]
    new = _said(paragraphs)
    numbers = _cue_numbers(_said([text for text, _ in cues]), new)
    passages = tuple(_paragraphs(paragraphs, new, numbers, spans))
    return Transcript(passages, (), spans[-1].end_ms / 1000, complete=True)


def new_words(before: str, after: str) -> list[str]:
    """Words of an edited text that stand in the place of others and were not in the old one; at most 10."""
    old, lines = _said([before]), parse_paragraphs(after)
    new = _said(lines)
    known = before.casefold()
    found: dict[str, str] = {}
    for _, _, _, start, end in _changes(old, new):
        for within, stretch in groupby(new[start:end], key=lambda said: said.within):
            several = list(stretch)
            for word in lines[within][several[0].start : several[-1].end].split():
                bare = _without_punctuation(word)
                if 1 < len(bare) <= _LONGEST_OFFER and bare.casefold() not in known:
                    found.setdefault(bare.casefold(), bare)
    return list(found.values())[:MOST_OFFERED]


def _parse_cues(subtitles: str) -> Iterator[tuple[str, Span]]:
    """The text of each cue, on one line, and when it shows.

    Not by pysubs2, which takes digits that end the last cue for a cue's number, and a backslash before an N
    for a new line.
    """
    for block in re.split(r"\n[ \t]*\n", subtitles.replace("\r\n", "\n").replace(WORD_JOINER, "")):
        before, arrow, after = block.partition("-->")
        times = _TIMES.match(before.rpartition("\n")[2] + arrow + after.partition("\n")[0])
        text = on_one_line(html.unescape(after.partition("\n")[2]))
        if times and text:
            yield text, Span(_ms(times.groups()[:4]), _ms(times.groups()[4:]))


def _ms(fields: Sequence[str | None]) -> int:
    hours, minutes, seconds, thousandths = (int(field or 0) for field in fields)
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + thousandths


def _said(texts: Sequence[str]) -> list[_Said]:
    return [
        _Said(text[token.start : token.end], number, token.start, token.end, token.spoken_length)
        for number, text in enumerate(texts)
        for token in tokens(text)
    ]


def _changes(old: Sequence[_Said], new: Sequence[_Said]) -> Iterator[tuple[str, int, int, int, int]]:
    """The changes of the old words, in order, without what stayed; as ``SequenceMatcher.get_opcodes``."""
    return (change for change in _matches(old, new) if change[0] != "equal")


def _matches(old: Sequence[_Said], new: Sequence[_Said]) -> Iterator[tuple[str, int, int, int, int]]:
    a, b = [said.text for said in old], [said.text for said in new]
    # Most of a text stays, and matching takes the square of what is matched.
    same = _common(a, b)
    same_after = _common(a[same:][::-1], b[same:][::-1])
    yield "equal", 0, same, 0, same
    changed = SequenceMatcher(None, a[same : len(a) - same_after], b[same : len(b) - same_after])
    for kind, a_start, a_end, b_start, b_end in changed.get_opcodes():
        yield kind, a_start + same, a_end + same, b_start + same, b_end + same
    yield "equal", len(a) - same_after, len(a), len(b) - same_after, len(b)


def _common(a: Sequence[str], b: Sequence[str]) -> int:
    """The length of the common prefix, in words."""
    return next((at for at, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))


def _cue_numbers(old: Sequence[_Said], new: Sequence[_Said]) -> list[int]:
    """For each new word the number of the cue that it shows with; never one that is over."""
    numbers: list[int] = []
    for kind, old_start, old_end, new_start, new_end in _matches(old, new):
        if kind == "insert":
            before = numbers[-1] if numbers else 0
            numbers += [before] * (new_end - new_start)
            continue
        # As many words in the place of as many others, in equal steps.
        numbers += [
            old[old_start + (at - new_start) * (old_end - old_start) // (new_end - new_start)].within
            for at in range(new_start, new_end)
        ]
    return numbers


def _paragraphs(
    texts: Sequence[str], new: Sequence[_Said], numbers: Sequence[int], spans: Sequence[Span]
) -> Iterator[Paragraph]:
    lengths = [0] * len(spans)
    for said, number in zip(new, numbers, strict=True):
        lengths[number] += said.spoken_length
    spoken = [0] * len(spans)
    placed = zip(new, numbers, strict=True)
    for within, in_paragraph in groupby(placed, key=lambda pair: pair[0].within):
        utterances = []
        for number, in_cue in groupby(in_paragraph, key=lambda pair: pair[1]):
            words = [said for said, _ in in_cue]
            # A paragraph may end within a cue: each takes as much of its time as it says.
            start_ms = _at(spans[number], spoken[number], lengths[number])
            spoken[number] += sum(word.spoken_length for word in words)
            span = Span(start_ms, _at(spans[number], spoken[number], lengths[number]))
            utterances.append(Utterance(texts[within][words[0].start : words[-1].end], span))
        yield Paragraph(texts[within], tuple(utterances))


def _at(span: Span, spoken: int, length: int) -> int:
    return span.start_ms + span.duration_ms * spoken // length


def _without_punctuation(word: str) -> str:
    at = [place for place, character in enumerate(word) if character.isalnum()]
    return word[at[0] : at[-1] + 1] if at else ""
