"""Mixes the tracks of a recording to one stream of PCM. Runs in the child process alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from av.audio.frame import AudioFrame

from bot.audio.channel_pair import Pcm
from bot.audio.child.filters import SAMPLE_BYTES, FilterGraph
from bot.audio.child.track_sound import TrackSound
from bot.audio.levels import is_loud
from bot.audio.plan import RATE_HZ

_MOST_BEHIND_S = 60
"""A track that is further behind another has ended, or is silent, or comes later: 2 MB wait for it."""


class Mix:
    """Adds up tracks that advance at different paces.

    Args:
        tracks: In any order. Of an only one the channels that differ are handed on, too.
    """

    def __init__(self, tracks: Sequence[TrackSound]) -> None:
        self._tracks = tracks
        self._is_heard = [len(tracks) == 1] * len(tracks)
        self._sum = _Sum(len(tracks)) if len(tracks) > 1 else None

    @property
    def heard(self) -> int:
        """The number of tracks that have held sound so far; an only one counts in any case."""
        return sum(self._is_heard)

    def ready(self) -> Iterator[Pcm]:
        """Hand on the sound that all tracks have, and what must not wait any longer."""
        if self._sum is None:
            yield self._tracks[0].take_all()
            return
        while True:
            waiting = [track.samples for track in self._tracks]
            if min(waiting) < RATE_HZ and max(waiting) < _MOST_BEHIND_S * RATE_HZ:
                return
            yield Pcm(self._mixed(RATE_HZ, self._sum))

    def rest(self) -> Iterator[Pcm]:
        """Hand on the rest, to the end of the longest track."""
        for track in self._tracks:
            track.end()
        if self._sum is None:
            yield self._tracks[0].take_all()
            return
        while waiting := max(track.samples for track in self._tracks):
            yield Pcm(self._mixed(min(waiting, RATE_HZ), self._sum))
        yield Pcm(self._sum.end())

    def _mixed(self, samples: int, to: _Sum) -> bytes:
        pieces = [track.take(samples) for track in self._tracks]
        self._is_heard = [was or is_loud(pcm) for was, pcm in zip(self._is_heard, pieces, strict=True)]
        return to.add(pieces)


class _Sum:
    """Sums streams of PCM s16, mono, 16 kHz; where they are too loud together, a limiter turns them down.

    Source: https://ffmpeg.org/ffmpeg-filters.html#amix
    """

    def __init__(self, count: int) -> None:
        self._filters = FilterGraph(
            [("s16", "mono", RATE_HZ)] * count,
            [
                ("amix", f"inputs={count}:normalize=0"),
                ("alimiter", "level=0:latency=1"),
                ("aformat", "sample_fmts=s16"),
            ],
        )
        self._pts = 0

    def add(self, pieces: Sequence[bytes]) -> bytes:
        """Add equally long pieces of every stream; return what is ready of their sum."""
        for number, pcm in enumerate(pieces):
            frame = AudioFrame(format="s16", layout="mono", samples=len(pcm) // SAMPLE_BYTES)
            frame.planes[0].update(pcm.ljust(frame.planes[0].buffer_size, b"\0"))
            frame.sample_rate, frame.pts = RATE_HZ, self._pts
            self._filters.push(frame, number)
        self._pts += len(pieces[0]) // SAMPLE_BYTES
        return self._filters.pull()

    def end(self) -> bytes:
        """The rest."""
        return self._filters.end()
