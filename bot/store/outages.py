"""Trouble of the database that passes, as jobs meet it: an outage of the machine, not SQLAlchemy's errors."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, TypeVar, cast

from sqlalchemy import exc

from bot.errors import Outage, Unavailable

PortT = TypeVar("PortT")


def as_jobs_see(port: PortT) -> PortT:
    """The same port, whose methods (all of them coroutines) raise ``Unavailable`` while the database is away.

    For jobs alone: they wait for it. Whoever takes an event of Slack's in must not answer it then, but fail.
    """
    return cast("PortT", _AsJobsSee(port))


class _AsJobsSee:
    def __init__(self, port: object) -> None:
        self._port = port

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        method = getattr(self._port, name)

        @wraps(method)
        async def call(*args: Any, **kwargs: Any) -> Any:
            with _database_trouble():
                return await method(*args, **kwargs)

        return call


@contextmanager
def _database_trouble() -> Iterator[None]:
    """Turns errors of a database that is locked, full, read-only or not readable into an outage.

    Raises:
        Unavailable: MACHINE.
    """
    try:
        yield
    except exc.TimeoutError as error:
        raise Unavailable(Outage.MACHINE, "database: no connection") from error
    except exc.OperationalError as error:
        # A slip in a statement of ours is of the same class, and is not to be waited for.
        if getattr(error.orig, "sqlite_errorcode", None) == sqlite3.SQLITE_ERROR:
            raise
        raise Unavailable(Outage.MACHINE, f"database: {error.orig}") from error
