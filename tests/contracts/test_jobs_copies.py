"""Copies of a transcript for people who want a channel's by direct message."""

from __future__ import annotations

import pytest

from bot.model import SUBSCRIBERS, THREAD, Job, Outcome, Place, Usage
from tests.contracts.kept import Kept, asked, part


async def heard(kept: Kept, audience: str = THREAD) -> Job:
    request = asked(
        audience=audience, asked_by="U5", ask_id="c-1", language="de", explicit=True, whisper_in=Place("C9")
    )
    job = await kept.claimed(request)
    await kept.queue.keep(job, part(0), billed_s=120.0)
    await kept.queue.keep(job, part(120_000, last=True), billed_s=30.0)
    return await kept.queue.record_reply(await kept.queue.write_intent(job), "5.5", None)


@pytest.mark.parametrize("audience", [THREAD, SUBSCRIBERS])
async def test_everybody_gets_a_job_with_the_same_parts(kept: Kept, audience: str) -> None:
    job = await heard(kept, audience)
    async with kept.waiting(kept.queue.wait_for_work()):
        await kept.queue.finish(job, Outcome.TRANSCRIBED, copies=["U7", "U8"])
    copies = [await kept.claimed() for _ in range(2)]
    assert await kept.queue.claim() is None
    assert copies == [
        Job(asked(audience=reader, language="de", explicit=False), kept.time.now(), 0, None, None, None)
        for reader in ("U7", "U8")
    ]
    for copy in copies:
        assert await kept.queue.parts(copy) == [part(0), part(120_000, last=True)]
    assert await kept.queue.parts(job) == []


async def test_gaps_are_copied_too(kept: Kept) -> None:
    job = await heard(kept)
    await kept.queue.keep(job, part(120_000, last=True, failed=True))
    await kept.queue.finish(job, Outcome.GAPPED, has_gaps=True, copies=["U7"])
    assert await kept.queue.parts(await kept.claimed()) == [part(0), part(120_000, last=True, failed=True)]
    assert await kept.requests.fill_gaps(str(job.key))
    await kept.queue.finish(await kept.claimed(), Outcome.TRANSCRIBED, copies=["U7"])
    assert await kept.queue.claim() is None, "who has a copy has one"


async def test_who_has_asked_already_gets_no_second_one(kept: Kept) -> None:
    await kept.requests.accept([asked(audience="U7")])
    own = await kept.claimed()
    await kept.queue.finish(await heard(kept), Outcome.TRANSCRIBED, copies=["U7", "U8", "U8"])
    assert (await kept.claimed()).key.audience == "U8"
    assert await kept.queue.claim() is None
    assert await kept.queue.parts(own) == []


async def test_a_copy_is_a_job_of_its_own(kept: Kept) -> None:
    await kept.queue.finish(await heard(kept), Outcome.TRANSCRIBED, copies=["U7", "U8"])
    first = await kept.claimed()
    await kept.queue.finish(first, Outcome.TRANSCRIBED)
    second = await kept.claimed()
    await kept.pass_by(1_800)
    await kept.queue.sweep()
    assert await kept.queue.parts(first) == []
    assert len(await kept.queue.parts(second)) == 2


async def test_a_copy_costs_nothing_and_is_no_clip(kept: Kept) -> None:
    await kept.queue.finish(await heard(kept), Outcome.TRANSCRIBED, copies=["U7"])
    await kept.queue.finish(await kept.claimed(), Outcome.TRANSCRIBED)
    assert await kept.ledger.used("T1", kept.time.now()) == Usage(1, 150.0)


async def test_a_job_that_is_not_claimed_any_more_makes_no_copies(kept: Kept) -> None:
    job = await heard(kept)
    await kept.queue.finish(job, Outcome.TRANSCRIBED)
    await kept.queue.finish(job, Outcome.TRANSCRIBED, copies=["U7"])
    assert await kept.queue.claim() is None
