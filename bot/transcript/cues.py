"""Subtitle cues: divides a transcript into timed cues of at most two lines. Pure.

Source: https://partnerhelp.netflixstudios.com/hc/en-us/articles/215758617-Timed-Text-Style-Guide-General-Requirements
(two lines, 7 s, five sixths of a second)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby

from rich.cells import chop_cells, split_graphemes

from bot import sentences
from bot.recording import Gap, Paragraph, Span, Transcript, Utterance
from bot.transcript.script import separator
from bot.transcript.tokens import Ends, tokens
from bot.translations import Reader

MOST_LINES = 2
MOST_COLUMNS = 42
"""Of one line; a Chinese, Japanese or Korean character takes two."""
MOST_WIDE_COLUMNS = 40
"""Of a line with such a character: twenty of them."""
MOST_MS = 7_000
FEWEST_MS = 800
"""A shorter cue stays this long where the next one leaves it room."""
_LONG_PAUSE_MS = 2_000
"""A pause of this length after a sentence: no cue tries to share what is left of it with one behind it."""
_UNICODE = "latest"
"""Columns are counted by this version: the same on every machine, whatever its ``UNICODE_VERSION`` says."""
_MOST_PAUSE_MS = 1_000
"""Words on both sides of a longer silence do not show together."""
_WORTH = {Ends.SENTENCE: 0.6, Ends.CLAUSE: 0.3, Ends.WORD: 0.0}
"""The share by which a cue may be emptier than the fullest possible, to end there."""
_PAUSE_WORTH = 0.4
"""The same for the end of an utterance."""


@dataclass(frozen=True, slots=True)
class Cue:
    """A subtitle cue: the lines that show at one time."""

    start_ms: int
    end_ms: int
    lines: tuple[str, ...]
    """At most ``MOST_LINES``."""


@dataclass(frozen=True, slots=True)
class _Word:
    """A word, or what of a long one fits on a line; with its time."""

    text: str
    columns: int
    wide: bool
    space: int
    """1 where a space stands before it, else 0."""
    start_ms: int
    end_ms: int
    ends: Ends
    pause: bool
    """An utterance ends with it."""


def plan_cues(reader: Reader, transcript: Transcript) -> list[Cue]:
    """Cues in order, each word of the transcript in one of them, gaps as a sentence.

    They overlap only where two people speak at once.
    """
    cues: list[Cue] = []
    for is_gap, passages in groupby(transcript.passages, key=lambda passage: isinstance(passage, Gap)):
        if is_gap:
            cues += (_gap_cue(reader, passage.span) for passage in passages if isinstance(passage, Gap))
        else:
            said = [passage for passage in passages if isinstance(passage, Paragraph)]
            for _, turn in groupby(said, key=lambda paragraph: paragraph.voice):
                cues += (cue for stretch in _stretches(_words_in(list(turn))) for cue in _cues(stretch))
    cues.sort(key=lambda cue: cue.start_ms)
    next_starts_ms = [*(cue.start_ms for cue in cues[1:]), round(transcript.duration_s * 1000)]
    return [_held(cue, next_ms) for cue, next_ms in zip(cues, next_starts_ms, strict=False)]


def _held(cue: Cue, next_ms: int) -> Cue:
    """The cue, longer where it is too short to read and nothing follows at once."""
    return Cue(cue.start_ms, max(cue.end_ms, min(cue.start_ms + FEWEST_MS, next_ms)), cue.lines)


def _gap_cue(reader: Reader, span: Span) -> Cue:
    said = _timed(Utterance(sentences.gap(reader, span.start_ms, span.end_ms), span), space=0)
    return Cue(span.start_ms, min(span.end_ms, span.start_ms + MOST_MS), _lines(list(said)))


def _words_in(paragraphs: Sequence[Paragraph]) -> Iterator[_Word]:
    """The words of paragraphs that follow one another: a cue may hold the end of one and the next's start."""
    before = ""
    for paragraph in paragraphs:
        yield from _words(paragraph, space=len(separator(before, paragraph.text)))
        before = paragraph.text


def _stretches(words: Iterable[_Word]) -> Iterator[list[_Word]]:
    """Words between long pauses behind sentences: what stands on both sides of one is of different cues."""
    stretch: list[_Word] = []
    for word in words:
        if stretch and stretch[-1].ends is Ends.SENTENCE and _pause_ms(stretch[-1], word) >= _LONG_PAUSE_MS:
            yield stretch
            stretch = []
        stretch.append(word)
    if stretch:
        yield stretch


def _words(paragraph: Paragraph, *, space: int) -> list[_Word]:
    """The words of a paragraph; ``space`` is before the first."""
    words: list[_Word] = []
    at = 0
    for utterance in paragraph.utterances:
        start = paragraph.text.index(utterance.text, at)
        words += _timed(utterance, space=int(start > at) if words else space)
        at = start + len(utterance.text)
    return words


