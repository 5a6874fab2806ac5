"""The database file: who may open it, how, and what lingers in it."""

from __future__ import annotations

import asyncio
import errno
import random
import sqlite3
import time
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.model import Job, JobState, Outcome, TranscriptionRequest
from bot.recording import Part, Recognition, Span
from bot.store import database, schema
from bot.store.data_dir import AlreadyRunning, DataDirBusy, DataDirUnusable, unusable
from bot.store.store import Store, open_store
from tests.job.fakes import request_for, shared_file
from tests.store.opening import kill, locked, no_file_longer_than, run_elsewhere

SECRET_NAME = "diagnosis-of-somebody.m4a"
SECRET_WORDS = "I have told nobody but you"


async def test_a_second_process_says_so_and_the_first_goes_on(tmp_path: Path) -> None:
    child = run_elsewhere(tmp_path, 1)
    try:
        with pytest.raises(AlreadyRunning, match="another Threadscribe is running on") as refusal:
            async with open_store(tmp_path):
                pass
        assert "\n" not in str(refusal.value)
        assert child.poll() is None
    finally:
        kill(child)
    async with open_store(tmp_path) as store:
        assert await store.requests.accept([request_for()]) == 1


async def test_readers_and_backups_run_beside_it(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        await store.requests.accept([request_for()])
        address = f"file:{tmp_path / 'threadscribe.db'}?mode=ro"
        with (
            closing(sqlite3.connect(address, uri=True)) as reader,
            closing(sqlite3.connect(":memory:")) as copy,
        ):
            reader.execute("BEGIN")
            assert reader.execute("SELECT count(*) FROM job").fetchone() == (1,)
            await store.requests.accept([request_for(shared_file("F2"))])
            started = time.monotonic()
            await store.queue.sweep()
            assert time.monotonic() - started < 5, "a reader must not hold the bot up"
            assert reader.execute("SELECT count(*) FROM job").fetchone() == (1,)
            reader.rollback()
            reader.backup(copy)
            assert copy.execute("SELECT count(*) FROM job").fetchone() == (2,)
            with pytest.raises(sqlite3.OperationalError, match="readonly"):
                reader.execute("DELETE FROM job")


async def finish(store: Store, job: Job) -> None:
    await store.queue.finish(job, Outcome.TRANSCRIBED)


async def withdraw(store: Store, job: Job) -> None:
    await store.requests.remove_reply(job.key, thread_ts=job.request.thread_ts)


async def forget_channel(store: Store, job: Job) -> None:
    await store.preferences.forget_channel(job.key.team_id, job.key.channel_id)


async def forget_team(store: Store, job: Job) -> None:
    await store.preferences.forget_team(job.key.team_id)


@pytest.mark.parametrize("end", [finish, withdraw, forget_channel, forget_team])
async def test_the_contents_of_what_has_ended_are_gone_from_the_disk(
    tmp_path: Path, end: Callable[[Store, Job], Awaitable[None]]
) -> None:
    def traces(secret: str) -> dict[str, int]:
        return {path.name: path.read_bytes().count(secret.encode()) for path in tmp_path.iterdir()}

    async with open_store(tmp_path) as store:
        requests = [request_for(shared_file(f"F{n}", name=SECRET_NAME)) for n in range(60)]
        await store.requests.accept(requests)
        assert sum(traces(SECRET_NAME).values()) >= 60
        claimed = []
        while job := await store.queue.claim():
            claimed.append(job)
        random.Random(7).shuffle(claimed)
        for job in claimed:
            heard = Recognition(SECRET_WORDS, "en", 2.0, complete=True, request_id="")
            await store.queue.keep(job, Part(Span(0, 2_000), (), last=True, recognition=heard))
        assert sum(traces(SECRET_WORDS).values()) >= 60
        for job in claimed:
            await end(store, job)
        await store.queue.sweep()
        assert sum(traces(SECRET_NAME).values()) == 0, traces(SECRET_NAME)
        assert sum(traces(SECRET_WORDS).values()) == 0, "nor a word"


async def test_the_words_of_a_forgotten_channel_are_gone_from_the_disk(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        await store.preferences.change_channel("T1", "C1", lambda s: replace(s, vocabulary=(SECRET_WORDS,)))
        await store.queue.sweep()
        path = tmp_path / "threadscribe.db"
        assert SECRET_WORDS.encode() in path.read_bytes()
        await store.preferences.forget_channel("T1", "C1")
        await store.queue.sweep()
        assert SECRET_WORDS.encode() not in path.read_bytes()


@pytest.mark.parametrize(
    ("pragma", "value"),
    [
        ("journal_mode", "wal"),
        ("synchronous", 2),
        ("secure_delete", 1),
        ("foreign_keys", 1),
        ("busy_timeout", 250),
        ("user_version", schema.VERSION),
    ],
)
async def test_the_settings_that_held_in_trials(tmp_path: Path, pragma: str, value: object) -> None:
    async with open_store(tmp_path) as store:
        await store.queue.sweep()
        found = await store.database.transact(lambda c: c.exec_driver_sql(f"PRAGMA {pragma}"))
        assert found.scalar_one() == value


async def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    data_dir = tmp_path / "a" / "data"
    async with open_store(data_dir) as store:
        await store.requests.accept([request_for()])
        assert data_dir.stat().st_mode & 0o777 == 0o700
        assert {path.stat().st_mode & 0o777 for path in data_dir.iterdir()} == {0o600}


def a_file(path: Path) -> Path:
    path.write_text("I am not a directory")
    return path


def no_database(path: Path) -> Path:
    path.mkdir()
    (path / "threadscribe.db").write_text("I am not a database either. " * 40)
    return path


def newer(path: Path) -> Path:
    path.mkdir()
    with closing(sqlite3.connect(path / "threadscribe.db")) as connection:
        connection.execute(f"PRAGMA user_version={schema.VERSION + 1}")
    return path


def a_folder_for_a_database(path: Path) -> Path:
    (path / "threadscribe.db").mkdir(parents=True)
    return path


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        (a_file, "cannot be written: File exists"),
        (lambda path: a_file(path) / "data", "cannot be written: Not a directory"),
        (lambda _path: Path("/proc/threadscribe"), "cannot be written: No such file or directory"),
        (no_database, "cannot be used: file is not a database"),
        (newer, "was written by a newer Threadscribe"),
        (a_folder_for_a_database, "cannot be written: Is a directory"),
    ],
)
async def test_a_data_directory_that_cannot_be_used_gets_one_clear_line(
    tmp_path: Path, broken: object, says: str
) -> None:
    data_dir = broken(tmp_path / "data")  # type: ignore[operator]
    with pytest.raises(DataDirUnusable) as refusal:
        async with open_store(data_dir):
            pass
    assert f"DATA_DIR {data_dir} {says}" in str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("cause", "passes"),
    [
        (OSError(errno.ENOSPC, "full"), True),
        (OSError(errno.EIO, "broken"), True),
        (OSError(errno.EMFILE, "too many"), True),
        (OSError(errno.EBUSY, "busy"), True),
        (PermissionError(errno.EACCES, "not yours"), False),
        (OSError(errno.EROFS, "read-only"), True),
        (FileNotFoundError(errno.ENOENT, "nothing there"), False),
        (sqlite3.Error("without a code"), False),
        (None, False),
    ],
)
def test_what_may_pass_is_told_from_what_the_operator_has_to_mend(
    cause: Exception | None, *, passes: bool
) -> None:
    assert isinstance(unusable("a line", cause), DataDirBusy) == passes


