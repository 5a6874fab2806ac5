"""The database's trouble as jobs see it: it passes, unless it is a slip of ours."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import exc, text
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.errors import Forgotten, Outage, Unavailable
from bot.model import Job
from bot.ports.store import Queue
from bot.store.database import Database
from bot.store.outages import as_jobs_see
from bot.store.store import Store, open_store
from tests.contracts.kept import asked, part
from tests.store.opening import no_file_longer_than


async def limit_pages(database: Database, count: int) -> None:
    async def execute(connection: AsyncConnection) -> None:
        await connection.execute(text(f"PRAGMA max_page_count={count}"))

    await database.transact(execute)


@asynccontextmanager
async def full(store: Store, _data_dir: Path) -> AsyncIterator[None]:
    await limit_pages(store.database, 1)
    yield
    await limit_pages(store.database, 10**6)


@asynccontextmanager
async def broken(_store: Store, data_dir: Path) -> AsyncIterator[None]:
    with no_file_longer_than((data_dir / "threadscribe.db-wal").stat().st_size):
        yield


async def keep_many(queue: Queue, job: Job) -> None:
    """More than fits on the pages that there are."""
    for start_ms in range(0, 10**8, 10**6):
        await queue.keep(job, part(start_ms))


@pytest.mark.parametrize(("trouble", "says"), [(full, "full"), (broken, "I/O")])
async def test_what_passes_is_an_outage_of_the_machine(
    tmp_path: Path,
    trouble: Callable[[Store, Path], AbstractAsyncContextManager[None]],
    says: str,
) -> None:
    async with open_store(tmp_path) as store:
        queue, words = as_jobs_see(store.queue), part(0, last=True)
        await store.requests.accept([asked()])
        job = await queue.claim()
        assert job is not None
        async with trouble(store, tmp_path):
            with pytest.raises(Unavailable) as outage:
                await keep_many(queue, job)
        assert outage.value.reason is Outage.MACHINE
        assert says in outage.value.detail
        await queue.keep(job, words)
        assert words in await queue.parts(job)


async def test_a_slip_in_a_statement_is_not_waited_for(tmp_path: Path) -> None:
    class Slipping:
        def __init__(self, database: Database) -> None:
            self._database = database

        async def ask(self) -> None:
            await self._database.rows(text("SELECT nothing FROM nowhere"))

    async with open_store(tmp_path) as store:
        with pytest.raises(exc.OperationalError):
            await as_jobs_see(Slipping(store.database)).ask()


async def test_what_else_a_port_says_stays_as_it_is(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        await store.requests.accept([asked()])
        job = await store.queue.claim()
        assert job is not None
        await store.preferences.forget_team("T1")
        with pytest.raises(Forgotten):
            await as_jobs_see(store.queue).keep(job, part(0))
