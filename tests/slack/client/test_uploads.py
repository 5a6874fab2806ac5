"""Uploads that Slack does not take, takes in part, takes and does not share, or shares late."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from bot.errors import Misconfigured, Unavailable
from bot.playground.slack_lookalike.faults import Answer, Drop, Fault, SlackError
from tests.slack.scene import HELLO, LONG, LONG_TEXT, NOTHING, Scene, text_in

STEPS = ["files.getUploadURLExternal", "upload", "files.completeUploadExternal"]
COMPLETE = "files.completeUploadExternal"


def names(scene: Scene) -> list[list[str]]:
    """The files of each message that shares some, by their extensions."""
    return [[file.name.rpartition(".")[2] for file in message.files] for message in scene.shared()]


def words(scene: Scene) -> list[str]:
    return " ".join(text_in(message) for message in scene.said()).split()


def calls(scene: Scene) -> Counter[str]:
    return Counter(call.method for call in scene.slack.state.calls)


async def test_a_share_costs_one_look_and_a_short_reply_none(scene: Scene) -> None:
    await scene.replies.publish(scene.job, HELLO, NOTHING)
    assert calls(scene) == {"chat.postMessage": 1}

    await scene.replies.publish(scene.job, LONG, NOTHING)

    assert calls(scene)["files.info"] == 1
    assert calls(scene)["conversations.replies"] == 0
    assert names(scene) == [["txt", "srt", "vtt"]]


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("fault", [Drop(), Answer(500), Answer(503, html=True), Drop(after_acting=True)])
async def test_a_step_that_fails_once_is_made_good(scene: Scene, step: str, fault: Fault) -> None:
    scene.slack.faults.add(step, fault)

    await scene.replies.publish(scene.job, LONG, NOTHING)

    assert (names(scene), len(scene.said())) == ([["txt", "srt", "vtt"]], 1)
    assert len(scene.slack.state.files) == 3


async def test_a_proxys_page_is_no_answer_to_an_upload(scene: Scene) -> None:
    scene.slack.faults.add("upload", Answer(200, html=True))

    await scene.replies.publish(scene.job, LONG, NOTHING)

    assert names(scene) == [["txt", "srt", "vtt"]], "all of them, and together"


async def test_a_share_whose_answer_is_lost_is_seen_and_not_repeated(scene: Scene) -> None:
    scene.slack.faults.add(COMPLETE, Drop(after_acting=True))

    await scene.replies.publish(scene.job, LONG, NOTHING)

    assert len(scene.calls(COMPLETE)) == 1
    assert len(scene.shared()) == 1


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("fault", [Drop(), Answer(500), SlackError("internal_error")])
async def test_one_that_fails_for_ever_leaves_the_words_as_messages(
    scene: Scene, step: str, fault: Fault
) -> None:
    scene.slack.faults.add(step, fault, times=None)

    await scene.replies.publish(scene.job, LONG, NOTHING)

    assert scene.shared() == []
    assert words(scene) == LONG_TEXT.split()
    assert len(scene.calls(step)) <= 4
    assert len(scene.slack.state.uploads) <= 3, "what is not completed is not left behind by each try"


async def test_pieces_that_stand_end_the_tries_with_files(scene: Scene) -> None:
    scene.slack.faults.add(COMPLETE, SlackError("internal_error"), times=None)
    scene.slack.faults.add("chat.postMessage", Drop(), nth=3)
    with pytest.raises(Unavailable):
        await scene.replies.publish(scene.job, LONG, NOTHING)
    before = len(scene.calls("files.getUploadURLExternal"))

    await scene.replies.publish(scene.job, LONG, await scene.found())

    assert words(scene) == LONG_TEXT.split()
    assert len(scene.calls("files.getUploadURLExternal")) == before


@pytest.mark.parametrize(
    ("refused", "shared"),
    [
        ({"vtt"}, [["txt"], ["srt"]]),
        ({"srt", "vtt"}, [["txt"]]),
        ({"srt"}, [["txt"], ["vtt"]]),
    ],
)
async def test_an_extension_that_is_refused_does_not_take_the_others_along(
    scene: Scene, refused: set[str], shared: list[list[str]]
) -> None:
    scene.channel.unshareable = frozenset(refused)

    ts = await scene.replies.publish(scene.job, LONG, NOTHING)

    assert names(scene) == shared
    (reply,) = scene.said()
    assert "Weekly sync.txt" in json.dumps(reply.blocks)
    found = await scene.found()
    assert (found.ts, found.file_shared) == (ts, True)


async def test_where_not_even_the_text_is_taken_it_stands_as_messages(scene: Scene) -> None:
    scene.channel.unshareable = frozenset({"txt"})

    await scene.replies.publish(scene.job, LONG, NOTHING)

    assert scene.shared() == []
    assert words(scene) == LONG_TEXT.split()


@pytest.mark.parametrize("step", ["files.getUploadURLExternal", COMPLETE])
async def test_so_it_is_where_slack_says_why(scene: Scene, step: str) -> None:
    scene.slack.faults.add(
        step,
        SlackError("slack_connect_blocked_file_type"),
        times=None,
        when=lambda arguments: ".vtt" in json.dumps(dict(arguments)),
    )

    await scene.replies.publish(scene.job, LONG, NOTHING)

    assert sorted(name for message in names(scene) for name in message) == ["srt", "txt"]
    assert len(scene.said()) == 1


@pytest.mark.parametrize("looks", [1, 3])
async def test_a_share_that_comes_late_is_waited_for(scene: Scene, looks: int) -> None:
    scene.channel.looks_before_shares = looks

    await scene.replies.publish(scene.job, LONG, NOTHING)

    assert names(scene) == [["txt", "srt", "vtt"]]
    (share,), (reply,) = scene.shared(), scene.said()
    calls = [
        call
        for call in scene.slack.state.calls
        if call.arguments.get("thread_ts") or call.arguments.get("ts")
    ]
    pointing = [call.method for call in calls if "Weekly sync" in json.dumps(call.arguments.get("blocks"))]
    assert pointing == ["chat.update"]
    assert calls[-1].method == "chat.update", "no reply points to a file that is not there"
    assert "Weekly sync.txt" in json.dumps(reply.blocks)
    assert share.files


async def test_what_is_said_to_be_shared_and_is_not_stands_as_messages(scene: Scene) -> None:
    scene.channel.looks_before_shares = None

    await scene.replies.publish(scene.job, LONG, NOTHING)

    assert words(scene) == LONG_TEXT.split()
    assert "Weekly sync" not in json.dumps([reply.blocks[:-1] for reply in scene.said()])
    assert all(file.deleted for file in scene.slack.state.files.values()), "nor is it shared one day"
    assert len(scene.calls("files.info")) <= 6


async def test_one_that_would_come_too_late_does_not_come_at_all(scene: Scene) -> None:
    scene.channel.looks_before_shares = 50

    await scene.replies.publish(scene.job, LONG, NOTHING)

    assert words(scene) == LONG_TEXT.split()
    assert all(file.deleted for file in scene.slack.state.files.values())


async def test_a_look_that_slack_does_not_answer_is_an_outage(scene: Scene) -> None:
    scene.slack.faults.add("files.info", Answer(200, html=True))
    with pytest.raises(Unavailable):
        await scene.replies.publish(scene.job, LONG, NOTHING)
    found = await scene.found()
    assert found.file_shared, "the thread tells"

    await scene.replies.publish(scene.job, LONG, found)

    assert (len(scene.shared()), len(scene.said())) == (1, 1)


async def test_who_asks_to_wait_is_waited_for(scene: Scene) -> None:
    scene.slack.faults.add(COMPLETE, Answer(429, retry_after_s=0), times=3)

    with pytest.raises(Unavailable):
        await scene.replies.publish(scene.job, LONG, NOTHING)

    assert scene.shared() == []
    (reply,) = scene.said()
    assert "Weekly sync" not in json.dumps(reply.blocks)


async def test_a_missing_scope_is_not_tried_again(scene: Scene) -> None:
    scene.slack.state.workspace.scopes.discard("files:write")

    with pytest.raises(Misconfigured):
        await scene.replies.publish(scene.job, LONG, NOTHING)

    assert len(scene.calls("files.getUploadURLExternal")) == 1
