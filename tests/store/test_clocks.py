"""Two clocks: what is due and how old it is goes by one that nobody sets, months by the system's."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot.model import Outcome, Usage
from bot.recording import Part, Recognition, Span
from bot.store.store import open_claimed_store, open_store
from tests.job.fakes import request_for, shared_file
from tests.job.virtual import EPOCH, VirtualTime


@pytest.fixture
def time() -> VirtualTime:
    return VirtualTime()


async def test_what_is_due_later_than_any_delay_is_due_at_the_next_start(
    tmp_path: Path, time: VirtualTime
) -> None:
    async with open_store(tmp_path, time.now) as store:
        await store.requests.accept([request_for(shared_file(f"F{hours}")) for hours in (0, 1, 2)])
        for hours in (0.5, 1.0, 48.0):
            job = await store.queue.claim()
            assert job is not None
            await store.queue.retry_at(job, time.now() + timedelta(hours=hours))
    async with open_store(tmp_path, time.now) as store:
        job = await store.queue.claim()
        assert job is not None
        assert job.key.file_id == "F2"
        assert await store.queue.claim() is None, "an hour is what the other side may ask for"


async def test_what_was_accepted_in_the_future_is_due_at_the_next_start(
    tmp_path: Path, time: VirtualTime
) -> None:
    time.passed_s = 3_600.0
    async with open_store(tmp_path, time.now) as store:
        await store.requests.accept([request_for()])
        job = await store.queue.claim()
        assert job is not None
        await store.queue.retry_at(job, time.now() + timedelta(seconds=2))
    time.passed_s = 10.0
    async with open_store(tmp_path, time.now) as store:
        assert await store.queue.claim() is not None


async def test_a_removal_that_is_due_later_than_any_delay_is_due_at_the_next_start(
    tmp_path: Path, time: VirtualTime
) -> None:
    async with open_store(tmp_path, time.now) as store:
        for ts in ("1.0", "2.0"):
            await store.requests.remove_message("T1", "C1", ts, thread_ts=ts)
        for hours in (0.5, 48.0):
            removal = await store.removals.claim_removal()
            assert removal is not None
            await store.removals.remove_later(removal, time.now() + timedelta(hours=hours))
    async with open_store(tmp_path, time.now) as store:
        removal = await store.removals.claim_removal()
        assert removal is not None
        assert removal.message_ts == "2.0"
        assert await store.removals.claim_removal() is None


async def test_what_was_under_way_is_due_again_by_whatever_clock(tmp_path: Path, time: VirtualTime) -> None:
    async with open_store(tmp_path, time.now) as store:
        await store.requests.accept([request_for()])
        await store.queue.claim()
        await store.requests.remove_message("T1", "C9", "1.0", thread_ts="1.0")
        await store.removals.claim_removal()
    time.passed_s = 1_000_000.0
    async with open_store(tmp_path, time.now) as store:
        time.passed_s = 0.0
        assert await store.queue.claim() is not None
        assert await store.removals.claim_removal() is not None


async def test_what_was_accepted_in_the_future_is_as_old_as_its_first_try(
    tmp_path: Path, time: VirtualTime
) -> None:
    time.passed_s = 86_400.0
    async with open_store(tmp_path, time.now) as store:
        await store.requests.accept([request_for()])
    time.passed_s = 0.0
    async with open_store(tmp_path, time.now) as store:
        job = await store.queue.claim()
        assert job is not None
        assert job.accepted_at == EPOCH
        await store.queue.retry_at(job, time.now() + timedelta(seconds=100))
        time.passed_s = 100.0
        job = await store.queue.claim()
        assert job is not None
        assert job.accepted_at == EPOCH, "and grows older"


@pytest.mark.parametrize("ahead", [timedelta(days=31), timedelta(days=-31)])
async def test_a_month_is_the_systems_and_an_intent_the_earlier_of_both(
    tmp_path: Path, time: VirtualTime, ahead: timedelta
) -> None:
    def wall() -> datetime:
        return EPOCH + ahead

    heard = Recognition("Hello.", "en", 30.0, complete=True, request_id="")
    async with open_claimed_store(tmp_path, wall, steady_now=time.now) as store:
        await store.requests.accept([request_for()])
        job = await store.queue.claim()
        assert job is not None
        assert job.accepted_at == EPOCH
        await store.queue.keep(job, Part(Span(0, 30_000), (), last=True, recognition=heard), billed_s=30.0)
        job = await store.queue.write_intent(job)
        assert job.intent_at == min(EPOCH, wall())
        await store.queue.finish(job, Outcome.TRANSCRIBED)
        assert await store.ledger.used("T1", wall().date()) == Usage(clips=1, seconds=30.0)
        assert await store.ledger.used("T1", EPOCH.date()) == Usage(clips=0, seconds=0.0)
