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
from tests.job.fakes import Bench, FakeReplies, request_for, shared_file
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


async def delete_replies(bench: Bench, file_id: str | None = None, *, message_ts: str = TS) -> None:
    await bench.jobs.remove_message("T1", "C1", message_ts, thread_ts=message_ts, file_id=file_id)


async def gone(bench: Bench, within_s: float = 60.0) -> None:
    await bench.time.until(lambda: not bench.memory.removals, within_s)


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


async def test_what_stands_is_deleted_once(bench: Bench) -> None:
    async with bench.working():
        await bench.jobs.accept([request_for(), elsewhere()])
        await bench.ended()
        await delete_replies(bench)
        await gone(bench, 1)
        await bench.time.run(3_600)
    assert bench.said() == [[said("words of F9")]], "what stands under other messages stays"
    assert [(removal.message_ts, removal.keys) for removal in bench.thread.withdrawn] == [
        (TS, (request_for().key,))
    ]


@pytest.mark.parametrize("file_id", [None, "F1"])
async def test_what_is_under_way_is_stopped(bench: Bench, file_id: str | None) -> None:
    bench.recogniser.takes_s["F1"] = NEVER_S
    async with bench.working():
        await bench.jobs.accept([request_for()])
        await bench.time.run(1)
        assert bench.recogniser.at_work == 1
        await delete_replies(bench, file_id)
        await bench.time.settle()
        assert bench.recogniser.at_work == 0
        assert list(bench.scratch.iterdir()) == []
        await gone(bench)
        await bench.time.run(3_600)
    assert bench.said() == []
    assert bench.memory.outcomes() == ["withdrawn"]
    assert bench.thread.signs == ["show F1", "clear F1"]
    assert bench.counted("threadscribe_jobs_total", outcome="withdrawn") == 1
    assert bench.recogniser.trouble.calls == []


async def test_other_jobs_go_on(bench: Bench) -> None:
    second = request_for(shared_file("F2"), position=1, siblings=2)
    bench.recogniser.takes_s = {"F1": NEVER_S, "F2": 10.0, "F9": 10.0}
    async with bench.working():
        await bench.jobs.accept([request_for(siblings=2), second, elsewhere()])
        await bench.time.run(1)
        await delete_replies(bench, "F1")
        await bench.ended(20)
    assert bench.said() == [[said("words of F2")], [said("words of F9")]]
    assert bench.time.passed_s < 60, "the second file does not wait for one that is gone"


async def test_one_reader_s_answer_goes_alone(bench: Bench) -> None:
    private = request_for(audience="U7", explicit=True)
    async with bench.working():
        await bench.jobs.accept([request_for(), private])
        await bench.ended()
        await bench.jobs.remove_reply(private.key, thread_ts=TS)
        await gone(bench)
    assert [message.key.audience for message in bench.thread.messages] == [THREAD]


async def test_a_message_takes_every_audience_along(bench: Bench, logged: Lines) -> None:
    bench.recogniser.takes_s["F1"] = NEVER_S
    audiences = (THREAD, SUBSCRIBERS, "U7")
    await bench.preferences.subscribe("T1", "U8", ["C1"])
    async with bench.working():
        await bench.jobs.accept([request_for(audience=audience) for audience in audiences])
        await bench.time.run(1)
        assert bench.recogniser.at_work == 3
        await delete_replies(bench)
        await gone(bench)
    assert bench.recogniser.at_work == 0
    assert bench.said() == []
    assert bench.thread.signs == ["show F1", "clear F1"], "only a thread ever had a status"
    assert not [line for line in logged if line["log_level"] == "error"]


async def test_a_file_goes_wherever_it_was_shared(bench: Bench) -> None:
    async with bench.working():
        await bench.jobs.accept([request_for(), elsewhere("F1"), elsewhere("F9")])
        await bench.ended()
        assert await bench.jobs.remove_file("T1", "F1") == 2
        await gone(bench)
    assert [message.key.file_id for message in bench.thread.messages] == ["F9"]


