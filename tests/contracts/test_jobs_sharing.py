"""The words of an answer for one person are kept for half an hour, so that sharing it costs nothing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from bot.model import SUBSCRIBERS, THREAD, Job, Outcome
from bot.ports.store import RequestOutcome
from tests.contracts.kept import Kept, asked, part

HALF_AN_HOUR_S = 1_800.0
WORDS = [part(0), part(120_000, last=True)]


async def answered(kept: Kept, outcome: Outcome = Outcome.TRANSCRIBED, audience: str = "U7") -> Job:
    """A job that has ended, with these words."""
    job = await kept.claimed(asked(audience=audience))
    for one in WORDS:
        await kept.queue.keep(job, one)
    await kept.queue.finish(job, outcome)
    return job


async def shared(kept: Kept, job: Job) -> Job:
    """The thread's job for the same recording."""
    wanted = [asked(explicit=True, asked_by="U7")]
    assert await kept.requests.ask(wanted, words_of=job.key) == [RequestOutcome.ACCEPTED]
    return await kept.claimed()


async def test_the_thread_begins_with_the_words_of_a_private_answer(kept: Kept) -> None:
    job = await answered(kept)
    await kept.pass_by(HALF_AN_HOUR_S - 60)
    await kept.queue.sweep()
    in_thread = await shared(kept, job)
    assert in_thread.key.audience == THREAD
    assert await kept.queue.parts(in_thread) == WORDS
    assert await kept.queue.parts(job) == [], "they are kept in one place"


async def test_other_endings_take_nothing_along(kept: Kept) -> None:
    job = await answered(kept)
    await kept.queue.finish(await kept.claimed(asked("F2")), Outcome.REFUSED)
    assert await kept.queue.parts(job) == WORDS


@pytest.mark.parametrize("swept", [False, True])
async def test_after_half_an_hour_they_are_gone(kept: Kept, *, swept: bool) -> None:
    job = await answered(kept)
    await kept.pass_by(HALF_AN_HOUR_S)
    if swept:
        await kept.queue.sweep()
    else:
        await kept.queue.finish(await kept.claimed(asked("F2", audience="U8")), Outcome.IGNORED)
        await kept.queue.sweep()
    assert await kept.queue.parts(job) == []
    assert await kept.queue.parts(await shared(kept, job)) == []


@pytest.mark.parametrize(
    ("outcome", "audience"),
    [
        (Outcome.TRANSCRIBED, THREAD),
        (Outcome.TRANSCRIBED, SUBSCRIBERS),
        (Outcome.REFUSED, "U7"),
        (Outcome.FAILED, "U7"),
        (Outcome.UNDELIVERABLE, "U7"),
    ],
)
async def test_nothing_is_kept_that_nobody_can_share(kept: Kept, outcome: Outcome, audience: str) -> None:
    assert await kept.queue.parts(await answered(kept, outcome, audience)) == []


async def test_with_gaps_both_keep_them(kept: Kept) -> None:
    job = await kept.claimed(asked(audience="U7"))
    words = [part(0), part(120_000, last=True, failed=True)]
    for one in words:
        await kept.queue.keep(job, one)
    await kept.queue.finish(job, Outcome.GAPPED, has_gaps=True)
    assert await kept.queue.parts(await shared(kept, job)) == words
    assert await kept.requests.fill_gaps(str(job.key))


async def test_a_transcript_that_stands_is_not_begun(kept: Kept) -> None:
    job = await answered(kept)
    await kept.ended(asked())
    assert await kept.requests.ask([asked()], words_of=job.key) == [RequestOutcome.ANSWERED]
    assert await kept.queue.parts(job) == WORDS


async def opt_out(kept: Kept, job: Job) -> None:
    await kept.preferences.opt_out(job.key.team_id, "U8", out=True)


async def remove_file(kept: Kept, job: Job) -> None:
    await kept.requests.remove_file(job.key.team_id, job.key.file_id)


async def remove_message(kept: Kept, job: Job) -> None:
    key = job.key
    await kept.requests.remove_message(key.team_id, key.channel_id, key.message_ts, thread_ts=None)


async def remove_reply(kept: Kept, job: Job) -> None:
    await kept.requests.remove_reply(job.key, thread_ts="0.5")


async def forget_channel(kept: Kept, job: Job) -> None:
    await kept.preferences.forget_channel(job.key.team_id, job.key.channel_id)


async def forget_team(kept: Kept, job: Job) -> None:
    await kept.preferences.forget_team(job.key.team_id)


async def retranscribe(kept: Kept, job: Job) -> None:
    await kept.requests.ask([job.request], retranscribe=True)


@pytest.mark.parametrize(
    "deed", [opt_out, remove_file, remove_message, remove_reply, forget_channel, forget_team, retranscribe]
)
async def test_they_go_at_once_with_what_they_are_words_of(
    kept: Kept, deed: Callable[[Kept, Job], Awaitable[None]]
) -> None:
    job = await answered(kept)
    await deed(kept, job)
    assert await kept.queue.parts(job) == []


async def test_who_opts_in_again_takes_nothing_away(kept: Kept) -> None:
    job = await answered(kept)
    await kept.preferences.opt_out("T1", "U8", out=False)
    await kept.preferences.opt_out("T2", "U8", out=True)
    assert await kept.queue.parts(job) == WORDS


async def test_they_move_along_with_their_channel(kept: Kept) -> None:
    job = await answered(kept)
    await kept.preferences.move_channel("T1", "C1", "C2")
    assert await kept.queue.parts(await shared(kept, job)) == WORDS
