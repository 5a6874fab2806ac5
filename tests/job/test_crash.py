"""A process that dies at any call, and the next one that finds its jobs: one reply, whatever happened.

The calls are taken from a recorded run, so that a new one is covered by itself.
"""

from __future__ import annotations

import asyncio
import inspect
import itertools
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest
from sqlalchemy import select

from bot.errors import Outage, Refusal, Rejected, ThreadGone, TranscriptionError, Unavailable
from bot.job.budget import Budget
from bot.job.clock import Clock
from bot.job.recognise import RecordingRecogniser
from bot.job.transcribe import Transcriber
from bot.job.worker import Worker
from bot.model import SUBSCRIBERS, THREAD, Job
from bot.recording import Paragraph, Transcript
from bot.reply import Growing, Refused, Reply, ThreadLookup, Waiting
from bot.store import schema
from bot.store.store import Store, open_store
from bot.telemetry import Metrics
from tests.job.fakes import FakeReplies, request_for, shared_file
from tests.job.harness import JobHarness
from tests.job.virtual import EPOCH
from tests.transcripts import said

# Hundreds of lives, all through the same lines, which other tests show.
pytestmark = [pytest.mark.slow, pytest.mark.no_cover]

WORDS = said("words of F1")
MESSAGE_TS = request_for().key.message_ts
NEVER_S = 9e9
OF_NO_JOB = {"depth", "sweep", "release_parked", "show_working", "clear_working"} | {
    "wait_for_work",
    "wait_for_removal",
}
"""Called beside the jobs, in an order that chance decides."""
CLAIMS = {"claim", "claim_removal"}
"""How often these find nothing is chance too: only what they find counts."""
READS = {
    "context_for",
    "find",
    "info",
    "is_opted_out",
    "parts",
    "subscribers",
    "used",
    "wait_for_earlier_files",
}
"""They leave nothing that outlasts the process: after them is after the call before."""

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
            if name in CLAIMS:
                return self._found(name, await verb(*args, **kwargs))
            self._life.called[name] += 1
            number = self._life.called[name]
            self._life.reach((name, number, "before"))
            try:
                result = await verb(*args, **kwargs)
            except TranscriptionError:
                # Which of several calls side by side it is that fails is another one in each run.
                self._life.reach((name, number, "after"))
                raise
            self._life.reach((name, number, "after"))
            return result

        return generate if inspect.isasyncgenfunction(verb) else call

    def _found(self, name: str, claimed: Any) -> Any:
        if claimed is not None:
            self._life.called[name] += 1
            self._life.reach((name, self._life.called[name], "after"))
        return claimed


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

    async def push(self, store: Store) -> None:
        # Each time both queues are read anew, so seldom: it is the processor that these tests wait for.
        while True:
            await asyncio.sleep(0.02)
            self.passed_s += 120.0
            store.queue._signals.work.set()
            store.queue._signals.removal.set()


@asynccontextmanager
async def process(harness: JobHarness, hurry: Hurry, data_dir: Path, life: Life) -> AsyncIterator[Store]:
    """One process with the real store: what it accepted before lies in ``data_dir``."""
    async with open_store(data_dir, hurry.now) as store:
        worker = _worker(harness, hurry, store, life)
        tasks = [asyncio.create_task(worker.run()), asyncio.create_task(hurry.push(store))]
        try:
            yield store
        finally:
            for task in tasks:
                task.cancel()
            with suppress(asyncio.CancelledError):
                await asyncio.gather(*tasks)
            await worker.drain(0.0)


