"""The sound of a recording, of all its links and tracks, as one stream of PCM. Runs in the child process."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path

import av
from av.audio.stream import AudioStream
from av.container import InputContainer

from bot.audio.channel_pair import Pcm
from bot.audio.child.broken_off import CLEARLY_S, is_cut_off
from bot.audio.child.decode import Tally, claimed_s, decoded_frames, open_container, refusing
from bot.audio.child.links import Link, links_of
from bot.audio.child.mix import Mix
from bot.audio.child.track_sound import TrackSound
from bot.audio.child.tracks import choose_tracks, has_video
from bot.audio.timeline import Timeline
from bot.errors import Refusal, Rejected

_MATROSKA = frozenset({"matroska,webm"})
_CLAIMS_BY_FORMAT = frozenset({"flac", "aiff"}) | _MATROSKA
"""Containers whose length is that of their sound, as far as they tell."""


@dataclass(slots=True)
class Sound:
    """Decodes a recording, and tells what it was made of.

    Attributes:
        has_video: There are moving pictures beside the sound; known when the first piece is.
        tracks: How many tracks have held sound so far.
        breaks_off: The file ends before its sound does; known at the end.
    """

    source: Path
    most_s: float
    """The longest recording that is taken."""
    doubt: Callable[[], None]
    """Called where a header claims more than that, before its sound is handed on; may raise TOO_LONG."""
    has_video: bool = False
    tracks: int = 1
    breaks_off: bool = False
    _tallies: list[Tally] = field(default_factory=list)

    def pieces(self) -> Iterator[Pcm]:
        """The sound, about a second at a time.

        Raises:
            Rejected: NOT_AUDIO, NO_AUDIO_TRACK or PROTECTED.
            MemoryError: the file asks for more than the child may have.
        """
        links: Sequence[Link | None] = links_of(self.source) or [None]
        for link in links:
            try:
                with open_container(self.source, link) as container:
                    yield from self._pieces_of(container)
            except Rejected as refusal:
                # A link that cannot be read costs none of the others.
                is_last_hope = link is links[-1] and not self._tallies
                if link is None or is_last_hope or refusal.reason is Refusal.TOO_LONG:
                    raise
        self._judge()

    def _pieces_of(self, container: InputContainer) -> Iterator[Pcm]:
        tallies = {track: Tally() for track in choose_tracks(container)}
        if claimed_s(container) > self.most_s:
            self.doubt()
        self._tallies += tallies.values()
        self.has_video |= has_video(container)
        timelines = _timelines(container, tallies, self.most_s)
        is_only = len(timelines) == 1
        sounds = {track: TrackSound(timeline, keeps_pairs=is_only) for track, timeline in timelines.items()}
        mix = Mix(list(sounds.values()))
        with refusing(Refusal.NOT_AUDIO):
            for track, frame in decoded_frames(container, tallies):
                for _ in sounds[track].add(frame):
                    yield from mix.ready()
                    self.tracks = max(self.tracks, mix.heard)
            yield from mix.rest()
            self.tracks = max(self.tracks, mix.heard)
        lost_s = max(tally.bad_since_good_s for tally in tallies.values())
        end_s = max(timeline.start_s + timeline.at_s for timeline in timelines.values())
        is_short = _is_short(container, list(tallies), end_s)
        self.breaks_off = lost_s > CLEARLY_S or (is_short and is_cut_off(self.source, container.format.name))

    def _judge(self) -> None:
        """Raise where hardly anything of the file was sound."""
        counts = f"{sum(one.good for one in self._tallies)} packets decoded"
        if all(tally.good == 0 for tally in self._tallies) and any(one.encrypted for one in self._tallies):
            raise Rejected(Refusal.PROTECTED, "encrypted packets")
        if all(tally.good == 0 or tally.bad > tally.good for tally in self._tallies):
            raise Rejected(Refusal.NOT_AUDIO, f"{counts}, {sum(one.bad for one in self._tallies)} did not")


def lengths_s(source: Path, most_s: float) -> Iterator[float]:
    """The length of a recording as far as it is decoded, growing, in seconds; nothing is resampled.

    Args:
        source: The recording.
        most_s: The longest that is taken.

    Raises:
        Rejected: NOT_AUDIO, NO_AUDIO_TRACK or PROTECTED.
        MemoryError: the file asks for more than the child may have.
    """
    before_s = length_s = 0.0
    links: Sequence[Link | None] = links_of(source) or [None]
    for link in links:
        with nullcontext() if link is None else suppress(Rejected), open_container(source, link) as container:
            tallies = {track: Tally() for track in choose_tracks(container)}
            timelines = _timelines(container, tallies, most_s)
            for track, frame in decoded_frames(container, tallies):
                timelines[track].skipped_s(frame.time)
                timelines[track].go_on(frame.samples / frame.sample_rate)
                length_s = max(length_s, before_s + timelines[track].at_s)
                yield length_s
        before_s = length_s


def _timelines(
    container: InputContainer, tracks: Iterable[AudioStream], most_s: float
) -> dict[AudioStream, Timeline]:
    start_s = (container.start_time or 0) / av.time_base
    return {track: Timeline(start_s, most_s, _told_s(container)) for track in tracks}


def _told_s(container: InputContainer) -> float:
    """The length in the container's header, in seconds; 0 where it has none, or where FFmpeg has guessed it.

    A Matroska file tells of its own length alone: what has one for its tracks too was guessed from bit rates.
    """
    guessed = container.format.name in _MATROSKA and any(track.duration for track in container.streams.audio)
    return 0.0 if guessed else claimed_s(container)


def _is_short(container: InputContainer, tracks: Sequence[AudioStream], end_s: float) -> bool:
    """True where sound is missing at the end, as far as the container tells; also where it tells nothing."""
    said_s = 0.0
    if container.format.name in _CLAIMS_BY_FORMAT:
        said_s = _told_s(container)
    elif container.format.name.startswith("mov"):
        said_s = max(_end_s(track) for track in tracks)
    return said_s == 0.0 or said_s - end_s > CLEARLY_S


def _end_s(track: AudioStream) -> float:
    if track.duration is None or track.time_base is None:
        return 0.0
    return float(((track.start_time or 0) + track.duration) * track.time_base)
