"""A worker between fakes, in time that passes at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from bot.job.budget import Budget
from bot.job.clock import Clock
from bot.job.recognise import RecordingRecogniser
from bot.job.transcribe import Transcriber
from bot.job.worker import Worker
from bot.reply import Reply
from bot.telemetry import Metrics
from tests.job.fakes import FakeAudio, FakeFiles, FakeRecogniser, FakeRecognitionContextSource, FakeReplies
from tests.job.memory import WORKING, MemoryJobs
from tests.job.memory_preferences import MemoryPreferences
from tests.job.virtual import AtOnce, VirtualTime


class JobHarness:
    """A worker and everything around it."""

    def __init__(self, scratch: Path, *, give_up_after_s: float = 21_600.0) -> None:
        self.time = VirtualTime()
        self.clock = Clock(give_up_after_s, now=self.time.now, sleep=self.time.sleep, jitter=lambda: 0.5)
        self.memory = MemoryJobs(self.time)
        self.jobs = self.memory
        self.preferences = MemoryPreferences(self.memory)
        self.context_source = FakeRecognitionContextSource()
        self.files, self.audio, self.thread = FakeFiles(), FakeAudio(), FakeReplies()
        self.recogniser = FakeRecogniser(self.time)
        self.metrics = Metrics()
        self.scratch = scratch
        self.monthly_minutes: int | None = None
        self.confirm_above_minutes: int | None = None
        self.verification: Exception | None = None
        self.verified_at_s: list[float] = []

    async def verify(self) -> None:
        self.verified_at_s.append(self.time.passed_s)
        if self.verification is not None:
            raise self.verification

    def transcriber(self) -> Transcriber:
        hearing = RecordingRecogniser(self.audio, self.recogniser, self.clock, at_once=4)
        return Transcriber(
            self.files,
            hearing,
            self.jobs,
            self.scratch,
            preferences=self.preferences,
            context_source=self.context_source,
            budget=self.budget(),
            most_minutes=180,
        )

    def budget(self) -> Budget:
        return Budget(
            self.memory.ledger,
            price_per_second=0.00004,
            monthly_minutes=self.monthly_minutes,
            confirm_above_minutes=self.confirm_above_minutes,
            now=self.time.now,
        )

    def worker(self) -> Worker:
        return Worker(
            queue=self.jobs,
            removals=self.jobs,
            transcriber=self.transcriber(),
            replies=self.thread,
            preferences=self.preferences,
            budget=self.budget(),
            verify=self.verify,
            metrics=self.metrics,
            clock=self.clock,
        )

    @asynccontextmanager
    async def working(self) -> AsyncIterator[Worker]:
        """A worker that runs while inside."""
        asyncio.get_running_loop().set_default_executor(AtOnce())
        worker = self.worker()
        running = asyncio.create_task(worker.run())
        try:
            yield worker
        finally:
            died = running.done()
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running
            assert not died, "the worker ended by itself"
            await worker.drain(0.0)
            assert not self.thread.complaints

    async def ended(self, within_s: float = 21_600.0 * 2) -> None:
        """Let time pass until every job has ended."""
        await self.time.until(
            lambda: all(row.state not in WORKING for row in self.memory.rows.values()),
            within_s,
        )

    def said(self) -> list[list[Reply]]:
        """What each message of the thread has said, in the order of the thread."""
        return [message.said for message in self.thread.messages]

    def counted(self, name: str, **labels: str) -> float:
        return self.metrics.registry.get_sample_value(name, labels) or 0.0
