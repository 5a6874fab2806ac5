"""Rows as statements and as records; requests, parts and settings as the JSON in them. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import ColumnElement, Insert, Row, ScalarSelect, func, literal, select
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from bot.channel_settings import ChannelSettings
from bot.model import Job, JobKey, JobState, Outcome, TranscriptionRequest
from bot.recording import Part
from bot.store import schema

WORKING = (JobState.READY, JobState.RUNNING, JobState.PARKED)
"""States of jobs that go on by themselves; one that is held waits for somebody."""
GAPS_KEPT = timedelta(days=1)
"""The time for which somebody may request the missing parts of a transcript."""
CLIPS = frozenset({Outcome.TRANSCRIBED, Outcome.GAPPED, Outcome.TRANSCRIBED_BEFORE, Outcome.GAPPED_BEFORE})
"""Outcomes that count as a clip of the month."""
ANSWERED = CLIPS | {Outcome.KEPT}
"""Outcomes after which a transcript stands."""
_REQUEST = TypeAdapter(TranscriptionRequest)
_PART = TypeAdapter(Part)
_SETTINGS = TypeAdapter(ChannelSettings)


def insert_job(request: TranscriptionRequest, now: float, **values: Any) -> Insert:
    """Add a job that is due now; a key that is known changes nothing."""
    return sqlite_insert(schema.job).values(**new_row(request, now) | values).on_conflict_do_nothing()


def new_row(request: TranscriptionRequest, now: float) -> dict[str, Any]:
    """The columns of a job that is due now."""
    return _row_of(request.key, request.thread_ts, now) | {
        "position": request.position,
        "state": JobState.READY,
        "asked": request.ask_id,
        "request": dump_request(request),
    }


def note_reply(key: JobKey, thread_ts: str, reply_ts: str, now: float) -> Insert:
    """Note where a job's reply stands; a job that is forgotten is known again, as one that has ended."""
    row = _row_of(key, thread_ts, now) | {
        "position": 0,
        "state": JobState.ENDED,
        "outcome": Outcome.WITHDRAWN,
        "ended_at": now,
        "reply_ts": reply_ts,
    }
    stated = {"reply_ts": reply_ts}
    return sqlite_insert(schema.job).values(**row).on_conflict_do_update(index_elements=["key"], set_=stated)


def _row_of(key: JobKey, thread_ts: str, now: float) -> dict[str, Any]:
    """The columns of every new job."""
    return {
        "key": str(key),
        "team_id": key.team_id,
        "channel_id": key.channel_id,
        "message_ts": key.message_ts,
        "file_id": key.file_id,
        "audience": key.audience,
        "thread_ts": thread_ts,
        "attempt": 0,
        "faults": 0,
        "accepted_at": now,
        "due_at": now,
    }


def channel_now(team_id: str, channel_id: str) -> ColumnElement[str]:
    """The id that a channel goes by now, whichever of its ids is given; inside another statement."""
    moved = schema.moved_channel
    newest = select(moved.c.new_id).where(moved.c.team_id == team_id, moved.c.old_id == channel_id)
    return func.coalesce(newest.scalar_subquery(), channel_id)


def key_now(key: JobKey) -> ColumnElement[str]:
    """The key under which a job is stored now, as its channel may have moved; inside another statement."""
    rest = f":{key.message_ts}:{key.file_id}:{key.audience}"
    return literal(f"{key.team_id}:") + channel_now(key.team_id, key.channel_id) + literal(rest)


def id_of(key: JobKey) -> ScalarSelect[int]:
    """The row's number, inside another statement."""
    return select(schema.job.c.id).where(schema.job.c.key == key_now(key)).scalar_subquery()


def is_running(key: JobKey) -> ColumnElement[bool]:
    """True for this job's row while it is claimed. What has ended has ended, whoever still works on it."""
    return (schema.job.c.key == key_now(key)) & (schema.job.c.state == JobState.RUNNING)


def parse_job(row: Row[*tuple[Any, ...]]) -> Job:
    """A whole row.

    Raises:
        ValidationError: its request cannot be read.
    """
    return Job(
        request=parse_request(row.request),
        accepted_at=datetime.fromtimestamp(row.accepted_at, UTC),
        attempt=row.attempt,
        intent_at=None if row.intent_at is None else datetime.fromtimestamp(row.intent_at, UTC),
        reply_ts=row.reply_ts,
        notice=row.notice,
        bugs=row.faults,
        revision=row.revision,
        is_confirmed=row.confirmed,
        # A retranscription leaves its request's id.
        fills_gaps=row.revision > 0 and not row.asked,
    )


def dump_request(request: TranscriptionRequest) -> bytes:
    """A request as JSON."""
    return _REQUEST.dump_json(request)


def parse_request(data: bytes) -> TranscriptionRequest:
    """The request that ``dump_request`` wrote."""
    return _REQUEST.validate_json(data)


def dump_part(part: Part) -> bytes:
    """A part as JSON."""
    return _PART.dump_json(part)


def parse_part(data: bytes) -> Part:
    """The part that ``dump_part`` wrote."""
    return _PART.validate_json(data)


def dump_settings(settings: ChannelSettings) -> bytes:
    """A channel's settings as JSON."""
    return _SETTINGS.dump_json(settings)


def parse_settings(data: bytes) -> ChannelSettings:
    """The settings that ``dump_settings`` wrote."""
    return _SETTINGS.validate_json(data)
