"""Private temporary folders that do not outlive the process, not even one that is killed, for long."""

from __future__ import annotations

import asyncio
import fcntl
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

_PREFIX = "threadscribe-cli-"
WORKSPACE_PREFIX = "threadscribe-"
"""The prefix of folders inside the bot's own folder for temporary files."""


@asynccontextmanager
async def workspace(parent: Path) -> AsyncIterator[Path]:
    """A private folder in ``parent`` that goes with the block; what a kill leaves, the next start removes."""
    folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix=WORKSPACE_PREFIX, dir=parent))
    try:
        yield folder
    finally:
        # Shielded: who is cancelled leaves nothing behind either.
        await asyncio.shield(asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True))


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A folder that goes with the block; those that killed processes left behind go first.

    Each is locked by whom it belongs to: a lock ends with its process, whatever ended that.
    """
    _sweep(Path(tempfile.gettempdir()))
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
    lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        # Swept by another process between its making and its locking: once in a blue moon.
        folder.mkdir(mode=0o700, exist_ok=True)
        yield folder
    finally:
        os.close(lock)
        shutil.rmtree(folder, ignore_errors=True)


def _sweep(parent: Path) -> None:
    for folder in parent.glob(f"{_PREFIX}*"):
        with suppress(OSError):
            # Neither somebody else's folder nor what a link leads to.
            if folder.lstat().st_uid != os.getuid():
                continue
            lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(lock)
