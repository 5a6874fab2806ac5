"""What costs much is asked about, set aside, and goes on when somebody agrees."""

from __future__ import annotations

import pytest

from bot.errors import Outage, Refusal, Rejected, Unavailable
from bot.model import SUBSCRIBERS, Claim
from bot.ports.store import RequestOutcome
from bot.reply import ConsentRequest, GaveUp, Growing, Refused, Waiting
from tests.job.fakes import request_for, shared_file
from tests.job.harness import JobHarness
from tests.transcripts import said

SLACK_AWAY = Unavailable(Outage.SLACK, "503")
DOWN = Unavailable(Outage.RECOGNISER, "503", 600.0)
LONG = shared_file(duration_s=1_920.0)
QUESTION = ConsentRequest(1_920.0, 1_920.0 * 0.00004)
WORDS = said("words of F1")


@pytest.fixture(autouse=True)
def limit(harness: JobHarness) -> None:
    harness.confirm_above_minutes = 30
    harness.files.files["F1"] = LONG


def states(harness: JobHarness) -> list[str]:
    return [row.state for row in harness.memory.rows.values()]


async def test_the_transcript_takes_the_place_of_the_question(harness: JobHarness) -> None:
    async with harness.working():
        await harness.jobs.accept([request_for(LONG)])
        await harness.time.run(7_200)
        assert harness.said() == [[QUESTION]]
        assert states(harness) == ["held"]
        assert harness.memory.rows[request_for().key].job.notice == "asking"
        assert (harness.files.downloads.calls, harness.thread.signs) == ([], [])
        assert await harness.jobs.consent(request_for().key)
        await harness.ended()
    assert harness.said() == [[QUESTION, WORDS]]
    assert harness.memory.outcomes() == ["transcribed"]
    assert harness.thread.signs == ["show F1", "clear F1"]


async def test_it_grows_in_the_place_of_the_question(harness: JobHarness) -> None:
    harness.audio.lengths_ms["F1"] = [120_000] * 8
    harness.recogniser.takes_s = {f"F1@{at}": 50.0 for at in range(0, 960_000, 120_000)}
    async with harness.working():
        await harness.jobs.accept([request_for(LONG)])
        await harness.ended()
        await harness.jobs.consent(request_for().key)
        await harness.ended()
    (words,) = harness.said()
    assert words[0] == QUESTION
    assert isinstance(words[1], Growing)


async def test_nobody_has_to_answer(harness: JobHarness) -> None:
    async with harness.working():
        await harness.jobs.accept([request_for(LONG)])
        await harness.time.run(86_400 + 120)
        assert harness.memory.outcomes() == ["unanswered"]
        assert not await harness.jobs.consent(request_for().key), "too late"
        await harness.time.run(60)
    assert harness.said() == [[QUESTION]]
    assert harness.recogniser.asked == []


async def test_a_question_that_nobody_answered_is_asked_again(harness: JobHarness) -> None:
    async with harness.working():
        await harness.jobs.accept([request_for(LONG)])
        await harness.time.run(86_400 + 120)
        again = request_for(LONG, explicit=True, ask_id="again")
        assert await harness.jobs.ask([again]) == [RequestOutcome.ACCEPTED]
        await harness.time.run(60)
        assert harness.said() == [[QUESTION, QUESTION]]
        assert await harness.jobs.consent(again.key)
        await harness.ended()
    assert harness.said() == [[QUESTION, QUESTION, WORDS]]


async def test_who_wants_a_transcript_in_place_of_another_has_agreed(harness: JobHarness) -> None:
    async with harness.working():
        await harness.jobs.accept([request_for(LONG)])
        await harness.time.run(60)
        await harness.jobs.consent(request_for().key)
        await harness.ended()
        await harness.jobs.ask([request_for(LONG, explicit=True, ask_id="again")], retranscribe=True)
        await harness.ended()
    assert harness.said() == [[QUESTION, WORDS, WORDS]]


async def test_who_asks_for_the_first_time_is_asked_back(harness: JobHarness) -> None:
    async with harness.working():
        await harness.jobs.ask([request_for(LONG, explicit=True, asked_by="U2", audience="U2")])
        await harness.ended()
    assert harness.said() == [[QUESTION]]
    assert harness.thread.messages[0].key.audience == "U2"
    assert harness.thread.signs == []


