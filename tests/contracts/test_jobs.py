"""What a job may expect of a queue, whichever it is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.model import (
    Claim,
    FileState,
    Job,
    JobKey,
    Part,
    Recognition,
    SharedFile,
    Span,
    TranscriptionRequest,
)
from bot.ports import Jobs
from bot.store.sqlite import open_jobs
from tests.job.memory import MemoryJobs
from tests.job.virtual import VirtualTime

SOON_S = 0.03
"""Real time passes for some implementations."""


class Kept:
    """A queue and its time."""

    def __init__(self, jobs: Jobs, time: VirtualTime, *, real_timers: bool) -> None:
        self.jobs = jobs
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
            await self.jobs.accept([request])
        job = await self.jobs.claim()
        assert job is not None
        return job

    @asynccontextmanager
    async def waiting(self, call: Coroutine[Any, Any, object]) -> AsyncIterator[None]:
        """Check that a call waits until what is done inside, and no longer."""
        task = asyncio.create_task(call)
        await asyncio.sleep(SOON_S)
        assert not task.done()
        yield
        async with asyncio.timeout(5):
            await task


@pytest.fixture(params=["memory", "sqlite"])
async def kept(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Kept]:
    time = VirtualTime()
    async with AsyncExitStack() as stack:
        match request.param:
            case "memory":
                yield Kept(MemoryJobs(time), time, real_timers=False)
            case "sqlite":
                jobs = await stack.enter_async_context(open_jobs(tmp_path, time.now))
                yield Kept(jobs, time, real_timers=True)


def asked(file_id: str = "F1", *, position: int = 0, message_ts: str = "1.0", run: int = 0) -> Any:
    file = SharedFile(
        file_id,
        "Žluťoučký 🎙 clip.m4a",
        Claim.VIDEO_CLIP,
        FileState.STUB,
        url=None,
        size_bytes=2**40,
        duration_s=0.1,
    )
    return TranscriptionRequest(
        key=JobKey("T1", "C1", message_ts, file_id, "thread" if run == 0 else "U7", run),
        file=file,
        thread_ts="0.5",
        user_id="U1",
        position=position,
        siblings=3,
        explicit=run > 0,
    )


async def test_what_is_accepted_is_what_is_claimed(kept: Kept) -> None:
    request = asked(run=3)
    assert await kept.jobs.accept([request]) == 1
    job = await kept.jobs.claim()
    assert job == Job(request, kept.time.now(), attempt=0, intent_at=None, reply_ts=None, notice=None)
    assert await kept.jobs.claim() is None


async def test_a_key_is_accepted_once_whatever_became_of_it(kept: Kept) -> None:
    first, second = asked("F1"), asked("F2", position=1)
    assert await kept.jobs.accept([first]) == 1
    assert await kept.jobs.accept([first]) == 0
    assert await kept.jobs.accept([first, second]) == 1
    await kept.jobs.finish(await kept.claimed(), "transcribed")
    assert await kept.jobs.accept([first]) == 0
    await kept.jobs.park(await kept.claimed())
    assert await kept.jobs.accept([second]) == 0
    assert await kept.jobs.claim() is None


async def test_each_part_of_the_key_makes_another_job(kept: Kept) -> None:
    requests = [asked("F1"), asked("F2"), asked("F1", message_ts="2.0"), asked("F1", run=1)]
    assert await kept.jobs.accept(requests) == 4


async def test_twins_at_the_same_time_are_one_job(kept: Kept) -> None:
    new = await asyncio.gather(*(kept.jobs.accept([asked()]) for _ in range(20)))
    assert sum(new) == 1
    assert await kept.jobs.depth() == {"ready": 1, "running": 0, "parked": 0}


async def test_nothing_accepted_is_nothing(kept: Kept) -> None:
    assert await kept.jobs.accept([]) == 0
    assert await kept.jobs.claim() is None


async def test_a_job_is_claimed_by_one(kept: Kept) -> None:
    await kept.jobs.accept([asked(f"F{n}", position=n) for n in range(5)])
    claims = await asyncio.gather(*(kept.jobs.claim() for _ in range(8)))
    assert sorted(job.key.file_id for job in claims if job) == ["F0", "F1", "F2", "F3", "F4"]


async def test_who_has_been_due_for_longest_goes_first(kept: Kept) -> None:
    await kept.jobs.accept([asked("F1"), asked("F2", position=1)])
    first = await kept.claimed()
    assert first.key.file_id == "F1"
    await kept.pass_by(1)
    await kept.jobs.accept([asked("F3", message_ts="2.0")])
    await kept.jobs.retry_at(first, kept.time.now() - timedelta(seconds=0.5))
    assert [(await kept.claimed()).key.file_id for _ in range(3)] == ["F2", "F1", "F3"]


async def test_a_retry_comes_back_when_it_is_due_and_older(kept: Kept) -> None:
    job = await kept.claimed(asked())
    await kept.jobs.retry_at(job, kept.time.now() + timedelta(seconds=60))
    await kept.pass_by(59)
    assert await kept.jobs.claim() is None
    await kept.pass_by(2)
    job = await kept.claimed()
    assert (job.attempt, job.faults) == (1, 0)
    await kept.jobs.retry_at(job, kept.time.now(), fault=True)
    job = await kept.claimed()
    assert (job.attempt, job.faults) == (2, 1)
    assert (kept.time.now() - job.accepted_at).total_seconds() == 61


async def test_a_parked_job_waits_for_its_release(kept: Kept) -> None:
    await kept.jobs.park(await kept.claimed(asked()))
    await kept.pass_by(86_400)
    assert await kept.jobs.claim() is None
    assert await kept.jobs.depth() == {"ready": 0, "running": 0, "parked": 1}
    assert await kept.jobs.release_parked() == 1
    assert await kept.jobs.release_parked() == 0
    assert (await kept.claimed()).attempt == 1


async def test_only_the_oldest_are_released_where_a_time_is_named(kept: Kept) -> None:
    await kept.jobs.park(await kept.claimed(asked("F1")))
    await kept.pass_by(10)
    await kept.jobs.park(await kept.claimed(asked("F2", message_ts="2.0")))
    assert await kept.jobs.release_parked(accepted_before=kept.time.now() - timedelta(seconds=11)) == 0
    assert await kept.jobs.release_parked(accepted_before=kept.time.now() - timedelta(seconds=10)) == 1
    assert (await kept.claimed()).key.file_id == "F1"
    assert await kept.jobs.claim() is None


async def test_the_first_intent_counts(kept: Kept) -> None:
    start = kept.time.now()
    job = await kept.jobs.write_intent(await kept.claimed(asked()))
    assert job.intent_at == start
    await kept.pass_by(5)
    assert (await kept.jobs.write_intent(job)).intent_at == start
    await kept.jobs.retry_at(job, kept.time.now())
    job = await kept.claimed()
    assert job.intent_at == start
    assert (await kept.jobs.write_intent(job)).intent_at == start


async def test_where_the_reply_stands_is_remembered(kept: Kept) -> None:
    job = await kept.jobs.record_reply(await kept.claimed(asked()), "5.5", "slack")
    assert (job.reply_ts, job.notice) == ("5.5", "slack")
    await kept.jobs.park(job)
    await kept.jobs.release_parked()
    job = await kept.claimed()
    assert (job.reply_ts, job.notice) == ("5.5", "slack")
    job = await kept.jobs.record_reply(job, "5.5", None)
    await kept.jobs.retry_at(job, kept.time.now())
    assert (await kept.claimed()).notice is None


async def test_what_has_ended_stays_ended(kept: Kept) -> None:
    job = await kept.claimed(asked())
    await kept.jobs.finish(job, "transcribed")
    await kept.jobs.retry_at(job, kept.time.now())
    await kept.jobs.park(job)
    assert await kept.jobs.release_parked() == 0
    assert await kept.jobs.claim() is None
    assert not any((await kept.jobs.depth()).values())


async def test_work_is_heard_of_when_it_comes(kept: Kept) -> None:
    async with kept.waiting(kept.jobs.wait_for_work()):
        await kept.jobs.accept([asked()])
    job = await kept.claimed()
    async with kept.waiting(kept.jobs.wait_for_work()):
        await kept.jobs.retry_at(job, kept.time.now())
    job = await kept.claimed()
    await kept.jobs.park(job)
    async with kept.waiting(kept.jobs.wait_for_work()):
        await kept.jobs.release_parked()
    await kept.jobs.finish(await kept.claimed(), "transcribed")
    waiting = asyncio.create_task(kept.jobs.wait_for_work())
    await kept.pass_by(SOON_S)
    assert not waiting.done(), "an end is no work"
    waiting.cancel()


async def test_work_that_came_before_is_not_waited_for(kept: Kept) -> None:
    await kept.jobs.accept([asked()])
    async with asyncio.timeout(5):
        await kept.jobs.wait_for_work()


async def test_work_is_heard_of_when_it_falls_due(kept: Kept) -> None:
    job = await kept.claimed(asked())
    await kept.jobs.retry_at(job, kept.time.now() + timedelta(seconds=3 * SOON_S))
    async with kept.waiting(kept.jobs.wait_for_work()):
        await kept.pass_by(3 * SOON_S)
    await kept.claimed()


async def test_files_of_a_message_wait_for_those_before_them(kept: Kept) -> None:
    await kept.jobs.accept([asked(f"F{n}", position=n) for n in range(3)])
    first, second, third = [await kept.claimed() for _ in range(3)]
    await kept.jobs.wait_for_turn(first, 3600)
    async with kept.waiting(kept.jobs.wait_for_turn(third, 3600)):
        async with kept.waiting(kept.jobs.wait_for_turn(second, 3600)):
            await kept.jobs.finish(first, "transcribed")
        await kept.jobs.finish(second, "ignored")


@pytest.mark.parametrize("elder", ["retried", "parked"])
async def test_a_file_waits_for_one_that_is_tried_again(kept: Kept, elder: str) -> None:
    await kept.jobs.accept([asked("F1"), asked("F2", position=1)])
    first, second = await kept.claimed(), await kept.claimed()
    if elder == "parked":
        await kept.jobs.park(first)
    else:
        await kept.jobs.retry_at(first, kept.time.now())
    async with kept.waiting(kept.jobs.wait_for_turn(second, 3600)):
        await kept.jobs.release_parked()
        await kept.jobs.finish(await kept.claimed(), "transcribed")


async def test_a_notice_holds_a_files_place(kept: Kept) -> None:
    await kept.jobs.accept([asked("F1"), asked("F2", position=1)])
    first, second = await kept.claimed(), await kept.claimed()
    async with kept.waiting(kept.jobs.wait_for_turn(second, 3600)):
        await kept.jobs.record_reply(first, "5.5", "slack")


async def test_patience_ends(kept: Kept) -> None:
    await kept.jobs.accept([asked("F1"), asked("F2", position=1)])
    await kept.claimed()
    second = await kept.claimed()
    async with kept.waiting(kept.jobs.wait_for_turn(second, 3 * SOON_S)):
        await kept.pass_by(3 * SOON_S)


async def test_other_messages_wait_for_nobody(kept: Kept) -> None:
    await kept.jobs.accept([asked("F1"), asked("F2", position=1, message_ts="2.0")])
    await kept.claimed()
    async with asyncio.timeout(5):
        await kept.jobs.wait_for_turn(await kept.claimed(), 3600)


async def test_keys_outlive_their_jobs_by_more_than_a_week(kept: Kept) -> None:
    await kept.jobs.accept([asked("F1"), asked("F2"), asked("F3")])
    await kept.jobs.finish(await kept.claimed(), "transcribed")
    await kept.jobs.park(await kept.claimed())
    await kept.pass_by(7 * 86_400 + 1)
    assert await kept.jobs.sweep() == 0
    assert await kept.jobs.accept([asked("F1")]) == 0
    await kept.pass_by(2 * 86_400)
    assert await kept.jobs.sweep() == 1
    assert await kept.jobs.accept([asked("F1"), asked("F2"), asked("F3")]) == 1, (
        "only what ended is forgotten"
    )


def part(start_ms: int, *, last: bool = False, failed: bool = False) -> Part:
    span = Span(start_ms, start_ms + 120_000)
    heard = Recognition("Žluťoučký 🎙", None, 120.0, complete=False, request_id="r-1")
    return Part(span, (span, Span(5, 7)), last, None if failed else heard, failed)


async def test_parts_are_kept_until_the_job_ends(kept: Kept) -> None:
    await kept.jobs.accept([asked("F1"), asked("F2")])
    one, other = await kept.claimed(), await kept.claimed()
    assert await kept.jobs.parts(one) == []
    for start_ms in (240_000, 0, 120_000):
        await kept.jobs.keep(one, part(start_ms, last=start_ms == 240_000))
    await kept.jobs.keep(other, part(0, failed=True))
    wanted = [part(0), part(120_000), part(240_000, last=True)]
    assert await kept.jobs.parts(one) == wanted
    await kept.jobs.retry_at(one, kept.time.now())
    assert await kept.jobs.parts(await kept.claimed()) == wanted
    await kept.jobs.finish(one, "transcribed")
    assert await kept.jobs.parts(one) == []
    assert await kept.jobs.parts(other) == [part(0, failed=True)]


async def test_a_part_takes_the_place_of_one_that_failed(kept: Kept) -> None:
    job = await kept.claimed(asked())
    await kept.jobs.keep(job, part(0, failed=True))
    await kept.jobs.keep(job, part(0))
    assert await kept.jobs.parts(job) == [part(0)]


async def test_a_job_that_is_not_claimed_any_more_keeps_nothing(kept: Kept) -> None:
    job = await kept.claimed(asked())
    await kept.jobs.finish(job, "transcribed")
    await kept.jobs.keep(job, part(0))
    assert await kept.jobs.parts(job) == []


async def gapped(kept: Kept) -> Job:
    job = await kept.claimed(asked())
    await kept.jobs.keep(job, part(0))
    await kept.jobs.keep(job, part(120_000, last=True, failed=True))
    job = await kept.jobs.record_reply(await kept.jobs.write_intent(job), "5.5", None)
    await kept.jobs.finish(job, "gapped", has_gaps=True)
    return job


async def test_a_job_with_gaps_has_ended_but_can_be_asked_for(kept: Kept) -> None:
    job = await gapped(kept)
    assert await kept.jobs.claim() is None
    assert await kept.jobs.depth() == {"ready": 0, "running": 0, "parked": 0}
    assert await kept.jobs.accept([asked()]) == 0, "to the world it has ended"
    await kept.pass_by(3_600)
    assert await kept.jobs.fill_gaps(str(job.key))
    assert await kept.jobs.fill_gaps(str(job.key)), "already under way"
    again = await kept.claimed()
    assert again == job.having(accepted_at=kept.time.now(), revision=1)
    assert await kept.jobs.parts(again) == [part(0)], "what failed is tried anew"
    assert await kept.jobs.fill_gaps(str(job.key)), "already running"
    assert await kept.jobs.claim() is None
    await kept.jobs.finish(again, "transcribed")
    assert not await kept.jobs.fill_gaps(str(job.key)), "nothing is missing any more"


async def test_whoever_waits_for_work_hears_of_gaps_to_fill(kept: Kept) -> None:
    job = await gapped(kept)
    async with kept.waiting(kept.jobs.wait_for_work()):
        await kept.jobs.fill_gaps(str(job.key))


@pytest.mark.parametrize("swept", [False, True])
async def test_after_a_day_gaps_stay(kept: Kept, *, swept: bool) -> None:
    job = await gapped(kept)
    await kept.pass_by(86_000)
    assert await kept.jobs.sweep() == 0
    assert await kept.jobs.parts(job)
    await kept.pass_by(1_000)
    if swept:
        assert await kept.jobs.sweep() == 0
        assert await kept.jobs.parts(job) == []
    assert not await kept.jobs.fill_gaps(str(job.key))
    assert await kept.jobs.accept([asked()]) == 0
    await kept.jobs.sweep()
    await kept.pass_by(8 * 86_400)
    assert await kept.jobs.sweep() == 1, "its key is forgotten like any other"


async def test_nobody_waits_for_the_gaps_of_an_earlier_file(kept: Kept) -> None:
    await kept.jobs.accept([asked("F1"), asked("F2", position=1)])
    first, second = await kept.claimed(), await kept.claimed()
    await kept.jobs.finish(first, "gapped", has_gaps=True)
    async with asyncio.timeout(5):
        assert await kept.jobs.wait_for_turn(second, 3600)


async def test_gaps_of_no_job_are_not_filled(kept: Kept) -> None:
    assert not await kept.jobs.fill_gaps("T1:C1:1.0:F1:thread:0")
    await kept.jobs.accept([asked()])
    await kept.jobs.finish(await kept.claimed(), "refused")
    assert not await kept.jobs.fill_gaps(str(asked().key))


async def test_a_turn_has_come_or_not(kept: Kept) -> None:
    await kept.jobs.accept([asked("F1"), asked("F2", position=1)])
    first, second = await kept.claimed(), await kept.claimed()
    assert await kept.jobs.wait_for_turn(first, 3600)
    waiting = asyncio.create_task(kept.jobs.wait_for_turn(second, SOON_S))
    await asyncio.sleep(0)
    await kept.pass_by(2 * SOON_S)
    assert not await waiting


async def test_depth_counts_by_state(kept: Kept) -> None:
    await kept.jobs.accept([asked(f"F{n}") for n in range(6)])
    jobs = [await kept.claimed() for _ in range(4)]
    await kept.jobs.park(jobs[0])
    await kept.jobs.finish(jobs[1], "refused")
    assert await kept.jobs.depth() == {"ready": 2, "running": 2, "parked": 1}
