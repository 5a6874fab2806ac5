"""The data directory: claimed by one process, its database opened, its trouble explained in a line."""

from __future__ import annotations

import errno
import fcntl
import os
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from bot.store.backup import CopyFailed
from bot.store.database import Database
from bot.store.versions import EmptyDatabase, NewerVersion, OlderVersion, check_version, prepare_tables

FILE_NAME = "threadscribe.db"
LOCK_NAME = "threadscribe.lock"
"""Held by the process that claims jobs."""
_LOCK_PATIENCE_S = 1.0
"""At a start, where whoever waits is told why."""
_FOR_THE_OPERATOR = frozenset(
    {
        *(errno.EACCES, errno.EPERM),
        *(errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ELOOP, errno.ENAMETOOLONG),
    }
)
"""Errors of files that do not pass by themselves: the wrong permission, or something else in the place."""
_PASSING = frozenset(
    {
        *(sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL),
        *(sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_NOMEM),
    }
)
"""Errors of SQLite that may."""


class AlreadyRunning(Exception):
    """Another process claims the jobs of this data directory."""


class DataDirUnusable(Exception):
    """The data directory or the database in it cannot be worked with; the message is one line."""


class DataDirBusy(DataDirUnusable):
    """It cannot be worked with now, and may be later: it is locked, or its disk is full or read-only."""


@asynccontextmanager
async def opened(data_dir: Path) -> AsyncIterator[Database]:
    """The database in a directory that this process has ``claimed``, its tables in place.

    Raises:
        DataDirBusy: it may be possible later.
        DataDirUnusable: it cannot be created, read or written, or a newer version wrote it.
    """
    path = data_dir / FILE_NAME
    database = Database(path)
    try:
        with explained(data_dir):
            # Created by us, so that file names are nobody else's to read; the log inherits the mode.
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
            await database.transact(partial(prepare_tables, path=path), lock_patience_s=_LOCK_PATIENCE_S)
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
def claimed(data_dir: Path) -> Iterator[None]:
    """Be the one process that claims jobs while inside.

    Raises:
        AlreadyRunning: another process is.
        DataDirBusy: it may be possible later.
        DataDirUnusable: the directory cannot be made or written.
    """
    with explained(data_dir):
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(data_dir / LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunning(f"another Threadscribe is running on {data_dir}") from None
        yield
    finally:
        os.close(lock)


@contextmanager
def explained(data_dir: Path) -> Iterator[None]:
    """Turn errors of the file, the database and its version into one that says so in a line.

    Raises:
        DataDirBusy: it may pass by itself.
        DataDirUnusable: the operator has to act.
    """
    database = f"the database in DATA_DIR {data_dir}"
    try:
        yield
    except OSError as error:
        raise unusable(f"DATA_DIR {data_dir} cannot be written: {error.strerror}", error) from error
    except DBAPIError as error:
        raise unusable(f"{database} cannot be used: {error.orig}", error.orig) from error
    except CopyFailed as error:
        raise unusable(f"{database} cannot be upgraded: {error}", error.__cause__) from error
    except EmptyDatabase as error:
        raise DataDirUnusable(f"{database} is empty: nothing is kept in it") from error
    except NewerVersion as error:
        raise DataDirUnusable(f"{database} was written by a newer Threadscribe") from error
    except OlderVersion as error:
        raise DataDirUnusable(
            f"{database} was written by an older Threadscribe: start this one once"
        ) from error


def unusable(line: str, cause: BaseException | None) -> DataDirUnusable:
    """The error that tells of trouble in the data directory, of the kind that its cause is of."""
    match cause:
        case OSError(errno=int(number)):
            passes = number not in _FOR_THE_OPERATOR
        case sqlite3.Error():
            # Python's own complaints, such as a path that holds a NUL, have no code.
            passes = getattr(cause, "sqlite_errorcode", 0) & 0xFF in _PASSING
        case _:
            passes = False
    return DataDirBusy(line) if passes else DataDirUnusable(line)
