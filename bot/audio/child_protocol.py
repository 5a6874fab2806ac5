"""The JSON-lines protocol of the decoding child: renders and checks its lines. Pure.

A child that splits prints one JSON line for each segment, one that measures or listens a line with the length
that it counted (0: none), and all one line with their verdict:

    {"start_ms": 0, "end_ms": 2000, "sounds": [[40, 1980]], "sent": [0, 2000], "last": true,
     "short": true, "untouched": false, "has_video": false, "tracks": 1, "breaks_off": false,
     "further_channels": [{"sounds": [[90, 700]], "sent": [0, 1200]}]}
    {"length_s": 1920.5}
    {"verdict": "done", "detail": ""}
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bot.audio.child_exit import ChildError, ChildExit, judge, parsed, plain
from bot.audio.cuts import stretch_from
from bot.audio.plan import LONGEST_MS, MOST_TRACKS, SHORTEST_MS, TOLERANCE_S
from bot.recording import MOST_CHANNELS, Span

LINE_BYTES = 32_768
"""A child that prints a longer line is broken."""
MOST_SOUNDS = 500
"""The longest segment has room for 475, with the pauses between them."""


ALIVE = {"alive": True}
"""A heartbeat, from a child that decodes what needs no segment."""


MOST_FURTHER_CHANNELS = MOST_CHANNELS - 1


@dataclass(frozen=True, slots=True)
class CutChannel:
    """A child's report of one more channel of a segment."""

    sounds: tuple[Span, ...]
    sent: Span | None


@dataclass(frozen=True, slots=True)
class Cut:
    """A child's report of one segment."""

    span: Span
    sounds: tuple[Span, ...]
    sent: Span | None
    """The stretch that is sent; ``None`` where there is no sound."""
    last: bool
    short: bool
    """The recording is no longer than a segment may be."""
    untouched: bool
    """The source goes out as it is; else a file was written, if there is sound."""
    has_video: bool
    tracks: int = 1
    breaks_off: bool = False
    further_channels: tuple[CutChannel, ...] = ()
    """With another voice each; a file was written for each, if there is sound."""

    @property
    def channels(self) -> tuple[CutChannel, ...]:
        """All that are to be recognised, each apart."""
        return CutChannel(self.sounds, self.sent), *self.further_channels


def render_cut(cut: Cut) -> str:
    """A segment as a child's line."""
    first, *further = map(_said_of_channel, cut.channels)
    said = {
        "start_ms": cut.span.start_ms,
        "end_ms": cut.span.end_ms,
        **first,
        "last": cut.last,
        "short": cut.short,
        "untouched": cut.untouched,
        "has_video": cut.has_video,
        "tracks": cut.tracks,
        "breaks_off": cut.breaks_off,
        "further_channels": further,
    }
    return json.dumps(said, separators=(",", ":"))


def _said_of_channel(channel: CutChannel) -> dict[str, object]:
    return {
        "sounds": [(sound.start_ms, sound.end_ms) for sound in channel.sounds],
        "sent": channel.sent and (channel.sent.start_ms, channel.sent.end_ms),
    }


def render_length(length_s: float) -> str:
    """A length as a child's line."""
    return json.dumps({"length_s": length_s})


