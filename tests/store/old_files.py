"""Database files as older versions wrote them."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from bot.model import Claim, FileState, JobKey, SharedFile, TranscriptionRequest

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
VERSION_3 = """
CREATE TABLE job (
    id INTEGER NOT NULL, "key" VARCHAR NOT NULL, team_id VARCHAR NOT NULL, channel_id VARCHAR NOT NULL,
    message_ts VARCHAR NOT NULL, file_id VARCHAR NOT NULL, audience VARCHAR NOT NULL, thread_ts VARCHAR,
    position INTEGER NOT NULL, state VARCHAR NOT NULL, attempt INTEGER NOT NULL, faults INTEGER NOT NULL,
    revision INTEGER DEFAULT '0' NOT NULL, confirmed BOOLEAN DEFAULT 0 NOT NULL,
    counted BOOLEAN DEFAULT 0 NOT NULL, asked VARCHAR DEFAULT '' NOT NULL, accepted_at FLOAT NOT NULL,
    due_at FLOAT NOT NULL, intent_at FLOAT, ended_at FLOAT, reply_ts VARCHAR, notice VARCHAR,
    outcome VARCHAR, request BLOB, PRIMARY KEY (id), UNIQUE ("key")
);
CREATE INDEX job_by_due ON job (state, due_at);
CREATE INDEX job_by_file ON job (team_id, file_id);
CREATE INDEX job_by_message ON job (team_id, channel_id, message_ts);
CREATE TABLE part (
    job_id INTEGER NOT NULL, start_ms INTEGER NOT NULL, failed BOOLEAN NOT NULL, content BLOB NOT NULL,
    PRIMARY KEY (job_id, start_ms), FOREIGN KEY(job_id) REFERENCES job (id) ON DELETE CASCADE
);
CREATE TABLE removal (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, team_id VARCHAR NOT NULL, channel_id VARCHAR NOT NULL,
    thread_ts VARCHAR NOT NULL, message_ts VARCHAR NOT NULL, file_id VARCHAR, audience VARCHAR,
    attempt INTEGER NOT NULL, claimed BOOLEAN NOT NULL, due_at FLOAT NOT NULL
);
CREATE TABLE channel (
    team_id VARCHAR NOT NULL, channel_id VARCHAR NOT NULL, settings BLOB,
    greeted BOOLEAN DEFAULT 0 NOT NULL, PRIMARY KEY (team_id, channel_id)
);
CREATE TABLE opted_out (
    team_id VARCHAR NOT NULL, user_id VARCHAR NOT NULL, PRIMARY KEY (team_id, user_id)
);
CREATE TABLE subscription (
    team_id VARCHAR NOT NULL, channel_id VARCHAR NOT NULL, user_id VARCHAR NOT NULL,
    PRIMARY KEY (team_id, channel_id, user_id)
);
CREATE TABLE usage (
    team_id VARCHAR NOT NULL, channel_id VARCHAR NOT NULL, month VARCHAR NOT NULL,
    clips INTEGER NOT NULL, seconds FLOAT NOT NULL, PRIMARY KEY (team_id, channel_id, month)
);
PRAGMA user_version=3;
"""
VERSION_4 = """
CREATE INDEX job_by_end ON job (state, ended_at);
PRAGMA user_version=4;
"""
"""What it adds to version 3."""
VERSION_5 = """
ALTER TABLE job ADD COLUMN reserved_s FLOAT DEFAULT '0' NOT NULL;
ALTER TABLE channel ADD COLUMN changed_at FLOAT DEFAULT '0' NOT NULL;
ALTER TABLE opted_out ADD COLUMN is_out BOOLEAN DEFAULT 1 NOT NULL;
ALTER TABLE opted_out ADD COLUMN changed_at FLOAT DEFAULT '0' NOT NULL;
ALTER TABLE subscription ADD COLUMN since FLOAT DEFAULT '0' NOT NULL;
CREATE TABLE moved_channel (
    team_id VARCHAR NOT NULL, old_id VARCHAR NOT NULL, new_id VARCHAR NOT NULL, PRIMARY KEY (team_id, old_id)
);
CREATE TABLE workspace (
    team_id VARCHAR NOT NULL, heard_until FLOAT NOT NULL, automatic BOOLEAN NOT NULL,
    automatic_since FLOAT NOT NULL, PRIMARY KEY (team_id)
);
CREATE TABLE listening (
    team_id VARCHAR NOT NULL, channel_id VARCHAR NOT NULL, since FLOAT NOT NULL, missed_from FLOAT,
    PRIMARY KEY (team_id, channel_id)
);
PRAGMA user_version=5;
"""
"""What it adds to version 4."""
_SCRIPTS = {
    1: VERSION_1,
    2: VERSION_2,
    3: VERSION_3,
    4: VERSION_3 + VERSION_4,
    5: VERSION_3 + VERSION_4 + VERSION_5,
}
VERSIONS = pytest.mark.parametrize("version", list(_SCRIPTS))


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
    database.executescript(_SCRIPTS[version])
    add_job(
        database, version, "F1", "running", attempt=3, faults=1, reply_ts="5.5", request=old_request("F1")
    )
    add_job(database, version, "F2", "ended", ended_at=2_000_000_000.0, reply_ts="6.5", outcome="transcribed")
    if version > 1:
        database.execute("UPDATE job SET revision = 4 WHERE key LIKE '%F1%'")
        database.execute("INSERT INTO part VALUES (1, 0, 0, ?)", (OLD_PART,))
    database.commit()
    return database


def add_job(
    database: sqlite3.Connection, version: int, file_id: str, state: str, **values: float | str | bytes
) -> None:
    """A row as that version wrote it."""
    key = f"T1:C1:1.0:{file_id}:thread"
    row: dict[str, float | str | bytes] = {
        "key": key if version > 2 else f"{key}:0",
        "team_id": "T1",
        "channel_id": "C1",
        "message_ts": "1.0",
        "position": 0,
        "state": state,
        "attempt": 0,
        "faults": 0,
        "accepted_at": 3.0,
        "due_at": 3.0,
        "intent_at": 4.0,
        **({"file_id": file_id, "audience": "thread"} if version > 2 else {}),
        **values,
    }
    places = ", ".join("?" * len(row))
    database.execute(f"INSERT INTO job ({', '.join(row)}) VALUES ({places})", tuple(row.values()))  # noqa: S608  # our own columns
