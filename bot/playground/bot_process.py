"""The bot itself, unchanged, as a child process: set up by its environment, watched by its log."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

LogLine = dict[str, Any]
_DRAIN_PATIENCE_S = 1.0
"""A job that still runs was interrupted, and its result would be thrown away with the playground."""
_STOP_PATIENCE_S = 10.0
_LONGEST_LINE_BYTES = 1 << 20


class BotDied(Exception):
    """The bot ended by itself; the message holds its last words."""


class BotProcess:
    """A running bot, and what its log says.

    Attributes:
        pid: Of the process.
    """

    def __init__(self, process: asyncio.subprocess.Process, show: Callable[[LogLine], None]) -> None:
        self._process = process
        self._show = show
        self._waits: list[tuple[Callable[[LogLine], bool], asyncio.Future[LogLine]]] = []
        self._last = ""
        self.pid = process.pid

    def expect(self, wanted: Callable[[LogLine], bool]) -> asyncio.Future[LogLine]:
        """The first log line from now on that is ``wanted``; fails with ``BotDied`` if none comes."""
        future = asyncio.get_running_loop().create_future()
        self._waits.append((wanted, future))
        return future

    async def read_log(self) -> None:
        """Read the log to its end, then fail whoever still waits."""
        stream = self._process.stderr
        if stream is None:
            raise ValueError("the log has to be piped")
        with suppress(asyncio.LimitOverrunError, ValueError):
            async for raw in stream:
                self._take(raw.decode(errors="replace").rstrip())
        for _, future in self._waits:
            if not future.done():
                future.set_exception(BotDied(self._last or "the bot ended without a word"))

    def _take(self, text: str) -> None:
        self._last = text or self._last
        try:
            line = json.loads(text)
        except ValueError:
            line = {"event": text, "level": "warning"}
        if not isinstance(line, dict):
            return
        self._show(line)
        for wait in list(self._waits):
            wanted, future = wait
            if wanted(line):
                self._waits.remove(wait)
                if not future.done():
                    future.set_result(line)


@asynccontextmanager
async def bot_running(
    settings: Mapping[str, str], show: Callable[[LogLine], None]
) -> AsyncIterator[tuple[BotProcess, LogLine]]:
    """Run ``python -m bot run`` with just these settings, until the block ends.

    It inherits no other setting, and runs in a folder of its own where no ``.env`` lies.

    Args:
        settings: Environment of the bot.
        show: Gets every log line.

    Yields:
        The process, and the log line that says it is ready.

    Raises:
        BotDied: it ended before it was ready.
    """
    with tempfile.TemporaryDirectory(prefix="threadscribe-") as folder:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", "run"),
            cwd=folder,
            env=_environment(settings, Path(folder)),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            limit=_LONGEST_LINE_BYTES,
            # Ctrl-C at the terminal is for the playground, which then stops the bot.
            start_new_session=True,
        )
        bot = BotProcess(process, show)
        ready = bot.expect(lambda line: line.get("event") == "ready")
        reading = asyncio.create_task(bot.read_log())  # noqa: TID251  # awaited below, so this frame holds it
        try:
            yield bot, await ready
        finally:
            await _stop(process)
            await reading


_KEPT = ("PATH", "HOME", "LANG", "TMPDIR", "HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy")
"""The real recogniser may be behind a proxy; the look-alikes speak HTTP, and no proxy is asked for them."""


def _environment(settings: Mapping[str, str], folder: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    source = Path(__file__).parent.parent.parent
    return {
        **kept,
        # The same code as this process, installed or not.
        "PYTHONPATH": str(source),
        "DATA_DIR": str(folder / "data"),
        "HTTP_HOST": "127.0.0.1",
        "HTTP_PORT": "0",
        "LOG_FORMAT": "json",
        **settings,
    }


async def _stop(process: asyncio.subprocess.Process) -> None:
    # The first signal drains, the second does not wait.
    for patience_s in (_DRAIN_PATIENCE_S, _STOP_PATIENCE_S):
        with suppress(ProcessLookupError):
            process.terminate()
        with suppress(TimeoutError):
            async with asyncio.timeout(patience_s):
                await process.wait()
                return
    process.kill()
    await process.wait()
