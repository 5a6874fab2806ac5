"""Replies to a recording that is gone: Slack posts them at the top level, where none may stay."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.errors import Outage, Refusal, ThreadGone, Unavailable
from bot.model import Job
from bot.playground.slack_lookalike.faults import Answer, Drop, SlackError
from bot.reply import Broken, ConsentRequest, Growing, Refused, Reply, Waiting
from tests.slack.replies.test_delete import bots, job_for, removal_of
from tests.slack.scene import HELLO, LONG, NOTHING, Scene

REPLIES: list[Reply] = [
    HELLO,
    LONG,
    Refused(Refusal.EMPTY),
    Waiting(Outage.SLACK),
    Growing(HELLO, 1, 2),
    ConsentRequest(1_920.0, 0.07),
    Broken("F1"),
]


def known(scene: Scene, **changes: Any) -> Any:
    """The removal of the scene's job, which had set out to post."""
    return removal_of(
        scene.job, file_id=None, keys=(scene.job.key,), posts_since=scene.job.intent_at, **changes
    )


async def unthreaded(scene: Scene, reply: Reply, job: Job | None = None) -> None:
    """Slack posts a reply outside its thread, and the process dies before it looks at the answer."""
    scene.slack.state.messages.pop((scene.channel.id, scene.head.ts), None)
    scene.slack.faults.add("chat.postMessage", Drop(after_acting=True))
    scene.slack.faults.add("files.info", Drop(), times=None)
    scene.slack.faults.add("chat.delete", Drop(), times=None)
    with pytest.raises(Unavailable):
        await scene.replies.publish(job or scene.job, reply, NOTHING)
    scene.slack.faults.clear()


@pytest.mark.parametrize("reply", REPLIES, ids=lambda reply: type(reply).__name__)
async def test_what_slack_posts_outside_its_thread_is_deleted_at_once(scene: Scene, reply: Reply) -> None:
    scene.slack.state.delete_message(scene.head)

    with pytest.raises(ThreadGone):
        await scene.replies.publish(scene.job, reply, NOTHING)

    assert bots(scene) == []
    assert all(file.deleted for file in scene.slack.state.files.values())


async def test_so_is_a_share_that_comes_late(scene: Scene) -> None:
    scene.channel.looks_before_shares = 2
    scene.slack.state.delete_message(scene.head)

    with pytest.raises(ThreadGone):
        await scene.replies.publish(scene.job, LONG, NOTHING)

    assert bots(scene) == []


@pytest.mark.parametrize("nth", [1, 3])
async def test_so_is_each_piece(scene: Scene, nth: int) -> None:
    scene.slack.faults.add("files.getUploadURLExternal", SlackError("restricted_action"), times=None)
    scene.slack.faults.add("chat.postMessage", Drop(), nth=nth)
    with pytest.raises(Unavailable):
        await scene.replies.publish(scene.job, LONG, NOTHING)
    for message in (*bots(scene), scene.head):
        scene.slack.state.delete_message(message)
    scene.slack.state.messages.clear()

    with pytest.raises(ThreadGone):
        await scene.replies.publish(scene.job, LONG, NOTHING)

    assert bots(scene) == []


async def test_a_tombstone_has_a_thread(scene: Scene) -> None:
    scene.slack.state.post_as_user(scene.channel.id, scene.head.user, "what?", thread_ts=scene.head.ts)
    scene.slack.state.delete_message(scene.head)

    for reply in (HELLO, LONG):
        await scene.replies.publish(scene.job, reply, NOTHING)

    assert {message.thread_ts for message in bots(scene)} == {scene.head.ts}


