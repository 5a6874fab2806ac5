"""A process that dies at any call, and the next one that finds its jobs: one reply, whatever happened.

The calls are taken from a recorded run, so that a new one is covered by itself.
"""

from __future__ import annotations

import asyncio
import inspect
import itertools
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.errors import Outage, Refusal, Rejected, Unavailable
from bot.job.clock import Clock
from bot.job.hear import Hearing
from bot.job.transcribe import Transcriber
from bot.job.worker import Worker
from bot.model import Paragraph, Transcript
from bot.ports import Growing, Refused, Reply, Waiting
from bot.store.sqlite import SqliteJobs, open_jobs
from bot.telemetry import Metrics
from tests.job.fakes import Bench, request_for, shared_file
from tests.job.virtual import EPOCH
from tests.transcripts import said

WORDS = said("words of F1")
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

        async def generate(*args: Any, **kwargs: Any) -> AsyncGenerator[Any]:
            async with aclosing(verb(*args, **kwargs)) as items:
                async for item in items:
                    self._life.called[name] += 1
                    number = self._life.called[name]
                    self._life.reach((name, number, "before"))
                    yield item
                    self._life.reach((name, number, "after"))

        async def call(*args: Any, **kwargs: Any) -> Any:
            if name in OF_NO_JOB:
                return await verb(*args, **kwargs)
            self._life.called[name] += 1
            number = self._life.called[name]
            self._life.reach((name, number, "before"))
            result = await verb(*args, **kwargs)
            self._life.reach((name, number, "after"))
            return result

        return generate if inspect.isasyncgenfunction(verb) else call


class Hurry:
    """A clock that is far ahead whenever everybody waits."""

    def __init__(self) -> None:
        self.passed_s = 0.0

    def now(self) -> datetime:
        return EPOCH + timedelta(seconds=self.passed_s)

    async def sleep(self, seconds: float) -> None:
        if seconds >= 60:
            await asyncio.Event().wait()
        # Who looks at the clock every few seconds must not make a day pass meanwhile.
        await asyncio.sleep(0.002)
        self.passed_s += seconds

    async def push(self, jobs: SqliteJobs) -> None:
        while True:
            await asyncio.sleep(0.002)
            self.passed_s += 20.0
            jobs._news.set()


@asynccontextmanager
async def process(bench: Bench, hurry: Hurry, data_dir: Path, life: Life) -> AsyncIterator[SqliteJobs]:
    """One process with the real queue: what it accepted before lies in ``data_dir``."""
    async with open_jobs(data_dir, hurry.now) as jobs:
        clock = Clock(21_600.0, now=hurry.now, sleep=hurry.sleep, jitter=lambda: 0.5)
        wired = life.wire(jobs)
        hearing = Hearing(life.wire(bench.audio), life.wire(bench.recogniser), clock, at_once=4)
        worker = Worker(
            jobs=wired,
            transcriber=Transcriber(life.wire(bench.files), hearing, wired, bench.scratch, most_minutes=180),
            replies=life.wire(bench.thread),
            verify=bench.verify,
            metrics=Metrics(),
            clock=clock,
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


def long(bench: Bench) -> list[Reply]:
    """Five segments, one of which is asked twice and one silent."""
    bench.audio.lengths_ms["F1"] = [120_000] * 5
    bench.audio.silent.add("F1@360000")
    bench.recogniser.trouble.then("F1@120000", Unavailable(Outage.RECOGNISER))
    texts = [f"words of F1@{start_ms}" for start_ms in (0, 120_000, 240_000, 480_000)]
    return [_whole(texts)]


def gapped(bench: Bench) -> list[Reply]:
    """The same with one that is refused."""
    long(bench)
    bench.recogniser.trouble.always["F1@240000"] = Rejected(Refusal.CONTENT_BLOCKED)
    return [_whole([f"words of F1@{start_ms}" for start_ms in (0, 120_000, 480_000)])]


def _whole(texts: list[str]) -> Transcript:
    """Its words are what counts here."""
    return said("\n".join(texts))


def _words(reply: Reply) -> object:
    """A transcript as its words alone, since pauses make paragraphs of them."""
    if not isinstance(reply, Transcript):
        return reply
    return " ".join(" ".join(p.text.split()) for p in reply.passages if isinstance(p, Paragraph))


async def _recorded(bench: Bench, data_dir: Path) -> list[Point]:
    life = Life()
    async with process(bench, Hurry(), data_dir, life) as jobs:
        await jobs.accept([request_for()])
        await _ended(jobs)
    # The claims that found nothing, at the end, are nobody's death.
    return [point for point in life.points if point[0] != "claim" or point[1] == 1]


@pytest.mark.parametrize("scene", [plain, refused, delayed, lost_answer, long, gapped])
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
    assert [_words(reply) for reply in bench.said()[0] if not isinstance(reply, Growing)] == [
        _words(reply) for reply in said
    ]
    asked = Counter(bench.recogniser.trouble.calls)
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
        assert _words(bench.said()[0][-1]) == _words(said[-1]), f"died at {point}: {bench.said()}"
        again = Counter(bench.recogniser.trouble.calls) - asked
        # What was under way when it died, and what had failed.
        assert max(again.values(), default=0) <= 1, f"died at {point}: {again}"
        assert sum(again.values()) <= 4, f"died at {point}: {again}"


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
