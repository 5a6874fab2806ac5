"""Opens the store: one database, and each port's implementation on it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from bot.steady_clock import utc_now
from bot.store.channel_settings import SqlitePreferences
from bot.store.data_dir import claimed, explained, opened
from bot.store.database import Database
from bot.store.events import SqliteEvents
from bot.store.ledger import SqliteLedger
from bot.store.listening import SqliteListening
from bot.store.queue import SqliteQueue
from bot.store.removals import SqliteRemovals
from bot.store.requests import KEYS_KEPT_AT_LEAST, SqliteRequests
from bot.store.signals import Signals


@dataclass(frozen=True, slots=True)
class Store:
    """One open database, and the implementation of each port on it."""

    database: Database
    events: SqliteEvents
    requests: SqliteRequests
    queue: SqliteQueue
    removals: SqliteRemovals
    preferences: SqlitePreferences
    ledger: SqliteLedger
    listening: SqliteListening


@asynccontextmanager
async def open_store(
    data_dir: Path,
    now: Callable[[], datetime] = utc_now,
    *,
    retention: timedelta = KEYS_KEPT_AT_LEAST,
) -> AsyncIterator[Store]:
    """Claim ``data_dir``, and open what is in it: see ``open_claimed_store``.

    Raises:
        AlreadyRunning: another process has claimed it.
        DataDirUnusable: the database cannot be worked with.
    """
    with claimed(data_dir):
        async with open_claimed_store(data_dir, now, retention=retention) as store:
            yield store


@asynccontextmanager
async def open_claimed_store(
    data_dir: Path,
    now: Callable[[], datetime] = utc_now,
    *,
    steady_now: Callable[[], datetime] | None = None,
    retention: timedelta = KEYS_KEPT_AT_LEAST,
) -> AsyncIterator[Store]:
    """Open what is in ``data_dir`` for the one process that claims jobs; what was under way is due again.

    Args:
        data_dir: Where the database is, or will be; ``claimed`` by this process.
        now: The time by the system's clock, in UTC.
        steady_now: The time by a clock that nobody sets, in UTC, for what is due; ``None``: the same.
        retention: How long keys of ended jobs, and months of usage, are kept; requests by hand rely on
            the default at least.

    Raises:
        DataDirBusy: the database may be worked with later.
        DataDirUnusable: the operator has to act.
    """
    async with opened(data_dir) as database:
        signals, steady = Signals(), steady_now or now
        store = Store(
            database,
            SqliteEvents(database, steady),
            SqliteRequests(database, signals, steady),
            SqliteQueue(database, signals, steady, retention, now),
            SqliteRemovals(database, signals, steady),
            SqlitePreferences(database, now),
            SqliteLedger(database),
            SqliteListening(database, now),
        )
        with explained(data_dir):
            await store.removals.resume()
            await store.queue.resume()
        yield store