def _worker(harness: JobHarness, hurry: Hurry, store: Store, life: Life) -> Worker:
    clock = Clock(21_600.0, now=hurry.now, sleep=hurry.sleep, jitter=lambda: 0.5)
    queue, preferences = life.wire(store.queue), life.wire(store.preferences)
    budget = Budget(
        life.wire(store.ledger),
        price_per_second=0.00004,
        monthly_minutes=100,
        confirm_above_minutes=None,
        now=hurry.now,
    )
    return Worker(
        queue=queue,
        removals=life.wire(store.removals),
        transcriber=Transcriber(
            life.wire(harness.files),
            RecordingRecogniser(life.wire(harness.audio), life.wire(harness.recogniser), clock, at_once=4),
            queue,
            harness.scratch,
            preferences=preferences,
            context_source=life.wire(harness.context_source),
            budget=budget,
            most_minutes=180,
        ),
        replies=life.wire(harness.thread),
        preferences=preferences,
        budget=budget,
        verify=harness.verify,
        metrics=Metrics(),
        clock=clock,
    )


async def _ended(store: Store) -> None:
    """Until every job has ended, and everything is removed that has to go."""
    async with asyncio.timeout(10):
        while any((await store.requests.depth()).values()) or await _removals(store):  # noqa: ASYNC110  # asked from outside
            await asyncio.sleep(0.02)


async def _removals(store: Store) -> int:
    return len(await store.database.rows(select(schema.removal.c.id)))


Act = Callable[[Store], Coroutine[None, None, None]]
"""What Slack tells a process; it tells whoever comes after a death again."""


async def flow(store: Store) -> None:
    await store.requests.accept([request_for()])


def plain(_bench: JobHarness) -> list[Reply]:
    return [WORDS]


def refused(harness: JobHarness) -> list[Reply]:
    harness.audio.trouble.always["F1"] = Rejected(Refusal.NOT_AUDIO)
    return [Refused(Refusal.NOT_AUDIO)]


def delayed(harness: JobHarness) -> list[Reply]:
    harness.recogniser.trouble.then("F1", Unavailable(Outage.RECOGNISER, "", 61.0))
    return [Waiting(Outage.RECOGNISER), WORDS]


def lost_answer(harness: JobHarness) -> list[Reply]:
    harness.thread.arrivals.then("F1", Unavailable(Outage.SLACK, "connection lost"))
    return [WORDS]


def long(harness: JobHarness) -> list[Reply]:
    """Five segments, one of which is asked twice and one silent."""
    harness.audio.lengths_ms["F1"] = [120_000] * 5
    harness.audio.silent.add("F1@360000")
    harness.recogniser.trouble.then("F1@120000", Unavailable(Outage.RECOGNISER))
    texts = [f"words of F1@{start_ms}" for start_ms in (0, 120_000, 240_000, 480_000)]
    return [_whole(texts)]


def gapped(harness: JobHarness) -> list[Reply]:
    """The same with one that is refused."""
    long(harness)
    harness.recogniser.trouble.always["F1@240000"] = Rejected(Refusal.CONTENT_BLOCKED)
    return [_whole([f"words of F1@{start_ms}" for start_ms in (0, 120_000, 480_000)])]


def _whole(texts: list[str]) -> Transcript:
    """Its words are what counts here."""
    return said("\n".join(texts))


def _words(reply: Reply) -> object:
    """A transcript as its words alone, since pauses make paragraphs of them."""
    if not isinstance(reply, Transcript):
        return reply
    return " ".join(" ".join(p.text.split()) for p in reply.passages if isinstance(p, Paragraph))


async def _recorded(harness: JobHarness, data_dir: Path, act: Act = flow) -> list[Point]:
    life = Life()
    async with process(harness, Hurry(), data_dir, life) as store:
        await act(store)
        await _ended(store)
    return life.points


def after_each_call(points: list[Point]) -> list[Point]:
    """The first point, and after each call: before a call is after the one before it."""
    return [point for number, point in enumerate(points) if number == 0 or point[2] == "after"]


def after_each_change(points: list[Point]) -> list[Point]:
    """The same without the calls that change nothing."""
    return [point for point in after_each_call(points) if point[0] not in READS]


def after_some_changes(points: list[Point]) -> list[Point]:
    """Each third of them, the last with certainty: what `make test` has time for."""
    return after_each_change(points)[::-3]


