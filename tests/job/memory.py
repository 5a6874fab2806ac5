"""Jobs in a dictionary, on virtual time. Held to the same contract as the real ones."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from bot.errors import Forgotten
from bot.model import THREAD, Job, JobKey, JobState, Outcome, Removal, TranscriptionRequest
from bot.ports.store import ExistingReply, KnownRecording, RequestOutcome
from bot.recording import Part
from bot.slack.incoming.files import stub
from tests.job.memory_ledger import MemoryLedger
from tests.job.virtual import VirtualTime

WORKING = (JobState.READY, JobState.RUNNING, JobState.PARKED)
KEYS_KEPT = timedelta(days=8)
CLIPS = {Outcome.TRANSCRIBED, Outcome.GAPPED, Outcome.TRANSCRIBED_BEFORE, Outcome.GAPPED_BEFORE}
ANSWERED = {*CLIPS, Outcome.KEPT}


@dataclass
class Row:
    job: Job
    state: JobState
    due_at: datetime
    outcome: Outcome | None = None
    ended_at: datetime | None = None
    parts: dict[int, Part] = field(default_factory=dict)
    counted: bool = False
    asked: str = ""
    reserved_s: float = 0.0


@dataclass
class RemovalRow:
    removal: Removal
    due_at: datetime
    claimed: bool = False


class MemoryJobs:
    """All of a store's jobs; writes its ``ledger``."""

    def __init__(self, time: VirtualTime) -> None:
        self.rows: dict[JobKey, Row] = {}
        self.removals: dict[int, RemovalRow] = {}
        self.moved: dict[tuple[str, str], str] = {}
        """By workspace and former id of a channel: its id now."""
        self.ledger = MemoryLedger()
        self._time = time
        self._ids = itertools.count(1)
        self._news = asyncio.Event()
        self._turned = asyncio.Event()

    def outcomes(self) -> list[Outcome | None]:
        return [row.outcome for row in self.rows.values()]

    async def accept(self, requests: Sequence[TranscriptionRequest]) -> int:
        named = [self._request_now(request) for request in requests]
        new = [request for request in named if request.key not in self.rows]
        for request in new:
            self._insert(request)
        return len({request.key for request in new})

    async def ask(
        self,
        requests: Sequence[TranscriptionRequest],
        *,
        retranscribe: bool = False,
        existing: Mapping[JobKey, ExistingReply] | None = None,
        words_of: JobKey | None = None,
    ) -> list[RequestOutcome]:
        before, known = dict(self.rows), existing or {}
        try:
            outcomes = []
            for request in requests:
                named = self._request_now(request)
                outcomes.append(self._ask(named, known.get(request.key), retranscribe=retranscribe))
                if outcomes[-1] is RequestOutcome.ACCEPTED and words_of is not None:
                    self._move_parts(words_of, named.key)
        except BaseException:
            self.rows = before
            raise
        return outcomes

    def _ask(
        self, request: TranscriptionRequest, existing: ExistingReply | None, *, retranscribe: bool
    ) -> RequestOutcome:
        row = self.rows.get(request.key)
        if row is None:
            row = self._insert(request)
            posted_at = _time_of(request.key.message_ts)
            if existing is not None:
                row.counted = True
                row.job = replace(
                    row.job,
                    revision=existing.revision + 1,
                    reply_ts=existing.ts,
                    intent_at=_time_of(existing.ts),
                    is_confirmed=True,
                )
            elif request.key.audience == THREAD and posted_at <= self._time.now() - KEYS_KEPT:
                again = retranscribe or request.language is not None
                row.job = replace(row.job, intent_at=posted_at, revision=int(again))
            return RequestOutcome.ACCEPTED
        is_repeated = bool(request.ask_id) and request.ask_id == row.asked
        if row.state in WORKING or (row.state == JobState.HELD and is_repeated):
            return RequestOutcome.UNDER_WAY
        if is_repeated or (not (retranscribe or request.language) and row.outcome in ANSWERED):
            return RequestOutcome.ANSWERED
        self._begin_anew(row, request, existing)
        return RequestOutcome.ACCEPTED

    def _begin_anew(self, row: Row, request: TranscriptionRequest, existing: ExistingReply | None) -> None:
        now, before = self._time.now(), row.job
        reply_ts, intent_at = before.reply_ts, before.intent_at
        revision = max(before.revision, existing.revision if existing else 0) + 1
        if row.outcome != Outcome.WITHDRAWN:
            reply_ts = reply_ts or (existing.ts if existing else None)
            if reply_ts is not None:
                intent_at = intent_at or _time_of(reply_ts)
        agreed = row.outcome in ANSWERED
        job = Job(request, now, 0, intent_at, reply_ts, None, revision=revision, is_confirmed=agreed)
        self.rows[request.key] = Row(job, JobState.READY, now, counted=row.counted, asked=request.ask_id)
        self._tell()

    def _move_parts(self, source: JobKey, target: JobKey) -> None:
        row = self.rows.get(self._key_now(source))
        if row is None:
            return
        self.rows[target].parts = dict(row.parts)
        if row.state == JobState.ENDED:
            row.parts.clear()

    def drop_kept_words(self, team_id: str) -> None:
        for key, row in self.rows.items():
            if key.team_id == team_id and row.state == JobState.ENDED:
                row.parts.clear()

    async def consent(self, key: JobKey) -> bool:
        row = self.rows.get(self._key_now(key))
        if row is None or row.state != JobState.HELD:
            return False
        now = self._time.now()
        row.job = replace(row.job, is_confirmed=True, attempt=0, accepted_at=now)
        row.state, row.due_at, row.reserved_s = JobState.READY, now, 0.0
        self._tell()
        return True

    async def remove_message(
        self,
        team_id: str,
        channel_id: str,
        message_ts: str,
        *,
        thread_ts: str | None,
        file_id: str | None = None,
    ) -> bool:
        channel_id = self.channel_now(team_id, channel_id)
        removal = Removal(0, team_id, channel_id, thread_ts or "", message_ts, file_id, None, 0, ())
        if thread_ts is None:
            known = [
                row.job.request.thread_ts
                for key, row in self.rows.items()
                if removal.covers(key) and row.outcome != Outcome.WITHDRAWN
            ]
            if not known:
                return False
            removal = replace(removal, thread_ts=max(known))
        self._withdraw(removal)
        return True

    async def withdraw(self, job: Job) -> None:
        key, thread_ts = self._key_now(job.key), job.request.thread_ts
        self._withdraw(Removal(0, key.team_id, key.channel_id, thread_ts, key.message_ts, None, None, 0, ()))

    async def remove_file(self, team_id: str, file_id: str) -> int:
        threads = {
            (key.channel_id, key.message_ts): row.job.request.thread_ts
            for key, row in self.rows.items()
            if (key.team_id, key.file_id) == (team_id, file_id)
        }
        for (channel_id, message_ts), thread_ts in threads.items():
            self._withdraw(Removal(0, team_id, channel_id, thread_ts, message_ts, file_id, None, 0, ()))
        return len(threads)

    async def remove_reply(self, key: JobKey, *, thread_ts: str, reply_ts: str | None = None) -> None:
        key = self._key_now(key)
        if reply_ts is not None:
            if key not in self.rows:
                self._insert(
                    TranscriptionRequest(key, stub(key.file_id), thread_ts, "", 0, 1, explicit=False)
                )
            row = self.rows[key]
            row.job = replace(row.job, reply_ts=reply_ts)
        self._withdraw(
            Removal(
                *(0, key.team_id, key.channel_id, thread_ts, key.message_ts),
                *(key.file_id, key.audience, 0, ()),
            )
        )

    def _withdraw(self, removal: Removal) -> None:
        known = [
            replace(row.removal, id=0, thread_ts="", attempt=0)
            for row in self.removals.values()
            if not row.claimed
        ]
        if replace(removal, thread_ts="") not in known:
            number = next(self._ids)
            self.removals[number] = RemovalRow(replace(removal, id=number), self._time.now())
        for key, row in self.rows.items():
            if removal.covers(key):
                row.state, row.outcome, row.parts = JobState.ENDED, Outcome.WITHDRAWN, {}
                row.ended_at = self._time.now()
        self._tell()
        self._turn()

    async def wait_for_removal(self) -> None:
        await self._wait([row.due_at for row in self.removals.values() if not row.claimed])

    async def claim_removal(self) -> Removal | None:
        now = self._time.now()
        due = [row for row in self.removals.values() if not row.claimed and row.due_at <= now]
        if not due:
            return None
        row = min(due, key=lambda row: row.due_at)
        row.claimed = True
        covered = {key: known for key, known in self.rows.items() if row.removal.covers(key)}
        since = [time for known in covered.values() if (time := _unnoted_since(known)) is not None]
        return replace(
            row.removal,
            keys=tuple(covered),
            replies=tuple((key, ts) for key, known in covered.items() if (ts := known.job.reply_ts)),
            posts_since=min(since, default=None),
        )

    async def remove_later(self, removal: Removal, due: datetime) -> None:
        if row := self.removals.get(removal.id):
            row.removal = replace(row.removal, attempt=removal.attempt + 1)
            row.claimed, row.due_at = False, due
            self._tell()

    async def removed(self, removal: Removal) -> None:
        self.removals.pop(removal.id, None)
        for key, row in self.rows.items():
            if removal.covers(key):
                row.job = replace(row.job, reply_ts=None, intent_at=None)
        self._tell()

    async def claim(self, full_channels: Collection[str] = ()) -> Job | None:
        due = [row for row in self._claimable(full_channels) if row.due_at <= self._time.now()]
        if not due:
            return None
        row = min(due, key=lambda row: row.due_at)
        row.state = JobState.RUNNING
        return row.job

    async def wait_for_work(self, full_channels: Collection[str] = ()) -> None:
        await self._wait([row.due_at for row in self._claimable(full_channels)])

    async def retry_at(self, job: Job, due: datetime, *, bug: bool = False) -> None:
        if row := self._running(job):
            row.job = replace(row.job, attempt=job.attempt + 1, bugs=job.bugs + bug)
            row.state, row.due_at = JobState.READY, due
            self._tell()

    async def park(self, job: Job) -> None:
        if row := self._running(job):
            row.job = replace(row.job, attempt=job.attempt + 1)
            row.state = JobState.PARKED

    async def has_parked(self) -> bool:
        return any(row.state == JobState.PARKED for row in self.rows.values())

    async def release_parked(self, accepted_before: datetime | None = None) -> int:
        parked = [
            row
            for row in self.rows.values()
            if row.state == JobState.PARKED
            and (accepted_before is None or row.job.accepted_at <= accepted_before)
        ]
        for row in parked:
            row.state, row.due_at = JobState.READY, self._time.now()
        self._tell()
        return len(parked)

    async def write_intent(self, job: Job) -> Job:
        if self._running(job) is None:
            raise Forgotten
        if job.intent_at is not None:
            return job
        now = self._time.now()
        return self._change(job, lambda known: replace(known, intent_at=now))

    async def record_reply(self, job: Job, ts: str, notice: str | None) -> Job:
        return self._change(job, lambda known: replace(known, reply_ts=ts, notice=notice))

    async def reserve(self, job: Job, seconds: float, *, most_s: float, anew: bool = False) -> bool:
        row = self._running(job)
        if row is None:
            raise Forgotten
        wanted_s = seconds if anew else row.reserved_s + seconds
        others_s = sum(
            other.reserved_s
            for key, other in self.rows.items()
            if key.team_id == job.key.team_id and other is not row and other.state in WORKING
        )
        if (await self.ledger.used(job.key.team_id, self._time.now())).seconds + others_s + wanted_s > most_s:
            return False
        row.reserved_s = wanted_s
        return True

    async def keep(self, job: Job, part: Part, *, billed_s: float = 0.0) -> None:
        self._check_known(job)
        if row := self._running(job):
            row.parts[part.span.start_ms] = part
            if billed_s:
                self._count(self._key_now(job.key), seconds=billed_s)
                row.reserved_s = max(0.0, row.reserved_s - billed_s)

    async def parts(self, job: Job) -> list[Part]:
        row = self.rows.get(self._key_now(job.key))
        return [] if row is None else [part for _, part in sorted(row.parts.items())]

    async def finish(
        self, job: Job, outcome: Outcome, *, has_gaps: bool = False, copies: Sequence[str] = ()
    ) -> None:
        if row := self._running(job):
            for user_id in copies if not row.counted else ():
                self._copy(row, user_id)
            if outcome in CLIPS and not row.counted:
                row.counted = True
                self._count(self._key_now(job.key), clips=1)
            row.outcome, row.ended_at = outcome, self._time.now()
            row.state = JobState.GAPPED if has_gaps else JobState.ENDED
            if not has_gaps and not (row.job.key.reader_id and outcome in CLIPS):
                row.parts.clear()
        self._turn()

    def _copy(self, row: Row, user_id: str) -> None:
        request = row.job.request
        key = replace(request.key, audience=user_id)
        if key in self.rows:
            return
        copied = self._insert(
            replace(request, key=key, explicit=False, asked_by="", ask_id="", whisper_in=None)
        )
        copied.parts, copied.counted = dict(row.parts), True

    async def hold(self, job: Job) -> None:
        if row := self._running(job):
            row.state, row.due_at = JobState.HELD, self._time.now() + timedelta(days=1)
            self._turn()

    async def fill_gaps(self, key: str) -> bool:
        row = self.rows.get(self._key_now(JobKey.parse(key)))
        if row is not None and row.state == JobState.GAPPED and not self._is_stale(row):
            now = self._time.now()
            row.job = replace(
                row.job,
                accepted_at=now,
                attempt=0,
                bugs=0,
                notice=None,
                revision=row.job.revision + 1,
                is_confirmed=True,
                fills_gaps=True,
            )
            row.state, row.due_at, row.ended_at, row.outcome = JobState.READY, now, None, None
            row.parts = {start: part for start, part in row.parts.items() if not part.failed}
            row.reserved_s = 0.0
            self._tell()
        return row is not None and row.state in WORKING

    async def wait_for_earlier_files(self, job: Job, patience_s: float) -> bool:
        end = self._time.now() + timedelta(seconds=patience_s)
        while has_elders := self._has_earlier_unanswered(job):
            left_s = (end - self._time.now()).total_seconds()
            if left_s <= 0:
                break
            await self._time.wait(self._turned, left_s)
        return not has_elders

    async def recordings_since(self, team_id: str, since: datetime) -> Mapping[str, Sequence[KnownRecording]]:
        found: dict[str, list[KnownRecording]] = {}
        for key, row in self.rows.items():
            is_late = key.team_id == team_id and float(key.message_ts) >= since.timestamp()
            known = KnownRecording(key.message_ts, row.job.request.thread_ts, key.file_id)
            if (
                is_late
                and row.outcome is not Outcome.WITHDRAWN
                and known not in found.get(key.channel_id, ())
            ):
                found.setdefault(key.channel_id, []).append(known)
        return {channel_id: recordings for channel_id, recordings in found.items() if recordings}

    async def depth(self) -> dict[JobState, int]:
        states = [row.state for row in self.rows.values()]
        return {state: states.count(state) for state in WORKING}

    async def sweep(self) -> int:
        now = self._time.now()
        for row in self.rows.values():
            if row.state == JobState.GAPPED and self._is_stale(row):
                row.state, row.parts = JobState.ENDED, {}
            elif row.state == JobState.ENDED and row.ended_at and row.ended_at <= now - timedelta(minutes=30):
                row.parts = {}
            elif row.state == JobState.HELD and row.due_at <= now:
                row.state, row.outcome, row.ended_at, row.parts = JobState.ENDED, Outcome.UNANSWERED, now, {}
        before = now - timedelta(days=8)
        return self._drop(lambda _, row: row.ended_at is not None and row.ended_at < before)

    def channel_now(self, team_id: str, channel_id: str) -> str:
        return self.moved.get((team_id, channel_id), channel_id)

    def move(self, team_id: str, old_id: str, newest: str) -> None:
        """Take jobs and removals along to a channel's new id, which is its newest."""
        self.moved.pop((team_id, newest), None)
        for former in [former for former, now in self.moved.items() if (former[0], now) == (team_id, old_id)]:
            self.moved[former] = newest
        self.moved[team_id, old_id] = newest
        for key in [key for key in self.rows if (key.team_id, key.channel_id) == (team_id, old_id)]:
            row = self.rows.pop(key)
            row.job = replace(row.job, request=self._request_now(row.job.request))
            twin = self.rows.get(row.job.key)
            if twin is None or _progress(row) >= _progress(twin):
                self.rows[row.job.key] = row
        for removal_row in self.removals.values():
            removal = removal_row.removal
            if (removal.team_id, removal.channel_id) == (team_id, old_id):
                removal_row.removal = replace(removal, channel_id=newest)

    def _key_now(self, key: JobKey) -> JobKey:
        return replace(key, channel_id=self.channel_now(key.team_id, key.channel_id))

    def _request_now(self, request: TranscriptionRequest) -> TranscriptionRequest:
        key, place = self._key_now(request.key), request.whisper_in
        if place is not None:
            place = replace(place, channel_id=self.channel_now(key.team_id, place.channel_id))
        return replace(request, key=key, whisper_in=place)

    def forget(self, team_id: str, channel_id: str | None = None) -> None:
        """Purge a workspace, or a channel of it."""

        def goes(of: JobKey | Removal) -> bool:
            return of.team_id == team_id and channel_id in {None, of.channel_id}

        self._drop(lambda key, _: goes(key))
        kept = {(team, old): new for (team, old), new in self.moved.items() if team != team_id}
        if channel_id is not None:
            kept |= {
                former: new
                for former, new in self.moved.items()
                if former[0] == team_id and new != channel_id
            }
        self.moved = kept
        self.removals = {number: row for number, row in self.removals.items() if not goes(row.removal)}

    def _drop(self, whose: Callable[[JobKey, Row], bool]) -> int:
        dropped = [key for key, row in self.rows.items() if whose(key, row)]
        for key in dropped:
            del self.rows[key]
        return len(dropped)

    def _insert(self, request: TranscriptionRequest) -> Row:
        now = self._time.now()
        row = Row(Job(request, now, 0, None, None, None), JobState.READY, now, asked=request.ask_id)
        self._tell()
        return self.rows.setdefault(request.key, row)

    def _claimable(self, full_channels: Collection[str]) -> list[Row]:
        """Whoever asks for what is being removed waits for the end of that."""
        going = [row.removal for row in self.removals.values()]
        return [
            row
            for key, row in self.rows.items()
            if row.state == JobState.READY
            and key.channel_id not in full_channels
            and not any(removal.covers(key) for removal in going)
        ]

    def _count(self, key: JobKey, *, clips: int = 0, seconds: float = 0.0) -> None:
        self.ledger.add(key.team_id, key.channel_id, self._time.now(), clips=clips, seconds=seconds)

    def _is_stale(self, row: Row) -> bool:
        return row.ended_at is not None and row.ended_at <= self._time.now() - timedelta(days=1)

    def _check_known(self, job: Job) -> None:
        if self._key_now(job.key) not in self.rows:
            raise Forgotten

    def _running(self, job: Job) -> Row | None:
        row = self.rows.get(self._key_now(job.key))
        return row if row is not None and row.state == JobState.RUNNING else None

    def _change(self, job: Job, change: Callable[[Job], Job]) -> Job:
        if row := self._running(job):
            row.job = change(row.job)
            self._turn()
        return change(job)

    async def _wait(self, times: list[datetime]) -> None:
        """Until there is news, or the first of these comes."""
        left_s = min(((due - self._time.now()).total_seconds() for due in times), default=None)
        await self._time.wait(self._news, left_s)

    def _tell(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

    def _turn(self) -> None:
        self._turned.set()
        self._turned = asyncio.Event()

    def _has_earlier_unanswered(self, job: Job) -> bool:
        return any(
            row.state in WORKING
            and row.job.reply_ts is None
            and replace(key, file_id="") == replace(self._key_now(job.key), file_id="")
            and row.job.request.position < job.request.position
            for key, row in self.rows.items()
        )


def _progress(row: Row) -> tuple[int, int]:
    """Its revision and stage, which grow as it goes on."""
    if row.state in WORKING:
        return row.job.revision, 2
    return row.job.revision, 3 if row.outcome in ANSWERED else int(row.state == JobState.HELD)


def _unnoted_since(row: Row) -> datetime | None:
    if row.job.key.audience != THREAD or row.job.intent_at is None:
        return None
    return row.job.intent_at if row.job.reply_ts is None else row.ended_at


def _time_of(ts: str) -> datetime:
    return datetime.fromtimestamp(float(ts), UTC)
