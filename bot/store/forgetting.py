"""Purges a workspace, a channel or a person. Their jobs that run meanwhile end by ``Forgotten``."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import ValidationError
from sqlalchemy import ColumnElement, Table, and_, delete, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.model import TranscriptionRequest
from bot.store import schema
from bot.store.ledger import move_usage
from bot.store.rows import parse_request
from bot.store.sharing import drop_kept_words


@dataclass(frozen=True, slots=True, kw_only=True)
class Traces:
    """The number of rows that were forgotten, by kind."""

    under_way: int = 0
    """Jobs with their contents: waiting, running, or ended with gaps that may be filled. Waiting events."""
    answered: int = 0
    """Keys of jobs that have ended."""
    removals: int = 0
    settings: int = 0
    """Of channels: what was decided for them, and that they were greeted."""
    subscriptions: int = 0
    opt_outs: int = 0
    usage: int = 0
    """Months, by channel."""


async def forget_team(connection: AsyncConnection, team_id: str) -> Traces:
    """Delete every row of a workspace."""
    job, usage, opted_out = schema.job, schema.usage, schema.opted_out
    under_way, answered = await _forget_jobs(connection, job.c.team_id == team_id)
    under_way += await _forget_events(connection, team_id)
    for table in (schema.workspace, schema.listening, schema.moved_channel):
        await _forget(connection, table, team_id=team_id)
    return Traces(
        under_way=under_way,
        answered=answered,
        removals=await _forget(connection, schema.removal, team_id=team_id),
        settings=await _forget(connection, schema.channel, team_id=team_id),
        subscriptions=await _forget(connection, schema.subscription, team_id=team_id),
        opt_outs=await _forget(connection, opted_out, team_id=team_id),
        usage=await _forget(connection, usage, team_id=team_id),
    )


async def forget_channel(connection: AsyncConnection, channel_id: str, team_id: str | None = None) -> Traces:
    """Delete all of a channel but what it used, which counts for its workspace from now on.

    Without ``team_id``: in whichever workspace.
    """
    where = {"channel_id": channel_id} | ({} if team_id is None else {"team_id": team_id})
    under_way, answered = await _forget_jobs(connection, _equal(schema.job, where))
    under_way += await _forget_events(connection, *where.values())
    await _forget(connection, schema.listening, **where)
    moved = {"new_id" if name == "channel_id" else name: value for name, value in where.items()}
    await _forget(connection, schema.moved_channel, **moved)
    return Traces(
        under_way=under_way,
        answered=answered,
        removals=await _forget(connection, schema.removal, **where),
        settings=await _forget(connection, schema.channel, **where),
        subscriptions=await _forget(connection, schema.subscription, **where),
        usage=await move_usage(connection, _equal(schema.usage, where), to=""),
    )


async def forget_user(connection: AsyncConnection, user_id: str) -> Traces:
    """Delete what names a person, in any workspace: as a speaker, as somebody who requests, as a reader.

    Of recordings that are answered no row says whose they were: the words that are kept of them all go.
    """
    job = schema.job
    naming = []
    for row in await connection.execute(select(job.c.id, job.c.request).where(job.c.request.is_not(None))):
        try:
            request = parse_request(row.request)
        except ValidationError:
            continue  # its claim ends it
        if user_id in _people_of(request):
            naming.append(row.id)
    await drop_kept_words(connection)
    under_way, answered = await _forget_jobs(connection, or_(job.c.audience == user_id, job.c.id.in_(naming)))
    under_way += await _forget_events(connection, user_id)
    return Traces(
        under_way=under_way,
        answered=answered,
        removals=await _forget(connection, schema.removal, audience=user_id),
        subscriptions=await _forget(connection, schema.subscription, user_id=user_id),
        opt_outs=await _forget(connection, schema.opted_out, user_id=user_id),
    )


def _people_of(request: TranscriptionRequest) -> set[str]:
    """The people who recorded, shared or requested it."""
    return {request.file.owner_id, request.user_id, request.asked_by, request.again_by}


async def _forget_jobs(connection: AsyncConnection, whose: ColumnElement[bool]) -> tuple[int, int]:
    """Delete jobs with their parts; return how many were under way, and how many had ended."""
    table = schema.job
    held = select(func.count()).select_from(table).where(whose, table.c.request.is_not(None))
    under_way = (await connection.execute(held)).scalar_one()
    deleted = (await connection.execute(delete(table).where(whose))).rowcount
    return under_way, deleted - under_way


async def _forget_events(connection: AsyncConnection, *ids: str) -> int:
    """Delete the waiting events in whose JSON each id is a value of its own; those that mention it stay."""
    body = schema.waiting_event.c.body
    naming = and_(*(body.contains(f'"{one}"', autoescape=True) for one in ids))
    return (await connection.execute(delete(schema.waiting_event).where(naming))).rowcount


async def _forget(connection: AsyncConnection, table: Table, **where: str) -> int:
    return (await connection.execute(delete(table).where(_equal(table, where)))).rowcount


def _equal(table: Table, values: dict[str, str]) -> ColumnElement[bool]:
    return and_(*(table.c[name] == value for name, value in values.items()))
