"""Ends jobs: outcomes, copies for subscribers, dropped contents, and the retention of keys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.model import Job, JobState, Outcome
from bot.store import schema
from bot.store.ledger import add_usage, month_name
from bot.store.moving import request_now
from bot.store.rows import CLIPS, GAPS_KEPT, channel_now, id_of, insert_job, is_running
from bot.store.sharing import is_shareable

QUESTIONS_KEPT = timedelta(days=1)
"""The time for which somebody may consent to what a recording costs."""


async def finish(
    connection: AsyncConnection,
    *,
    job: Job,
    outcome: Outcome,
    has_gaps: bool,
    copies: Sequence[str],
    now: datetime,
    month: str,
) -> None:
    """Do what ``bot.ports.store.Queue.finish`` says; a clip counts for ``month``."""
    table, key = schema.job, job.key
    counted = select(table.c.counted).where(is_running(key))
    was_counted = (await connection.execute(counted)).scalar_one_or_none()
    if was_counted is None:
        return
    for user_id in copies if not was_counted else ():
        await _copy(connection, job, user_id, now.timestamp())
    values: dict[str, Any] = {"outcome": outcome, "ended_at": now.timestamp()}
    if outcome in CLIPS and not was_counted:
        values["counted"] = True
        channel_id = channel_now(key.team_id, key.channel_id)
        await connection.execute(add_usage(key.team_id, channel_id, month, clips=1))
    if has_gaps:
        await connection.execute(update(table).where(is_running(key)).values(state=JobState.GAPPED, **values))
    else:
        await _end(connection, is_running(key), now, **values)


async def drop_unreadable(connection: AsyncConnection, *, row_id: int, now: datetime) -> None:
    """End a job that nobody can make sense of, and drop its words."""
    is_row = schema.job.c.id == row_id
    await _end(connection, is_row, now, outcome=Outcome.UNREADABLE, ended_at=now.timestamp())


async def sweep(connection: AsyncConnection, *, now: datetime, retention: timedelta) -> int:
    """End what nobody has consented to or requested, and forget old keys and months; return how many keys."""
    table = schema.job
    unanswered = (table.c.state == JobState.HELD) & (table.c.due_at <= (now - QUESTIONS_KEPT).timestamp())
    await _end(connection, unanswered, now, outcome=Outcome.UNANSWERED, ended_at=now.timestamp())
    unasked = (table.c.state == JobState.GAPPED) & (table.c.ended_at <= (now - GAPS_KEPT).timestamp())
    await _end(connection, unasked, now)
    oldest, usage = now - retention, schema.usage
    await connection.execute(delete(usage).where(usage.c.month < month_name(oldest)))
    is_old = table.c.ended_at < oldest.timestamp()
    return (await connection.execute(delete(table).where(table.c.state == JobState.ENDED, is_old))).rowcount


async def _copy(connection: AsyncConnection, job: Job, user_id: str, now: float) -> None:
    """A job for one more reader, with the same parts; none where they have one already."""
    original = await request_now(connection, job.request)
    key = replace(original.key, audience=user_id)
    request = replace(original, key=key, explicit=False, asked_by="", ask_id="", whisper_in=None)
    # The month has counted the clip already.
    made = await connection.execute(insert_job(request, now, counted=True))
    if made.rowcount:
        part = schema.part
        parts = select(id_of(key), part.c.start_ms, part.c.failed, part.c.content)
        parts = parts.where(part.c.job_id == id_of(job.key))
        await connection.execute(insert(part).from_select(["job_id", "start_ms", "failed", "content"], parts))


async def _end(connection: AsyncConnection, whose: ColumnElement[bool], now: datetime, **values: Any) -> None:
    """End jobs and drop what they hold; the words of those that may be shared stay for a while."""
    table, part = schema.job, schema.part
    await connection.execute(update(table).where(whose).values(state=JobState.ENDED, request=None, **values))
    ended = select(table.c.id).where(table.c.id == part.c.job_id, table.c.state == JobState.ENDED)
    shareable = select(table.c.id).where(table.c.id == part.c.job_id, is_shareable(now))
    await connection.execute(delete(part).where(ended.exists(), ~shareable.exists()))
