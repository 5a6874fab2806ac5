"""Copies a SQLite database, also while it is in use."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path


class CopyFailed(Exception):
    """The copy could not be made, and nothing is left of it; the message is one line."""


def copy_database(source: Path, target: Path) -> None:
    """Copy what is committed in ``source`` to one file, sound and whole or not at all (mode 0600).

    Nobody who reads or writes beside it is held up. A ``target`` that exists is replaced.

    Raises:
        CopyFailed: it cannot be read or written, is empty or not sound.
    """
    try:
        with _unfinished(target) as path:
            address = f"{source.absolute().as_uri()}?mode=ro"
            with (
                closing(sqlite3.connect(address, uri=True)) as original,
                closing(sqlite3.connect(path)) as copy,
            ):
                original.backup(copy)
                # One file, with no log beside it.
                copy.execute("PRAGMA journal_mode=DELETE")
                if not copy.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]:
                    raise CopyFailed(f"{source} is empty: there is nothing to copy")
                (verdict,) = copy.execute("PRAGMA integrity_check(1)").fetchone()
            if verdict != "ok":
                raise CopyFailed(f"{source} is damaged: {' '.join(verdict.split())}")
            _sync(path)
            path.replace(target)
            _sync(target.parent)
    except sqlite3.Error as error:
        raise CopyFailed(f"{source} cannot be copied: {error}") from error
    except OSError as error:
        raise CopyFailed(f"{target} cannot be written: {error.strerror}") from error


@contextmanager
def _unfinished(target: Path) -> Iterator[Path]:
    """An empty file beside ``target`` that goes unless it is renamed."""
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    os.close(handle)
    path = Path(name)
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    """Have it survive a power cut."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
