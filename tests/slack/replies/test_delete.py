"""What stands of a recording goes where the recording went, and nothing else does."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.errors import Misconfiguration, Misconfigured, Outage, Refusal, Unavailable
from bot.model import Job, JobKey, Removal
from bot.playground.slack_lookalike.faults import Answer, Drop, SlackError
from bot.playground.slack_lookalike.records import Message
from bot.reply import Refused, SharedTranscript
from bot.slack.incoming.messages import Message as Posted
from bot.slack.replies.metadata import EVENT_TYPE, plan_removal
from tests.slack import payloads
from tests.slack.scene import HELLO, LONG, NOTHING, Scene
from tests.transcripts import said


def removal_of(job: Job, **changes: Any) -> Removal:
    """Everything that stands of a job's recording, of which nobody remembers a job."""
    key = job.key
    whole = Removal(
        id=1,
        team_id=key.team_id,
        channel_id=key.channel_id,
        thread_ts=job.request.thread_ts,
        message_ts=key.message_ts,
        file_id=key.file_id,
        audience=None,
        attempt=0,
        keys=(),
    )
    return replace(whole, **changes)


def job_for(scene: Scene, file_id: str = "F024CLIP1", audience: str = "thread") -> Job:
    key = JobKey(payloads.TEAM, scene.channel.id, scene.head.ts, file_id, audience)
    return payloads.job(payloads.request(key=key, ts=scene.head.ts, file=payloads.shared_file(id=file_id)))


def bots(scene: Scene) -> list[Message]:
    """All that the bot has said, wherever."""
    bot_id = scene.slack.state.workspace.bot_id
    return [message for message in scene.slack.state.messages.values() if message.bot_id == bot_id]


async def test_a_reply_goes(scene: Scene) -> None:
    await scene.replies.publish(scene.job, HELLO, NOTHING)

    await scene.replies.delete_replies(removal_of(scene.job))

    assert bots(scene) == []
    assert [message.ts for message in scene.slack.state.messages.values()] == [scene.head.ts]


async def test_the_files_of_every_revision_go(scene: Scene) -> None:
    await scene.replies.publish(scene.job, LONG, NOTHING)
    scene.slack.faults.add("files.delete", SlackError("cant_delete_file"), times=3)
    scene.slack.faults.add("chat.delete", SlackError("cant_delete_message"))
    again = replace(scene.job, revision=1)
    await scene.replies.publish(again, said(f"{'and more ' * 1_000}"), await scene.replies.find(again))
    files = [file for message in scene.shared() for file in message.files]
    assert len(files) == 6

    await scene.replies.delete_replies(removal_of(scene.job))

    assert bots(scene) == []
    assert all(file.deleted for file in files)


async def test_the_pieces_of_a_reply_go(scene: Scene) -> None:
    scene.slack.faults.add("files.getUploadURLExternal", SlackError("restricted_action"), times=None)
    await scene.replies.publish(scene.job, LONG, NOTHING)
    assert len(bots(scene)) > 3

    await scene.replies.delete_replies(removal_of(scene.job))

    assert bots(scene) == []


async def test_only_the_one_recording_goes(scene: Scene) -> None:
    other = job_for(scene, "F024OTHER")
    for job in (scene.job, other):
        await scene.replies.publish(job, LONG, NOTHING)

    await scene.replies.delete_replies(removal_of(scene.job))

    ((reply,), (share,)) = scene.said(), scene.shared()
    assert share.files[0].id in str(reply.metadata)
    assert (await scene.replies.find(other)).ts == scene.said()[0].ts


async def test_with_its_message_all_of_its_recordings_go(scene: Scene) -> None:
    for job in (scene.job, job_for(scene, "F024OTHER")):
        await scene.replies.publish(job, LONG, NOTHING)
    scene.slack.state.delete_message(scene.head)

    await scene.replies.delete_replies(removal_of(scene.job, file_id=None))

    assert bots(scene) == []


async def test_what_others_say_stays(scene: Scene) -> None:
    theirs = scene.slack.state.post_as_user(
        scene.channel.id, scene.head.user, "my own", thread_ts=scene.head.ts
    )
    theirs.metadata = {"event_type": EVENT_TYPE, "event_payload": {"key": str(scene.job.key)}}

    await scene.replies.delete_replies(removal_of(scene.job))

    assert theirs.ts in {message.ts for message in scene.slack.state.messages.values()}


@pytest.mark.parametrize("known", [True, False])
async def test_answers_in_direct_messages_go_where_they_are_known(scene: Scene, *, known: bool) -> None:
    reader = scene.head.user
    job, other = (job_for(scene, file_id, reader) for file_id in ("F024CLIP1", "F024OTHER"))
    for one in (job, other):
        await scene.replies.publish(one, LONG, NOTHING)
    kept = await scene.replies.find(other)

    await scene.replies.delete_replies(removal_of(job, keys=(job.key, other.key) if known else ()))

    assert await scene.replies.find(other) == kept
    assert (await scene.replies.find(job) == NOTHING) is known
    assert len(bots(scene)) == (2 if known else 4)


