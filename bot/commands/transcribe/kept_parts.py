"""Parts of recordings that a run did not end, kept for the next one: JSON lines in the user's cache folder.

The folder is private (0700, its files 0600). A recording's parts go as soon as its transcript is written; the
next run of any recordings deletes what was written to last more than seven days ago.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from platformdirs import user_cache_path
from pydantic import ValidationError

from bot.recording import Part
from bot.store.rows import dump_part, parse_part

KEPT_DAYS = 7
_VERSION = 1
"""Of what stands in the files: another one finds nothing of this one's."""
_PARTS, _WRITTEN = ".jsonl", ".written"


def default_folder() -> Path:
    """The folder in the user's cache, as ``~/.cache/threadscribe/parts``."""
    return user_cache_path("threadscribe") / "parts"


def key_of(recording: Path, options: Sequence[object]) -> str:
    """A digest of a recording's bytes and of all that decides on its words.

    Raises:
        OSError: it cannot be read.
    """
    with recording.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return hashlib.sha256(json.dumps([_VERSION, digest, *options]).encode()).hexdigest()


class KeptRecording:
    """The parts of one recording; opened by ``KeptParts``.

    Args:
        path: The file, which belongs to this process.
        fd: Open for reading and appending; ``None`` where nothing is kept.
        trouble: Told why a part cannot be kept.
    """

    def __init__(self, path: Path, fd: int | None, trouble: Callable[[OSError], None]) -> None:
        self._path = path
        self._fd = fd
        self._trouble = trouble
        self._by_start = {} if fd is None else {part.span.start_ms: part for part in _read(fd)}

    @property
    def parts(self) -> list[Part]:
        """All that are kept."""
        return list(self._by_start.values())

    def add(self, part: Part) -> None:
        """Keep a part. One that failed is not kept: the next run tries it again."""
        if self._fd is None or part.failed:
            return
        try:
            _append(self._fd, part)
        except OSError as error:
            self._fd = None
            self._trouble(error)
        else:
            self._by_start[part.span.start_ms] = part

    def discard(self) -> None:
        """Delete what is kept."""
        self._by_start = {}
        with suppress(OSError):
            self._path.unlink(missing_ok=True)


class KeptParts:
    """The folder of parts.

    Args:
        folder: Made where it is missing.
        is_on: Else nothing is kept, and what was kept of the recordings that are asked for is deleted.
        tell: Told, once, why nothing can be kept.
    """

    def __init__(self, folder: Path, *, is_on: bool, tell: Callable[[str], None]) -> None:
        self._folder = folder
        self._is_on = is_on
        self._tell = tell

    def tidy(self) -> None:
        """Make the folder, and delete what is too old."""
        try:
            if self._is_on:
                self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._folder.chmod(0o700)
            oldest = time.time() - KEPT_DAYS * 86_400
            for path in self._folder.iterdir():
                if path.suffix in {_PARTS, _WRITTEN} and path.lstat().st_mtime < oldest:
                    path.unlink(missing_ok=True)
        except OSError as error:
            self._give_up(error)

    @contextmanager
    def of(self, key: str) -> Iterator[KeptRecording]:
        """The parts of the recording of a key. Where another process has them open, nothing is kept."""
        path = self._path(key)
        fd = self._open(path) if self._is_on else None
        kept = KeptRecording(path, fd, self._give_up)
        try:
            if not self._is_on:
                kept.discard()
            yield kept
        finally:
            if fd is not None:
                if not kept.parts:
                    kept.discard()  # an empty file
                os.close(fd)

    def discard(self, key: str) -> None:
        """Delete what is kept of the recording of a key."""
        with suppress(OSError):
            self._path(key).unlink(missing_ok=True)

    def note_written(self, key: str, target: Path) -> None:
        """Keep that a file holds the transcript of a key."""
        if not self._is_on:
            return
        try:
            os.close(os.open(self._mark(key, target), os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o600))
        except OSError as error:
            self._give_up(error)

    def was_written(self, key: str, target: Path) -> bool:
        """True where an earlier run wrote the transcript of a key into a file, days ago at most."""
        return self._is_on and self._mark(key, target).exists()

    def _path(self, key: str) -> Path:
        return self._folder / f"{key}{_PARTS}"

    def _mark(self, key: str, target: Path) -> Path:
        name = hashlib.sha256(f"{key} {target.resolve()}".encode()).hexdigest()
        return self._folder / f"{name}{_WRITTEN}"

    def _open(self, path: Path) -> int | None:
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
        try:
            fd = os.open(path, flags, 0o600)
        except OSError as error:
            self._give_up(error)
            return None
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(fd)
            return None
        return fd

    def _give_up(self, error: OSError) -> None:
        if self._is_on:
            self._is_on = False
            self._tell(
                "what is recognised cannot be kept, should this be interrupted: "
                f"{self._folder}: {error.strerror or type(error).__name__}"
            )


def _append(fd: int, part: Part) -> None:
    # An end in the middle of a line must not spoil the next one: each begins anew.
    line = b"\n" + dump_part(part) + b"\n"
    if os.write(fd, line) < len(line):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _read(fd: int) -> Iterator[Part]:
    with os.fdopen(os.dup(fd), "rb") as file:
        for line in file:
            with suppress(ValidationError):
                yield parse_part(line)
