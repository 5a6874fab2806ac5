"""Parts of a recording that are heard, and what they cost."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import literal, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.errors import Forgotten
from bot.model import Job, Part
from bot.store import schema
from bot.store.ledger import add_usage, month_name
from bot.store.records import dump_part
from bot.store.rows import id_of, is_running


async def keep_part(
    connection: AsyncConnection, *, job: Job, part: Part, billed_s: float, now: datetime
) -> None:
    """Do what ``bot.ports.store.Queue.keep`` says."""
    key, start_ms = job.key, part.span.start_ms
    if (await connection.execute(select(id_of(key)))).scalar_one() is None:
        raise Forgotten
    values = {"failed": part.failed, "content": dump_part(part)}
    row = (literal(value) for value in (start_ms, *values.values()))
    claimed = select(schema.job.c.id, *row).where(is_running(key))
    kept = await connection.execute(
        insert(schema.part)
        .from_select(["job_id", "start_ms", *values], claimed)
        .on_conflict_do_update(index_elements=["job_id", "start_ms"], set_=values)
    )
    if kept.rowcount and billed_s:
        usage = add_usage(key.team_id, key.channel_id, month_name(now), seconds=billed_s)
        await connection.execute(usage)
