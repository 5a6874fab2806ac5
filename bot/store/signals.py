"""Events within this process that wake who waits for the database to change."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Table, func, select

from bot.store.database import Database

AT_ONCE = 0.0
"""A ``due_at`` that has come by whatever clock."""
_LONGEST_WAIT = timedelta(hours=1)
"""No delay is longer: it is the most that Slack or the recogniser may ask for."""


class Signals:
    """Shared by all who write jobs and removals.

    Attributes:
        work: A job may be due.
        removal: A removal may be due.
        turn: A file may have its place in the thread; replaced each time, for many wait.
    """

    def __init__(self) -> None:
        self.work = asyncio.Event()
        self.removal = asyncio.Event()
        self.turn = asyncio.Event()

    def next_turn(self) -> None:
        """Wake the jobs that wait for earlier files."""
        self.turn.set()
        self.turn = asyncio.Event()

    @contextmanager
    def waking_all(self) -> Iterator[None]:
        """Wake everybody, also where the caller is cancelled: what it wanted may be done all the same."""
        try:
            yield
        finally:
            self.work.set()
            self.removal.set()
            self.next_turn()


def is_beyond_reason(table: Table, now: datetime) -> ColumnElement[bool]:
    """True for rows that are due later than any delay makes them: the clock was ahead when it was written."""
    return table.c.due_at > (now + _LONGEST_WAIT).timestamp()


async def wait_until_due(
    event: asyncio.Event,
    database: Database,
    table: Table,
    waiting: ColumnElement[bool],
    now: Callable[[], datetime],
) -> None:
    """Return at the event, or at the first ``due_at`` of the rows that wait."""
    event.clear()
    first = await database.rows(select(func.min(table.c.due_at)).where(waiting))
    next_due = first[0][0]
    delay_s = None if next_due is None else max(0.0, next_due - now().timestamp())
    with suppress(TimeoutError):
        async with asyncio.timeout(delay_s):
            await event.wait()
