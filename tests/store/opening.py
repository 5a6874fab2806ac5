"""A store that this process opens, or another one."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
_NOBODY = 65_534

ACCEPTS = """
import asyncio, sys
from pathlib import Path
from bot.store.store import open_store
from tests.job.fakes import request_for, shared_file

async def main():
    async with open_store(Path(sys.argv[1])) as store:
        for number in range(int(sys.argv[2])):
            await store.requests.accept([request_for(shared_file(f"F{number}"))])
        if len(sys.argv) > 3:
            await store.queue.claim()
        print("accepted", flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


@contextmanager
def no_file_longer_than(size_bytes: int) -> Iterator[None]:
    """No file of this process grows beyond that, as on a disk that is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@contextmanager
def closed_to_us(path: Path) -> Iterator[None]:
    """This process may not use it for a while, though it be root's."""
    ours, mode = os.geteuid(), path.stat().st_mode
    path.chmod(0)
    if ours == 0:
        os.seteuid(_NOBODY)
    try:
        yield
    finally:
        os.seteuid(ours)
        path.chmod(mode)


@contextmanager
def locked(data_dir: Path) -> Iterator[sqlite3.Connection]:
    """Another process, as good as, keeps the database to itself while inside."""
    path = data_dir / "threadscribe.db"
    with closing(sqlite3.connect(path, isolation_level=None, timeout=5)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield other


@asynccontextmanager
async def locked_beside(data_dir: Path) -> AsyncIterator[sqlite3.Connection]:
    """The same beside a bot that runs on this event loop, which it needs to end what it writes."""
    path = data_dir / "threadscribe.db"
    with closing(sqlite3.connect(path, isolation_level=None, timeout=5, check_same_thread=False)) as other:
        await asyncio.to_thread(other.execute, "BEGIN IMMEDIATE")
        yield other


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
