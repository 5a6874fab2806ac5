"""Posts that Slack un-threads, as the thread is gone, or refuses for a reason that nobody here knows."""

from __future__ import annotations

import asyncio

import pytest

from bot.errors import Outage, Rejected, ThreadGone, Unavailable, UnknownRefusal
from bot.job.current import CurrentJob
from bot.job.deliver import Delivery
from bot.model import Outcome
from bot.reply import Growing, Refused, ThreadLookup, Waiting
from tests.job.conftest import Lines
from tests.job.fakes import request_for, shared_file
from tests.job.harness import JobHarness
from tests.transcripts import said

WORDS = said("words")
NOTHING = ThreadLookup()
GONE = ThreadGone("posted outside its thread")
NO = UnknownRefusal(Outage.SLACK, "message_limit_exceeded")


@pytest.fixture
def delivery(harness: JobHarness) -> Delivery:
    return Delivery(harness.jobs, harness.thread, harness.clock)


async def claimed(harness: JobHarness) -> CurrentJob:
    await harness.jobs.accept([request_for()])
    job = await harness.jobs.claim()
    assert job is not None
    return CurrentJob.of(job)


@pytest.mark.parametrize("verb", ["deliver", "notify", "grow", "find"])
async def test_a_thread_that_is_gone_withdraws_the_message(
    harness: JobHarness, delivery: Delivery, verb: str
) -> None:
    current = await claimed(harness)
    if verb == "find":
        current.job = await harness.jobs.write_intent(current.job)
        harness.thread.finds.then("F1", GONE)
        trying = delivery.find(current)
    else:
        harness.thread.publishes.then("F1", GONE)
        reply = {"deliver": WORDS, "notify": Waiting(Outage.SLACK), "grow": Growing(WORDS, 1, 2)}[verb]
        arguments = (reply, NOTHING) if verb == "deliver" else (reply,)
        trying = getattr(delivery, verb)(current, *arguments)
    with pytest.raises(ThreadGone):
        await trying
    assert harness.memory.outcomes() == [Outcome.WITHDRAWN]
    removal = await harness.jobs.claim_removal()
    assert removal is not None
    assert (removal.keys, removal.file_id, removal.audience) == ((current.job.key,), None, None)


async def test_so_does_a_lost_post_that_is_looked_for(harness: JobHarness, delivery: Delivery) -> None:
    current = await claimed(harness)
    harness.thread.arrivals.then("F1", NO)
    harness.thread.finds.then("F1", GONE)
    delivering = asyncio.create_task(delivery.deliver(current, WORDS, NOTHING))
    await harness.time.until(delivering.done, 60)
    with pytest.raises(ThreadGone):
        await delivering
    assert harness.memory.outcomes() == [Outcome.WITHDRAWN]


async def test_the_job_ends_as_withdrawn_and_says_nothing(harness: JobHarness, logged: Lines) -> None:
    harness.thread.publishes.always = {"F1": GONE, "F2": GONE}
    async with harness.working():
        await harness.jobs.accept([request_for(), request_for(shared_file("F2"), position=1, siblings=2)])
        await harness.time.run(3_600)
    assert harness.said() == []
    assert harness.memory.outcomes() == [Outcome.WITHDRAWN] * 2
    assert harness.thread.publishes.calls.count("F1") == 1
    assert harness.memory.removals == {}
    assert all(row.parts == {} for row in harness.memory.rows.values())
    assert len(harness.thread.withdrawn) >= 1
    # The second is stopped, or finds by itself that nothing is known of it any more.
    counted = [harness.counted("threadscribe_jobs_total", outcome=word) for word in ("withdrawn", "ignored")]
    assert counted[0] >= 1
    assert sum(counted) == 2
    assert harness.counted("threadscribe_jobs_total", outcome="refused") == 0
    assert [line["log_level"] for line in logged if line["log_level"] in {"error", "warning"}] == []


