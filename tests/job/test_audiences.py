"""Who reads an answer decides what is shown on the way to it."""

from __future__ import annotations

import pytest

from bot.errors import Misconfiguration, Misconfigured, Outage, Refusal, Rejected, Unavailable
from bot.model import SUBSCRIBERS
from bot.reply import GaveUp, Refused, Waiting
from tests.job.fakes import request_for, shared_file
from tests.job.harness import JobHarness
from tests.transcripts import said

DOWN = Unavailable(Outage.RECOGNISER, "503", 600.0)
BAD_KEY = Misconfigured(Misconfiguration.RECOGNISER_KEY, "401")
WORDS = said("words of F1")


async def test_a_private_answer_neither_shows_work_nor_grows(harness: JobHarness) -> None:
    harness.audio.lengths_ms["F1"] = [120_000] * 8
    harness.recogniser.takes_s = {f"F1@{at}": 50.0 for at in range(0, 960_000, 120_000)}
    async with harness.working():
        await harness.jobs.ask([request_for(audience="U2", explicit=True)])
        await harness.ended()
    assert [len(words) for words in harness.said()] == [1]
    assert harness.thread.signs == []


async def test_who_waits_for_a_private_answer_hears_that_it_takes_longer(harness: JobHarness) -> None:
    harness.audio.lengths_ms["F1"] = [120_000] * 2
    harness.recogniser.trouble.then("F1@120000", DOWN)
    async with harness.working():
        await harness.jobs.ask([request_for(audience="U2", explicit=True)])
        await harness.time.run(300)
        assert harness.said() == [[Waiting(Outage.RECOGNISER)]], "and no beginning of it, though it is there"
        await harness.ended()
    assert len(harness.said()[0]) == 2
    assert harness.thread.signs == []


async def test_a_private_refusal_is_told(harness: JobHarness) -> None:
    await harness.preferences.opt_out("T1", "U1", out=True)
    async with harness.working():
        await harness.jobs.ask([request_for(audience="U2", explicit=True)])
        await harness.ended()
    assert harness.said() == [[Refused(Refusal.OPTED_OUT)]]


async def test_a_private_answer_does_not_wait_for_earlier_files(harness: JobHarness) -> None:
    harness.recogniser.takes_s["F1"] = 60.0
    async with harness.working():
        for position, file_id in enumerate(["F1", "F2"]):
            file = shared_file(file_id)
            await harness.jobs.ask(
                [request_for(file, position=position, siblings=2, explicit=True, audience="U2")]
            )
        await harness.time.run(1)
        assert harness.said() == [[said("words of F2")]]
        await harness.ended()


async def test_the_thread_and_one_person_are_answered_each_for_themselves(harness: JobHarness) -> None:
    async with harness.working():
        await harness.jobs.accept([request_for()])
        await harness.jobs.ask([request_for(audience="U2", explicit=True)])
        await harness.ended()
    assert sorted(message.key.audience for message in harness.thread.messages) == ["U2", "thread"]
    assert harness.said() == [[WORDS], [WORDS]]


@pytest.mark.parametrize("error", [Rejected(Refusal.NOT_AUDIO), DOWN, BAD_KEY, ZeroDivisionError("a fault")])
async def test_whatever_goes_wrong_a_job_for_subscribers_is_silent(
    harness: JobHarness, error: Exception
) -> None:
    await harness.preferences.subscribe("T1", "U2", ["C1"])
    harness.recogniser.trouble.always["F1"] = error
    harness.verification = BAD_KEY
    async with harness.working():
        await harness.jobs.accept([request_for(audience=SUBSCRIBERS)])
        await harness.ended()
    assert (harness.said(), harness.thread.signs, harness.thread.finds.calls) == ([], [], [])
    assert harness.memory.outcomes() in (["refused"], ["failed"])


async def test_an_opt_out_half_way_takes_back_what_was_shown(harness: JobHarness) -> None:
    harness.audio.lengths_ms["F1"] = [120_000] * 8
    harness.recogniser.takes_s = {f"F1@{at}": 50.0 for at in range(0, 960_000, 120_000)}
    harness.recogniser.trouble.then("F1@840000", DOWN)
    async with harness.working():
        await harness.jobs.accept([request_for()])
        await harness.time.run(90)
        await harness.preferences.opt_out("T1", "U1", out=True)
        await harness.ended()
    assert harness.said() == [], "what was shown is taken back, and the thread is told nothing"
    assert [removal.keys for removal in harness.thread.withdrawn] == [(request_for().key,)]
    assert harness.memory.outcomes() == ["refused"]


async def test_whoever_asked_the_thread_for_it_is_told_alone(harness: JobHarness) -> None:
    await harness.preferences.opt_out("T1", "U1", out=True)
    async with harness.working():
        await harness.jobs.ask([request_for(explicit=True, asked_by="U2")])
        await harness.ended()
    assert harness.said() == []
    assert harness.thread.explained == [(request_for().key, Refused(Refusal.OPTED_OUT))]
    assert harness.thread.withdrawn == []
    assert harness.memory.outcomes() == ["refused"]
    assert harness.thread.signs[-1] == "clear F1"


async def test_what_slack_does_not_take_back_is_taken_back_later(harness: JobHarness) -> None:
    harness.audio.lengths_ms["F1"] = [120_000] * 8
    harness.recogniser.takes_s = {f"F1@{at}": 50.0 for at in range(0, 960_000, 120_000)}
    harness.recogniser.trouble.then("F1@840000", DOWN)
    harness.thread.withdrawals.then(request_for().key.message_ts, Unavailable(Outage.SLACK, "503"))
    async with harness.working():
        await harness.jobs.accept([request_for()])
        await harness.time.run(90)
        await harness.preferences.opt_out("T1", "U1", out=True)
        await harness.ended()
    assert harness.said() == []
    assert harness.memory.outcomes() == ["refused"]


async def test_who_opts_in_again_is_transcribed_when_somebody_asks(harness: JobHarness) -> None:
    await harness.preferences.opt_out("T1", "U1", out=True)
    async with harness.working():
        await harness.jobs.ask([request_for(explicit=True, asked_by="U2", ask_id="1")])
        await harness.ended()
        await harness.preferences.opt_out("T1", "U1", out=False)
        await harness.jobs.ask([request_for(explicit=True, asked_by="U2", ask_id="2")])
        await harness.ended()
    assert harness.said() == [[WORDS]]


async def test_an_opt_out_is_honoured_without_a_word(harness: JobHarness) -> None:
    await harness.preferences.opt_out("T1", "U1", out=True)
    async with harness.working():
        await harness.jobs.accept([request_for()])
        await harness.ended()
    assert (harness.said(), harness.thread.signs) == ([], ["clear F1"])
    assert harness.memory.outcomes() == ["ignored"]


async def test_a_month_that_is_used_up_is_said_in_the_thread(harness: JobHarness) -> None:
    harness.monthly_minutes = 10
    harness.memory.ledger.add("T1", "C1", harness.time.now(), seconds=600)
    async with harness.working():
        await harness.jobs.accept([request_for()])
        await harness.ended()
    assert harness.said() == [[Refused(Refusal.MONTH_USED_UP, 10)]]
    assert GaveUp not in map(type, harness.said()[0])
