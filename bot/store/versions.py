"""Schema versions: tells a database's, creates its tables, upgrades an older one."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import structlog
from sqlalchemy import Connection, inspect
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store import schema
from bot.store.backup import copy_database

COPIES_KEPT = timedelta(days=1)
"""Words under way are in the copy of an older file, and are promised to go within a day."""
_KNOWN = frozenset(schema.revision_of(version) for version in range(1, schema.VERSION + 1))


class NewerVersion(Exception):
    """A newer Threadscribe wrote it."""


class OlderVersion(Exception):
    """An older Threadscribe wrote it, and it was not brought up to date since."""


class EmptyDatabase(Exception):
    """No Threadscribe wrote anything into it."""


async def prepare_tables(connection: AsyncConnection, path: Path) -> None:
    """Create the tables in an empty database, and bring older ones up to date, all in one transaction.

    Of an older database a copy is put beside it first.

    Args:
        connection: To the database, in a transaction that nobody else writes beside.
        path: Where it is.

    Raises:
        NewerVersion: nothing was changed.
        CopyFailed: the same.
    """
    found, is_stamped = await _revision(connection)
    if found == schema.HEAD and is_stamped:
        return
    if found is None:
        await connection.run_sync(schema.metadata.create_all)
    elif found != schema.HEAD:
        await asyncio.to_thread(copy_database, path, path.with_name(f"{path.name}.before-{schema.HEAD}"))
    if not is_stamped:
        await connection.run_sync(partial(schema.alembic_version.create, checkfirst=True))
        stamp = schema.alembic_version.insert().values(version_num=found or schema.HEAD)
        await connection.execute(stamp)
    if found not in {None, schema.HEAD}:
        # It takes a while to import, and few starts need it.
        from bot.store.migrations import upgrade  # noqa: PLC0415

        await connection.run_sync(upgrade)
        structlog.get_logger(__name__).info("database upgraded", found=found, revision=schema.HEAD)
    await stamp_version(connection)


async def stamp_version(connection: AsyncConnection) -> None:
    """Note in the file itself that it is of today's version."""
    await connection.exec_driver_sql(f"PRAGMA user_version={schema.VERSION}")


async def check_version(connection: AsyncConnection) -> None:
    """Refuse what is not today's.

    Raises:
        EmptyDatabase: there are no tables.
        NewerVersion: it is not known here.
        OlderVersion: it has to be brought up to date first.
    """
    found, _ = await _revision(connection)
    if found is None:
        raise EmptyDatabase
    if found != schema.HEAD:
        raise OlderVersion


def drop_copies(path: Path, before: datetime | None = None) -> int:
    """Delete copies that were put beside a database (those made before a time); return how many."""
    dropped = 0
    name = f"{path.name}.before-*"
    # With a dot before it: what a crash left unfinished.
    for copy in (*path.parent.glob(name), *path.parent.glob(f".{name}")):
        # Whoever forgets somebody deletes them beside this process.
        with suppress(FileNotFoundError):
            if before is None or copy.stat().st_mtime <= before.timestamp():
                copy.unlink()
                dropped += 1
    return dropped


async def _revision(connection: AsyncConnection) -> tuple[str | None, bool]:
    """A database's revision (``None``: it is empty), and whether it says so to alembic.

    Raises:
        NewerVersion: it is not known here.
    """
    version = int((await connection.exec_driver_sql("PRAGMA user_version")).scalar_one())
    stamp = await connection.run_sync(_stamp)
    found = stamp or (schema.revision_of(version) if version else None)
    if version > schema.VERSION or found not in {None, *_KNOWN}:
        raise NewerVersion
    return found, stamp is not None


def _stamp(connection: Connection) -> str | None:
    table = schema.alembic_version
    if not inspect(connection).has_table(table.name):
        return None
    stamp = connection.execute(table.select()).scalar_one_or_none()
    return None if stamp is None else str(stamp)
