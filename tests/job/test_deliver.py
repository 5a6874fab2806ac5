from __future__ import annotations

import asyncio

import pytest

from bot.errors import Misconfiguration, Misconfigured, Outage, Refusal, Rejected, Unavailable
from bot.job.current import CurrentJob
from bot.job.deliver import EARLIER_FILES_PATIENCE_S, Delivery, is_final
from bot.model import Job
from bot.reply import Refused, ReplyState, ThreadLookup, Waiting
from tests.job.fakes import Bench, request_for, shared_file
from tests.job.virtual import EPOCH
from tests.transcripts import said

WORDS = said("words")
NOTHING = ThreadLookup()
AWAY = Unavailable(Outage.SLACK, "connection lost")
BUSY = Waiting(Outage.RECOGNISER)


@pytest.fixture
def delivery(bench: Bench) -> Delivery:
    return Delivery(bench.jobs, bench.thread, bench.clock)


async def claimed(bench: Bench) -> CurrentJob:
    await bench.jobs.accept([request_for()])
    job = await bench.jobs.claim()
    assert job is not None
    return CurrentJob.of(job)


async def passing(bench: Bench, delivery: Delivery, current: CurrentJob, seconds: float) -> None:
    """Deliver within so much virtual time."""
    task = asyncio.create_task(delivery.deliver(current, WORDS, NOTHING))
    await bench.time.until(task.done, seconds)
    await task


async def test_a_reply_is_posted_and_recorded(bench: Bench, delivery: Delivery) -> None:
    current = await claimed(bench)
    await delivery.deliver(current, WORDS, NOTHING)
    assert bench.said() == [[WORDS]]
    row = bench.memory.rows[current.job.key]
    assert (row.job.reply_ts, row.job.notice, row.job.intent_at) == ("1.0", None, bench.time.now())
    assert current.job == row.job, "who goes on with the job knows what stands"
    assert bench.thread.finds.calls == []


async def test_a_post_that_arrived_although_it_failed_is_not_posted_again(
    bench: Bench, delivery: Delivery
) -> None:
    current = await claimed(bench)
    bench.thread.arrivals.then("F1", AWAY)
    await passing(bench, delivery, current, 1.0)
    assert bench.said() == [[WORDS]]
    assert bench.memory.rows[current.job.key].job.reply_ts == "1.0"
    assert len(bench.thread.publishes.calls) == 1


async def test_it_is_looked_for_until_slack_can_say(bench: Bench, delivery: Delivery) -> None:
    current = await claimed(bench)
    bench.thread.arrivals.then("F1", AWAY)
    bench.thread.finds.then("F1", AWAY, AWAY, AWAY)
    await passing(bench, delivery, current, 10.0)
    assert bench.said() == [[WORDS]]
    assert len(bench.thread.publishes.calls) == 1
    assert len(bench.thread.finds.calls) == 4


async def test_a_post_that_did_not_arrive_is_posted_again(bench: Bench, delivery: Delivery) -> None:
    current = await claimed(bench)
    bench.thread.publishes.then("F1", *[AWAY] * 5)
    await passing(bench, delivery, current, 15.5)
    assert bench.said() == [[WORDS]]
    assert len(bench.thread.publishes.calls) == 6


async def test_an_edit_that_arrived_although_it_failed_is_not_repeated(
    bench: Bench, delivery: Delivery
) -> None:
    current = await claimed(bench)
    await delivery.notify(current, BUSY)
    bench.thread.arrivals.then("F1", AWAY)
    await passing(bench, delivery, current, 1.0)
    assert bench.said() == [[BUSY, WORDS]]


async def test_after_two_minutes_of_tries_the_queue_has_it(bench: Bench, delivery: Delivery) -> None:
    current = await claimed(bench)
    bench.thread.publishes.always["F1"] = AWAY
    with pytest.raises(Unavailable):
        await passing(bench, delivery, current, 130.0)
    assert len(bench.thread.publishes.calls) == 9


