"""Warnings that strangers can bring about, each kind at most once in so many seconds."""

from __future__ import annotations

import errno
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog
from aiohttp import web
from aiohttp.http import HttpProcessingError

_NO_ROOM = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
"""Errors of ``accept`` after which asyncio tries again a second later, complaining each time."""


class LimitedLog:
    """Logs each warning at once, and again after ``every_s`` seconds with how many were left out.

    Args:
        every_s: The time between two lines of a kind.
        clock: Seconds that never go backwards.
    """

    def __init__(self, every_s: float = 10.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._every_s = every_s
        self._clock = clock
        self._logged_at: dict[tuple[str, str], float] = {}
        self._left_out: dict[tuple[str, str], int] = {}
        self._log = structlog.get_logger(__name__)

    def warning(self, event: str, *, reason: str) -> None:
        """Log a warning, unless one of its event and reason was logged a moment ago."""
        kind, now = (event, reason), self._clock()
        if now - self._logged_at.get(kind, float("-inf")) < self._every_s:
            self._left_out[kind] = self._left_out.get(kind, 0) + 1
            return
        self._logged_at[kind] = now
        left_out = self._left_out.pop(kind, 0)
        self._log.warning(event, reason=reason, **({"left_out": left_out} if left_out else {}))


@contextmanager
def strangers_limited(log: LimitedLog) -> Iterator[None]:
    """Have asyncio and aiohttp log what strangers bring about through ``log`` while inside.

    They would write an error with a traceback for each: of a request that is not HTTP with all of its text,
    and thousands in a second where no connection can be accepted.
    """
    limit = _StrangersFilter(log)
    loggers = [logging.getLogger(name) for name in ("asyncio", "aiohttp.server")]
    for logger in loggers:
        logger.addFilter(limit)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeFilter(limit)


class _StrangersFilter(logging.Filter):
    """Takes out the records of the libraries that strangers bring about, and logs them as one of ours."""

    def __init__(self, log: LimitedLog) -> None:
        super().__init__()
        self._limited_log = log

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        match error:
            case HttpProcessingError() | web.RequestPayloadError():
                self._limited_log.warning("request refused", reason="not HTTP")
            case OSError(errno=number) if record.name == "asyncio" and number in _NO_ROOM:
                self._limited_log.warning("connections not accepted", reason=errno.errorcode[number])
            case _:
                return True
        return False
