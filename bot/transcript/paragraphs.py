"""Divides what was said without a gap into paragraphs of some 40 to 120 words. Pure.

A paragraph ends at the longest pause near the end of a sentence. Where no sentence ends in reach, as in a
text without punctuation, the longest pause alone decides.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, groupby, pairwise, takewhile

from bot.recording import Paragraph, Span, Utterance
from bot.transcript.script import is_unspaced
from bot.transcript.tokens import Ends, tokens

FEWEST_WORDS, MOST_WORDS = 40, 120
"""Of a paragraph, as far as sentences and pauses allow."""
_USUAL_WORDS = 80
"""What is as good in every other way ends near so many."""
_FEWEST_IN_REACH, _MOST_IN_REACH = 20, 180
"""Words of a paragraph that ends with a sentence all the same, where none ends at a better length."""
LONG_PAUSE_MS = 4_000
"""A sentence with such a pause behind it ends a paragraph of any length."""
_NEAR = 2
"""A pause so many words from a sentence's end counts as that sentence's."""
_LENGTH_OF_A_WORD = 10
"""In the unit of ``script.spoken_length``: of an English word. In a script without spaces as much as that
counts as a word: one Chinese character and a half, two or three kana, or five Thai letters."""


@dataclass(frozen=True, slots=True)
class _Word:
    """A word of an utterance, or in a script without spaces a character."""

    utterance: int
    start: int
    """Its offset in its utterance's text."""
    end: int
    ends: Ends
    size: float
    """In words: in a script without spaces less than one."""
    span: Span
    """By its share of its utterance's time."""


@dataclass(frozen=True, slots=True)
class _Place:
    """A place where a paragraph may end: between two words."""

    size: float
    """Of the word before it."""
    after_sentence: bool
    after_clause: bool
    pause_ms: int

    @property
    def is_forced(self) -> bool:
        """True where a paragraph of any length ends."""
        return self.after_sentence and self.pause_ms >= LONG_PAUSE_MS


def divide(said: Sequence[Utterance], between: Sequence[str]) -> list[Paragraph]:
    """The paragraphs of what was said between two gaps, in order; every word in exactly one.

    Args:
        said: In order. Where a paragraph ends within an utterance, that is divided, and its time too.
        between: The white space before each utterance; before the first of a paragraph it is dropped.
    """
    if not said:
        return []
    words = _words(said)
    places = [
        _Place(
            left.size,
            _ends_sentence(left, right, said),
            left.ends is Ends.CLAUSE,
            right.span.start_ms - left.span.end_ms,
        )
        for left, right in pairwise(words)
    ]
    forced = [at for at, place in enumerate(places, start=1) if place.is_forced]
    ends = [
        end
        for start, stop in pairwise((0, *forced, len(words)))
        for end in (*_ends(places[start : stop - 1], words[stop - 1].size, start), stop)
    ]
    return [_paragraph(words[start:end], said, between) for start, end in pairwise((0, *ends))]


def _words(said: Sequence[Utterance]) -> list[_Word]:
    words = []
    for number, utterance in enumerate(said):
        found = tokens(utterance.text)
        edges = list(accumulate((token.spoken_length for token in found), initial=0))
        start_ms, length_ms = utterance.span.start_ms, utterance.span.duration_ms
        for token, (before, after) in zip(found, pairwise(edges), strict=True):
            text = utterance.text[token.start : token.end]
            span = Span(start_ms + length_ms * before // edges[-1], start_ms + length_ms * after // edges[-1])
            size = _size(text, token.spoken_length)
            words.append(_Word(number, token.start, token.end, token.ends, size, span))
    return words


def _size(text: str, spoken_length: int) -> float:
    if any(map(is_unspaced, text)):
        return spoken_length / _LENGTH_OF_A_WORD
    return 1.0 if any(map(str.isalnum, text)) else 0.0


def _ends(places: Sequence[_Place], last_size: float, offset: int) -> Iterator[int]:
    """The ends of the paragraphs of a stretch, but for the last one, as numbers of words from the beginning.

    Args:
        places: Of the stretch.
        last_size: Of its last word, behind the last place.
        offset: The words before the stretch.
    """
    sizes = list(accumulate((place.size for place in places), initial=0.0))
    whole = sizes[-1] + last_size
    start = 0
    while whole - sizes[start] > MOST_WORDS:
        lengths = takewhile(
            lambda found: found[0] <= _MOST_IN_REACH,
            ((sizes[at] - sizes[start], at) for at in range(start + 1, len(sizes))),
        )
        end = _best_end(places, list(lengths), whole - sizes[start])
        if end is None:
            return
        yield offset + end
        start = end


def _best_end(places: Sequence[_Place], lengths: Sequence[tuple[float, int]], whole: float) -> int | None:
    """The best end of a paragraph; ``None`` where none is in reach.

    Args:
        places: Of the stretch.
        lengths: The words that the paragraph would have, and its end, for each end in reach.
        whole: The words that are left of the stretch.
    """
    oddity = {end: abs(length - _USUAL_WORDS) for length, end in lengths}
    usual = [end for length, end in lengths if FEWEST_WORDS <= length <= MOST_WORDS]
    # What would be left behind it should be no scrap.
    most = whole - FEWEST_WORDS
    usual = [end for length, end in lengths if FEWEST_WORDS <= length <= min(most, MOST_WORDS)] or usual
    if sentences := [end for end in usual if places[end - 1].after_sentence]:
        return max(
            sentences, key=lambda end: (_pause_near_ms(places, end), places[end - 1].pause_ms, -oddity[end])
        )
    if sentences := [
        end for length, end in lengths if length >= _FEWEST_IN_REACH and places[end - 1].after_sentence
    ]:
        return min(sentences, key=oddity.__getitem__)
    return max(
        usual,
        key=lambda end: (places[end - 1].pause_ms, places[end - 1].after_clause, -oddity[end]),
        default=None,
    )


def _pause_near_ms(places: Sequence[_Place], end: int) -> int:
    """The longest pause near an end: times are estimated, and may be a word or two off."""
    return max(place.pause_ms for place in places[max(0, end - 1 - _NEAR) : end + _NEAR])


def _ends_sentence(word: _Word, following: _Word, said: Sequence[Utterance]) -> bool:
    """True where a sentence ends with the word; after an abbreviation it goes on in small letters."""
    if word.ends is not Ends.SENTENCE:
        return False
    is_dot = said[word.utterance].text[word.end - 1] == "."
    return not (is_dot and said[following.utterance].text[following.start].islower())


def _paragraph(words: Sequence[_Word], said: Sequence[Utterance], between: Sequence[str]) -> Paragraph:
    utterances: list[Utterance] = []
    text = ""
    for number, several in groupby(words, key=lambda word: word.utterance):
        group = list(several)
        whole = said[number]
        inside = whole.text[group[0].start : group[-1].end]
        span = Span(group[0].span.start_ms, group[-1].span.end_ms)
        text += (between[number] if text else "") + inside
        utterances.append(whole if inside == whole.text else replace(whole, text=inside, span=span))
    return Paragraph(text, tuple(utterances))
