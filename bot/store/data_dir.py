"""The data directory: claimed by one process, its database opened, its trouble explained in a line."""

from __future__ import annotations

import errno
import fcntl
import os
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


class AlreadyRunning(Exception):
    """Another process claims the jobs of this data directory."""


class DataDirUnusable(Exception):
    """The data directory or the database in it cannot be worked with; the message is one line."""


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
