"""Splits audio in disposable child processes with resource limits; this process parses no more than WAV."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path

from bot.audio.child_exit import ChildError
from bot.audio.child_process import running_child
from bot.audio.child_protocol import Cut, CutChannel, LengthReader, SplitReader
from bot.audio.confinement import Confinement, ConfinementReader
from bot.audio.lanes import SMALL_BYTES, SMALL_S, Lanes
from bot.audio.plan import (
    WAV_HEAD_BYTES,
    Limits,
    fits_request,
    segment_path,
    sent_as,
    untouched_wav,
)
from bot.audio.unread_formats import unread_format
from bot.audio.whole_wav import whole_wav
from bot.errors import Refusal, Rejected
from bot.machine import machine_trouble
from bot.recording import AudioChannel, AudioMime, PreparedAudio, Segment, Span

_MPEG: AudioMime = "audio/mpeg"


class Media:
    """Implements ``bot.ports.outside.Audio`` with PyAV (FFmpeg's libraries), one child process a file.

    Args:
        children: How many small files, and as many that are big or take long, are decoded at once; the
            others wait.
        limits: Of decoding one file.
        most_minutes: The longest recording that is taken.
        compressed: Send recordings that are cut as MP3 too, not as WAV: a quarter of the bytes.
        small_s: Seconds after which a decoder leaves the lane of small files; injected for tests.
    """

    def __init__(
        self,
        children: int = os.cpu_count() or 1,
        limits: Limits | None = None,
        most_minutes: int = 180,
        *,
        compressed: bool = False,
        small_s: float = SMALL_S,
    ) -> None:
        self._lanes = Lanes(children, small_s)
        self._limits = limits or Limits()
        self._most_minutes = most_minutes
        self._compressed = compressed

    async def split(
        self, source: Path, workspace: Path, done: Sequence[Span] = ()
    ) -> AsyncGenerator[Segment]:
        """Cut and convert ``source``; see ``bot.ports.outside.Audio.split``.

        What is made is mono, 16 kHz, mode 0600, in ``workspace``: MP3 of 64 kbit/s, or WAV of a recording
        that is cut. Small s16 PCM WAV and flawless small MP3 files go out as they are: ``path`` is then
        ``source`` itself. A place in a lane is held until the generator ends; what takes long for a small
        file is decoded anew among the big ones, but for what was made.
        """
        with machine_trouble():
            head, size_bytes = await asyncio.to_thread(_glance, source)
            if size_bytes == 0:
                raise Rejected(Refusal.EMPTY)
            _refuse_unread_format(head)
            wav = None if done else untouched_wav(head, size_bytes)
            if wav is not None and (whole := await asyncio.to_thread(whole_wav, source, wav, size_bytes)):
                yield whole
                return
            is_small, made = size_bytes <= SMALL_BYTES, list(done)
            while True:
                known = tuple(sorted(made, key=lambda span: span.start_ms))
                account = SplitReader(known, self._most_minutes)
                arguments = self._arguments("split", source, workspace, known)
                async with (
                    self._lanes.place(is_small=is_small) as place,
                    running_child(arguments, self._limits.stall_s) as child,
                    place.giving_up(child.kill),
                ):
                    while (line := await child.line()) is not None:
                        if (cut := account.feed(line)) is not None:
                            made.append(cut.span)
                            yield await asyncio.to_thread(self._segment, cut, source, workspace)
                    ended = await child.ended()
                if not place.was_given_up:
                    account.finish(ended)
                    return
                # Again, from where it was, among those that take long; what it was writing stays behind.
                is_small, workspace = False, workspace / "long"
                await asyncio.to_thread(workspace.mkdir, 0o700)

    async def duration_s(self, source: Path) -> float | None:
        """Count a file's length; see ``bot.ports.outside.Audio.duration_s``."""
        return await self._measured("measure", source, small_bytes=SMALL_BYTES)

    async def heard_apart_s(self, source: Path) -> float | None:
        """Count what is heard of two channels; see ``bot.ports.outside.Audio.heard_apart_s``."""
        return await self._measured("listen", source, small_bytes=0)

    async def _measured(self, order: str, source: Path, small_bytes: int) -> float | None:
        measurement = LengthReader(self._most_minutes)
        with machine_trouble():
            head, size_bytes = await asyncio.to_thread(_glance, source)
            _refuse_unread_format(head)
            arguments = self._arguments(order, source, source.parent, ())
            async with (
                self._lanes.place(is_small=size_bytes <= small_bytes),
                running_child(arguments, self._limits.stall_s) as child,
            ):
                while (line := await child.line()) is not None:
                    measurement.feed(line)
                return measurement.finish(await child.ended())

    async def confinement(self) -> Confinement:
        """The confinement of decoding children on this machine, as one reports it that opens no file.

        Raises:
            Unavailable: MACHINE: no child can be started now.
            ChildError: a bug: the child did what it should not be able to.
        """
        account = ConfinementReader()
        with machine_trouble():
            async with running_child(("confinement",), self._limits.stall_s) as child:
                while (line := await child.line()) is not None:
                    account.feed(line)
                return account.finish(await child.ended())

    def _arguments(self, order: str, source: Path, workspace: Path, done: Sequence[Span]) -> tuple[str, ...]:
        limits = self._limits
        return (
            *(order, str(source), str(workspace), str(limits.memory_bytes), str(limits.file_bytes)),
            *(str(limits.cpu_s), str(limits.cpu_s_each_s), str(self._most_minutes)),
            "compressed" if self._compressed else "fast",
            json.dumps([(span.start_ms, span.end_ms) for span in done]),
        )

    def _segment(self, cut: Cut, source: Path, workspace: Path) -> Segment:
        """A segment as the child reported it, with its files' sizes checked against the limits again."""
        first, *further = (
            self._channel(cut, channel, number, source, workspace)
            for number, channel in enumerate(cut.channels)
        )
        return Segment(
            *(cut.span, first.sounds, cut.last, first.audio),
            further_channels=tuple(further),
            tracks=cut.tracks,
            breaks_off=cut.breaks_off,
        )

    def _channel(
        self, cut: Cut, channel: CutChannel, number: int, source: Path, workspace: Path
    ) -> AudioChannel:
        if channel.sent is None:
            return AudioChannel((), None)
        path, mime = source, _MPEG
        if not cut.untouched:
            mime = sent_as(short=cut.short, compressed=self._compressed)
            path = segment_path(workspace, source, cut.span, mime, number)
        duration_s = channel.sent.duration_ms / 1_000
        try:
            size_bytes = path.stat().st_size
        except FileNotFoundError as error:
            raise ChildError(f"no audio for {cut.span}") from error
        if not fits_request(size_bytes, duration_s, mime):
            raise ChildError(f"{size_bytes} bytes, {duration_s} s do not fit a request")
        return AudioChannel(channel.sounds, PreparedAudio(path, mime, size_bytes, duration_s, cut.has_video))


def _glance(source: Path) -> tuple[bytes, int]:
    """A file's first bytes and its size."""
    with source.open("rb") as file:
        return file.read(WAV_HEAD_BYTES), os.fstat(file.fileno()).st_size


def _refuse_unread_format(head: bytes) -> None:
    """Refuse, by its first bytes, a file in a format that no child would read.

    Raises:
        Rejected: FORMAT_NOT_READ.
    """
    if (name := unread_format(head)) is not None:
        raise Rejected(Refusal.FORMAT_NOT_READ, name, format_name=name)
