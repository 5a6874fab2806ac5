"""A store that this process opens, or another one."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from bot.store.jobs import SqliteJobs
from bot.store.store import open_store

ROOT = Path(__file__).parents[2]

ACCEPTS = """
import asyncio, sys
from pathlib import Path
from bot.store.store import open_store
from tests.job.fakes import request_for, shared_file

async def main():
    async with open_store(Path(sys.argv[1])) as store:
        for number in range(int(sys.argv[2])):
            await store.jobs.accept([request_for(shared_file(f"F{number}"))])
        if len(sys.argv) > 3:
            await store.jobs.claim()
        print("accepted", flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


@asynccontextmanager
async def jobs_in(
    data_dir: Path, now: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> AsyncIterator[SqliteJobs]:
    async with open_store(data_dir, now) as store:
        yield store.jobs


def run_elsewhere(data_dir: Path, accepts: int, *then: str) -> subprocess.Popen[str]:
    """Another process that accepts jobs, says so and goes on until it is killed."""
    child = subprocess.Popen(
        [sys.executable, "-c", ACCEPTS, str(data_dir), str(accepts), *then],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "accepted\n"
    return child


def kill(child: subprocess.Popen[str]) -> None:
    child.send_signal(signal.SIGKILL)
    child.wait()
    assert child.stdout is not None
    child.stdout.close()