async def test_what_may_pass_at_a_start_is_told_from_the_rest(tmp_path: Path) -> None:
    async with open_store(tmp_path):
        pass
    with locked(tmp_path), pytest.raises(DataDirBusy, match="cannot be used: database is locked"):
        async with open_store(tmp_path):
            pass
    (tmp_path / "threadscribe.db").write_text("I am not a database. " * 400)
    with pytest.raises(DataDirUnusable, match="file is not a database") as refusal:
        async with open_store(tmp_path):
            pass
    assert not isinstance(refusal.value, DataDirBusy)


async def test_a_disk_that_is_full_at_the_start_gets_one_clear_line(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        await store.requests.accept([request_for(shared_file(f"F{number}")) for number in range(100)])
    with closing(sqlite3.connect(tmp_path / "threadscribe.db")) as database, database:
        database.execute("UPDATE job SET state = 'running'")
    # Room for the log's index, and for no more than a few pages of the log.
    with no_file_longer_than(32_768), pytest.raises(DataDirBusy, match="cannot be used") as refusal:
        async with open_store(tmp_path):
            pass
    assert "\n" not in str(refusal.value)
    async with open_store(tmp_path) as store:
        assert (await store.requests.depth())[JobState.READY] == 100


async def test_a_disk_with_too_little_room_is_as_good_as_full(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        await store.database.prove_writable()
        with pytest.raises(OSError, match="No space left on device"):
            await store.database.prove_writable(least_free_bytes=10**18)


async def test_a_cancelled_caller_leaves_no_lock_behind(tmp_path: Path) -> None:
    chance = random.Random(3)
    async with open_store(tmp_path) as store:
        for number in range(60):
            task = asyncio.create_task(_use(store, request_for(shared_file(f"F{number}"))))
            await asyncio.sleep(chance.uniform(0, 0.008))
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            async with asyncio.timeout(2):
                await store.requests.depth()
    async with open_store(tmp_path) as store:
        assert (await store.requests.depth())[JobState.RUNNING] == 0


async def test_a_caller_that_is_cancelled_again_and_again_does_not_either(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        begun, goes_on = asyncio.Event(), asyncio.Event()

        async def work(connection: AsyncConnection) -> None:
            await connection.execute(schema.opted_out.insert().values(team_id="T1", user_id="U1"))
            begun.set()
            await goes_on.wait()

        task = asyncio.create_task(store.database.transact(work))
        await begun.wait()
        for _ in range(3):
            task.cancel()
            await asyncio.sleep(0.01)
        assert not task.done(), "what comes after it comes after what it did"
        goes_on.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert len(await store.database.rows(schema.opted_out.select())) == 1


async def test_a_database_that_is_locked_for_a_while_is_waited_for(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        with locked(tmp_path) as other:
            accepting = [
                asyncio.create_task(store.requests.accept([request_for(shared_file(f"F{number}"))]))
                for number in range(3)
            ]
            # Longer than SQLite itself waits.
            await asyncio.sleep(0.6)
            assert not any(task.done() for task in accepting)
            other.execute("ROLLBACK")
            assert await asyncio.gather(*accepting) == [1, 1, 1]


async def test_a_database_that_stays_locked_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "_LOCK_PATIENCE_S", 0.5)
    async with open_store(tmp_path) as store:
        with locked(tmp_path):
            tries = [store.requests.depth() for _ in range(5)]
            async with asyncio.timeout(5):
                errors = await asyncio.gather(*tries, return_exceptions=True)
        assert {str(getattr(error, "orig", error)) for error in errors} == {"database is locked"}
        assert await store.requests.accept([request_for()]) == 1


async def test_who_waits_for_a_locked_database_can_be_cancelled_and_come_again(tmp_path: Path) -> None:
    requests = [request_for(shared_file(f"F{number}")) for number in range(20)]
    async with open_store(tmp_path) as store:
        with locked(tmp_path):
            waiting = [asyncio.create_task(store.requests.accept([request])) for request in requests]
            await asyncio.sleep(0.3)
            for task in waiting:
                task.cancel()
            async with asyncio.timeout(2):
                await asyncio.gather(*waiting, return_exceptions=True)
        assert all(task.cancelled() for task in waiting)
        # What nobody waits for any more may be stored all the same, with what came together with it.
        await store.requests.accept(requests)
        assert (await store.requests.depth())[JobState.READY] == 20


async def test_nothing_begins_once_it_is_closed_whatever_waits(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        await store.requests.accept([request_for()])
        with locked(tmp_path):
            waiting = asyncio.create_task(store.requests.depth())
            await asyncio.sleep(0.1)
            async with asyncio.timeout(2):
                await store.database.close()
        with pytest.raises(database.DatabaseClosed):
            await waiting
        with pytest.raises(database.DatabaseClosed):
            await store.requests.depth()


async def _use(store: Store, request: TranscriptionRequest) -> None:
    await store.requests.accept([request])
    if job := await store.queue.claim():
        await store.queue.finish(await store.queue.write_intent(job), Outcome.TRANSCRIBED)
