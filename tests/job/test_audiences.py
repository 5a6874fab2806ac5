"""Who reads an answer decides what is shown on the way to it."""

from __future__ import annotations

import pytest

from bot.errors import Misconfiguration, Misconfigured, Outage, Refusal, Rejected, Unavailable
from bot.model import SUBSCRIBERS
from bot.reply import GaveUp, Refused, Waiting
from tests.job.fakes import Bench, request_for, shared_file
from tests.transcripts import said

DOWN = Unavailable(Outage.RECOGNISER, "503", 600.0)
BAD_KEY = Misconfigured(Misconfiguration.RECOGNISER_KEY, "401")
WORDS = said("words of F1")


async def test_a_private_answer_neither_shows_work_nor_grows(bench: Bench) -> None:
    bench.audio.lengths_ms["F1"] = [120_000] * 8
    bench.recogniser.takes_s = {f"F1@{at}": 50.0 for at in range(0, 960_000, 120_000)}
    async with bench.working():
        await bench.jobs.ask([request_for(audience="U2", explicit=True)])
        await bench.ended()
    assert [len(words) for words in bench.said()] == [1]
    assert bench.thread.signs == []


async def test_who_waits_for_a_private_answer_hears_that_it_takes_longer(bench: Bench) -> None:
    bench.audio.lengths_ms["F1"] = [120_000] * 2
    bench.recogniser.trouble.then("F1@120000", DOWN)
    async with bench.working():
        await bench.jobs.ask([request_for(audience="U2", explicit=True)])
        await bench.time.run(300)
        assert bench.said() == [[Waiting(Outage.RECOGNISER)]], "and no beginning of it, though it is there"
        await bench.ended()
    assert len(bench.said()[0]) == 2
    assert bench.thread.signs == []


async def test_a_private_refusal_is_told(bench: Bench) -> None:
    await bench.preferences.opt_out("T1", "U1", out=True)
    async with bench.working():
        await bench.jobs.ask([request_for(audience="U2", explicit=True)])
        await bench.ended()
    assert bench.said() == [[Refused(Refusal.OPTED_OUT)]]


async def test_a_private_answer_does_not_wait_for_earlier_files(bench: Bench) -> None:
    bench.recogniser.takes_s["F1"] = 60.0
    async with bench.working():
        for position, file_id in enumerate(["F1", "F2"]):
            file = shared_file(file_id)
            await bench.jobs.ask(
                [request_for(file, position=position, siblings=2, explicit=True, audience="U2")]
            )
        await bench.time.run(1)
        assert bench.said() == [[said("words of F2")]]
        await bench.ended()


async def test_the_thread_and_one_person_are_answered_each_for_themselves(bench: Bench) -> None:
    async with bench.working():
        await bench.jobs.accept([request_for()])
        await bench.jobs.ask([request_for(audience="U2", explicit=True)])
        await bench.ended()
    assert sorted(message.key.audience for message in bench.thread.messages) == ["U2", "thread"]
    assert bench.said() == [[WORDS], [WORDS]]


@pytest.mark.parametrize("error", [Rejected(Refusal.NOT_AUDIO), DOWN, BAD_KEY, ZeroDivisionError("a fault")])
async def test_whatever_goes_wrong_a_job_for_subscribers_is_silent(bench: Bench, error: Exception) -> None:
    await bench.preferences.subscribe("T1", "U2", ["C1"])
    bench.recogniser.trouble.always["F1"] = error
    bench.verification = BAD_KEY
    async with bench.working():
        await bench.jobs.accept([request_for(audience=SUBSCRIBERS)])
        await bench.ended()
    assert (bench.said(), bench.thread.signs, bench.thread.finds.calls) == ([], [], [])
    assert bench.memory.outcomes() in (["refused"], ["failed"])


async def test_an_opt_out_half_way_takes_back_what_was_shown(bench: Bench) -> None:
    bench.audio.lengths_ms["F1"] = [120_000] * 8
    bench.recogniser.takes_s = {f"F1@{at}": 50.0 for at in range(0, 960_000, 120_000)}
    bench.recogniser.trouble.then("F1@840000", DOWN)
    async with bench.working():
        await bench.jobs.accept([request_for()])
        await bench.time.run(90)
        await bench.preferences.opt_out("T1", "U1", out=True)
        await bench.ended()
    assert bench.said()[0][-1] == Refused(Refusal.OPTED_OUT)
    assert bench.memory.outcomes() == ["refused"]


async def test_an_opt_out_is_honoured_without_a_word(bench: Bench) -> None:
    await bench.preferences.opt_out("T1", "U1", out=True)
    async with bench.working():
        await bench.jobs.accept([request_for()])
        await bench.ended()
    assert (bench.said(), bench.thread.signs) == ([], ["clear F1"])
    assert bench.memory.outcomes() == ["ignored"]


async def test_a_month_that_is_used_up_is_said_in_the_thread(bench: Bench) -> None:
    bench.monthly_minutes = 10
    bench.memory.ledger.add("T1", "C1", bench.time.now(), seconds=600)
    async with bench.working():
        await bench.jobs.accept([request_for()])
        await bench.ended()
    assert bench.said() == [[Refused(Refusal.MONTH_USED_UP, 10)]]
    assert GaveUp not in map(type, bench.said()[0])
