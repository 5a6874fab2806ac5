"""Claims jobs and has each tried, many at once; stops those whose recording is deleted."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import structlog

from bot.errors import Unavailable
from bot.job.attempt import Attempt, Collaborators
from bot.job.budget import Budget
from bot.job.clock import Clock
from bot.job.deliver import Delivery
from bot.job.parking import Parking
from bot.job.remove import RemovalRunner
from bot.job.transcribe import Transcriber
from bot.model import THREAD, Job, JobKey, Outcome, Removal
from bot.ports.outside import Replies
from bot.ports.preferences import Preferences
from bot.ports.store import Queue, Removals
from bot.tasks import start_task
from bot.telemetry import Metrics

JOBS_AT_ONCE = 64
"""A job in flight is a file on disk and a few kilobytes; what is scarce is limited where it is used."""
_SWEEP_EVERY_S = 60.0
"""So long may deleted words linger in the database's log."""
_STUMBLE_S = 60.0
"""Between tries while the database does not take what it is told: its disk may be full."""


class Worker:
    """Runs jobs, many at once.

    Args:
        queue: The jobs.
        removals: What has to be deleted.
        transcriber: The pipeline up to the transcript.
        replies: The thread, and people's direct messages.
        preferences: Knows who wants copies.
        budget: Knows what a recording costs.
        verify: Asks every outside service whether parked jobs may go on; raises our errors where not.
        metrics: Where outcomes are counted.
        clock: Time and patience.
    """

    def __init__(  # noqa: PLR0913  # all that the tries of a job need, each by its name
        self,
        *,
        queue: Queue,
        removals: Removals,
        transcriber: Transcriber,
        replies: Replies,
        preferences: Preferences,
        budget: Budget,
        verify: Callable[[], Awaitable[None]],
        metrics: Metrics,
        clock: Clock,
    ) -> None:
        self._queue = queue
        self._preferences = preferences
        self._replies = replies
        self._metrics = metrics
        self._clock = clock
        self._parking = Parking(queue, verify, clock)
        self._removal_runner = RemovalRunner(removals, replies, self._stop, clock)
        self._collaborators = Collaborators(
            queue=queue,
            transcriber=transcriber,
            replies=replies,
            delivery=Delivery(queue, replies, clock),
            parking=self._parking,
            preferences=preferences,
            budget=budget,
            metrics=metrics,
            clock=clock,
        )
        self._slots = asyncio.Semaphore(JOBS_AT_ONCE)
        self._claiming = asyncio.Lock()
        self._running: dict[asyncio.Task[None], Job] = {}
        self._log = structlog.get_logger(__name__)

    async def run(self) -> None:
        """Claim and run jobs until cancelled; those that run then go on, see ``drain``."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._parking.run())
            group.create_task(self._removal_runner.run())
            group.create_task(self._sweep())
            while True:
                try:
                    await self._begin_due()
                except Exception:
                    self._log.exception("jobs not claimed")
                    await self._clock.sleep(_STUMBLE_S)

    async def _begin_due(self) -> None:
        """Begin the next job that is due, once there is a slot for it; where there is none, wait for it."""
        await self._slots.acquire()
        begun = False
        try:
            begun = await self._begin_next()
        finally:
            if not begun:
                self._slots.release()
        if not begun:
            await self._queue.wait_for_work()

    async def _begin_next(self) -> bool:
        """Begin the next job that is due; False where there is none."""
        # Between being claimed and being known to run no job may be overlooked by what stops it.
        async with self._claiming:
            job = await self._queue.claim()
            if job is None:
                return False
            task = start_task(self._guarded(job))
            self._running[task] = job
            task.add_done_callback(self._forget)
            return True

    def _forget(self, task: asyncio.Task[None]) -> None:
        # Not in the task itself: one that is cancelled before it begins runs none of its lines.
        del self._running[task]
        self._slots.release()

    async def stop(self, team_id: str, channel_id: str | None = None) -> None:
        """Stop what runs for a channel, or a whole workspace, that is forgotten: no more is sent or said."""
        await self._cancel(lambda key: key.team_id == team_id and channel_id in {None, key.channel_id})

    async def _stop(self, removal: Removal) -> list[Job]:
        """Stop the jobs that a removal covers; returns those that ran."""
        stopped = await self._cancel(removal.covers)
        for job in stopped:
            if job.key.audience == THREAD:
                await self._replies.clear_working(job.request)
        return stopped

    async def _cancel(self, covers: Callable[[JobKey], bool]) -> list[Job]:
        """Cancel jobs, and wait for their ends; returns those that ran."""
        async with self._claiming:
            running = dict(self._running)
        # One that has just withdrawn itself has counted itself.
        stopped = {
            task: job
            for task, job in running.items()
            if covers(await self._key_now(job.key)) and not task.done()
        }
        for task in stopped:
            task.cancel()
        await asyncio.gather(*stopped, return_exceptions=True)
        self._metrics.jobs.labels(Outcome.WITHDRAWN).inc(len(stopped))
        return list(stopped.values())

    async def _key_now(self, key: JobKey) -> JobKey:
        """A running job's key as it is stored now: its channel may have got another id meanwhile."""
        return replace(key, channel_id=await self._preferences.channel_now(key.channel_id))

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
            await Attempt(job, self._collaborators).run()
        except Exception as error:
            self._log.exception("job not recorded", key=str(job.key))
            await self._give_back(job, is_bug=not isinstance(error, Unavailable))

    async def _give_back(self, job: Job, *, is_bug: bool) -> None:
        """Queue a job whose fate could not be recorded, as soon as the database takes it again."""
        while True:
            await self._clock.sleep(_STUMBLE_S)
            try:
                await self._queue.retry_at(job, self._clock.now(), bug=is_bug)
            except Exception:
                self._log.exception("job not given back", key=str(job.key))
            else:
                return

    async def _sweep(self) -> None:
        """Forget old keys now and then."""
        while True:
            try:
                await self._queue.sweep()
            except Exception:
                self._log.exception("not swept")
            await self._clock.sleep(_SWEEP_EVERY_S)
