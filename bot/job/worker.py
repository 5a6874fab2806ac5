"""Claims jobs and has each tried, many at once; stops those whose recording is deleted."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Collection
from dataclasses import replace
from functools import partial

import structlog

from bot.errors import Unavailable
from bot.job.attempt import Attempt
from bot.job.budget import Budget
from bot.job.clock import Clock
from bot.job.collaborators import Collaborators
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
"""A job at work is a file on disk and a few kilobytes; what is scarce is limited where it is used. Jobs whose
words are ready, and wait for Slack to take them, are not counted."""
JOBS_EACH_CHANNEL = 32
"""At work or waiting for Slack, which takes a post a second in a channel: the rest waits in the database."""
_SWEEP_EVERY_S = 60.0
"""So long may deleted words linger in the database's log."""
_STUMBLE_S = 60.0
"""Between tries while the database does not take what it is told: its disk may be full."""


class _Slot:
    """A job's right to be at work, given back once: when its work is done, or it ends."""

    def __init__(self, slots: asyncio.Semaphore) -> None:
        self._slots: asyncio.Semaphore | None = slots

    def release(self) -> None:
        """Give it back, where it was not before."""
        if self._slots is not None:
            self._slots.release()
            self._slots = None


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
        self._room = asyncio.Event()
        """Set when a job has ended, and its channel has room for another."""
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
        self._room.clear()
        full = self._full_channels()
        begun = False
        try:
            begun = await self._begin_next(full)
        finally:
            if not begun:
                self._slots.release()
        if not begun:
            await self._wait_for_work(full)

    async def _begin_next(self, full: Collection[str] = ()) -> bool:
        """Begin the next job that is due, in the slot that is held; False where there is none."""
        # Between being claimed and being known to run no job may be overlooked by what stops it.
        async with self._claiming:
            job = await self._queue.claim(full)
            if job is None:
                return False
            slot = _Slot(self._slots)
            task = start_task(self._guarded(job, slot))
            self._running[task] = job
            task.add_done_callback(partial(self._forget, slot))
            return True

    def _full_channels(self) -> frozenset[str]:
        """The ids of channels of which no further job is to be begun."""
        jobs = Counter(job.key.channel_id for job in self._running.values())
        return frozenset(channel_id for channel_id, count in jobs.items() if count >= JOBS_EACH_CHANNEL)

    async def _wait_for_work(self, full: Collection[str]) -> None:
        """Return when a job may be due, or a full channel has room again."""
        waits = [start_task(self._queue.wait_for_work(full))]
        if full:
            waits.append(start_task(self._wait_for_room()))
        try:
            done, _ = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            for wait in done:
                wait.result()
        finally:
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)

    async def _wait_for_room(self) -> None:
        await self._room.wait()

    def _forget(self, slot: _Slot, task: asyncio.Task[None]) -> None:
        # Not in the task itself: one that is cancelled before it begins runs none of its lines.
        del self._running[task]
        slot.release()
        self._room.set()

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

    async def _guarded(self, job: Job, slot: _Slot) -> None:
        """One job, whose failure must not end the others."""
        try:
            await Attempt(job, self._collaborators, slot.release).run()
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
