"""Trouble of this machine: disks, folders, files and processes that are not to be had now."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from bot.errors import Outage, Unavailable


@contextmanager
def machine_trouble() -> Iterator[None]:
    """Turns errors of the operating system into an outage of the machine, which passes like any other.

    Around what makes, reads or deletes files, or starts processes, and nothing else: a slip of ours that
    raises ``OSError`` elsewhere is not to be waited for.

    Raises:
        Unavailable: MACHINE: the disk is full or read-only, nothing may be written there, there are too many
            files or processes already.
    """
    try:
        yield
    except OSError as error:
        raise Unavailable(Outage.MACHINE, f"{type(error).__name__}: {error.strerror or error}") from error