async def test_one_answer_goes_and_leaves_the_thread_alone(scene: Scene) -> None:
    private = job_for(scene, audience=scene.head.user)
    await scene.replies.publish(scene.job, HELLO, NOTHING)
    await scene.replies.publish(private, HELLO, NOTHING)

    await scene.replies.delete_replies(removal_of(private, audience=scene.head.user))

    assert await scene.replies.find(private) == NOTHING
    assert len(scene.said()) == 1


async def test_the_threads_answer_goes_and_leaves_the_private_one_alone(scene: Scene) -> None:
    private = job_for(scene, audience=scene.head.user)
    await scene.replies.publish(scene.job, HELLO, NOTHING)
    ts = await scene.replies.publish(private, HELLO, NOTHING)

    await scene.replies.delete_replies(
        removal_of(scene.job, audience="thread", keys=(scene.job.key, private.key))
    )

    assert [message.ts for message in bots(scene)] == [ts]


@pytest.mark.parametrize("method", ["files.delete", "chat.delete"])
@pytest.mark.parametrize("after_acting", [False, True])
@pytest.mark.parametrize("nth", [1, 2])
async def test_a_break_in_between_is_made_good(
    scene: Scene, method: str, nth: int, *, after_acting: bool
) -> None:
    await scene.replies.publish(scene.job, LONG, NOTHING)
    scene.slack.faults.add(method, Drop(after_acting), nth=nth)
    with pytest.raises(Unavailable, match=Outage.SLACK):
        await scene.replies.delete_replies(removal_of(scene.job, file_id=None))

    await scene.replies.delete_replies(removal_of(scene.job, file_id=None))

    assert bots(scene) == []


async def test_a_thread_that_cannot_be_read_now_is_an_outage(scene: Scene) -> None:
    await scene.replies.publish(scene.job, HELLO, NOTHING)
    scene.slack.faults.add("conversations.replies", Answer(200, html=True))

    with pytest.raises(Unavailable, match=Outage.SLACK):
        await scene.replies.delete_replies(removal_of(scene.job))

    assert len(bots(scene)) == 1


async def test_doing_it_again_does_no_harm(scene: Scene) -> None:
    await scene.replies.publish(scene.job, LONG, NOTHING)

    for _ in range(2):
        await scene.replies.delete_replies(removal_of(scene.job))

    assert bots(scene) == []


@pytest.mark.parametrize("code", ["thread_not_found", "channel_not_found", "not_in_channel"])
async def test_a_thread_that_is_gone_or_closed_is_passed_over(scene: Scene, code: str) -> None:
    private = job_for(scene, audience=scene.head.user)
    await scene.replies.publish(private, HELLO, NOTHING)
    scene.slack.faults.add("conversations.replies", SlackError(code))

    await scene.replies.delete_replies(removal_of(scene.job, keys=(private.key,), attempt=9))

    assert bots(scene) == []


async def test_a_channel_that_slack_does_not_know_yet_is_waited_for(scene: Scene) -> None:
    private = job_for(scene, audience=scene.head.user)
    await scene.replies.publish(private, HELLO, NOTHING)
    scene.slack.faults.add("conversations.replies", SlackError("channel_not_found"))

    with pytest.raises(Unavailable, match="channel_not_found"):
        await scene.replies.delete_replies(removal_of(scene.job, keys=(private.key,), attempt=8))

    assert bots(scene) == [], "elsewhere nothing has to wait"


async def test_what_was_posted_before_the_channel_got_another_id_goes_too(scene: Scene) -> None:
    await scene.replies.publish(scene.job, LONG, NOTHING)
    private = job_for(scene, audience=scene.head.user)
    await scene.replies.publish(private, HELLO, NOTHING)
    scene.slack.state.rename_channel(scene.channel, "C0SHARED001")
    keys = (replace(private.key, channel_id="C0SHARED001"),)

    await scene.replies.delete_replies(replace(removal_of(scene.job), channel_id="C0SHARED001", keys=keys))

    assert bots(scene) == []


async def test_somebody_who_is_gone_is_passed_over(scene: Scene) -> None:
    bert = scene.slack.state.add_user("bert")
    scene.channel.members.append(bert.id)
    private = job_for(scene, audience=bert.id)
    await scene.replies.publish(private, HELLO, NOTHING)
    gone = replace(private.key, audience="U024AAAAA")

    await scene.replies.delete_replies(removal_of(scene.job, keys=(gone, private.key)))

    assert bots(scene) == []


@pytest.mark.parametrize("code", ["cant_delete_message", "compliance_exports_prevent_deletion"])
async def test_what_slack_does_not_let_go_stays(scene: Scene, code: str) -> None:
    await scene.replies.publish(scene.job, HELLO, NOTHING)
    scene.slack.faults.add("chat.delete", SlackError(code))

    await scene.replies.delete_replies(removal_of(scene.job))

    assert len(bots(scene)) == 1


