"""What holds for jobs in SQLite beyond the contract of every queue (tests/contracts)."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import update
from structlog.testing import capture_logs

from bot.model import Outcome
from bot.ports.store import RequestOutcome
from bot.recording import Part, Span
from bot.store import schema
from bot.store.store import Store, open_store
from tests.job.fakes import request_for, shared_file
from tests.job.virtual import VirtualTime
from tests.store.opening import kill, run_elsewhere


async def claimed_ids(store: Store) -> list[str]:
    ids = []
    while job := await store.queue.claim():
        ids.append(job.key.file_id)
    return ids


async def test_what_was_accepted_survives_a_kill(tmp_path: Path) -> None:
    kill(run_elsewhere(tmp_path, 3))
    async with open_store(tmp_path) as store:
        assert await claimed_ids(store) == ["F0", "F1", "F2"]


async def test_what_was_under_way_is_due_again(tmp_path: Path) -> None:
    kill(run_elsewhere(tmp_path, 1, "claim"))
    async with open_store(tmp_path) as store:
        assert await claimed_ids(store) == ["F0"]


async def test_a_row_that_cannot_be_read_stops_nobody(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        await store.requests.accept([request_for(shared_file("F1")), request_for(shared_file("F2"))])
    with closing(sqlite3.connect(tmp_path / "threadscribe.db")) as connection:
        connection.execute("UPDATE job SET request = '{}' WHERE key LIKE '%F1%'")
        connection.commit()
    with capture_logs() as logged:
        async with open_store(tmp_path) as store:
            assert await claimed_ids(store) == ["F2"]
            assert await store.requests.depth() == {"ready": 0, "running": 1, "parked": 0}
            assert await store.requests.ask([request_for(shared_file("F1"))]) == [RequestOutcome.ACCEPTED], (
                "by hand it begins anew"
            )
    (line,) = [line for line in logged if line["event"] == "job not readable"]
    assert "F1" in line["key"]


async def test_a_part_that_cannot_be_read_is_recognised_anew(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        await store.requests.accept([request_for()])
        job = await store.queue.claim()
        assert job is not None
        for start_ms in (0, 2_000):
            await store.queue.keep(job, Part(Span(start_ms, start_ms + 2_000), (), last=False))
        await store.database.changed(
            update(schema.part).where(schema.part.c.start_ms == 0).values(content=b"{}")
        )
        with capture_logs() as lines:
            assert [part.span.start_ms for part in await store.queue.parts(job)] == [2_000]
        assert [line["event"] for line in lines] == ["part not readable"]


async def test_waiting_for_work_does_not_poll(tmp_path: Path) -> None:
    passing = VirtualTime()
    async with open_store(tmp_path, passing.now) as store:
        asked = 0
        rows = store.database.rows

        async def counting(statement: object) -> object:
            nonlocal asked
            asked += 1
            return await rows(statement)  # type: ignore[arg-type]

        store.database.rows = counting  # type: ignore[method-assign,assignment]
        waiting = [
            asyncio.create_task(store.queue.wait_for_work()),
            asyncio.create_task(store.removals.wait_for_removal()),
        ]
        await asyncio.sleep(0.3)
        assert asked == 2
        for task in waiting:
            assert not task.done()
            task.cancel()


async def test_a_row_that_cannot_be_read_can_be_asked_for_again(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        await store.requests.accept([request_for()])
        await store.database.changed(update(schema.job).values(request=b"{}"))
        assert await store.queue.claim() is None
        assert await store.requests.ask([request_for()]) == [RequestOutcome.ACCEPTED]
        assert await claimed_ids(store) == ["F1"]


async def test_a_question_is_still_asked_after_a_start(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        await store.requests.accept([request_for()])
        job = await store.queue.claim()
        assert job is not None
        await store.queue.hold(job)
    async with open_store(tmp_path) as store:
        assert await store.queue.claim() is None
        assert await store.requests.consent(job.key)
        assert await claimed_ids(store) == ["F1"]


async def test_an_end_that_cannot_be_written_writes_nothing_of_it(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        await store.requests.accept([request_for()])
        job = await store.queue.claim()
        assert job is not None
        await store.queue.keep(job, Part(Span(0, 2_000), (), last=True))
        copies: list[object] = ["U7", None]
        with pytest.raises(Exception, match="NOT NULL"):
            await store.queue.finish(job, Outcome.TRANSCRIBED, copies=copies)  # type: ignore[arg-type]  # a fault of ours
        assert await store.requests.depth() == {"ready": 0, "running": 1, "parked": 0}
        assert len(await store.queue.parts(job)) == 1
        assert await store.database.rows(schema.usage.select()) == []
