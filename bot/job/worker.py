"""Claims jobs and runs each to its end, or to what ``retry.decide`` says of its failure."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import structlog

from bot.errors import Misconfigured, Refusal, TranscriptionError, Unavailable
from bot.job.clock import Clock
from bot.job.deliver import Delivery, is_final
from bot.job.observe import Observed, canonical_line, count, count_failure
from bot.job.parking import Parking
from bot.job.parts import Parts
from bot.job.progress import Progress
from bot.job.retry import MOST_FAULTS, History, Ignore, Park, RetryAfter, Say, backoff_s, decide
from bot.job.transcribe import Transcriber
from bot.model import Job, Transcript
from bot.ports import Broken, Found, GaveUp, Jobs, Refused, Replies, Reply, ReplyState, Waiting, state_of
from bot.telemetry import Metrics
from bot.transcript.join import join

JOBS_AT_ONCE = 64
"""A job in flight is a file on disk and a few kilobytes; what is scarce is limited where it is used."""
_SWEEP_EVERY_S = 60.0
"""So long may deleted words linger in the database's log."""
_LAST_WORD_PATIENCE_S = 3600.0
"""Past the deadline: Slack may be away in the very minute in which the bot gives up."""
_GIVE_BACK_EVERY_S = 60.0


class Worker:
    """Runs jobs, many at once.

    Args:
        jobs: The queue.
        transcriber: The story up to the transcript.
        replies: The thread.
        verify: Asks every outside service whether parked jobs may go on; raises our errors where not.
        metrics: Where outcomes are counted.
        clock: Time and patience.
    """

    def __init__(
        self,
        *,
        jobs: Jobs,
        transcriber: Transcriber,
        replies: Replies,
        verify: Callable[[], Awaitable[None]],
        metrics: Metrics,
        clock: Clock,
    ) -> None:
        self._jobs = jobs
        self._transcriber = transcriber
        self._replies = replies
        self._delivery = Delivery(jobs, replies, clock)
        self._parking = Parking(jobs, verify, clock)
        self._metrics = metrics
        self._clock = clock
        self._slots = asyncio.Semaphore(JOBS_AT_ONCE)
        self._running: set[asyncio.Task[None]] = set()
        self._log = structlog.get_logger(__name__)

    async def run(self) -> None:
        """Claim and run jobs until cancelled; those that run then go on, see ``drain``."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._parking.attend())
            group.create_task(self._sweep())
            while True:
                await self._slots.acquire()
                job = await self._jobs.claim()
                if job is None:
                    self._slots.release()
                    await self._jobs.wait_for_work()
                    continue
                task = asyncio.create_task(self._guarded(job))
                self._running.add(task)
                task.add_done_callback(self._running.discard)

    async def drain(self, patience_s: float) -> None:
        """Let running jobs end; cancel those that outlast patience, to be resumed at the next start."""
        if not self._running:
            return
        _, late = await asyncio.wait(self._running, timeout=patience_s)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    async def _guarded(self, job: Job) -> None:
        """One job, whose failure must not end the others."""
        try:
            await self._run(job)
        except Exception:
            self._log.exception("job not recorded", key=str(job.key))
            await self._give_back(job)
        finally:
            self._slots.release()

    async def _give_back(self, job: Job) -> None:
        """Queue a job whose fate could not be recorded, as soon as the database takes it again."""
        while True:
            await self._clock.sleep(_GIVE_BACK_EVERY_S)
            try:
                await self._jobs.retry_at(job, self._clock.now(), fault=True)
            except Exception:
                self._log.exception("job not given back", key=str(job.key))
            else:
                return

    async def _run(self, job: Job) -> None:
        observed = Observed(claim=job.request.file.claim)
        parts = Parts()
        progress = Progress(job, parts, self._replies, self._delivery, self._clock)
        try:
            # First of all: whatever goes wrong, these words are not to be lost.
            parts.remember(await self._jobs.parts(job))
            found = await self._delivery.find(job)
            if is_final(found, job):
                # A former process died between posting and noting it.
                await self._end(
                    job, observed, f"{found.state}_before", has_gaps=found.state is ReplyState.GAPPED
                )
                return
            try:
                transcript = await self._transcriber.transcribe(job, parts, observed, progress.start)
            finally:
                await progress.stop()
            progress.is_over = True
            if progress.job.reply_ts != job.reply_ts:
                found = replace(found, ts=progress.job.reply_ts)
            job = progress.job
            with observed.stage("reply"):
                await self._deliver(job, transcript, found)
        except Exception as error:  # decide() tells the expected from the faults
            await self._follow(progress, parts, observed, error)
        else:
            await self._end(job, observed, str(state_of(transcript)), has_gaps=transcript.has_gaps)

    async def _deliver(self, job: Job, reply: Reply, found: Found) -> None:
        """Say the last word; what is known of the thread may be older than a reply that grew since."""
        if job.intent_at is not None and job.reply_ts is None and found.ts is None:
            found = await self._delivery.find(job)
        await self._delivery.deliver(job, reply, found)

    async def _follow(self, progress: Progress, parts: Parts, observed: Observed, error: Exception) -> None:
        """Do what ``decide`` says of a failure."""
        job = progress.job
        history = History(
            attempt=job.attempt,
            faults=job.faults,
            waited_s=self._age_s(job),
            give_up_after_s=self._clock.give_up_after_s,
            jitter=self._clock.jitter(),
            claim=observed.claim,
            spoken=job.intent_at is not None,
        )
        count_failure(self._metrics, error)
        if isinstance(error, Misconfigured):
            self._log.error("operator needed", reason=str(error.reason), detail=error.detail)
        elif not isinstance(error, TranscriptionError):
            self._log.error("fault", key=str(job.key), exc_info=error)
        match decide(error, job.request, history):
            case Say(reply):
                last = await self._what_there_is(job, parts, reply) or reply
                await self._say_last(job, observed, last, error, backoff_s(history))
            case Ignore():
                await self._replies.clear_working(job.request)
                await self._end(job, observed, "ignored", error=error)
            case RetryAfter(delay_s, notice):
                await self._notify(progress, notice)
                await self._retry(job, observed, error, delay_s)
            case Park(notice):
                await self._notify(progress, notice)
                await self._park(job, observed, error)

    async def _say_last(
        self, job: Job, observed: Observed, reply: Reply, error: Exception, delay_s: float
    ) -> None:
        """End a job with a sentence; where it cannot be said yet, try again after a delay."""
        try:
            with observed.stage("reply"):
                await self._deliver(job, reply, await self._delivery.find(job))
        except Exception as unsaid:  # a fault here must not make the job immortal
            fault = not isinstance(unsaid, TranscriptionError)
            if fault:
                self._log.error("fault", key=str(job.key), exc_info=unsaid)
            late_s = self._age_s(job) - self._clock.give_up_after_s
            match unsaid:
                case Misconfigured() if late_s < 0:
                    await self._park(job, observed, unsaid)
                case Unavailable() if late_s < _LAST_WORD_PATIENCE_S:
                    await self._retry(job, observed, unsaid, delay_s)
                case _ if fault and late_s < 0 and job.faults + 1 < MOST_FAULTS:
                    await self._retry(job, observed, unsaid, delay_s)
                case _:
                    await self._end(job, observed, "undeliverable", error=unsaid)
        else:
            state = state_of(reply)
            await self._end(job, observed, str(state), has_gaps=state is ReplyState.GAPPED, error=error)

    async def _retry(self, job: Job, observed: Observed, error: Exception, delay_s: float) -> None:
        due = self._clock.now() + timedelta(seconds=delay_s)
        await self._jobs.retry_at(job, due, fault=not isinstance(error, TranscriptionError))
        self._line(job, observed, "retry", error)

    async def _park(self, job: Job, observed: Observed, error: Exception) -> None:
        await self._parking.park(job)
        self._line(job, observed, "parked", error)

    async def _notify(self, progress: Progress, notice: Waiting | None) -> None:
        """Show that it takes longer. Worth one try; failing at it changes nothing for the job."""
        job = progress.job
        # A transcript whose gaps are being filled says more than a notice in its place.
        said = job.notice == str(notice.reason) if notice else True
        if notice is None or said or job.revision > 0 or progress.is_over:
            return
        if growing := await progress.so_far(notice.reason):
            await self._delivery.grow(job, growing)
            return
        try:
            await self._delivery.notify(job, notice)
        except TranscriptionError as unsaid:
            self._log.warning("notice not posted", key=str(job.key), error=str(unsaid))

    async def _end(
        self,
        job: Job,
        observed: Observed,
        outcome: str,
        *,
        has_gaps: bool = False,
        error: Exception | None = None,
    ) -> None:
        await self._jobs.finish(job, outcome, has_gaps=has_gaps)
        if job.intent_at is not None:
            # Only a new message takes the sign of work away, not an edit.
            await self._replies.clear_working(job.request)
        count(self._metrics, observed, outcome)
        self._line(job, observed, outcome, error)

    async def _what_there_is(self, job: Job, parts: Parts, reply: Reply) -> Transcript | None:
        """A transcript with gaps in place of a failure, where something was heard before it.

        The gaps are kept: whoever goes on after a crash has to say the same.
        """
        if not _leaves_words(job, reply):
            return None
        filled = parts.filled(round(1000 * (job.request.file.duration_s or 0.0)))
        transcript = await asyncio.to_thread(join, filled)
        if not transcript.languages:
            return None
        for part in filled:
            if part.failed:
                await self._jobs.keep(job, part)
        return transcript

    def _line(self, job: Job, observed: Observed, outcome: str, error: Exception | None) -> None:
        self._log.info("job", **canonical_line(job, observed, outcome, self._age_s(job), error))

    def _age_s(self, job: Job) -> float:
        return (self._clock.now() - job.accepted_at).total_seconds()

    async def _sweep(self) -> None:
        """Forget old keys now and then."""
        while True:
            await self._jobs.sweep()
            await self._clock.sleep(_SWEEP_EVERY_S)


_DAMAGED = frozenset({Refusal.NOT_AUDIO, Refusal.TOO_COSTLY})
"""What is said of a recording that breaks off in the middle, too."""


def _leaves_words(job: Job, reply: Reply) -> bool:
    """Whether what was heard before this failure is worth more than its sentence."""
    match reply:
        case GaveUp() | Broken():
            return True
        case Refused(reason):
            # What somebody reads already is not taken away.
            return reason in _DAMAGED or job.revision > 0 or job.reply_ts is not None
        case _:
            return False