@pytest.mark.parametrize("takes_s", [0.5, LATE_S - 0.1])
async def test_a_post_on_its_way_does_not_outlive_its_recording(bench: Bench, takes_s: float) -> None:
    bench.thread = LateReplies(bench.time, takes_s)
    async with bench.working():
        await bench.jobs.accept([request_for()])
        await bench.time.settle()
        await delete_replies(bench)
        await bench.time.settle()
        assert len(bench.thread.withdrawn) == 1
        assert bench.memory.removals, "not done yet"
        await gone(bench)
        await bench.time.run(60)
    assert bench.thread.publishes.calls == ["F1"], "it did land"
    assert bench.said() == []
    assert len(bench.thread.withdrawn) == 2


async def test_a_post_on_its_way_while_slack_does_not_delete(bench: Bench) -> None:
    bench.thread = LateReplies(bench.time, LATE_S - 0.1)
    bench.thread.withdrawals.then(TS, AWAY)
    async with bench.working():
        await bench.jobs.accept([request_for()])
        await bench.time.settle()
        await delete_replies(bench)
        await gone(bench)
        await bench.time.run(60)
    assert bench.thread.publishes.calls == ["F1"]
    assert bench.said() == []


@pytest.mark.parametrize("trouble", [AWAY, NO_SCOPE, BUG, Rejected(Refusal.FORBIDDEN)])
async def test_it_is_tried_until_slack_deletes(bench: Bench, logged: Lines, trouble: Exception) -> None:
    async with bench.working():
        await bench.jobs.accept([request_for()])
        await bench.ended()
        bench.thread.withdrawals.then(TS, *[trouble] * 12)
        await delete_replies(bench)
        await gone(bench, 7_200)
    assert bench.said() == []
    assert len(bench.thread.withdrawals.calls) == 13
    assert bench.time.passed_s > 900, "and not in a hurry"
    faults = [line for line in logged if line["log_level"] == "error"]
    assert bool(faults) is (trouble is BUG), "only a fault is the operator's business so far"


@pytest.mark.parametrize("trouble", [AWAY, NO_SCOPE, BUG])
async def test_it_is_given_up_when_a_job_would_be(bench: Bench, logged: Lines, trouble: Exception) -> None:
    bench.thread.withdrawals.always[TS] = trouble
    async with bench.working():
        await bench.jobs.accept([request_for()])
        await bench.ended()
        await delete_replies(bench)
        await bench.time.run(0.9 * 21_600)
        assert bench.memory.removals
        await gone(bench, 7_200)
        tries = len(bench.thread.withdrawals.calls)
        await bench.time.run(7_200)
    assert len(bench.thread.withdrawals.calls) == tries
    (line,) = [line for line in logged if line["event"].startswith("given up removing")]
    assert (line["log_level"], line["message_ts"]) == ("error", TS)


@pytest.mark.parametrize("asked_s", [math.inf, math.nan, 9e18, -1.0])
async def test_an_absurd_wish_to_wait_is_not_granted(bench: Bench, asked_s: float) -> None:
    bench.thread.withdrawals.then(TS, Unavailable(Outage.SLACK, "ratelimited", asked_s))
    async with bench.working():
        await bench.jobs.accept([request_for()])
        await bench.ended()
        await delete_replies(bench)
        await gone(bench, LONGEST_DELAY_S + 1)
    assert bench.said() == []


async def test_a_wish_to_wait_is_granted(bench: Bench) -> None:
    bench.thread.withdrawals.then(TS, Unavailable(Outage.SLACK, "ratelimited", 40.0))
    async with bench.working():
        await bench.jobs.accept([request_for()])
        await bench.ended()
        await delete_replies(bench)
        await bench.time.run(39)
        assert bench.said() == [[WORDS]]
        await gone(bench, 2)


async def test_one_that_fails_holds_up_no_other(bench: Bench) -> None:
    bench.thread.withdrawals.always[TS] = BUG
    async with bench.working():
        await bench.jobs.accept([request_for(), elsewhere()])
        await bench.ended()
        await delete_replies(bench)
        await delete_replies(bench, message_ts=OTHER_TS)
        await bench.time.run(1)
        assert bench.said() == [[WORDS]]
        await bench.jobs.accept([elsewhere("F8")])
        await bench.time.run(1)
    assert [message.key.file_id for message in bench.thread.messages] == ["F1", "F8"]


