"""Jobs in a dictionary, on virtual time. Held to the same contract as the real ones."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.model import Job, JobKey, Part, TranscriptionRequest
from tests.job.virtual import VirtualTime


@dataclass
class Row:
    job: Job
    state: str
    due_at: datetime
    outcome: str | None = None
    ended_at: datetime | None = None
    parts: dict[int, Part] = field(default_factory=dict)


class MemoryJobs:
    """``bot.ports.Jobs``."""

    def __init__(self, time: VirtualTime) -> None:
        self.rows: dict[JobKey, Row] = {}
        self._time = time
        self._news = asyncio.Event()
        self._turned = asyncio.Event()

    def outcomes(self) -> list[str | None]:
        return [row.outcome for row in self.rows.values()]

    async def accept(self, requests: Sequence[TranscriptionRequest]) -> int:
        now = self._time.now()
        new = [request for request in requests if request.key not in self.rows]
        for request in new:
            self.rows[request.key] = Row(Job(request, now, 0, None, None, None), "ready", now)
        self._news.set()
        return len(new)

    async def claim(self) -> Job | None:
        due = [r for r in self.rows.values() if r.state == "ready" and r.due_at <= self._time.now()]
        if not due:
            return None
        row = min(due, key=lambda row: row.due_at)
        row.state = "running"
        return row.job

    async def wait_for_work(self) -> None:
        self._news.clear()
        due = min((row.due_at for row in self.rows.values() if row.state == "ready"), default=None)
        await self._time.wait(self._news, None if due is None else (due - self._time.now()).total_seconds())

    async def retry_at(self, job: Job, due: datetime, *, fault: bool = False) -> None:
        if row := self._running(job):
            row.job = row.job.having(attempt=job.attempt + 1, faults=job.faults + fault)
            row.state, row.due_at = "ready", due
            self._news.set()

    async def park(self, job: Job) -> None:
        if row := self._running(job):
            row.job = row.job.having(attempt=job.attempt + 1)
            row.state = "parked"

    async def release_parked(self, accepted_before: datetime | None = None) -> int:
        parked = [
            row
            for row in self.rows.values()
            if row.state == "parked" and (accepted_before is None or row.job.accepted_at <= accepted_before)
        ]
        for row in parked:
            row.state, row.due_at = "ready", self._time.now()
        self._news.set()
        return len(parked)

    async def write_intent(self, job: Job) -> Job:
        if job.intent_at is not None:
            return job
        return self._change(job, intent_at=self._time.now())

    async def record_reply(self, job: Job, ts: str, notice: str | None) -> Job:
        return self._change(job, reply_ts=ts, notice=notice)

    async def keep(self, job: Job, part: Part) -> None:
        if row := self._running(job):
            row.parts[part.span.start_ms] = part

    async def parts(self, job: Job) -> list[Part]:
        return [part for _, part in sorted(self.rows[job.key].parts.items())]

    async def finish(self, job: Job, outcome: str, *, has_gaps: bool = False) -> None:
        if row := self._running(job):
            row.state, row.outcome, row.ended_at = (
                "gapped" if has_gaps else "ended",
                outcome,
                self._time.now(),
            )
            if not has_gaps:
                row.parts.clear()
            self._turn()

    async def fill_gaps(self, key: str) -> bool:
        row = next((row for known, row in self.rows.items() if str(known) == key), None)
        if row is not None and row.state == "gapped" and not self._is_stale(row):
            now = self._time.now()
            row.job = row.job.having(
                accepted_at=now, attempt=0, faults=0, notice=None, revision=row.job.revision + 1
            )
            row.state, row.due_at, row.ended_at, row.outcome = "ready", now, None, None
            row.parts = {start: part for start, part in row.parts.items() if not part.failed}
            self._news.set()
        return row is not None and row.state in {"ready", "running", "parked"}

    async def wait_for_turn(self, job: Job, patience_s: float) -> bool:
        end = self._time.now() + timedelta(seconds=patience_s)
        while has_elders := self._has_elders(job):
            left_s = (end - self._time.now()).total_seconds()
            if left_s <= 0:
                break
            await self._time.wait(self._turned, left_s)
        return not has_elders

    async def depth(self) -> dict[str, int]:
        states = [row.state for row in self.rows.values()]
        return {state: states.count(state) for state in ("ready", "running", "parked")}

    async def sweep(self) -> int:
        for row in self.rows.values():
            if row.state == "gapped" and self._is_stale(row):
                row.state, row.parts = "ended", {}
        before = self._time.now() - timedelta(days=8)
        old = [key for key, row in self.rows.items() if row.ended_at is not None and row.ended_at < before]
        for key in old:
            del self.rows[key]
        return len(old)

    def _is_stale(self, row: Row) -> bool:
        return row.ended_at is not None and row.ended_at <= self._time.now() - timedelta(days=1)

    def _running(self, job: Job) -> Row | None:
        row = self.rows[job.key]
        return row if row.state == "running" else None

    def _change(self, job: Job, **changes: object) -> Job:
        if row := self._running(job):
            row.job = row.job.having(**changes)
            self._turn()
        return job.having(**changes)

    def _turn(self) -> None:
        self._turned.set()
        self._turned = asyncio.Event()

    def _has_elders(self, job: Job) -> bool:
        return any(
            row.state not in {"ended", "gapped"}
            and row.job.reply_ts is None
            and (key.team_id, key.channel_id, key.message_ts)
            == (job.key.team_id, job.key.channel_id, job.key.message_ts)
            and row.job.request.position < job.request.position
            for key, row in self.rows.items()
        )
