"""The measurements: each starts a bot of its own, looks at it from outside, and returns plain figures."""

from __future__ import annotations

import asyncio
import statistics
import threading
import time
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import psutil

from benchmarks.clips import Clip
from benchmarks.stand import DeliveryMode, Stand, standing
from bot.model import JobState
from bot.playground.bot_process import LogLine
from bot.tasks import start_task

RECOGNISER_S = 0.2
WARM_UPS, RUNS = 5, 40
QUEUED, EVENTS, EVENTS_PER_S = 200, 200, 40
SLOW_RECOGNISER_S = 60.0
"""Nothing ends while acknowledgements are measured, so that every job stays queued."""
IDLE_S = 20.0
IN_FLIGHT = 50
BUSY_RECOGNISER_S = 1.0
_SAMPLE_EVERY_S = 0.02
_ASK_EVERY_S = 0.25
_MB = 1_000_000


@dataclass(frozen=True, slots=True)
class Spread:
    """Of a series, in milliseconds."""

    median_ms: float
    p95_ms: float
    p99_ms: float


@dataclass(frozen=True, slots=True)
class Overhead:
    """What the bot adds to the recogniser's time, for one kind of clip."""

    clip: str
    clip_s: float
    clip_bytes: int
    sent_bytes: int
    runs: int
    overhead: Spread
    """From sending the event until the reply stands, less the recogniser's server's time for the call."""
    overhead_with_transfer: Spread
    """The same, less the recognising alone: the server's reading and checking of the request counts too."""
    stages: dict[str, Spread]
    """Download, prepare, recognise (less the server's time), reply; and the rest."""


@dataclass(frozen=True, slots=True)
class Acks:
    """How soon events are acknowledged."""

    delivery: DeliveryMode
    filling: Spread
    """The first events: the jobs' downloads run beside."""
    queued: Spread
    """The events behind them: as many jobs wait before each."""
    unfinished_before: int
    unfinished_after: int
    retried: int
    """Events that had to be delivered again."""


@dataclass(frozen=True, slots=True)
class Idle:
    """What a connected bot costs while nothing happens."""

    start_s: float
    over_s: float
    cpu_percent: float
    """Of one core; the kernel counts in steps of 10 ms."""
    switches_per_s: float
    """Voluntary context switches of the main thread: about how often it wakes."""
    threads: int
    rss_mb: float


@dataclass(frozen=True, slots=True)
class Memory:
    """What many big files at once cost."""

    clips: int
    clip_mb: float
    in_flight: int
    """Most jobs under way at once, as the bot's metrics said now and then."""
    idle_mb: float
    bot_peak_mb: float
    children_peak_mb: float
    """All of them together, what they share counted for each."""
    children_peak_count: int
    all_replied_s: float


async def measure_overhead(clips: Sequence[Clip]) -> list[Overhead]:
    """One clip after the other, each alone, through one bot in Socket Mode."""
    async with standing("socket", RECOGNISER_S) as stand:
        return [await _overhead(stand, clip) for clip in clips]


async def _overhead(stand: Stand, clip: Clip) -> Overhead:
    series: defaultdict[str, list[float]] = defaultdict(list)
    sent_bytes = 0
    for number in range(-WARM_UPS, RUNS):
        file = stand.upload(clip)
        ended = stand.ended(file)
        message, delivery = stand.post(file)
        line = await ended
        await stand.slack.settled()
        assert line["outcome"] == "transcribed", line
        if number < 0:
            continue
        sent_bytes = line["sent_bytes"]
        call = stand.dashscope.calls[-1]
        assert call.ended_at is not None
        server_s = call.ended_at - call.at
        total_s = stand.replied_at[message.ts] - delivery.attempts[0].sent_at
        stages_s = {name: line[f"{name}_s"] for name in ("download", "prepare", "recognise", "reply")}
        series["overhead"].append(total_s - server_s)
        series["with transfer"].append(total_s - stand.ear.slept_s[-1])
        # The reply stands a moment before its stage ends: so the rest is a lower bound.
        series["rest"].append(total_s - sum(stages_s.values()))
        stages_s["recognise"] -= server_s
        for name, seconds in stages_s.items():
            series[name].append(seconds)
    stages = ("download", "prepare", "recognise", "reply", "rest")
    return Overhead(
        *(clip.title, clip.seconds, clip.size_bytes, sent_bytes, RUNS),
        overhead=_spread(series["overhead"]),
        overhead_with_transfer=_spread(series["with transfer"]),
        stages={name: _spread(series[name]) for name in stages},
    )


