"""The SQLite database in the data directory: its lock, its connection and its transactions.

What held in trials: WAL, ``synchronous=FULL`` (an accepted event survives a power cut), one connection
(SQLite has one writer anyway, and waiting in line beats its busy handler). See docs/adr/0001.
"""

from __future__ import annotations

import asyncio
import errno
import fcntl
import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Executable, Row, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from bot.store.backup import CopyFailed
from bot.store.versions import (
    EmptyDatabase,
    NewerVersion,
    OlderVersion,
    check_version,
    drop_copies,
    prepare_tables,
    stamp_version,
)
from bot.tasks import start_task

FILE_NAME = "threadscribe.db"
LOCK_NAME = "threadscribe.lock"
"""Held by the process that claims jobs."""
_BUSY_TIMEOUT_MS = 30_000
_LEAST_FREE_BYTES = 1024 * 1024
"""Emptying the log gives back so much that a page fits even where a recording does not."""
_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    f"busy_timeout={_BUSY_TIMEOUT_MS}",
    "foreign_keys=ON",
    "secure_delete=ON",
)


class AlreadyRunning(Exception):
    """Another process claims the jobs of this data directory."""


class DataDirUnusable(Exception):
    """The data directory or the database in it cannot be worked with; the message is one line."""


T = TypeVar("T")


