"""What is set aside of a month for jobs under way: nobody else can take it, and it goes with its job."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from bot.errors import Forgotten
from bot.model import Job, JobState, Outcome
from tests.contracts.kept import Kept, asked, part

MOST_S = 600.0


async def fits(kept: Kept, seconds: float, *, team_id: str = "T1") -> bool:
    """True where a new job could set so much aside; it ends at once."""
    number = f"{kept.time.passed_s}{seconds}{team_id}"
    job = await kept.claimed(asked(f"F{number}", message_ts="9.0", team_id=team_id))
    try:
        return await kept.queue.reserve(job, seconds, most_s=MOST_S, anew=True)
    finally:
        await kept.queue.finish(job, Outcome.REFUSED)
        await kept.pass_by(0.001)


async def test_what_is_set_aside_is_nobody_elses(kept: Kept) -> None:
    job = await kept.claimed(asked())
    assert await kept.queue.reserve(job, 400, most_s=MOST_S)
    assert not await fits(kept, 201)
    assert await fits(kept, 200)
    assert await fits(kept, 600, team_id="T2")


async def test_it_grows_while_it_fits_and_can_be_set_anew(kept: Kept) -> None:
    job = await kept.claimed(asked())
    assert await kept.queue.reserve(job, 400, most_s=MOST_S)
    assert await kept.queue.reserve(job, 200, most_s=MOST_S)
    assert not await kept.queue.reserve(job, 1, most_s=MOST_S)
    assert not await fits(kept, 1)
    assert await kept.queue.reserve(job, 600, most_s=MOST_S, anew=True), "its own does not stand in its way"
    assert await kept.queue.reserve(job, 100, most_s=MOST_S, anew=True)
    assert await fits(kept, 500)
    assert not await fits(kept, 501)


async def test_what_is_billed_is_not_set_aside_any_more(kept: Kept) -> None:
    job = await kept.claimed(asked())
    assert await kept.queue.reserve(job, 200, most_s=MOST_S)
    await kept.queue.keep(job, part(0), billed_s=120.0)
    assert not await fits(kept, 401)
    assert await fits(kept, 400)
    await kept.queue.keep(job, part(120_000), billed_s=120.0)
    assert await fits(kept, 360), "more than was set aside is billed"
    assert not await fits(kept, 361)


async def test_last_minutes_are_taken_once(kept: Kept) -> None:
    await kept.requests.accept([asked(f"F{number}") for number in range(10)])
    jobs = [await kept.claimed() for _ in range(10)]
    granted = await asyncio.gather(*(kept.queue.reserve(job, 250, most_s=MOST_S) for job in jobs))
    assert sum(granted) == 2


@pytest.mark.parametrize("state", [JobState.READY, JobState.PARKED])
async def test_it_survives_while_the_job_waits(kept: Kept, state: JobState) -> None:
    job = await kept.claimed(asked())
    assert await kept.queue.reserve(job, 400, most_s=MOST_S)
    if state is JobState.READY:
        await kept.queue.retry_at(job, kept.time.now().replace(year=2027))
    else:
        await kept.queue.park(job)
    assert not await fits(kept, 201)


async def finish(kept: Kept, job: Job) -> None:
    await kept.queue.finish(job, Outcome.TRANSCRIBED)


async def leave_gaps(kept: Kept, job: Job) -> None:
    await kept.queue.finish(job, Outcome.GAPPED, has_gaps=True)


async def hold(kept: Kept, job: Job) -> None:
    await kept.queue.hold(job)


async def withdraw(kept: Kept, job: Job) -> None:
    await kept.queue.withdraw(job)


async def remove(kept: Kept, job: Job) -> None:
    await kept.requests.remove_reply(job.key, thread_ts="0.5")


async def forget(kept: Kept, job: Job) -> None:
    await kept.preferences.forget_channel(job.key.team_id, job.key.channel_id)


@pytest.mark.parametrize("end", [finish, leave_gaps, hold, withdraw, remove, forget])
async def test_it_goes_with_its_job(kept: Kept, end: Callable[[Kept, Job], Awaitable[None]]) -> None:
    job = await kept.claimed(asked())
    assert await kept.queue.reserve(job, 600, most_s=MOST_S)
    await end(kept, job)
    assert await fits(kept, 600)


@pytest.mark.parametrize("begins", ["again", "gaps", "consent"])
async def test_a_job_that_begins_again_has_nothing_set_aside(kept: Kept, begins: str) -> None:
    job = await kept.claimed(asked())
    assert await kept.queue.reserve(job, 600, most_s=MOST_S)
    match begins:
        case "again":
            await finish(kept, job)
            await kept.requests.ask([asked()], retranscribe=True)
        case "gaps":
            await leave_gaps(kept, job)
            assert await kept.requests.fill_gaps(str(job.key))
        case _:
            await hold(kept, job)
            assert await kept.requests.consent(job.key)
    assert await kept.queue.claim() is not None
    assert await fits(kept, 600)


async def test_it_moves_along_with_its_channel(kept: Kept) -> None:
    job = await kept.claimed(asked())
    assert await kept.queue.reserve(job, 400, most_s=MOST_S)
    await kept.preferences.move_channel("T1", "C1", "C2")
    assert not await fits(kept, 201)
    assert await kept.queue.reserve(job, 200, most_s=MOST_S), "whichever id it is known by"
    assert not await kept.queue.reserve(job, 1, most_s=MOST_S)


async def test_for_a_job_that_is_forgotten_nothing_is_set_aside(kept: Kept) -> None:
    job = await kept.claimed(asked())
    await forget(kept, job)
    with pytest.raises(Forgotten):
        await kept.queue.reserve(job, 1, most_s=MOST_S)
