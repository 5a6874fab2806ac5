"""Jobs in SQLite, for one process: claiming is locked by a file, so nothing needs leases or takeover.

What held in trials: WAL, ``synchronous=FULL`` (an accepted event survives a power cut), one connection
(SQLite has one writer anyway, and waiting in line beats its busy handler). See docs/adr/0001.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Row, delete, event, func, select, update
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from bot.model import Job, TranscriptionRequest
from bot.store import schema
from bot.store.records import dump_request, parse_request

KEYS_KEPT = timedelta(days=8)
"""Slack redelivers for minutes; a week is promised, and a day more costs nothing."""


class AlreadyRunning(Exception):
    """Another process claims the jobs of this data directory."""


class SqliteJobs:
    """``bot.ports.Jobs`` in one SQLite file. Open it with ``open_jobs``."""

    def __init__(self, engine: AsyncEngine, now: Callable[[], datetime]) -> None:
        """Work on an engine whose tables exist, with a UTC clock."""
        self._engine = engine
        self._now = now
        self._news = asyncio.Event()
        self._ended = asyncio.Event()

    async def accept(self, requests: Sequence[TranscriptionRequest]) -> int:
        """Insert what is not known yet; a known key, ended or not, changes nothing."""
        now = self._now().timestamp()
        new = 0
        async with self._engine.begin() as connection:
            for request in requests:
                result = await connection.execute(
                    sqlite_insert(schema.job)
                    .values(
                        key=str(request.key),
                        team_id=request.key.team_id,
                        channel_id=request.key.channel_id,
                        message_ts=request.key.message_ts,
                        position=request.position,
                        state="ready",
                        attempt=0,
                        accepted_at=now,
                        due_at=now,
                        request=dump_request(request),
                    )
                    .on_conflict_do_nothing()
                )
                new += result.rowcount
        if new:
            self._news.set()
        return new

    async def claim(self) -> Job | None:
        """Take the job that has been due for longest."""
        table = schema.job
        due = (
            select(table.c.id)
            .where(table.c.state == "ready", table.c.due_at <= self._now().timestamp())
            .order_by(table.c.due_at, table.c.id)
            .limit(1)
            .scalar_subquery()
        )
        async with self._engine.begin() as connection:
            result = await connection.execute(
                update(table).where(table.c.id == due).values(state="running").returning(*table.c)
            )
            row = result.one_or_none()
        return None if row is None else _job(row)

    async def wait_for_work(self) -> None:
        """Sleep until news or the next due time."""
        self._news.clear()
        async with self._engine.connect() as connection:
            next_due = await connection.scalar(
                select(func.min(schema.job.c.due_at)).where(schema.job.c.state == "ready")
            )
        delay_s = None if next_due is None else max(0.0, next_due - self._now().timestamp())
        with suppress(TimeoutError):
            async with asyncio.timeout(delay_s):
                await self._news.wait()

    async def retry_at(self, job: Job, due: datetime) -> None:
        """Back to the queue, one attempt older."""
        await self._set(job, state="ready", attempt=job.attempt + 1, due_at=due.timestamp())
        self._news.set()

    async def park(self, job: Job) -> None:
        """Out of the queue, one attempt older."""
        await self._set(job, state="parked", attempt=job.attempt + 1)

    async def release_parked(self, accepted_before: datetime | None = None) -> int:
        """Back to the queue: all that are parked, or those accepted before a time."""
        statement = update(schema.job).where(schema.job.c.state == "parked")
        if accepted_before is not None:
            statement = statement.where(schema.job.c.accepted_at <= accepted_before.timestamp())
        async with self._engine.begin() as connection:
            result = await connection.execute(statement.values(state="ready", due_at=self._now().timestamp()))
        self._news.set()
        return result.rowcount

    async def write_intent(self, job: Job) -> Job:
        """Note when the bot set out to post; the first time counts."""
        if job.intent_at is not None:
            return job
        now = self._now()
        await self._set(job, intent_at=now.timestamp())
        return job.having(intent_at=now)

    async def record_reply(self, job: Job, ts: str, notice: str | None) -> Job:
        """Note where the reply stands."""
        await self._set(job, reply_ts=ts, notice=notice)
        return job.having(reply_ts=ts, notice=notice)

    async def finish(self, job: Job, outcome: str) -> None:
        """Keep the key and the outcome, drop the rest."""
        await self._set(job, state="ended", outcome=outcome, ended_at=self._now().timestamp(), request=None)
        self._ended.set()
        self._ended = asyncio.Event()

    async def wait_for_turn(self, job: Job, patience_s: float) -> None:
        """Return when no earlier file of the message is unanswered, or patience ends."""
        with suppress(TimeoutError):
            async with asyncio.timeout(patience_s):
                while True:
                    ended = self._ended
                    if not await self._has_elders(job):
                        return
                    await ended.wait()

    async def depth(self) -> dict[str, int]:
        """Count unfinished jobs by state."""
        table = schema.job
        async with self._engine.connect() as connection:
            rows = await connection.execute(
                select(table.c.state, func.count()).where(table.c.state != "ended").group_by(table.c.state)
            )
            return {"ready": 0, "running": 0, "parked": 0} | {row[0]: row[1] for row in rows}

    async def sweep(self) -> int:
        """Forget keys that are older than any redelivery."""
        before = (self._now() - KEYS_KEPT).timestamp()
        async with self._engine.begin() as connection:
            result = await connection.execute(
                delete(schema.job).where(schema.job.c.state == "ended", schema.job.c.ended_at < before)
            )
        return result.rowcount

    async def resume(self) -> int:
        """At start: what a former process was working on is due again."""
        async with self._engine.begin() as connection:
            result = await connection.execute(
                update(schema.job)
                .where(schema.job.c.state == "running")
                .values(state="ready", due_at=self._now().timestamp())
            )
        return result.rowcount

    async def _has_elders(self, job: Job) -> bool:
        table, key = schema.job, job.key
        async with self._engine.connect() as connection:
            found = await connection.scalar(
                select(table.c.id)
                .where(
                    table.c.team_id == key.team_id,
                    table.c.channel_id == key.channel_id,
                    table.c.message_ts == key.message_ts,
                    table.c.position < job.request.position,
                    table.c.state != "ended",
                )
                .limit(1)
            )
        return found is not None

    async def _set(self, job: Job, **values: Any) -> None:
        async with self._engine.begin() as connection:
            await connection.execute(
                update(schema.job).where(schema.job.c.key == str(job.key)).values(**values)
            )


@asynccontextmanager
async def open_jobs(
    data_dir: Path, now: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> AsyncIterator[SqliteJobs]:
    """Open the database in ``data_dir`` for the one process that claims jobs.

    Raises:
        AlreadyRunning: another process has it open so.
    """
    # At start nothing else waits for the event loop.
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)  # noqa: ASYNC240
    lock = os.open(data_dir / "threadscribe.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunning(f"another Threadscribe is running on {data_dir}") from None
        engine = _engine(data_dir / "threadscribe.db")
        try:
            async with engine.begin() as connection:
                await connection.run_sync(schema.metadata.create_all)
            jobs = SqliteJobs(engine, now)
            await jobs.resume()
            yield jobs
        finally:
            await engine.dispose()
    finally:
        os.close(lock)


def _engine(path: Path) -> AsyncEngine:
    url = make_url("sqlite+aiosqlite://").set(database=str(path))
    engine = create_async_engine(url, pool_size=1, max_overflow=0, pool_timeout=60)

    @event.listens_for(engine.sync_engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        # The driver's own BEGIN is deferred; ours below is not.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "busy_timeout=30000",
            "foreign_keys=ON",
            "secure_delete=ON",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def _time(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def _job(row: Row[Any]) -> Job:
    return Job(
        request=parse_request(row.request),
        accepted_at=datetime.fromtimestamp(row.accepted_at, UTC),
        attempt=row.attempt,
        intent_at=_time(row.intent_at),
        reply_ts=row.reply_ts,
        notice=row.notice,
    )
