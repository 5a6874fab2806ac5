"""One streaming pass over a file: decode, cut, encode, hand over. Runs in the child process alone."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from pathlib import Path

from bot.audio.child.decode import claimed_s, open_container
from bot.audio.child.encode import write_mp3, write_wav
from bot.audio.child.filters import SAMPLE_BYTES
from bot.audio.child.length import length_s
from bot.audio.child.sound import Sound, lengths_s
from bot.audio.child.untouched_mp3 import untouched_mp3
from bot.audio.child_protocol import Cut, CutChannel
from bot.audio.cuts import Cutter, Piece
from bot.audio.plan import RATE_HZ, TOLERANCE_S, segment_path, sent_as
from bot.errors import Refusal, Rejected
from bot.recording import Span

FEWEST_BYTES_PER_S = 300
"""Half of AMR's lowest rate: the packets of what is smaller are not counted."""
GUESSED = frozenset({"aac", "ac3", "amr", "eac3", "mp3", "ogg"})
"""Demuxers of formats without a header that tells the length, or not of all of it."""


@dataclass(frozen=True, slots=True)
class ConversionTask:
    """One file to convert, and the callbacks for its progress and its segments."""

    source: Path
    workspace: Path
    done: tuple[Span, ...]
    most_s: float
    """The longest recording that is taken."""
    compressed: bool
    """Segments of a recording that is cut become MP3 too, not WAV."""
    has_decoded: Callable[[float], None]
    """Told now and then how many seconds more were decoded."""
    hand_over: Callable[[Cut], None]
    """Told of each segment, in order, when its file is written."""


def convert(task: ConversionTask, pool: Executor, encoders: int) -> None:
    """Cut a file into segments, and write those that hold sound as MP3 or WAV (mono, 16 kHz).

    Args:
        task: The file.
        pool: Encodes.
        encoders: How many segments ``pool`` encodes at once.

    Raises:
        Rejected: NOT_AUDIO, NO_AUDIO_TRACK, PROTECTED, FORMAT_NOT_READ or TOO_LONG.
        MemoryError: the file asks for more than the child may have.
        OSError: this machine cannot write a segment.
    """
    whole = None if task.done else untouched_mp3(task.source)
    if whole is not None:
        task.hand_over(whole)
        return
    if _may_be_longer_than_told(task):
        _check_length(task)
    sound = Sound(task.source, task.most_s, lambda: _check_length(task))
    cutter, decoded_s = Cutter(task.done), 0.0
    outbox = _Outbox(task, pool, encoders, sound)
    for pcm in sound.pieces():
        more_s = len(pcm.mixed) / SAMPLE_BYTES / RATE_HZ
        decoded_s += more_s
        _allow(task, decoded_s)
        task.has_decoded(more_s)
        for piece in cutter.add(pcm):
            outbox.add(piece)
        outbox.hand_over_ready()
    if decoded_s == 0:
        raise Rejected(Refusal.NOT_AUDIO, "not a sample")
    for piece in cutter.end():
        outbox.add(piece)
    outbox.hand_over_all()


def _may_be_longer_than_told(task: ConversionTask) -> bool:
    """True where the header tells no length, or FFmpeg guesses it, and the packets are too many."""
    if task.source.stat().st_size <= task.most_s * FEWEST_BYTES_PER_S:
        return False
    with open_container(task.source) as container:
        if claimed_s(container) and container.format.name not in GUESSED:
            return False
    return length_s(task.source, task.most_s, task.has_decoded) > task.most_s


def _check_length(task: ConversionTask) -> None:
    """Decode once for the length alone: nothing is sent of a recording that is refused in the end."""
    decoded_s = 0.0
    for so_far_s in lengths_s(task.source, task.most_s):
        _allow(task, so_far_s)
        task.has_decoded(so_far_s - decoded_s)
        decoded_s = so_far_s


def _allow(task: ConversionTask, decoded_s: float) -> None:
    if decoded_s > task.most_s + TOLERANCE_S:
        raise Rejected(Refusal.TOO_LONG)


class _Outbox:
    """Segments that are being encoded, handed over in the order of the recording.

    As many files wait as are encoded at once (or those of one segment), which bounds the memory they take.
    """

    def __init__(self, task: ConversionTask, pool: Executor, most: int, sound: Sound) -> None:
        self._task = task
        self._pool = pool
        self._most = most
        self._sound = sound
        self._waiting: deque[tuple[Cut, list[Future[None]]]] = deque()

    def add(self, piece: Piece) -> None:
        while self._waiting and self._files_waiting + len(piece.channels) > self._most:
            self._hand_over_first()
        first, *further = (CutChannel(channel.sounds, channel.sent) for channel in piece.channels)
        cut = Cut(
            *(piece.span, first.sounds, first.sent, piece.last, piece.short),
            untouched=False,
            has_video=self._sound.has_video,
            tracks=self._sound.tracks,
            breaks_off=piece.last and self._sound.breaks_off,
            further_channels=tuple(further),
        )
        mime = sent_as(short=piece.short, compressed=self._task.compressed)
        write = write_mp3 if mime == "audio/mpeg" else write_wav
        encoded = [
            self._pool.submit(
                write,
                segment_path(self._task.workspace, self._task.source, piece.span, mime, number),
                channel.pcm,
            )
            for number, channel in enumerate(piece.channels)
            if channel.sent
        ]
        self._waiting.append((cut, encoded))

    @property
    def _files_waiting(self) -> int:
        return sum(max(len(encoded), 1) for _, encoded in self._waiting)

    def hand_over_ready(self) -> None:
        while self._waiting and all(file.done() for file in self._waiting[0][1]):
            self._hand_over_first()

    def hand_over_all(self) -> None:
        while self._waiting:
            self._hand_over_first()

    def _hand_over_first(self) -> None:
        cut, encoded = self._waiting.popleft()
        for file in encoded:
            file.result()
        self._task.hand_over(cut)
