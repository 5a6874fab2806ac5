"""What people delete: jobs end, and what they have said is to go from Slack."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.errors import Forgotten
from bot.model import SUBSCRIBERS, JobState, Outcome, Removal
from bot.ports.store import RequestOutcome
from tests.contracts.kept import SOON_S, Kept, asked, part

READERS = ("thread", SUBSCRIBERS, "U7")


async def taken(kept: Kept) -> Removal:
    removal = await kept.removals.claim_removal()
    assert removal is not None
    return removal


@pytest.mark.parametrize("state", JobState)
async def test_whatever_a_job_is_doing_it_ends(kept: Kept, state: JobState) -> None:
    job = await kept.brought(state)
    await kept.requests.remove_message("T1", "C1", "1.0", thread_ts="0.5")
    assert await kept.working() == 0
    assert await kept.queue.parts(job) == []
    removal = await taken(kept)
    assert (removal.keys, removal.thread_ts, removal.attempt) == ((asked().key,), "0.5", 0)
    await kept.removals.removed(removal)
    assert await kept.queue.claim() is None
    assert await kept.queue.release_parked() == 0
    assert not await kept.requests.consent(asked().key)
    assert not await kept.requests.fill_gaps(str(asked().key))
    assert await kept.requests.accept([asked()]) == 0, "Slack may deliver the event again"


async def test_who_still_runs_it_changes_nothing_any_more(kept: Kept) -> None:
    job = await kept.claimed(asked())
    await kept.requests.remove_message("T1", "C1", "1.0", thread_ts="0.5")
    await kept.queue.keep(job, part(0), billed_s=120.0)
    with pytest.raises(Forgotten):
        await kept.queue.write_intent(job)
    await kept.queue.record_reply(job, "5.5", None)
    await kept.queue.retry_at(job, kept.time.now())
    await kept.queue.park(job)
    await kept.queue.hold(job)
    await kept.queue.finish(job, Outcome.TRANSCRIBED, copies=["U7"])
    await kept.removals.removed(await taken(kept))
    assert await kept.working() == 0
    assert await kept.queue.parts(job) == []
    assert (await kept.ledger.used("T1", kept.time.now())).clips == 0
    assert await kept.requests.ask([asked()]) == [RequestOutcome.ACCEPTED]
    assert (await kept.claimed()).reply_ts is None


@pytest.mark.parametrize("state", JobState)
async def test_a_thread_that_is_gone_ends_every_job_of_its_message(kept: Kept, state: JobState) -> None:
    private = await kept.claimed(asked(audience="U7"))
    await kept.brought(state)
    await kept.requests.accept([asked("F2"), asked(message_ts="2.0")])
    await kept.queue.withdraw(private)
    assert await kept.working() == 1
    removal = await taken(kept)
    assert (removal.message_ts, removal.thread_ts) == ("1.0", "0.5")
    assert (removal.file_id, removal.audience) == (None, None)
    assert set(removal.keys) == {asked().key, asked("F2").key, private.key}
    await kept.queue.retry_at(private, kept.time.now())
    await kept.removals.removed(removal)
    assert (await kept.claimed()).key.message_ts == "2.0"
    assert await kept.queue.claim() is None


async def test_whoever_waits_for_removals_hears_of_it(kept: Kept) -> None:
    job = await kept.claimed(asked())
    async with kept.waiting(kept.removals.wait_for_removal()):
        await kept.queue.withdraw(job)


async def test_the_replies_that_jobs_know_are_named(kept: Kept) -> None:
    job = await kept.ended(asked())
    await kept.requests.accept([asked("F2")])
    await kept.requests.remove_message("T1", "C1", "1.0", thread_ts="0.5")
    assert (await taken(kept)).replies == ((job.key, "5.5"),)


async def test_a_post_that_nobody_noted_is_looked_for_since_its_intent(kept: Kept) -> None:
    noted = await kept.claimed(asked())
    await kept.queue.record_reply(await kept.queue.write_intent(noted), "5.5", None)
    await kept.pass_by(60)
    unnoted = await kept.queue.write_intent(await kept.claimed(asked("F2")))
    await kept.pass_by(60)
    private = await kept.queue.write_intent(await kept.claimed(asked("F3", audience="U7")))
    await kept.requests.remove_message("T1", "C1", "1.0", thread_ts="0.5", file_id="F2")
    assert (await taken(kept)).posts_since == unnoted.intent_at
    await kept.requests.remove_reply(private.key, thread_ts="0.5")
    assert (await taken(kept)).posts_since is None, "nobody posts it in a thread"


async def test_a_post_of_a_job_that_just_ran_is_looked_for_too(kept: Kept) -> None:
    job = await kept.ended(asked())
    await kept.pass_by(3_600)
    await kept.requests.remove_reply(job.key, thread_ts="0.5")
    assert (await taken(kept)).posts_since == kept.time.now()


async def test_a_reply_that_somebody_points_at_is_named(kept: Kept) -> None:
    job = await kept.ended(asked())
    forgotten = asked("F9").key
    for key, reply_ts in ((job.key, "7.7"), (forgotten, "9.9")):
        await kept.requests.remove_reply(key, thread_ts="0.5", reply_ts=reply_ts)
        assert (await taken(kept)).replies == ((key, reply_ts),)
    assert await kept.working() == 0
    assert await kept.requests.accept([asked("F9")]) == 0, "its words were deleted"


async def test_a_message_that_is_only_named_takes_what_jobs_know(kept: Kept) -> None:
    await kept.requests.accept([asked(audience=reader) for reader in READERS])
    assert not await kept.requests.remove_message("T1", "C1", "2.0", thread_ts=None)
    assert not await kept.requests.remove_message("T1", "C1", "1.0", thread_ts=None, file_id="F2")
    assert await kept.removals.claim_removal() is None
    assert await kept.requests.remove_message("T1", "C1", "1.0", thread_ts=None, file_id="F1")
    removal = await taken(kept)
    assert (removal.message_ts, removal.thread_ts, removal.file_id) == ("1.0", "0.5", "F1")
    assert await kept.working() == 0
    await kept.removals.removed(removal)
    assert not await kept.requests.remove_message("T1", "C1", "1.0", thread_ts=None), "all of it is gone"
    assert await kept.removals.claim_removal() is None


async def test_a_message_takes_all_its_files_and_readers_along(kept: Kept) -> None:
    going = [asked(file_id, audience=reader) for file_id in ("F1", "F2") for reader in READERS]
    staying = [asked(message_ts="2.0"), asked(channel_id="C2"), asked(team_id="T2")]
    await kept.requests.accept([*going, *staying])
    await kept.requests.remove_message("T1", "C1", "1.0", thread_ts="0.5")
    assert await kept.working() == len(staying)
    removal = await taken(kept)
    assert set(removal.keys) == {request.key for request in going}
    assert all(removal.covers(key) for key in removal.keys)
    assert await kept.removals.claim_removal() is None


async def test_one_file_of_a_message_goes_alone(kept: Kept) -> None:
    await kept.requests.accept(
        [asked(file_id, audience=reader) for file_id in ("F1", "F2") for reader in READERS]
    )
    await kept.requests.remove_message("T1", "C1", "1.0", thread_ts="0.5", file_id="F2")
    removal = await taken(kept)
    assert (removal.file_id, removal.audience) == ("F2", None)
    assert set(removal.keys) == {asked("F2", audience=reader).key for reader in READERS}
    assert await kept.working() == 3


@pytest.mark.parametrize("reader", READERS)
async def test_a_reply_goes_alone(kept: Kept, reader: str) -> None:
    await kept.requests.accept(
        [asked(file_id, audience=reader) for file_id in ("F1", "F2") for reader in READERS]
    )
    await kept.requests.remove_reply(asked(audience=reader).key, thread_ts="0.5")
    removal = await taken(kept)
    assert (removal.file_id, removal.audience, removal.thread_ts) == ("F1", reader, "0.5")
    assert removal.keys == (asked(audience=reader).key,)
    assert await kept.working() == 5


async def test_a_file_goes_wherever_it_was_shared(kept: Kept) -> None:
    await kept.requests.accept(
        [
            *(asked(audience=reader) for reader in READERS),
            *(
                asked("F2"),
                asked(message_ts="2.0", thread_ts="2.0"),
                asked(channel_id="C2"),
                asked(team_id="T2"),
            ),
        ]
    )
    assert await kept.requests.remove_file("T1", "F1") == 3
    assert await kept.working() == 2
    removals = [await taken(kept) for _ in range(3)]
    assert await kept.removals.claim_removal() is None
    assert {(removal.channel_id, removal.message_ts, removal.thread_ts) for removal in removals} == {
        ("C1", "1.0", "0.5"),
        ("C1", "2.0", "2.0"),
        ("C2", "1.0", "0.5"),
    }
    assert {(removal.file_id, removal.audience) for removal in removals} == {("F1", None)}


@pytest.mark.parametrize("file_id", ["", "F", "F%", "F_", "%", "F1:thread", "F9"])
async def test_a_file_that_nobody_knows_takes_nothing_along(kept: Kept, file_id: str) -> None:
    await kept.requests.accept([asked()])
    assert await kept.requests.remove_file("T1", file_id) == 0
    assert await kept.removals.claim_removal() is None
    assert await kept.working() == 1


async def test_what_is_not_known_may_have_left_its_trace(kept: Kept) -> None:
    await kept.requests.remove_message("T1", "C1", "1.0", thread_ts="0.5")
    assert (await taken(kept)).keys == ()


async def test_the_same_target_is_removed_once(kept: Kept) -> None:
    await kept.requests.accept([asked()])
    for _ in range(3):
        await kept.requests.remove_message("T1", "C1", "1.0", thread_ts="0.5")
        await kept.requests.remove_file("T1", "F1")
    removals = [await taken(kept) for _ in range(2)]
    assert {removal.file_id for removal in removals} == {None, "F1"}
    assert await kept.removals.claim_removal() is None


async def test_a_removal_comes_back_when_it_is_due_and_older(kept: Kept) -> None:
    await kept.requests.remove_message("T1", "C1", "1.0", thread_ts="0.5")
    removal = await taken(kept)
    await kept.removals.remove_later(removal, kept.time.now() + timedelta(seconds=60))
    await kept.pass_by(59)
    assert await kept.removals.claim_removal() is None
    await kept.pass_by(2)
    again = await taken(kept)
    assert (again.id, again.attempt) == (removal.id, 1)
    await kept.removals.removed(again)
    await kept.removals.remove_later(again, kept.time.now())
    assert await kept.removals.claim_removal() is None, "what is done is done"


async def test_who_has_been_due_for_longest_goes_first(kept: Kept) -> None:
    for message_ts in ("1.0", "2.0"):
        await kept.requests.remove_message("T1", "C1", message_ts, thread_ts="0.5")
        await kept.pass_by(1)
    first = await taken(kept)
    assert first.message_ts == "1.0"
    await kept.removals.remove_later(first, kept.time.now())
    assert [(await taken(kept)).message_ts for _ in range(2)] == ["2.0", "1.0"]


async def test_removals_are_heard_of_when_they_come(kept: Kept) -> None:
    await kept.requests.accept([asked()])
    async with kept.waiting(kept.removals.wait_for_removal()):
        await kept.requests.remove_message("T1", "C1", "2.0", thread_ts="2.0")
    removal = await taken(kept)
    async with kept.waiting(kept.removals.wait_for_removal()):
        await kept.requests.remove_file("T1", "F1")
    await taken(kept)
    async with kept.waiting(kept.removals.wait_for_removal()):
        await kept.requests.remove_reply(asked("F3").key, thread_ts="0.5")
    await taken(kept)
    async with kept.waiting(kept.removals.wait_for_removal()):
        await kept.removals.remove_later(removal, kept.time.now() + timedelta(seconds=3 * SOON_S))
        await kept.pass_by(3 * SOON_S)


async def test_who_asks_again_does_not_lose_the_new_words_with_the_old(kept: Kept) -> None:
    job = await kept.ended(asked())
    await kept.ended(asked("F2"))
    await kept.requests.remove_reply(job.key, thread_ts="0.5")
    assert await kept.requests.ask([asked()]) == [RequestOutcome.ACCEPTED]
    assert await kept.queue.claim() is None, "the old words are still there"
    removal = await taken(kept)
    assert removal.replies == ((job.key, "5.5"),), "whoever asks does not make it unknown"
    assert await kept.queue.claim() is None, "they are just going"
    await kept.removals.remove_later(removal, kept.time.now())
    removal = await taken(kept)
    async with kept.waiting(kept.queue.wait_for_work()):
        await kept.removals.removed(removal)
    again = await kept.claimed()
    assert (again.key, again.revision) == (job.key, 1)
    assert (again.reply_ts, again.intent_at) == (None, None), "a new reply, as if there had been none"


async def test_a_removal_stops_nobody_else(kept: Kept) -> None:
    await kept.requests.remove_reply(asked().key, thread_ts="0.5")
    others = [
        asked("F2"),
        asked(audience="U7"),
        asked(message_ts="2.0"),
        asked(channel_id="C2"),
        asked(team_id="T2"),
    ]
    await kept.requests.accept([asked(), *others])
    assert {(await kept.claimed()).key for _ in others} == {request.key for request in others}
    assert await kept.queue.claim() is None


async def test_keys_of_what_is_withdrawn_are_forgotten_like_any_other(kept: Kept) -> None:
    await kept.requests.accept([asked()])
    await kept.requests.remove_message("T1", "C1", "1.0", thread_ts="0.5")
    await kept.removals.removed(await taken(kept))
    await kept.pass_by(9 * 86_400)
    assert await kept.queue.sweep() == 1
