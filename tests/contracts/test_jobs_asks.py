"""What becomes of what somebody asks for by hand."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.model import THREAD, Job, JobState, Outcome
from bot.ports.store import ExistingReply, RequestOutcome
from tests.contracts.kept import Kept, asked, part
from tests.job.virtual import EPOCH

LONG_AGO = EPOCH - timedelta(days=30)
OLD_REPLY = ExistingReply(f"{LONG_AGO.timestamp():.6f}", 2)


async def test_what_nobody_knows_is_accepted(kept: Kept) -> None:
    request = asked(message_ts=f"{EPOCH.timestamp():.6f}", ask_id="c-1", asked_by="U7", language="de")
    async with kept.waiting(kept.queue.wait_for_work()):
        assert await kept.requests.ask([request]) == [RequestOutcome.ACCEPTED]
    assert await kept.claimed() == Job(request, kept.time.now(), 0, None, None, None)


@pytest.mark.parametrize(
    ("audience", "language", "looked_for", "revision"),
    [(THREAD, None, True, 0), (THREAD, "de", True, 1), ("U7", "de", False, 0)],
)
async def test_under_an_old_message_a_forgotten_reply_is_looked_for(
    kept: Kept, audience: str, language: str | None, revision: int, *, looked_for: bool
) -> None:
    request = asked(message_ts=OLD_REPLY.ts, audience=audience, language=language)
    assert await kept.requests.ask([request]) == [RequestOutcome.ACCEPTED]
    job = await kept.claimed()
    assert (job.intent_at, job.revision) == (LONG_AGO if looked_for else None, revision)


async def test_a_reply_of_a_forgotten_job_is_gone_on_with(kept: Kept) -> None:
    assert await kept.requests.ask([asked()], existing={asked().key: OLD_REPLY}) == [RequestOutcome.ACCEPTED]
    job = await kept.claimed()
    assert (job.revision, job.reply_ts, job.intent_at) == (3, OLD_REPLY.ts, LONG_AGO)
    assert job.is_confirmed
    await kept.queue.finish(job, Outcome.TRANSCRIBED, copies=["U9"])
    assert (await kept.ledger.used("T1", kept.time.now())).clips == 0, "it was counted long ago"
    assert await kept.queue.claim() is None, "and copied"


@pytest.mark.parametrize("state", [JobState.READY, JobState.RUNNING, JobState.PARKED])
@pytest.mark.parametrize("ask", [{}, {"retranscribe": True}, {"existing": {asked().key: OLD_REPLY}}])
async def test_what_is_under_way_goes_on_as_it_is(kept: Kept, state: JobState, ask: dict[str, Any]) -> None:
    job = await kept.brought(state)
    before = await kept.requests.depth()
    assert await kept.requests.ask([asked(language="fr", ask_id="c-9")], **ask) == [RequestOutcome.UNDER_WAY]
    assert await kept.requests.depth() == before
    await kept.queue.release_parked()
    if state is not JobState.RUNNING:
        job = await kept.claimed()
    assert (job.request, job.revision) == (asked(), 0)
    assert await kept.queue.parts(job) == [part(0)]


@pytest.mark.parametrize(
    "outcome",
    [Outcome.TRANSCRIBED, Outcome.GAPPED, Outcome.TRANSCRIBED_BEFORE, Outcome.GAPPED_BEFORE, Outcome.KEPT],
)
async def test_a_transcript_that_stands_is_the_answer(kept: Kept, outcome: Outcome) -> None:
    await kept.ended(asked(), outcome)
    assert await kept.requests.ask([asked(ask_id="c-1")]) == [RequestOutcome.ANSWERED]
    assert await kept.queue.claim() is None
    assert await kept.working() == 0


@pytest.mark.parametrize(
    ("outcome", "language", "retranscribe"),
    [
        (Outcome.TRANSCRIBED, None, True),
        (Outcome.TRANSCRIBED, "de", False),
        *((o, None, False) for o in (Outcome.REFUSED, Outcome.FAILED)),
    ],
)
async def test_what_has_ended_begins_anew_where_somebody_wants_it_to(
    kept: Kept, outcome: Outcome, language: str | None, *, retranscribe: bool
) -> None:
    start = kept.time.now()
    await kept.ended(asked(), outcome)
    await kept.pass_by(3_600)
    request = asked(ask_id="c-1", asked_by="U7", language=language, explicit=True)
    async with kept.waiting(kept.queue.wait_for_work()):
        assert await kept.requests.ask([request], retranscribe=retranscribe) == [RequestOutcome.ACCEPTED]
    job = await kept.claimed()
    knows_the_cost = outcome is Outcome.TRANSCRIBED
    assert job == Job(
        request, kept.time.now(), 0, start, "5.5", None, revision=1, is_confirmed=knows_the_cost
    )
    assert await kept.queue.parts(job) == []
    await kept.queue.finish(job, Outcome.TRANSCRIBED)
    assert await kept.requests.accept([asked()]) == 0


async def test_a_job_that_begins_anew_has_all_its_patience(kept: Kept) -> None:
    job = await kept.claimed(asked())
    await kept.queue.retry_at(job, kept.time.now(), bug=True)
    job = await kept.claimed()
    await kept.queue.hold(await kept.queue.record_reply(job, "5.5", "asking"))
    await kept.requests.consent(job.key)
    await kept.queue.finish(await kept.claimed(), Outcome.FAILED)
    await kept.pass_by(86_400)
    assert await kept.requests.ask([asked()]) == [RequestOutcome.ACCEPTED]
    job = await kept.claimed()
    assert (job.attempt, job.bugs, job.notice, job.is_confirmed) == (0, 0, None, False)
    assert job.accepted_at == kept.time.now()


async def test_gaps_do_not_keep_what_is_asked_for_anew(kept: Kept) -> None:
    job = await kept.claimed(asked())
    await kept.queue.keep(job, part(0))
    await kept.queue.finish(job, Outcome.GAPPED, has_gaps=True)
    assert await kept.requests.ask([asked()]) == [RequestOutcome.ANSWERED]
    assert await kept.requests.ask([asked()], retranscribe=True) == [RequestOutcome.ACCEPTED]
    job = await kept.claimed()
    assert await kept.queue.parts(job) == []
    await kept.queue.finish(job, Outcome.TRANSCRIBED)
    assert not await kept.requests.fill_gaps(str(job.key))


async def test_a_reply_without_an_intent_is_looked_for_from_its_own_time_on(kept: Kept) -> None:
    job = await kept.queue.record_reply(await kept.claimed(asked()), OLD_REPLY.ts, None)
    await kept.queue.finish(job, Outcome.TRANSCRIBED)
    await kept.requests.ask([asked()], retranscribe=True)
    assert (await kept.claimed()).intent_at == LONG_AGO


async def test_where_no_reply_is_known_the_one_that_stands_counts(kept: Kept) -> None:
    await kept.queue.finish(await kept.claimed(asked()), Outcome.IGNORED)
    await kept.requests.ask([asked()], existing={asked().key: OLD_REPLY})
    job = await kept.claimed()
    assert (job.revision, job.reply_ts, job.intent_at) == (3, OLD_REPLY.ts, LONG_AGO)


@pytest.mark.parametrize("retranscribe", [False, True])
async def test_an_ask_that_is_delivered_twice_asks_once(kept: Kept, *, retranscribe: bool) -> None:
    request = asked(ask_id="c-1", language="de")
    assert await kept.requests.ask([request], retranscribe=retranscribe) == [RequestOutcome.ACCEPTED]
    assert await kept.requests.ask([request], retranscribe=retranscribe) == [RequestOutcome.UNDER_WAY]
    await kept.queue.finish(await kept.claimed(), Outcome.TRANSCRIBED)
    assert await kept.requests.ask([request], retranscribe=retranscribe) == [RequestOutcome.ANSWERED]
    assert await kept.queue.claim() is None
    other = asked(ask_id="c-2", language="de")
    assert await kept.requests.ask([other], retranscribe=retranscribe) == [RequestOutcome.ACCEPTED]
    await kept.queue.finish(await kept.claimed(), Outcome.REFUSED)
    assert await kept.requests.ask([other], retranscribe=retranscribe) == [RequestOutcome.ANSWERED]
    assert (await kept.requests.depth())[JobState.READY] == 0


async def test_asks_without_an_id_are_never_the_same(kept: Kept) -> None:
    await kept.queue.finish(await kept.claimed(asked()), Outcome.TRANSCRIBED)
    for revision in (1, 2):
        assert await kept.requests.ask([asked()], retranscribe=True) == [RequestOutcome.ACCEPTED]
        job = await kept.claimed()
        assert job.revision == revision
        await kept.queue.finish(job, Outcome.TRANSCRIBED)


async def test_twin_asks_at_the_same_time_are_one(kept: Kept) -> None:
    answers = await asyncio.gather(*(kept.requests.ask([asked()]) for _ in range(10)))
    assert sorted(answers) == sorted([[RequestOutcome.ACCEPTED], *[[RequestOutcome.UNDER_WAY]] * 9])
    assert (await kept.requests.depth())[JobState.READY] == 1


async def test_files_are_asked_for_together_and_each_has_an_answer_of_its_own(kept: Kept) -> None:
    await kept.ended(asked("F2"))
    requests = [asked("F1"), asked("F2"), asked("F3"), asked("F3")]
    answers = await kept.requests.ask(requests, existing={asked("F3").key: OLD_REPLY})
    assert answers == [
        RequestOutcome.ACCEPTED,
        RequestOutcome.ANSWERED,
        RequestOutcome.ACCEPTED,
        RequestOutcome.UNDER_WAY,
    ]
    jobs = {job.key.file_id: job.revision for job in [await kept.claimed(), await kept.claimed()]}
    assert jobs == {"F1": 0, "F3": 3}
    assert await kept.requests.ask([]) == []


async def test_where_one_request_fails_none_is_asked_for(kept: Kept) -> None:
    await kept.ended(asked("F2"))
    requests: list[Any] = [asked("F1"), asked("F2", language="de"), None]
    with pytest.raises(AttributeError):
        await kept.requests.ask(requests)
    assert await kept.queue.claim() is None
    assert await kept.requests.ask([asked("F1"), asked("F2")]) == [
        RequestOutcome.ACCEPTED,
        RequestOutcome.ANSWERED,
    ]


@pytest.mark.parametrize("steps", range(0, 60, 3))
async def test_who_is_cancelled_has_asked_for_all_or_for_none(kept: Kept, steps: int) -> None:
    asking = asyncio.create_task(kept.requests.ask([asked(f"F{number}") for number in range(5)]))
    for _ in range(steps):
        await asyncio.sleep(0)
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    assert (await kept.requests.depth())[JobState.READY] in {0, 5}


async def test_a_private_ask_is_another_job(kept: Kept) -> None:
    await kept.ended(asked())
    assert await kept.requests.ask([asked(audience="U7")]) == [RequestOutcome.ACCEPTED]
    assert await kept.requests.ask([asked(audience="U8")]) == [RequestOutcome.ACCEPTED]
    assert (await kept.requests.depth())[JobState.READY] == 2


async def test_a_held_job_goes_on_when_somebody_agrees(kept: Kept) -> None:
    job = await kept.claimed(asked())
    await kept.queue.retry_at(job, kept.time.now())
    job = await kept.queue.write_intent(await kept.claimed())
    job = await kept.queue.record_reply(job, "5.5", "asking")
    assert not await kept.requests.consent(job.key), "it has not asked yet"
    await kept.queue.hold(job)
    assert await kept.queue.claim() is None
    assert await kept.working() == 0, "a question is no work"
    assert await kept.queue.release_parked() == 0
    assert await kept.requests.accept([asked()]) == 0
    await kept.pass_by(7_200)
    async with kept.waiting(kept.queue.wait_for_work()):
        assert await kept.requests.consent(job.key)
    assert not await kept.requests.consent(job.key), "it does not ask any more"
    again = await kept.claimed()
    assert again == replace(job, is_confirmed=True, attempt=0, accepted_at=kept.time.now())
    assert not await kept.requests.consent(job.key)


async def test_a_question_that_waits_is_asked_again_where_somebody_asks(kept: Kept) -> None:
    job = await kept.claimed(asked(ask_id="c-1"))
    await kept.queue.hold(job)
    assert await kept.requests.ask([asked(ask_id="c-1")]) == [RequestOutcome.UNDER_WAY], "the same ask"
    assert await kept.queue.claim() is None
    assert await kept.requests.ask([asked(ask_id="c-2")]) == [RequestOutcome.ACCEPTED]
    again = await kept.claimed()
    assert (again.request.ask_id, again.is_confirmed) == ("c-2", False)


async def test_nobody_agrees_to_what_is_not_there(kept: Kept) -> None:
    assert not await kept.requests.consent(asked().key)
    job = await kept.claimed(asked(team_id="T2"))
    await kept.queue.hold(job)
    assert not await kept.requests.consent(asked().key)
    await kept.requests.remove_message("T2", "C1", "1.0", thread_ts="0.5")
    assert not await kept.requests.consent(job.key)


async def test_a_question_that_nobody_answers_lapses_after_a_day(kept: Kept) -> None:
    job = await kept.claimed(asked())
    await kept.pass_by(3_600)
    await kept.queue.hold(job)
    await kept.pass_by(86_500)
    await kept.queue.sweep()
    assert not await kept.requests.consent(job.key)
    assert await kept.requests.accept([asked()]) == 0
    assert await kept.requests.ask([asked()]) == [RequestOutcome.ACCEPTED], "who asks by hand is asked again"


async def test_what_is_not_claimed_is_not_held(kept: Kept) -> None:
    job = await kept.claimed(asked())
    await kept.queue.finish(job, Outcome.TRANSCRIBED)
    await kept.queue.hold(job)
    assert not await kept.requests.consent(job.key)
