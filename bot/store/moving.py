"""Channels that get another id: everything that is stored moves along, and former ids lead to the newest.

The jobs of two ids can be of one recording, as where somebody asks in the channel before Slack tells that it
has moved: the one that has come further stays.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Row, delete, func, literal, select, update
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.model import JobState, TranscriptionRequest
from bot.store import schema
from bot.store.ledger import move_usage
from bot.store.rows import ANSWERED, WORKING, channel_now, dump_request, parse_request

_WITH_ONE_ROW_EACH = (schema.channel, schema.subscription, schema.listening)
"""Tables in which the rows of the old id take the place of those of the new one."""


async def channel_id_now(connection: AsyncConnection, team_id: str, channel_id: str) -> str:
    """The id that a channel goes by now, whichever of its ids is given."""
    return str((await connection.execute(select(channel_now(team_id, channel_id)))).scalar_one())


async def request_now(connection: AsyncConnection, request: TranscriptionRequest) -> TranscriptionRequest:
    """A request as it names its channel now, and the one where its reader looks."""
    key, place = request.key, request.whisper_in
    key = replace(key, channel_id=await channel_id_now(connection, key.team_id, key.channel_id))
    if place is not None:
        place = replace(place, channel_id=await channel_id_now(connection, key.team_id, place.channel_id))
    return replace(request, key=key, whisper_in=place)


async def move_channel(connection: AsyncConnection, *, team_id: str, old_id: str, new_id: str) -> None:
    """Do what ``bot.ports.preferences.Preferences.move_channel`` says."""
    # An event that comes late names an id that the channel has left again.
    newest = await channel_id_now(connection, team_id, new_id)
    newest = new_id if newest == old_id else newest
    if newest == old_id:
        return
    await _note_former_ids(connection, team_id, old_id, newest)
    for table in _WITH_ONE_ROW_EACH:
        old = (table.c.team_id == team_id) & (table.c.channel_id == old_id)
        known = await connection.execute(select(table).where(old).limit(1))
        if known.first() is not None:
            await connection.execute(
                delete(table).where(table.c.team_id == team_id, table.c.channel_id == newest)
            )
            await connection.execute(update(table).where(old).values(channel_id=newest))
    await _move_jobs(connection, team_id, old_id, newest)
    removal, usage = schema.removal, schema.usage
    await connection.execute(
        update(removal)
        .where(removal.c.team_id == team_id, removal.c.channel_id == old_id)
        .values(channel_id=newest)
    )
    await move_usage(connection, (usage.c.team_id == team_id) & (usage.c.channel_id == old_id), to=newest)


async def _note_former_ids(connection: AsyncConnection, team_id: str, old_id: str, newest: str) -> None:
    """Have the old id, and those before it, lead to the newest; that one is no former id (any more)."""
    table = schema.moved_channel
    ours = table.c.team_id == team_id
    await connection.execute(delete(table).where(ours, table.c.old_id == newest))
    await connection.execute(update(table).where(ours, table.c.new_id == old_id).values(new_id=newest))
    noted = insert(table).values(team_id=team_id, old_id=old_id, new_id=newest)
    await connection.execute(
        noted.on_conflict_do_update(index_elements=["team_id", "old_id"], set_={"new_id": newest})
    )


async def _move_jobs(connection: AsyncConnection, team_id: str, old_id: str, newest: str) -> None:
    job = schema.job
    moving = (job.c.team_id == team_id) & (job.c.channel_id == old_id)
    rest = func.substr(job.c.key, len(f"{team_id}:{old_id}:") + 1)
    key = literal(f"{team_id}:{newest}:") + rest
    twin = job.alias()
    twins = select(job.c.id, job.c.revision, job.c.state, job.c.outcome, twin.c.id.label("twin_id"))
    for row in (await connection.execute(twins.join(twin, twin.c.key == key).where(moving))).all():
        other = (await connection.execute(select(job).where(job.c.id == row.twin_id))).one()
        gives_way = row if _progress(row) < _progress(other) else other
        await connection.execute(delete(job).where(job.c.id == gives_way.id))
    moved = update(job).where(moving).values(channel_id=newest, key=key).returning(job.c.id, job.c.request)
    for row in (await connection.execute(moved)).all():
        if row.request is None:
            continue
        try:
            request = await request_now(connection, parse_request(row.request))
        except ValidationError:
            continue  # its claim ends it
        await connection.execute(update(job).where(job.c.id == row.id).values(request=dump_request(request)))


def _progress(row: Row[*tuple[Any, ...]]) -> tuple[int, int]:
    """A job's revision and stage, which grow as it goes on: two of one recording are compared by them."""
    if row.state in WORKING:
        stage = 2
    elif row.outcome in ANSWERED:
        stage = 3
    else:
        stage = 1 if row.state == JobState.HELD else 0
    return row.revision, stage
