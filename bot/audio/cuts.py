"""Segmentation: cuts a recording in a long silence, else in the quietest half second. Pure.

Words never cross a silence of 5 s, of which nothing would be known but its length: both sides are asked for
apart, which also stops paying for it. A request has a price of its own, though, in the account's limit by the
minute: so no cut is made before 20 s, however many such silences there are.

Where two people speak on two channels, both are looked at, the softer one as if it were as loud as the other,
and each segment is handed on channel by channel.

A cut is decided by the 171 s that follow, whether or not they are done already, and by nothing before: so
whoever resumes finds the cuts of the first run.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from bot.audio.channel_pair import Pcm
from bot.audio.levels import FRAME_MS, FRAME_SAMPLES, SAMPLES_PER_MS, SILENCE
from bot.audio.plan import LONGEST_MS, SHORTEST_MS
from bot.audio.sounds import Activity, find_activity
from bot.audio.stretch import Stretch
from bot.audio.voices import are_different_voices, is_heard
from bot.recording import Span

EARLIEST_MS = 90_000
"""For a cut where there is no long silence."""
LATEST_MS = 170_000
"""A second before ``LONGEST_MS``, at which the cut is decided: what is left is never shorter than that."""
LONG_SILENCE_MS = 5_000
_BEFORE_SOUND_MS = 500
"""Of a long silence that stays with the sound behind it at least."""
_STEADY = 1.45
"""Of an even noise, its mean above the quietest tenth of its frames: 1.16 to 1.43 were seen."""
_FAR_BELOW = 100
"""20 dB, as power: so far below what is loud, nobody speaks."""
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


def decide_cut(levels: Sequence[int], room_ms: int | None = None, *, ended: bool = False) -> int | None:
    """The length of the next segment in ms; ``None`` while more has to be decoded, or for all that is left.

    It ends in the first silence of 5 s, from 20 s on, else between 90 and 170 s: in the middle of the
    quietest half second there, the latest one of equals; or where there is no more room.

    Args:
        levels: From the segment's beginning on.
        room_ms: How far the next stretch is that is done; ``None`` if there is none.
        ended: The recording ends with these levels.
    """
    if len(levels) * FRAME_MS < LONGEST_MS and not ended:
        return None
    window = levels[: LONGEST_MS // FRAME_MS]
    cut_ms = _in_silence_ms(window)
    if cut_ms is None and len(levels) * FRAME_MS >= LONGEST_MS:
        cut_ms = quietest_ms(window, EARLIEST_MS, LATEST_MS)
    if room_ms is None or (cut_ms is not None and cut_ms <= room_ms - SHORTEST_MS):
        return cut_ms
    # What lies before it is one segment, if it can be: this recording is cut elsewhere than it was.
    return room_ms if room_ms <= LONGEST_MS else cut_ms


def only_piece(levels: Sequence[int], span: Span) -> Activity | None:
    """The activity of a recording that is worth sending whole; ``None`` where long silence is left out.

    Args:
        levels: Of the whole recording, which is no longer than a segment may be.
        span: All of it.
    """
    active = find_activity(levels, span)
    if active.sent is not None and span.duration_ms - active.sent.duration_ms >= LONG_SILENCE_MS:
        return None
    return active if decide_cut(levels, ended=True) is None else None


def _in_silence_ms(levels: Sequence[int]) -> int | None:
    quiet = _quiet_level(levels)
    for before, behind in pairwise(find_activity(levels, Span(0, len(levels) * FRAME_MS)).sounds):
        from_ms = max(before.end_ms, SHORTEST_MS)
        to_ms = behind.start_ms - _BEFORE_SOUND_MS
        if behind.start_ms - before.end_ms < LONG_SILENCE_MS or to_ms - from_ms < _WINDOW_MS:
            continue
        silence = levels[before.end_ms // FRAME_MS : behind.start_ms // FRAME_MS]
        if sum(silence) <= quiet * len(silence):
            return quietest_ms(levels, from_ms, to_ms)
    return None


def _quiet_level(levels: Sequence[int]) -> float:
    """The mean level up to which a silence is one; what is louder may be somebody whom noise nearly hides."""
    by_level = sorted(levels)
    heard = by_level[bisect_right(by_level, SILENCE) :] or [0]
    return max(SILENCE, heard[len(heard) // 10] * _STEADY, heard[len(heard) * 9 // 10] / _FAR_BELOW)


def quietest_ms(levels: Sequence[int], from_ms: int, to_ms: int) -> int:
    """The middle of the quietest half second of a stretch, the latest one of equals; in ms.

    Args:
        levels: Of the first frames, those of the stretch among them.
        from_ms: Where the stretch begins, in whole frames.
        to_ms: Where it ends, half a second later at least.
    """
    first = from_ms // FRAME_MS
    window = levels[first : to_ms // FRAME_MS]
    sums = [0, *accumulate(max(level, int(SILENCE)) for level in window)]
    latest_first = range(len(window) - _WINDOW, -1, -1)
    quietest = min(latest_first, key=lambda at: sums[at + _WINDOW] - sums[at])
    return (first + quietest + _WINDOW // 2) * FRAME_MS


def _equally_loud(channels: Sequence[Sequence[int]]) -> Sequence[int]:
    """The levels of channels together, the softer ones as if they were as loud as the loudest."""
    if len(channels) == 1:
        return channels[0]
    louds = [_loud_level(levels) for levels in channels]
    shares = [max(louds) / loud for loud in louds]
    return [
        int(sum(level * share for level, share in zip(frame, shares, strict=True)))
        for frame in zip(*channels, strict=True)
    ]


def _loud_level(levels: Sequence[int]) -> int:
    by_level = sorted(level for level in levels if level > SILENCE) or [1]
    return by_level[len(by_level) * 9 // 10]


@dataclass(frozen=True, slots=True)
class PieceChannel:
    """One audio channel of a segment, or all of them mixed, before it is encoded."""

    sounds: tuple[Span, ...]
    sent: Span | None
    """The stretch that is worth sending; ``None`` where there is no sound."""
    pcm: array[int]
    """The samples of ``sent``, s16, mono, 16 kHz."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A segment before it is encoded."""

    span: Span
    channels: tuple[PieceChannel, ...]
    """One, mixed of all there are; or two that carry different voices."""
    last: bool
    short: bool
    """It belongs to a recording that is no longer than a segment may be."""


