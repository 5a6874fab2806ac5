"""The queue of jobs in SQLite, for one process: a file is locked, so nothing needs leases or takeover."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog
from pydantic import ValidationError
from sqlalchemy import ColumnElement, func, literal, select, update
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.errors import Forgotten
from bot.model import Job, JobKey, JobState, Outcome
from bot.recording import Part
from bot.store import endings, ledger, removals, schema
from bot.store.database import Database
from bot.store.ledger import add_usage, month_name, settle
from bot.store.moving import channel_id_now
from bot.store.rows import channel_now, dump_part, id_of, is_running, parse_job, parse_part
from bot.store.signals import AT_ONCE, Signals, is_beyond_reason, wait_until_due
from bot.store.versions import COPIES_KEPT


class SqliteQueue:
    """``bot.ports.store.Queue`` in SQLite, for one process: see ``open_store``."""

    def __init__(
        self,
        database: Database,
        signals: Signals,
        now: Callable[[], datetime],
        retention: timedelta,
        wall: Callable[[], datetime],
    ) -> None:
        """Work on a database whose tables exist; keys are kept for ``retention``.

        Args:
            database: Where they are.
            signals: Shared by all who write jobs.
            now: UTC that nobody sets, for what is due and how old it is.
            retention: Of keys.
            wall: UTC by the system's clock, for months and for what is compared with others' clocks.
        """
        self._database = database
        self._signals = signals
        self._now = now
        self._retention = retention
        self._wall = wall
        self._log = structlog.get_logger(__name__)

    async def claim(self, full_channels: Collection[str] = ()) -> Job | None:
        """Take the job that has been due for longest."""
        table = schema.job
        due = (
            select(table.c.id)
            .where(_claimable(full_channels), table.c.due_at <= self._now().timestamp())
            .order_by(table.c.due_at, table.c.id)
            .limit(1)
            .scalar_subquery()
        )
        # Accepted by a process whose clock was ahead: its age counts from now.
        accepted_at = func.min(table.c.accepted_at, self._now().timestamp())
        claimed = {"state": JobState.RUNNING, "accepted_at": accepted_at}
        taken = update(table).where(table.c.id == due).values(**claimed).returning(*table.c)
        while rows := await self._database.rows(taken):
            row = rows[0]
            try:
                return parse_job(row)
            except ValidationError as error:
                # Only a bug of ours writes such a row. It must not stop the bot at every start.
                self._log.error("job not readable", key=row.key, error=error.title)
                await self._database.transact(
                    partial(endings.drop_unreadable, row_id=row.id, now=self._now())
                )
        return None

    async def wait_for_work(self, full_channels: Collection[str] = ()) -> None:
        """Sleep until news or the next due time."""
        claimable = _claimable(full_channels)
        await wait_until_due(self._signals.work, self._database, schema.job, claimable, self._now)

    async def retry_at(self, job: Job, due: datetime, *, bug: bool = False) -> None:
        """Back to the queue, one attempt older."""
        await self._set(
            job.key,
            state=JobState.READY,
            attempt=job.attempt + 1,
            faults=job.bugs + bug,
            due_at=due.timestamp(),
        )
        self._signals.work.set()

    async def park(self, job: Job) -> None:
        """Out of the queue, one attempt older."""
        await self._set(job.key, state=JobState.PARKED, attempt=job.attempt + 1)

    async def has_parked(self) -> bool:
        """Look for one."""
        table = schema.job
        parked = select(table.c.id).where(table.c.state == JobState.PARKED).limit(1)
        return bool(await self._database.rows(parked))

    async def release_parked(self, accepted_before: datetime | None = None) -> int:
        """Back to the queue: all that are parked, or those accepted before a time."""
        statement = update(schema.job).where(schema.job.c.state == JobState.PARKED)
        if accepted_before is not None:
            statement = statement.where(schema.job.c.accepted_at <= accepted_before.timestamp())
        released = await self._database.changed(
            statement.values(state=JobState.READY, due_at=self._now().timestamp())
        )
        self._signals.work.set()
        return released

    async def hold(self, job: Job) -> None:
        """Out of the queue, until somebody agrees."""
        await self._set(job.key, state=JobState.HELD, due_at=self._now().timestamp())
        self._signals.next_turn()

    async def write_intent(self, job: Job) -> Job:
        """Note when the bot set out to post; the first time counts."""
        # Slack's replies are looked through from then on: the earlier the safer, whichever clock is wrong.
        now, table = min(self._now(), self._wall()), schema.job
        # Where it did before too: whoever forgets beside this process can stop it nowhere else.
        if not await self._database.rows(select(table.c.id).where(is_running(job.key))):
            raise Forgotten
        if job.intent_at is not None:
            return job
        first = func.coalesce(table.c.intent_at, now.timestamp())
        await self._set(job.key, intent_at=first)
        return replace(job, intent_at=now)

    async def record_reply(self, job: Job, ts: str, notice: str | None) -> Job:
        """Note where the reply stands."""
        await self._set(job.key, reply_ts=ts, notice=notice)
        self._signals.next_turn()
        return replace(job, reply_ts=ts, notice=notice)

    async def reserve(self, job: Job, seconds: float, *, most_s: float, anew: bool = False) -> bool:
        """Add to the job's row where it fits, in one statement."""
        reserving = ledger.reserve(job.key, seconds, month=month_name(self._wall()), most_s=most_s, anew=anew)
        if await self._database.changed(reserving):
            return True
        if not await self._database.rows(select(schema.job.c.id).where(is_running(job.key))):
            raise Forgotten
        return False

    async def keep(self, job: Job, part: Part, *, billed_s: float = 0.0) -> None:
        """Insert a part, or put it in the place of a failed one; and add to the month."""
        await self._database.transact(
            partial(_keep_part, job=job, part=part, billed_s=billed_s, month=month_name(self._wall()))
        )

    async def parts(self, job: Job) -> list[Part]:
        """Read them; one that cannot be read is left out, and so recognised again."""
        part = schema.part
        rows = await self._database.rows(
            select(part.c.content).where(part.c.job_id == id_of(job.key)).order_by(part.c.start_ms)
        )
        parts = []
        for row in rows:
            try:
                parts.append(parse_part(row.content))
            except ValidationError as error:
                self._log.error("part not readable", key=str(job.key), error=error.title)
        return parts

    async def finish(
        self, job: Job, outcome: Outcome, *, has_gaps: bool = False, copies: Sequence[str] = ()
    ) -> None:
        """Keep the key and the outcome, drop the rest, now or when its gaps may not be filled any more."""
        await self._database.transact(
            partial(
                endings.finish,
                job=job,
                outcome=outcome,
                has_gaps=has_gaps,
                copies=copies,
                now=self._now(),
                month=month_name(self._wall()),
            )
        )
        if copies:
            self._signals.work.set()
        self._signals.next_turn()

    async def withdraw(self, job: Job) -> None:
        """Withdraw the message that it is about."""
        key, now = job.key, self._now().timestamp()

        async def withdraw(connection: AsyncConnection) -> None:
            now_id = await channel_id_now(connection, key.team_id, key.channel_id)
            target = removals.Target(key.team_id, now_id, key.message_ts)
            await removals.withdraw(connection, target, thread_ts=job.request.thread_ts, now=now)

        with self._signals.waking_all():
            await self._database.transact(withdraw)

    async def wait_for_earlier_files(self, job: Job, patience_s: float) -> bool:
        """Return when no earlier file of the message lacks its place in the thread, or patience ends."""
        with suppress(TimeoutError):
            async with asyncio.timeout(patience_s):
                while True:
                    turned = self._signals.turn
                    if not await self._has_earlier_unanswered(job):
                        return True
                    await turned.wait()
        return False

    async def sweep(self) -> int:
        """Forget what was kept for long enough, and what the log keeps of ended jobs."""
        sweeping = partial(endings.sweep, now=self._now(), retention=self._retention)
        forgotten = await self._database.transact(sweeping)
        await self._database.drop_copies(before=self._wall() - COPIES_KEPT)
        await self._database.empty_log()
        return forgotten

    async def resume(self) -> int:
        """At start: what a former process was working on is due again, and what waits for too long is too."""
        table = schema.job
        is_ready = table.c.state == JobState.READY
        # The clock was ahead when it was accepted, or when its delay was written.
        is_ahead = is_beyond_reason(table, self._now()) | (table.c.accepted_at > self._now().timestamp())
        await self._database.changed(update(table).where(is_ready, is_ahead).values(due_at=AT_ONCE))
        return await self._database.changed(
            update(table)
            .where(table.c.state == JobState.RUNNING)
            .values(state=JobState.READY, due_at=AT_ONCE)
        )

    async def _has_earlier_unanswered(self, job: Job) -> bool:
        table, key = schema.job, job.key
        earlier = select(table.c.id).where(
            table.c.team_id == key.team_id,
            table.c.channel_id == channel_now(key.team_id, key.channel_id),
            table.c.message_ts == key.message_ts,
            table.c.audience == key.audience,
            table.c.position < job.request.position,
            table.c.state.not_in([JobState.ENDED, JobState.GAPPED]),
            table.c.reply_ts.is_(None),
        )
        return bool(await self._database.rows(earlier.limit(1)))

    async def _set(self, key: JobKey, **values: Any) -> None:
        """Change a claimed job."""
        await self._database.changed(update(schema.job).where(is_running(key)).values(**values))


def _claimable(full_channels: Collection[str]) -> ColumnElement[bool]:
    is_claimable = (schema.job.c.state == JobState.READY) & ~removals.is_going()
    return is_claimable & schema.job.c.channel_id.not_in(full_channels) if full_channels else is_claimable


async def _keep_part(
    connection: AsyncConnection, *, job: Job, part: Part, billed_s: float, month: str
) -> None:
    """Keep it where its job is claimed, and count what it cost."""
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
        channel_id = channel_now(key.team_id, key.channel_id)
        usage = add_usage(key.team_id, channel_id, month, seconds=billed_s)
        await connection.execute(usage)
        await connection.execute(settle(key, billed_s))
