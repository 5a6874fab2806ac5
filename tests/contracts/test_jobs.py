"""What a job may expect of a queue, whichever it is."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from bot.model import SUBSCRIBERS, Job, Outcome, Place
from bot.ports.store import KnownRecording
from tests.contracts.kept import SOON_S, Kept, asked


async def test_what_is_accepted_is_what_is_claimed(kept: Kept) -> None:
    request = asked(
        audience="U7",
        asked_by="U7",
        ask_id="c-1",
        language="yue",
        wants_video=True,
        whisper_in=Place("C9", "1.0"),
    )
    assert await kept.requests.accept([request]) == 1
    job = await kept.queue.claim()
    assert job == Job(request, kept.time.now(), attempt=0, intent_at=None, reply_ts=None, notice=None)
    assert await kept.queue.claim() is None


async def test_a_key_is_accepted_once_whatever_became_of_it(kept: Kept) -> None:
    first, second = asked("F1"), asked("F2", position=1)
    assert await kept.requests.accept([first]) == 1
    assert await kept.requests.accept([first]) == 0
    assert await kept.requests.accept([first, second]) == 1
    await kept.queue.finish(await kept.claimed(), Outcome.TRANSCRIBED)
    assert await kept.requests.accept([first]) == 0
    await kept.queue.park(await kept.claimed())
    assert await kept.requests.accept([second]) == 0
    assert await kept.queue.claim() is None


async def test_each_part_of_the_key_makes_another_job(kept: Kept) -> None:
    requests = [asked("F1"), asked("F2"), asked("F1", message_ts="2.0"), asked("F1", audience="U7")]
    requests += [asked("F1", team_id="T2"), asked("F1", channel_id="C2"), asked("F1", audience=SUBSCRIBERS)]
    assert await kept.requests.accept(requests) == 7


async def test_twins_at_the_same_time_are_one_job(kept: Kept) -> None:
    new = await asyncio.gather(*(kept.requests.accept([asked()]) for _ in range(20)))
    assert sum(new) == 1
    assert await kept.requests.depth() == {"ready": 1, "running": 0, "parked": 0}


async def test_nothing_accepted_is_nothing(kept: Kept) -> None:
    assert await kept.requests.accept([]) == 0
    assert await kept.queue.claim() is None


async def test_a_job_is_claimed_by_one(kept: Kept) -> None:
    await kept.requests.accept([asked(f"F{n}", position=n) for n in range(5)])
    claims = await asyncio.gather(*(kept.queue.claim() for _ in range(8)))
    assert sorted(job.key.file_id for job in claims if job) == ["F0", "F1", "F2", "F3", "F4"]


async def test_who_has_been_due_for_longest_goes_first(kept: Kept) -> None:
    await kept.requests.accept([asked("F1"), asked("F2", position=1)])
    first = await kept.claimed()
    assert first.key.file_id == "F1"
    await kept.pass_by(1)
    await kept.requests.accept([asked("F3", message_ts="2.0")])
    await kept.queue.retry_at(first, kept.time.now() - timedelta(seconds=0.5))
    assert [(await kept.claimed()).key.file_id for _ in range(3)] == ["F2", "F1", "F3"]


async def test_a_retry_comes_back_when_it_is_due_and_older(kept: Kept) -> None:
    job = await kept.claimed(asked())
    await kept.queue.retry_at(job, kept.time.now() + timedelta(seconds=60))
    await kept.pass_by(59)
    assert await kept.queue.claim() is None
    await kept.pass_by(2)
    job = await kept.claimed()
    assert (job.attempt, job.bugs) == (1, 0)
    await kept.queue.retry_at(job, kept.time.now(), bug=True)
    job = await kept.claimed()
    assert (job.attempt, job.bugs) == (2, 1)
    assert (kept.time.now() - job.accepted_at).total_seconds() == 61


async def test_a_parked_job_waits_for_its_release(kept: Kept) -> None:
    await kept.queue.park(await kept.claimed(asked()))
    await kept.pass_by(86_400)
    assert await kept.queue.claim() is None
    assert await kept.requests.depth() == {"ready": 0, "running": 0, "parked": 1}
    assert await kept.queue.release_parked() == 1
    assert await kept.queue.release_parked() == 0
    assert (await kept.claimed()).attempt == 1


async def test_only_the_oldest_are_released_where_a_time_is_named(kept: Kept) -> None:
    await kept.queue.park(await kept.claimed(asked("F1")))
    await kept.pass_by(10)
    await kept.queue.park(await kept.claimed(asked("F2", message_ts="2.0")))
    assert await kept.queue.release_parked(accepted_before=kept.time.now() - timedelta(seconds=11)) == 0
    assert await kept.queue.release_parked(accepted_before=kept.time.now() - timedelta(seconds=10)) == 1
    assert (await kept.claimed()).key.file_id == "F1"
    assert await kept.queue.claim() is None


async def test_the_first_intent_counts(kept: Kept) -> None:
    start = kept.time.now()
    job = await kept.queue.write_intent(await kept.claimed(asked()))
    assert job.intent_at == start
    await kept.pass_by(5)
    assert (await kept.queue.write_intent(job)).intent_at == start
    await kept.queue.retry_at(job, kept.time.now())
    job = await kept.claimed()
    assert job.intent_at == start
    assert (await kept.queue.write_intent(job)).intent_at == start


async def test_where_the_reply_stands_is_remembered(kept: Kept) -> None:
    job = await kept.queue.record_reply(await kept.claimed(asked()), "5.5", "slack")
    assert (job.reply_ts, job.notice) == ("5.5", "slack")
    await kept.queue.park(job)
    await kept.queue.release_parked()
    job = await kept.claimed()
    assert (job.reply_ts, job.notice) == ("5.5", "slack")
    job = await kept.queue.record_reply(job, "5.5", None)
    await kept.queue.retry_at(job, kept.time.now())
    assert (await kept.claimed()).notice is None


async def test_what_has_ended_stays_ended(kept: Kept) -> None:
    job = await kept.claimed(asked())
    await kept.queue.finish(job, Outcome.TRANSCRIBED)
    await kept.queue.retry_at(job, kept.time.now())
    await kept.queue.park(job)
    assert await kept.queue.release_parked() == 0
    assert await kept.queue.claim() is None
    assert not any((await kept.requests.depth()).values())


async def test_work_is_heard_of_when_it_comes(kept: Kept) -> None:
    async with kept.waiting(kept.queue.wait_for_work()):
        await kept.requests.accept([asked()])
    job = await kept.claimed()
    async with kept.waiting(kept.queue.wait_for_work()):
        await kept.queue.retry_at(job, kept.time.now())
    job = await kept.claimed()
    await kept.queue.park(job)
    async with kept.waiting(kept.queue.wait_for_work()):
        await kept.queue.release_parked()
    await kept.queue.finish(await kept.claimed(), Outcome.TRANSCRIBED)
    waiting = asyncio.create_task(kept.queue.wait_for_work())
    await kept.pass_by(SOON_S)
    assert not waiting.done(), "an end is no work"
    waiting.cancel()


async def test_work_that_came_before_is_not_waited_for(kept: Kept) -> None:
    await kept.requests.accept([asked()])
    async with asyncio.timeout(5):
        await kept.queue.wait_for_work()


async def test_work_is_heard_of_when_it_falls_due(kept: Kept) -> None:
    job = await kept.claimed(asked())
    await kept.queue.retry_at(job, kept.time.now() + timedelta(seconds=3 * SOON_S))
    async with kept.waiting(kept.queue.wait_for_work()):
        await kept.pass_by(3 * SOON_S)
    await kept.claimed()


async def test_of_events_that_come_at_once_each_new_request_counts_once(kept: Kept) -> None:
    """Some of one recording, and one in a channel that has moved."""
    await kept.requests.accept([asked("F0")])
    await kept.preferences.move_channel("T1", "C1", "C2")
    events = [[asked("F0")], [asked("F1"), asked("F2")], [asked("F2"), asked("F3", channel_id="C2")], []]
    events += [[asked(f"G{number}", channel_id=f"D{number % 7}")] for number in range(300)]

    counts = await asyncio.gather(*map(kept.requests.accept, events))

    assert counts == [0, 2, 1, 0, *[1] * 300]
    claimed = [await kept.claimed() for _ in range(304)]
    assert {job.key.channel_id for job in claimed[:4]} == {"C2"}
    assert [job.key.file_id for job in claimed] == ["F0", "F1", "F2", "F3", *(f"G{n}" for n in range(300))]
    assert await kept.queue.claim() is None


async def test_jobs_of_full_channels_are_left_and_not_waited_for(kept: Kept) -> None:
    await kept.requests.accept([asked("F1")])
    full = {asked().key.channel_id}
    assert await kept.queue.claim(full) is None
    waiting = asyncio.create_task(kept.queue.wait_for_work(full))
    await kept.pass_by(SOON_S)
    # What was accepted before is news once.
    if waiting.done():
        waiting = asyncio.create_task(kept.queue.wait_for_work(full))
        await kept.pass_by(SOON_S)
    assert not waiting.done()
    waiting.cancel()
    assert await kept.queue.claim({"C0ELSEWHERE"}) is not None


async def test_keys_outlive_their_jobs_by_more_than_a_week(kept: Kept) -> None:
    await kept.requests.accept([asked("F1"), asked("F2"), asked("F3")])
    await kept.queue.finish(await kept.claimed(), Outcome.TRANSCRIBED)
    await kept.queue.park(await kept.claimed())
    await kept.pass_by(7 * 86_400 + 1)
    assert await kept.queue.sweep() == 0
    assert await kept.requests.accept([asked("F1")]) == 0
    await kept.pass_by(2 * 86_400)
    assert await kept.queue.sweep() == 1
    assert await kept.requests.accept([asked("F1"), asked("F2"), asked("F3")]) == 1, (
        "only what ended is forgotten"
    )


async def test_depth_counts_by_state(kept: Kept) -> None:
    await kept.requests.accept([asked(f"F{n}") for n in range(6)])
    jobs = [await kept.claimed() for _ in range(4)]
    await kept.queue.park(jobs[0])
    await kept.queue.finish(jobs[1], Outcome.REFUSED)
    assert await kept.requests.depth() == {"ready": 2, "running": 2, "parked": 1}


async def test_recordings_are_known_by_the_time_of_their_message(kept: Kept) -> None:
    ended = asked("F1", message_ts="1700000002.000100")
    await kept.ended(ended)
    under_way = asked("F2", message_ts="1700000003.000100", channel_id="C2")
    copy = asked("F2", message_ts="1700000003.000100", channel_id="C2", audience="U7")
    gone = asked("F3", message_ts="1700000004.000100")
    old = asked("F4", message_ts="1700000001.000100")
    others = asked("F5", message_ts="1700000005.000100", team_id="T2")
    await kept.requests.accept([under_way, copy, gone, old, others])
    await kept.requests.remove_message("T1", "C1", gone.key.message_ts, thread_ts="0.5")
    since = datetime.fromtimestamp(1700000002, UTC)
    assert dict(await kept.requests.recordings_since("T1", since)) == {
        "C1": [KnownRecording("1700000002.000100", "0.5", "F1")],
        "C2": [KnownRecording("1700000003.000100", "0.5", "F2")],
    }
