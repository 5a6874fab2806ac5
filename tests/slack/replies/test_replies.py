from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot import sentences
from bot.errors import (
    Misconfiguration,
    Misconfigured,
    Outage,
    Refusal,
    Rejected,
    Unavailable,
)
from bot.playground.slack_lookalike.faults import Answer, Drop, SlackError
from bot.playground.slack_lookalike.records import Status
from bot.reply import Refused, ReplyState, ThreadLookup, Waiting
from bot.slack.client.identity import SCOPES, SCOPES_OF_JOBS, identify
from bot.slack.replies.metadata import EVENT_TYPE
from bot.transcript.documents import plain_text
from bot.translations import ENGLISH, Reader
from tests.slack import payloads
from tests.slack.scene import HELLO, LONG, NOTHING, Scene, text_in

WRITES = ["chat.postMessage", "chat.update", "assistant.threads.setStatus"]


async def test_a_reply_is_posted_once_as_plain_characters(scene: Scene) -> None:
    ts = await scene.replies.publish(scene.job, HELLO, NOTHING)

    (reply,) = scene.said()
    assert (reply.ts, reply.thread_ts) == (ts, scene.head.ts)
    assert text_in(reply) == plain_text(ENGLISH, HELLO)
    assert reply.text == "Hello &lt;!channel&gt;, *everybody*."
    assert reply.metadata == {
        "event_type": EVENT_TYPE,
        "event_payload": {"key": str(scene.job.key), "state": "transcribed", "revision": 0},
    }
    assert reply.options == {
        "unfurl_links": False,
        "unfurl_media": False,
        "link_names": False,
        "parse": "none",
        "mrkdwn": False,
    }


async def test_a_notice_becomes_the_reply(scene: Scene) -> None:
    notice = await scene.replies.publish(scene.job, Waiting(Outage.RECOGNISER), NOTHING)
    assert await scene.found() == ThreadLookup(notice, ReplyState.WAITING)

    ts = await scene.replies.publish(scene.job, HELLO, await scene.found())

    (reply,) = scene.said()
    assert ts == notice == reply.ts
    assert text_in(reply) == plain_text(ENGLISH, HELLO)
    assert (reply.options["parse"], reply.options["link_names"]) == ("none", False)
    assert await scene.found() == ThreadLookup(ts, ReplyState.TRANSCRIBED)


async def test_the_recorded_reply_is_edited_without_looking(scene: Scene) -> None:
    notice = await scene.replies.publish(scene.job, Waiting(Outage.SLACK), NOTHING)

    await scene.replies.publish(replace(scene.job, reply_ts=notice), Refused(Refusal.EMPTY), NOTHING)

    assert [text_in(reply) for reply in scene.said()] == [sentences.refusal(ENGLISH, Refusal.EMPTY)]
    assert scene.calls("conversations.replies") == []


async def test_a_reply_that_somebody_deleted_is_posted_anew(scene: Scene) -> None:
    notice = await scene.replies.publish(scene.job, Waiting(Outage.SLACK), NOTHING)
    scene.slack.state.delete_message(scene.said()[0])

    ts = await scene.replies.publish(replace(scene.job, reply_ts=notice), HELLO, NOTHING)

    assert ts != notice
    assert [reply.ts for reply in scene.said()] == [ts]


@pytest.mark.parametrize("code", ["cant_update_message", "edit_window_closed"])
async def test_a_reply_that_cannot_be_edited_is_posted_anew(scene: Scene, code: str) -> None:
    notice = await scene.replies.publish(scene.job, Waiting(Outage.SLACK), NOTHING)
    scene.slack.faults.add("chat.update", SlackError(code))

    ts = await scene.replies.publish(replace(scene.job, reply_ts=notice), HELLO, NOTHING)

    assert [reply.ts for reply in scene.said()] == [notice, ts]


async def test_a_reply_is_found_beyond_the_first_page_by_its_own_key(scene: Scene) -> None:
    other = payloads.job(
        payloads.request(
            channel_id=scene.channel.id, ts=scene.head.ts, file=payloads.shared_file(id="F024OTHER")
        )
    )
    for number in range(210):
        scene.slack.state.post_as_user(
            scene.channel.id, scene.head.user, f"reply {number}", thread_ts=scene.head.ts
        )
    assert await scene.found() == NOTHING
    other_ts = await scene.replies.publish(other, Refused(Refusal.EMPTY), NOTHING)
    ts = await scene.replies.publish(scene.job, HELLO, NOTHING)

    assert await scene.found() == ThreadLookup(ts, ReplyState.TRANSCRIBED)
    assert await scene.replies.find(other) == ThreadLookup(other_ts, ReplyState.REFUSED)
    assert all(call["limit"] == "200" for call in scene.calls("conversations.replies"))
    assert len(scene.calls("conversations.replies")) == 6