async def test_an_upload_is_asked_about_when_it_is_here(harness: JobHarness) -> None:
    upload = shared_file(duration_s=None)
    harness.files.sizes["F1"], harness.audio.claims_s["F1"] = 10_000_000, 1_920.0
    async with harness.working():
        await harness.jobs.accept([request_for(upload)])
        await harness.ended()
        assert harness.said() == [[QUESTION]]
        await harness.jobs.consent(request_for().key)
        await harness.ended()
    assert harness.said() == [[QUESTION, WORDS]]
    assert list(harness.scratch.iterdir()) == []


async def test_a_notice_becomes_the_question_and_the_status_goes(harness: JobHarness) -> None:
    upload = shared_file(duration_s=None)
    harness.files.sizes["F1"], harness.audio.claims_s["F1"] = 10_000_000, 1_920.0
    harness.files.files["F1"] = upload
    harness.files.downloads.then("F1", Unavailable(Outage.FILE, "", 100.0))
    async with harness.working():
        await harness.jobs.accept([request_for(upload)])
        await harness.ended()
    assert harness.said() == [[Waiting(Outage.FILE), QUESTION]]
    assert harness.thread.signs[-1] == "clear F1"


async def test_an_agreement_does_not_help_where_the_month_is_used_up(harness: JobHarness) -> None:
    harness.monthly_minutes = 40
    async with harness.working():
        await harness.jobs.accept([request_for(LONG)])
        await harness.ended()
        harness.memory.ledger.add("T1", "C1", harness.time.now(), seconds=2_400)
        await harness.jobs.consent(request_for().key)
        await harness.ended()
    assert harness.said() == [[QUESTION, Refused(Refusal.MONTH_USED_UP, 40)]]


async def test_a_failure_after_it_is_told_in_its_place(harness: JobHarness) -> None:
    async with harness.working():
        await harness.jobs.accept([request_for(LONG)])
        await harness.ended()
        harness.recogniser.trouble.always["F1"] = DOWN
        await harness.jobs.consent(request_for().key)
        await harness.ended()
    assert harness.said() == [[QUESTION, Waiting(Outage.RECOGNISER), GaveUp(Outage.RECOGNISER)]]


@pytest.mark.parametrize("lost", ["publishes", "arrivals"])
async def test_a_question_that_slack_does_not_take_is_asked_later_and_once(
    harness: JobHarness, lost: str
) -> None:
    getattr(harness.thread, lost).then("F1", *[SLACK_AWAY] * 12)
    async with harness.working():
        await harness.jobs.accept([request_for(LONG)])
        await harness.ended()
        assert len(harness.said()) == 1
        await harness.jobs.consent(request_for().key)
        await harness.ended()
    assert harness.said()[0][-1] == WORDS


async def test_a_question_in_a_closed_channel_is_the_end(harness: JobHarness) -> None:
    harness.thread.publishes.always["F1"] = Rejected(Refusal.FORBIDDEN, "is_archived")
    async with harness.working():
        await harness.jobs.accept([request_for(LONG)])
        await harness.ended()
    assert harness.memory.outcomes() == ["undeliverable"]


@pytest.mark.parametrize(
    ("claim", "audience"), [(Claim.EITHER, "thread"), (Claim.AUDIO, SUBSCRIBERS)], ids=["a film", "nobody"]
)
async def test_where_nobody_wants_to_be_asked_nothing_is_said(
    harness: JobHarness, claim: Claim, audience: str
) -> None:
    await harness.preferences.subscribe("T1", "U2", ["C1"])
    async with harness.working():
        await harness.jobs.accept(
            [request_for(shared_file(claim=claim, duration_s=1_920.0), audience=audience)]
        )
        await harness.ended()
    assert harness.said() == []
    assert harness.memory.outcomes() == ["ignored"]
    assert harness.recogniser.asked == []


async def test_a_question_holds_no_later_file_up(harness: JobHarness) -> None:
    second = shared_file("F2")
    async with harness.working():
        await harness.jobs.accept(
            [request_for(LONG, siblings=2), request_for(second, position=1, siblings=2)]
        )
        await harness.ended()
        assert harness.time.passed_s < 1
    assert harness.said() == [[QUESTION], [said("words of F2")]]