@pytest.mark.parametrize("scope", ["channels:history", "chat:write"])
async def test_a_missing_scope_is_the_operators(scene: Scene, scope: str) -> None:
    await scene.replies.publish(scene.job, Refused(Refusal.EMPTY), NOTHING)
    scene.slack.state.workspace.scopes.discard(scope)

    with pytest.raises(Misconfigured, match=Misconfiguration.SLACK_SCOPE):
        await scene.replies.delete_replies(removal_of(scene.job))


def message_of(job: Job, ts: str, **changes: Any) -> dict[str, Any]:
    payload = {"key": str(job.key), "state": "transcribed", "revision": 0}
    return {"ts": ts, "metadata": {"event_type": EVENT_TYPE, "event_payload": payload}} | changes


def planned(messages: list[Any], removal: Removal) -> list[SharedTranscript]:
    return plan_removal([Posted.model_validate(message) for message in messages], removal)


def test_files_go_before_what_tells_of_them() -> None:
    job = payloads.job()
    share = {"ts": "2.0", "files": [{"id": "F1", "name": "transcript-F024CLIP1-v3.srt"}]}

    gone = planned([message_of(job, "1.0"), share], removal_of(job, file_id=None))

    assert [(standing.ts, standing.file_ids) for standing in gone] == [("2.0", ("F1",)), ("1.0", ())]


def test_files_that_another_reply_needs_stay() -> None:
    job = payloads.job()
    forwarded = payloads.job(payloads.request(ts="1720000001.000100"))
    share = {"ts": "2.0", "files": [{"id": "F1", "name": "transcript-F024CLIP1.txt"}]}

    gone = planned([message_of(job, "1.0"), message_of(forwarded, "3.0"), share], removal_of(job))

    assert [standing.ts for standing in gone] == ["1.0"]


def test_files_go_with_the_reply_that_tells_of_them() -> None:
    job, other = payloads.job(), payloads.job(payloads.request(file=payloads.shared_file(id="F024OTHER")))
    shares = [{"ts": f"{at}.0", "files": [{"id": f"F{at}", "name": "a.txt"}]} for at in (1, 2, 3, 4)]
    replies = [message_of(job, "5.0"), message_of(other, "6.0")]
    replies[0]["metadata"]["event_payload"] |= {"files": ["F1"], "outdated_files": ["F2"]}
    replies[1]["metadata"]["event_payload"] |= {"files": ["F3"]}

    gone = planned([*shares, *replies], removal_of(job))

    assert [standing.ts for standing in gone] == ["1.0", "2.0", "5.0"]


@pytest.mark.parametrize("name", ["Weekly sync.txt", "my transcript-F024CLIP1.txt"])
def test_files_whose_reply_somebody_has_deleted_go_with_the_last_recording(name: str) -> None:
    job, other = payloads.job(), payloads.job(payloads.request(file=payloads.shared_file(id="F024OTHER")))
    share = {"ts": "2.0", "files": [{"id": "F1", "name": name}]}

    assert planned([share, message_of(other, "3.0")], removal_of(job)) == []
    assert [standing.ts for standing in planned([share], removal_of(job))] == ["2.0"]


def test_what_an_older_version_posted_goes_too() -> None:
    job = payloads.job()
    old = message_of(job, "1.0")
    old["metadata"]["event_payload"]["key"] += ":2"
    share = {"ts": "2.0", "files": [{"id": "F1", "name": "transcript-F024CLIP1-2.txt"}]}

    assert [standing.ts for standing in planned([old, share], removal_of(job))] == ["2.0", "1.0"]


def test_what_is_left_of_files_that_are_deleted_goes() -> None:
    leftover = {"ts": "2.0", "files": [{"id": "F1", "mode": "tombstone"}]}

    assert [standing.ts for standing in planned([leftover], removal_of(payloads.job()))] == ["2.0"]


@pytest.mark.parametrize(
    "odd",
    [
        {},
        {"ts": "1.0", "metadata": None, "files": {}},
        {"ts": "1.0", "metadata": "x", "files": ["x", None]},
        {"ts": "1.0", "metadata": {"event_type": EVENT_TYPE, "event_payload": []}},
        {"ts": "1.0", "metadata": {"event_type": EVENT_TYPE, "event_payload": {"key": ["T1"]}}},
        {"ts": "1.0", "metadata": {"event_type": "other", "event_payload": {"key": str(payloads.job().key)}}},
        {"ts": "1.0", "files": [{"id": "F1", "name": "transcript-F024CLIP1.txt.exe"}]},
        {"ts": "1.0", "files": [{"id": "F1", "mode": "tombstone"}, {"id": "F2", "name": "x"}]},
    ],
)
def test_odd_messages_stay(odd: dict[str, Any]) -> None:
    assert planned([odd], removal_of(payloads.job())) == []
