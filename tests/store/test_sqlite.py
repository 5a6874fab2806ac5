"""What holds for SQLite beyond the contract of every queue (tests/contracts/test_jobs.py)."""

from __future__ import annotations

import asyncio
import random
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import update
from structlog.testing import capture_logs

from bot.model import Part, Recognition, Span, TranscriptionRequest
from bot.store import schema
from bot.store.records import dump_request
from bot.store.sqlite import AlreadyRunning, DataDirUnusable, SqliteJobs, open_jobs
from tests.job.fakes import request_for, shared_file
from tests.job.virtual import VirtualTime

ROOT = Path(__file__).parents[2]
SECRET_NAME = "diagnosis-of-somebody.m4a"
SECRET_WORDS = "I have told nobody but you"

ACCEPTS = """
import asyncio, sys
from pathlib import Path
from bot.store.sqlite import open_jobs
from tests.job.fakes import request_for, shared_file

async def main():
    async with open_jobs(Path(sys.argv[1])) as jobs:
        for number in range(int(sys.argv[2])):
            await jobs.accept([request_for(shared_file(f"F{number}"))])
        if len(sys.argv) > 3:
            await jobs.claim()
        print("accepted", flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


def run_elsewhere(data_dir: Path, accepts: int, *then: str) -> subprocess.Popen[str]:
    """Another process that accepts jobs, says so and goes on until it is killed."""
    child = subprocess.Popen(
        [sys.executable, "-c", ACCEPTS, str(data_dir), str(accepts), *then],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "accepted\n"
    return child


def kill(child: subprocess.Popen[str]) -> None:
    child.send_signal(signal.SIGKILL)
    child.wait()
    assert child.stdout is not None
    child.stdout.close()


async def claimed_ids(jobs: SqliteJobs) -> list[str]:
    ids = []
    while job := await jobs.claim():
        ids.append(job.key.file_id)
    return ids


async def test_what_was_accepted_survives_a_kill(tmp_path: Path) -> None:
    kill(run_elsewhere(tmp_path, 3))
    async with open_jobs(tmp_path) as jobs:
        assert await claimed_ids(jobs) == ["F0", "F1", "F2"]


async def test_what_was_under_way_is_due_again(tmp_path: Path) -> None:
    kill(run_elsewhere(tmp_path, 1, "claim"))
    async with open_jobs(tmp_path) as jobs:
        assert await claimed_ids(jobs) == ["F0"]


async def test_a_second_process_says_so_and_the_first_goes_on(tmp_path: Path) -> None:
    child = run_elsewhere(tmp_path, 1)
    try:
        with pytest.raises(AlreadyRunning, match="another Threadscribe is running on") as refusal:
            async with open_jobs(tmp_path):
                pass
        assert "\n" not in str(refusal.value)
        assert child.poll() is None
    finally:
        kill(child)
    async with open_jobs(tmp_path) as jobs:
        assert await jobs.accept([request_for()]) == 1


async def test_readers_and_backups_run_beside_it(tmp_path: Path) -> None:
    async with open_jobs(tmp_path) as jobs:
        await jobs.accept([request_for()])
        address = f"file:{tmp_path / 'threadscribe.db'}?mode=ro"
        with (
            closing(sqlite3.connect(address, uri=True)) as reader,
            closing(sqlite3.connect(":memory:")) as copy,
        ):
            reader.execute("BEGIN")
            assert reader.execute("SELECT count(*) FROM job").fetchone() == (1,)
            await jobs.accept([request_for(shared_file("F2"))])
            started = time.monotonic()
            await jobs.sweep()
            assert time.monotonic() - started < 5, "a reader must not hold the bot up"
            assert reader.execute("SELECT count(*) FROM job").fetchone() == (1,)
            reader.rollback()
            reader.backup(copy)
            assert copy.execute("SELECT count(*) FROM job").fetchone() == (2,)
            with pytest.raises(sqlite3.OperationalError, match="readonly"):
                reader.execute("DELETE FROM job")


async def test_a_finished_jobs_contents_are_gone_from_the_disk(tmp_path: Path) -> None:
    def traces(secret: str = SECRET_NAME) -> dict[str, int]:
        return {path.name: path.read_bytes().count(secret.encode()) for path in tmp_path.iterdir()}

    async with open_jobs(tmp_path) as jobs:
        requests = [request_for(shared_file(f"F{n}", name=SECRET_NAME)) for n in range(60)]
        await jobs.accept(requests)
        assert sum(traces().values()) >= 60
        claimed = []
        while job := await jobs.claim():
            claimed.append(job)
        random.Random(7).shuffle(claimed)
        for job in claimed:
            heard = Recognition(SECRET_WORDS, "en", 2.0, complete=True, request_id="")
            await jobs.keep(job, Part(Span(0, 2_000), (), last=True, recognition=heard))
        assert sum(traces(SECRET_WORDS).values()) >= 60
        for job in claimed:
            await jobs.finish(job, "transcribed")
        await jobs.sweep()
        assert sum(traces().values()) == 0, traces()
        assert sum(traces(SECRET_WORDS).values()) == 0, "nor a word"
        assert await jobs.accept(requests) == 0


@pytest.mark.parametrize(
    ("pragma", "value"),
    [
        ("journal_mode", "wal"),
        ("synchronous", 2),
        ("secure_delete", 1),
        ("foreign_keys", 1),
        ("busy_timeout", 30_000),
        ("user_version", schema.VERSION),
    ],
)
async def test_the_settings_that_held_in_trials(tmp_path: Path, pragma: str, value: object) -> None:
    async with open_jobs(tmp_path) as jobs:
        await jobs.sweep()
        found = await jobs._database.transact(lambda c: c.exec_driver_sql(f"PRAGMA {pragma}"))
        assert found.scalar_one() == value


async def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    data_dir = tmp_path / "a" / "data"
    async with open_jobs(data_dir) as jobs:
        await jobs.accept([request_for()])
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
        async with open_jobs(data_dir):
            pass
    assert f"DATA_DIR {data_dir} {says}" in str(refusal.value)
    assert "\n" not in str(refusal.value)


async def test_a_batch_is_accepted_as_a_whole_or_not_at_all(tmp_path: Path) -> None:
    async with open_jobs(tmp_path) as jobs:
        good = request_for(shared_file("F1"))
        broken = request_for(shared_file("F2"))
        object.__setattr__(broken.key, "team_id", None)
        with pytest.raises(Exception, match="NOT NULL"):
            await jobs.accept([good, broken])
        assert await jobs.claim() is None
        assert await jobs.accept([good]) == 1


async def test_a_row_that_cannot_be_read_stops_nobody(tmp_path: Path) -> None:
    async with open_jobs(tmp_path) as jobs:
        await jobs.accept([request_for(shared_file("F1")), request_for(shared_file("F2"))])
    with closing(sqlite3.connect(tmp_path / "threadscribe.db")) as connection:
        connection.execute("UPDATE job SET request = '{}' WHERE key LIKE '%F1%'")
        connection.commit()
    with capture_logs() as logged:
        async with open_jobs(tmp_path) as jobs:
            assert await claimed_ids(jobs) == ["F2"]
            assert await jobs.depth() == {"ready": 0, "running": 1, "parked": 0, "unreadable": 1}
    (line,) = [line for line in logged if line["event"] == "job not readable"]
    assert "F1" in line["key"]


async def test_a_cancelled_caller_leaves_no_lock_behind(tmp_path: Path) -> None:
    chance = random.Random(3)
    async with open_jobs(tmp_path) as jobs:
        for number in range(60):
            task = asyncio.create_task(_use(jobs, request_for(shared_file(f"F{number}"))))
            await asyncio.sleep(chance.uniform(0, 0.008))
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            async with asyncio.timeout(2):
                await jobs.depth()
    async with open_jobs(tmp_path) as jobs:
        assert (await jobs.depth())["running"] == 0


async def _use(jobs: SqliteJobs, request: TranscriptionRequest) -> None:
    await jobs.accept([request])
    if job := await jobs.claim():
        await jobs.finish(await jobs.write_intent(job), "transcribed")


async def test_many_events_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    durations_ms: list[float] = []

    async def accept(jobs: SqliteJobs, number: int) -> int:
        started = time.perf_counter()
        new = await jobs.accept([request_for(shared_file(f"F{number}"))])
        durations_ms.append((time.perf_counter() - started) * 1000)
        return new

    async with open_jobs(tmp_path) as jobs:
        assert sum(await asyncio.gather(*(accept(jobs, number) for number in range(200)))) == 200
        assert (await jobs.depth())["ready"] == 200
    with capsys.disabled():
        durations_ms.sort()
        print(f"\n200 accepts at once: p50 {durations_ms[100]:.0f} ms, p99 {durations_ms[198]:.0f} ms")  # noqa: T201


async def test_waiting_for_work_does_not_poll(tmp_path: Path) -> None:
    passing = VirtualTime()
    async with open_jobs(tmp_path, passing.now) as jobs:
        asked = 0
        rows = jobs._database.rows

        async def counting(statement: object) -> object:
            nonlocal asked
            asked += 1
            return await rows(statement)  # type: ignore[arg-type]

        jobs._database.rows = counting  # type: ignore[method-assign,assignment]
        waiting = asyncio.create_task(jobs.wait_for_work())
        await asyncio.sleep(0.3)
        assert asked == 1
        assert not waiting.done()
        waiting.cancel()


FIRST_RELEASE = """
CREATE TABLE job (
    id INTEGER NOT NULL PRIMARY KEY, "key" VARCHAR NOT NULL UNIQUE, team_id VARCHAR NOT NULL,
    channel_id VARCHAR NOT NULL, message_ts VARCHAR NOT NULL, position INTEGER NOT NULL,
    state VARCHAR NOT NULL,
    attempt INTEGER NOT NULL, faults INTEGER NOT NULL, accepted_at FLOAT NOT NULL, due_at FLOAT NOT NULL,
    intent_at FLOAT, ended_at FLOAT, reply_ts VARCHAR, notice VARCHAR, outcome VARCHAR, request BLOB
);
CREATE INDEX job_by_due ON job (state, due_at);
CREATE INDEX job_by_message ON job (team_id, channel_id, message_ts);
PRAGMA user_version=1;
"""


async def test_a_database_of_version_1_is_brought_up_to_date(tmp_path: Path) -> None:
    request = request_for()
    with closing(sqlite3.connect(tmp_path / "threadscribe.db")) as old:
        old.executescript(FIRST_RELEASE)
        old.execute(
            "INSERT INTO job VALUES (1, ?, 'T1', 'C1', '1.0', 0, 'ready', 0, 0, 5.0, 5.0, NULL, NULL, NULL, "
            "NULL, NULL, ?)",
            (str(request.key), dump_request(request)),
        )
        old.commit()
    for _ in range(2):
        async with open_jobs(tmp_path) as jobs:
            job = await jobs.claim()
            assert job is not None
            assert (job.request, job.revision) == (request, 0)
            await jobs.keep(job, Part(Span(0, 2_000), (), last=True))
            assert len(await jobs.parts(job)) == 1


async def test_a_part_that_cannot_be_read_is_recognised_anew(tmp_path: Path) -> None:
    async with open_jobs(tmp_path) as jobs:
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
