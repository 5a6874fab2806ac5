"""How events wait in the database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.store.store import Store, open_store
from tests.job.virtual import VirtualTime


@pytest.fixture
def time() -> VirtualTime:
    return VirtualTime()


@pytest.fixture
async def store(tmp_path: Path, time: VirtualTime) -> AsyncIterator[Store]:
    async with open_store(tmp_path, time.now) as store:
        yield store


async def bodies(store: Store, most: int = 10, besides: tuple[int, ...] = ()) -> list[str]:
    return [event.body for event in await store.events.due(most, besides)]


async def test_events_wait_in_the_order_of_their_arrival_each_once(store: Store) -> None:
    await asyncio.gather(*(store.events.keep(f"Ev{number}", f"{number}") for number in range(300)))
    await store.events.keep("Ev7", "again")
    assert await bodies(store, most=400) == [f"{number}" for number in range(300)]
    assert await bodies(store, most=3) == ["0", "1", "2"]


async def test_events_without_an_id_are_not_taken_for_one_another(store: Store) -> None:
    await store.events.keep("", "a")
    await store.events.keep("", "b")
    assert await bodies(store) == ["a", "b"]


async def test_what_is_under_way_is_left_out(store: Store) -> None:
    for number in range(3):
        await store.events.keep(f"Ev{number}", f"{number}")
    first = (await store.events.due(1))[0]
    assert await bodies(store, besides=(first.number,)) == ["1", "2"]
    assert await store.events.next_due_s((first.number,)) == 0


async def test_an_event_that_failed_waits_for_its_next_try_and_holds_up_nobody(
    store: Store, time: VirtualTime
) -> None:
    await store.events.keep("Ev1", "1")
    await store.events.keep("Ev2", "2")
    first, second = await store.events.due(2)
    await store.events.delay(first, 5.0)
    assert await bodies(store) == ["2"]
    await store.events.drop(second)
    assert await store.events.next_due_s() == 5.0
    await time.run(5)
    [again] = await store.events.due(2)
    assert (again.body, again.attempt, again.received_at) == ("1", 1, first.received_at)


async def test_what_is_dropped_is_gone_and_may_come_anew(store: Store) -> None:
    for number in range(3):
        await store.events.keep(f"Ev{number}", f"{number}")
    await asyncio.gather(*(store.events.drop(event) for event in await store.events.due(2)))
    assert await bodies(store) == ["2"]
    await store.events.keep("Ev0", "anew")
    assert await bodies(store) == ["2", "anew"]


async def test_events_outlive_the_process(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        await store.events.keep("Ev1", "1")
        assert await store.events.next_due_s() == 0
    async with open_store(tmp_path) as store:
        assert await bodies(store) == ["1"]
        await store.events.drop((await store.events.due(1))[0])
        assert await store.events.next_due_s() is None
