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
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    false,
    true,
)

VERSION = 6
"""Stands in the file as ``PRAGMA user_version``, where versions without revisions look before they write.

A change of the tables raises it and brings a revision: see ``bot.store.migrations``.
"""


def revision_of(version: int) -> str:
    """The name of a version's revision."""
    return f"{version:04}"


HEAD = revision_of(VERSION)
"""The revision that these tables are; here too, so that few starts import alembic."""

metadata = MetaData()

alembic_version = Table(
    "alembic_version",
    MetaData(),  # alembic's own: no revision creates it
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)

job = Table(
    "job",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", String, nullable=False, unique=True),
    # Where it came from: what sibling look-ups and purges ask for.
    Column("team_id", String, nullable=False),
    Column("channel_id", String, nullable=False),
    Column("message_ts", String, nullable=False),
    Column("file_id", String, nullable=False),
    Column("audience", String, nullable=False),
    # NULL in rows of older versions.
    Column("thread_ts", String),
    Column("position", Integer, nullable=False),
    # A ``model.JobState``.
    Column("state", String, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("faults", Integer, nullable=False),
    Column("revision", Integer, nullable=False, server_default="0"),
    Column("confirmed", Boolean, nullable=False, server_default=false()),
    # It is in the month's sum of clips.
    Column("counted", Boolean, nullable=False, server_default=false()),
    # Seconds of the month that are set aside for what it will be billed for, while it goes on by itself.
    Column("reserved_s", Float, nullable=False, server_default="0"),
    # The id of the request by hand that made it or made it due again.
    Column("asked", String, nullable=False, server_default=""),
    # Seconds since the epoch, UTC.
    Column("accepted_at", Float, nullable=False),
    Column("due_at", Float, nullable=False),
    Column("intent_at", Float),
    Column("ended_at", Float),
    Column("reply_ts", String),
    Column("notice", String),
    # A ``model.Outcome``.
    Column("outcome", String),
    # The request as JSON (file names and ids, never a transcript); NULL once the job has ended.
    Column("request", LargeBinary),
    Index("job_by_due", "state", "due_at"),
    Index("job_by_message", "team_id", "channel_id", "message_ts"),
    Index("job_by_file", "team_id", "file_id"),
    Index("job_by_end", "state", "ended_at"),
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

removal = Table(
    "removal",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("team_id", String, nullable=False),
    Column("channel_id", String, nullable=False),
    Column("thread_ts", String, nullable=False),
    Column("message_ts", String, nullable=False),
    # NULL: all of the message's files.
    Column("file_id", String),
    # NULL: for whomever.
    Column("audience", String),
    Column("attempt", Integer, nullable=False),
    Column("claimed", Boolean, nullable=False),
    Column("due_at", Float, nullable=False),
    # Whoever still works on one that was purged must not meet another under its number.
    sqlite_autoincrement=True,
)

waiting_event = Table(
    "waiting_event",
    metadata,
    Column("id", Integer, primary_key=True),
    # Slack's; NULL where an event names none.
    Column("event_id", String, unique=True),
    # As JSON, what people wrote included: deleted once it is handled.
    Column("body", Text, nullable=False),
    Column("attempt", Integer, nullable=False),
    # Seconds since the epoch, UTC.
    Column("received_at", Float, nullable=False),
    Column("due_at", Float, nullable=False),
    # A task of a row that was forgotten must not meet another under its number.
    sqlite_autoincrement=True,
)

channel = Table(
    "channel",
    metadata,
    Column("team_id", String, primary_key=True),
    Column("channel_id", String, primary_key=True),
    # The settings as JSON; NULL where nobody has decided anything.
    Column("settings", LargeBinary),
    Column("greeted", Boolean, nullable=False, server_default=false()),
    # When what is transcribed in it, and for whom, last changed: seconds since the epoch, UTC; 0 where never.
    Column("changed_at", Float, nullable=False, server_default="0"),
)

opted_out = Table(
    "opted_out",
    metadata,
    Column("team_id", String, primary_key=True),
    Column("user_id", String, primary_key=True),
    # False where somebody has opted in again: when they did still counts.
    Column("is_out", Boolean, nullable=False, server_default=true()),
    Column("changed_at", Float, nullable=False, server_default="0"),
)

subscription = Table(
    "subscription",
    metadata,
    Column("team_id", String, primary_key=True),
    Column("channel_id", String, primary_key=True),
    Column("user_id", String, primary_key=True),
    Column("since", Float, nullable=False, server_default="0"),
)

moved_channel = Table(
    "moved_channel",
    metadata,
    Column("team_id", String, primary_key=True),
    # What replies that were posted before still name.
    Column("old_id", String, primary_key=True),
    Column("new_id", String, nullable=False),
)

workspace = Table(
    "workspace",
    metadata,
    Column("team_id", String, primary_key=True),
    # Slack's events have arrived without a gap until then, in seconds since the epoch, UTC.
    Column("heard_until", Float, nullable=False),
    # The deployment's default for channels where nobody has decided, and since when.
    Column("automatic", Boolean, nullable=False),
    Column("automatic_since", Float, nullable=False),
)

listening = Table(
    "listening",
    metadata,
    Column("team_id", String, primary_key=True),
    Column("channel_id", String, primary_key=True),
    # Nothing that was said before then is looked for.
    Column("since", Float, nullable=False),
    # The time from which its history has to be looked through; NULL where nothing was missed.
    Column("missed_from", Float),
)

usage = Table(
    "usage",
    metadata,
    Column("team_id", String, primary_key=True),
    # Empty for channels that are forgotten.
    Column("channel_id", String, primary_key=True),
    # YYYY-MM, in UTC.
    Column("month", String, primary_key=True),
    Column("clips", Integer, nullable=False),
    Column("seconds", Float, nullable=False),
)
