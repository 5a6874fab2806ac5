"""What holds for jobs in SQLite beyond the contract of every queue (tests/contracts/test_jobs.py)."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import update
from structlog.testing import capture_logs

from bot.model import JobState, Outcome, Part, Span
from bot.ports.store import Asked
from bot.store import schema
from bot.store.jobs import SqliteJobs
from tests.job.fakes import request_for, shared_file
from tests.job.virtual import VirtualTime
from tests.store.opening import jobs_in, kill, run_elsewhere


async def claimed_ids(jobs: SqliteJobs) -> list[str]:
    ids = []
    while job := await jobs.claim():
        ids.append(job.key.file_id)
    return ids


async def test_what_was_accepted_survives_a_kill(tmp_path: Path) -> None:
    kill(run_elsewhere(tmp_path, 3))
    async with jobs_in(tmp_path) as jobs:
        assert await claimed_ids(jobs) == ["F0", "F1", "F2"]


async def test_what_was_under_way_is_due_again(tmp_path: Path) -> None:
    kill(run_elsewhere(tmp_path, 1, "claim"))
    async with jobs_in(tmp_path) as jobs:
        assert await claimed_ids(jobs) == ["F0"]


async def test_a_batch_is_accepted_as_a_whole_or_not_at_all(tmp_path: Path) -> None:
    async with jobs_in(tmp_path) as jobs:
        good = request_for(shared_file("F1"))
        broken = request_for(shared_file("F2"))
        object.__setattr__(broken.key, "team_id", None)
        with pytest.raises(Exception, match="NOT NULL"):
            await jobs.accept([good, broken])
        assert await jobs.claim() is None
        assert await jobs.accept([good]) == 1


async def test_a_row_that_cannot_be_read_stops_nobody(tmp_path: Path) -> None:
    async with jobs_in(tmp_path) as jobs:
        await jobs.accept([request_for(shared_file("F1")), request_for(shared_file("F2"))])
    with closing(sqlite3.connect(tmp_path / "threadscribe.db")) as connection:
        connection.execute("UPDATE job SET request = '{}' WHERE key LIKE '%F1%'")
        connection.commit()
    with capture_logs() as logged:
        async with jobs_in(tmp_path) as jobs:
            assert await claimed_ids(jobs) == ["F2"]
            assert await jobs.depth() == {"ready": 0, "running": 1, "parked": 0}
            assert await jobs.ask([request_for(shared_file("F1"))]) == [Asked.ACCEPTED], (
                "by hand it begins anew"
            )
    (line,) = [line for line in logged if line["event"] == "job not readable"]
    assert "F1" in line["key"]


async def test_a_part_that_cannot_be_read_is_recognised_anew(tmp_path: Path) -> None:
    async with jobs_in(tmp_path) as jobs:
        await jobs.accept([request_for()])
        job = await jobs.claim()
        assert job is not None
        for start_ms in (0, 2_000):
            await jobs.keep(job, Part(Span(start_ms, start_ms + 2_000), (), last=False))
        await jobs._database.changed(
            update(schema.part).where(schema.part.c.start_ms == 0).values(content=b"{}")
        )
        with capture_logs() as lines:
            assert [part.span.start_ms for part in await jobs.parts(job)] == [2_000]
        assert [line["event"] for line in lines] == ["part not readable"]


async def test_many_events_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    durations_ms: list[float] = []

    async def accept(jobs: SqliteJobs, number: int) -> int:
        started = time.perf_counter()
        new = await jobs.accept([request_for(shared_file(f"F{number}"))])
        durations_ms.append((time.perf_counter() - started) * 1000)
        return new

    async with jobs_in(tmp_path) as jobs:
        assert sum(await asyncio.gather(*(accept(jobs, number) for number in range(200)))) == 200
        assert (await jobs.depth())[JobState.READY] == 200
    with capsys.disabled():
        durations_ms.sort()
        print(f"\n200 accepts at once: p50 {durations_ms[100]:.0f} ms, p99 {durations_ms[198]:.0f} ms")  # noqa: T201


async def test_waiting_for_work_does_not_poll(tmp_path: Path) -> None:
    passing = VirtualTime()
    async with jobs_in(tmp_path, passing.now) as jobs:
        asked = 0
        rows = jobs._database.rows

        async def counting(statement: object) -> object:
            nonlocal asked
            asked += 1
            return await rows(statement)  # type: ignore[arg-type]

        jobs._database.rows = counting  # type: ignore[method-assign,assignment]
        waiting = [asyncio.create_task(jobs.wait_for_work()), asyncio.create_task(jobs.wait_for_removal())]
        await asyncio.sleep(0.3)
        assert asked == 2
        for task in waiting:
            assert not task.done()
            task.cancel()


async def test_a_row_that_cannot_be_read_can_be_asked_for_again(tmp_path: Path) -> None:
    async with jobs_in(tmp_path) as jobs:
        await jobs.accept([request_for()])
        await jobs._database.changed(update(schema.job).values(request=b"{}"))
        assert await jobs.claim() is None
        assert await jobs.ask([request_for()]) == [Asked.ACCEPTED]
        assert await claimed_ids(jobs) == ["F1"]


async def test_a_removal_that_nobody_ended_is_due_again(tmp_path: Path) -> None:
    key = request_for().key
    async with jobs_in(tmp_path) as jobs:
        await jobs.accept([request_for()])
        await jobs.withdraw_reply(key, thread_ts="0.5")
        first = await jobs.claim_removal()
        assert await jobs.claim_removal() is None
    async with jobs_in(tmp_path) as jobs:
        again = await jobs.claim_removal()
        assert again is not None
        assert again == first
        await jobs.removed(again)
    async with jobs_in(tmp_path) as jobs:
        assert await jobs.claim_removal() is None
        assert await jobs.claim() is None


async def test_a_question_is_still_asked_after_a_start(tmp_path: Path) -> None:
    async with jobs_in(tmp_path) as jobs:
        await jobs.accept([request_for()])
        job = await jobs.claim()
        assert job is not None
        await jobs.hold(job)
    async with jobs_in(tmp_path) as jobs:
        assert await jobs.claim() is None
        assert await jobs.agree(job.key)
        assert await claimed_ids(jobs) == ["F1"]


async def test_a_job_of_an_older_version_names_no_thread(tmp_path: Path) -> None:
    async with jobs_in(tmp_path) as jobs:
        await jobs.accept([request_for()])
        await jobs._database.changed(update(schema.job).values(thread_ts=None))
        assert await jobs.withdraw_file("T1", "F1") == 1
        removal = await jobs.claim_removal()
        assert removal is not None
        assert removal.thread_ts == removal.message_ts


async def test_an_end_that_cannot_be_written_writes_nothing_of_it(tmp_path: Path) -> None:
    async with jobs_in(tmp_path) as jobs:
        await jobs.accept([request_for()])
        job = await jobs.claim()
        assert job is not None
        await jobs.keep(job, Part(Span(0, 2_000), (), last=True))
        copies: list[object] = ["U7", None]
        with pytest.raises(Exception, match="NOT NULL"):
            await jobs.finish(job, Outcome.TRANSCRIBED, copies=copies)  # type: ignore[arg-type]  # a fault of ours
        assert await jobs.depth() == {"ready": 0, "running": 1, "parked": 0}
        assert len(await jobs.parts(job)) == 1
        assert await jobs._database.rows(schema.usage.select()) == []


async def test_the_oldest_unfinished_job_has_waited_since_it_was_accepted(tmp_path: Path) -> None:
    time = VirtualTime()
    async with jobs_in(tmp_path, time.now) as jobs:
        assert await jobs.oldest_s() == 0
        await jobs.accept([request_for(shared_file("F1"))])
        await time.run(60)
        await jobs.accept([request_for(shared_file("F2"))])
        first = await jobs.claim()
        assert first is not None
        await jobs.park(first)
        await time.run(5)
        assert await jobs.oldest_s() == 65
        await jobs.release_parked()
        second, first = await jobs.claim(), await jobs.claim()
        assert first is not None
        assert second is not None
        await jobs.finish(first, Outcome.TRANSCRIBED)
        assert await jobs.oldest_s() == 5
        await jobs.hold(second)
        assert await jobs.oldest_s() == 0, "a question that nobody has answered is no work"