def _timed(utterance: Utterance, *, space: int) -> Iterator[_Word]:
    """An utterance's words, its time shared out among them by their length."""
    text, span = utterance.text, utterance.span
    found = tokens(text)
    whole = sum(token.spoken_length for token in found)
    at = said = 0
    for token in found:
        pieces = _pieces(text[token.start : token.end])
        edges = [
            span.start_ms
            + span.duration_ms * (said * len(pieces) + token.spoken_length * number) // (whole * len(pieces))
            for number in range(len(pieces) + 1)
        ]
        for number, piece in enumerate(pieces):
            last = number == len(pieces) - 1
            yield _Word(
                text=piece,
                columns=_columns(piece),
                wide=_is_wide(piece),
                space=0 if number else (int(token.start > at) if at else space),
                start_ms=edges[number],
                end_ms=edges[number + 1],
                ends=token.ends if last else Ends.WORD,
                pause=last and token.end == len(text),
            )
        at = token.end
        said += token.spoken_length


def _cues(words: Sequence[_Word]) -> Iterator[Cue]:
    """The cues of a paragraph."""
    start = 0
    while start < len(words):
        end = _end(words, start)
        start_ms = words[start].start_ms
        end_ms = min(words[end - 1].end_ms, start_ms + MOST_MS)
        yield Cue(start_ms, end_ms, _lines(words[start:end]))
        start = end


def _end(words: Sequence[_Word], start: int) -> int:
    """The best end of the cue that begins with word number ``start``."""
    most = _fullest_end(words, start)
    if most == len(words) or _pause_ms(words[most - 1], words[most]) > _MOST_PAUSE_MS:
        return most
    # The last two share what is left, so that no cue holds a lone last word.
    last_two = _fullest_end(words, most) == len(words)
    wanted = _width(words[start:]) / 2 if last_two else _width(words[start:most])
    widths = accumulate(word.space + word.columns for word in words[start:most])
    worths = [_worth(words[at]) - abs(width - wanted) / wanted for at, width in enumerate(widths, start)]
    return start + 1 + worths.index(max(worths))


def _fullest_end(words: Sequence[_Word], start: int) -> int:
    """The last place where it may end: as far as time, silence and the lines allow."""
    line = start
    lines = 1
    columns, wide = 0, False
    for at in range(start, len(words)):
        word = words[at]
        if at > start:
            too_long = word.end_ms - words[start].start_ms > MOST_MS
            if too_long or _pause_ms(words[at - 1], word) > _MOST_PAUSE_MS:
                return at
        wide = wide or word.wide
        columns += word.columns + (word.space if at > line else 0)
        if columns > _limit(wide=wide) and at > line:
            lines += 1
            if lines > MOST_LINES:
                return at
            line, columns, wide = at, word.columns, word.wide
    return len(words)


def _lines(words: Sequence[_Word]) -> tuple[str, ...]:
    """The words on one line, or on two of about one length, divided where something ends."""
    if _fits(words):
        return (_line(words),)
    whole = _width(words)
    divided = max(
        (at for at in range(1, len(words)) if _fits(words[:at]) and _fits(words[at:])),
        key=lambda at: _worth(words[at - 1]) - abs(2 * _width(words[:at]) - whole) / whole,
    )
    return (_line(words[:divided]), _line(words[divided:]))


def _line(words: Sequence[_Word]) -> str:
    return "".join(" " * word.space + word.text for word in words).lstrip(" ")


def _fits(words: Sequence[_Word]) -> bool:
    return _width(words) <= _limit(wide=any(word.wide for word in words))


def _width(words: Sequence[_Word]) -> int:
    return sum(word.space + word.columns for word in words) - words[0].space


def _limit(*, wide: bool) -> int:
    return MOST_WIDE_COLUMNS if wide else MOST_COLUMNS


def _worth(word: _Word) -> float:
    return max(_WORTH[word.ends], _PAUSE_WORTH if word.pause else 0.0)


def _pause_ms(before: _Word, after: _Word) -> int:
    return after.start_ms - before.end_ms


def _pieces(word: str) -> list[str]:
    """The word; or, where no line holds it, as much of it as one holds, again and again."""
    # What takes no column at all is a word as well.
    return chop_cells(word, _limit(wide=_is_wide(word)), _UNICODE) or [word]


def _columns(word: str) -> int:
    """Its width in columns; at least one, whatever it is made of."""
    return max(1, split_graphemes(word, _UNICODE)[1])


def _is_wide(word: str) -> bool:
    return not word.isascii() and any(columns > 1 for _, _, columns in split_graphemes(word, _UNICODE)[0])
