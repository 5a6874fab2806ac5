"""The database file in the data directory: its lock, its settings, its version.

What held in trials: WAL, ``synchronous=FULL`` (an accepted event survives a power cut), one connection
(SQLite has one writer anyway, and waiting in line beats its busy handler). See docs/adr/0001.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Executable, Row, delete, event, select, update
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from bot.model import JobKey
from bot.store import schema

FILE_NAME = "threadscribe.db"
_LOCK_NAME = "threadscribe.lock"
_BUSY_TIMEOUT_MS = 30_000
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

    def __init__(self, engine: AsyncEngine) -> None:
        """Work on an engine whose tables exist."""
        self._engine = engine
        self._under_way: set[asyncio.Task[Any]] = set()

    async def transact(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        """Do some work in one transaction."""
        return await self._whole(self._transact(work))

    async def changed(self, statement: Executable) -> int:
        """Execute a statement in a transaction of its own; return how many rows it changed."""

        async def execute(connection: AsyncConnection) -> int:
            return (await connection.execute(statement)).rowcount

        return await self.transact(execute)

    async def rows(self, statement: Executable) -> list[Row[*tuple[Any, ...]]]:
        """What a statement returns, in a transaction of its own."""

        async def execute(connection: AsyncConnection) -> list[Row[*tuple[Any, ...]]]:
            return list((await connection.execute(statement)).all())

        return await self.transact(execute)

    async def empty_log(self) -> None:
        """Carry what is committed into the database and truncate its log: deleted text lingers there.

        Whoever reads beside the bot is not waited for; the next time will do.
        """
        await self._whole(self._empty_log())

    async def close(self) -> None:
        """Let what is under way end, then close the connection."""
        while self._under_way:
            await asyncio.wait(self._under_way)
        await self._engine.dispose()

    async def _whole(self, work: Coroutine[Any, Any, T]) -> T:
        task = asyncio.create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            # Milliseconds; and what comes after a cancelled call comes after what it did.
            await asyncio.gather(task, return_exceptions=True)
            raise

    async def _transact(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        async with self._engine.begin() as connection:
            return await work(connection)

    async def _empty_log(self) -> None:
        async with self._engine.connect() as connection:
            # Not through the connection itself: it would begin a transaction.
            raw = (await connection.get_raw_connection()).driver_connection
            if raw is None:  # only while a pool reconnects
                return
            await raw.execute("PRAGMA busy_timeout=0")
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
        database = Database(_engine(data_dir / FILE_NAME))
        try:
            await _prepare_schema(database, data_dir)
            yield database
        finally:
            await database.close()


@contextmanager
def _locked(data_dir: Path) -> Iterator[None]:
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(data_dir / _LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
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


async def _create(connection: AsyncConnection) -> int:
    """Create the tables, or add what an older version lacks; return the version that was found."""
    version = int((await connection.exec_driver_sql("PRAGMA user_version")).scalar_one())
    if version >= schema.VERSION:
        return version
    if version == 1:
        await connection.exec_driver_sql("ALTER TABLE job ADD COLUMN revision INTEGER NOT NULL DEFAULT 0")
    if version in {1, 2}:
        await _name_files(connection)
    await connection.run_sync(schema.metadata.create_all)
    await connection.exec_driver_sql(f"PRAGMA user_version={schema.VERSION}")
    return version


async def _name_files(connection: AsyncConnection) -> None:
    """Version 3: rows name their file and audience, and keys end in no number any more."""
    for column in (
        *("file_id VARCHAR NOT NULL DEFAULT ''", "audience VARCHAR NOT NULL DEFAULT 'thread'"),
        *("thread_ts VARCHAR", "asked VARCHAR NOT NULL DEFAULT ''"),
        *("confirmed BOOLEAN NOT NULL DEFAULT 0", "counted BOOLEAN NOT NULL DEFAULT 0"),
    ):
        await connection.exec_driver_sql(f"ALTER TABLE job ADD COLUMN {column}")
    for index in (index for index in schema.job.indexes if index.name == "job_by_file"):
        await connection.run_sync(index.create)
    job = schema.job
    for row in (await connection.execute(select(job.c.id, job.c.key))).all():
        try:
            key = JobKey.parse(row.key)
        except ValueError:
            # Only a fault of ours writes such a row. It must not stop the bot at every start.
            await connection.execute(delete(job).where(job.c.id == row.id))
            continue
        values = {"key": str(key), "file_id": key.file_id, "audience": key.audience}
        await connection.execute(update(job).where(job.c.id == row.id).values(**values))


async def _prepare_schema(database: Database, data_dir: Path) -> None:
    """Create the tables in an empty database, and bring an older one up to date.

    Raises:
        DataDirUnusable: not a database, not writable, no space, or of a newer version.
    """
    try:
        # Created by us, so that file names are nobody else's to read; the log inherits the mode.
        os.close(os.open(data_dir / FILE_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        version = await database.transact(_create)
    except OSError as error:
        raise DataDirUnusable(f"DATA_DIR {data_dir} cannot be written: {error.strerror}") from error
    except DBAPIError as error:
        raise DataDirUnusable(f"the database in DATA_DIR {data_dir} cannot be used: {error.orig}") from error
    if version > schema.VERSION:
        raise DataDirUnusable(f"the database in DATA_DIR {data_dir} was written by a newer Threadscribe")
