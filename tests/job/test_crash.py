"""A process that dies at any call, and the next one that finds its jobs: one reply, whatever happened.

The calls are taken from a recorded run, so that a new one is covered by itself.
"""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.errors import Outage, Refusal, Rejected, Unavailable
from bot.job.clock import Clock
from bot.job.transcribe import Transcriber
from bot.job.worker import Worker
from bot.model import Transcript
from bot.ports import Refused, Reply, Waiting
from bot.store.sqlite import SqliteJobs, open_jobs
from bot.telemetry import Metrics
from tests.job.fakes import Bench, request_for, shared_file
from tests.job.virtual import EPOCH

WORDS = Transcript("words of F1", "en", 2.0, complete=True)
OF_NO_JOB = {"depth", "sweep", "wait_for_work", "release_parked", "show_working", "clear_working"}
"""Called beside the jobs, in an order that chance decides."""

Point = tuple[str, int, str]
"""A call's name, its number among those of that name, and ``before`` or ``after``."""


@dataclass
class Life:
    """What one process calls, and the point at which it dies."""

    dies_at: Point | None = None
    called: Counter[str] = field(default_factory=Counter)
    points: list[Point] = field(default_factory=list)
    dead: asyncio.Event = field(default_factory=asyncio.Event)

    def wire(self, port: Any) -> Any:
        """The same port, dying on time."""
        return _Wired(port, self)

    def reach(self, point: Point) -> None:
        self.points.append(point)
        if point == self.dies_at:
            self.dead.set()
        if self.dead.is_set():
            raise asyncio.CancelledError(point)


class _Wired:
    def __init__(self, port: Any, life: Life) -> None:
        self._port = port
        self._life = life

    def __getattr__(self, name: str) -> Callable[..., Any]:
        verb = getattr(self._port, name)

        async def call(*args: Any, **kwargs: Any) -> Any:
            if name in OF_NO_JOB:
                return await verb(*args, **kwargs)
            self._life.called[name] += 1
            number = self._life.called[name]
            self._life.reach((name, number, "before"))
            result = await verb(*args, **kwargs)
            self._life.reach((name, number, "after"))
            return result

        return call


class Hurry:
    """A clock that is far ahead whenever everybody waits."""

    def __init__(self) -> None:
        self.passed_s = 0.0

    def now(self) -> datetime:
        return EPOCH + timedelta(seconds=self.passed_s)

    async def sleep(self, seconds: float) -> None:
        if seconds > 600:
            await asyncio.Event().wait()
        self.passed_s += seconds
        await asyncio.sleep(0)

    async def push(self, jobs: SqliteJobs) -> None:
        while True:
            await asyncio.sleep(0.002)
            self.passed_s += 20.0
            jobs._news.set()


@asynccontextmanager
async def process(bench: Bench, hurry: Hurry, data_dir: Path, life: Life) -> AsyncIterator[SqliteJobs]:
    """One process with the real queue: what it accepted before lies in ``data_dir``."""
    async with open_jobs(data_dir, hurry.now) as jobs:
        worker = Worker(
            jobs=life.wire(jobs),
            transcriber=Transcriber(
                life.wire(bench.files), life.wire(bench.audio), life.wire(bench.recogniser), bench.scratch
            ),
            replies=life.wire(bench.thread),
            verify=bench.verify,
            metrics=Metrics(),
            clock=Clock(21_600.0, now=hurry.now, sleep=hurry.sleep, jitter=lambda: 0.5),
        )
        tasks = [asyncio.create_task(worker.run()), asyncio.create_task(hurry.push(jobs))]
        try:
            yield jobs
        finally:
            for task in tasks:
                task.cancel()
            with suppress(asyncio.CancelledError):
                await asyncio.gather(*tasks)
            await worker.drain(0.0)


async def _ended(jobs: SqliteJobs) -> None:
    async with asyncio.timeout(10):
        while any((await jobs.depth()).values()):  # noqa: ASYNC110  # asked as an operator would
            await asyncio.sleep(0.001)


def plain(_bench: Bench) -> list[Reply]:
    return [WORDS]


def refused(bench: Bench) -> list[Reply]:
    bench.audio.trouble.always["F1"] = Rejected(Refusal.NOT_AUDIO)
    return [Refused(Refusal.NOT_AUDIO)]


def delayed(bench: Bench) -> list[Reply]:
    bench.recogniser.trouble.then("F1", Unavailable(Outage.RECOGNISER, "", 61.0))
    return [Waiting(Outage.RECOGNISER), WORDS]


def lost_answer(bench: Bench) -> list[Reply]:
    bench.thread.arrivals.then("F1", Unavailable(Outage.SLACK, "connection lost"))
    return [WORDS]


async def _recorded(bench: Bench, data_dir: Path) -> list[Point]:
    life = Life()
    async with process(bench, Hurry(), data_dir, life) as jobs:
        await jobs.accept([request_for()])
        await _ended(jobs)
    # The claims that found nothing, at the end, are nobody's death.
    return [point for point in life.points if point[0] != "claim" or point[1] == 1]


@pytest.mark.parametrize("scene", [plain, refused, delayed, lost_answer])
async def test_whoever_dies_at_any_call_leaves_one_reply(
    tmp_path: Path, scene: Callable[[Bench], list[Reply]]
) -> None:
    numbers = itertools.count()

    def fresh() -> tuple[Bench, Path, list[Reply]]:
        scratch = tmp_path / f"scratch{next(numbers)}"
        scratch.mkdir()
        bench = Bench(scratch)
        return bench, tmp_path / f"data{next(numbers)}", scene(bench)

    bench, data_dir, said = fresh()
    points = await _recorded(bench, data_dir)
    assert bench.said() == [said]
    assert {name for name, _, _ in points} >= {"claim", "download", "write_intent", "publish", "finish"}
    for point in points:
        bench, data_dir, said = fresh()
        hurry = Hurry()
        life = Life(dies_at=point)
        async with process(bench, hurry, data_dir, life) as jobs:
            await jobs.accept([request_for()])
            async with asyncio.timeout(10):
                await life.dead.wait()
        async with process(bench, hurry, data_dir, Life()) as jobs:
            await jobs.accept([request_for()])
            await _ended(jobs)
        assert len(bench.said()) == 1, f"died at {point}: {bench.said()}"
        assert bench.said()[0][-1] == said[-1], f"died at {point}: {bench.said()}"


async def test_several_files_survive_a_death_in_between(tmp_path: Path) -> None:
    bench, hurry = Bench(tmp_path), Hurry()
    requests = [request_for(shared_file(f"F{n}"), position=n, siblings=5) for n in range(5)]
    life = Life(dies_at=("publish", 3, "after"))
    async with process(bench, hurry, tmp_path / "data", life) as jobs:
        await jobs.accept(requests)
        async with asyncio.timeout(10):
            await life.dead.wait()
    async with process(bench, hurry, tmp_path / "data", Life()) as jobs:
        await _ended(jobs)
    assert [message.key.file_id for message in bench.thread.messages] == [f"F{n}" for n in range(5)]
    assert all(len(said) == 1 for said in bench.said())
