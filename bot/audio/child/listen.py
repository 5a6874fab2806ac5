"""Count of what is heard of two channels that carry different voices. Runs in the child process alone.

Only decoding tells that. So that a question and a reservation can say what it costs, it is decoded for them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext, suppress
from pathlib import Path

from bot.audio.child.decode import open_container
from bot.audio.child.filters import SAMPLE_BYTES
from bot.audio.child.links import Link, links_of
from bot.audio.child.sound import Sound
from bot.audio.child.tracks import choose_tracks
from bot.audio.cuts import Cutter, Piece
from bot.audio.plan import RATE_HZ, TOLERANCE_S
from bot.errors import Refusal, Rejected
from bot.recording import MOST_CHANNELS


def heard_apart_s(source: Path, most_s: float, has_decoded: Callable[[float], None]) -> float:
    """The seconds that are sent of a recording, both channels counted; 0 where it is heard as one.

    Args:
        source: The recording.
        most_s: The longest that is taken.
        has_decoded: Told now and then how many seconds more were decoded.

    Raises:
        Rejected: as ``bot.audio.child.convert.convert``.
        MemoryError: the file asks for more than the child may have.
    """
    if not _has_two_channels(source):
        return 0.0
    cutter, decoded_s = Cutter(()), 0.0
    pieces: list[tuple[int, float]] = []
    for pcm in Sound(source, most_s, lambda: None).pieces():
        more_s = len(pcm.mixed) / SAMPLE_BYTES / RATE_HZ
        decoded_s += more_s
        if decoded_s > most_s + TOLERANCE_S:
            raise Rejected(Refusal.TOO_LONG)
        has_decoded(more_s)
        pieces += map(_heard, cutter.add(pcm))
    pieces += map(_heard, cutter.end())
    is_apart = any(channels > 1 for channels, _ in pieces)
    return sum(seconds for _, seconds in pieces) if is_apart else 0.0


def _has_two_channels(source: Path) -> bool:
    """True where a chain has a link of one track with two channels; an only file is a link, too."""
    links: Sequence[Link | None] = links_of(source) or [None]
    for link in links:
        with nullcontext() if link is None else suppress(Rejected), open_container(source, link) as container:
            tracks = choose_tracks(container)
            if len(tracks) == 1 and tracks[0].layout.nb_channels == MOST_CHANNELS:
                return True
    return False


def _heard(piece: Piece) -> tuple[int, float]:
    """The number of channels of a segment, and the seconds that are sent of them."""
    sent = [channel.sent for channel in piece.channels if channel.sent is not None]
    return len(piece.channels), sum(span.duration_ms for span in sent) / 1_000
