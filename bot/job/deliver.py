"""Delivers a reply to its thread exactly once, whatever breaks in between.

The intent is written before the first post. Whoever finds an intent looks in the thread before posting: the
post may have arrived although its answer, or the process, did not survive it.
"""

from __future__ import annotations

import structlog

from bot.errors import TranscriptionError, Unavailable
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
_GLANCE_S = 1.0
"""To see whether earlier files have their place: what grows is not waited for."""
GROWING = "growing"
"""The notice that a reply is when it grows."""


class Delivery:
    """Posts, looks up and records replies. Of a job for subscribers nothing is said: they get copies.

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
        return ThreadLookup() if current.job.intent_at is None else await self._replies.find(current.job)

    async def deliver(self, current: CurrentJob, reply: Reply, found: ThreadLookup) -> None:
        """Post the final reply, or a request for consent, behind those of earlier files; retries for a while.

        Giving up at once would mean to recognise, and to pay, again.

        Raises:
            TranscriptionError: it could not be posted; it may have arrived all the same.
        """
        if _is_mute(current.job):
            return
        state = state_of(reply)
        await self._may_post_now(current.job, EARLIER_FILES_PATIENCE_S)
        for delay_s in (*_DELAYS_S, None):
            current.job = await self._queue.write_intent(current.job)
            try:
                ts = await self._replies.publish(current.job, reply, found)
            except Unavailable as error:
                await self._pause(delay_s, error)
                found = await self._find_patiently(current.job)
                if found.ts is None or not is_final(found, current.job) or found.state is not state:
                    continue
                ts = found.ts
            notice = None if state.is_final else str(state)
            current.job = await self._queue.record_reply(current.job, ts, notice)
            return

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
        """
        if not await self._may_post_now(current.job, _GLANCE_S):
            return False
        notice = GROWING if growing.delayed_by is None else str(growing.delayed_by)
        try:
            found = ThreadLookup() if current.job.reply_ts else await self.find(current)
            await self._post(current, growing, found, notice)
        except TranscriptionError as unsaid:
            self._log.warning("not shown yet", key=str(current.job.key), error=str(unsaid))
            return False
        return True

    async def _post(
        self, current: CurrentJob, word: Waiting | Growing, found: ThreadLookup, notice: str
    ) -> None:
        """Post a notice or what is ready, once, and record it where its place or its notice is new."""
        current.job = await self._queue.write_intent(current.job)
        ts = await self._replies.publish(current.job, word, found)
        if (ts, notice) != (current.job.reply_ts, current.job.notice):
            current.job = await self._queue.record_reply(current.job, ts, notice)

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
