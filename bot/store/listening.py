"""Marks of how far each channel was listened to, in SQLite."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store import schema
from bot.store.database import Database


class SqliteListening:
    """``bot.ports.preferences.Listening`` in SQLite."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        """Work on a database whose tables exist, with a UTC clock."""
        self._database = database
        self._now = now

    async def start(self, team_id: str, *, automatic: bool) -> datetime | None:
        """Insert the workspace, or note a default that has changed."""
        table, now = schema.workspace, self._now().timestamp()
        row = {"team_id": team_id, "heard_until": now, "automatic": automatic, "automatic_since": now}
        changed = {"automatic": automatic, "automatic_since": now}

        async def begin(connection: AsyncConnection) -> datetime | None:
            is_team = table.c.team_id == team_id
            found = await connection.execute(select(table.c.heard_until).where(is_team))
            heard_until = found.scalar_one_or_none()
            await connection.execute(
                insert(table)
                .values(**row)
                .on_conflict_do_update(
                    index_elements=["team_id"], set_=changed, where=table.c.automatic.is_not(automatic)
                )
            )
            return None if heard_until is None else datetime.fromtimestamp(heard_until, UTC)

        return await self._database.transact(begin)

    async def stop(self, team_id: str) -> None:
        """Delete the workspace and its channels."""

        async def forget(connection: AsyncConnection) -> None:
            for table in (schema.workspace, schema.listening):
                await connection.execute(delete(table).where(table.c.team_id == team_id))

        await self._database.transact(forget)

    async def note_heard(self, team_id: str, until: datetime) -> None:
        """Move the workspace's mark."""
        table = schema.workspace
        await self._database.changed(
            update(table).where(table.c.team_id == team_id).values(heard_until=until.timestamp())
        )

    async def note_missed(self, team_id: str, since: datetime) -> None:
        """Mark every channel that is not marked from an earlier time on."""
        table = schema.listening
        from_when = func.max(table.c.since, since.timestamp())
        await self._database.changed(
            update(table)
            .where(table.c.team_id == team_id, table.c.missed_from.is_(None))
            .values(missed_from=from_when)
        )

    async def begin(self, team_id: str, channel_ids: Sequence[str]) -> None:
        """Insert those that are not there."""
        now = self._now().timestamp()
        rows = [{"team_id": team_id, "channel_id": channel_id, "since": now} for channel_id in channel_ids]
        if rows:
            statement = insert(schema.listening).on_conflict_do_nothing()

            async def add(connection: AsyncConnection) -> None:
                await connection.execute(statement, rows)

            await self._database.transact(add)

    async def missed(self, team_id: str) -> Mapping[str, datetime]:
        """Read those that are marked."""
        table = schema.listening
        rows = await self._database.rows(
            select(table.c.channel_id, table.c.missed_from).where(
                table.c.team_id == team_id, table.c.missed_from.is_not(None)
            )
        )
        return {row.channel_id: datetime.fromtimestamp(row.missed_from, UTC) for row in rows}

    async def caught_up(self, team_id: str, channel_id: str) -> None:
        """Take the mark away."""
        table = schema.listening
        await self._database.changed(
            update(table)
            .where(table.c.team_id == team_id, table.c.channel_id == channel_id)
            .values(missed_from=None)
        )

    async def default_since(self, team_id: str) -> datetime | None:
        """Read one time."""
        table = schema.workspace
        rows = await self._database.rows(select(table.c.automatic_since).where(table.c.team_id == team_id))
        return datetime.fromtimestamp(rows[0].automatic_since, UTC) if rows else None