class Database:
    """Transactions that run to their end even where whoever asked for them is cancelled.

    SQLAlchemy's connection to aiosqlite does not survive a cancellation: the driver's thread goes on, its
    transaction stays open, and the lock that it holds stops everybody else.
    """

    def __init__(self, path: Path) -> None:
        """Work on a file whose tables exist, or are created first of all."""
        self._path = path
        self._engine = _engine(path)
        self._under_way: set[asyncio.Task[Any]] = set()

    async def transact(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        """Run ``work`` in one transaction."""
        return await self._whole(self._transact(work))

    async def changed(self, statement: Executable) -> int:
        """Execute a statement in a transaction of its own; return how many rows it changed."""

        async def execute(connection: AsyncConnection) -> int:
            return (await connection.execute(statement)).rowcount

        return await self.transact(execute)

    async def rows(self, statement: Executable) -> list[Row[*tuple[Any, ...]]]:
        """The rows that a statement returns, in a transaction of its own."""

        async def execute(connection: AsyncConnection) -> list[Row[*tuple[Any, ...]]]:
            return list((await connection.execute(statement)).all())

        return await self.transact(execute)

    async def prove_writable(self, least_free_bytes: int = _LEAST_FREE_BYTES) -> None:
        """Look for room, and write what stands there already: on a full disk reading alone would succeed.

        Raises:
            OSError: there is no room for more than this.
            DBAPIError: it cannot be written.
        """
        if (await asyncio.to_thread(shutil.disk_usage, self._path.parent)).free < least_free_bytes:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        await self.transact(stamp_version)

    async def empty_log(self, patience_ms: int = 0) -> None:
        """Carry what is committed into the database and truncate its log: deleted text lingers there.

        Whoever uses it beside is waited for no longer than ``patience_ms``; the next time will do.
        """
        await self._whole(self._empty_log(patience_ms))

    async def drop_copies(self, before: datetime | None = None) -> int:
        """Delete copies of the file as it was before an upgrade (those made before a time); how many."""
        return await asyncio.to_thread(drop_copies, self._path, before)

    async def close(self) -> None:
        """Let what is under way end, then close the connection."""
        while self._under_way:
            await asyncio.wait(self._under_way)
        await self._engine.dispose()

    async def _whole(self, work: Coroutine[Any, Any, T]) -> T:
        task = start_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            # Milliseconds; and what comes after a cancelled call comes after what it did. Whoever is
            # cancelled once more meanwhile must not take it along either: that is why not `gather`.
            while not task.done():
                with suppress(asyncio.CancelledError):
                    await asyncio.wait([task])
            task.exception()  # nobody asks for it any more
            raise

    async def _transact(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        async with self._engine.begin() as connection:
            return await work(connection)

    async def _empty_log(self, patience_ms: int) -> None:
        async with self._engine.connect() as connection:
            # Not through the connection itself: it would begin a transaction.
            raw = (await connection.get_raw_connection()).driver_connection
            if raw is None:  # only while a pool reconnects
                return
            await raw.execute(f"PRAGMA busy_timeout={patience_ms}")
            try:
                await raw.execute_fetchall("PRAGMA wal_checkpoint(TRUNCATE)")
            finally:
                await raw.execute(f"PRAGMA busy_timeout={_BUSY_TIMEOUT_MS}")


@asynccontextmanager
async def opened(data_dir: Path) -> AsyncIterator[Database]:
    """The database in ``data_dir``, locked for the one process that claims jobs, its tables in place.

    Raises:
        AlreadyRunning: another process has it open so.
        DataDirUnusable: it cannot be created, read or written, or a newer version wrote it.
    """
    with _locked(data_dir):
        database = Database(data_dir / FILE_NAME)
        try:
            await _prepare(database, data_dir)
            yield database
        finally:
            await database.close()


@asynccontextmanager
async def opened_beside(data_dir: Path) -> AsyncIterator[Database]:
    """The database for a moment, beside the process that claims jobs: nothing is created or upgraded.

    Raises:
        DataDirUnusable: there is none, it cannot be used, or another version wrote it.
    """
    database = Database(find_database(data_dir))
    try:
        with explained(data_dir):
            await database.transact(check_version)
            yield database
    finally:
        await database.close()


def find_database(data_dir: Path) -> Path:
    """The path of the database, for commands that work beside the bot.

    Raises:
        DataDirUnusable: there is none, or it is somebody else's.
    """
    path = data_dir / FILE_NAME
    try:
        if not path.is_file():
            raise DataDirUnusable(f"there is no database in DATA_DIR {data_dir}")
        # Not opened: closing it would drop the locks of a bot in this process.
        if not os.access(path, os.R_OK, effective_ids=True):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        advice = "; run this as the user that the bot runs as" if isinstance(error, PermissionError) else ""
        raise DataDirUnusable(f"{path} cannot be read: {error.strerror}{advice}") from error
    return path


@contextmanager
def _locked(data_dir: Path) -> Iterator[None]:
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(data_dir / LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise DataDirUnusable(f"DATA_DIR {data_dir} cannot be written: {error.strerror}") from error
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunning(f"another Threadscribe is running on {data_dir}") from None
        yield
    finally:
        os.close(lock)


def _engine(path: Path) -> AsyncEngine:
    url = make_url("sqlite+aiosqlite://").set(database=str(path))
    engine = create_async_engine(url, pool_size=1, max_overflow=0, pool_timeout=60, hide_parameters=True)

    @event.listens_for(engine.sync_engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        # The driver's own BEGIN is deferred; ours below is not.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in _PRAGMAS:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


async def _prepare(database: Database, data_dir: Path) -> None:
    """Have the tables of this version in place.

    Raises:
        DataDirUnusable: not a database, not writable, no space, or of a newer version.
    """
    path = data_dir / FILE_NAME
    with explained(data_dir):
        # Created by us, so that file names are nobody else's to read; the log inherits the mode.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        await database.transact(partial(prepare_tables, path=path))


@contextmanager
def explained(data_dir: Path) -> Iterator[None]:
    """Turn errors of the file, the database and its version into one that says so in a line.

    Raises:
        DataDirUnusable: whatever it is.
    """
    try:
        yield
    except OSError as error:
        raise DataDirUnusable(f"DATA_DIR {data_dir} cannot be written: {error.strerror}") from error
    except DBAPIError as error:
        raise DataDirUnusable(f"the database in DATA_DIR {data_dir} cannot be used: {error.orig}") from error
    except CopyFailed as error:
        raise DataDirUnusable(f"the database in DATA_DIR {data_dir} cannot be upgraded: {error}") from error
    except EmptyDatabase as error:
        raise DataDirUnusable(
            f"the database in DATA_DIR {data_dir} is empty: nothing is kept in it"
        ) from error
    except NewerVersion as error:
        raise DataDirUnusable(
            f"the database in DATA_DIR {data_dir} was written by a newer Threadscribe"
        ) from error
    except OlderVersion as error:
        raise DataDirUnusable(
            f"the database in DATA_DIR {data_dir} was written by an older Threadscribe: start this one once"
        ) from error
