"""Words of private answers, kept for a while after their jobs have ended, so that sharing costs nothing."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.model import SUBSCRIBERS, THREAD, JobKey, JobState
from bot.store import schema
from bot.store.rows import CLIPS, id_of

WORDS_KEPT = timedelta(minutes=30)
"""The time for which a private answer is shared as it was heard."""


def is_shareable(now: datetime) -> ColumnElement[bool]:
    """True for rows of jobs that have ended with a transcript for one person, not long ago."""
    table = schema.job
    return (
        table.c.audience.not_in([THREAD, SUBSCRIBERS])
        & table.c.outcome.in_(CLIPS)
        & (table.c.ended_at > (now - WORDS_KEPT).timestamp())
    )


async def move_parts(connection: AsyncConnection, source: JobKey, target: JobKey) -> None:
    """Begin a job with the words that another one ended with; where gaps may be filled, both keep them."""
    job, part = schema.job, schema.part
    of_source = part.c.job_id == id_of(source)
    parts = select(id_of(target), part.c.start_ms, part.c.failed, part.c.content).where(of_source)
    await connection.execute(insert(part).from_select(["job_id", "start_ms", "failed", "content"], parts))
    has_ended = select(job.c.id).where(job.c.id == part.c.job_id, job.c.state == JobState.ENDED).exists()
    await connection.execute(delete(part).where(of_source, has_ended))


async def drop_kept_words(connection: AsyncConnection, team_id: str | None = None) -> None:
    """Delete what is kept to be shared, of a workspace or of all: no row says any more who spoke."""
    job, part = schema.job, schema.part
    ended = select(job.c.id).where(job.c.state == JobState.ENDED)
    if team_id is not None:
        ended = ended.where(job.c.team_id == team_id)
    await connection.execute(delete(part).where(part.c.job_id.in_(ended)))
