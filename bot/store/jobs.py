"""Jobs in SQLite, for one process: claiming is locked by a file, so nothing needs leases or takeover."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog
from pydantic import ValidationError
from sqlalchemy import ColumnElement, Table, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.errors import Forgotten
from bot.model import Job, JobKey, JobState, Outcome, Part, Removal, TranscriptionRequest
from bot.ports.store import Asked, Standing
from bot.store import asks, endings, removals, schema
from bot.store.database import Database
from bot.store.parts import keep_part
from bot.store.records import parse_part
from bot.store.rows import WORKING, id_of, insert_job, is_running, parse_job
from bot.store.versions import COPIES_KEPT

_IS_CLAIMABLE = (schema.job.c.state == JobState.READY) & ~removals.is_going()


class SqliteJobs:
    """``bot.ports.store.Requests``, ``Queue`` and ``Removals`` in one SQLite file: see ``open_store``."""

    def __init__(self, database: Database, now: Callable[[], datetime], retention: timedelta) -> None:
        """Work on a database whose tables exist, with a UTC clock; keys are kept for ``retention``."""
        self._database = database
        self._now = now
        self._retention = retention
        self._news = asyncio.Event()
        self._removals = asyncio.Event()
        self._turned = asyncio.Event()
        self._log = structlog.get_logger(__name__)

    async def accept(self, requests: Sequence[TranscriptionRequest]) -> int:
        """Insert what is not known yet; a known key, ended or not, changes nothing."""
        now = self._now().timestamp()

        async def insert(connection: AsyncConnection) -> int:
            statements = [insert_job(request, now) for request in requests]
            return sum([(await connection.execute(statement)).rowcount for statement in statements])

        with self._telling():
            return await self._database.transact(insert)

    async def ask(
        self,
        requests: Sequence[TranscriptionRequest],
        *,
        anew: bool = False,
        standing: Mapping[JobKey, Standing] | None = None,
    ) -> list[Asked]:
        """Insert them, or begin anew what has ended."""
        now = self._now().timestamp()
        known = standing or {}

        async def ask_all(connection: AsyncConnection) -> list[Asked]:
            return [
                await asks.ask(connection, request, anew=anew, standing=known.get(request.key), now=now)
                for request in requests
            ]

        with self._telling():
            return await self._database.transact(ask_all)

    async def agree(self, key: JobKey) -> bool:
        """Make it due; patience begins anew, for nobody waited since."""
        now, table = self._now().timestamp(), schema.job
        agreeing = (
            update(table)
            .where(table.c.key == str(key), table.c.state == JobState.HELD)
            .values(state=JobState.READY, confirmed=True, attempt=0, accepted_at=now, due_at=now)
        )
        with self._telling():
            return await self._database.changed(agreeing) > 0

    async def hold(self, job: Job) -> None:
        """Out of the queue, until somebody agrees."""
        await self._set(job.key, state=JobState.HELD, due_at=self._now().timestamp())
        self._turn()

    async def withdraw_message(
        self, team_id: str, channel_id: str, message_ts: str, *, thread_ts: str, file_id: str | None = None
    ) -> None:
        """Whatever the audience."""
        await self._withdraw(
            team_id=team_id,
            channel_id=channel_id,
            thread_ts=thread_ts,
            message_ts=message_ts,
            file_id=file_id,
            audience=None,
        )

    async def withdraw_file(self, team_id: str, file_id: str) -> int:
        """In each message that a job names; those of forgotten jobs only Slack could name."""
        now = self._now().timestamp()
        with self._telling():
            return await self._database.transact(
                partial(removals.withdraw_file, now=now, team_id=team_id, file_id=file_id)
            )

    async def withdraw_reply(self, key: JobKey, *, thread_ts: str) -> None:
        """One key's."""
        await self._withdraw(
            team_id=key.team_id,
            channel_id=key.channel_id,
            thread_ts=thread_ts,
            message_ts=key.message_ts,
            file_id=key.file_id,
            audience=key.audience,
        )

    async def claim_removal(self) -> Removal | None:
        """Take the removal that has been due for longest."""
        return await self._database.transact(partial(removals.claim, now=self._now().timestamp()))

    async def remove_later(self, removal: Removal, due: datetime) -> None:
        """Back to the others."""
        await self._database.transact(partial(removals.give_back, removal=removal, due=due))
        self._removals.set()

    async def removed(self, removal: Removal) -> None:
        """Delete its row; jobs that somebody has asked for meanwhile may begin."""
        await self._database.changed(delete(schema.removal).where(schema.removal.c.id == removal.id))
        self._news.set()

    async def wait_for_removal(self) -> None:
        """Sleep until one is written or the next due time."""
        table = schema.removal
        await self._wait(self._removals, table, table.c.claimed.is_(False))

    async def claim(self) -> Job | None:
        """Take the job that has been due for longest."""
        table = schema.job
        due = (
            select(table.c.id)
            .where(_IS_CLAIMABLE, table.c.due_at <= self._now().timestamp())
            .order_by(table.c.due_at, table.c.id)
            .limit(1)
            .scalar_subquery()
        )
        taken = update(table).where(table.c.id == due).values(state=JobState.RUNNING).returning(*table.c)
        while rows := await self._database.rows(taken):
            row = rows[0]
            try:
                return parse_job(row)
            except ValidationError as error:
                # Only a fault of ours writes such a row. It must not stop the bot at every start.
                self._log.error("job not readable", key=row.key, error=error.title)
                await self._database.transact(
                    partial(endings.drop_unreadable, row_id=row.id, now=self._now())
                )
        return None

    async def wait_for_work(self) -> None:
        """Sleep until news or the next due time."""
        await self._wait(self._news, schema.job, _IS_CLAIMABLE)

    async def retry_at(self, job: Job, due: datetime, *, fault: bool = False) -> None:
        """Back to the queue, one attempt older."""
        await self._set(
            job.key,
            state=JobState.READY,
            attempt=job.attempt + 1,
            faults=job.faults + fault,
            due_at=due.timestamp(),
        )
        self._news.set()

    async def park(self, job: Job) -> None:
        """Out of the queue, one attempt older."""
        await self._set(job.key, state=JobState.PARKED, attempt=job.attempt + 1)

    async def release_parked(self, accepted_before: datetime | None = None) -> int:
        """Back to the queue: all that are parked, or those accepted before a time."""
        statement = update(schema.job).where(schema.job.c.state == JobState.PARKED)
        if accepted_before is not None:
            statement = statement.where(schema.job.c.accepted_at <= accepted_before.timestamp())
        released = await self._database.changed(
            statement.values(state=JobState.READY, due_at=self._now().timestamp())
        )
        self._news.set()
        return released

    async def write_intent(self, job: Job) -> Job:
        """Note when the bot set out to post; the first time counts."""
        now, table = self._now(), schema.job
        # Where it did before too: whoever forgets beside this process can stop it nowhere else.
        if not await self._database.rows(select(table.c.id).where(table.c.key == str(job.key))):
            raise Forgotten
        if job.intent_at is not None:
            return job
        first = func.coalesce(table.c.intent_at, now.timestamp())
        await self._set(job.key, intent_at=first)
        return replace(job, intent_at=now)

    async def record_reply(self, job: Job, ts: str, notice: str | None) -> Job:
        """Note where the reply stands."""
        await self._set(job.key, reply_ts=ts, notice=notice)
        self._turn()
        return replace(job, reply_ts=ts, notice=notice)

    async def keep(self, job: Job, part: Part, *, billed_s: float = 0.0) -> None:
        """Insert a part, or put it in the place of a failed one; and add to the month."""
        await self._database.transact(
            partial(keep_part, job=job, part=part, billed_s=billed_s, now=self._now())
        )

    async def parts(self, job: Job) -> list[Part]:
        """Read them; one that cannot be read is left out, and so recognised anew."""
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
        """Keep the key and the outcome, drop the rest, now or when nobody may ask for it any more."""
        await self._database.transact(
            partial(
                endings.finish, job=job, outcome=outcome, has_gaps=has_gaps, copies=copies, now=self._now()
            )
        )
        if copies:
            self._news.set()
        self._turn()

    async def fill_gaps(self, key: str) -> bool:
        """Begin anew with what is kept."""
        with self._telling():
            return await self._database.transact(partial(asks.fill_gaps, key=key, now=self._now()))

    async def wait_for_turn(self, job: Job, patience_s: float) -> bool:
        """Return when no earlier file of the message lacks its place in the thread, or patience ends."""
        with suppress(TimeoutError):
            async with asyncio.timeout(patience_s):
                while True:
                    turned = self._turned
                    if not await self._has_elders(job):
                        return True
                    await turned.wait()
        return False

    async def depth(self) -> dict[JobState, int]:
        """Count unfinished jobs by state."""
        table = schema.job
        # A question that nobody has answered is no work.
        unfinished = table.c.state.in_(WORKING)
        rows = await self._database.rows(
            select(table.c.state, func.count()).where(unfinished).group_by(table.c.state)
        )
        return dict.fromkeys(WORKING, 0) | {JobState(row[0]): row[1] for row in rows}

    async def oldest_s(self) -> float:
        """How long ago the oldest unfinished job was accepted; 0 without one."""
        table = schema.job
        # Not "all but the ended ones": those are many, and an index finds these.
        unfinished = table.c.state.in_(WORKING)
        rows = await self._database.rows(select(func.min(table.c.accepted_at)).where(unfinished))
        accepted_at = rows[0][0]
        return 0.0 if accepted_at is None else max(0.0, self._now().timestamp() - accepted_at)

    async def sweep(self) -> int:
        """Forget what was kept for long enough, and what the log keeps of ended jobs."""
        now = self._now()
        sweeping = partial(endings.sweep, now=now, retention=self._retention)
        forgotten = await self._database.transact(sweeping)
        await self._database.drop_copies(before=now - COPIES_KEPT)
        await self._database.empty_log()
        return forgotten

    async def resume(self) -> int:
        """At start: what a former process was working on is due again."""
        await self._database.changed(update(schema.removal).values(claimed=False))
        return await self._database.changed(
            update(schema.job)
            .where(schema.job.c.state == JobState.RUNNING)
            .values(state=JobState.READY, due_at=self._now().timestamp())
        )

    async def _has_elders(self, job: Job) -> bool:
        table, key = schema.job, job.key
        elders = select(table.c.id).where(
            table.c.team_id == key.team_id,
            table.c.channel_id == key.channel_id,
            table.c.message_ts == key.message_ts,
            table.c.audience == key.audience,
            table.c.position < job.request.position,
            table.c.state.not_in([JobState.ENDED, JobState.GAPPED]),
            table.c.reply_ts.is_(None),
        )
        return bool(await self._database.rows(elders.limit(1)))

    def _turn(self) -> None:
        """Wake whoever waits for its turn."""
        self._turned.set()
        self._turned = asyncio.Event()

    async def _withdraw(self, **target: Any) -> None:
        with self._telling():
            await self._database.transact(partial(removals.withdraw, now=self._now().timestamp(), **target))

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """Wake whoever waits, also where the caller is cancelled: what it wanted may be done all the same."""
        try:
            yield
        finally:
            self._news.set()
            self._removals.set()
            self._turn()

    async def _wait(self, event: asyncio.Event, table: Table, waiting: ColumnElement[bool]) -> None:
        """Return at the event, or at the first due time of the rows that wait."""
        event.clear()
        first = await self._database.rows(select(func.min(table.c.due_at)).where(waiting))
        next_due = first[0][0]
        delay_s = None if next_due is None else max(0.0, next_due - self._now().timestamp())
        with suppress(TimeoutError):
            async with asyncio.timeout(delay_s):
                await event.wait()

    async def _set(self, key: JobKey, **values: Any) -> None:
        """Change a claimed job."""
        await self._database.changed(update(schema.job).where(is_running(key)).values(**values))
