"""What somebody asks for by hand: a new job, or one that has ended and begins anew."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.model import THREAD, JobState, Outcome, TranscriptionRequest
from bot.ports.store import Asked, Standing
from bot.store import schema
from bot.store.records import dump_request
from bot.store.rows import CLIPS, WORKING, insert_job

_ANSWERED = CLIPS | {Outcome.KEPT}
"""Outcomes after which a transcript stands."""
KEYS_KEPT_AT_LEAST = timedelta(days=8)
"""Slack redelivers for minutes; a week is promised, and a day more costs nothing."""
GAPS_KEPT = timedelta(days=1)
"""How long somebody may ask for the missing parts of a transcript."""


async def ask(
    connection: AsyncConnection,
    request: TranscriptionRequest,
    *,
    anew: bool,
    standing: Standing | None,
    now: float,
) -> Asked:
    """Do what ``ports.store.Requests.ask`` says of one request; ``standing`` is its reply."""
    table = schema.job
    row = (await connection.execute(select(table).where(table.c.key == str(request.key)))).first()
    if row is None:
        begun = _at_a_standing(standing, now) if standing else _at_an_old_message(request, now, anew=anew)
        await connection.execute(insert_job(request, now, **begun))
        return Asked.ACCEPTED
    is_repeated = bool(request.ask_id) and request.ask_id == row.asked
    if row.state in WORKING or (row.state == JobState.HELD and is_repeated):
        return Asked.UNDER_WAY
    has_transcript = row.outcome in _ANSWERED
    if is_repeated or (has_transcript and not anew and request.language is None):
        return Asked.ANSWERED
    await connection.execute(delete(schema.part).where(schema.part.c.job_id == row.id))
    values = {
        "state": JobState.READY,
        "attempt": 0,
        "faults": 0,
        # Who wants a transcript in place of another knows what it costs; of a question nobody has agreed to.
        "confirmed": has_transcript,
        "asked": request.ask_id,
        "accepted_at": now,
        "due_at": now,
        "ended_at": None,
        "notice": None,
        "outcome": None,
        "request": dump_request(request),
        **_reply_of(row, standing, now),
    }
    await connection.execute(update(table).where(table.c.id == row.id).values(**values))
    return Asked.ACCEPTED


async def fill_gaps(connection: AsyncConnection, *, key: str, now: datetime) -> bool:
    """Do what ``ports.store.Requests.fill_gaps`` says. Patience begins anew too, for nobody waited since."""
    job, part = schema.job, schema.part
    is_fillable = (job.c.state == JobState.GAPPED) & (job.c.ended_at > (now - GAPS_KEPT).timestamp())
    revived = await connection.execute(
        update(job)
        .where(job.c.key == key, is_fillable)
        .values(
            state=JobState.READY,
            attempt=0,
            faults=0,
            revision=job.c.revision + 1,
            confirmed=True,
            asked="",
            accepted_at=now.timestamp(),
            due_at=now.timestamp(),
            ended_at=None,
            outcome=None,
            notice=None,
        )
    )
    its_id = select(job.c.id).where(job.c.key == key)
    if revived.rowcount:
        await connection.execute(delete(part).where(part.c.job_id == its_id.scalar_subquery(), part.c.failed))
    is_working = job.c.state.in_(WORKING)
    return (await connection.execute(its_id.where(is_working))).first() is not None


def _at_a_standing(standing: Standing, now: float) -> dict[str, Any]:
    """A new row's beginning where a reply stands: its clip was counted, and its copies made, long ago."""
    return {
        "revision": standing.revision + 1,
        "reply_ts": standing.ts,
        "intent_at": _time_of(standing.ts, now),
        "confirmed": True,
        "counted": True,
    }


def _at_an_old_message(request: TranscriptionRequest, now: float, *, anew: bool) -> dict[str, Any]:
    """The same where one may stand of which nothing is known any more: the thread is looked through first."""
    posted_at = _time_of(request.key.message_ts, now)
    if request.key.audience != THREAD or posted_at > now - KEYS_KEPT_AT_LEAST.total_seconds():
        return {}
    is_again = anew or request.language is not None
    return {"intent_at": posted_at, "revision": int(is_again)}


def _reply_of(row: Row[*tuple[Any, ...]], standing: Standing | None, now: float) -> dict[str, Any]:
    """What is known of the reply that a job goes on with."""
    revision = max(row.revision, standing.revision if standing else 0) + 1
    if row.outcome == Outcome.WITHDRAWN:
        return {"revision": revision, "reply_ts": None, "intent_at": None}
    reply_ts = row.reply_ts or (standing.ts if standing else None)
    intent_at = row.intent_at if reply_ts is None or row.intent_at else _time_of(reply_ts, now)
    return {"revision": revision, "reply_ts": reply_ts, "intent_at": intent_at}


def _time_of(ts: str, now: float) -> float:
    """When a message was posted: what belongs to it stands in the thread from then on."""
    try:
        return float(ts)
    except ValueError:
        return now
