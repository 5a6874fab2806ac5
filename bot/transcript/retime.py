"""Retimes an edited text by the subtitles that it had before, with a diff of their words. Pure.

A word that stayed shows with the cue it was in, and what stands in the place of others shares their time
out.

Source: https://www.w3.org/TR/webvtt1/
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from itertools import groupby

from bot.recording import Paragraph, Span, Transcript, Utterance
from bot.transcript.documents import WORD_JOINER, on_one_line
from bot.transcript.edits import EditedWord, matches, words_of
from bot.transcript.script import spoken_length
from bot.transcript.time_marks import MarkedParagraph

_MS_OF_A_LENGTH = 36
"""Of the unit of ``script.spoken_length``, as people speak: fourteen letters of English a second."""
_TIME = r"(?:(\d{2}):)?([0-5]\d):([0-5]\d)\.(\d{3})"
_TIMES = re.compile(rf"{_TIME}[ \t]+-->[ \t]+{_TIME}.*")


def retime(paragraphs: Sequence[str], subtitles: str, before: Sequence[MarkedParagraph] = ()) -> Transcript:
    """A transcript of these paragraphs whose words come when the WebVTT subtitles said them.

    It is there to be written: its languages are not known, and a gap is a paragraph like others. Without
    subtitles the time marks of the old text have to do; without these, everything is said at once.

    Args:
        paragraphs: The new text.
        subtitles: Of the old one; empty where there are none.
        before: The old one. The new one has time marks where it had some.
    """
    cues = list(_parse_cues(subtitles)) or list(_cues_between_marks(before)) or [("", Span(0, 0))]
    spans = [span for _, span in cues]
    new = words_of(paragraphs)
    numbers = _cue_numbers(words_of([text for text, _ in cues]), new)
    passages = tuple(_paragraphs(paragraphs, new, numbers, spans))
    has_marks = any(paragraph.start_ms is not None for paragraph in before)
    return Transcript(passages, (), spans[-1].end_ms / 1000, complete=True, time_marks=has_marks)


def _cues_between_marks(paragraphs: Sequence[MarkedParagraph]) -> Iterator[tuple[str, Span]]:
    """Each paragraph of a text with time marks, and the time until the next one's mark."""
    timed = [(each.text, each.start_ms) for each in paragraphs if each.start_ms is not None]
    for number, (text, start_ms) in enumerate(timed):
        spoken_ms = spoken_length(text) * _MS_OF_A_LENGTH
        next_ms = timed[number + 1][1] if number + 1 < len(timed) else start_ms + spoken_ms
        yield text, Span(start_ms, max(start_ms, min(next_ms, start_ms + spoken_ms)))


def _parse_cues(subtitles: str) -> Iterator[tuple[str, Span]]:
    """The text of each cue, on one line, and when it shows.

    Not by pysubs2, which drops a last line of digits in a cue, and takes a backslash before an N
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


def _cue_numbers(old: Sequence[EditedWord], new: Sequence[EditedWord]) -> list[int]:
    """For each new word the number of the cue that it shows with; never one that is over."""
    numbers: list[int] = []
    for kind, old_start, old_end, new_start, new_end in matches(old, new):
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
    texts: Sequence[str], new: Sequence[EditedWord], numbers: Sequence[int], spans: Sequence[Span]
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