Choose = Callable[[list[Point]], list[Point]]
"""Of a run's points, those at which a process dies."""
whenever_it_dies = pytest.mark.parametrize(
    "choose", [after_some_changes, pytest.param(after_each_call, marks=pytest.mark.soak)]
)


async def _two_lives(harness: JobHarness, data_dir: Path, dies_at: Point, act: Act = flow) -> None:
    """A process that dies, and another one that brings it all to its end."""
    hurry, life = Hurry(), Life(dies_at=dies_at)
    async with process(harness, hurry, data_dir, life) as store:
        acting = asyncio.create_task(act(store))
        async with asyncio.timeout(10):
            await life.dead.wait()
        acting.cancel()
        await asyncio.gather(acting, return_exceptions=True)
    async with process(harness, hurry, data_dir, Life()) as store:
        await act(store)
        await _ended(store)


@whenever_it_dies
@pytest.mark.parametrize("scene", [plain, refused, delayed, lost_answer, long, gapped])
async def test_whoever_dies_at_any_call_leaves_one_reply(
    tmp_path: Path, scene: Callable[[JobHarness], list[Reply]], choose: Choose
) -> None:
    numbers = itertools.count()

    def fresh() -> tuple[JobHarness, Path, list[Reply]]:
        harness = _fresh(tmp_path)
        return harness, tmp_path / f"data{next(numbers)}", scene(harness)

    harness, data_dir, said = fresh()
    points = await _recorded(harness, data_dir)
    assert [_words(reply) for reply in harness.said()[0] if not isinstance(reply, Growing)] == [
        _words(reply) for reply in said
    ]
    asked = Counter(harness.recogniser.trouble.calls)
    assert {name for name, _, _ in points} >= {"claim", "download", "write_intent", "publish", "finish"}
    for point in choose(points):
        harness, data_dir, said = fresh()
        await _two_lives(harness, data_dir, point)
        assert len(harness.said()) == 1, f"died at {point}: {harness.said()}"
        assert _words(harness.said()[0][-1]) == _words(said[-1]), f"died at {point}: {harness.said()}"
        again = Counter(harness.recogniser.trouble.calls) - asked
        # What was under way when it died, and what had failed.
        assert max(again.values(), default=0) <= 1, f"died at {point}: {again}"
        assert sum(again.values()) <= 4, f"died at {point}: {again}"


async def test_several_files_survive_a_death_in_between(tmp_path: Path) -> None:
    harness, hurry = JobHarness(tmp_path), Hurry()
    requests = [request_for(shared_file(f"F{n}"), position=n, siblings=5) for n in range(5)]
    life = Life(dies_at=("publish", 3, "after"))
    async with process(harness, hurry, tmp_path / "data", life) as store:
        await store.requests.accept(requests)
        async with asyncio.timeout(10):
            await life.dead.wait()
    async with process(harness, hurry, tmp_path / "data", Life()) as store:
        await _ended(store)
    assert [message.key.file_id for message in harness.thread.messages] == [f"F{n}" for n in range(5)]
    assert all(len(said) == 1 for said in harness.said())


@whenever_it_dies
@pytest.mark.parametrize("audience", [THREAD, SUBSCRIBERS])
async def test_whoever_dies_at_any_call_leaves_each_reader_one_copy(
    tmp_path: Path, audience: str, choose: Choose
) -> None:
    async def share_with_readers(store: Store) -> None:
        for user_id in ("U1", "U7"):
            await store.preferences.subscribe("T1", user_id, ["C1"])
        await store.requests.accept([request_for(audience=audience)])

    points = await _recorded(_fresh(tmp_path), tmp_path / "data", share_with_readers)
    assert {name for name, _, _ in points} >= {"subscribers", "publish", "finish"}
    for number, point in enumerate(choose(points)):
        harness = _fresh(tmp_path)
        await _two_lives(harness, tmp_path / f"data{number}", point, share_with_readers)
        readers = {"U7"} | ({THREAD} if audience == THREAD else set())
        said = {message.key.audience: message.said for message in harness.thread.messages}
        assert len(harness.thread.messages) == len(readers), f"died at {point}: {harness.said()}"
        assert {reader: _words(replies[-1]) for reader, replies in said.items()} == dict.fromkeys(
            readers, _words(WORDS)
        ), f"died at {point}"
        assert len(harness.recogniser.trouble.calls) <= 2, f"died at {point}"
        assert len(harness.files.downloads.calls) <= 2, f"died at {point}"


