"""Measures what the bot itself costs: its share of a reply's time, acknowledgements, idling, memory.

The bot is a real child process, seen from outside. The Slack look-alike and a recogniser that always takes
the same time run in this process: they share the machine with what they measure.

    python -m benchmarks.overhead [--json]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from benchmarks.clips import make_big_clip, make_voice_clips
from benchmarks.figures import (
    BUSY_RECOGNISER_S,
    EVENTS_PER_S,
    QUEUED,
    RECOGNISER_S,
    Acks,
    Idle,
    Memory,
    Overhead,
    measure_acks,
    measure_idle_and_memory,
    measure_overhead,
)

COMMAND = "python -m benchmarks.overhead"
CLIP_S = 15.0
BIG_CLIP_S = 36.5
"""7 MB."""
NAIVE_FACTOR = 2.33
"""A file as bytes, and once more as Base64: the floor for whoever keeps both in memory."""
ACK_LIMIT_MS = 3000
"""Source: https://docs.slack.dev/apis/events-api/#responding"""


@dataclass(frozen=True, slots=True)
class Machine:
    """What everything ran on."""

    cores: int
    python: str
    system: str
    load_before: float
    """Over one minute."""
    load_after: float
    others_percent: float
    """Of all cores, before anything was started."""
    took_s: float


@dataclass(frozen=True, slots=True)
class Report:
    """One run's figures."""

    command: str
    machine: Machine
    overhead: list[Overhead]
    acks: list[Acks]
    idle: Idle
    memory: Memory


async def measure() -> Report:
    """Measure everything, one after the other."""
    started, load_before = time.perf_counter(), os.getloadavg()[0]
    others_percent = psutil.cpu_percent(interval=2.0)
    with tempfile.TemporaryDirectory(prefix="threadscribe-bench-") as folder:
        clips = make_voice_clips(Path(folder), CLIP_S)
        big = make_big_clip(Path(folder), BIG_CLIP_S)
        _tell("overhead …")
        overhead = await measure_overhead(clips)
        acks = []
        for delivery in ("socket", "http"):
            _tell(f"acknowledgements ({delivery}) …")
            acks.append(await measure_acks(delivery, clips[0]))
        _tell("idle, then memory …")
        idle, memory = await measure_idle_and_memory(big)
    machine = Machine(
        cores=os.cpu_count() or 1,
        python=platform.python_version(),
        system=f"{platform.system()} {platform.machine()}",
        load_before=load_before,
        load_after=os.getloadavg()[0],
        others_percent=others_percent,
        took_s=time.perf_counter() - started,
    )
    return Report(COMMAND, machine, overhead, acks, idle, memory)


def render(report: Report) -> Iterator[str]:
    """Yield the report's lines, in Markdown."""
    machine = report.machine
    yield (
        f"`{report.command}`: {machine.cores} cores shared with the look-alikes, {machine.system}, "
        f"Python {machine.python}, {machine.took_s:.0f} s; load {machine.load_before:.2f} before, "
        f"{machine.load_after:.2f} after; others kept {machine.others_percent:.0f} % of the cores busy."
    )
    yield from _render_overhead(report.overhead)
    yield from _render_acks(report.acks)
    idle, memory = report.idle, report.memory
    naive_mb = memory.clips * memory.clip_mb * NAIVE_FACTOR
    growth_mb = memory.bot_peak_mb - memory.idle_mb
    yield "\n| Idle and memory | Figure | Beside |\n|---|---|---|"
    yield f"| Start, until it takes events | {idle.start_s:.2f} s | |"
    yield f"| Idle CPU, over {idle.over_s:.0f} s | {idle.cpu_percent:.2f} % of a core | |"
    yield f"| Idle wake-ups of the main thread | {idle.switches_per_s:.1f} a second | |"
    yield f"| Idle memory (RSS), {idle.threads} threads | {idle.rss_mb:.0f} MB | |"
    yield (
        f"| Bot's peak with {memory.clips} files of {memory.clip_mb:.1f} MB ({memory.in_flight} in flight) "
        f"| {memory.bot_peak_mb:.0f} MB | {memory.bot_peak_mb / memory.idle_mb:.2f} × idle |"
    )
    yield (
        f"| … less idle | {growth_mb:.0f} MB | {growth_mb / naive_mb:.1%} of {naive_mb:.0f} MB, "
        f"the naive floor ({memory.clips} × {memory.clip_mb:.1f} × {NAIVE_FACTOR}) |"
    )
    yield (
        f"| Its decoders' peak, all together | {memory.children_peak_mb:.0f} MB "
        f"| {memory.children_peak_count} at once |"
    )
    yield (
        f"| All {memory.clips} answered, recogniser at {BUSY_RECOGNISER_S:.0f} s "
        f"| {memory.all_replied_s:.1f} s | {memory.clips / memory.all_replied_s:.1f} a second |"
    )


def _render_overhead(overhead: Sequence[Overhead]) -> Iterator[str]:
    yield (
        f"\n| Added to the recogniser's time ({overhead[0].clip_s:.0f} s clip, {overhead[0].runs} runs each, "
        f"recogniser at {1000 * RECOGNISER_S:.0f} ms) | Median ms | p95 ms | Of the clip "
        "| With transfer, median | p95 |\n|---|---|---|---|---|---|"
    )
    for one in overhead:
        spread, wider = one.overhead, one.overhead_with_transfer
        yield (
            f"| {one.clip}: {one.clip_bytes / 1000:.0f} kB, {one.sent_bytes / 1000:.0f} kB sent "
            f"| {spread.median_ms:.0f} | {spread.p95_ms:.0f} | {spread.median_ms / one.clip_s / 1000:.2%} "
            f"| {wider.median_ms:.0f} | {wider.p95_ms:.0f} |"
        )
    names = list(overhead[0].stages)
    yield f"\n| By stage, median / p95 ms | {' | '.join(names)} |\n|---|{'---|' * len(names)}"
    for one in overhead:
        spreads = (f"{spread.median_ms:.0f} / {spread.p95_ms:.0f}" for spread in one.stages.values())
        yield f"| {one.clip} | {' | '.join(spreads)} |"


def _render_acks(acks: Sequence[Acks]) -> Iterator[str]:
    yield (
        f"\n| Event to acknowledgement, {EVENTS_PER_S} events a second | Median ms | p99 ms "
        "| p99 of Slack's 3 s | Delivered again |\n|---|---|---|---|---|"
    )
    for one in acks:
        name = {"socket": "Socket Mode", "http": "HTTP"}[one.delivery]
        rows = (
            (f"the first {QUEUED}, their files being fetched", one.filling),
            (f"behind {one.unfinished_before} to {one.unfinished_after} jobs", one.queued),
        )
        for what, spread in rows:
            yield (
                f"| {name}, {what} | {spread.median_ms:.1f} | {spread.p99_ms:.1f} "
                f"| {spread.p99_ms / ACK_LIMIT_MS:.1%} | {one.retried} |"
            )


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def main() -> None:
    """Run as a module."""
    parser = argparse.ArgumentParser(
        prog=COMMAND, description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", action="store_true", help="print JSON, for later comparison")
    as_json = parser.parse_args().json
    report = asyncio.run(measure())
    print(json.dumps(asdict(report), indent=2) if as_json else "\n".join(render(report)))


if __name__ == "__main__":
    main()
