"""Which words a transcript of a made recording lost, doubled or got wrong, and how near to a cut."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

import jiwer

from benchmarks.recordings import FRAME_S, Clip, Recording
from tests.speech.scoring import plain

NEAR_WORDS = 3
"""So many words on either side of a cut are near it."""


@dataclass(frozen=True, slots=True)
class Faults:
    """Of a transcript, each as its place: how many of the words that were said come before it."""

    lost: tuple[int, ...]
    doubled: tuple[int, ...]
    """Words too many that stand a second time within three words."""
    others: tuple[int, ...]
    """Words that are wrong, or too many in another way."""

    def near(self, cuts: Collection[int], *, otherwise: bool = False) -> Faults:
        """Those near a cut, or those that are not."""
        around = {place for cut in cuts for place in range(cut - NEAR_WORDS, cut + NEAR_WORDS)}

        def chosen(places: tuple[int, ...]) -> tuple[int, ...]:
            return tuple(place for place in places if (place in around) is not otherwise)

        return Faults(chosen(self.lost), chosen(self.doubled), chosen(self.others))

    @property
    def count(self) -> int:
        """All of them."""
        return len(self.lost) + len(self.doubled) + len(self.others)


def find_faults(said: Sequence[str], transcript: str) -> Faults:
    """Align a transcript with the words that were said.

    Args:
        said: As ``Recording.words``.
        transcript: As it was written.
    """
    heard = plain(transcript).split()
    if not heard:
        return Faults(tuple(range(len(said))), (), ())
    lost: list[int] = []
    doubled: list[int] = []
    others: list[int] = []
    for chunk in jiwer.process_words(" ".join(said), " ".join(heard)).alignments[0]:
        if chunk.type == "delete":
            lost += range(chunk.ref_start_idx, chunk.ref_end_idx)
        elif chunk.type == "substitute":
            others += range(chunk.ref_start_idx, chunk.ref_end_idx)
        elif chunk.type == "insert":
            for place in range(chunk.hyp_start_idx, chunk.hyp_end_idx):
                (doubled if _stands_twice(heard, place) else others).append(chunk.ref_start_idx)
    return Faults(tuple(lost), tuple(doubled), tuple(others))


def _stands_twice(words: Sequence[str], place: int) -> bool:
    before = words[max(0, place - NEAR_WORDS) : place]
    return words[place] in (*before, *words[place + 1 : place + 1 + NEAR_WORDS])


def words_before(recording: Recording, cuts: Sequence[int]) -> Iterator[int]:
    """How many words are said before each sample.

    Inside a clip this is an estimate: its words, by their letters, share the time in which it is loud.
    """
    starts = [said.start for said in recording.said]
    first_words = [0, *accumulate(len(said.clip.words) for said in recording.said)]
    for cut in cuts:
        index = bisect(starts, cut) - 1
        if index < 0:
            yield 0
        else:
            said = recording.said[index]
            yield first_words[index] + _words_before(said.clip, cut - said.start)


def _words_before(clip: Clip, at: int) -> int:
    step = round(clip.rate_hz * FRAME_S)
    loud = [middle for middle in range(step // 2, len(clip.samples), step) if clip.in_word(middle)]
    letters = list(accumulate(len(word) for word in clip.words))
    letters_before = letters[-1] * bisect(loud, at) / len(loud)
    # A word counts once more than half of it was said.
    return sum(end - len(word) / 2 < letters_before for end, word in zip(letters, clip.words, strict=True))
