"""What costs much is asked about, set aside, and goes on when somebody agrees."""

from __future__ import annotations

import pytest

from bot.errors import Outage, Refusal, Rejected, Unavailable
from bot.model import SUBSCRIBERS, Claim
from bot.ports.store import RequestOutcome
from bot.reply import ConsentRequest, GaveUp, Growing, Refused, Waiting
from tests.job.fakes import Bench, request_for, shared_file
from tests.transcripts import said

SLACK_AWAY = Unavailable(Outage.SLACK, "503")
DOWN = Unavailable(Outage.RECOGNISER, "503", 600.0)
LONG = shared_file(duration_s=1_920.0)
QUESTION = ConsentRequest(1_920.0, 1_920.0 * 0.00004)
WORDS = said("words of F1")


@pytest.fixture(autouse=True)
def limit(bench: Bench) -> None:
    bench.confirm_above_minutes = 30
    bench.files.files["F1"] = LONG


def states(bench: Bench) -> list[str]:
    return [row.state for row in bench.memory.rows.values()]


async def test_the_transcript_takes_the_place_of_the_question(bench: Bench) -> None:
    async with bench.working():
        await bench.jobs.accept([request_for(LONG)])
        await bench.time.run(7_200)
        assert bench.said() == [[QUESTION]]
        assert states(bench) == ["held"]
        assert bench.memory.rows[request_for().key].job.notice == "asking"
        assert (bench.files.downloads.calls, bench.thread.signs) == ([], [])
        assert await bench.jobs.consent(request_for().key)
        await bench.ended()
    assert bench.said() == [[QUESTION, WORDS]]
    assert bench.memory.outcomes() == ["transcribed"]
    assert bench.thread.signs == ["show F1", "clear F1"]


async def test_it_grows_in_the_place_of_the_question(bench: Bench) -> None:
    bench.audio.lengths_ms["F1"] = [120_000] * 8
    bench.recogniser.takes_s = {f"F1@{at}": 50.0 for at in range(0, 960_000, 120_000)}
    async with bench.working():
        await bench.jobs.accept([request_for(LONG)])
        await bench.ended()
        await bench.jobs.consent(request_for().key)
        await bench.ended()
    (words,) = bench.said()
    assert words[0] == QUESTION
    assert isinstance(words[1], Growing)


async def test_nobody_has_to_answer(bench: Bench) -> None:
    async with bench.working():
        await bench.jobs.accept([request_for(LONG)])
        await bench.time.run(86_400 + 120)
        assert bench.memory.outcomes() == ["unanswered"]
        assert not await bench.jobs.consent(request_for().key), "too late"
        await bench.time.run(60)
    assert bench.said() == [[QUESTION]]
    assert bench.recogniser.asked == []


async def test_a_question_that_nobody_answered_is_asked_again(bench: Bench) -> None:
    async with bench.working():
        await bench.jobs.accept([request_for(LONG)])
        await bench.time.run(86_400 + 120)
        again = request_for(LONG, explicit=True, ask_id="again")
        assert await bench.jobs.ask([again]) == [RequestOutcome.ACCEPTED]
        await bench.time.run(60)
        assert bench.said() == [[QUESTION, QUESTION]]
        assert await bench.jobs.consent(again.key)
        await bench.ended()
    assert bench.said() == [[QUESTION, QUESTION, WORDS]]


async def test_who_wants_a_transcript_in_place_of_another_has_agreed(bench: Bench) -> None:
    async with bench.working():
        await bench.jobs.accept([request_for(LONG)])
        await bench.time.run(60)
        await bench.jobs.consent(request_for().key)
        await bench.ended()
        await bench.jobs.ask([request_for(LONG, explicit=True, ask_id="again")], retranscribe=True)
        await bench.ended()
    assert bench.said() == [[QUESTION, WORDS, WORDS]]


async def test_who_asks_for_the_first_time_is_asked_back(bench: Bench) -> None:
    async with bench.working():
        await bench.jobs.ask([request_for(LONG, explicit=True, asked_by="U2", audience="U2")])
        await bench.ended()
    assert bench.said() == [[QUESTION]]
    assert bench.thread.messages[0].key.audience == "U2"
    assert bench.thread.signs == []


