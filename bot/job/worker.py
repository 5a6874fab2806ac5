"""Claims jobs and runs each to its end, or to what ``retry.decide`` says of its failure."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog

from bot.errors import Misconfigured, Rejected, TranscriptionError, Unavailable
from bot.job.clock import Clock
from bot.job.deliver import Delivery, is_final
from bot.job.observe import Observed, canonical_line, count
from bot.job.retry import History, Ignore, Park, RetryAfter, Say, decide
from bot.job.transcribe import Transcriber
from bot.model import Job, Transcript
from bot.ports import Jobs, Replies, Reply, Waiting, state_of
from bot.telemetry import Metrics

JOBS_AT_ONCE = 64
"""A job in flight is a file on disk and a few kilobytes; what is scarce is limited where it is used."""
_VERIFY_FIRST_S = 1.0
_VERIFY_LONGEST_S = 60.0
_SWEEP_EVERY_S = 3600.0
_LAST_WORD_DELAY_S = 60.0


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
        self._verify = verify
        self._metrics = metrics
        self._clock = clock
        self._slots = asyncio.Semaphore(JOBS_AT_ONCE)
        self._parked = asyncio.Event()
        self._running: set[asyncio.Task[None]] = set()
        self._log = structlog.get_logger(__name__)

    async def run(self) -> None:
        """Claim and run jobs until cancelled; those that run then go on, see ``drain``."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._release_when_verified())
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
        """One job. Where even its failure cannot be recorded, it stays claimed until the next start."""
        try:
            await self._run(job)
        except Exception:
            self._log.exception("job left behind", key=str(job.key))
        finally:
            self._slots.release()

    async def _run(self, job: Job) -> None:
        observed = Observed(claim=job.request.file.claim)
        try:
            found = await self._delivery.find(job)
            if is_final(found):
                # A former process died between posting and noting it.
                await self._end(job, observed, f"{found.state}_before")
                return
            transcript = await self._transcribe(job, observed)
            with observed.stage("reply"):
                await self._delivery.deliver(job, transcript, found)
        except Exception as error:  # decide() tells the expected from the faults
            await self._follow(job, observed, error)
        else:
            await self._end(job, observed, str(state_of(transcript)))

    async def _transcribe(self, job: Job, observed: Observed) -> Transcript:
        """The transcript, with a sign of work in the thread meanwhile."""
        signs: list[asyncio.Task[None]] = []

        def show_sign() -> None:
            signs.append(asyncio.create_task(self._replies.show_working(job.request)))

        try:
            return await self._transcriber.transcribe(job, observed, show_sign)
        finally:
            # A sign that arrived after the reply would stay.
            if signs:
                await asyncio.wait(signs)

    async def _follow(self, job: Job, observed: Observed, error: Exception) -> None:
        """Do what ``decide`` says of a failure."""
        history = History(
            attempt=job.attempt,
            waited_s=self._age_s(job),
            give_up_after_s=self._clock.give_up_after_s,
            jitter=self._clock.jitter(),
            claim=observed.claim,
        )
        if isinstance(error, Misconfigured):
            self._log.error("operator needed", reason=str(error.reason), detail=error.detail)
        elif not isinstance(error, TranscriptionError):
            self._log.error("fault", key=str(job.key), exc_info=error)
        match decide(error, job.request, history):
            case Say(reply):
                await self._say_last(job, observed, reply, error)
            case Ignore():
                await self._replies.clear_working(job.request)
                await self._end(job, observed, "ignored", error)
            case RetryAfter(delay_s, notice):
                await self._retry(job, observed, error, delay_s, notice)
            case Park(notice):
                await self._notify(job, notice)
                await self._park(job, observed, error)

    async def _say_last(self, job: Job, observed: Observed, reply: Reply, error: Exception) -> None:
        """End a job with a sentence; where it cannot be said yet, try again later."""
        try:
            with observed.stage("reply"):
                await self._delivery.deliver(job, reply, await self._delivery.find(job))
        except TranscriptionError as unsaid:
            left_s = self._clock.give_up_after_s - self._age_s(job)
            if left_s <= 0 or isinstance(unsaid, Rejected):
                await self._end(job, observed, "undeliverable", unsaid)
            elif isinstance(unsaid, Misconfigured):
                await self._park(job, observed, unsaid)
            else:
                await self._retry(job, observed, unsaid, min(_LAST_WORD_DELAY_S, left_s), None)
        else:
            await self._end(job, observed, str(state_of(reply)), error)

    async def _retry(
        self, job: Job, observed: Observed, error: Exception, delay_s: float, notice: Waiting | None
    ) -> None:
        await self._notify(job, notice)
        await self._jobs.retry_at(job, self._clock.now() + timedelta(seconds=delay_s))
        self._line(job, observed, "retry", error)

    async def _park(self, job: Job, observed: Observed, error: Exception) -> None:
        await self._jobs.park(job)
        self._parked.set()
        self._line(job, observed, "parked", error)

    async def _notify(self, job: Job, notice: Waiting | None) -> None:
        """Show that it takes longer. Worth one try; failing at it changes nothing for the job."""
        if notice is None:
            return
        try:
            await self._delivery.notify(job, notice)
        except TranscriptionError as unsaid:
            self._log.warning("notice not posted", key=str(job.key), error=str(unsaid))

    async def _end(self, job: Job, observed: Observed, outcome: str, error: Exception | None = None) -> None:
        await self._jobs.finish(job, outcome)
        count(self._metrics, observed, outcome)
        self._line(job, observed, outcome, error)

    def _line(self, job: Job, observed: Observed, outcome: str, error: Exception | None) -> None:
        self._log.info("job", **canonical_line(job, observed, outcome, self._age_s(job), error))

    def _age_s(self, job: Job) -> float:
        return (self._clock.now() - job.accepted_at).total_seconds()

    async def _release_when_verified(self) -> None:
        """While jobs are parked, verify at growing intervals and release them when it succeeds.

        Those that have waited too long are released too: their next try says that it was the last. Jobs that
        come back at once (verification passes, the download still fails) do not reset the interval.
        """
        delay_s = _VERIFY_FIRST_S
        while True:
            self._parked.clear()
            if not (await self._jobs.depth())["parked"]:
                quiet_since = self._clock.now()
                await self._parked.wait()
                if (self._clock.now() - quiet_since).total_seconds() > _VERIFY_LONGEST_S:
                    delay_s = _VERIFY_FIRST_S
            await self._clock.sleep(delay_s)
            delay_s = min(_VERIFY_LONGEST_S, delay_s * 2)
            overdue = self._clock.now() - timedelta(seconds=self._clock.give_up_after_s)
            await self._jobs.release_parked(accepted_before=overdue)
            try:
                await self._verify()
            except (Unavailable, Misconfigured) as error:
                self._log.warning("still parked", error=str(error))
            else:
                self._log.info("verified again", released=await self._jobs.release_parked())

    async def _sweep(self) -> None:
        """Forget old keys now and then."""
        while True:
            await self._jobs.sweep()
            await self._clock.sleep(_SWEEP_EVERY_S)
