"""Lanes: what takes long for the small one is ended there, and decoded among the big ones."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

import pytest

from bot.audio.lanes import SMALL_BYTES, Lanes, Place
from bot.audio.media import Media
from tests.audio.samples import encode
from tests.audio.splitting import segments_of

PATIENCE_S = 20


@asynccontextmanager
async def decoding(lanes: Lanes, *, is_small: bool = True) -> AsyncIterator[tuple[Place, asyncio.Event]]:
    """A decoder in its place, and whether it was ended."""
    ended = asyncio.Event()
    async with (
        asyncio.timeout(PATIENCE_S),
        lanes.place(is_small=is_small) as place,
        place.giving_up(ended.set),
    ):
        yield place, ended


async def test_who_runs_long_makes_room_in_a_full_small_lane_once() -> None:
    lanes = Lanes(1, small_s=0.01)
    async with decoding(lanes) as (long, ended), decoding(lanes) as (_, other_ended):
        assert (long.was_given_up, ended.is_set(), other_ended.is_set()) == (True, True, False)
    async with decoding(lanes):
        assert lanes._small.locked(), "as many places as before"


async def test_where_the_small_lane_has_room_nobody_leaves_it() -> None:
    lanes = Lanes(2, small_s=0.001)
    async with decoding(lanes) as (long, ended):
        await asyncio.sleep(0.02)
        assert (long.was_given_up, ended.is_set()) == (False, False)


async def test_nobody_leaves_the_big_lane() -> None:
    lanes = Lanes(1, small_s=0.001)
    async with decoding(lanes, is_small=False) as (long, ended):
        await asyncio.sleep(0.02)
        assert (long.was_given_up, ended.is_set()) == (False, False)


@pytest.mark.slow
async def test_a_voice_note_does_not_wait_behind_long_recordings_of_few_bytes(
    tmp_path: Path, workspace: Path
) -> None:
    """Nor where nobody takes their segments, as while the recogniser is busy."""
    media = Media(children=1)
    long = encode(tmp_path / "long", "ipod", "aac", 8_000, seconds=400, bits_per_s=24_000)
    note = encode(tmp_path / "note", "ipod", "aac")
    assert long.stat().st_size < SMALL_BYTES
    other = workspace / "other"
    other.mkdir()
    async with aclosing(media.split(long, workspace)) as segments:
        first = await anext(segments)

        async with asyncio.timeout(PATIENCE_S):
            assert [segment.last for segment in await segments_of(media, note, other)] == [True]

        rest = [segment async for segment in segments]
        assert [segment.last for segment in (first, *rest)] == [False, False, True]


@pytest.mark.slow
async def test_what_is_decoded_anew_is_cut_as_it_was(tmp_path: Path, workspace: Path) -> None:
    source = encode(tmp_path / "long", "ipod", "aac", 8_000, seconds=400, bits_per_s=24_000)
    undisturbed = workspace / "undisturbed"
    undisturbed.mkdir()
    expected = await segments_of(Media(children=2), source, undisturbed)

    # So early that it is ended before, while and after it writes its first segments.
    for small_s in (0.001, 0.1, 0.2, 0.3):
        folder = workspace / str(small_s)
        folder.mkdir()
        found = await segments_of(Media(children=1, small_s=small_s), source, folder)

        assert [segment.span for segment in found] == [segment.span for segment in expected]
        for one, other in zip(found, expected, strict=True):
            assert one.audio is not None
            assert other.audio is not None
            assert one.audio.path.read_bytes() == other.audio.path.read_bytes()
