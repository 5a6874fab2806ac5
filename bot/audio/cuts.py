"""Segmentation: cuts a recording at the quietest half second between 90 and 170 s. Pure."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from bot.audio.levels import (
    FRAME_MS,
    FRAME_SAMPLES,
    SAMPLES_PER_MS,
    SILENCE,
    find_sounds,
    measure,
    worth_sending,
)
from bot.audio.plan import LONGEST_MS
from bot.recording import Span

EARLIEST_MS = 90_000
LATEST_MS = 170_000
"""A second before ``LONGEST_MS``, at which the cut is decided: what is left is never shorter than that."""
_WINDOW_MS = 500
_WINDOW = _WINDOW_MS // FRAME_MS


def stretch_from(at_ms: int, done: Sequence[Span]) -> tuple[int, int | None]:
    """The next segment's start, at ``at_ms`` or behind what is done there, and the done start that ends it.

    Args:
        at_ms: How far the recording is cut.
        done: Stretches, in order, that need no segment.
    """
    for span in done:
        if span.end_ms <= at_ms:
            continue
        if span.start_ms > at_ms:
            return at_ms, span.start_ms
        at_ms = span.end_ms
    return at_ms, None


def decide_cut(levels: Sequence[int], room_ms: int | None) -> int | None:
    """The length of the next segment in ms; ``None`` while more has to be decoded.

    It ends in the middle of the quietest half second between 90 and 170 s, the latest one of equals, or where
    there is no more room.

    Args:
        levels: From the segment's beginning on.
        room_ms: How far the next stretch is that is done; ``None`` if there is none.
    """
    if room_ms is not None and room_ms <= LONGEST_MS:
        return room_ms if len(levels) * FRAME_MS >= room_ms else None
    if len(levels) * FRAME_MS < LONGEST_MS:
        return None
    first = EARLIEST_MS // FRAME_MS
    window = levels[first : LATEST_MS // FRAME_MS]
    sums = [0, *accumulate(max(level, int(SILENCE)) for level in window)]
    latest_first = range(len(window) - _WINDOW, -1, -1)
    quietest = min(latest_first, key=lambda at: sums[at + _WINDOW] - sums[at])
    return (first + quietest + _WINDOW // 2) * FRAME_MS


@dataclass(frozen=True, slots=True)
class Piece:
    """A segment before it is encoded."""

    span: Span
    sounds: tuple[Span, ...]
    last: bool
    pcm: array[int]
    """The samples that are worth sending, s16, mono, 16 kHz; empty where there is no sound."""


class Cutter:
    """Cuts a stream of PCM into segments; holds what was decoded since the last cut.

    Args:
        done: Stretches, in order, that need no segment.
    """

    def __init__(self, done: Sequence[Span]) -> None:
        self._done = done
        self._pcm = array("h")
        self._levels = array("I")
        self._at = 0
        """Samples before ``_pcm``."""

    def add(self, pcm: bytes) -> list[Piece]:
        """Take more of the recording (s16, mono, 16 kHz); return the segments that are now decided."""
        self._pcm.frombytes(pcm)
        pieces = []
        while (length_ms := self._decide()) is not None:
            pieces.append(self._take(length_ms * SAMPLES_PER_MS, last=False))
        return pieces

    def end(self) -> Piece | None:
        """Take the end of the recording for known; return what is left, if anything."""
        # Behind a stretch that is done, less than a frame is the rounding of another way to decode.
        if len(self._pcm) < (FRAME_SAMPLES if self._at else 1):
            return None
        measure(self._pcm, self._levels, to_the_end=True)
        return self._take(len(self._pcm), last=True)

    def _decide(self) -> int | None:
        start_ms, until_ms = stretch_from(self._at // SAMPLES_PER_MS, self._done)
        missing = start_ms * SAMPLES_PER_MS - self._at
        if missing > 0:
            self._drop(min(missing, len(self._pcm)))
            self._levels = array("I")
        measure(self._pcm, self._levels)
        return decide_cut(self._levels, None if until_ms is None else until_ms - start_ms)

    def _take(self, samples: int, *, last: bool) -> Piece:
        start_ms = self._at // SAMPLES_PER_MS
        span = Span(start_ms, start_ms - (-samples // SAMPLES_PER_MS))
        frames = -(-samples // FRAME_SAMPLES)
        sounds = find_sounds(self._levels[:frames], span)
        pcm = array("h")
        if sounds:
            sent = worth_sending(span, sounds)
            end = min((sent.end_ms - start_ms) * SAMPLES_PER_MS, samples)
            pcm = self._pcm[(sent.start_ms - start_ms) * SAMPLES_PER_MS : end]
        self._drop(samples)
        del self._levels[:frames]
        return Piece(span, sounds, last, pcm)

    def _drop(self, samples: int) -> None:
        del self._pcm[:samples]
        self._at += samples
