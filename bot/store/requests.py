"""Requests in SQLite: accepts them, retranscribes, records consent, fills gaps, and has replies deleted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import Float, Row, cast, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.model import THREAD, JobKey, JobState, Outcome, TranscriptionRequest
from bot.ports.store import ExistingReply, KnownRecording, RequestOutcome
from bot.store import removals, schema, sharing
from bot.store.accepting import insert_all
from bot.store.batches import Batches
from bot.store.database import Database
from bot.store.moving import channel_id_now, request_now
from bot.store.removals import Target
from bot.store.rows import (
    ANSWERED,
    GAPS_KEPT,
    WORKING,
    dump_request,
    insert_job,
    key_now,
    note_reply,
)
from bot.store.signals import Signals

KEYS_KEPT_AT_LEAST = timedelta(days=8)
"""Slack redelivers for minutes; a week is promised, and a day more costs nothing."""


class SqliteRequests:
    """``bot.ports.store.Requests`` in SQLite."""

    def __init__(self, database: Database, signals: Signals, now: Callable[[], datetime]) -> None:
        """Work on a database whose tables exist, with a UTC clock."""
        self._database = database
        self._signals = signals
        self._now = now
        self._accepting = Batches(self._accept_all)

    async def accept(self, requests: Sequence[TranscriptionRequest]) -> int:
        """Insert what is not known yet; a known key, ended or not, changes nothing."""
        return await self._accepting.add(requests)

    async def _accept_all(self, events: Sequence[Sequence[TranscriptionRequest]]) -> list[int]:
        """Insert the requests of several events in one transaction; return how many of each were new."""
        now = self._now().timestamp()
        with self._signals.waking_all():
            return await self._database.transact(partial(insert_all, events=events, now=now))

    async def ask(
        self,
        requests: Sequence[TranscriptionRequest],
        *,
        retranscribe: bool = False,
        existing: Mapping[JobKey, ExistingReply] | None = None,
        words_of: JobKey | None = None,
    ) -> list[RequestOutcome]:
        """Insert them, or make jobs that have ended due again."""
        now = self._now().timestamp()
        known = existing or {}

        async def ask_all(connection: AsyncConnection) -> list[RequestOutcome]:
            outcomes = []
            for request in requests:
                named, reply = await request_now(connection, request), known.get(request.key)
                outcome = await _ask(connection, named, retranscribe=retranscribe, existing=reply, now=now)
                if outcome is RequestOutcome.ACCEPTED and words_of is not None:
                    await sharing.move_parts(connection, words_of, named.key)
                outcomes.append(outcome)
            return outcomes

        with self._signals.waking_all():
            return await self._database.transact(ask_all)

    async def consent(self, key: JobKey) -> bool:
        """Make it due; its age counts from now, for nobody waited since."""
        now, table = self._now().timestamp(), schema.job
        consenting = (
            update(table)
            .where(table.c.key == key_now(key), table.c.state == JobState.HELD)
            .values(
                state=JobState.READY, confirmed=True, attempt=0, reserved_s=0.0, accepted_at=now, due_at=now
            )
        )
        with self._signals.waking_all():
            return await self._database.changed(consenting) > 0

    async def fill_gaps(self, key: str) -> bool:
        """Make it due again with the parts that are kept."""
        with self._signals.waking_all():
            return await self._database.transact(partial(_fill_gaps, key=JobKey.parse(key), now=self._now()))

    async def remove_message(
        self,
        team_id: str,
        channel_id: str,
        message_ts: str,
        *,
        thread_ts: str | None,
        file_id: str | None = None,
    ) -> bool:
        """Withdraw for every audience."""
        now = self._now().timestamp()

        async def remove(connection: AsyncConnection) -> bool:
            now_id = await channel_id_now(connection, team_id, channel_id)
            target = Target(team_id, now_id, message_ts, file_id)
            if thread_ts is None:
                return await removals.withdraw_known(connection, target, now=now)
            await removals.withdraw(connection, target, thread_ts=thread_ts, now=now)
            return True

        with self._signals.waking_all():
            return await self._database.transact(remove)

    async def remove_file(self, team_id: str, file_id: str) -> int:
        """In each message that a job names; those of forgotten jobs only Slack could name."""
        now = self._now().timestamp()
        with self._signals.waking_all():
            return await self._database.transact(
                partial(removals.remove_file, now=now, team_id=team_id, file_id=file_id)
            )

    async def remove_reply(self, key: JobKey, *, thread_ts: str, reply_ts: str | None = None) -> None:
        """One key's."""
        now = self._now().timestamp()

        async def remove(connection: AsyncConnection) -> None:
            now_id = await channel_id_now(connection, key.team_id, key.channel_id)
            if reply_ts is not None:
                key_there = replace(key, channel_id=now_id)
                await connection.execute(note_reply(key_there, thread_ts, reply_ts, now))
            target = Target(key.team_id, now_id, key.message_ts, key.file_id, key.audience)
            await removals.withdraw(connection, target, thread_ts=thread_ts, now=now)

        with self._signals.waking_all():
            await self._database.transact(remove)

    async def depth(self) -> dict[JobState, int]:
        """Count unfinished jobs by state."""
        table = schema.job
        # A question that nobody has answered is no work.
        unfinished = table.c.state.in_(WORKING)
        rows = await self._database.rows(
            select(table.c.state, func.count()).where(unfinished).group_by(table.c.state)
        )
        return dict.fromkeys(WORKING, 0) | {JobState(row[0]): row[1] for row in rows}

    async def recordings_since(self, team_id: str, since: datetime) -> Mapping[str, Sequence[KnownRecording]]:
        """By the messages' own times."""
        table = schema.job
        rows = await self._database.rows(
            select(table.c.channel_id, table.c.message_ts, table.c.thread_ts, table.c.file_id)
            .where(
                table.c.team_id == team_id,
                cast(table.c.message_ts, Float) >= since.timestamp(),
                func.coalesce(table.c.outcome, "") != Outcome.WITHDRAWN,
            )
            .distinct()
        )
        found: dict[str, list[KnownRecording]] = {}
        for row in rows:
            thread_ts = row.thread_ts or row.message_ts
            known = KnownRecording(row.message_ts, thread_ts, row.file_id)
            found.setdefault(row.channel_id, []).append(known)
        return found

    async def oldest_s(self) -> float:
        """The age of the oldest unfinished job since it was accepted, in seconds; 0 without one."""
        table = schema.job
        # Not "all but the ended ones": those are many, and an index finds these.
        unfinished = table.c.state.in_(WORKING)
        rows = await self._database.rows(select(func.min(table.c.accepted_at)).where(unfinished))
        accepted_at = rows[0][0]
        return 0.0 if accepted_at is None else max(0.0, self._now().timestamp() - accepted_at)