async def test_a_file_whose_record_names_no_thread_stays(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    find = scene.replies._posting._uploads._find_share

    async def find_share(file_id: str, channel_id: str) -> Any:
        share = await find(file_id, channel_id)
        return share and share.model_copy(update={"thread_ts": ""})

    monkeypatch.setattr(scene.replies._posting._uploads, "_find_share", find_share)

    await scene.replies.publish(scene.job, LONG, NOTHING)

    assert (len(scene.shared()), len(scene.said())) == (1, 1)


@pytest.mark.parametrize("reply", [HELLO, LONG])
async def test_one_that_could_not_be_deleted_now_is_still_told(scene: Scene, reply: Reply) -> None:
    scene.slack.state.delete_message(scene.head)
    scene.slack.faults.add("chat.delete", Answer(500))

    with pytest.raises(ThreadGone):
        await scene.replies.publish(scene.job, reply, NOTHING)
    assert len(bots(scene)) == 1

    await scene.replies.delete_replies(known(scene))
    assert bots(scene) == []


@pytest.mark.parametrize("reply", [HELLO, LONG])
async def test_after_a_crash_the_look_up_tells_and_the_removal_deletes(scene: Scene, reply: Reply) -> None:
    await unthreaded(scene, reply)
    assert [message.thread_ts for message in bots(scene)] == [None]

    with pytest.raises(ThreadGone):
        await scene.found()
    await scene.replies.delete_replies(known(scene))

    assert bots(scene) == []


@pytest.mark.parametrize("name", ["Weekly sync.txt", "transcript-F024CLIP1.txt"])
async def test_so_they_do_of_files_alone(scene: Scene, name: str) -> None:
    state = scene.slack.state
    file = state.add_file(b"Words.", name, user=state.workspace.bot_user_id)
    state.post_as_user(scene.channel.id, file.user, files=[file], bot_id=state.workspace.bot_id)
    state.messages.pop((scene.channel.id, scene.head.ts))

    await scene.replies.delete_replies(known(scene))

    assert bots(scene) == []
    assert file.deleted


async def test_a_removal_deletes_the_replies_that_jobs_know(scene: Scene) -> None:
    await unthreaded(scene, HELLO)
    (message,) = bots(scene)

    await scene.replies.delete_replies(removal_of(scene.job, replies=((scene.job.key, message.ts),)))

    assert bots(scene) == []
    assert scene.calls("conversations.history") == [], "nothing else was ever posted"


@pytest.mark.parametrize("code", ["not_in_channel", "missing_scope_of_tomorrow"])
async def test_also_where_the_thread_cannot_be_read(scene: Scene, code: str) -> None:
    await scene.replies.publish(scene.job, HELLO, NOTHING)
    (message,) = bots(scene)
    if code == "not_in_channel":
        scene.slack.faults.add("conversations.replies", SlackError(code))
        await scene.replies.delete_replies(removal_of(scene.job, replies=((scene.job.key, message.ts),)))
        assert bots(scene) == []
    else:
        scene.slack.faults.add("conversations.replies", SlackError(code))
        with pytest.raises(Unavailable):
            await scene.replies.delete_replies(removal_of(scene.job))


async def test_a_known_reply_that_goes_alone_leaves_the_others(scene: Scene) -> None:
    other = job_for(scene, "F024OTHER")
    kept = await scene.replies.publish(other, HELLO, NOTHING)
    gone = await scene.replies.publish(scene.job, HELLO, NOTHING)
    replies = ((scene.job.key, gone), (other.key, kept))

    await scene.replies.delete_replies(removal_of(scene.job, replies=replies))

    assert [message.ts for message in bots(scene)] == [kept]


async def test_a_known_direct_message_goes(scene: Scene) -> None:
    job = job_for(scene, audience=scene.head.user)
    ts = await scene.replies.publish(job, HELLO, NOTHING)
    scene.slack.faults.add("conversations.history", SlackError("not_in_channel"))

    await scene.replies.delete_replies(removal_of(job, keys=(job.key,), replies=((job.key, ts),)))

    assert bots(scene) == []


async def test_at_the_top_level_nothing_else_is_touched(scene: Scene) -> None:
    state, other = scene.slack.state, job_for(scene, "F024OTHER")
    await unthreaded(scene, HELLO)
    await unthreaded(scene, LONG)
    await unthreaded(scene, HELLO, other)
    older = next(message for message in bots(scene) if not message.files)
    (kept,) = (message for message in bots(scene) if "F024OTHER" in str(message.metadata))
    theirs = state.post_as_user(scene.channel.id, scene.head.user, "mine")
    theirs.metadata = older.metadata
    forged = state.add_file(b"x", "transcript-F024CLIP1.txt", user=scene.head.user)
    shared = state.post_as_user(scene.channel.id, scene.head.user, files=[forged])
    emptied = state.add_file(b"x", "x.txt", user="U0ANOTHER01")
    of_another_app = state.post_as_user(
        scene.channel.id, "U0ANOTHER01", files=[emptied], bot_id="B0ANOTHER01"
    )
    state.delete_file(emptied)

    await scene.replies.delete_replies(
        removal_of(scene.job, keys=(scene.job.key,), posts_since=scene.job.intent_at)
    )

    left = {message.ts for message in state.messages.values()}
    assert left == {kept.ts, theirs.ts, shared.ts, of_another_app.ts}


async def test_the_channel_is_searched_since_the_intent_alone(scene: Scene) -> None:
    await unthreaded(scene, HELLO)
    later = datetime.now(UTC) + timedelta(minutes=6)

    await scene.replies.delete_replies(replace(known(scene), posts_since=later))

    assert len(bots(scene)) == 1


async def test_leftovers_in_a_thread_are_the_bots_own(scene: Scene) -> None:
    state = scene.slack.state
    emptied = state.add_file(b"x", "x.txt", user="U0ANOTHER01")
    theirs = state.post_as_user(
        scene.channel.id, "U0ANOTHER01", files=[emptied], bot_id="B0ANOTHER01", thread_ts=scene.head.ts
    )
    state.delete_file(emptied)

    assert await scene.replies.find(replace(scene.job, revision=1)) == NOTHING
    await scene.replies.delete_replies(removal_of(scene.job))

    assert not [call for call in scene.calls("chat.delete") if call["ts"] == theirs.ts]
