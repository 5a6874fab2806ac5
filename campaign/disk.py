"""The bot's data directory on a small disk of its own, and what may be wrong with it."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager, suppress
from pathlib import Path

_DISK_MB = 96
_PATIENCE_S = 10.0
"""Decoders end a moment after the bot, and what has files open keeps a disk busy."""
_LOOK_AGAIN_S = 0.05
_BUSY = ("ready", "running", "parked")


class Disk:
    """The data directory.

    Attributes:
        path: The directory.
        is_own: It is a disk of its own, which may be filled and made read-only.
    """

    def __init__(self, path: Path, *, is_own: bool) -> None:
        self.path = path
        self.is_own = is_own
        self._tmp = path / "tmp"
        self._database = path / "threadscribe.db"

    @asynccontextmanager
    async def full(self) -> AsyncIterator[None]:
        """Nothing more can be written to it."""
        fillers = [self.path / "filler-1", self.path / "filler-2"]
        try:
            for filler, chunk in zip(fillers, (1 << 16, 1 << 9), strict=True):
                await asyncio.to_thread(_fill, filler, chunk)
            yield
        finally:
            for filler in fillers:
                filler.unlink(missing_ok=True)

    @asynccontextmanager
    async def read_only(self) -> AsyncIterator[None]:
        """Nothing can be written to it; no process may have a file open for writing when the block begins."""
        await self._remount("ro")
        try:
            yield
        finally:
            await self._remount("rw")

    @asynccontextmanager
    async def unwritable_tmp(self) -> AsyncIterator[None]:
        """The folder for temporary audio lets nobody make a file in it."""
        self._tmp.chmod(0o500)
        try:
            yield
        finally:
            self._tmp.chmod(0o700)

    @asynccontextmanager
    async def locked(self) -> AsyncIterator[None]:
        """Another connection writes to the database, and does not end.

        Raises:
            TimeoutError: the bot did not let it.
        """
        uri = f"file:{self._database}?mode=rw"
        with closing(sqlite3.connect(uri, uri=True, timeout=0, isolation_level=None)) as database:
            async with asyncio.timeout(_PATIENCE_S):
                while not _begin(database):  # noqa: ASYNC110  # a database tells nobody that it is free
                    await asyncio.sleep(_LOOK_AGAIN_S)
            try:
                yield
            finally:
                database.execute("ROLLBACK")

    def jobs(self) -> dict[str, str]:
        """The state of each job, by the ``ts`` of its message; read beside the bot that writes.

        Raises:
            sqlite3.Error: it cannot be read now.
        """
        with closing(sqlite3.connect(f"file:{self._database}?mode=ro", uri=True, timeout=1)) as database:
            return dict(database.execute("SELECT message_ts, state FROM job").fetchall())

    def is_idle(self) -> bool:
        """True where no job has anything left to do."""
        try:
            return not any(state in _BUSY for state in self.jobs().values())
        except sqlite3.Error:
            return False

    def left_in_tmp(self) -> list[str]:
        """The names of what is left of temporary audio."""
        with suppress(FileNotFoundError):
            return sorted(path.name for path in self._tmp.iterdir())
        return []

    async def _remount(self, how: str) -> None:
        command = ["mount", "-o", f"remount,{how}", str(self.path)]
        async with asyncio.timeout(_PATIENCE_S):
            while not await asyncio.to_thread(_succeeds, command):  # noqa: ASYNC110  # nobody tells of it
                await asyncio.sleep(_LOOK_AGAIN_S)


@contextmanager
def data_disk(folder: Path) -> Iterator[Disk]:
    """A data directory in a folder, on a disk in memory where one can be mounted; gone with the block."""
    path = folder / "data"
    path.mkdir(mode=0o700)
    is_own = False
    if os.getuid() == 0:
        mount = ["mount", "-t", "tmpfs", "-o", f"size={_DISK_MB}m,mode=700", "tmpfs", str(path)]
        is_own = _succeeds(mount)
    try:
        yield Disk(path, is_own=is_own)
    finally:
        if is_own:
            # Lazily: whatever still has a file open there ends in a moment, and the disk with it.
            subprocess.run(["umount", "--lazy", str(path)], check=True)
        shutil.rmtree(path, ignore_errors=True)


def _succeeds(command: list[str]) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _fill(filler: Path, chunk_bytes: int) -> None:
    with suppress(OSError), filler.open("wb", buffering=0) as file:
        while file.write(bytes(chunk_bytes)):
            pass


def _begin(database: sqlite3.Connection) -> bool:
    try:
        database.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError:
        return False
    return True
