"""Starts asyncio tasks and keeps a reference to each until it has ended."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

ResultT = TypeVar("ResultT")

_running: set[asyncio.Task[Any]] = set()


def start_task(work: Coroutine[Any, Any, ResultT]) -> asyncio.Task[ResultT]:
    """Run a coroutine beside the caller.

    The event loop holds its tasks weakly: one that nobody refers to may vanish in the middle of its work.

    Source: https://docs.python.org/3/library/asyncio-task.html#asyncio.create_task
    """
    task = asyncio.create_task(work)  # noqa: TID251  # this is the place that keeps the reference
    _running.add(task)
    task.add_done_callback(_running.discard)
    return task
