"""Removals in SQLite: what is to be deleted from Slack, and the jobs that end with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Row, Table, and_, delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.model import THREAD, JobKey, JobState, Outcome, Removal
from bot.store import schema
from bot.store.database import Database
from bot.store.signals import AT_ONCE, Signals, is_beyond_reason, wait_until_due


class SqliteRemovals:
    """``bot.ports.store.Removals`` in SQLite."""

    def __init__(self, database: Database, signals: Signals, now: Callable[[], datetime]) -> None:
        """Work on a database whose tables exist, with a UTC clock."""
        self._database = database
        self._signals = signals
        self._now = now

    async def claim_removal(self) -> Removal | None:
        """Take the removal that has been due for longest."""
        return await self._database.transact(partial(_claim, now=self._now().timestamp()))

    async def remove_later(self, removal: Removal, due: datetime) -> None:
        """Back to the others."""
        await self._database.transact(partial(_give_back, removal=removal, due=due))
        self._signals.removal.set()

    async def removed(self, removal: Removal) -> None:
        """Delete its row; jobs that somebody has requested meanwhile may begin, each with a new reply."""
        await self._database.transact(partial(_forget, removal=removal))
        self._signals.work.set()

    async def wait_for_removal(self) -> None:
        """Sleep until one is written or the next due time."""
        table = schema.removal
        waiting = table.c.claimed.is_(False)
        await wait_until_due(self._signals.removal, self._database, table, waiting, self._now)

    async def resume(self) -> None:
        """At start: what a former process was removing is due again, and what waits for too long is too."""
        table = schema.removal
        await self._database.changed(
            update(table)
            .where(table.c.claimed | is_beyond_reason(table, self._now()))
            .values(claimed=False, due_at=AT_ONCE)
        )


@dataclass(frozen=True, slots=True)
class Target:
    """The jobs of a message; of one file of it and one audience, where these are given."""

    team_id: str
    channel_id: str
    message_ts: str
    file_id: str | None = None
    audience: str | None = None

    @classmethod
    def of(cls, removal: Removal) -> Target:
        """The jobs that a removal covers."""
        return cls(removal.team_id, removal.channel_id, removal.message_ts, removal.file_id, removal.audience)

    def covers(self, table: Table) -> ColumnElement[bool]:
        """True for rows of these jobs."""
        return and_(*(table.c[name] == value for name, value in asdict(self).items() if value is not None))

    def equals(self, table: Table) -> ColumnElement[bool]:
        """True for rows that name the same; SQLAlchemy makes ``IS NULL`` of a comparison with ``None``."""
        return and_(*(table.c[name] == value for name, value in asdict(self).items()))


async def withdraw(connection: AsyncConnection, target: Target, *, thread_ts: str, now: float) -> None:
    """End the jobs that it covers and write the removal, unless one like it waits already."""
    job, part, removal = schema.job, schema.part, schema.removal
    await connection.execute(
        update(job)
        .where(target.covers(job))
        .values(state=JobState.ENDED, outcome=Outcome.WITHDRAWN, request=None, ended_at=now)
    )
    covered = select(job.c.id).where(target.covers(job))
    await connection.execute(delete(part).where(part.c.job_id.in_(covered)))
    waiting = select(removal.c.id).where(target.equals(removal), removal.c.claimed.is_(False))
    if (await connection.execute(waiting)).first() is None:
        row = asdict(target) | {"thread_ts": thread_ts, "attempt": 0, "claimed": False, "due_at": now}
        await connection.execute(insert(removal).values(**row))


async def withdraw_known(connection: AsyncConnection, target: Target, *, now: float) -> bool:
    """Withdraw what jobs know, in the thread that they know; False where none is left to withdraw."""
    job = schema.job
    is_news = job.c.outcome.is_distinct_from(Outcome.WITHDRAWN)
    known = select(func.count(), func.max(job.c.thread_ts)).where(target.covers(job), is_news)
    count, thread_ts = (await connection.execute(known)).one()
    if count:
        await withdraw(connection, target, thread_ts=thread_ts or target.message_ts, now=now)
    return bool(count)


async def remove_file(connection: AsyncConnection, now: float, team_id: str, file_id: str) -> int:
    """Withdraw a file, in each message that jobs know it from; return in how many."""
    job = schema.job
    known = select(job.c.channel_id, job.c.message_ts, func.max(job.c.thread_ts).label("thread_ts"))
    known = known.where(job.c.team_id == team_id, job.c.file_id == file_id)
    messages = (await connection.execute(known.group_by(job.c.channel_id, job.c.message_ts))).all()
    for message in messages:
        target = Target(team_id, message.channel_id, message.message_ts, file_id)
        await withdraw(connection, target, thread_ts=message.thread_ts or message.message_ts, now=now)
    return len(messages)


def is_going() -> ColumnElement[bool]:
    """True for rows whose job a removal still covers: what it posts next must not be deleted with it."""
    job, removal = schema.job, schema.removal
    covering = select(removal.c.id).where(
        removal.c.team_id == job.c.team_id,
        removal.c.channel_id == job.c.channel_id,
        removal.c.message_ts == job.c.message_ts,
        or_(removal.c.file_id.is_(None), removal.c.file_id == job.c.file_id),
        or_(removal.c.audience.is_(None), removal.c.audience == job.c.audience),
    )
    return covering.exists()


async def _claim(connection: AsyncConnection, now: float) -> Removal | None:
    """Take the removal that has been due for longest."""
    removal, job = schema.removal, schema.job
    due = select(removal).where(removal.c.claimed.is_(False), removal.c.due_at <= now)
    row = (await connection.execute(due.order_by(removal.c.due_at, removal.c.id).limit(1))).first()
    if row is None:
        return None
    await connection.execute(update(removal).where(removal.c.id == row.id).values(claimed=True))
    target = Target(row.team_id, row.channel_id, row.message_ts, row.file_id, row.audience)
    jobs = (await connection.execute(select(job).where(target.covers(job)).order_by(job.c.id))).all()
    return _removal(row, jobs)


async def _forget(connection: AsyncConnection, removal: Removal) -> None:
    """Delete a removal, and what its jobs know of replies that stand no more."""
    job, table = schema.job, schema.removal
    await connection.execute(delete(table).where(table.c.id == removal.id))
    covered = update(job).where(Target.of(removal).covers(job))
    await connection.execute(covered.values(reply_ts=None, intent_at=None))


async def _give_back(connection: AsyncConnection, removal: Removal, due: datetime) -> None:
    """Have it claimed again when due, one attempt older."""
    table = schema.removal
    values = {"claimed": False, "attempt": removal.attempt + 1, "due_at": due.timestamp()}
    await connection.execute(update(table).where(table.c.id == removal.id).values(**values))


def _removal(row: Row[*tuple[Any, ...]], jobs: Sequence[Row[*tuple[Any, ...]]]) -> Removal:
    since = [time for job in jobs if (time := _unnoted_since(job)) is not None]
    return Removal(
        id=row.id,
        team_id=row.team_id,
        channel_id=row.channel_id,
        thread_ts=row.thread_ts,
        message_ts=row.message_ts,
        file_id=row.file_id,
        audience=row.audience,
        attempt=row.attempt,
        keys=tuple(JobKey.parse(job.key) for job in jobs),
        replies=tuple((JobKey.parse(job.key), job.reply_ts) for job in jobs if job.reply_ts),
        posts_since=datetime.fromtimestamp(min(since), UTC) if since else None,
    )


def _unnoted_since(job: Row[*tuple[Any, ...]]) -> float | None:
    """The time from which a job may have posted in its thread without noting it.

    Once it has its reply, that is while it is being stopped.
    """
    if job.audience != THREAD or job.intent_at is None:
        return None
    return float(job.intent_at) if job.reply_ts is None else job.ended_at
