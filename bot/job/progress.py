"""Shows a job's progress in its thread: a status at first, then a reply that grows."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime

from bot.errors import Misconfiguration, Outage, ThreadGone
from bot.job.clock import Clock
from bot.job.current import CurrentJob
from bot.job.deliver import Delivery
from bot.model import THREAD
from bot.ports.outside import Replies
from bot.recording import Part
from bot.reply import Growing
from bot.tasks import start_task
from bot.transcript.join import join

EVERY_S = 3.0
"""Slack takes about one edit a second in a channel; people read more slowly than that."""
STATUS_LASTS_S = 90.0
"""Slack takes a status away after two minutes.

Source: https://docs.slack.dev/reference/methods/assistant.threads.setStatus
"""
EARLY_AFTER_S = 60.0
"""After so long a wait the reply shows what is ready."""

MOST_CHARACTERS = 10_000
"""More than any message holds."""


class Progress:
    """Shows one job's progress until ``stop``, where a thread reads it.

    Args:
        current: Which job; ``accepted_at`` says since when somebody waits, ``parts`` what is ready.
        replies: Shows the status.
        delivery: Posts and edits the reply.
        clock: Time and patience.

    Attributes:
        is_over: The final reply was tried, and may stand: nothing else may take its place.
        is_anew: Words stand already, and say more than a beginning or a notice in their place.
    """

    def __init__(self, current: CurrentJob, replies: Replies, delivery: Delivery, clock: Clock) -> None:
        self.is_over = False
        self.is_anew = current.job.revision > 0
        self._current = current
        self._replies = replies
        self._delivery = delivery
        self._clock = clock
        self._stopped = asyncio.Event()
        self._running: asyncio.Task[None] | None = None
        self._status: tuple[int, int | None] | None = None
        self._status_at: datetime | None = None
        self._shown = 0
        """The number of parts that were ready, from the beginning on, when the reply was last edited."""

    def start(self) -> None:
        """Begin to show it."""
        if self._running is None and self._current.job.key.audience == THREAD:
            self._running = start_task(self._run())

    async def stop(self) -> None:
        """Let what is being said be said, and say no more: a status after the reply would stay."""
        self._stopped.set()
        if self._running is not None:
            await self._running

    async def clear(self) -> None:
        """Take the status away where no new message does."""
        if self._current.job.key.audience == THREAD:
            await self._replies.clear_working(self._current.job.request)

    async def so_far(self, delayed_by: Outage | Misconfiguration | None = None) -> Growing | None:
        """The transcript of the beginning that is ready; ``None`` without words, or without a thread."""
        if self._current.job.key.audience != THREAD:
            return None
        # In a thread: hundreds of pages take longer than the event loop may stand still.
        transcript = await asyncio.to_thread(join, _beginning(self._current.parts.prefix()))
        if not transcript.languages:
            return None
        # How it sounds is told of all of it, where that is wanted.
        time_marks = transcript.time_marks and self._current.time_marks
        transcript = replace(transcript, emotion=None, time_marks=time_marks)
        return Growing(transcript, self._current.parts.count, self._current.parts.total, delayed_by)

    async def _run(self) -> None:
        while not self._stopped.is_set():
            await self._show_status()
            if self._is_early_enough():
                await self._grow()
            await self._pause()

    async def _show_status(self) -> None:
        """Again where it changed or would go away."""
        now, status = self._clock.now(), (self._current.parts.count, self._current.parts.total)
        if self._status_at is not None:
            aged_s = (now - self._status_at).total_seconds()
            if aged_s < STATUS_LASTS_S and (status == self._status or status[1] is None):
                return
        self._status, self._status_at = status, now
        await self._replies.show_working(self._current.job.request, *status)

    def _is_early_enough(self) -> bool:
        waited_s = (self._clock.now() - self._current.job.accepted_at).total_seconds()
        return waited_s >= EARLY_AFTER_S and not self.is_anew

    async def _grow(self) -> None:
        """Post what is ready, or edit it in."""
        ready = len(self._current.parts.prefix())
        if ready <= self._shown or self._current.parts.is_whole or (growing := await self.so_far()) is None:
            return
        try:
            has_grown = await self._delivery.grow(self._current, growing)
        except ThreadGone:
            # The job is withdrawn, and will be stopped from outside.
            self._stopped.set()
            return
        if has_grown:
            self._shown = ready
            self._status_at = None  # a new message takes it away

    async def _pause(self) -> None:
        waits = [
            asyncio.ensure_future(self._clock.sleep(EVERY_S)),
            asyncio.ensure_future(self._stopped.wait()),
        ]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)


def _beginning(parts: list[Part]) -> list[Part]:
    """As many parts as a message may show; the others would be joined for nothing."""
    shown: list[Part] = []
    characters = 0
    for part in parts:
        if characters > MOST_CHARACTERS:
            break
        shown.append(part)
        characters += sum(len(heard.text) for heard in part.recognitions)
    return shown