async def _ask(
    connection: AsyncConnection,
    request: TranscriptionRequest,
    *,
    retranscribe: bool,
    existing: ExistingReply | None,
    now: float,
) -> RequestOutcome:
    """Store one request; ``existing`` is its reply, where somebody points at one."""
    table = schema.job
    row = (await connection.execute(select(table).where(table.c.key == str(request.key)))).first()
    if row is None:
        begun = (
            _at_a_standing(existing, now)
            if existing
            else _at_an_old_message(request, now, retranscribe=retranscribe)
        )
        await connection.execute(insert_job(request, now, **begun))
        return RequestOutcome.ACCEPTED
    is_repeated = bool(request.ask_id) and request.ask_id == row.asked
    if row.state in WORKING or (row.state == JobState.HELD and is_repeated):
        return RequestOutcome.UNDER_WAY
    has_transcript = row.outcome in ANSWERED
    if is_repeated or (has_transcript and not retranscribe and request.language is None):
        return RequestOutcome.ANSWERED
    await connection.execute(delete(schema.part).where(schema.part.c.job_id == row.id))
    values = {
        "state": JobState.READY,
        "attempt": 0,
        "faults": 0,
        "reserved_s": 0.0,
        # Who wants a transcript in place of another knows what it costs; else nobody has consented yet.
        "confirmed": has_transcript,
        "asked": request.ask_id,
        "accepted_at": now,
        "due_at": now,
        "ended_at": None,
        "notice": None,
        "outcome": None,
        "request": dump_request(request),
        **_reply_of(row, existing, now),
    }
    await connection.execute(update(table).where(table.c.id == row.id).values(**values))
    return RequestOutcome.ACCEPTED


async def _fill_gaps(connection: AsyncConnection, *, key: JobKey, now: datetime) -> bool:
    """Make it due. Its age counts from now too, for nobody waited since."""
    job, part = schema.job, schema.part
    is_fillable = (job.c.state == JobState.GAPPED) & (job.c.ended_at > (now - GAPS_KEPT).timestamp())
    revived = await connection.execute(
        update(job)
        .where(job.c.key == key_now(key), is_fillable)
        .values(
            state=JobState.READY,
            attempt=0,
            faults=0,
            reserved_s=0.0,
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
    its_id = select(job.c.id).where(job.c.key == key_now(key))
    if revived.rowcount:
        await connection.execute(delete(part).where(part.c.job_id == its_id.scalar_subquery(), part.c.failed))
    is_working = job.c.state.in_(WORKING)
    return (await connection.execute(its_id.where(is_working))).first() is not None


def _at_a_standing(existing: ExistingReply, now: float) -> dict[str, Any]:
    """A new row's beginning where a reply stands: its clip was counted, and its copies made, long ago."""
    return {
        "revision": existing.revision + 1,
        "reply_ts": existing.ts,
        "intent_at": _time_of(existing.ts, now),
        "confirmed": True,
        "counted": True,
    }


def _at_an_old_message(request: TranscriptionRequest, now: float, *, retranscribe: bool) -> dict[str, Any]:
    """A new row's beginning where a forgotten reply may stand: the thread is looked through first."""
    posted_at = _time_of(request.key.message_ts, now)
    if request.key.audience != THREAD or posted_at > now - KEYS_KEPT_AT_LEAST.total_seconds():
        return {}
    is_again = retranscribe or request.language is not None
    return {"intent_at": posted_at, "revision": int(is_again)}


def _reply_of(row: Row[*tuple[Any, ...]], existing: ExistingReply | None, now: float) -> dict[str, Any]:
    """The columns of the reply that a job goes on with."""
    revision = max(row.revision, existing.revision if existing else 0) + 1
    if row.outcome == Outcome.WITHDRAWN:
        # What stood is forgotten once it is deleted, and not before.
        return {"revision": revision}
    reply_ts = row.reply_ts or (existing.ts if existing else None)
    intent_at = row.intent_at if reply_ts is None or row.intent_at else _time_of(reply_ts, now)
    return {"revision": revision, "reply_ts": reply_ts, "intent_at": intent_at}


def _time_of(ts: str, now: float) -> float:
    """The time of a message, in seconds since the epoch: what belongs to it stands from then on."""
    try:
        return float(ts)
    except ValueError:
        return now
