"""Prepares audio in disposable, limited child processes; this process never parses a stranger's file."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

from bot.audio import child
from bot.audio.plan import WAV_HEAD_BYTES, Limits, fits_request, untouched_wav_s
from bot.audio.verdict import REPORT_BYTES, ChildError, Ended, judge
from bot.errors import Outage, Refusal, Rejected, Unavailable
from bot.model import AudioMime, PreparedAudio

CHILD_ENVIRONMENT = {"LC_ALL": "C.UTF-8", "MALLOC_ARENA_MAX": "1"}
"""All that a child inherits: no token, no key."""


class Media:
    """Fills ``bot.ports.Audio`` with PyAV (FFmpeg's libraries), one child process a file.

    Args:
        children: How many files are decoded at once; the others wait.
        limits: What one file may cost.
    """

    def __init__(self, children: int = os.cpu_count() or 1, limits: Limits | None = None) -> None:
        self._turns = asyncio.Semaphore(children)
        self._limits = limits or Limits()

    async def prepare(self, source: Path, workspace: Path) -> PreparedAudio:
        """Check and convert ``source``; see ``bot.ports.Audio.prepare``.

        What is made is MP3, mono, 16 kHz, 64 kbit/s, mode 0600, in ``workspace``. Small s16 PCM WAV and
        flawless small MP3 files go out as they are: ``path`` is then ``source`` itself.
        """
        try:
            head, size_bytes = await asyncio.to_thread(_glance, source)
            if size_bytes == 0:
                raise Rejected(Refusal.EMPTY)
            wav_s = untouched_wav_s(head, size_bytes)
            if wav_s is not None:
                return PreparedAudio(source, "audio/wav", size_bytes, wav_s)
            target = workspace / f"{source.name}.mp3"
            await asyncio.to_thread(target.unlink, missing_ok=True)
            result = judge(await self._run_child(source, target))
            path = source if result.untouched else target
            made_bytes = (await asyncio.to_thread(path.stat)).st_size
        except OSError as error:
            raise Unavailable(Outage.MACHINE, f"{type(error).__name__} {error.errno}") from error
        mime: AudioMime = "audio/mpeg"
        if not fits_request(made_bytes, result.duration_s, mime):
            raise ChildError(f"{made_bytes} bytes, {result.duration_s} s do not fit a request")
        return PreparedAudio(path, mime, made_bytes, result.duration_s, result.has_video)

    async def _run_child(self, source: Path, target: Path) -> Ended:
        limits = self._limits
        async with self._turns:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", child.__file__, source, target),
                *(str(limits.memory_bytes), str(limits.cpu_s), str(limits.file_bytes)),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env=CHILD_ENVIRONMENT,
                start_new_session=True,
            )
            try:
                async with asyncio.timeout(limits.wall_s):
                    return await _follow(process)
            except TimeoutError:
                return Ended(None, b"", b"")
            finally:
                # The group, since a decoder that was taken over may have left something behind.
                with suppress(ProcessLookupError, PermissionError):
                    os.killpg(process.pid, signal.SIGKILL)
                await process.wait()


async def _follow(process: asyncio.subprocess.Process) -> Ended:
    """Read what a child says, to its end."""
    if process.stdout is None or process.stderr is None:
        raise ChildError("no pipes")
    report, complaint = await asyncio.gather(_read(process.stdout), _read(process.stderr))
    return Ended(await process.wait(), report, complaint)


async def _read(stream: asyncio.StreamReader) -> bytes:
    """Read to the end; keep the last ``REPORT_BYTES``."""
    kept = b""
    while piece := await stream.read(REPORT_BYTES):
        kept = (kept + piece)[-REPORT_BYTES:]
    return kept


def _glance(source: Path) -> tuple[bytes, int]:
    """A file's first bytes and its size."""
    with source.open("rb") as file:
        return file.read(WAV_HEAD_BYTES), os.fstat(file.fileno()).st_size
