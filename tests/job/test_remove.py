from __future__ import annotations

import asyncio
import math

import pytest

from bot.errors import Misconfiguration, Misconfigured, Outage, Refusal, Rejected, Unavailable
from bot.job.remove import LATE_S
from bot.job.retry import LONGEST_DELAY_S
from bot.job.worker import JOBS_AT_ONCE
from bot.model import SUBSCRIBERS, THREAD, Job, JobKey, Removal, TranscriptionRequest
from bot.ports.store import RequestOutcome
from bot.reply import ConsentRequest, Reply, ThreadLookup, Waiting
from tests.job.conftest import Lines
from tests.job.fakes import FakeReplies, request_for, shared_file
from tests.job.harness import JobHarness
from tests.job.virtual import VirtualTime
from tests.transcripts import said

AWAY = Unavailable(Outage.SLACK, "503")
NO_SCOPE = Misconfigured(Misconfiguration.SLACK_SCOPE, "chat:write")
BUG = ZeroDivisionError("a fault")
WORDS = said("words of F1")
NEVER_S = 9e9
TS = request_for().key.message_ts
OTHER_TS = "1700000000.000200"


def elsewhere(file_id: str = "F9") -> TranscriptionRequest:
    """A file of another message."""
    return request_for(shared_file(file_id), key=JobKey("T1", "C1", OTHER_TS, file_id), thread_ts=OTHER_TS)


async def delete_replies(harness: JobHarness, file_id: str | None = None, *, message_ts: str = TS) -> None:
    await harness.jobs.remove_message("T1", "C1", message_ts, thread_ts=message_ts, file_id=file_id)


async def gone(harness: JobHarness, within_s: float = 60.0) -> None:
    await harness.time.until(lambda: not harness.memory.removals, within_s)


class LateReplies(FakeReplies):
    """A post lands some time after it was sent, also when nobody waits for it any more."""

    def __init__(self, time: VirtualTime, takes_s: float) -> None:
        super().__init__()
        self._time = time
        self._takes_s = takes_s
        self._landing: set[asyncio.Task[str]] = set()

    async def publish(self, job: Job, reply: Reply, found: ThreadLookup) -> str:
        landing = asyncio.create_task(self._land(job, reply, found))
        self._landing.add(landing)
        return await asyncio.shield(landing)

    async def _land(self, job: Job, reply: Reply, found: ThreadLookup) -> str:
        await self._time.sleep(self._takes_s)
        return await super().publish(job, reply, found)


async def test_what_stands_is_deleted_once(harness: JobHarness) -> None:
    async with harness.working():
        await harness.jobs.accept([request_for(), elsewhere()])
        await harness.ended()
        await delete_replies(harness)
        await gone(harness, 1)
        await harness.time.run(3_600)
    assert harness.said() == [[said("words of F9")]], "what stands under other messages stays"
    assert [(removal.message_ts, removal.keys) for removal in harness.thread.withdrawn] == [
        (TS, (request_for().key,))
    ]


@pytest.mark.parametrize("file_id", [None, "F1"])
async def test_what_is_under_way_is_stopped(harness: JobHarness, file_id: str | None) -> None:
    harness.recogniser.takes_s["F1"] = NEVER_S
    async with harness.working():
        await harness.jobs.accept([request_for()])
        await harness.time.run(1)
        assert harness.recogniser.at_work == 1
        await delete_replies(harness, file_id)
        await harness.time.settle()
        assert harness.recogniser.at_work == 0
        assert list(harness.scratch.iterdir()) == []
        await gone(harness)
        await harness.time.run(3_600)
    assert harness.said() == []
    assert harness.memory.outcomes() == ["withdrawn"]
    assert harness.thread.signs == ["show F1", "clear F1"]
    assert harness.counted("threadscribe_jobs_total", outcome="withdrawn") == 1
    assert harness.recogniser.trouble.calls == []


async def test_other_jobs_go_on(harness: JobHarness) -> None:
    second = request_for(shared_file("F2"), position=1, siblings=2)
    harness.recogniser.takes_s = {"F1": NEVER_S, "F2": 10.0, "F9": 10.0}
    async with harness.working():
        await harness.jobs.accept([request_for(siblings=2), second, elsewhere()])
        await harness.time.run(1)
        await delete_replies(harness, "F1")
        await harness.ended(20)
    assert harness.said() == [[said("words of F2")], [said("words of F9")]]
    assert harness.time.passed_s < 60, "the second file does not wait for one that is gone"


async def test_one_reader_s_answer_goes_alone(harness: JobHarness) -> None:
    private = request_for(audience="U7", explicit=True)
    async with harness.working():
        await harness.jobs.accept([request_for(), private])
        await harness.ended()
        await harness.jobs.remove_reply(private.key, thread_ts=TS)
        await gone(harness)
    assert [message.key.audience for message in harness.thread.messages] == [THREAD]


