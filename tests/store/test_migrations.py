"""Files of older versions are brought up to date, and nothing in them is lost."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bot.model import Claim, FileState, JobKey, Part, Recognition, SharedFile, Span, TranscriptionRequest
from bot.ports import Asked
from bot.store.store import open_store

VERSION_1 = """
CREATE TABLE job (
    id INTEGER NOT NULL PRIMARY KEY, "key" VARCHAR NOT NULL UNIQUE, team_id VARCHAR NOT NULL,
    channel_id VARCHAR NOT NULL, message_ts VARCHAR NOT NULL, position INTEGER NOT NULL,
    state VARCHAR NOT NULL, attempt INTEGER NOT NULL, faults INTEGER NOT NULL,
    accepted_at FLOAT NOT NULL, due_at FLOAT NOT NULL, intent_at FLOAT, ended_at FLOAT,
    reply_ts VARCHAR, notice VARCHAR, outcome VARCHAR, request BLOB
);
CREATE INDEX job_by_due ON job (state, due_at);
CREATE INDEX job_by_message ON job (team_id, channel_id, message_ts);
PRAGMA user_version=1;
"""
VERSION_2 = """
CREATE TABLE job (
    id INTEGER NOT NULL, "key" VARCHAR NOT NULL, team_id VARCHAR NOT NULL, channel_id VARCHAR NOT NULL,
    message_ts VARCHAR NOT NULL, position INTEGER NOT NULL, state VARCHAR NOT NULL,
    attempt INTEGER NOT NULL, faults INTEGER NOT NULL, revision INTEGER DEFAULT '0' NOT NULL,
    accepted_at FLOAT NOT NULL, due_at FLOAT NOT NULL, intent_at FLOAT, ended_at FLOAT,
    reply_ts VARCHAR, notice VARCHAR, outcome VARCHAR, request BLOB,
    PRIMARY KEY (id), UNIQUE ("key")
);
CREATE INDEX job_by_message ON job (team_id, channel_id, message_ts);
CREATE INDEX job_by_due ON job (state, due_at);
CREATE TABLE part (
    job_id INTEGER NOT NULL, start_ms INTEGER NOT NULL, failed BOOLEAN NOT NULL, content BLOB NOT NULL,
    PRIMARY KEY (job_id, start_ms), FOREIGN KEY(job_id) REFERENCES job (id) ON DELETE CASCADE
);
PRAGMA user_version=2;
"""
VERSIONS = pytest.mark.parametrize("version", [1, 2])


def old_request(file_id: str) -> bytes:
    """What versions 1 and 2 wrote."""
    text = (
        '{"key":{"team_id":"T1","channel_id":"C1","message_ts":"1.0","file_id":"F?","audience":"thread",'
        '"run":0},"file":{"id":"F?","name":"clip.m4a","claim":"audio","state":"available",'
        '"url":"https://files.slack.com/F","size_bytes":1000,"duration_s":2.0},"thread_ts":"0.5",'
        '"user_id":"U1","position":0,"siblings":1,"explicit":false}'
    )
    return text.replace("F?", file_id).encode()


OLD_PART = (
    b'{"span":{"start_ms":0,"end_ms":2000},"sounds":[{"start_ms":0,"end_ms":2000}],"last":true,"recognition":'
    b'{"text":"words","language":"en","billed_s":2.0,"complete":true,"request_id":"r-1"},"failed":false}'
)


def request(file_id: str) -> TranscriptionRequest:
    """The same as it is read today."""
    file = SharedFile(
        file_id, "clip.m4a", Claim.AUDIO, FileState.AVAILABLE, "https://files.slack.com/F", 1000, 2.0
    )
    return TranscriptionRequest(JobKey("T1", "C1", "1.0", file_id), file, "0.5", "U1", 0, 1, explicit=False)


def old_file(data_dir: Path, version: int) -> sqlite3.Connection:
    """A database of an older version, with a job that is due and one that has ended."""
    database = sqlite3.connect(data_dir / "threadscribe.db")
    database.executescript({1: VERSION_1, 2: VERSION_2}[version])
    columns = (
        "key, team_id, channel_id, message_ts, position, state, attempt, faults, accepted_at, due_at, "
        "intent_at, ended_at, reply_ts, outcome, request"
    )
    rows = [
        ("F1", "running", 3, 1, 4.0, None, "5.5", None, old_request("F1")),
        ("F2", "ended", 0, 0, 4.0, 2_000_000_000.0, "6.5", "transcribed", None),
    ]
    for file_id, state, attempt, faults, intent_at, ended_at, reply_ts, outcome, content in rows:
        key = f"T1:C1:1.0:{file_id}:thread:0"
        values = (
            *(key, "T1", "C1", "1.0", 0, state, attempt, faults, 3.0, 3.0),
            *(intent_at, ended_at, reply_ts, outcome, content),
        )
        places = ", ".join("?" * len(values))
        database.execute(f"INSERT INTO job ({columns}) VALUES ({places})", values)  # noqa: S608  # our own columns
    if version == 2:
        database.execute("UPDATE job SET revision = 4 WHERE key LIKE '%F1%'")
        database.execute("INSERT INTO part VALUES (1, 0, 0, ?)", (OLD_PART,))
    database.commit()
    return database


@VERSIONS
async def test_what_was_under_way_goes_on(tmp_path: Path, version: int) -> None:
    old_file(tmp_path, version).close()
    for _ in range(2):
        async with open_store(tmp_path) as store:
            job = await store.jobs.claim()
            assert job is not None
            assert job.request == request("F1")
            assert (job.attempt, job.faults, job.reply_ts, job.is_confirmed) == (3, 1, "5.5", False)
            assert job.revision == (4 if version == 2 else 0)
            span = Span(0, 2_000)
            heard = Recognition("words", "en", 2.0, complete=True, request_id="r-1")
            assert await store.jobs.parts(job) == (
                [Part(span, (span,), last=True, recognition=heard)] if version == 2 else []
            )
            assert await store.jobs.claim() is None


@VERSIONS
async def test_keys_are_still_known_without_their_number(tmp_path: Path, version: int) -> None:
    old_file(tmp_path, version).close()
    async with open_store(tmp_path) as store:
        assert await store.jobs.accept([request("F1"), request("F2")]) == 0
        assert await store.jobs.ask(request("F2")) is Asked.ANSWERED
        assert await store.jobs.ask(request("F2"), anew=True) is Asked.ACCEPTED
        jobs = [await store.jobs.claim() for _ in range(2)]
        assert {job.key.file_id: job.reply_ts for job in jobs if job} == {"F1": "5.5", "F2": "6.5"}


@VERSIONS
async def test_deleted_files_are_found_in_old_rows(tmp_path: Path, version: int) -> None:
    old_file(tmp_path, version).close()
    async with open_store(tmp_path) as store:
        assert await store.jobs.withdraw_file("T1", "F2") == 1
        removal = await store.jobs.claim_removal()
        assert removal is not None
        assert (removal.keys, removal.thread_ts) == ((request("F2").key,), "1.0")


@VERSIONS
async def test_an_old_file_becomes_what_a_new_one_is(tmp_path: Path, version: int) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    old.mkdir()
    old_file(old, version).close()
    for data_dir in (old, new):
        async with open_store(data_dir) as store:
            await store.preferences.greet("T1", "C1")
    assert dict(_shape(old)) == dict(_shape(new))


@VERSIONS
async def test_a_row_whose_key_cannot_be_read_stops_nobody(tmp_path: Path, version: int) -> None:
    with closing(old_file(tmp_path, version)) as database:
        database.execute("UPDATE job SET key = 'no key' WHERE key LIKE '%F2%'")
        database.commit()
    async with open_store(tmp_path) as store:
        job = await store.jobs.claim()
        assert job is not None
        assert job.request == request("F1")
        assert await store.jobs.accept([request("F1"), request("F2")]) == 1


def _shape(data_dir: Path) -> Iterator[tuple[str, object]]:
    """A database's version, and its tables' columns and indexes."""
    with closing(sqlite3.connect(data_dir / "threadscribe.db")) as database:
        yield "version", database.execute("PRAGMA user_version").fetchone()
        for (table,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            columns = database.execute(f"PRAGMA table_info({table})").fetchall()
            yield table, {(name, kind, required, key) for _, name, kind, required, _, key in columns}
        indexes = database.execute("SELECT name, tbl_name FROM sqlite_master WHERE type = 'index'").fetchall()
        for name, table in indexes:
            columns = database.execute(f"PRAGMA index_info('{name}')").fetchall()
            yield f"{table} {name}", [column for _, _, column in columns]