@pytest.mark.parametrize("off", [timedelta(days=-1), timedelta(minutes=6), timedelta(days=1)])
async def test_a_reply_is_found_whatever_this_machines_clock_said(scene: Scene, off: timedelta) -> None:
    ts = await scene.replies.publish(scene.job, HELLO, NOTHING)
    now = datetime.now(UTC)

    intent = replace(scene.job, intent_at=now + off)
    without = replace(scene.job, intent_at=None, accepted_at=now + off)

    assert (await scene.replies.find(intent)).ts == ts
    assert (await scene.replies.find(without)).ts == ts


async def test_files_that_somebody_else_shares_are_not_the_replys(scene: Scene) -> None:
    state = scene.slack.state
    file = state.add_file(b"x", "transcript-F024CLIP1.txt", user=scene.head.user)
    state.post_as_user(scene.channel.id, scene.head.user, files=[file], thread_ts=scene.head.ts)

    assert await scene.found() == NOTHING


async def test_what_another_app_says_of_the_recording_is_not_the_reply(scene: Scene) -> None:
    await scene.replies.publish(scene.job, HELLO, NOTHING)
    (reply,) = scene.said()
    reply.bot_id, reply.user = "B0ANOTHER01", "U0ANOTHER01"

    assert await scene.found() == NOTHING


@pytest.mark.parametrize(
    "metadata",
    [
        None,
        {},
        {"event_type": "somebody_elses", "event_payload": {"key": "KEY", "state": "transcribed"}},
        {"event_type": EVENT_TYPE, "event_payload": {}},
    ],
)
async def test_what_others_post_is_not_the_reply(scene: Scene, metadata: dict[str, Any] | None) -> None:
    foreign = scene.slack.state.post_as_user(scene.channel.id, scene.head.user, "x", thread_ts=scene.head.ts)
    foreign.metadata = json.loads(json.dumps(metadata).replace("KEY", str(scene.job.key)))

    assert await scene.found() == NOTHING


async def test_a_state_of_a_later_version_counts_as_under_way(scene: Scene) -> None:
    ts = await scene.replies.publish(scene.job, HELLO, NOTHING)
    metadata = scene.said()[0].metadata
    assert metadata is not None
    metadata["event_payload"]["state"] = "from the future"

    assert await scene.found() == ThreadLookup(ts, ReplyState.WAITING)


async def test_a_post_whose_answer_is_lost_is_found_and_not_repeated(scene: Scene) -> None:
    scene.slack.faults.add("chat.postMessage", Drop(after_acting=True))
    with pytest.raises(Unavailable, match=Outage.SLACK):
        await scene.replies.publish(scene.job, HELLO, NOTHING)
    assert len(scene.calls("chat.postMessage")) == 1

    found = await scene.found()

    assert found.state is ReplyState.TRANSCRIBED
    assert [reply.ts for reply in scene.said()] == [found.ts]


async def test_a_post_that_never_arrived_is_not_found(scene: Scene) -> None:
    scene.slack.faults.add("chat.postMessage", Drop())
    with pytest.raises(Unavailable, match=Outage.SLACK):
        await scene.replies.publish(scene.job, HELLO, NOTHING)

    assert len(scene.calls("chat.postMessage")) == 1
    assert await scene.found() == NOTHING


@pytest.mark.parametrize("method", WRITES)
@pytest.mark.parametrize("fault", [Drop(), Drop(after_acting=True), Answer(500), Answer(502, html=True)])
async def test_no_call_that_may_have_acted_is_repeated(
    scene: Scene, method: str, fault: Drop | Answer
) -> None:
    notice = await scene.replies.publish(scene.job, Waiting(Outage.SLACK), NOTHING)
    before = len(scene.calls(method))
    scene.slack.faults.add(method, fault)

    if method == "assistant.threads.setStatus":
        await scene.replies.show_working(scene.job.request)
    else:
        found = NOTHING if method == "chat.postMessage" else replace(NOTHING, ts=notice)
        with pytest.raises(Unavailable, match=Outage.SLACK):
            await scene.replies.publish(scene.job, LONG, found)

    assert len(scene.calls(method)) - before == 1


async def test_what_slack_put_off_is_said_when_it_may_be(scene: Scene) -> None:
    scene.slack.faults.add("chat.postMessage", Answer(429, retry_after_s=0))

    await scene.replies.publish(scene.job, HELLO, NOTHING)

    assert len(scene.said()) == 1
    assert len(scene.calls("chat.postMessage")) == 2


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("channel_not_found", Refusal.GONE),
        ("thread_not_found", Refusal.GONE),
        ("not_in_channel", Refusal.FORBIDDEN),
        ("is_archived", Refusal.FORBIDDEN),
        ("restricted_action", Refusal.FORBIDDEN),
    ],
)
async def test_a_thread_that_is_closed_ends_the_matter(scene: Scene, code: str, reason: Refusal) -> None:
    for method in ("chat.postMessage", "conversations.replies"):
        scene.slack.faults.add(method, SlackError(code))

    with pytest.raises(Rejected, match=reason):
        await scene.replies.publish(scene.job, HELLO, NOTHING)
    with pytest.raises(Rejected, match=reason):
        await scene.found()