async def test_a_message_takes_every_audience_along(harness: JobHarness, logged: Lines) -> None:
    harness.recogniser.takes_s["F1"] = NEVER_S
    audiences = (THREAD, SUBSCRIBERS, "U7")
    await harness.preferences.subscribe("T1", "U8", ["C1"])
    async with harness.working():
        await harness.jobs.accept([request_for(audience=audience) for audience in audiences])
        await harness.time.run(1)
        assert harness.recogniser.at_work == 3
        await delete_replies(harness)
        await gone(harness)
    assert harness.recogniser.at_work == 0
    assert harness.said() == []
    assert harness.thread.signs == ["show F1", "clear F1"], "only a thread ever had a status"
    assert not [line for line in logged if line["log_level"] == "error"]


async def test_a_file_goes_wherever_it_was_shared(harness: JobHarness) -> None:
    async with harness.working():
        await harness.jobs.accept([request_for(), elsewhere("F1"), elsewhere("F9")])
        await harness.ended()
        assert await harness.jobs.remove_file("T1", "F1") == 2
        await gone(harness)
    assert [message.key.file_id for message in harness.thread.messages] == ["F9"]


@pytest.mark.parametrize("takes_s", [0.5, LATE_S - 0.1])
async def test_a_post_on_its_way_does_not_outlive_its_recording(harness: JobHarness, takes_s: float) -> None:
    harness.thread = LateReplies(harness.time, takes_s)
    async with harness.working():
        await harness.jobs.accept([request_for()])
        await harness.time.settle()
        await delete_replies(harness)
        await harness.time.settle()
        assert len(harness.thread.withdrawn) == 1
        assert harness.memory.removals, "not done yet"
        await gone(harness)
        await harness.time.run(60)
    assert harness.thread.publishes.calls == ["F1"], "it did land"
    assert harness.said() == []
    assert len(harness.thread.withdrawn) == 2


async def test_a_post_on_its_way_while_slack_does_not_delete(harness: JobHarness) -> None:
    harness.thread = LateReplies(harness.time, LATE_S - 0.1)
    harness.thread.withdrawals.then(TS, AWAY)
    async with harness.working():
        await harness.jobs.accept([request_for()])
        await harness.time.settle()
        await delete_replies(harness)
        await gone(harness)
        await harness.time.run(60)
    assert harness.thread.publishes.calls == ["F1"]
    assert harness.said() == []


@pytest.mark.parametrize("trouble", [AWAY, NO_SCOPE, BUG, Rejected(Refusal.FORBIDDEN)])
async def test_it_is_tried_until_slack_deletes(
    harness: JobHarness, logged: Lines, trouble: Exception
) -> None:
    async with harness.working():
        await harness.jobs.accept([request_for()])
        await harness.ended()
        harness.thread.withdrawals.then(TS, *[trouble] * 12)
        await delete_replies(harness)
        await gone(harness, 7_200)
    assert harness.said() == []
    assert len(harness.thread.withdrawals.calls) == 13
    assert harness.time.passed_s > 900, "and not in a hurry"
    faults = [line for line in logged if line["log_level"] == "error"]
    assert bool(faults) is (trouble is BUG), "only a fault is the operator's business so far"


@pytest.mark.parametrize("trouble", [AWAY, NO_SCOPE, BUG])
async def test_it_is_given_up_when_a_job_would_be(
    harness: JobHarness, logged: Lines, trouble: Exception
) -> None:
    harness.thread.withdrawals.always[TS] = trouble
    async with harness.working():
        await harness.jobs.accept([request_for()])
        await harness.ended()
        await delete_replies(harness)
        await harness.time.run(0.9 * 21_600)
        assert harness.memory.removals
        await gone(harness, 7_200)
        tries = len(harness.thread.withdrawals.calls)
        await harness.time.run(7_200)
    assert len(harness.thread.withdrawals.calls) == tries
    (line,) = [line for line in logged if line["event"].startswith("given up removing")]
    assert (line["log_level"], line["message_ts"]) == ("error", TS)


@pytest.mark.parametrize("asked_s", [math.inf, math.nan, 9e18, -1.0])
async def test_an_absurd_wish_to_wait_is_not_granted(harness: JobHarness, asked_s: float) -> None:
    harness.thread.withdrawals.then(TS, Unavailable(Outage.SLACK, "ratelimited", asked_s))
    async with harness.working():
        await harness.jobs.accept([request_for()])
        await harness.ended()
        await delete_replies(harness)
        await gone(harness, LONGEST_DELAY_S + 1)
    assert harness.said() == []


async def test_a_wish_to_wait_is_granted(harness: JobHarness) -> None:
    harness.thread.withdrawals.then(TS, Unavailable(Outage.SLACK, "ratelimited", 40.0))
    async with harness.working():
        await harness.jobs.accept([request_for()])
        await harness.ended()
        await delete_replies(harness)
        await harness.time.run(39)
        assert harness.said() == [[WORDS]]
        await gone(harness, 2)