class SplitReader:
    """Reads the lines of a child that splits, each checked against those before.

    Args:
        done: The stretches that need no segment, in order.
        most_minutes: The longest recording that is taken.
    """

    def __init__(self, done: Sequence[Span], most_minutes: int) -> None:
        self._done = done
        self._most_minutes = most_minutes
        self._at_ms = 0
        self._is_whole = False
        self._report: dict[str, Any] | None = None

    def feed(self, line: bytes) -> Cut | None:
        """Take one line; ``None`` for the verdict, and for a heartbeat.

        Raises:
            ChildError: no child of ours says this.
        """
        said = parsed(line)
        if self._report is not None or (self._is_whole and "verdict" not in said):
            raise ChildError(f"a line too many: {plain(line)}")
        if "verdict" in said:
            self._report = said
            return None
        if said == ALIVE:
            return None
        try:
            cut = _parse_cut(said)
        except (ValueError, KeyError, TypeError) as error:
            raise ChildError(f"an unreadable line: {plain(line)}") from error
        if not self._fits(cut):
            raise ChildError(f"a segment that cannot be: {plain(line)}")
        self._at_ms, self._is_whole = cut.span.end_ms, cut.last
        return cut

    def _fits(self, cut: Cut) -> bool:
        start_ms, until_ms = stretch_from(self._at_ms, self._done)
        most_ms = int((self._most_minutes * 60 + TOLERANCE_S) * 1_000)
        ends_early = cut.last or cut.span.end_ms == until_ms
        return (
            cut.span.start_ms == start_ms
            and (0 if ends_early else SHORTEST_MS - 1) < cut.span.duration_ms <= LONGEST_MS
            and cut.span.end_ms <= (most_ms if until_ms is None else min(until_ms, most_ms))
            and all(_are_sent(channel, cut.span) for channel in cut.channels)
            and len(cut.further_channels) <= MOST_FURTHER_CHANNELS
            and not (cut.untouched and cut.further_channels)
            and not (cut.short and cut.span.end_ms > LONGEST_MS)
            and 0 <= cut.tracks <= MOST_TRACKS
            and (cut.last or not cut.breaks_off)
            and (not cut.untouched or (cut.last and start_ms == 0 and not self._done))
        )

    def finish(self, ended: ChildExit) -> None:
        """Read how the child ended, by the table above.

        Raises:
            Rejected: with one of ``REFUSALS`` or TOO_COSTLY.
            Unavailable: MACHINE.
            ChildError: anything unforeseen.
        """
        judge(ended, self._report, self._most_minutes)
        if not self._is_whole and not self._done:
            raise ChildError(f"done at {self._at_ms} ms, which is not the end")


class LengthReader:
    """Reads the lines of a child that measures, or listens.

    Args:
        most_minutes: The longest recording that is taken.
    """

    def __init__(self, most_minutes: int) -> None:
        self._most_minutes = most_minutes
        self._length_s: float | None = None
        self._report: dict[str, Any] | None = None

    def feed(self, line: bytes) -> None:
        """Take one line.

        Raises:
            ChildError: no child of ours says this.
        """
        said = parsed(line)
        if self._report is not None:
            raise ChildError(f"a line too many: {plain(line)}")
        match said:
            case {"verdict": _}:
                self._report = said
            case {"alive": True} if said == ALIVE and self._length_s is None:
                pass
            case {"length_s": float(length_s)} if self._length_s is None and 0 <= length_s < math.inf:
                self._length_s = length_s
            case _:
                raise ChildError(f"an unreadable line: {plain(line)}")

    def finish(self, ended: ChildExit) -> float | None:
        """The length that was counted, in seconds; ``None`` where there was nothing to count.

        Raises:
            Rejected: as ``SplitReader.finish``.
            Unavailable: MACHINE.
            ChildError: anything unforeseen.
        """
        judge(ended, self._report, self._most_minutes)
        if self._length_s is None:
            raise ChildError("done, and no length told")
        return self._length_s or None


def _parse_cut(said: dict[str, Any]) -> Cut:
    first = _channel(said)
    return Cut(
        Span(_whole(said["start_ms"]), _whole(said["end_ms"])),
        *(first.sounds, first.sent),
        last=_flag(said["last"]),
        short=_flag(said["short"]),
        untouched=_flag(said["untouched"]),
        has_video=_flag(said["has_video"]),
        tracks=_whole(said["tracks"]),
        breaks_off=_flag(said["breaks_off"]),
        further_channels=tuple(_channel(channel) for channel in said["further_channels"]),
    )


def _channel(said: Any) -> CutChannel:
    return CutChannel(
        tuple(_span(sound) for sound in said["sounds"]),
        None if said["sent"] is None else _span(said["sent"]),
    )


def _span(value: Any) -> Span:
    start, end = value
    return Span(_whole(start), _whole(end))


def _whole(value: object) -> int:
    if type(value) is not int:
        raise TypeError("no whole number")
    return value


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError("neither true nor false")
    return value


def _are_sent(channel: CutChannel, span: Span) -> bool:
    """True where the sounds lie in order within what is sent, and that within the segment."""
    if channel.sent is None or not channel.sounds:
        return channel.sent is None and not channel.sounds
    at_ms = channel.sent.start_ms
    for sound in channel.sounds:
        if not at_ms <= sound.start_ms < sound.end_ms:
            return False
        at_ms = sound.end_ms
    return (
        span.start_ms <= channel.sent.start_ms
        and at_ms <= channel.sent.end_ms <= span.end_ms
        and len(channel.sounds) <= MOST_SOUNDS
    )
