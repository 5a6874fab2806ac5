"""The bot's process, started again whenever it ends, as a service manager does."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from bot.tasks import start_task

_WITHOUT_PRIVILEGES = ("setpriv", "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs")
"""Before the command where the campaign runs as root: without capabilities permissions count for root too.
Another user might not be able to read the interpreter."""
_RESTART_S = 1.0
_STOP_S = 60.0
_LONGEST_LINE_BYTES = 1 << 22


def bot_environment(python: Path, settings: Mapping[str, str]) -> dict[str, str]:
    """The environment of ``python -m bot run``: these settings, and the checkout of the interpreter."""
    checkout = python.absolute().parents[2]
    source = {"PYTHONPATH": str(checkout)} if (checkout / "bot" / "__main__.py").exists() else {}
    fixed = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "LANG": "C.UTF-8"}
    return {**fixed, "PYTHONDONTWRITEBYTECODE": "1", **source, **settings}


class Keeper:
    """Runs the bot from ``async with`` on, until the block ends.

    Args:
        python: The interpreter that runs it.
        environment: All of its environment.
        log: Where its log goes too.

    Attributes:
        exits: How often it ended with each code; of signals that is their negative number.
        last_exit: The code with which it ended at the end of the block.
        starts: How often it was started.
        ended_at: When it ended, by the event loop's clock.
    """

    def __init__(self, python: Path, environment: Mapping[str, str], log: BinaryIO) -> None:
        self._python = python
        self._environment = environment
        self._log = log
        self._process: asyncio.subprocess.Process | None = None
        self._is_over = asyncio.Event()
        self._may_run = asyncio.Event()
        self._may_run.set()
        self._is_ready = asyncio.Event()
        self.exits: Counter[int] = Counter()
        self.last_exit: int | None = None
        self.starts = 0
        self.ended_at: list[float] = []

    async def __aenter__(self) -> Self:
        """Start it."""
        self._keeping = start_task(self._keep())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End it as a service manager does: SIGTERM, patience, SIGKILL."""
        self._is_over.set()
        self._may_run.set()
        self.signal(signal.SIGCONT)
        self.signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(asyncio.shield(self._keeping), _STOP_S)
        except TimeoutError:
            self.signal(signal.SIGKILL)
            await self._keeping

    async def ready(self, timeout_s: float) -> None:
        """Wait until it takes events.

        Raises:
            TimeoutError: it does not.
        """
        await asyncio.wait_for(self._is_ready.wait(), timeout_s)

    def signal(self, number: signal.Signals) -> asyncio.subprocess.Process | None:
        """Send the process a signal; returns it, or ``None`` where none runs."""
        process = self._process
        if process is None or process.returncode is not None:
            return None
        with suppress(ProcessLookupError):
            process.send_signal(number)
        return process

    async def freeze(self, seconds: float) -> None:
        """Stop the process as it stands, and let it go on after a while."""
        frozen = self.signal(signal.SIGSTOP)
        try:
            await asyncio.sleep(seconds)
        finally:
            if frozen is not None and frozen is self._process:
                self.signal(signal.SIGCONT)

    @asynccontextmanager
    async def killed(self) -> AsyncIterator[None]:
        """Kill it, and do not start it again before the block ends."""
        self._may_run.clear()
        try:
            if process := self.signal(signal.SIGKILL):
                await process.wait()
            yield
        finally:
            self._may_run.set()

    async def _keep(self) -> None:
        while not self._is_over.is_set():
            await self._may_run.wait()
            code = await self._run()
            self.ended_at.append(asyncio.get_running_loop().time())
            self._is_ready.clear()
            if self._is_over.is_set():
                self.last_exit = code
                return
            self.exits[code] += 1
            await asyncio.sleep(_RESTART_S)

    async def _run(self) -> int:
        before = _WITHOUT_PRIVILEGES if os.getuid() == 0 else ()
        self.starts += 1
        process = self._process = await asyncio.create_subprocess_exec(
            *before,
            *(str(self._python), "-m", "bot", "run"),
            cwd="/",
            env=dict(self._environment),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            limit=_LONGEST_LINE_BYTES,
            start_new_session=True,
        )
        assert process.stderr is not None
        async for line in process.stderr:
            self._take(line)
        return await process.wait()

    def _take(self, line: bytes) -> None:
        self._log.write(b"%.3f %d " % (time.time(), self.starts) + line)
        self._log.flush()
        with suppress(ValueError):
            said = json.loads(line)
            if isinstance(said, dict) and said.get("event") == "ready":
                self._is_ready.set()
