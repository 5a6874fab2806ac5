"""Preferences in SQLite: channel settings, greetings, opt-outs and subscriptions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import structlog
from pydantic import ValidationError
from sqlalchemy import delete, insert, select, update
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.channel_settings import ChannelSettings
from bot.store import forgetting, schema
from bot.store.database import Database
from bot.store.ledger import move_usage
from bot.store.rows import dump_settings, parse_settings


class SqlitePreferences:
    """``bot.ports.store.Preferences`` in SQLite."""

    def __init__(self, database: Database) -> None:
        """Work on a database whose tables exist."""
        self._database = database
        self._log = structlog.get_logger(__name__)

    async def channel(self, team_id: str, channel_id: str) -> ChannelSettings:
        """Read one row."""
        table = schema.channel
        rows = await self._database.rows(
            select(table.c.settings).where(table.c.team_id == team_id, table.c.channel_id == channel_id)
        )
        return self._settings(rows[0].settings if rows else None)

    async def channels(self, team_id: str) -> Mapping[str, ChannelSettings]:
        """Read those that hold settings."""
        table = schema.channel
        rows = await self._database.rows(
            select(table).where(table.c.team_id == team_id, table.c.settings.is_not(None))
        )
        return {row.channel_id: self._settings(row.settings) for row in rows}

    async def change_channel(
        self, team_id: str, channel_id: str, change: Callable[[ChannelSettings], ChannelSettings]
    ) -> ChannelSettings:
        """Read, change and write in one transaction."""
        table = schema.channel

        async def replace(connection: AsyncConnection) -> ChannelSettings:
            found = await connection.execute(
                select(table.c.settings).where(table.c.team_id == team_id, table.c.channel_id == channel_id)
            )
            changed = change(self._settings(found.scalar_one_or_none()))
            values = {"settings": dump_settings(changed)}
            await connection.execute(
                sqlite_insert(table)
                .values(team_id=team_id, channel_id=channel_id, **values)
                .on_conflict_do_update(index_elements=["team_id", "channel_id"], set_=values)
            )
            return changed

        return await self._database.transact(replace)

    async def greet(self, team_id: str, channel_id: str) -> bool:
        """Set the flag; whoever sets it greets."""
        table = schema.channel
        greeting = (
            sqlite_insert(table)
            .values(team_id=team_id, channel_id=channel_id, greeted=True)
            .on_conflict_do_update(
                index_elements=["team_id", "channel_id"],
                set_={"greeted": True},
                where=table.c.greeted.is_(False),
            )
        )
        return await self._database.changed(greeting) > 0

    async def is_opted_out(self, team_id: str, user_id: str) -> bool:
        """True where there is a row."""
        table = schema.opted_out
        return bool(
            await self._database.rows(
                select(table.c.user_id).where(table.c.team_id == team_id, table.c.user_id == user_id)
            )
        )

    async def opt_out(self, team_id: str, user_id: str, *, out: bool) -> None:
        """Add the row or remove it."""
        table = schema.opted_out
        if out:
            row = sqlite_insert(table).values(team_id=team_id, user_id=user_id)
            await self._database.changed(row.on_conflict_do_nothing())
        else:
            await self._database.changed(
                delete(table).where(table.c.team_id == team_id, table.c.user_id == user_id)
            )

    async def subscribers(self, team_id: str, channel_id: str) -> Sequence[str]:
        """By user id."""
        table = schema.subscription
        rows = await self._database.rows(
            select(table.c.user_id)
            .where(table.c.team_id == team_id, table.c.channel_id == channel_id)
            .order_by(table.c.user_id)
        )
        return [row.user_id for row in rows]

    async def subscriptions(self, team_id: str, user_id: str) -> Sequence[str]:
        """By channel id."""
        table = schema.subscription
        rows = await self._database.rows(
            select(table.c.channel_id)
            .where(table.c.team_id == team_id, table.c.user_id == user_id)
            .order_by(table.c.channel_id)
        )
        return [row.channel_id for row in rows]

    async def subscribe(self, team_id: str, user_id: str, channel_ids: Sequence[str]) -> None:
        """Delete and insert in one transaction."""
        table = schema.subscription

        async def replace(connection: AsyncConnection) -> None:
            await connection.execute(
                delete(table).where(table.c.team_id == team_id, table.c.user_id == user_id)
            )
            for channel_id in dict.fromkeys(channel_ids):
                await connection.execute(
                    insert(table).values(team_id=team_id, user_id=user_id, channel_id=channel_id)
                )

        await self._database.transact(replace)

    async def move_channel(self, team_id: str, old_id: str, new_id: str) -> None:
        """Rename it; what the new id already has of its own goes first."""

        async def move(connection: AsyncConnection) -> None:
            for table in (schema.channel, schema.subscription):
                old = (table.c.team_id == team_id) & (table.c.channel_id == old_id)
                known = await connection.execute(select(table).where(old).limit(1))
                if known.first() is None:
                    continue
                await connection.execute(
                    delete(table).where(table.c.team_id == team_id, table.c.channel_id == new_id)
                )
                await connection.execute(update(table).where(old).values(channel_id=new_id))
            usage = schema.usage
            await move_usage(
                connection, (usage.c.team_id == team_id) & (usage.c.channel_id == old_id), to=new_id
            )

        await self._database.transact(move)

    async def forget_channel(self, team_id: str, channel_id: str) -> None:
        """Delete all but what it used, which counts for the workspace from now on."""
        await self._database.transact(
            partial(forgetting.forget_channel, channel_id=channel_id, team_id=team_id)
        )

    async def forget_team(self, team_id: str) -> None:
        """Delete every row of a workspace."""
        await self._database.transact(partial(forgetting.forget_team, team_id=team_id))

    def _settings(self, stored: Any) -> ChannelSettings:
        """The stored settings; the defaults where there are none, or none that can be read."""
        if stored is None:
            return ChannelSettings()
        try:
            return parse_settings(stored)
        except ValidationError as error:
            # Not the error's text: it may quote them.
            self._log.error("channel settings not readable", error=error.title)
            return ChannelSettings()
