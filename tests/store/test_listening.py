"""How far channels were listened to is kept, for their workspace alone, until it is forgotten."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.store.store import Store, open_store
from tests.job.virtual import EPOCH, VirtualTime


@pytest.fixture
def time() -> VirtualTime:
    return VirtualTime()


@pytest.fixture
async def store(tmp_path: Path, time: VirtualTime) -> AsyncIterator[Store]:
    async with open_store(tmp_path, time.now) as opened:
        yield opened


async def test_the_first_start_has_missed_nothing(store: Store, time: VirtualTime) -> None:
    assert await store.listening.start("T1", automatic=True) is None
    await store.listening.begin("T1", ["C1"])
    assert await store.listening.missed("T1") == {}
    time.passed_s += 60
    assert await store.listening.start("T1", automatic=True) == EPOCH
    assert await store.listening.start("T2", automatic=True) is None


async def test_what_was_heard_last_is_where_the_next_start_goes_on(store: Store, time: VirtualTime) -> None:
    await store.listening.start("T1", automatic=True)
    await store.listening.start("T2", automatic=True)
    time.passed_s += 3_600
    await store.listening.note_heard("T1", time.now())
    assert await store.listening.start("T1", automatic=True) == time.now()
    assert await store.listening.start("T2", automatic=True) == EPOCH


async def test_of_a_channel_nothing_is_missed_from_before_it_was_listened_to(
    store: Store, time: VirtualTime
) -> None:
    await store.listening.begin("T1", ["C1"])
    time.passed_s += 60
    await store.listening.begin("T1", ["C1", "C2"])
    await store.listening.begin("T2", ["C1"])
    since = EPOCH + timedelta(seconds=30)
    await store.listening.note_missed("T1", since)
    assert await store.listening.missed("T1") == {"C1": since, "C2": time.now()}
    assert await store.listening.missed("T2") == {}


async def test_what_was_missed_earlier_stays_so_until_it_is_caught_up(store: Store) -> None:
    await store.listening.begin("T1", ["C1", "C2"])
    earlier, later = EPOCH + timedelta(hours=1), EPOCH + timedelta(hours=2)
    await store.listening.note_missed("T1", earlier)
    await store.listening.caught_up("T1", "C2")
    await store.listening.note_missed("T1", later)
    assert await store.listening.missed("T1") == {"C1": earlier, "C2": later}
    await store.listening.caught_up("T1", "C1")
    assert await store.listening.missed("T1") == {"C2": later}


async def test_a_default_counts_from_when_it_was_changed(store: Store, time: VirtualTime) -> None:
    assert await store.listening.default_since("T1") is None
    await store.listening.start("T1", automatic=False)
    time.passed_s += 60
    await store.listening.start("T1", automatic=True)
    assert await store.listening.default_since("T1") == time.now()
    time.passed_s += 60
    await store.listening.start("T1", automatic=True)
    assert await store.listening.default_since("T1") == EPOCH + timedelta(seconds=60)


async def test_once_it_is_switched_off_nothing_is_known(store: Store) -> None:
    await store.listening.start("T1", automatic=True)
    await store.listening.begin("T1", ["C1"])
    await store.listening.stop("T1")
    await store.listening.note_missed("T1", EPOCH)
    await store.listening.note_heard("T1", EPOCH)
    assert await store.listening.missed("T1") == {}
    assert await store.listening.start("T1", automatic=True) is None


async def test_a_thousand_channels_are_begun_at_once(store: Store) -> None:
    await store.listening.begin("T1", [f"C{number}" for number in range(1_000)])
    await store.listening.begin("T1", [])
    await store.listening.note_missed("T1", EPOCH)
    assert len(await store.listening.missed("T1")) == 1_000
