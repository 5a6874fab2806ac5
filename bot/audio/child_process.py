"""Disposable child processes: a bare environment, stdout read by lines, the whole group killed at the end."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

from bot.audio.child import main as child
from bot.audio.child_exit import ChildError, ChildExit
from bot.audio.child_protocol import LINE_BYTES

CHILD_ENVIRONMENT = {"LC_ALL": "C.UTF-8", "MALLOC_ARENA_MAX": "1", "MALLOC_MMAP_THRESHOLD_": "262144"}
"""All that a child inherits: no token, no key.

The last two make glibc give back what a segment took: without them a long recording takes 10 MB more.
"""


class Child:
    """A running child process, read line by line.

    Args:
        process: Its stdin is held open and never written to.
        stall_s: The longest that it may print nothing.
    """

    def __init__(self, process: asyncio.subprocess.Process, stall_s: float) -> None:
        self._process = process
        self._stall_s = stall_s
        self._has_stalled = False

    def kill(self) -> None:
        """End it, and whatever it has left behind."""
        # The group, since a decoder that was taken over may have started something.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)

    async def line(self) -> bytes | None:
        """Its next whole line; ``None`` when none follows, or none in time.

        Raises:
            ChildError: the line is longer than any.
        """
        try:
            async with asyncio.timeout(self._stall_s):
                line = await _pipe(self._process.stdout).readline()
        except TimeoutError:
            self._has_stalled = True
            return None
        except ValueError as error:
            raise ChildError(f"a line of more than {LINE_BYTES} bytes") from error
        # Half a line: it was ended while it wrote.
        return line if line.endswith(b"\n") else None

    async def ended(self) -> ChildExit:
        """The child's exit, once ``line`` gave ``None``."""
        if self._has_stalled:
            return ChildExit(None, b"")
        try:
            async with asyncio.timeout(self._stall_s):
                stderr_tail = await _last_of(_pipe(self._process.stderr))
                return ChildExit(await self._process.wait(), stderr_tail)
        except TimeoutError:
            return ChildExit(None, b"")


@asynccontextmanager
async def running_child(arguments: Sequence[str], stall_s: float) -> AsyncIterator[Child]:
    """Run ``child/main.py``; leaving the context kills it, whatever it does.

    Raises:
        OSError: this machine cannot start a process.
    """
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", child.__file__, *arguments),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        limit=LINE_BYTES,
        env=CHILD_ENVIRONMENT,
        start_new_session=True,
    )
    child_process = Child(process, stall_s)
    try:
        yield child_process
    finally:
        child_process.kill()
        await process.wait()


async def _last_of(stream: asyncio.StreamReader) -> bytes:
    kept = b""
    while piece := await stream.read(LINE_BYTES):
        kept = (kept + piece)[-LINE_BYTES:]
    return kept


def _pipe(stream: asyncio.StreamReader | None) -> asyncio.StreamReader:
    if stream is None:
        raise ChildError("no pipe")
    return stream
