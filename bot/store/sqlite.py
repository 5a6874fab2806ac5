"""Jobs in SQLite, for one process: claiming is locked by a file, so nothing needs leases or takeover."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import structlog
from pydantic import ValidationError
from sqlalchemy import ColumnElement, Insert, Row, ScalarSelect, delete, func, literal, select, update
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.model import Job, Part, TranscriptionRequest
from bot.store import schema
from bot.store.database import AlreadyRunning, Database, DataDirUnusable, opened
from bot.store.records import dump_part, dump_request, parse_part, parse_request

__all__ = ["AlreadyRunning", "DataDirUnusable", "SqliteJobs", "open_jobs"]

KEYS_KEPT = timedelta(days=8)
"""Slack redelivers for minutes; a week is promised, and a day more costs nothing."""
GAPS_KEPT = timedelta(days=1)
"""How long somebody may ask for the missing parts of a transcript."""


class SqliteJobs:
    """``bot.ports.Jobs`` in one SQLite file. Open it with ``open_jobs``."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        """Work on a database whose tables exist, with a UTC clock."""
        self._database = database
        self._now = now
        self._news = asyncio.Event()
        self._turned = asyncio.Event()
        self._log = structlog.get_logger(__name__)

    async def accept(self, requests: Sequence[TranscriptionRequest]) -> int:
        """Insert what is not known yet; a known key, ended or not, changes nothing."""
        now = self._now().timestamp()

        async def insert(connection: AsyncConnection) -> int:
            return sum([(await connection.execute(_insert(request, now))).rowcount for request in requests])

        new = await self._database.transact(insert)
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
        taken = update(table).where(table.c.id == due).values(state="running").returning(*table.c)
        while rows := await self._database.rows(taken):
            row = rows[0]
            try:
                return _job(row)
            except ValidationError as error:
                # Only a fault of ours writes such a row. It must not stop the bot at every start.
                self._log.error("job not readable", key=row.key, error=error.title)
                await self._set(row.key, state="unreadable")
        return None

    async def wait_for_work(self) -> None:
        """Sleep until news or the next due time."""
        self._news.clear()
        ready = select(func.min(schema.job.c.due_at)).where(schema.job.c.state == "ready")
        next_due = (await self._database.rows(ready))[0][0]
        delay_s = None if next_due is None else max(0.0, next_due - self._now().timestamp())
        with suppress(TimeoutError):
            async with asyncio.timeout(delay_s):
                await self._news.wait()

    async def retry_at(self, job: Job, due: datetime, *, fault: bool = False) -> None:
        """Back to the queue, one attempt older."""
        await self._set(
            str(job.key),
            state="ready",
            attempt=job.attempt + 1,
            faults=job.faults + fault,
            due_at=due.timestamp(),
        )
        self._news.set()

    async def park(self, job: Job) -> None:
        """Out of the queue, one attempt older."""
        await self._set(str(job.key), state="parked", attempt=job.attempt + 1)

    async def release_parked(self, accepted_before: datetime | None = None) -> int:
        """Back to the queue: all that are parked, or those accepted before a time."""
        statement = update(schema.job).where(schema.job.c.state == "parked")
        if accepted_before is not None:
            statement = statement.where(schema.job.c.accepted_at <= accepted_before.timestamp())
        released = await self._database.changed(
            statement.values(state="ready", due_at=self._now().timestamp())
        )
        self._news.set()
        return released

    async def write_intent(self, job: Job) -> Job:
        """Note when the bot set out to post; the first time counts."""
        if job.intent_at is not None:
            return job
        now = self._now()
        await self._set(str(job.key), intent_at=now.timestamp())
        return job.having(intent_at=now)

    async def record_reply(self, job: Job, ts: str, notice: str | None) -> Job:
        """Note where the reply stands."""
        await self._set(str(job.key), reply_ts=ts, notice=notice)
        self._turn()
        return job.having(reply_ts=ts, notice=notice)

    async def keep(self, job: Job, part: Part) -> None:
        """Insert a part, or put it in the place of a failed one."""
        values = {"failed": part.failed, "content": dump_part(part)}
        claimed = select(
            schema.job.c.id, literal(part.span.start_ms), *(literal(value) for value in values.values())
        ).where(schema.job.c.key == str(job.key), schema.job.c.state == "running")
        insert = sqlite_insert(schema.part).from_select(["job_id", "start_ms", *values], claimed)
        await self._database.changed(
            insert.on_conflict_do_update(index_elements=["job_id", "start_ms"], set_=values)
        )

    async def parts(self, job: Job) -> list[Part]:
        """Read them; one that cannot be read is left out, and so recognised anew."""
        part = schema.part
        rows = await self._database.rows(
            select(part.c.content).where(part.c.job_id == _id_of(str(job.key))).order_by(part.c.start_ms)
        )
        parts = []
        for row in rows:
            try:
                parts.append(parse_part(row.content))
            except ValidationError as error:
                self._log.error("part not readable", key=str(job.key), error=error.title)
        return parts

    async def finish(self, job: Job, outcome: str, *, has_gaps: bool = False) -> None:
        """Keep the key and the outcome, drop the rest, now or when nobody may ask for it any more."""
        now = self._now().timestamp()
        if has_gaps:
            await self._set(str(job.key), state="gapped", outcome=outcome, ended_at=now)
        else:
            mine = (schema.job.c.key == str(job.key)) & (schema.job.c.state == "running")
            await self._database.transact(partial(_end, whose=mine, outcome=outcome, ended_at=now))
        self._turn()

    async def fill_gaps(self, key: str) -> bool:
        """Begin anew with what is kept: patience too, for nobody waited since."""
        now = self._now().timestamp()
        oldest = now - GAPS_KEPT.total_seconds()

        async def revive(connection: AsyncConnection) -> bool:
            job, part = schema.job, schema.part
            revived = await connection.execute(
                update(job)
                .where(job.c.key == key, job.c.state == "gapped", job.c.ended_at > oldest)
                .values(
                    state="ready",
                    attempt=0,
                    faults=0,
                    revision=job.c.revision + 1,
                    accepted_at=now,
                    due_at=now,
                    ended_at=None,
                    outcome=None,
                    notice=None,
                )
            )
            if revived.rowcount:
                await connection.execute(delete(part).where(part.c.job_id == _id_of(key), part.c.failed))
            unfinished = job.c.state.in_(["ready", "running", "parked"])
            found = await connection.execute(select(job.c.id).where(job.c.key == key, unfinished))
            return found.first() is not None

        found = await self._database.transact(revive)
        self._news.set()
        return found

    async def wait_for_turn(self, job: Job, patience_s: float) -> bool:
        """Return when no earlier file of the message lacks its place in the thread, or patience ends."""
        with suppress(TimeoutError):
            async with asyncio.timeout(patience_s):
                while True:
                    turned = self._turned
                    if not await self._has_elders(job):
                        return True
                    await turned.wait()
        return False

    async def depth(self) -> dict[str, int]:
        """Count unfinished jobs by state."""
        table = schema.job
        unfinished = table.c.state.not_in(["ended", "gapped"])
        rows = await self._database.rows(
            select(table.c.state, func.count()).where(unfinished).group_by(table.c.state)
        )
        return {"ready": 0, "running": 0, "parked": 0} | {row[0]: row[1] for row in rows}

    async def sweep(self) -> int:
        """Forget what is older than any use for it, and what the log keeps of ended jobs."""
        now, table = self._now(), schema.job
        unasked = (table.c.state == "gapped") & (table.c.ended_at <= (now - GAPS_KEPT).timestamp())
        await self._database.transact(partial(_end, whose=unasked))
        before = (now - KEYS_KEPT).timestamp()
        forgotten = await self._database.changed(
            delete(table).where(table.c.state == "ended", table.c.ended_at < before)
        )
        await self._database.empty_log()
        return forgotten

    async def resume(self) -> int:
        """At start: what a former process was working on is due again."""
        return await self._database.changed(
            update(schema.job)
            .where(schema.job.c.state == "running")
            .values(state="ready", due_at=self._now().timestamp())
        )

    async def _has_elders(self, job: Job) -> bool:
        table, key = schema.job, job.key
        elders = select(table.c.id).where(
            table.c.team_id == key.team_id,
            table.c.channel_id == key.channel_id,
            table.c.message_ts == key.message_ts,
            table.c.position < job.request.position,
            table.c.state.not_in(["ended", "gapped"]),
            table.c.reply_ts.is_(None),
        )
        return bool(await self._database.rows(elders.limit(1)))

    def _turn(self) -> None:
        """Wake whoever waits for its turn."""
        self._turned.set()
        self._turned = asyncio.Event()

    async def _set(self, key: str, **values: Any) -> None:
        """Change a claimed job. One that is not claimed any more stays as it is: what has ended has ended."""
        table = schema.job
        await self._database.changed(
            update(table).where(table.c.key == key, table.c.state == "running").values(**values)
        )


@asynccontextmanager
async def open_jobs(
    data_dir: Path, now: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> AsyncIterator[SqliteJobs]:
    """Open the jobs in ``data_dir`` for the one process that claims them; what was under way is due again.

    Raises:
        AlreadyRunning: another process has them open so.
        DataDirUnusable: the database cannot be worked with.
    """
    async with opened(data_dir) as database:
        jobs = SqliteJobs(database, now)
        await jobs.resume()
        yield jobs


def _id_of(key: str) -> ScalarSelect[int]:
    return select(schema.job.c.id).where(schema.job.c.key == key).scalar_subquery()


async def _end(connection: AsyncConnection, *, whose: ColumnElement[bool], **values: Any) -> None:
    """End jobs and drop what they hold."""
    table, part = schema.job, schema.part
    await connection.execute(update(table).where(whose).values(state="ended", request=None, **values))
    ended = select(table.c.id).where(table.c.id == part.c.job_id, table.c.state == "ended")
    await connection.execute(delete(part).where(ended.exists()))


def _insert(request: TranscriptionRequest, now: float) -> Insert:
    return (
        sqlite_insert(schema.job)
        .values(
            key=str(request.key),
            team_id=request.key.team_id,
            channel_id=request.key.channel_id,
            message_ts=request.key.message_ts,
            position=request.position,
            state="ready",
            attempt=0,
            faults=0,
            accepted_at=now,
            due_at=now,
            request=dump_request(request),
        )
        .on_conflict_do_nothing()
    )


def _time(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def _job(row: Row[*tuple[Any, ...]]) -> Job:
    return Job(
        request=parse_request(row.request),
        accepted_at=datetime.fromtimestamp(row.accepted_at, UTC),
        attempt=row.attempt,
        intent_at=_time(row.intent_at),
        reply_ts=row.reply_ts,
        notice=row.notice,
        faults=row.faults,
        revision=row.revision,
    )
