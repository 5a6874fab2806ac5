"""When a look back is due: at a start, after a gap, and over HTTP once an hour."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import cast

from bot.errors import Misconfiguration, Misconfigured
from bot.ports.preferences import Listening
from bot.slack.requests.catch_up import CatchUp
from bot.slack.requests.look_back import LookBack
from tests.job.virtual import EPOCH, VirtualTime

MARGIN_S = 300


class Notes:
    """What is noted of a workspace's events, in seconds since the start."""

    def __init__(self, heard_until: datetime | None) -> None:
        self.heard_until = heard_until
        self.heard: list[float] = []
        self.missed: list[float] = []
        self.fails = 0

    async def start(self, team_id: str, *, automatic: bool) -> datetime | None:
        assert (team_id, automatic) == ("T1", True)
        return self.heard_until

    async def note_heard(self, _: str, until: datetime) -> None:
        self.heard.append((until - EPOCH).total_seconds())

    async def note_missed(self, _: str, since: datetime) -> None:
        if self.fails:
            self.fails -= 1
            raise OSError("the disk is full")
        self.missed.append((since - EPOCH).total_seconds())


class Connection:
    """A bot that catches up, on a clock of its own."""

    def __init__(self, heard_until: datetime | None = None) -> None:
        self.time = VirtualTime()
        self.notes = Notes(heard_until)
        self.is_open = True
        self.stood_still_s = 0.0
        self.looked_back: list[float] = []
        self.during: Callable[[], bool] = lambda: True
        """What a look back is told, and says: nothing is left."""

    def now(self) -> datetime:
        return self.time.now() + timedelta(seconds=self.stood_still_s)

    async def run(self, is_last_gap: Callable[[], bool]) -> bool:
        """As ``LookBack.run``."""
        self.looked_back.append(self.time.passed_s)
        assert is_last_gap()
        return self.during()

    @asynccontextmanager
    async def watched(self, *, over_http: bool = False) -> AsyncIterator[None]:
        async def is_open() -> bool:
            return self.is_open

        catch_up = CatchUp(
            cast("LookBack", self),
            cast("Listening", self.notes),
            team_id="T1",
            automatic=True,
            is_open=None if over_http else is_open,
            now=self.now,
            sleep=self.time.sleep,
        )
        task = asyncio.create_task(catch_up.run())
        await self.time.settle()
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def test_the_first_start_lists_channels_and_has_missed_nothing() -> None:
    connection = Connection()
    async with connection.watched():
        await connection.time.run(10)
    assert (connection.looked_back, connection.notes.missed) == ([0.0], [])


async def test_a_start_looks_back_to_where_the_last_process_heard_everything() -> None:
    connection = Connection(EPOCH - timedelta(minutes=20))
    async with connection.watched():
        await connection.time.run(10)
    assert connection.notes.missed == [-20 * 60 - MARGIN_S]
    assert connection.looked_back == [0.0]


async def test_while_the_socket_is_open_it_is_noted_each_minute() -> None:
    connection = Connection()
    async with connection.watched():
        await connection.time.run(3 * 60 + 5)
    assert connection.notes.heard == [60, 120, 180]
    assert connection.looked_back == [0.0]


async def test_the_routine_renewal_of_the_socket_is_no_gap() -> None:
    connection = Connection()
    async with connection.watched():
        await connection.time.run(100)
        connection.is_open = False
        await connection.time.run(26)
        connection.is_open = True
        await connection.time.run(60)
    assert connection.notes.missed == []
    assert connection.looked_back == [0.0]


async def test_after_half_a_minute_without_a_socket_it_looks_back() -> None:
    connection = Connection()
    async with connection.watched():
        await connection.time.run(100)
        connection.is_open = False
        await connection.time.run(1_200)
        assert connection.looked_back == [0.0], "not before events arrive again"
        assert max(connection.notes.heard) <= 100
        connection.is_open = True
        await connection.time.run(4)
    assert connection.notes.missed == [100 - MARGIN_S]
    assert connection.looked_back == [0.0, 1_302.0]
    assert connection.notes.heard[-1] == 1_302


async def test_a_process_that_stood_still_looks_back() -> None:
    connection = Connection()
    async with connection.watched():
        await connection.time.run(100)
        connection.stood_still_s = 3_600
        await connection.time.run(4)
    assert connection.notes.missed == [100 - MARGIN_S]
    assert len(connection.looked_back) == 2


async def test_over_http_it_looks_back_once_an_hour() -> None:
    connection = Connection()
    async with connection.watched(over_http=True):
        await connection.time.run(2.5 * 3_600)
    assert connection.looked_back == [0.0, 3_600.0, 7_200.0]
    assert connection.notes.missed == [0 - MARGIN_S, 3_600 - MARGIN_S]
    assert connection.notes.heard == [3_600, 7_200], "what was not looked through may have been missed"


async def test_over_http_a_process_that_stood_still_does_so_at_once() -> None:
    connection = Connection()
    async with connection.watched(over_http=True):
        await connection.time.run(600)
        connection.stood_still_s = 60
        await connection.time.run(4)
    assert connection.notes.missed == [0 - MARGIN_S]
    assert connection.looked_back == [0.0, 602.0]


async def test_a_gap_is_noted_once_the_database_takes_it() -> None:
    connection = Connection()
    async with connection.watched():
        await connection.time.run(100)
        connection.is_open, connection.notes.fails = False, 2
        await connection.time.run(100)
        connection.is_open = True
        await connection.time.run(130)
    assert connection.notes.missed[0] == 100 - MARGIN_S


async def test_whatever_breaks_a_look_back_the_watch_goes_on() -> None:
    connection = Connection()

    def stumble() -> bool:
        raise failures.pop() if failures else AssertionError("no more")

    failures: list[Exception] = [
        ValueError("a bug"),
        Misconfigured(Misconfiguration.SLACK_TOKEN, "invalid_auth"),
    ]
    connection.during = stumble
    async with connection.watched():
        for _ in range(2):
            connection.is_open = False
            await connection.time.run(40)
            connection.is_open = True
            await connection.time.run(10)
    assert len(connection.looked_back) == 3