async def test_a_search_that_slack_does_not_answer_is_an_outage(scene: Scene) -> None:
    scene.slack.faults.add("conversations.replies", Answer(200, html=True))

    with pytest.raises(Unavailable, match=Outage.SLACK):
        await scene.found()


async def test_a_scope_that_is_missing_is_the_operators(scene: Scene) -> None:
    scene.slack.state.workspace.scopes -= {"chat:write", "files:write", "channels:history"}

    for ask in (
        scene.replies.publish(scene.job, HELLO, NOTHING),
        scene.replies.publish(scene.job, LONG, NOTHING),
        scene.found(),
        scene.replies.verify(),
    ):
        with pytest.raises(Misconfigured, match=Misconfiguration.SLACK_SCOPE):
            await ask


async def test_a_thread_is_answered_in_the_language_of_threads(scene: Scene) -> None:
    replies = scene.speaking(Reader.of("de-DE"))

    await replies.show_working(scene.job.request, 2, 12)
    assert scene.slack.state.status(scene.channel.id, scene.head.ts) == "transkribiert Teil 3 von 12 …"
    await replies.publish(scene.job, HELLO, NOTHING)

    (reply,) = scene.said()
    facts, menu = reply.blocks[-2:]
    assert facts["elements"][0]["text"] == "Englisch · 0:11"
    assert menu["elements"][0]["options"][1]["text"]["text"] == "Erneut transkribieren"
    assert scene.calls("users.info") == []


async def test_a_sign_of_work_shows_until_the_reply(scene: Scene) -> None:
    def shown() -> str:
        return scene.slack.state.status(scene.channel.id, scene.head.ts)

    await scene.replies.show_working(scene.job.request)
    assert shown() == sentences.working(ENGLISH, 0, None)
    await scene.replies.publish(scene.job, HELLO, NOTHING)
    assert shown() == ""

    await scene.replies.show_working(scene.job.request)
    await scene.replies.clear_working(scene.job.request)
    assert shown() == ""
    assert isinstance(scene.slack.state.status_log[-1], Status)


@pytest.mark.parametrize(
    "fault", [SlackError("not_allowed"), SlackError("missing_scope"), Answer(200, html=True), Drop()]
)
async def test_a_sign_of_work_that_is_refused_is_nobodys_trouble(
    scene: Scene, fault: SlackError | Answer | Drop
) -> None:
    scene.slack.faults.add("assistant.threads.setStatus", fault, times=None)

    await scene.replies.show_working(scene.job.request)
    await scene.replies.clear_working(scene.job.request)

    assert len(scene.calls("assistant.threads.setStatus")) == 2
    assert scene.slack.state.status_log == []


async def test_verification_passes_with_the_scopes_of_the_manifest(scene: Scene) -> None:
    scene.slack.state.workspace.scopes = set(SCOPES)

    await scene.replies.verify()


@pytest.mark.parametrize("scope", sorted(SCOPES - SCOPES_OF_JOBS))
async def test_verification_passes_without_a_scope_that_no_job_needs(scene: Scene, scope: str) -> None:
    scene.slack.state.workspace.scopes = set(SCOPES - {scope})

    await scene.replies.verify()

    assert (await identify(scene.replies._api)).missing_scopes == {scope}


@pytest.mark.parametrize("scope", sorted(SCOPES_OF_JOBS))
async def test_verification_names_each_scope_that_is_missing(scene: Scene, scope: str) -> None:
    scene.slack.state.workspace.scopes = set(SCOPES - {scope})

    with pytest.raises(Misconfigured, match=scope) as raised:
        await scene.replies.verify()

    assert raised.value.reason is Misconfiguration.SLACK_SCOPE


async def test_verification_tells_a_wrong_token_from_an_outage(scene: Scene) -> None:
    scene.slack.state.workspace.installed = False
    with pytest.raises(Misconfigured, match=Misconfiguration.SLACK_TOKEN):
        await scene.replies.verify()

    scene.slack.faults.add("auth.test", Answer(200, html=True))
    with pytest.raises(Unavailable, match=Outage.SLACK):
        await scene.replies.verify()


async def test_the_bot_learns_who_it_is(scene: Scene) -> None:
    identity = await identify(scene.replies._api)

    workspace = scene.slack.state.workspace
    assert (identity.team_id, identity.bot_id) == (workspace.team_id, workspace.bot_id)
    assert identity.bot_user_id == workspace.bot_user_id
    assert identity.missing_scopes == frozenset()
