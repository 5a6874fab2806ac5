"""What is kept, whichever keeps it, and what the contracts' tests keep."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from bot.model import (
    THREAD,
    Claim,
    FileState,
    Job,
    JobKey,
    JobState,
    Outcome,
    SharedFile,
    TranscriptionRequest,
)
from bot.ports.preferences import Ledger, Preferences
from bot.ports.store import Queue, Removals, Requests
from bot.recording import Part, Recognition, Span
from tests.job.virtual import VirtualTime

SOON_S = 0.03
"""Real time passes for some implementations."""


class Kept:
    """A queue, what goes with it, and its time."""

    def __init__(
        self,
        requests: Requests,
        queue: Queue,
        removals: Removals,
        preferences: Preferences,
        ledger: Ledger,
        time: VirtualTime,
        *,
        real_timers: bool,
    ) -> None:
        self.requests = requests
        self.queue = queue
        self.removals = removals
        self.preferences = preferences
        self.ledger = ledger
        self.time = time
        self._real_timers = real_timers

    async def pass_by(self, seconds: float) -> None:
        """Let time pass, for timers too where it is short."""
        if self._real_timers:
            self.time.passed_s += seconds
            await asyncio.sleep(min(seconds, SOON_S))
        else:
            await self.time.run(seconds)

    async def claimed(self, request: TranscriptionRequest | None = None) -> Job:
        """A job, accepted and claimed."""
        if request is not None:
            await self.requests.accept([request])
        job = await self.queue.claim()
        assert job is not None
        return job

    async def ended(self, request: TranscriptionRequest, outcome: Outcome = Outcome.TRANSCRIBED) -> Job:
        """A job with a reply, a part and an end."""
        job = await self.queue.write_intent(await self.claimed(request))
        await self.queue.keep(job, part(0, last=True))
        job = await self.queue.record_reply(job, "5.5", None)
        await self.queue.finish(job, outcome)
        return job

    async def brought(self, state: JobState) -> Job:
        """A job with a part, in some state."""
        job = await self.claimed(asked())
        await self.queue.keep(job, part(0))
        match state:
            case JobState.READY:
                await self.queue.retry_at(job, self.time.now())
            case JobState.PARKED:
                await self.queue.park(job)
            case JobState.HELD:
                await self.queue.hold(job)
            case JobState.ENDED | JobState.GAPPED:
                await self.queue.finish(job, Outcome.GAPPED, has_gaps=state == JobState.GAPPED)
        return job

    async def working(self) -> int:
        """How many jobs are unfinished, those that ask first not counted."""
        return sum((await self.requests.depth()).values())

    @asynccontextmanager
    async def waiting(self, call: Coroutine[Any, Any, object]) -> AsyncIterator[None]:
        """Check that a call waits until what is done inside, and no longer."""
        task = asyncio.create_task(call)
        await asyncio.sleep(SOON_S)
        assert not task.done()
        yield
        async with asyncio.timeout(5):
            await task


def asked(
    file_id: str = "F1",
    *,
    position: int = 0,
    message_ts: str = "1.0",
    audience: str = THREAD,
    team_id: str = "T1",
    channel_id: str = "C1",
    **changes: Any,
) -> TranscriptionRequest:
    """A request whose file says as much as a file can."""
    file = SharedFile(
        file_id,
        "Žluťoučký 🎙 clip.m4a",
        Claim.VIDEO_CLIP,
        FileState.STUB,
        url=None,
        size_bytes=2**40,
        duration_s=0.1,
        owner_id="U8",
    )
    given: dict[str, Any] = {
        "thread_ts": "0.5",
        "user_id": "U1",
        "position": position,
        "siblings": 3,
        "explicit": audience != THREAD,
    }
    key = JobKey(team_id, channel_id, message_ts, file_id, audience)
    return TranscriptionRequest(key, file, **given | changes)


def part(start_ms: int, *, last: bool = False, failed: bool = False) -> Part:
    """Two minutes of speech."""
    span = Span(start_ms, start_ms + 120_000)
    heard = Recognition("Žluťoučký 🎙", None, 120.0, complete=False, request_id="r-1")
    return Part(span, (span, Span(5, 7)), last, None if failed else heard, failed)
