"""Preferences in SQLite: channel settings, greetings, opt-outs and subscriptions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeVar

import structlog
from pydantic import ValidationError
from sqlalchemy import ColumnElement, Row, Select, delete, select
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.channel_settings import ChannelSettings
from bot.store import forgetting, moving, schema
from bot.store.batches import Batches
from bot.store.database import Database
from bot.store.rows import channel_now, dump_settings, parse_settings
from bot.store.sharing import drop_kept_words

KeyT = TypeVar("KeyT")


class SqlitePreferences:
    """``bot.ports.preferences.Preferences`` in SQLite."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        """Work on a database whose tables exist, with a UTC clock."""
        self._database = database
        self._now = now
        # Every event asks both, and many at once ask for the same.
        self._reading_settings = Batches(self._read_settings)
        self._reading_subscribers = Batches(self._read_subscribers)
        self._log = structlog.get_logger(__name__)

    async def channel(self, team_id: str, channel_id: str) -> ChannelSettings:
        """Read one row."""
        return await self._reading_settings.add((team_id, channel_id))

    async def _read_settings(self, channels: Sequence[tuple[str, str]]) -> list[ChannelSettings]:
        """Read each channel's row once, in one transaction."""
        table = schema.channel
        read = await self._rows_of(
            {
                (team_id, channel_id): select(table.c.settings).where(
                    table.c.team_id == team_id, table.c.channel_id == channel_now(team_id, channel_id)
                )
                for team_id, channel_id in set(channels)
            }
        )
        known = {
            channel: self._settings(rows[0].settings if rows else None) for channel, rows in read.items()
        }
        return [known[channel] for channel in channels]

    async def _rows_of(
        self, statements: Mapping[KeyT, Select[Any]]
    ) -> dict[KeyT, Sequence[Row[*tuple[Any, ...]]]]:
        """The rows of several statements, in one transaction."""

        async def read(connection: AsyncConnection) -> dict[KeyT, Sequence[Row[*tuple[Any, ...]]]]:
            return {key: (await connection.execute(statement)).all() for key, statement in statements.items()}

        return await self._database.transact(read)

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
            now_id = await moving.channel_id_now(connection, team_id, channel_id)
            found = await connection.execute(
                select(table.c.settings).where(table.c.team_id == team_id, table.c.channel_id == now_id)
            )
            before = self._settings(found.scalar_one_or_none())
            changed = change(before)
            values: dict[str, Any] = {"settings": dump_settings(changed)}
            if (before.automatic, before.only_for_sender) != (changed.automatic, changed.only_for_sender):
                values["changed_at"] = self._now().timestamp()
            await connection.execute(
                sqlite_insert(table)
                .values(team_id=team_id, channel_id=now_id, **values)
                .on_conflict_do_update(index_elements=["team_id", "channel_id"], set_=values)
            )
            return changed

        return await self._database.transact(replace)

    async def decided_at(self, team_id: str, channel_id: str) -> datetime | None:
        """Read one time."""
        table = schema.channel
        is_channel = (table.c.team_id == team_id) & (table.c.channel_id == channel_now(team_id, channel_id))
        return await self._time(table.c.changed_at, is_channel)

    async def greet(self, team_id: str, channel_id: str) -> bool:
        """Set the flag; whoever sets it greets."""
        table = schema.channel
        greeting = (
            sqlite_insert(table)
            .values(team_id=team_id, channel_id=channel_now(team_id, channel_id), greeted=True)
            .on_conflict_do_update(
                index_elements=["team_id", "channel_id"],
                set_={"greeted": True},
                where=table.c.greeted.is_(False),
            )
        )
        return await self._database.changed(greeting) > 0

    async def is_opted_out(self, team_id: str, user_id: str) -> bool:
        """True where the row says so."""
        table = schema.opted_out
        is_person = (table.c.team_id == team_id) & (table.c.user_id == user_id)
        return bool(await self._database.rows(select(table.c.user_id).where(is_person, table.c.is_out)))

    async def opt_out(self, team_id: str, user_id: str, *, out: bool) -> None:
        """Set the row; the time at which it was set so first stays. Words that are kept to be shared go."""
        table = schema.opted_out
        values = {"is_out": out, "changed_at": self._now().timestamp()}
        setting = (
            sqlite_insert(table)
            .values(team_id=team_id, user_id=user_id, **values)
            .on_conflict_do_update(
                index_elements=["team_id", "user_id"], set_=values, where=table.c.is_out.is_not(out)
            )
        )

        async def set_row(connection: AsyncConnection) -> None:
            await connection.execute(setting)
            if out:
                await drop_kept_words(connection, team_id)

        await self._database.transact(set_row)

    async def chosen_at(self, team_id: str, user_id: str) -> datetime | None:
        """Read one time."""
        table = schema.opted_out
        return await self._time(
            table.c.changed_at, (table.c.team_id == team_id) & (table.c.user_id == user_id)
        )

    async def subscribers(
        self, team_id: str, channel_id: str, *, by: datetime | None = None
    ) -> Sequence[str]:
        """By user id."""
        return await self._reading_subscribers.add((team_id, channel_id, by))

    async def _read_subscribers(
        self, wanted: Sequence[tuple[str, str, datetime | None]]
    ) -> list[Sequence[str]]:
        """Read each channel's rows once, in one transaction."""
        table = schema.subscription
        statements = {}
        for team_id, channel_id, by in set(wanted):
            of_channel = (table.c.team_id == team_id) & (
                table.c.channel_id == channel_now(team_id, channel_id)
            )
            if by is not None:
                of_channel &= table.c.since <= by.timestamp()
            statements[team_id, channel_id, by] = (
                select(table.c.user_id).where(of_channel).order_by(table.c.user_id)
            )
        read = await self._rows_of(statements)
        return [[row.user_id for row in read[one]] for one in wanted]

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
        """Delete and insert in one transaction; those that stay keep their time."""
        table, since = schema.subscription, self._now().timestamp()

        async def replace(connection: AsyncConnection) -> None:
            now_ids = [await moving.channel_id_now(connection, team_id, one) for one in channel_ids]
            of_person = (table.c.team_id == team_id) & (table.c.user_id == user_id)
            await connection.execute(delete(table).where(of_person, table.c.channel_id.not_in(now_ids)))
            for channel_id in now_ids:
                row = sqlite_insert(table).values(
                    team_id=team_id, user_id=user_id, channel_id=channel_id, since=since
                )
                await connection.execute(row.on_conflict_do_nothing())

        await self._database.transact(replace)

    async def move_channel(self, team_id: str, old_id: str, new_id: str) -> None:
        """Rename it in every table; what the new id already has of its own goes first."""
        await self._database.transact(
            partial(moving.move_channel, team_id=team_id, old_id=old_id, new_id=new_id)
        )

    async def channel_now(self, channel_id: str) -> str:
        """Look among former ids, whichever the workspace: ids of channels are unique in all of Slack."""
        table = schema.moved_channel
        rows = await self._database.rows(select(table.c.new_id).where(table.c.old_id == channel_id).limit(1))
        return str(rows[0].new_id) if rows else channel_id

    async def forget_channel(self, team_id: str, channel_id: str) -> None:
        """Delete all but what it used, which counts for the workspace from now on."""

        async def forget(connection: AsyncConnection) -> None:
            now_id = await moving.channel_id_now(connection, team_id, channel_id)
            await forgetting.forget_channel(connection, now_id, team_id)

        await self._database.transact(forget)

    async def forget_team(self, team_id: str) -> None:
        """Delete every row of a workspace."""
        await self._database.transact(partial(forgetting.forget_team, team_id=team_id))

    async def _time(self, column: ColumnElement[float], whose: ColumnElement[bool]) -> datetime | None:
        """One time, where there is a row and the time is known."""
        rows = await self._database.rows(select(column).where(whose))
        return datetime.fromtimestamp(rows[0][0], UTC) if rows and rows[0][0] else None

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
