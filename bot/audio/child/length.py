"""Length of a recording, counted by demuxing it without decoding. Runs in the child process alone.

What a header claims may be wrong; and of raw AAC, AMR, AC-3, MP3 without a Xing header and chained Ogg
FFmpeg only guesses, from the bit rate of the beginning: a minute that begins in silence is "46 minutes".
Every packet is read for it, at a twentieth of what decoding costs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import Any

import av.error
from av.container import InputContainer
from av.packet import Packet

from bot.audio.child.decode import is_of_this_machine, open_container
from bot.audio.child.links import Link, links_of
from bot.errors import Rejected

LONGEST_STEP_S = 2.0
"""Between two packets that do not say how long they are; a longer step is a pause."""
TOLD_EVERY_S = 60.0


def length_s(source: Path, most_s: float, has_counted: Callable[[float], None]) -> float:
    """The length of a recording in seconds, all links of a chain together; see ``counted_s``.

    Raises:
        Rejected: NOT_AUDIO.
    """
    whole_s = 0.0
    links: Sequence[Link | None] = links_of(source) or [None]
    for link in links:
        # A link that cannot be read costs none of the others.
        with nullcontext() if link is None else suppress(Rejected), open_container(source, link) as container:
            whole_s += counted_s(container, most_s - whole_s, has_counted)
    return whole_s


def counted_s(container: InputContainer, most_s: float, has_counted: Callable[[float], None]) -> float:
    """The length of the longest audio track in seconds, without pauses between packets; 0 without a track.

    Args:
        container: Just opened; it is read to its end, or to where it breaks off.
        most_s: Where counting ends: of a longer recording no more is told than that it is longer.
        has_counted: Told now and then how many seconds more were counted.
    """
    ticks = {track.index: 0 for track in container.streams.audio}
    seen_pts: dict[int, int] = {}
    longest_s = told_s = 0.0
    for packet in _packets(container):
        track = packet.stream_index
        ticks[track] += _ticks(packet, seen_pts.get(track))
        if packet.pts is not None:
            seen_pts[track] = packet.pts
        longest_s = max(longest_s, float(ticks[track] * packet.time_base))
        if longest_s > most_s:
            break
        if longest_s - told_s >= TOLD_EVERY_S:
            has_counted(longest_s - told_s)
            told_s = longest_s
    return longest_s


def _packets(container: InputContainer) -> Iterator[Packet[Any]]:
    """The packets with sound, as far as the file can be read."""
    tracks = container.streams.audio
    if not tracks:
        return
    try:
        yield from (packet for packet in container.demux(*tracks) if packet.size)
    except (av.error.FFmpegError, IndexError) as error:
        if is_of_this_machine(error):
            raise
        # It breaks off here, or this is PyAV's slip at the end: see ``decoded_frames``.
        return


def _ticks(packet: Packet[Any], previous_pts: int | None) -> int:
    """Length of a packet in its track's clock: what it says, else the step from the one before it."""
    if packet.duration:
        return max(0, packet.duration)
    if packet.pts is None or previous_pts is None:
        return 0
    step = packet.pts - previous_pts
    return step if 0 < step * packet.time_base <= LONGEST_STEP_S else 0
