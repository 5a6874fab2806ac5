"""Splits audio in disposable child processes with resource limits; this process parses no more than WAV."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path

from bot.audio.child_process import running_child
from bot.audio.child_protocol import ChildError, Cut, LengthReader, SplitReader
from bot.audio.headers import Wav
from bot.audio.levels import is_loud, worth_sending
from bot.audio.plan import (
    WAV_HEAD_BYTES,
    Limits,
    fits_request,
    segment_path,
    sent_as,
    untouched_wav,
)
from bot.errors import Refusal, Rejected
from bot.machine import machine_trouble
from bot.recording import AudioMime, PreparedAudio, Segment, Span

SMALL_BYTES = 4 * 1024 * 1024
"""Sources up to this size have a semaphore of their own: a voice note does not wait behind films."""
_LOUDNESS_BYTES = 65_536
_MPEG: AudioMime = "audio/mpeg"


class Media:
    """Implements ``bot.ports.outside.Audio`` with PyAV (FFmpeg's libraries), one child process a file.

    Args:
        children: How many small files, and as many big ones, are decoded at once; the others wait.
        limits: Of decoding one file.
        most_minutes: The longest recording that is taken.
        compressed: Send recordings that are cut as MP3 too, not as WAV: a quarter of the bytes.
    """

    def __init__(
        self,
        children: int = os.cpu_count() or 1,
        limits: Limits | None = None,
        most_minutes: int = 180,
        *,
        compressed: bool = False,
    ) -> None:
        self._small_turns = asyncio.Semaphore(children)
        self._big_turns = asyncio.Semaphore(children)
        self._limits = limits or Limits()
        self._most_minutes = most_minutes
        self._compressed = compressed

    async def split(
        self, source: Path, workspace: Path, done: Sequence[Span] = ()
    ) -> AsyncGenerator[Segment]:
        """Cut and convert ``source``; see ``bot.ports.outside.Audio.split``.

        What is made is mono, 16 kHz, mode 0600, in ``workspace``: MP3 of 64 kbit/s, or WAV of a recording
        that is cut. Small s16 PCM WAV and flawless small MP3 files go out as they are: ``path`` is then
        ``source`` itself. A slot of its semaphore is held until the generator
        ends.
        """
        with machine_trouble():
            head, size_bytes = await asyncio.to_thread(_glance, source)
            if size_bytes == 0:
                raise Rejected(Refusal.EMPTY)
            wav = None if done else untouched_wav(head, size_bytes)
            if wav is not None and await asyncio.to_thread(_has_loud_sample, source, wav.data_bytes):
                yield _whole(source, size_bytes, wav)
                return
            account = SplitReader(done, self._most_minutes)
            arguments = self._arguments("split", source, workspace, done)
            async with self._turns(size_bytes), running_child(arguments, self._limits.stall_s) as child:
                while (line := await child.line()) is not None:
                    if (cut := account.feed(line)) is not None:
                        yield await asyncio.to_thread(self._segment, cut, source, workspace)
                account.finish(await child.ended())

    async def duration_s(self, source: Path) -> float | None:
        """Read a length from a file's header; see ``bot.ports.outside.Audio.duration_s``."""
        measurement = LengthReader()
        with machine_trouble():
            size_bytes = (await asyncio.to_thread(source.stat)).st_size
            arguments = self._arguments("measure", source, source.parent, ())
            async with self._turns(size_bytes), running_child(arguments, self._limits.stall_s) as child:
                while (line := await child.line()) is not None:
                    measurement.feed(line)
                return measurement.finish(await child.ended())

    def _turns(self, size_bytes: int) -> asyncio.Semaphore:
        return self._small_turns if size_bytes <= SMALL_BYTES else self._big_turns

    def _arguments(self, order: str, source: Path, workspace: Path, done: Sequence[Span]) -> tuple[str, ...]:
        limits = self._limits
        return (
            *(order, str(source), str(workspace), str(limits.memory_bytes), str(limits.file_bytes)),
            *(str(limits.cpu_s), str(limits.cpu_s_each_s), str(self._most_minutes)),
            "compressed" if self._compressed else "fast",
            json.dumps([(span.start_ms, span.end_ms) for span in done]),
        )

    def _segment(self, cut: Cut, source: Path, workspace: Path) -> Segment:
        """A segment as the child reported it, with its file's size checked against the limits again."""
        if not cut.sounds:
            return Segment(cut.span, (), cut.last, audio=None)
        path, mime, sent = source, _MPEG, cut.span
        if not cut.untouched:
            mime = sent_as(cut.span, last=cut.last, compressed=self._compressed)
            path = segment_path(workspace, source, cut.span, mime)
            sent = worth_sending(cut.span, cut.sounds)
        duration_s = sent.duration_ms / 1_000
        try:
            size_bytes = path.stat().st_size
        except FileNotFoundError as error:
            raise ChildError(f"no audio for {cut.span}") from error
        if not fits_request(size_bytes, duration_s, mime):
            raise ChildError(f"{size_bytes} bytes, {duration_s} s do not fit a request")
        audio = PreparedAudio(path, mime, size_bytes, duration_s, cut.has_video)
        return Segment(cut.span, cut.sounds, cut.last, audio)


def _glance(source: Path) -> tuple[bytes, int]:
    """A file's first bytes and its size."""
    with source.open("rb") as file:
        return file.read(WAV_HEAD_BYTES), os.fstat(file.fileno()).st_size


def _has_loud_sample(source: Path, data_bytes: int) -> bool:
    """True where the s16 samples at a file's end are worth sending without a closer look."""
    with source.open("rb") as file:
        file.seek(-data_bytes, os.SEEK_END)
        return any(is_loud(piece) for piece in iter(lambda: file.read(_LOUDNESS_BYTES), b""))


def _whole(source: Path, size_bytes: int, wav: Wav) -> Segment:
    """A WAV that goes out as it is, sound from end to end as far as the bot knows."""
    span = Span(0, -(-wav.data_bytes * 1_000 // wav.bytes_per_s))
    return Segment(
        span, (span,), last=True, audio=PreparedAudio(source, "audio/wav", size_bytes, wav.duration_s)
    )