def under_way(harness: JobHarness) -> None:
    harness.recogniser.takes_s["F1"] = NEVER_S


def waiting(harness: JobHarness) -> None:
    """Its notice stands while it is heard at last."""
    under_way(harness)
    harness.files.downloads.then("F1", Unavailable(Outage.FILE, "", 61.0))


def answered(_bench: JobHarness) -> None:
    pass


@whenever_it_dies
@pytest.mark.parametrize("scene", [under_way, waiting, answered])
async def test_whoever_dies_at_any_call_leaves_nothing_of_what_has_to_go(
    tmp_path: Path, scene: Callable[[JobHarness], None], choose: Choose
) -> None:
    def fresh() -> tuple[JobHarness, Act]:
        harness = _fresh(tmp_path)
        scene(harness)

        async def share_and_delete(store: Store) -> None:
            await flow(store)
            while any((await store.requests.depth()).values()):
                if harness.recogniser.at_work and "F1" in harness.recogniser.takes_s:
                    break
                await asyncio.sleep(0.001)
            await store.requests.remove_message("T1", "C1", MESSAGE_TS, thread_ts=MESSAGE_TS)

        return harness, share_and_delete

    harness, act = fresh()
    points = await _recorded(harness, tmp_path / "data", act)
    names = [name for name, _, _ in points]
    assert {*names} >= {"recognise", "claim_removal", "delete_replies", "removed"}
    assert harness.said() == []
    # Of the calls before, those of one scene will do: whoever dies there is told of the removal later.
    begins = 0 if scene is under_way else names.index("claim_removal")
    for number, point in enumerate(choose(points[begins:])):
        harness, act = fresh()
        await _two_lives(harness, tmp_path / f"data{number}", point, act)
        assert harness.said() == [], f"died at {point}"
        assert len(harness.recogniser.trouble.calls) <= 2, f"died at {point}"
        assert not list(harness.scratch.iterdir()), f"died at {point}"


class GoneThread(FakeReplies):
    """A thread whose head is gone: what is posted there stands in the channel, and its answer is lost."""

    async def find(self, job: Job) -> ThreadLookup:
        await super().find(job)
        raise ThreadGone("thread_not_found")

    async def publish(self, job: Job, reply: Reply, found: ThreadLookup) -> str:
        await super().publish(job, reply, found)
        raise Unavailable(Outage.SLACK, "connection lost")


@whenever_it_dies
async def test_whoever_dies_at_any_call_leaves_nothing_of_what_is_gone(
    tmp_path: Path, choose: Choose
) -> None:
    def fresh() -> JobHarness:
        harness = _fresh(tmp_path)
        harness.thread = GoneThread()
        return harness

    points = await _recorded(fresh(), tmp_path / "data")
    names = {name for name, _, _ in points}
    assert names >= {"write_intent", "withdraw", "claim_removal", "delete_replies", "removed"}
    for number, point in enumerate(choose(points)):
        harness = fresh()
        await _two_lives(harness, tmp_path / f"data{number}", point)
        assert harness.said() == [], f"died at {point}"
        assert len(harness.thread.publishes.calls) <= 1, f"died at {point}"


def _fresh(tmp_path: Path) -> JobHarness:
    return JobHarness(Path(mkdtemp(dir=tmp_path)))
