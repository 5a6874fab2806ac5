"""What holds for moves in SQLite beyond their contract (tests/contracts/test_moves.py)."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import func, insert, select, update
from sqlalchemy.dialects import sqlite

from bot.model import JobKey, Outcome
from bot.store import schema
from bot.store.rows import is_running
from bot.store.store import open_store
from tests.contracts.kept import asked, part


async def test_the_mark_of_what_was_missed_moves_too(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        table = schema.listening
        mark = {"team_id": "T1", "channel_id": "C1", "since": 1.0, "missed_from": 5.0}
        await store.database.changed(insert(table).values(**mark))
        await store.preferences.move_channel("T1", "C1", "C2")
        rows = await store.database.rows(select(table.c.channel_id, table.c.missed_from))
    assert [tuple(row) for row in rows] == [("C2", 5.0)]


async def test_a_request_that_cannot_be_read_stops_no_move(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        await store.requests.accept([asked("F1"), asked("F2")])
        unreadable = schema.job.c.file_id == "F1"
        await store.database.changed(update(schema.job).where(unreadable).values(request=b"{"))
        await store.preferences.move_channel("T1", "C1", "C2")
        job = await store.queue.claim()
    assert job is not None
    assert (job.key.channel_id, job.key.file_id) == ("C2", "F2")


async def test_parts_of_a_job_that_gives_way_go_with_it(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        await store.requests.accept([asked(channel_id="C1"), asked(channel_id="C2")])
        old, job = await store.queue.claim(), await store.queue.claim()
        assert old is not None
        assert job is not None
        await store.queue.keep(old, part(0))
        await store.queue.keep(job, part(0))
        await store.queue.finish(job, Outcome.GAPPED, has_gaps=True)
        await store.preferences.move_channel("T1", "C1", "C2")
        assert [len(await store.database.rows(select(one))) for one in (schema.job, schema.part)] == [1, 1]
        assert await store.requests.fill_gaps(str(job.key))


async def test_a_key_from_an_older_version_keeps_its_end(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        await store.requests.accept([asked()])
        older = schema.job.c.key + ":0"
        await store.database.changed(update(schema.job).values(key=older))
        await store.preferences.move_channel("T1", "C1", "C2")
        (row,) = await store.database.rows(select(schema.job.c.key))
    assert row.key == "T1:C2:1.0:F1:thread:0"


async def test_a_job_is_found_by_its_key_without_a_search(tmp_path: Path) -> None:
    found = select(func.count()).where(is_running(JobKey("T1", "C1", "1.0", "F1")))
    statement = str(found.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True}))
    async with open_store(tmp_path):
        pass
    with closing(sqlite3.connect(tmp_path / "threadscribe.db")) as database:
        plan = [row[3] for row in database.execute(f"EXPLAIN QUERY PLAN {statement}")]
    assert any("job USING INDEX" in line and "key=?" in line for line in plan), plan