async def test_one_that_fails_holds_up_no_other(harness: JobHarness) -> None:
    harness.thread.withdrawals.always[TS] = BUG
    async with harness.working():
        await harness.jobs.accept([request_for(), elsewhere()])
        await harness.ended()
        await delete_replies(harness)
        await delete_replies(harness, message_ts=OTHER_TS)
        await harness.time.run(1)
        assert harness.said() == [[WORDS]]
        await harness.jobs.accept([elsewhere("F8")])
        await harness.time.run(1)
    assert [message.key.file_id for message in harness.thread.messages] == ["F1", "F8"]


@pytest.mark.parametrize("verb", ["claim_removal", "wait_for_removal", "removed", "remove_later"])
async def test_a_database_that_stumbles_costs_a_minute(harness: JobHarness, verb: str) -> None:
    failing = True
    working = getattr(harness.memory, verb)

    async def stumble(*arguments: object) -> object:
        if failing:
            raise OSError("database or disk is full")
        return await working(*arguments)

    setattr(harness.memory, verb, stumble)
    harness.thread.withdrawals.then(TS, AWAY if verb == "remove_later" else None)
    async with harness.working():
        await harness.jobs.accept([request_for()])
        await harness.ended()
        await delete_replies(harness)
        await harness.time.run(200)
        failing = False
        await gone(harness, 130)
        await harness.jobs.accept([elsewhere()])
        await harness.ended()
    assert harness.said() == [[said("words of F9")]]


async def test_a_question_goes_too_and_is_not_answered_any_more(harness: JobHarness) -> None:
    harness.confirm_above_minutes = 1
    async with harness.working():
        await harness.jobs.accept([request_for(shared_file(duration_s=120.0))])
        await harness.ended()
        assert isinstance(harness.said()[0][-1], ConsentRequest)
        await delete_replies(harness)
        await gone(harness)
        assert not await harness.jobs.consent(request_for().key)
        await harness.time.run(3_600)
    assert harness.said() == []
    assert harness.files.downloads.calls == []


async def test_what_waits_for_its_next_try_does_not_come_back(harness: JobHarness) -> None:
    harness.recogniser.trouble.always["F1"] = Unavailable(Outage.RECOGNISER, "503", 120.0)
    async with harness.working():
        await harness.jobs.accept([request_for()])
        await harness.time.run(1)
        assert harness.said() == [[Waiting(Outage.RECOGNISER)]]
        await delete_replies(harness)
        await gone(harness)
        await harness.time.run(21_600)
    assert harness.said() == []
    assert harness.recogniser.trouble.calls == ["F1"]


async def test_what_is_asked_for_meanwhile_stands_afterwards(harness: JobHarness) -> None:
    asked = request_for(explicit=True, ask_id="A2")
    harness.thread.withdrawals.then(TS, *[AWAY] * 3)
    async with harness.working():
        await harness.jobs.accept([request_for()])
        await harness.ended()
        await delete_replies(harness)
        await harness.time.run(1)
        assert await harness.jobs.ask([asked], retranscribe=True) == [RequestOutcome.ACCEPTED]
        await gone(harness, 120)
        await harness.ended(60)
        await harness.time.run(3_600)
    assert harness.said() == [[WORDS]]
    assert harness.memory.outcomes() == ["transcribed"]


async def test_stopped_jobs_leave_their_places_to_others(harness: JobHarness) -> None:
    # They are stopped before their first step, and so run none of their own lines.
    removal = Removal(1, "T1", "C1", TS, TS, None, None, 0, ())
    worker = harness.worker()
    for number in range(JOBS_AT_ONCE + 1):
        await harness.jobs.accept([request_for(shared_file(f"F{number}"))])
        async with asyncio.timeout(5):
            await worker._slots.acquire()
        assert await worker._begin_next()
        assert len(await worker._stop(removal)) == 1
    assert harness.files.downloads.calls == []


async def test_a_job_that_runs_under_a_former_id_of_its_channel_is_stopped_too(harness: JobHarness) -> None:
    worker = harness.worker()
    await harness.jobs.accept([request_for()])
    await worker._slots.acquire()
    assert await worker._begin_next()
    await harness.preferences.move_channel("T1", "C1", "C2")
    await harness.jobs.remove_message("T1", "C2", TS, thread_ts=TS)
    removal = await harness.jobs.claim_removal()
    assert removal is not None
    (stopped,) = await worker._stop(removal)
    assert stopped.key.channel_id == "C1"


async def test_a_job_that_is_just_being_claimed_is_stopped_too(
    harness: JobHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim = harness.memory.claim

    async def slow_claim() -> Job | None:
        job = await claim()
        await harness.time.sleep(1.0 if job is not None else 0.0)
        return job

    monkeypatch.setattr(harness.memory, "claim", slow_claim)
    harness.recogniser.takes_s["F1"] = 30.0
    async with harness.working():
        await harness.jobs.accept([request_for()])
        await harness.time.run(0.5)
        await delete_replies(harness)
        await harness.time.run(3_600)
    assert harness.said() == []
    assert harness.recogniser.at_work == 0
    assert harness.recogniser.trouble.calls == [], "it was stopped before it was heard"