@pytest.mark.parametrize("explicit", [False, True])
async def test_who_asked_gets_no_refusal_either(harness: JobHarness, *, explicit: bool) -> None:
    harness.files.downloads.always["F1"] = Rejected(GONE.reason)
    harness.thread.publishes.always["F1"] = GONE
    async with harness.working():
        await harness.jobs.accept([request_for(explicit=explicit)])
        await harness.time.run(3_600)
    assert harness.thread.publishes.calls == ["F1"]
    assert harness.memory.outcomes() == [Outcome.WITHDRAWN]
    assert harness.counted("threadscribe_jobs_total", outcome="withdrawn") == 1


async def test_a_notice_ends_it_too(harness: JobHarness) -> None:
    harness.recogniser.trouble.always["F1"] = Unavailable(Outage.RECOGNISER, "503", 120.0)
    harness.thread.publishes.always["F1"] = GONE
    async with harness.working():
        await harness.jobs.accept([request_for()])
        await harness.time.run(3_600)
    assert harness.recogniser.trouble.calls == ["F1"]
    assert harness.memory.outcomes() == [Outcome.WITHDRAWN]
    assert harness.counted("threadscribe_jobs_total", outcome="withdrawn") == 1


async def test_a_long_recording_is_not_recognised_to_its_end(harness: JobHarness) -> None:
    harness.audio.lengths_ms["F1"] = [120_000] * 40
    harness.recogniser.takes_s = {f"F1@{number * 120_000}": 50.0 for number in range(40)}
    harness.thread.publishes.always["F1"] = GONE
    async with harness.working():
        await harness.jobs.accept([request_for()])
        await harness.time.run(3_600)
    assert len(harness.recogniser.trouble.calls) <= 8
    assert harness.memory.outcomes() == [Outcome.WITHDRAWN]
    assert harness.counted("threadscribe_jobs_total", outcome="withdrawn") == 1


async def test_an_unknown_refusal_is_tried_a_few_times_within_minutes(
    harness: JobHarness, logged: Lines
) -> None:
    harness.thread.publishes.always["F1"] = NO
    async with harness.working():
        await harness.jobs.accept([request_for()])
        await harness.ended(180)
        await harness.time.run(21_600)
    assert 3 <= len(harness.thread.publishes.calls) <= 5
    assert harness.memory.outcomes() == [Outcome.UNDELIVERABLE]
    (line,) = [line for line in logged if line["log_level"] != "debug"]
    assert (line["event"], line["outcome"]) == ("job", "undeliverable")
    assert "message_limit_exceeded" in line["reason"]
    assert harness.counted("threadscribe_jobs_total", outcome="undeliverable") == 1


async def test_one_that_passes_costs_nothing(harness: JobHarness) -> None:
    harness.thread.publishes.then("F1", NO, NO)
    async with harness.working():
        await harness.jobs.accept([request_for()])
        await harness.ended(120)
    assert harness.said() == [[said("words of F1")]]
    assert harness.recogniser.trouble.calls == ["F1"]


async def test_a_file_that_slack_refuses_to_tell_of_is_refused_soon(harness: JobHarness) -> None:
    harness.files.downloads.always["F1"] = NO
    async with harness.working():
        await harness.jobs.accept([request_for()])
        await harness.ended(180)
    ((reply,),) = harness.said()
    assert isinstance(reply, Refused)
    assert 3 <= len(harness.files.downloads.calls) <= 6


async def test_a_thread_that_slack_refuses_to_show_ends_it_soon(harness: JobHarness) -> None:
    harness.thread.arrivals.always["F1"] = NO
    harness.thread.finds.always["F1"] = NO
    async with harness.working():
        await harness.jobs.accept([request_for()])
        await harness.ended(600)
    assert harness.memory.outcomes() == [Outcome.UNDELIVERABLE]


async def test_the_last_word_is_not_repeated_for_hours(harness: JobHarness) -> None:
    harness.audio.trouble.always["F1"] = Rejected(GONE.reason)
    harness.thread.publishes.always["F1"] = NO
    async with harness.working():
        await harness.jobs.accept([request_for()])
        await harness.ended(180)
    assert 3 <= len(harness.thread.publishes.calls) <= 5
    assert harness.memory.outcomes() == [Outcome.UNDELIVERABLE]
