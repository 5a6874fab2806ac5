"""The SQLite database: its connection and its transactions.

What held in trials: WAL, ``synchronous=FULL`` (an accepted event survives a power cut), one connection
(SQLite has one writer anyway, and waiting in line beats its busy handler). See docs/adr/0001.
"""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
import sqlite3
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Executable, Row, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from bot.store.versions import drop_copies, stamp_version
from bot.tasks import start_task

_LOCK_PATIENCE_S = 30.0
"""For which another process may keep the database to itself."""
_BUSY_TIMEOUT_MS = 250
"""The part of it that SQLite waits at a time: who waits so cannot be cancelled."""
_LEAST_FREE_BYTES = 1024 * 1024
"""Emptying the log gives back so much that a page fits even where a recording does not."""
_PRAGMAS = (
    f"busy_timeout={_BUSY_TIMEOUT_MS}",
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    "secure_delete=ON",
)


class DatabaseClosed(Exception):
    """Somebody came too late: the bot is stopping."""


class _LockedError(Exception):
    """Another process keeps the database to itself."""

    def __init__(self, error: DBAPIError) -> None:
        """Keep what SQLite says."""
        super().__init__()
        self.error = error


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
        self._line = asyncio.Lock()
        """Who waits here, and not for the connection, can be cancelled at once."""
        self._is_closed = False
        self._under_way: set[asyncio.Task[Any]] = set()

    async def transact(
        self, work: Callable[[AsyncConnection], Awaitable[T]], lock_patience_s: float | None = None
    ) -> T:
        """Run ``work`` in one transaction, once no other process has locked the database (half a minute).

        Raises:
            DBAPIError: it is locked for too long, or what else SQLite says.
            DatabaseClosed: it was closed.
        """
        patience_s = _LOCK_PATIENCE_S if lock_patience_s is None else lock_patience_s
        gives_up_at = asyncio.get_running_loop().time() + patience_s
        while True:
            try:
                async with self._line:
                    if self._is_closed:
                        raise DatabaseClosed
                    return await self._whole(self._transact(work))
            except _LockedError as locked:
                if asyncio.get_running_loop().time() >= gives_up_at:
                    raise locked.error from None

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
        async with self._line:
            await self._whole(self._empty_log(patience_ms))

    async def drop_copies(self, before: datetime | None = None) -> int:
        """Delete copies of the file as it was before an upgrade (those made before a time); how many."""
        return await asyncio.to_thread(drop_copies, self._path, before)

    async def close(self) -> None:
        """Let what is under way end, then close the connection: nothing begins any more."""
        self._is_closed = True
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
            # A fraction of a second; and what comes after a cancelled call comes after what it did. Whoever
            # is cancelled once more meanwhile must not take it along either: that is why not `gather`.
            while not task.done():
                with suppress(asyncio.CancelledError):
                    await asyncio.wait([task])
            task.exception()  # nobody asks for it any more
            raise

    async def _transact(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        """Run a transaction.

        Raises:
            _LockedError: it did not begin.
            DBAPIError: it failed.
        """
        has_begun = False
        try:
            async with self._engine.begin() as connection:
                has_begun = True
                return await work(connection)
        except DBAPIError as error:
            if has_begun or not is_locked(error):
                raise
            raise _LockedError(error) from error

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


def is_locked(error: DBAPIError) -> bool:
    """True where another process keeps the database to itself: it has not changed, and may be used later."""
    # Python's own complaints have no code.
    return getattr(error.orig, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY


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
