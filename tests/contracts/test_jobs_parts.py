"""What a job has heard is kept until it ends, or until nobody may fill its gaps any more."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.model import Job, Outcome, Usage
from tests.contracts.kept import Kept, asked, part


async def test_parts_are_kept_until_the_job_ends(kept: Kept) -> None:
    await kept.requests.accept([asked("F1"), asked("F2")])
    one, other = await kept.claimed(), await kept.claimed()
    assert await kept.queue.parts(one) == []
    for start_ms in (240_000, 0, 120_000):
        await kept.queue.keep(one, part(start_ms, last=start_ms == 240_000))
    await kept.queue.keep(other, part(0, failed=True))
    wanted = [part(0), part(120_000), part(240_000, last=True)]
    assert await kept.queue.parts(one) == wanted
    await kept.queue.retry_at(one, kept.time.now())
    assert await kept.queue.parts(await kept.claimed()) == wanted
    await kept.queue.finish(one, Outcome.TRANSCRIBED)
    assert await kept.queue.parts(one) == []
    assert await kept.queue.parts(other) == [part(0, failed=True)]


async def test_a_part_takes_the_place_of_one_that_failed(kept: Kept) -> None:
    job = await kept.claimed(asked())
    await kept.queue.keep(job, part(0, failed=True))
    await kept.queue.keep(job, part(0))
    assert await kept.queue.parts(job) == [part(0)]


async def test_a_job_that_is_not_claimed_any_more_keeps_nothing(kept: Kept) -> None:
    job = await kept.claimed(asked())
    await kept.queue.finish(job, Outcome.TRANSCRIBED)
    await kept.queue.keep(job, part(0))
    assert await kept.queue.parts(job) == []


async def gapped(kept: Kept) -> Job:
    job = await kept.claimed(asked())
    await kept.queue.keep(job, part(0))
    await kept.queue.keep(job, part(120_000, last=True, failed=True))
    job = await kept.queue.record_reply(await kept.queue.write_intent(job), "5.5", None)
    await kept.queue.finish(job, Outcome.GAPPED, has_gaps=True)
    return job


async def test_a_job_with_gaps_has_ended_but_can_be_asked_for(kept: Kept) -> None:
    job = await gapped(kept)
    assert await kept.queue.claim() is None
    assert await kept.requests.depth() == {"ready": 0, "running": 0, "parked": 0}
    assert await kept.requests.accept([asked()]) == 0, "to the world it has ended"
    await kept.pass_by(3_600)
    assert await kept.requests.fill_gaps(str(job.key))
    assert await kept.requests.fill_gaps(str(job.key)), "already under way"
    again = await kept.claimed()
    assert again == replace(job, accepted_at=kept.time.now(), revision=1, is_confirmed=True, fills_gaps=True)
    assert await kept.queue.parts(again) == [part(0)], "what failed is tried anew"
    assert await kept.requests.fill_gaps(str(job.key)), "already running"
    assert await kept.queue.claim() is None
    await kept.queue.finish(again, Outcome.TRANSCRIBED)
    assert not await kept.requests.fill_gaps(str(job.key)), "nothing is missing any more"


async def test_whoever_waits_for_work_hears_of_gaps_to_fill(kept: Kept) -> None:
    job = await gapped(kept)
    async with kept.waiting(kept.queue.wait_for_work()):
        await kept.requests.fill_gaps(str(job.key))


@pytest.mark.parametrize("swept", [False, True])
async def test_after_a_day_gaps_stay(kept: Kept, *, swept: bool) -> None:
    job = await gapped(kept)
    await kept.pass_by(86_000)
    assert await kept.queue.sweep() == 0
    assert await kept.queue.parts(job)
    await kept.pass_by(1_000)
    if swept:
        assert await kept.queue.sweep() == 0
        assert await kept.queue.parts(job) == []
    assert not await kept.requests.fill_gaps(str(job.key))
    assert await kept.requests.accept([asked()]) == 0
    await kept.queue.sweep()
    await kept.pass_by(8 * 86_400)
    assert await kept.queue.sweep() == 1, "its key is forgotten like any other"


async def test_gaps_of_no_job_are_not_filled(kept: Kept) -> None:
    assert not await kept.requests.fill_gaps(str(asked().key))
    await kept.requests.accept([asked()])
    await kept.queue.finish(await kept.claimed(), Outcome.REFUSED)
    assert not await kept.requests.fill_gaps(str(asked().key))


async def test_what_is_billed_counts_for_the_channels_month_once(kept: Kept) -> None:
    job = await kept.claimed(asked())
    await kept.queue.keep(job, part(0), billed_s=120.0)
    await kept.queue.keep(job, part(120_000, failed=True))
    await kept.queue.keep(job, part(240_000, last=True), billed_s=30.5)
    assert await kept.ledger.used_by_channel("T1", kept.time.now()) == {"C1": Usage(0, 150.5)}
    await kept.queue.finish(job, Outcome.TRANSCRIBED)
    assert await kept.ledger.used("T1", kept.time.now()) == Usage(1, 150.5)


async def test_a_job_that_is_not_claimed_any_more_costs_nothing(kept: Kept) -> None:
    job = await kept.claimed(asked())
    await kept.queue.finish(job, Outcome.REFUSED)
    await kept.queue.keep(job, part(0), billed_s=120.0)
    assert await kept.ledger.used("T1", kept.time.now()) == Usage()


@pytest.mark.parametrize(
    ("outcome", "clips"),
    [
        (Outcome.TRANSCRIBED, 1),
        (Outcome.GAPPED, 1),
        (Outcome.TRANSCRIBED_BEFORE, 1),
        (Outcome.GAPPED_BEFORE, 1),
        *((outcome, 0) for outcome in (Outcome.REFUSED, Outcome.FAILED, Outcome.IGNORED, Outcome.KEPT)),
    ],
)
async def test_a_transcript_counts_as_a_clip_and_nothing_else_does(
    kept: Kept, outcome: Outcome, clips: int
) -> None:
    await kept.queue.finish(await kept.claimed(asked()), outcome)
    assert await kept.ledger.used("T1", kept.time.now()) == Usage(clips, 0.0)


async def test_a_key_counts_as_a_clip_once(kept: Kept) -> None:
    job = await gapped(kept)
    await kept.requests.fill_gaps(str(job.key))
    await kept.queue.finish(await kept.claimed(), Outcome.TRANSCRIBED)
    await kept.queue.finish(job, Outcome.TRANSCRIBED)
    await kept.requests.ask([asked()], retranscribe=True)
    await kept.queue.finish(await kept.claimed(), Outcome.TRANSCRIBED)
    assert (await kept.ledger.used("T1", kept.time.now())).clips == 1


async def test_a_refusal_that_becomes_a_transcript_counts_then(kept: Kept) -> None:
    await kept.queue.finish(await kept.claimed(asked()), Outcome.REFUSED)
    await kept.requests.ask([asked()])
    await kept.queue.finish(await kept.claimed(), Outcome.TRANSCRIBED)
    assert (await kept.ledger.used("T1", kept.time.now())).clips == 1