async def measure_acks(delivery: DeliveryMode, clip: Clip) -> Acks:
    """Fill the queue at a steady rate, then go on at the same rate."""
    async with standing(delivery, SLOW_RECOGNISER_S) as stand:
        filling = await _post_steadily(stand, clip, QUEUED)
        before = await stand.depth()
        queued = await _post_steadily(stand, clip, EVENTS)
        after = await stand.depth()
        tries = [len(one.attempts) for one in stand.slack.deliveries]
        # It would drain for as long as the recogniser sleeps.
        stand.process.kill()
    return Acks(
        delivery,
        filling=_spread(filling),
        queued=_spread(queued),
        unfinished_before=sum(before.values()),
        unfinished_after=sum(after.values()),
        retried=sum(count > 1 for count in tries),
    )


async def _post_steadily(stand: Stand, clip: Clip, count: int) -> list[float]:
    """Post clips at ``EVENTS_PER_S``; seconds until each was acknowledged."""
    started = time.perf_counter()
    deliveries = []
    for number in range(count):
        await asyncio.sleep(max(0.0, started + number / EVENTS_PER_S - time.perf_counter()))
        deliveries.append(stand.post(stand.upload(clip))[1])
    await stand.slack.settled()
    took_s = [delivery.attempts[0].ack_after_s for delivery in deliveries]
    return [seconds for seconds in took_s if seconds is not None]


async def measure_idle_and_memory(clip: Clip) -> tuple[Idle, Memory]:
    """A fresh bot, first with nothing to do, then with many big files at once."""
    async with standing("socket", BUSY_RECOGNISER_S) as stand:
        await asyncio.sleep(1.0)  # the start's last tasks end
        idle = await _idle(stand)
        return idle, await _memory(stand, clip, idle.rss_mb)


async def _idle(stand: Stand) -> Idle:
    process = stand.process
    cpu_before, switches_before = process.cpu_times(), process.num_ctx_switches().voluntary
    started = time.perf_counter()
    await asyncio.sleep(IDLE_S)
    over_s = time.perf_counter() - started
    cpu, switches = process.cpu_times(), process.num_ctx_switches().voluntary
    cpu_s = cpu.user + cpu.system - cpu_before.user - cpu_before.system
    return Idle(
        start_s=stand.start_s,
        over_s=over_s,
        cpu_percent=max(0.0, 100 * cpu_s / over_s),
        switches_per_s=(switches - switches_before) / over_s,
        threads=process.num_threads(),
        rss_mb=process.memory_info().rss / _MB,
    )


async def _memory(stand: Stand, clip: Clip, idle_mb: float) -> Memory:
    files = [stand.upload(clip) for _ in range(IN_FLIGHT)]
    ends = [stand.ended(file) for file in files]
    with _Sampler(stand.process) as sampler:
        started = time.perf_counter()
        for file in files:
            stand.post(file)
        watching = start_task(_peak_running(stand, ends))
        lines = await asyncio.gather(*ends)
        all_replied_s = time.perf_counter() - started
        in_flight = await watching
    assert all(line["outcome"] == "transcribed" for line in lines), lines
    return Memory(
        *(IN_FLIGHT, clip.size_bytes / _MB, in_flight, idle_mb),
        bot_peak_mb=sampler.bot_peak_bytes / _MB,
        children_peak_mb=sampler.children_peak_bytes / _MB,
        children_peak_count=sampler.children_peak_count,
        all_replied_s=all_replied_s,
    )


async def _peak_running(stand: Stand, ends: Sequence[asyncio.Future[LogLine]]) -> int:
    """Ask for the queue's depth until every job has ended."""
    peak = 0
    while not all(end.done() for end in ends):
        peak = max(peak, (await stand.depth())[JobState.RUNNING])
        await asyncio.sleep(_ASK_EVERY_S)
    return peak


class _Sampler:
    """Peaks of a process and of its children, from a thread of its own, inside the ``with``."""

    def __init__(self, process: psutil.Process) -> None:
        self.bot_peak_bytes = self.children_peak_bytes = self.children_peak_count = 0
        self._process = process
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(_SAMPLE_EVERY_S):
            self.bot_peak_bytes = max(self.bot_peak_bytes, self._process.memory_info().rss)
            children = self._process.children(recursive=True)
            self.children_peak_count = max(self.children_peak_count, len(children))
            self.children_peak_bytes = max(self.children_peak_bytes, sum(map(_rss_bytes, children)))


def _rss_bytes(process: psutil.Process) -> int:
    with suppress(psutil.NoSuchProcess):
        return process.memory_info().rss
    return 0


def _spread(series_s: Sequence[float]) -> Spread:
    cuts = statistics.quantiles(series_s, n=100, method="inclusive")
    return Spread(*(round(1000 * seconds, 2) for seconds in (cuts[49], cuts[94], cuts[98])))
