"""Insertion of the requests of many events at once, in one transaction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.model import TranscriptionRequest
from bot.store import schema
from bot.store.moving import channel_id_now
from bot.store.rows import new_row


async def insert_all(
    connection: AsyncConnection, *, events: Sequence[Sequence[TranscriptionRequest]], now: float
) -> list[int]:
    """Insert the requests of each event that are not known; how many of each were new."""
    ids: dict[tuple[str, str], str] = {}
    for team_id, channel_id in {place for event in events for one in event for place in _channels_of(one)}:
        ids[team_id, channel_id] = await channel_id_now(connection, team_id, channel_id)
    named = [[_named_now(request, ids) for request in event] for event in events]
    rows = [new_row(request, now) for event in named for request in event]
    if not rows:
        return [0] * len(events)
    adding = sqlite_insert(schema.job).on_conflict_do_nothing().returning(schema.job.c.key)
    added = set((await connection.execute(adding, rows)).scalars())
    counts = []
    for event in named:
        new = {str(request.key) for request in event} & added
        # Of two events of one recording the first counts.
        added -= new
        counts.append(len(new))
    return counts


def _channels_of(request: TranscriptionRequest) -> Iterator[tuple[str, str]]:
    yield request.key.team_id, request.key.channel_id
    if request.whisper_in is not None:
        yield request.key.team_id, request.whisper_in.channel_id


def _named_now(request: TranscriptionRequest, ids: Mapping[tuple[str, str], str]) -> TranscriptionRequest:
    """The same as ``request_now``, by ids that were looked up before."""
    key, place = request.key, request.whisper_in
    if place is not None:
        place = replace(place, channel_id=ids[key.team_id, place.channel_id])
    return replace(request, key=replace(key, channel_id=ids[key.team_id, key.channel_id]), whisper_in=place)
