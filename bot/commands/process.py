"""The bot's own process: how many files it may open, who may look into its memory, and its garbage."""

from __future__ import annotations

import ctypes
import gc
import resource
import sys
from contextlib import suppress

_PR_SET_DUMPABLE = 4
"""Source: https://man7.org/linux/man-pages/man2/PR_SET_DUMPABLE.2const.html"""
_FILES_WHERE_UNLIMITED = 65_536
_OBJECTS_BETWEEN_COLLECTIONS = 50_000
"""Python's own is 700: thousands of events at once would be walked through again every few of them."""


def close_to_others() -> None:
    """Keep processes of the same user out of this one's memory and environment, and both out of core dumps.

    Decoders run as the same user: one that hostile audio took over could read tokens and voices there. Linux
    alone knows this; what a process reads of itself stays readable, but for its own environment.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def raise_open_files() -> None:
    """Raise the limit of open files and connections to what the system allows this process at most."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FILES_WHERE_UNLIMITED if hard == resource.RLIM_INFINITY else hard
    if soft not in {wanted, resource.RLIM_INFINITY} and soft < wanted:
        # macOS names no limit, and takes less than that.
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def collect_garbage_rarely() -> None:
    """Leave what was loaded at the start out of garbage collection, and collect less often.

    Modules and handlers live as long as the process, and garbage in cycles is rare: in a burst of events a
    quarter of the time went into looking for it.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
