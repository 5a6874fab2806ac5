"""Everything that is kept, opened together."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bot.store.database import AlreadyRunning, DataDirUnusable, opened
from bot.store.jobs import SqliteJobs
from bot.store.ledger import SqliteLedger
from bot.store.preferences import SqlitePreferences

__all__ = ["AlreadyRunning", "DataDirUnusable", "Store", "open_store"]


@dataclass(frozen=True, slots=True)
class Store:
    """One database."""

    jobs: SqliteJobs
    preferences: SqlitePreferences
    ledger: SqliteLedger


@asynccontextmanager
async def open_store(
    data_dir: Path, now: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> AsyncIterator[Store]:
    """Open what is in ``data_dir`` for the one process that claims jobs; what was under way is due again.

    Raises:
        AlreadyRunning: another process has it open so.
        DataDirUnusable: the database cannot be worked with.
    """
    async with opened(data_dir) as database:
        jobs = SqliteJobs(database, now)
        await jobs.resume()
        yield Store(jobs, SqlitePreferences(database), SqliteLedger(database))
