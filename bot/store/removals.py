"""Removals in SQLite: what is to be deleted from Slack, and the jobs that end with it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Row, Table, and_, delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.model import JobKey, JobState, Outcome, Removal
from bot.store import schema
from bot.store.database import Database
from bot.store.signals import Signals, wait_until_due


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
        """Delete its row; jobs that somebody has requested meanwhile may begin."""
        await self._database.changed(delete(schema.removal).where(schema.removal.c.id == removal.id))
        self._signals.work.set()

    async def wait_for_removal(self) -> None:
        """Sleep until one is written or the next due time."""
        table = schema.removal
        waiting = table.c.claimed.is_(False)
        await wait_until_due(self._signals.removal, self._database, table, waiting, self._now)

    async def resume(self) -> None:
        """At start: what a former process was removing is due again."""
        await self._database.changed(update(schema.removal).values(claimed=False))


async def withdraw(
    connection: AsyncConnection,
    now: float,
    *,
    team_id: str,
    channel_id: str,
    thread_ts: str,
    message_ts: str,
    file_id: str | None,
    audience: str | None,
) -> None:
    """End the jobs that it covers and write the removal, unless one like it waits already."""
    target = {"team_id": team_id, "channel_id": channel_id, "message_ts": message_ts}
    target |= {} if file_id is None else {"file_id": file_id}
    target |= {} if audience is None else {"audience": audience}
    job, part, removal = schema.job, schema.part, schema.removal
    await connection.execute(
        update(job)
        .where(_equal(job, target))
        .values(state=JobState.ENDED, outcome=Outcome.WITHDRAWN, request=None, ended_at=now)
    )
    covered = select(job.c.id).where(_equal(job, target))
    await connection.execute(delete(part).where(part.c.job_id.in_(covered)))
    whole = target | {"file_id": file_id, "audience": audience}
    waiting = select(removal.c.id).where(_equal(removal, whole), removal.c.claimed.is_(False))
    if (await connection.execute(waiting)).first() is None:
        row = whole | {"thread_ts": thread_ts, "attempt": 0, "claimed": False, "due_at": now}
        await connection.execute(insert(removal).values(**row))


async def remove_file(connection: AsyncConnection, now: float, team_id: str, file_id: str) -> int:
    """Withdraw a file, in each message that jobs know it from; return in how many."""
    job = schema.job
    known = select(job.c.channel_id, job.c.message_ts, func.max(job.c.thread_ts).label("thread_ts"))
    known = known.where(job.c.team_id == team_id, job.c.file_id == file_id)
    messages = (await connection.execute(known.group_by(job.c.channel_id, job.c.message_ts))).all()
    for message in messages:
        await withdraw(
            connection,
            now,
            team_id=team_id,
            channel_id=message.channel_id,
            thread_ts=message.thread_ts or message.message_ts,
            message_ts=message.message_ts,
            file_id=file_id,
            audience=None,
        )
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
    names = ("team_id", "channel_id", "message_ts", "file_id", "audience")
    target = {name: value for name in names if (value := getattr(row, name)) is not None}
    keys = await connection.execute(select(job.c.key).where(_equal(job, target)).order_by(job.c.id))
    return _removal(row, tuple(JobKey.parse(key) for key in keys.scalars()))


async def _give_back(connection: AsyncConnection, removal: Removal, due: datetime) -> None:
    """Have it claimed again when due, one attempt older."""
    table = schema.removal
    values = {"claimed": False, "attempt": removal.attempt + 1, "due_at": due.timestamp()}
    await connection.execute(update(table).where(table.c.id == removal.id).values(**values))


def _equal(table: Table, values: dict[str, Any]) -> ColumnElement[bool]:
    # SQLAlchemy makes `IS NULL` of a comparison with None.
    return and_(*(table.c[name] == value for name, value in values.items()))


def _removal(row: Row[*tuple[Any, ...]], keys: tuple[JobKey, ...]) -> Removal:
    return Removal(
        id=row.id,
        team_id=row.team_id,
        channel_id=row.channel_id,
        thread_ts=row.thread_ts,
        message_ts=row.message_ts,
        file_id=row.file_id,
        audience=row.audience,
        attempt=row.attempt,
        keys=keys,
    )
