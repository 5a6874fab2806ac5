from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.store.store import open_store
from tests.contracts.kept import Kept
from tests.job.memory import MemoryJobs
from tests.job.memory_preferences import MemoryPreferences
from tests.job.virtual import VirtualTime


@pytest.fixture(params=["memory", "sqlite"])
async def kept(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Kept]:
    time = VirtualTime()
    if request.param == "memory":
        jobs = MemoryJobs(time)
        yield Kept(jobs, jobs, jobs, MemoryPreferences(jobs, time), jobs.ledger, time, real_timers=False)
        return
    async with open_store(tmp_path, time.now) as store:
        yield Kept(
            store.requests,
            store.queue,
            store.removals,
            store.preferences,
            store.ledger,
            time,
            real_timers=True,
        )
