"""Waiting events in SQLite."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.ports.store import WaitingEvent
from bot.store import schema
from bot.store.batches import Batches
from bot.store.database import Database
from bot.store.signals import AT_ONCE


class SqliteEvents:
    """``bot.ports.store.WaitingEvents`` in SQLite."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        """Work on a database whose tables exist, with a UTC clock that nobody sets."""
        self._database = database
        self._now = now
        self._keeping = Batches(self._keep_all)
        self._dropping = Batches(self._drop_all)

    async def keep(self, event_id: str, body: str) -> None:
        """Insert it in one transaction with others."""
        await self._keeping.add((event_id or None, body))

    async def _keep_all(self, events: Sequence[tuple[str | None, str]]) -> list[None]:
        now = self._now().timestamp()
        rows = [
            {"event_id": event_id, "body": body, "attempt": 0, "received_at": now, "due_at": AT_ONCE}
            for event_id, body in events
        ]

        async def insert_all(connection: AsyncConnection) -> None:
            await connection.execute(insert(schema.waiting_event).on_conflict_do_nothing(), rows)

        await self._database.transact(insert_all)
        return [None] * len(events)

    async def due(self, most: int, besides: Collection[int] = ()) -> list[WaitingEvent]:
        """Those with the lowest ids."""
        table = schema.waiting_event
        rows = await self._database.rows(
            select(table.c.id, table.c.body, table.c.attempt, table.c.received_at)
            .where(table.c.due_at <= self._now().timestamp(), table.c.id.not_in(besides))
            .order_by(table.c.id)
            .limit(most)
        )
        return [
            WaitingEvent(row.id, row.body, row.attempt, datetime.fromtimestamp(row.received_at, UTC))
            for row in rows
        ]

    async def next_due_s(self, besides: Collection[int] = ()) -> float | None:
        """By the lowest ``due_at``."""
        table = schema.waiting_event
        rows = await self._database.rows(select(func.min(table.c.due_at)).where(table.c.id.not_in(besides)))
        due_at = rows[0][0]
        return None if due_at is None else max(0.0, due_at - self._now().timestamp())

    async def delay(self, event: WaitingEvent, delay_s: float) -> None:
        """One attempt older."""
        table = schema.waiting_event
        due_at = self._now().timestamp() + delay_s
        await self._database.changed(
            update(table).where(table.c.id == event.number).values(attempt=event.attempt + 1, due_at=due_at)
        )

    async def drop(self, event: WaitingEvent) -> None:
        """Delete it in one transaction with others."""
        await self._dropping.add(event.number)

    async def _drop_all(self, numbers: Sequence[int]) -> list[None]:
        table = schema.waiting_event
        await self._database.changed(delete(table).where(table.c.id.in_(numbers)))
        return [None] * len(numbers)
