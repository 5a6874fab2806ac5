"""Delivers a reply to its thread exactly once, whatever breaks in between.

The intent is written before the first post. Whoever finds an intent looks in the thread before posting: the
post may have arrived although its answer, or the process, did not survive it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from bot.errors import ThreadGone, TranscriptionError, Unavailable, Undeliverable, UnknownRefusal
from bot.job.clock import Clock
from bot.job.current import CurrentJob
from bot.model import SUBSCRIBERS, THREAD, Job
from bot.ports.outside import Replies
from bot.ports.store import Queue
from bot.reply import Growing, Reply, ReplyState, ThreadLookup, Waiting, state_of

EARLIER_FILES_PATIENCE_S = 120.0
"""A reply waits this long for those of files that stand earlier in the same message."""
_LONGEST_WAIT_S = 60.0
"""A longer ``retry_after_s`` gives the job back to the queue."""
_DELAYS_S = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0)
"""Between tries to post. After them the job goes back to the queue; what was recognised is kept."""
_DELAYS_AFTER_REFUSALS_S = (2.0, 15.0, 60.0)
"""The same where Slack refuses for a reason that nobody here knows. After them the job ends."""
_GLANCE_S = 1.0
"""To see whether earlier files have their place: what grows is not waited for."""
GROWING = "growing"
"""The notice that a reply is when it grows."""


class Delivery:
    """Posts, looks up and records replies. Of a job for subscribers nothing is said: they get copies.

    Where the thread is gone, its message is withdrawn before ``ThreadGone`` is raised: also what stands of
    other files of that message has to go, and what still runs for them is stopped.

    Args:
        queue: Where intents and replies are recorded.
        replies: The thread.
        clock: Time and patience.
    """

    def __init__(self, queue: Queue, replies: Replies, clock: Clock) -> None:
        self._queue = queue
        self._replies = replies
        self._clock = clock
        self._log = structlog.get_logger(__name__)

    async def find(self, current: CurrentJob) -> ThreadLookup:
        """The reply that stands in the thread; looks only where there was an intent.

        Raises:
            TranscriptionError: Slack could not say.
        """
        if current.job.intent_at is None:
            return ThreadLookup()
        async with self._withdrawing(current.job):
            return await self._replies.find(current.job)

    async def deliver(self, current: CurrentJob, reply: Reply, found: ThreadLookup) -> None:
        """Post the final reply, or a request for consent, behind those of earlier files; retries for a while.

        Giving up at once would mean to recognise, and to pay, again.

        Raises:
            ThreadGone: its message is gone.
            Undeliverable: Slack refuses it, by a code that nobody here knows.
            TranscriptionError: it could not be posted; it may have arrived all the same.
        """
        if _is_mute(current.job):
            return
        await self._may_post_now(current.job, EARLIER_FILES_PATIENCE_S)
        async with self._withdrawing(current.job):
            ts = await self._publish_patiently(current, reply, found)
        state = state_of(reply)
        notice = None if state.is_final else str(state)
        current.job = await self._queue.record_reply(current.job, ts, notice)

    async def _publish_patiently(self, current: CurrentJob, reply: Reply, found: ThreadLookup) -> str:
        after_outages, after_refusals = iter(_DELAYS_S), iter(_DELAYS_AFTER_REFUSALS_S)
        while True:
            current.job = await self._queue.write_intent(current.job)
            try:
                return await self._replies.publish(current.job, reply, found)
            except UnknownRefusal as refusal:
                delay_s = next(after_refusals, None)
                if delay_s is None:
                    raise Undeliverable(refusal.detail) from refusal
                await self._pause(delay_s, refusal)
            except Unavailable as outage:
                await self._pause(next(after_outages, None), outage)
            found = await self._find_patiently(current.job)
            if found.ts is not None and is_final(found, current.job) and found.state is state_of(reply):
                return found.ts

    async def notify(self, current: CurrentJob, notice: Waiting) -> None:
        """Say once, behind earlier files, that it takes longer: the transcript is edited into this place.

        Raises:
            TranscriptionError: it could not be said; it may have arrived all the same.
        """
        if current.job.notice == str(notice.reason) or _is_mute(current.job):
            return
        await self._may_post_now(current.job, EARLIER_FILES_PATIENCE_S)
        found = await self.find(current)
        await self._post(current, notice, found, str(notice.reason))

    async def grow(self, current: CurrentJob, growing: Growing) -> bool:
        """Show what is ready of a long recording, in the reply that will hold it all.

        Worth one try, and only where earlier files of the message have their place: nothing is lost by it.

        Returns:
            True where it was posted. A failed post may have arrived all the same: the job then has an intent.

        Raises:
            ThreadGone: its message is gone.
        """
        if not await self._may_post_now(current.job, _GLANCE_S):
            return False
        notice = GROWING if growing.delayed_by is None else str(growing.delayed_by)
        try:
            found = ThreadLookup() if current.job.reply_ts else await self.find(current)
            await self._post(current, growing, found, notice)
        except ThreadGone:
            raise
        except TranscriptionError as unsaid:
            self._log.warning("not shown yet", key=str(current.job.key), error=str(unsaid))
            return False
        return True

    async def _post(
        self, current: CurrentJob, word: Waiting | Growing, found: ThreadLookup, notice: str
    ) -> None:
        """Post a notice or what is ready, once, and record it where its place or its notice is new."""
        current.job = await self._queue.write_intent(current.job)
        async with self._withdrawing(current.job):
            ts = await self._replies.publish(current.job, word, found)
        if (ts, notice) != (current.job.reply_ts, current.job.notice):
            current.job = await self._queue.record_reply(current.job, ts, notice)

    @asynccontextmanager
    async def _withdrawing(self, job: Job) -> AsyncIterator[None]:
        """Withdraw a job's message where its thread turns out to be gone."""
        try:
            yield
        except ThreadGone:
            await self._queue.withdraw(job)
            raise

    async def _may_post_now(self, job: Job, patience_s: float) -> bool:
        """Wait for earlier files of the message where replies stand among others."""
        return job.key.audience != THREAD or await self._queue.wait_for_earlier_files(job, patience_s)

    async def _find_patiently(self, job: Job) -> ThreadLookup:
        for delay_s in _DELAYS_S:
            try:
                return await self._replies.find(job)
            except Unavailable as error:
                await self._pause(delay_s, error)
        return await self._replies.find(job)

    async def _pause(self, delay_s: float | None, error: Unavailable) -> None:
        """Sleep before the next try; raises ``error`` where there is none, or not soon."""
        asked_s = error.retry_after_s or 0.0
        if delay_s is None or asked_s > _LONGEST_WAIT_S:
            raise error
        await self._clock.sleep(max(delay_s, asked_s))


def _is_mute(job: Job) -> bool:
    return job.key.audience == SUBSCRIBERS


def holds_words(found: ThreadLookup) -> bool:
    """True where a transcript stands, with or without gaps."""
    return found.state in {ReplyState.TRANSCRIBED, ReplyState.GAPPED}


def is_final(found: ThreadLookup, job: Job) -> bool:
    """True where the job's final reply stands, and is not of an earlier revision."""
    if found.ts is None or found.state is None:
        return False
    return found.state.is_final and found.revision >= job.revision
