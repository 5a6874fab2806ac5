"""Tables of the embedded database (SQLite)."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
)

VERSION = 2
"""Stands in the file as ``PRAGMA user_version``. A change of the tables raises it and brings a migration."""

metadata = MetaData()

job = Table(
    "job",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", String, nullable=False, unique=True),
    # Where it came from: what sibling look-ups and purges ask for.
    Column("team_id", String, nullable=False),
    Column("channel_id", String, nullable=False),
    Column("message_ts", String, nullable=False),
    Column("position", Integer, nullable=False),
    # ready | running | parked | gapped (ended, but its gaps may be filled) | ended | unreadable
    Column("state", String, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("faults", Integer, nullable=False),
    Column("revision", Integer, nullable=False, server_default="0"),
    # Seconds since the epoch, UTC.
    Column("accepted_at", Float, nullable=False),
    Column("due_at", Float, nullable=False),
    Column("intent_at", Float),
    Column("ended_at", Float),
    Column("reply_ts", String),
    Column("notice", String),
    Column("outcome", String),
    # The request as JSON (file names and ids, never a transcript); NULL once the job has ended.
    Column("request", LargeBinary),
    Index("job_by_due", "state", "due_at"),
    Index("job_by_message", "team_id", "channel_id", "message_ts"),
)

part = Table(
    "part",
    metadata,
    Column("job_id", ForeignKey("job.id", ondelete="CASCADE"), primary_key=True),
    Column("start_ms", Integer, primary_key=True),
    Column("failed", Boolean, nullable=False),
    # The part as JSON, its words included: deleted with the job's end.
    Column("content", LargeBinary, nullable=False),
)
