"""A channel that gets another id takes everything along; from then on the old id means the new one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.channel_settings import ChannelSettings
from bot.errors import Forgotten
from bot.model import SUBSCRIBERS, JobKey, JobState, Outcome, Place, Usage
from bot.ports.store import ExistingReply, RequestOutcome
from tests.contracts.kept import Kept, asked, part

OLD, NEW, NEWER = "C1", "C2", "C3"


async def move(kept: Kept, old_id: str = OLD, new_id: str = NEW) -> None:
    await kept.preferences.move_channel("T1", old_id, new_id)


def moved(key: JobKey) -> JobKey:
    return replace(key, channel_id=NEW)


@pytest.mark.parametrize("state", [JobState.READY, JobState.PARKED, JobState.HELD, JobState.GAPPED])
async def test_a_job_goes_on_under_its_new_key(kept: Kept, state: JobState) -> None:
    job = await kept.brought(state)
    await move(kept)
    match state:
        case JobState.PARKED:
            assert await kept.queue.release_parked() == 1
        case JobState.HELD:
            assert await kept.requests.consent(job.key)
        case JobState.GAPPED:
            assert await kept.requests.fill_gaps(str(job.key))
    found = await kept.claimed()
    assert found.key == moved(job.key)
    assert found.request.file == job.request.file
    assert await kept.queue.parts(found) == [part(0)]
    await kept.queue.finish(found, Outcome.TRANSCRIBED)
    assert await kept.requests.accept([asked(), asked(channel_id=NEW)]) == 0


async def test_who_runs_a_job_meanwhile_goes_on_with_the_key_that_it_has(kept: Kept) -> None:
    job = await kept.claimed(asked())
    await kept.queue.keep(job, part(0), billed_s=1.0)
    await move(kept)
    await kept.queue.keep(job, part(200_000, last=True), billed_s=2.0)
    assert await kept.queue.parts(job) == [part(0), part(200_000, last=True)]
    job = await kept.queue.record_reply(await kept.queue.write_intent(job), "5.5", None)
    await kept.queue.finish(job, Outcome.TRANSCRIBED, copies=["U7"])
    copy = await kept.claimed()
    assert copy.key == replace(moved(job.key), audience="U7")
    assert len(await kept.queue.parts(copy)) == 2
    assert await kept.ledger.used_by_channel("T1", kept.time.now()) == {NEW: Usage(1, 3.0)}
    assert await kept.requests.ask([asked(channel_id=NEW)]) == [RequestOutcome.ANSWERED]


async def test_who_waits_for_earlier_files_waits_on(kept: Kept) -> None:
    first, second = await kept.claimed(asked()), await kept.claimed(asked("F2", position=1))
    await move(kept)
    async with kept.waiting(kept.queue.wait_for_earlier_files(second, 60.0)):
        await kept.queue.finish(first, Outcome.TRANSCRIBED)


async def test_a_job_that_is_tried_again_later_names_its_new_channel(kept: Kept) -> None:
    wanted = asked(audience="U1", whisper_in=Place(OLD, "0.5"))
    job = await kept.claimed(wanted)
    await move(kept)
    await kept.queue.retry_at(job, kept.time.now())
    found = await kept.claimed()
    assert found.request == replace(wanted, key=moved(wanted.key), whisper_in=Place(NEW, "0.5"))


async def test_an_ended_job_is_deleted_by_its_file_or_its_message(kept: Kept) -> None:
    for file_id, audience in (("F1", "thread"), ("F2", "U7")):
        await kept.ended(asked(file_id, audience=audience))
    await move(kept)
    assert await kept.requests.remove_file("T1", "F1") == 1
    removal = await kept.removals.claim_removal()
    assert removal is not None
    assert (removal.channel_id, removal.keys) == (NEW, (moved(asked().key),))
    await kept.removals.removed(removal)
    await kept.requests.remove_message("T1", NEW, "1.0", thread_ts="0.5")
    removal = await kept.removals.claim_removal()
    assert removal is not None
    assert moved(asked("F2", audience="U7").key) in removal.keys


@pytest.mark.parametrize("is_claimed", [False, True])
async def test_a_removal_under_way_is_of_the_new_channel(kept: Kept, *, is_claimed: bool) -> None:
    await kept.ended(asked())
    await kept.requests.remove_message("T1", OLD, "1.0", thread_ts="0.5")
    if is_claimed:
        removal = await kept.removals.claim_removal()
        assert removal is not None
        await move(kept)
        await kept.removals.remove_later(removal, kept.time.now())
    else:
        await move(kept)
    assert await kept.requests.ask([asked(channel_id=NEW)]) == [RequestOutcome.ACCEPTED]
    assert await kept.queue.claim() is None, "not before the removal is done"
    removal = await kept.removals.claim_removal()
    assert removal is not None
    assert (removal.channel_id, removal.keys) == (NEW, (moved(asked().key),))
    await kept.removals.removed(removal)
    assert (await kept.claimed()).key == moved(asked().key)


async def test_what_comes_late_under_the_old_id_is_of_the_new_one(kept: Kept) -> None:
    await move(kept)
    assert await kept.requests.accept([asked()]) == 1
    assert await kept.requests.accept([asked(channel_id=NEW)]) == 0
    assert (await kept.claimed()).key == moved(asked().key)
    existing = {asked("F2").key: ExistingReply("4.4", 3)}
    assert await kept.requests.ask([asked("F2")], retranscribe=True, existing=existing) == [
        RequestOutcome.ACCEPTED
    ]
    job = await kept.claimed()
    assert (job.key, job.reply_ts, job.revision) == (moved(asked("F2").key), "4.4", 4)
    await kept.requests.remove_reply(asked("F2").key, thread_ts="0.5")
    removal = await kept.removals.claim_removal()
    assert removal is not None
    assert removal.channel_id == NEW


async def test_what_people_decide_under_the_old_id_counts(kept: Kept) -> None:
    await kept.preferences.greet("T1", OLD)
    await move(kept)
    await kept.preferences.change_channel("T1", OLD, lambda settings: replace(settings, language="de"))
    await kept.preferences.subscribe("T1", "U1", [OLD, NEW])
    german = ChannelSettings(language="de")
    assert await kept.preferences.channels("T1") == {NEW: german}
    assert await kept.preferences.channel("T1", OLD) == german
    assert list(await kept.preferences.subscribers("T1", OLD)) == ["U1"]
    assert list(await kept.preferences.subscriptions("T1", "U1")) == [NEW]
    assert not await kept.preferences.greet("T1", OLD)
    assert await kept.preferences.channel("T2", OLD) == ChannelSettings()


async def test_a_channel_may_move_on_and_be_told_of_late(kept: Kept) -> None:
    await kept.requests.accept([asked()])
    await move(kept, OLD, NEW)
    await move(kept, NEW, NEWER)
    await move(kept, OLD, NEW)  # delivered again
    for known in (OLD, NEW, NEWER):
        assert await kept.preferences.channel_now(known) == NEWER
    assert await kept.preferences.channel_now("C9") == "C9"
    assert (await kept.claimed()).key.channel_id == NEWER
    await kept.requests.accept([asked("F2")])
    assert (await kept.claimed()).key.channel_id == NEWER


async def test_a_channel_may_move_back(kept: Kept) -> None:
    await kept.requests.accept([asked()])
    await move(kept, OLD, NEW)
    await move(kept, NEW, OLD)
    await move(kept, OLD, OLD)
    assert await kept.preferences.channel_now(NEW) == OLD
    assert await kept.preferences.channel_now(OLD) == OLD
    assert (await kept.claimed()).key == asked().key


async def test_a_forgotten_channel_leaves_no_former_id(kept: Kept) -> None:
    await kept.claimed(asked())
    await move(kept)
    await kept.preferences.forget_channel("T1", OLD)
    assert await kept.preferences.channel_now(OLD) == OLD
    assert await kept.working() == 0
    await move(kept)
    await kept.preferences.forget_team("T1")
    assert await kept.preferences.channel_now(OLD) == OLD


async def test_of_two_jobs_of_one_recording_the_one_that_has_come_further_stays(kept: Kept) -> None:
    """Somebody asks in the channel before Slack tells that it has moved."""
    for file_id, outcome in (
        ("F1", Outcome.TRANSCRIBED),
        ("F2", Outcome.FAILED),
        ("F3", Outcome.TRANSCRIBED),
    ):
        await kept.ended(asked(file_id), outcome)
    await kept.requests.accept([asked("F1", channel_id=NEW)])  # its reply stands
    await kept.requests.accept([asked("F2", channel_id=NEW)])  # wanted once more
    existing = {asked("F3", channel_id=NEW).key: ExistingReply("5.5", 0)}
    await kept.requests.ask([asked("F3", channel_id=NEW)], retranscribe=True, existing=existing)
    await move(kept)
    keys = {(job.key.channel_id, job.key.file_id) for job in [await kept.claimed() for _ in range(2)]}
    assert keys == {(NEW, "F2"), (NEW, "F3")}
    assert await kept.queue.claim() is None
    assert await kept.requests.ask([asked("F1")]) == [RequestOutcome.ANSWERED]


async def test_two_who_run_one_recording_do_not_both_post(kept: Kept) -> None:
    first, second = await kept.claimed(asked()), await kept.claimed(asked(channel_id=NEW))
    await move(kept)
    first = await kept.queue.record_reply(await kept.queue.write_intent(first), "5.5", None)
    await kept.queue.finish(first, Outcome.TRANSCRIBED)
    with pytest.raises(Forgotten):
        await kept.queue.write_intent(second)


async def test_other_channels_stay(kept: Kept) -> None:
    others = [asked(channel_id="C9"), asked(team_id="T2"), asked(audience=SUBSCRIBERS, channel_id="C11")]
    await kept.requests.accept(others)
    await kept.requests.remove_message("T2", OLD, "2.0", thread_ts="2.0")
    await move(kept)
    assert {(await kept.claimed()).key for _ in others} == {request.key for request in others}
    removal = await kept.removals.claim_removal()
    assert removal is not None
    assert (removal.team_id, removal.channel_id) == ("T2", OLD)