@pytest.mark.parametrize("verb", ["claim_removal", "wait_for_removal", "removed", "remove_later"])
async def test_a_database_that_stumbles_costs_a_minute(bench: Bench, verb: str) -> None:
    failing = True
    working = getattr(bench.memory, verb)

    async def stumble(*arguments: object) -> object:
        if failing:
            raise OSError("database or disk is full")
        return await working(*arguments)

    setattr(bench.memory, verb, stumble)
    bench.thread.withdrawals.then(TS, AWAY if verb == "remove_later" else None)
    async with bench.working():
        await bench.jobs.accept([request_for()])
        await bench.ended()
        await delete_replies(bench)
        await bench.time.run(200)
        failing = False
        await gone(bench, 130)
        await bench.jobs.accept([elsewhere()])
        await bench.ended()
    assert bench.said() == [[said("words of F9")]]


async def test_a_question_goes_too_and_is_not_answered_any_more(bench: Bench) -> None:
    bench.confirm_above_minutes = 1
    async with bench.working():
        await bench.jobs.accept([request_for(shared_file(duration_s=120.0))])
        await bench.ended()
        assert isinstance(bench.said()[0][-1], ConsentRequest)
        await delete_replies(bench)
        await gone(bench)
        assert not await bench.jobs.consent(request_for().key)
        await bench.time.run(3_600)
    assert bench.said() == []
    assert bench.files.downloads.calls == []


async def test_what_waits_for_its_next_try_does_not_come_back(bench: Bench) -> None:
    bench.recogniser.trouble.always["F1"] = Unavailable(Outage.RECOGNISER, "503", 120.0)
    async with bench.working():
        await bench.jobs.accept([request_for()])
        await bench.time.run(1)
        assert bench.said() == [[Waiting(Outage.RECOGNISER)]]
        await delete_replies(bench)
        await gone(bench)
        await bench.time.run(21_600)
    assert bench.said() == []
    assert bench.recogniser.trouble.calls == ["F1"]


async def test_what_is_asked_for_meanwhile_stands_afterwards(bench: Bench) -> None:
    asked = request_for(explicit=True, ask_id="A2")
    bench.thread.withdrawals.then(TS, *[AWAY] * 3)
    async with bench.working():
        await bench.jobs.accept([request_for()])
        await bench.ended()
        await delete_replies(bench)
        await bench.time.run(1)
        assert await bench.jobs.ask([asked], retranscribe=True) == [RequestOutcome.ACCEPTED]
        await gone(bench, 120)
        await bench.ended(60)
        await bench.time.run(3_600)
    assert bench.said() == [[WORDS]]
    assert bench.memory.outcomes() == ["transcribed"]


async def test_stopped_jobs_leave_their_places_to_others(bench: Bench) -> None:
    # They are stopped before their first step, and so run none of their own lines.
    removal = Removal(1, "T1", "C1", TS, TS, None, None, 0, ())
    worker = bench.worker()
    for number in range(JOBS_AT_ONCE + 1):
        await bench.jobs.accept([request_for(shared_file(f"F{number}"))])
        async with asyncio.timeout(5):
            await worker._slots.acquire()
        assert await worker._begin_next()
        assert len(await worker._stop(removal)) == 1
    assert bench.files.downloads.calls == []


async def test_a_job_that_is_just_being_claimed_is_stopped_too(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim = bench.memory.claim

    async def slow_claim() -> Job | None:
        job = await claim()
        await bench.time.sleep(1.0 if job is not None else 0.0)
        return job

    monkeypatch.setattr(bench.memory, "claim", slow_claim)
    bench.recogniser.takes_s["F1"] = 30.0
    async with bench.working():
        await bench.jobs.accept([request_for()])
        await bench.time.run(0.5)
        await delete_replies(bench)
        await bench.time.run(3_600)
    assert bench.said() == []
    assert bench.recogniser.at_work == 0
    assert bench.recogniser.trouble.calls == [], "it was stopped before it was heard"