async def test_an_upload_is_asked_about_when_it_is_here(bench: Bench) -> None:
    upload = shared_file(duration_s=None)
    bench.files.sizes["F1"], bench.audio.claims_s["F1"] = 10_000_000, 1_920.0
    async with bench.working():
        await bench.jobs.accept([request_for(upload)])
        await bench.ended()
        assert bench.said() == [[QUESTION]]
        await bench.jobs.consent(request_for().key)
        await bench.ended()
    assert bench.said() == [[QUESTION, WORDS]]
    assert list(bench.scratch.iterdir()) == []


async def test_a_notice_becomes_the_question_and_the_status_goes(bench: Bench) -> None:
    upload = shared_file(duration_s=None)
    bench.files.sizes["F1"], bench.audio.claims_s["F1"] = 10_000_000, 1_920.0
    bench.files.files["F1"] = upload
    bench.files.downloads.then("F1", Unavailable(Outage.FILE, "", 100.0))
    async with bench.working():
        await bench.jobs.accept([request_for(upload)])
        await bench.ended()
    assert bench.said() == [[Waiting(Outage.FILE), QUESTION]]
    assert bench.thread.signs[-1] == "clear F1"


async def test_an_agreement_does_not_help_where_the_month_is_used_up(bench: Bench) -> None:
    bench.monthly_minutes = 40
    async with bench.working():
        await bench.jobs.accept([request_for(LONG)])
        await bench.ended()
        bench.memory.ledger.add("T1", "C1", bench.time.now(), seconds=2_400)
        await bench.jobs.consent(request_for().key)
        await bench.ended()
    assert bench.said() == [[QUESTION, Refused(Refusal.MONTH_USED_UP, 40)]]


async def test_a_failure_after_it_is_told_in_its_place(bench: Bench) -> None:
    async with bench.working():
        await bench.jobs.accept([request_for(LONG)])
        await bench.ended()
        bench.recogniser.trouble.always["F1"] = DOWN
        await bench.jobs.consent(request_for().key)
        await bench.ended()
    assert bench.said() == [[QUESTION, Waiting(Outage.RECOGNISER), GaveUp(Outage.RECOGNISER)]]


@pytest.mark.parametrize("lost", ["publishes", "arrivals"])
async def test_a_question_that_slack_does_not_take_is_asked_later_and_once(bench: Bench, lost: str) -> None:
    getattr(bench.thread, lost).then("F1", *[SLACK_AWAY] * 12)
    async with bench.working():
        await bench.jobs.accept([request_for(LONG)])
        await bench.ended()
        assert len(bench.said()) == 1
        await bench.jobs.consent(request_for().key)
        await bench.ended()
    assert bench.said()[0][-1] == WORDS


async def test_a_question_in_a_closed_channel_is_the_end(bench: Bench) -> None:
    bench.thread.publishes.always["F1"] = Rejected(Refusal.FORBIDDEN, "is_archived")
    async with bench.working():
        await bench.jobs.accept([request_for(LONG)])
        await bench.ended()
    assert bench.memory.outcomes() == ["undeliverable"]


@pytest.mark.parametrize(
    ("claim", "audience"), [(Claim.EITHER, "thread"), (Claim.AUDIO, SUBSCRIBERS)], ids=["a film", "nobody"]
)
async def test_where_nobody_wants_to_be_asked_nothing_is_said(
    bench: Bench, claim: Claim, audience: str
) -> None:
    await bench.preferences.subscribe("T1", "U2", ["C1"])
    async with bench.working():
        await bench.jobs.accept(
            [request_for(shared_file(claim=claim, duration_s=1_920.0), audience=audience)]
        )
        await bench.ended()
    assert bench.said() == []
    assert bench.memory.outcomes() == ["ignored"]
    assert bench.recogniser.asked == []


async def test_a_question_holds_no_later_file_up(bench: Bench) -> None:
    second = shared_file("F2")
    async with bench.working():
        await bench.jobs.accept([request_for(LONG, siblings=2), request_for(second, position=1, siblings=2)])
        await bench.ended()
        assert bench.time.passed_s < 1
    assert bench.said() == [[QUESTION], [said("words of F2")]]
