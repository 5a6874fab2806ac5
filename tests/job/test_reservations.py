"""A month that cannot be overrun: not by jobs side by side, nor by recordings longer than they say."""

from __future__ import annotations

import random

import pytest

from bot.errors import Misconfiguration, Misconfigured, Outage, Refusal, Unavailable
from bot.model import Outcome
from bot.recording import Gap, Span, Transcript
from bot.reply import Refused
from tests.job.fakes import request_for, shared_file
from tests.job.harness import JobHarness
from tests.job.virtual import EPOCH

MONTH_S = 60.0
USED_UP = Refused(Refusal.MONTH_USED_UP, 1)


@pytest.fixture(autouse=True)
def a_minute_a_month(harness: JobHarness) -> None:
    harness.monthly_minutes = 1


async def used_s(harness: JobHarness) -> float:
    return (await harness.memory.ledger.used("T1", EPOCH)).seconds


async def test_two_at_once_do_not_both_take_the_last_minute(harness: JobHarness) -> None:
    harness.audio.lengths_ms = {"F1": [40_000], "F2": [40_000]}
    harness.recogniser.takes_s = {"F1": 5.0, "F2": 5.0}
    async with harness.working():
        await harness.jobs.accept([request_for(shared_file(f, duration_s=40.0)) for f in ("F1", "F2")])
        await harness.ended()
    assert sorted(map(str, harness.memory.outcomes())) == [Outcome.REFUSED, Outcome.TRANSCRIBED]
    assert [USED_UP] in harness.said()
    assert await used_s(harness) == 40.0
    assert len(harness.files.downloads.calls) == 1


@pytest.mark.parametrize("claims_s", [30.0, None], ids=["claims less", "claims nothing"])
async def test_what_turns_out_longer_is_heard_as_far_as_the_month_reaches(
    harness: JobHarness, claims_s: float | None
) -> None:
    harness.audio.lengths_ms["F1"] = [19_500] * 10
    async with harness.working():
        await harness.jobs.accept([request_for(shared_file(duration_s=claims_s))])
        await harness.ended()
    ((reply,),) = harness.said()
    assert isinstance(reply, Transcript)
    assert reply.month_used == 1.0, "the reply says why"
    assert reply.passages[-1] == Gap(Span(58_500, reply.passages[-1].span.end_ms))  # type: ignore[union-attr]
    assert len(harness.recogniser.asked) == 3, "as they are billed: in whole seconds"
    assert harness.memory.outcomes() == [Outcome.GAPPED]


async def test_what_the_month_has_no_room_for_at_all_is_not_heard(harness: JobHarness) -> None:
    harness.audio.lengths_ms["F1"] = [61_000]
    async with harness.working():
        await harness.jobs.accept([request_for(shared_file(duration_s=None))])
        await harness.ended()
    assert harness.said() == [[USED_UP]]
    assert (await used_s(harness), harness.recogniser.asked) == (0.0, [])


@pytest.mark.parametrize(
    "trouble",
    [
        Unavailable(Outage.RECOGNISER, "503"),
        Misconfigured(Misconfiguration.RECOGNISER_KEY, "expired"),
    ],
    ids=["tried again", "parked"],
)
async def test_what_is_set_aside_waits_with_its_job(harness: JobHarness, trouble: Exception) -> None:
    harness.audio.lengths_ms = {"F1": [40_000], "F2": [40_000]}
    harness.recogniser.trouble.always["F1"] = trouble
    harness.verification = trouble
    async with harness.working():
        await harness.jobs.accept([request_for(shared_file(duration_s=40.0))])
        await harness.time.run(30)
        await harness.jobs.accept([request_for(shared_file("F2", duration_s=40.0))])
        await harness.time.run(600)
        assert harness.memory.outcomes() == [None, Outcome.REFUSED]
        harness.recogniser.trouble.always.clear()
        harness.verification = None
        await harness.ended()
    assert harness.memory.outcomes() == [Outcome.TRANSCRIBED, Outcome.REFUSED]
    assert await used_s(harness) == 40.0


async def test_what_a_recording_did_not_need_is_free_again(harness: JobHarness) -> None:
    harness.audio.lengths_ms = {"F1": [10_000], "F2": [40_000]}
    async with harness.working():
        await harness.jobs.accept([request_for(shared_file(duration_s=50.0))])
        await harness.ended()
        await harness.jobs.accept([request_for(shared_file("F2", duration_s=40.0))])
        await harness.ended()
    assert harness.memory.outcomes() == [Outcome.TRANSCRIBED, Outcome.TRANSCRIBED]


@pytest.mark.parametrize("seed", range(20))
async def test_whatever_recordings_claim_a_month_is_not_overrun(harness: JobHarness, seed: int) -> None:
    drawn, files = random.Random(seed), []
    for number in range(12):
        file_id = f"F{number}"
        segments_ms = [drawn.randrange(1, 20) * 500 for _ in range(drawn.randrange(1, 6))]
        harness.audio.lengths_ms[file_id] = segments_ms
        claims_s = drawn.choice([None, sum(segments_ms) / 1000, drawn.uniform(1.0, 30.0)])
        files.append(shared_file(file_id, duration_s=claims_s))
        for number_in_file, _ in enumerate(segments_ms):
            name = file_id if len(segments_ms) == 1 else f"{file_id}@{sum(segments_ms[:number_in_file])}"
            harness.recogniser.takes_s[name] = drawn.uniform(0.0, 5.0)
            if drawn.random() < 0.2:
                harness.recogniser.trouble.then(name, Unavailable(Outage.RECOGNISER, "503"))
    async with harness.working():
        for file in files:
            await harness.jobs.accept([request_for(file)])
            await harness.time.run(drawn.uniform(0.0, 3.0))
        await harness.ended()
    assert await used_s(harness) <= MONTH_S
    assert all(row.state != "running" for row in harness.memory.rows.values())
