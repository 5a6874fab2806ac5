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

import structlog

from bot.machine import machine_trouble
from bot.tasks import start_task

_PREFIX = "threadscribe-cli-"
WORKSPACE_PREFIX = "threadscribe-"
"""The prefix of folders inside the bot's own folder for temporary files."""


@asynccontextmanager
async def workspace(parent: Path, again_after_s: float = 60.0) -> AsyncIterator[Path]:
    """A private folder in ``parent`` that goes with the block; what a kill leaves, the next start removes.

    Where it cannot be deleted that is logged, and tried again each ``again_after_s`` seconds.

    Raises:
        Unavailable: MACHINE: it cannot be made.
    """
    with machine_trouble():
        folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix=WORKSPACE_PREFIX, dir=parent))
    try:
        yield folder
    finally:
        # Shielded: who is cancelled leaves nothing behind either.
        await asyncio.shield(start_task(_delete(folder, again_after_s)))


async def _delete(folder: Path, again_after_s: float) -> None:
    """Try to delete a folder; where that fails, go on trying beside the caller."""
    try:
        await asyncio.to_thread(_remove_tree, folder)
    except OSError as error:
        structlog.get_logger(__name__).warning(
            "temporary audio not deleted", error=error.strerror, again_in_s=again_after_s
        )
        start_task(_delete_later(folder, again_after_s))


async def _delete_later(folder: Path, again_after_s: float) -> None:
    await asyncio.sleep(again_after_s)
    await _delete(folder, again_after_s)


def _remove_tree(folder: Path) -> None:
    """Remove what can be removed.

    Raises:
        OSError: something is left.
    """
    shutil.rmtree(folder, ignore_errors=True)
    with suppress(FileNotFoundError):
        shutil.rmtree(folder)


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
