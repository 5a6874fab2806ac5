"""What holds for requests in SQLite beyond the contract of any (tests/contracts)."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from bot.model import JobState, Outcome
from bot.store.store import Store, open_store
from tests.job.fakes import request_for, shared_file
from tests.job.virtual import VirtualTime


async def test_a_batch_is_accepted_as_a_whole_or_not_at_all(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        good = request_for(shared_file("F1"))
        broken = request_for(shared_file("F2"))
        object.__setattr__(broken.key, "team_id", None)
        with pytest.raises(Exception, match="NOT NULL"):
            await store.requests.accept([good, broken])
        assert await store.queue.claim() is None
        assert await store.requests.accept([good]) == 1


async def test_many_events_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    durations_ms: list[float] = []

    async def accept(store: Store, number: int) -> int:
        started = time.perf_counter()
        new = await store.requests.accept([request_for(shared_file(f"F{number}"))])
        durations_ms.append((time.perf_counter() - started) * 1000)
        return new

    async with open_store(tmp_path) as store:
        assert sum(await asyncio.gather(*(accept(store, number) for number in range(200)))) == 200
        assert (await store.requests.depth())[JobState.READY] == 200
    with capsys.disabled():
        durations_ms.sort()
        print(f"\n200 accepts at once: p50 {durations_ms[100]:.0f} ms, p99 {durations_ms[198]:.0f} ms")  # noqa: T201


async def test_the_oldest_unfinished_job_has_waited_since_it_was_accepted(tmp_path: Path) -> None:
    time = VirtualTime()
    async with open_store(tmp_path, time.now) as store:
        assert await store.requests.oldest_s() == 0
        await store.requests.accept([request_for(shared_file("F1"))])
        await time.run(60)
        await store.requests.accept([request_for(shared_file("F2"))])
        first = await store.queue.claim()
        assert first is not None
        await store.queue.park(first)
        await time.run(5)
        assert await store.requests.oldest_s() == 65
        await store.queue.release_parked()
        second, first = await store.queue.claim(), await store.queue.claim()
        assert first is not None
        assert second is not None
        await store.queue.finish(first, Outcome.TRANSCRIBED)
        assert await store.requests.oldest_s() == 5
        await store.queue.hold(second)
        assert await store.requests.oldest_s() == 0, "a question that nobody has answered is no work"
