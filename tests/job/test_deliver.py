from __future__ import annotations

import asyncio

import pytest

from bot.errors import Misconfiguration, Misconfigured, Outage, Refusal, Rejected, Unavailable
from bot.job.current import CurrentJob
from bot.job.deliver import EARLIER_FILES_PATIENCE_S, Delivery, is_final
from bot.model import Job
from bot.reply import Refused, ReplyState, ThreadLookup, Waiting
from tests.job.fakes import request_for, shared_file
from tests.job.harness import JobHarness
from tests.job.virtual import EPOCH
from tests.transcripts import said

WORDS = said("words")
NOTHING = ThreadLookup()
AWAY = Unavailable(Outage.SLACK, "connection lost")
BUSY = Waiting(Outage.RECOGNISER)


@pytest.fixture
def delivery(harness: JobHarness) -> Delivery:
    return Delivery(harness.jobs, harness.thread, harness.clock)


async def claimed(harness: JobHarness) -> CurrentJob:
    await harness.jobs.accept([request_for()])
    job = await harness.jobs.claim()
    assert job is not None
    return CurrentJob.of(job)


async def passing(harness: JobHarness, delivery: Delivery, current: CurrentJob, seconds: float) -> None:
    """Deliver within so much virtual time."""
    task = asyncio.create_task(delivery.deliver(current, WORDS, NOTHING))
    await harness.time.until(task.done, seconds)
    await task


async def test_a_reply_is_posted_and_recorded(harness: JobHarness, delivery: Delivery) -> None:
    current = await claimed(harness)
    await delivery.deliver(current, WORDS, NOTHING)
    assert harness.said() == [[WORDS]]
    row = harness.memory.rows[current.job.key]
    assert (row.job.reply_ts, row.job.notice, row.job.intent_at) == ("1.0", None, harness.time.now())
    assert current.job == row.job, "who goes on with the job knows what stands"
    assert harness.thread.finds.calls == []


async def test_a_post_that_arrived_although_it_failed_is_not_posted_again(
    harness: JobHarness, delivery: Delivery
) -> None:
    current = await claimed(harness)
    harness.thread.arrivals.then("F1", AWAY)
    await passing(harness, delivery, current, 1.0)
    assert harness.said() == [[WORDS]]
    assert harness.memory.rows[current.job.key].job.reply_ts == "1.0"
    assert len(harness.thread.publishes.calls) == 1


async def test_it_is_looked_for_until_slack_can_say(harness: JobHarness, delivery: Delivery) -> None:
    current = await claimed(harness)
    harness.thread.arrivals.then("F1", AWAY)
    harness.thread.finds.then("F1", AWAY, AWAY, AWAY)
    await passing(harness, delivery, current, 10.0)
    assert harness.said() == [[WORDS]]
    assert len(harness.thread.publishes.calls) == 1
    assert len(harness.thread.finds.calls) == 4


async def test_a_post_that_did_not_arrive_is_posted_again(harness: JobHarness, delivery: Delivery) -> None:
    current = await claimed(harness)
    harness.thread.publishes.then("F1", *[AWAY] * 5)
    await passing(harness, delivery, current, 15.5)
    assert harness.said() == [[WORDS]]
    assert len(harness.thread.publishes.calls) == 6


async def test_an_edit_that_arrived_although_it_failed_is_not_repeated(
    harness: JobHarness, delivery: Delivery
) -> None:
    current = await claimed(harness)
    await delivery.notify(current, BUSY)
    harness.thread.arrivals.then("F1", AWAY)
    await passing(harness, delivery, current, 1.0)
    assert harness.said() == [[BUSY, WORDS]]


async def test_after_two_minutes_of_tries_the_queue_has_it(harness: JobHarness, delivery: Delivery) -> None:
    current = await claimed(harness)
    harness.thread.publishes.always["F1"] = AWAY
    with pytest.raises(Unavailable):
        await passing(harness, delivery, current, 130.0)
    assert len(harness.thread.publishes.calls) == 9


@pytest.mark.parametrize(("asked_s", "waits_s"), [(0.1, 0.5), (7.0, 7.0), (60.0, 60.0)])
async def test_slack_is_given_the_time_that_it_asks_for(
    harness: JobHarness, delivery: Delivery, asked_s: float, waits_s: float
) -> None:
    current = await claimed(harness)
    harness.thread.publishes.then("F1", Unavailable(Outage.SLACK, "ratelimited", asked_s))
    await passing(harness, delivery, current, 100.0)
    assert harness.time.passed_s == waits_s


@pytest.mark.parametrize("verb", ["publish", "find"])
async def test_who_asks_for_too_long_gets_the_queue(
    harness: JobHarness, delivery: Delivery, verb: str
) -> None:
    current = await claimed(harness)
    slow = Unavailable(Outage.SLACK, "ratelimited", 9e9)
    harness.thread.publishes.then("F1", slow if verb == "publish" else AWAY)
    harness.thread.finds.always["F1"] = slow
    with pytest.raises(Unavailable):
        await passing(harness, delivery, current, 1.0)