@pytest.mark.parametrize(("asked_s", "waits_s"), [(0.1, 0.5), (7.0, 7.0), (60.0, 60.0)])
async def test_slack_is_given_the_time_that_it_asks_for(
    bench: Bench, delivery: Delivery, asked_s: float, waits_s: float
) -> None:
    current = await claimed(bench)
    bench.thread.publishes.then("F1", Unavailable(Outage.SLACK, "ratelimited", asked_s))
    await passing(bench, delivery, current, 100.0)
    assert bench.time.passed_s == waits_s


@pytest.mark.parametrize("verb", ["publish", "find"])
async def test_who_asks_for_too_long_gets_the_queue(bench: Bench, delivery: Delivery, verb: str) -> None:
    current = await claimed(bench)
    slow = Unavailable(Outage.SLACK, "ratelimited", 9e9)
    bench.thread.publishes.then("F1", slow if verb == "publish" else AWAY)
    bench.thread.finds.always["F1"] = slow
    with pytest.raises(Unavailable):
        await passing(bench, delivery, current, 1.0)


@pytest.mark.parametrize(
    "error", [Rejected(Refusal.FORBIDDEN), Misconfigured(Misconfiguration.SLACK_SCOPE), KeyError("bug")]
)
async def test_what_waiting_does_not_mend_is_raised_at_once(
    bench: Bench, delivery: Delivery, error: Exception
) -> None:
    current = await claimed(bench)
    bench.thread.publishes.then("F1", error)
    with pytest.raises(type(error)):
        await delivery.deliver(current, WORDS, NOTHING)
    assert bench.said() == []


async def test_a_reply_waits_for_its_turn_but_not_for_ever(bench: Bench, delivery: Delivery) -> None:
    await bench.jobs.accept([request_for(), request_for(shared_file("F2"), position=1, siblings=2)])
    await bench.jobs.claim()
    second = await bench.jobs.claim()
    assert second is not None
    await passing(bench, delivery, CurrentJob.of(second), EARLIER_FILES_PATIENCE_S + 1)
    assert bench.time.passed_s == EARLIER_FILES_PATIENCE_S


async def test_a_notice_is_said_once(bench: Bench, delivery: Delivery) -> None:
    current = await claimed(bench)
    await delivery.notify(current, BUSY)
    await delivery.notify(current, BUSY)
    assert bench.said() == [[BUSY]]
    assert (current.job.reply_ts, current.job.notice) == ("1.0", "recogniser")


async def test_a_notice_of_another_cause_is_edited_in(bench: Bench, delivery: Delivery) -> None:
    current = await claimed(bench)
    await delivery.notify(current, BUSY)
    await delivery.notify(current, Waiting(Misconfiguration.RECOGNISER_KEY))
    assert bench.said() == [[BUSY, Waiting(Misconfiguration.RECOGNISER_KEY)]]


async def test_a_notice_that_arrived_although_it_failed_is_edited_the_next_time(
    bench: Bench, delivery: Delivery
) -> None:
    current = await claimed(bench)
    bench.thread.arrivals.then("F1", AWAY)
    with pytest.raises(Unavailable):
        await delivery.notify(current, BUSY)
    assert current.job.intent_at is not None
    await delivery.notify(current, BUSY)
    assert bench.said() == [[BUSY, BUSY]]


async def test_nothing_is_looked_for_before_an_intent(bench: Bench, delivery: Delivery) -> None:
    assert await delivery.find(await claimed(bench)) == NOTHING
    assert bench.thread.finds.calls == []


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


async def test_a_refusal_is_delivered_like_a_transcript(bench: Bench, delivery: Delivery) -> None:
    await delivery.deliver(await claimed(bench), Refused(Refusal.EMPTY), NOTHING)
    assert bench.said() == [[Refused(Refusal.EMPTY)]]


async def test_a_notice_waits_for_its_turn_too(bench: Bench, delivery: Delivery) -> None:
    await bench.jobs.accept([request_for(), request_for(shared_file("F2"), position=1, siblings=2)])
    first, second = await bench.jobs.claim(), await bench.jobs.claim()
    assert first is not None
    assert second is not None
    noticing = asyncio.create_task(delivery.notify(CurrentJob.of(second), BUSY))
    await bench.time.run(60)
    assert bench.said() == []
    await delivery.deliver(CurrentJob.of(first), WORDS, NOTHING)
    await bench.time.settle()
    await noticing
    assert bench.said() == [[WORDS], [BUSY]]
