"""The backlog: events of a flood, which are acknowledged as soon as they are stored, and handled later.

A transactional inbox: an event is deleted only when it has been handled. One that a crash leaves half done is
handled again, as one that Slack delivers again is.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from typing import Any

import structlog

from bot.ports.store import WaitingEvent, WaitingEvents
from bot.tasks import start_task

AT_ONCE = 64
"""Handled side by side, for a start: more wait for memory and the database, and not for each other."""
_MOST_AT_ONCE = 256
_PATIENCE_S = 5.0
"""Who waits for Slack does not hold up those behind it for longer."""
_GIVES_WAY_S = 1.0
"""What arrives is stored first, for Slack waits for it; but the backlog goes on, however much arrives."""
FIRST_DELAY_S = 1.0
LONGEST_DELAY_S = 300.0
GIVE_UP_AFTER = timedelta(days=1)
_FEWEST_TRIES = 8
"""An event that fails for so long, and so often, does so for a reason of its own."""

Handle = Callable[[dict[str, Any]], Awaitable[bool]]
"""Handles the body of an event; false where it failed."""


class Backlog:
    """Keeps events, and has them handled in the order of their arrival.

    Args:
        events: Where they are stored.
        now: The time in UTC, by the clock of the store.
    """

    def __init__(self, events: WaitingEvents, now: Callable[[], datetime]) -> None:
        self._events = events
        self._now = now
        self._is_empty = True
        self._being_kept = 0
        self._handled = 0
        """Since the backlog was empty."""
        self._calm = asyncio.Event()
        """Set while nothing is on its way into the store."""
        self._calm.set()
        self._changed = asyncio.Event()
        """An event was kept, or one that was under way has ended."""
        self._under_way: dict[int, asyncio.Task[None]] = {}
        self._log = structlog.get_logger(__name__)

    @property
    def is_empty(self) -> bool:
        """No event waits for its first try: a new one may be handled at once, as it overtakes none."""
        return self._is_empty

    async def keep(self, event_id: str, body: dict[str, Any]) -> None:
        """Store an event; durable on return. What the store raises is raised."""
        if self._is_empty:
            self._log.warning("events wait: too many came at once")
        self._is_empty = False
        self._changed.set()
        self._being_kept += 1
        self._calm.clear()
        try:
            await self._events.keep(event_id, json.dumps(body, ensure_ascii=False, separators=(",", ":")))
        finally:
            self._being_kept -= 1
            if not self._being_kept:
                self._calm.set()

    @asynccontextmanager
    async def handled_by(self, handle: Handle) -> AsyncIterator[None]:
        """Have events handled while inside, first of all those that were left.

        Those that are cut short at the end are handled again at the next start.
        """
        self._is_empty = await self._is_known_empty()
        running = start_task(self._run(handle))
        try:
            yield
        finally:
            tasks = (running, *self._under_way.values())
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _is_known_empty(self) -> bool:
        try:
            return await self._events.next_due_s() is None
        except Exception:  # noqa: BLE001  # the database may be back in a minute
            self._log.exception("waiting events not counted")
            return False

    async def _run(self, handle: Handle) -> None:
        while True:
            try:
                if not await self._start_next(handle):
                    await self._wait_for_more()
            except Exception:  # noqa: BLE001  # the database may be back in a minute
                self._log.exception("waiting events not handled")
                await asyncio.sleep(_PATIENCE_S)

    async def _start_next(self, handle: Handle) -> bool:
        """Start the next events, and let them end; false where none is due."""
        await self._give_way()
        # No row alone proves that none waits: one may be on its way into the database.
        is_calm = self._calm.is_set()
        self._changed.clear()
        due = await self._events.due(AT_ONCE, tuple(self._under_way))
        for event in due:
            self._under_way[event.number] = start_task(self._handle(event, handle))
        if due:
            await asyncio.wait(self._under_way.values(), timeout=_PATIENCE_S)
            while len(self._under_way) >= _MOST_AT_ONCE:
                await asyncio.wait(self._under_way.values(), return_when=asyncio.FIRST_COMPLETED)
        elif is_calm and not self._changed.is_set():
            self._is_empty = True
            if self._handled:
                self._log.info("no event waits any more", handled=self._handled)
            self._handled = 0
        return bool(due)

    async def _give_way(self) -> None:
        """Let what arrives be stored first."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_GIVES_WAY_S):
                await self._calm.wait()

    async def _wait_for_more(self) -> None:
        """Return when one is due, or has arrived."""
        with suppress(TimeoutError):
            async with asyncio.timeout(await self._events.next_due_s(tuple(self._under_way))):
                await self._changed.wait()

    async def _handle(self, event: WaitingEvent, handle: Handle) -> None:
        try:
            if await handle(json.loads(event.body)):
                await self._events.drop(event)
                self._handled += 1
            else:
                await self._try_later(event)
        except Exception:  # noqa: BLE001  # it is tried again as what an earlier process left
            self._log.exception("waiting event not handled")
            await asyncio.sleep(_PATIENCE_S)
        finally:
            self._under_way.pop(event.number)
            self._changed.set()

    async def _try_later(self, event: WaitingEvent) -> None:
        if self._now() - event.received_at > GIVE_UP_AFTER and event.attempt >= _FEWEST_TRIES:
            self._log.error("event given up", attempts=event.attempt + 1)
            await self._events.drop(event)
            return
        await self._events.delay(event, min(LONGEST_DELAY_S, FIRST_DELAY_S * 2.0 ** min(event.attempt, 16)))