class Cutter:
    """Cuts a stream of PCM into segments; holds what was decoded since the last cut.

    The channels are held, too, where they differ somewhere in it.

    Args:
        done: Stretches, in order, that need no segment.
    """

    def __init__(self, done: Sequence[Span]) -> None:
        self._done = done
        self._mix = Stretch()
        self._sides: tuple[Stretch, Stretch] | None = None
        """The channels, where they differ before ``_differ_until``."""
        self._differ_until = 0
        """Samples from the recording's beginning on."""
        self._at = 0
        """Samples before ``_mix``."""
        self._is_short = False

    def add(self, pcm: Pcm) -> list[Piece]:
        """Take more of the recording; return the segments that are now decided."""
        if pcm.pairs and self._sides is None:
            self._sides = self._mix.copy(), self._mix.copy()
        self._mix.add(pcm.mixed)
        if self._sides is not None:
            for side, channel in zip(self._sides, pcm.channels(), strict=True):
                side.add(channel)
        if pcm.pairs:
            self._differ_until = self._at + len(self._mix)
        return list(self._decided(ended=False))

    def end(self) -> list[Piece]:
        """Take the end of the recording for known; return the segments of what is left, if anything."""
        self._is_short = self._at + len(self._mix) <= LONGEST_MS * SAMPLES_PER_MS
        return list(self._decided(ended=True))

    def _decided(self, *, ended: bool) -> Iterator[Piece]:
        while True:
            room_ms = self._pass_done()
            # Behind a stretch that is done, less than a frame is the rounding of another way to decode.
            if len(self._mix) < (FRAME_SAMPLES if self._at else 1):
                return
            if not ended and len(self._mix) < LONGEST_MS * SAMPLES_PER_MS:
                return
            heard = self._different_voices(ended=ended) or (self._mix,)
            levels = [stretch.measured(to_the_end=ended) for stretch in heard]
            length_ms = decide_cut(_equally_loud(levels), room_ms, ended=ended)
            if length_ms is not None and length_ms * SAMPLES_PER_MS <= len(self._mix):
                yield self._take(length_ms * SAMPLES_PER_MS, heard, last=False)
            else:
                yield self._take(len(self._mix), heard, last=True)

    def _different_voices(self, *, ended: bool) -> tuple[Stretch, Stretch] | None:
        """The channels, if they carry different voices in what decides a cut."""
        if self._sides is None:
            return None
        start_ms = self._at // SAMPLES_PER_MS
        sounds = []
        for side in self._sides:
            levels = side.measured(to_the_end=ended)[: LONGEST_MS // FRAME_MS]
            sounds.append(find_activity(levels, Span(start_ms, start_ms + len(levels) * FRAME_MS)).sounds)
            if not is_heard(sounds[-1]):
                return None
        left, right = (side.levels[: LONGEST_MS // FRAME_MS] for side in self._sides)
        return self._sides if are_different_voices((left, right), (sounds[0], sounds[1]), start_ms) else None

    def _pass_done(self) -> int | None:
        """Drop what is done already here; return how far the next such stretch is, in ms."""
        start_ms, until_ms = stretch_from(self._at // SAMPLES_PER_MS, self._done)
        missing = start_ms * SAMPLES_PER_MS - self._at
        if missing > 0:
            self._drop(min(missing, len(self._mix)))
        return None if until_ms is None else until_ms - start_ms

    def _take(self, samples: int, heard: Sequence[Stretch], *, last: bool) -> Piece:
        start_ms = self._at // SAMPLES_PER_MS
        span = Span(start_ms, start_ms - (-samples // SAMPLES_PER_MS))
        channels = tuple(_channel(stretch, span, samples) for stretch in heard)
        self._drop(samples)
        return Piece(span, channels, last, self._is_short)

    def _drop(self, samples: int) -> None:
        for stretch in (self._mix, *(self._sides or ())):
            stretch.drop(samples)
        self._at += samples
        if self._differ_until <= self._at:
            self._sides = None


def _channel(stretch: Stretch, span: Span, samples: int) -> PieceChannel:
    active = find_activity(stretch.levels[: -(-samples // FRAME_SAMPLES)], span)
    pcm = array("h")
    if active.sent is not None:
        end = min((active.sent.end_ms - span.start_ms) * SAMPLES_PER_MS, samples)
        pcm = stretch.pcm[(active.sent.start_ms - span.start_ms) * SAMPLES_PER_MS : end]
    return PieceChannel(active.sounds, active.sent, pcm)
