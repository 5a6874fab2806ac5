"""The ledger of usage by workspace, channel and month: seconds and clips, and seconds that are set aside."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from sqlalchemy import ColumnElement, Insert, Update, case, delete, func, literal, select, update
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.model import JobKey, Usage
from bot.store import schema
from bot.store.database import Database
from bot.store.rows import WORKING, is_running, key_now


class SqliteLedger:
    """``bot.ports.preferences.Ledger`` in SQLite."""

    def __init__(self, database: Database) -> None:
        """Work on a database whose tables exist."""
        self._database = database

    async def used(self, team_id: str, month: date) -> Usage:
        """Sum over the workspace's channels."""
        table = schema.usage
        clips, seconds = (
            func.coalesce(func.sum(table.c.clips), 0),
            func.coalesce(func.sum(table.c.seconds), 0.0),
        )
        (row,) = await self._database.rows(
            select(clips, seconds).where(table.c.team_id == team_id, table.c.month == month_name(month))
        )
        return Usage(clips=row[0], seconds=row[1])

    async def used_by_channel(self, team_id: str, month: date) -> Mapping[str, Usage]:
        """Each channel's row."""
        table = schema.usage
        rows = await self._database.rows(
            select(table).where(table.c.team_id == team_id, table.c.month == month_name(month))
        )
        return {row.channel_id: Usage(row.clips, row.seconds) for row in rows}


def add_usage(
    team_id: str, channel_id: str | ColumnElement[str], month: str, *, clips: int = 0, seconds: float = 0.0
) -> Insert:
    """The statement that adds to a channel's month."""
    table = schema.usage
    added = sqlite_insert(table).values(
        team_id=team_id, channel_id=channel_id, month=month, clips=clips, seconds=seconds
    )
    return added.on_conflict_do_update(
        index_elements=["team_id", "channel_id", "month"],
        set_={"clips": table.c.clips + clips, "seconds": table.c.seconds + seconds},
    )


def reserve(key: JobKey, seconds: float, *, month: str, most_s: float, anew: bool) -> Update:
    """The statement that sets seconds aside for a claimed job; it changes no row where they do not fit.

    One statement, so that two jobs cannot both take the last of a month: SQLite has one writer. A database
    with several has to run it in a SERIALIZABLE transaction.
    """
    job, usage = schema.job, schema.usage
    other = job.alias()
    used_s = select(func.coalesce(func.sum(usage.c.seconds), 0.0)).where(
        usage.c.team_id == key.team_id, usage.c.month == month
    )
    others_s = select(func.coalesce(func.sum(other.c.reserved_s), 0.0)).where(
        other.c.team_id == key.team_id, other.c.state.in_(WORKING), other.c.key != key_now(key)
    )
    its_own_s = literal(seconds) if anew else job.c.reserved_s + seconds
    fits = used_s.scalar_subquery() + others_s.scalar_subquery() + its_own_s <= most_s
    return update(job).where(is_running(key), fits).values(reserved_s=its_own_s)


def settle(key: JobKey, billed_s: float) -> Update:
    """The statement that takes what was billed from what is set aside for a claimed job."""
    left_s = schema.job.c.reserved_s - billed_s
    return update(schema.job).where(is_running(key)).values(reserved_s=case((left_s > 0, left_s), else_=0.0))


async def move_usage(connection: AsyncConnection, whose: ColumnElement[bool], *, to: str) -> int:
    """Add rows to those of another channel of their workspace; return how many they were."""
    table = schema.usage
    rows = (await connection.execute(delete(table).where(whose).returning(*table.c))).all()
    for row in rows:
        added = add_usage(row.team_id, to, row.month, clips=row.clips, seconds=row.seconds)
        await connection.execute(added)
    return len(rows)


def month_name(day: date) -> str:
    """``2026-11`` for every day of November 2026."""
    return f"{day:%Y-%m}"
