"""How the events of a flood are kept, and handled later."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog

from bot.slack.incoming.backlog import AT_ONCE, GIVE_UP_AFTER, Backlog
from bot.steady_clock import utc_now
from bot.store.store import Store, open_store


class Handler:
    """Handles events; those in ``failing`` fail, and those in ``held`` wait until they are released."""

    def __init__(self) -> None:
        self.heard: list[int] = []
        self.failing: set[int] = set()
        self.raising: set[int] = set()
        self.held: set[int] = set()
        self.released = asyncio.Event()

    async def handle(self, body: dict[str, Any]) -> bool:
        number = body["number"]
        self.heard.append(number)
        if number in self.held:
            await self.released.wait()
        if number in self.raising:
            raise OSError(28, "No space left on device")
        return number not in self.failing


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with open_store(tmp_path) as store:
        yield store


@pytest.fixture
def backlog(store: Store) -> Backlog:
    return Backlog(store.events, utc_now)


@pytest.fixture
def handler() -> Handler:
    return Handler()


async def keep(backlog: Backlog, *numbers: int) -> None:
    await asyncio.gather(*(backlog.keep(f"Ev{number}", {"number": number}) for number in numbers))


async def until(condition: Callable[[], bool] | Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(10):
        while True:
            found = condition()
            if found if isinstance(found, bool) else await found:
                return
            await asyncio.sleep(0.01)


async def waiting(store: Store) -> bool:
    return await store.events.next_due_s() is not None


async def test_events_are_handled_in_order_and_then_none_waits(
    store: Store, backlog: Backlog, handler: Handler
) -> None:
    numbers = range(3 * AT_ONCE)
    await keep(backlog, *numbers)
    assert not backlog.is_empty
    async with backlog.handled_by(handler.handle):
        await until(lambda: backlog.is_empty)
        assert handler.heard == list(numbers)
        assert not await waiting(store)
        await keep(backlog, 1_000)
        await until(lambda: backlog.is_empty)
    assert handler.heard == [*numbers, 1_000]


async def test_what_an_earlier_process_left_comes_first(
    store: Store, backlog: Backlog, handler: Handler
) -> None:
    await keep(Backlog(store.events, utc_now), 0, 1)
    async with backlog.handled_by(handler.handle):
        assert not backlog.is_empty
        await keep(backlog, 2)
        await until(lambda: backlog.is_empty)
    assert handler.heard == [0, 1, 2]


async def test_what_was_cut_short_is_handled_by_the_next_process(
    store: Store, backlog: Backlog, handler: Handler
) -> None:
    handler.held = {1}
    await keep(backlog, 0, 1, 2)
    async with backlog.handled_by(handler.handle):
        await until(lambda: len(handler.heard) == 3)
        await until(lambda: not backlog.is_empty)
    next_backlog, next_handler = Backlog(store.events, utc_now), Handler()
    async with next_backlog.handled_by(next_handler.handle):
        await until(lambda: next_backlog.is_empty)
    assert 1 in next_handler.heard
    assert not await waiting(store)


@pytest.mark.parametrize("trouble", ["failing", "raising"])
async def test_an_event_that_fails_is_tried_again_and_holds_up_nobody(
    store: Store, backlog: Backlog, handler: Handler, trouble: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.slack.incoming.backlog._PATIENCE_S", 0.3)
    bad: set[int] = getattr(handler, trouble)
    bad.add(0)
    await keep(backlog, 0, 1, 2)
    async with backlog.handled_by(handler.handle):
        await until(lambda: handler.heard[:4] == [0, 1, 2, 0])
        bad.clear()
        await until(lambda: backlog.is_empty)

        async def is_done() -> bool:
            return not await waiting(store)

        await until(is_done)


async def test_who_takes_long_holds_up_nobody_for_longer(
    backlog: Backlog, handler: Handler, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.slack.incoming.backlog._PATIENCE_S", 0.05)
    handler.held = {0}
    await keep(backlog, *range(2 * AT_ONCE))
    async with backlog.handled_by(handler.handle):
        await until(lambda: len(handler.heard) == 2 * AT_ONCE)
        assert handler.heard.count(0) == 1, "it is under way"
        handler.released.set()


async def test_an_event_that_failed_for_a_day_is_given_up_and_told(
    store: Store, handler: Handler, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.slack.incoming.backlog.FIRST_DELAY_S", 0.0)
    backlog = Backlog(store.events, lambda: utc_now() + GIVE_UP_AFTER + timedelta(minutes=1))
    handler.failing = {0}
    await keep(backlog, 0)

    async def is_done() -> bool:
        return not await waiting(store)

    with structlog.testing.capture_logs() as lines:
        async with backlog.handled_by(handler.handle):
            await until(is_done)
    given_up = [line for line in lines if line["event"] == "event given up"]
    assert given_up == [{"event": "event given up", "log_level": "error", "attempts": len(handler.heard)}]
    assert len(handler.heard) > 4, "a clock that was ahead is no reason to give up at once"


async def test_what_arrives_is_stored_before_what_waits_is_handled(
    backlog: Backlog, handler: Handler
) -> None:
    async with backlog.handled_by(handler.handle):
        await until(lambda: backlog.is_empty)
        await asyncio.gather(*(backlog.keep(f"Ev{number}", {"number": number}) for number in range(1_000)))
        assert len(handler.heard) <= 2 * AT_ONCE
        await until(lambda: backlog.is_empty)
    assert sorted(handler.heard) == list(range(1_000))
