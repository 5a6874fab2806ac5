"""Copies of a database that is in use: sound, whole, and nobody else's to read."""

from __future__ import annotations

import asyncio
import itertools
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bot.model import Outcome
from bot.store.backup import CopyFailed, copy_database
from bot.store.store import open_store
from tests.job.fakes import request_for, shared_file
from tests.store.opening import no_file_longer_than


async def test_a_copy_that_is_made_while_jobs_are_written_opens_and_answers_nothing_again(
    tmp_path: Path,
) -> None:
    live, restored = tmp_path / "live", tmp_path / "restored"
    restored.mkdir()
    has_answered = asyncio.Event()
    async with open_store(live) as store:

        async def work() -> None:
            for number in itertools.count():
                await store.requests.accept([request_for(shared_file(f"F{number}"))])
                job = await store.queue.claim()
                assert job is not None
                await store.queue.finish(await store.queue.write_intent(job), Outcome.TRANSCRIBED)
                if number == 10:
                    has_answered.set()

        working = asyncio.create_task(work())
        await has_answered.wait()
        await asyncio.to_thread(copy_database, live / "threadscribe.db", restored / "threadscribe.db")
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
    async with open_store(restored) as store:
        known = [request_for(shared_file(f"F{number}")) for number in range(11)]
        assert await store.requests.accept(known) == 0
        assert sum((await store.requests.depth()).values()) <= 2, (
            "what was under way, and nothing that is answered"
        )


async def test_what_the_log_holds_is_in_the_copy_which_needs_none(tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    async with open_store(tmp_path / "live") as store:
        await store.requests.accept([request_for()])
        copy_database(tmp_path / "live" / "threadscribe.db", copy)
    assert names(tmp_path) == {"live", "copy.db"}
    assert copy.stat().st_mode & 0o777 == 0o600
    with closing(sqlite3.connect(copy)) as database:
        assert database.execute("SELECT count(*) FROM job").fetchone() == (1,)
        assert database.execute("PRAGMA journal_mode").fetchone() == ("delete",)


def test_an_odd_name_is_a_name(tmp_path: Path) -> None:
    source = tmp_path / "100% of it? #1.db"
    with closing(sqlite3.connect(source)) as database:
        database.execute("CREATE TABLE job (id INTEGER)")
    copy_database(source, tmp_path / "copy.db")
    assert names(tmp_path) == {source.name, "copy.db"}


def test_what_cannot_be_copied_leaves_nothing_behind(tmp_path: Path) -> None:
    source = tmp_path / "source.db"
    source.write_text("I am no database. " * 400)
    with pytest.raises(CopyFailed, match="cannot be copied: file is not a database"):
        copy_database(source, tmp_path / "copy.db")
    with pytest.raises(CopyFailed, match=r"missing/copy\.db cannot be written: No such file or directory"):
        copy_database(source, tmp_path / "missing" / "copy.db")
    assert names(tmp_path) == {"source.db"}


def test_a_damaged_database_is_not_taken_for_a_backup(tmp_path: Path) -> None:
    source = tmp_path / "source.db"
    with closing(sqlite3.connect(source)) as database:
        database.execute("CREATE TABLE job (id INTEGER PRIMARY KEY, key TEXT UNIQUE)")
        database.executemany("INSERT INTO job (key) VALUES (?)", ((f"{n:0500}",) for n in range(50)))
        database.commit()
    content = bytearray(source.read_bytes())
    content[-4096:] = bytes(4096)
    source.write_bytes(content)
    with pytest.raises(CopyFailed, match=r"source\.db is damaged: ") as failure:
        copy_database(source, tmp_path / "copy.db")
    assert "\n" not in str(failure.value)
    assert names(tmp_path) == {"source.db"}


def test_without_space_there_is_no_copy(tmp_path: Path) -> None:
    source = tmp_path / "source.db"
    with closing(sqlite3.connect(source)) as database:
        database.execute("CREATE TABLE job (key TEXT)")
        database.execute("INSERT INTO job VALUES (hex(zeroblob(100000)))")
        database.commit()
    with no_file_longer_than(65_536), pytest.raises(CopyFailed, match=r"source\.db cannot be copied: "):
        copy_database(source, tmp_path / "copy.db")
    assert names(tmp_path) == {"source.db"}


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}