@pytest.mark.parametrize(
    "error", [Rejected(Refusal.FORBIDDEN), Misconfigured(Misconfiguration.SLACK_SCOPE), KeyError("bug")]
)
async def test_what_waiting_does_not_mend_is_raised_at_once(
    harness: JobHarness, delivery: Delivery, error: Exception
) -> None:
    current = await claimed(harness)
    harness.thread.publishes.then("F1", error)
    with pytest.raises(type(error)):
        await delivery.deliver(current, WORDS, NOTHING)
    assert harness.said() == []


async def test_a_reply_waits_for_its_turn_but_not_for_ever(harness: JobHarness, delivery: Delivery) -> None:
    await harness.jobs.accept([request_for(), request_for(shared_file("F2"), position=1, siblings=2)])
    await harness.jobs.claim()
    second = await harness.jobs.claim()
    assert second is not None
    await passing(harness, delivery, CurrentJob.of(second), EARLIER_FILES_PATIENCE_S + 1)
    assert harness.time.passed_s == EARLIER_FILES_PATIENCE_S


async def test_a_notice_is_said_once(harness: JobHarness, delivery: Delivery) -> None:
    current = await claimed(harness)
    await delivery.notify(current, BUSY)
    await delivery.notify(current, BUSY)
    assert harness.said() == [[BUSY]]
    assert (current.job.reply_ts, current.job.notice) == ("1.0", "recogniser")


async def test_a_notice_of_another_cause_is_edited_in(harness: JobHarness, delivery: Delivery) -> None:
    current = await claimed(harness)
    await delivery.notify(current, BUSY)
    await delivery.notify(current, Waiting(Misconfiguration.RECOGNISER_KEY))
    assert harness.said() == [[BUSY, Waiting(Misconfiguration.RECOGNISER_KEY)]]


async def test_a_notice_that_arrived_although_it_failed_is_edited_the_next_time(
    harness: JobHarness, delivery: Delivery
) -> None:
    current = await claimed(harness)
    harness.thread.arrivals.then("F1", AWAY)
    with pytest.raises(Unavailable):
        await delivery.notify(current, BUSY)
    assert current.job.intent_at is not None
    await delivery.notify(current, BUSY)
    assert harness.said() == [[BUSY, BUSY]]


async def test_nothing_is_looked_for_before_an_intent(harness: JobHarness, delivery: Delivery) -> None:
    assert await delivery.find(await claimed(harness)) == NOTHING
    assert harness.thread.finds.calls == []


@pytest.mark.parametrize(
    ("found", "revision", "final"),
    [
        (NOTHING, 0, False),
        (ThreadLookup("1.0", ReplyState.WAITING), 0, False),
        (ThreadLookup("1.0", ReplyState.AWAITING_CONSENT), 0, False),
        (ThreadLookup("1.0", ReplyState.TRANSCRIBED), 1, False),
        (ThreadLookup("1.0", ReplyState.REFUSED), 1, False),
        (ThreadLookup("1.0", ReplyState.TRANSCRIBED), 0, True),
        (ThreadLookup("1.0", ReplyState.GAPPED), 0, True),
        (ThreadLookup("1.0", ReplyState.GAPPED), 1, False),
        (ThreadLookup("1.0", ReplyState.GAPPED, 1), 1, True),
        (ThreadLookup("1.0", ReplyState.TRANSCRIBED, 1), 1, True),
        (ThreadLookup("1.0", ReplyState.REFUSED), 0, True),
        (ThreadLookup("1.0", ReplyState.FAILED), 0, True),
        (ThreadLookup(file_shared=True), 0, False),
    ],
)
def test_which_finds_are_the_last_word(found: ThreadLookup, revision: int, *, final: bool) -> None:
    job = Job(request_for(), EPOCH, 0, None, None, None, revision=revision)
    assert is_final(found, job) is final


async def test_a_refusal_is_delivered_like_a_transcript(harness: JobHarness, delivery: Delivery) -> None:
    await delivery.deliver(await claimed(harness), Refused(Refusal.EMPTY), NOTHING)
    assert harness.said() == [[Refused(Refusal.EMPTY)]]


async def test_a_notice_waits_for_its_turn_too(harness: JobHarness, delivery: Delivery) -> None:
    await harness.jobs.accept([request_for(), request_for(shared_file("F2"), position=1, siblings=2)])
    first, second = await harness.jobs.claim(), await harness.jobs.claim()
    assert first is not None
    assert second is not None
    noticing = asyncio.create_task(delivery.notify(CurrentJob.of(second), BUSY))
    await harness.time.run(60)
    assert harness.said() == []
    await delivery.deliver(CurrentJob.of(first), WORDS, NOTHING)
    await harness.time.settle()
    await noticing
    assert harness.said() == [[WORDS], [BUSY]]
