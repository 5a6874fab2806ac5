"""A transcript that Slack takes no files of, and one whose gaps are filled later."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.errors import Misconfigured, Outage, Unavailable
from bot.playground.slack_lookalike.faults import Answer, Drop, SlackError
from bot.playground.slack_lookalike.records import Message
from bot.recording import Gap, Span
from bot.reply import Growing, ReplyState, ThreadLookup
from tests.slack.scene import HELLO, LONG, LONG_TEXT, NOTHING, Scene, text_in
from tests.transcripts import said

GAPPED = replace(LONG, passages=(*LONG.passages, Gap(Span(600_000, 700_000))))
FILLED = said(f"{LONG_TEXT} and the rest", duration_s=700.0)


def whole(messages: list[Message]) -> list[str]:
    return " ".join(text_in(message) for message in messages).split()


@pytest.mark.parametrize("code", ["file_uploads_disabled", "restricted_action", "storage_limit_reached"])
@pytest.mark.parametrize("step", ["files.getUploadURLExternal", "files.completeUploadExternal"])
async def test_where_no_files_are_taken_the_thread_holds_it_all(scene: Scene, step: str, code: str) -> None:
    scene.slack.faults.add(step, SlackError(code), times=None)

    ts = await scene.replies.publish(scene.job, LONG, NOTHING)

    assert scene.shared() == []
    said = scene.said()
    assert len(said) > 3
    assert whole(said) == LONG_TEXT.split()
    assert said[0].ts == ts
    assert await scene.found() == ThreadLookup(
        ts, ReplyState.TRANSCRIBED, pieces=frozenset(range(2, len(said) + 1))
    )


async def test_an_address_that_takes_no_bytes_is_a_refusal_too(scene: Scene) -> None:
    scene.slack.faults.add("upload", Answer(403), times=None)

    await scene.replies.publish(scene.job, LONG, NOTHING)

    assert scene.shared() == []
    assert whole(scene.said()) == LONG_TEXT.split()


@pytest.mark.parametrize("after_acting", [False, True])
@pytest.mark.parametrize("nth", [1, 2, 4])
async def test_pieces_that_stand_are_not_posted_again(scene: Scene, nth: int, *, after_acting: bool) -> None:
    scene.slack.faults.add("files.getUploadURLExternal", SlackError("restricted_action"), times=None)
    scene.slack.faults.add("chat.postMessage", Drop(after_acting), nth=nth)
    with pytest.raises(Unavailable, match=Outage.SLACK):
        await scene.replies.publish(scene.job, LONG, NOTHING)
    found = await scene.found()
    assert found.state is not ReplyState.TRANSCRIBED, "not the last word before all of it stands"

    await scene.replies.publish(scene.job, LONG, found)

    assert whole(scene.said()) == LONG_TEXT.split()
    assert (await scene.found()).state is ReplyState.TRANSCRIBED


async def test_a_missing_scope_is_the_operators_and_no_refusal(scene: Scene) -> None:
    scene.slack.state.workspace.scopes.discard("files:write")

    with pytest.raises(Misconfigured):
        await scene.replies.publish(scene.job, LONG, NOTHING)

    assert scene.said() == []


async def test_a_reply_grows_by_edits_and_ends_complete(scene: Scene) -> None:
    ts = await scene.replies.publish(scene.job, Growing(HELLO, 1, 3), NOTHING)
    assert (await scene.found()).state is ReplyState.WAITING
    job = replace(scene.job, reply_ts=ts)

    assert await scene.replies.publish(job, Growing(LONG, 2, 3), NOTHING) == ts
    assert scene.shared() == [], "files come with the last word"
    assert await scene.replies.publish(job, LONG, NOTHING) == ts

    (reply,) = scene.said()
    assert LONG_TEXT.startswith(text_in(reply).removesuffix("…"))
    (share,) = scene.shared()
    ids = tuple(file.id for file in share.files)
    assert await scene.found() == ThreadLookup(ts, ReplyState.TRANSCRIBED, file_shared=True, file_ids=ids)


async def test_gaps_that_were_filled_take_the_old_files_away(scene: Scene) -> None:
    ts = await scene.replies.publish(scene.job, GAPPED, NOTHING)
    (old,) = scene.shared()
    old_ids = tuple(file.id for file in old.files)
    assert await scene.found() == ThreadLookup(ts, ReplyState.GAPPED, file_shared=True, file_ids=old_ids)
    again = replace(scene.job, revision=1)
    found = await scene.replies.find(again)
    assert found == ThreadLookup(ts, ReplyState.GAPPED, outdated=found.outdated, outdated_ids=old_ids)
    assert [(one.ts, len(one.file_ids)) for one in found.outdated] == [(old.ts, 3)]

    assert await scene.replies.publish(again, FILLED, found) == ts

    (reply,), (share,) = scene.said(), scene.shared()
    assert [file.name for file in share.files] == [f"Weekly sync.{kind}" for kind in ("txt", "srt", "vtt")]
    assert share.files[0].read().decode() == f"{LONG_TEXT} and the rest\n"
    assert reply.ts == ts
    assert await scene.replies.find(again) == ThreadLookup(
        ts,
        ReplyState.TRANSCRIBED,
        revision=1,
        file_shared=True,
        file_ids=tuple(file.id for file in share.files),
        outdated_ids=old_ids,
    )
    assert [file.deleted for file in old.files] == [True] * 3


@pytest.mark.parametrize("method", ["files.delete", "chat.delete", "chat.update"])
@pytest.mark.parametrize("after_acting", [False, True])
async def test_a_break_while_gaps_are_filled_is_made_good(
    scene: Scene, method: str, *, after_acting: bool
) -> None:
    await scene.replies.publish(scene.job, GAPPED, NOTHING)
    again = replace(scene.job, revision=1)
    scene.slack.faults.add(method, Drop(after_acting))
    with pytest.raises(Unavailable, match=Outage.SLACK):
        await scene.replies.publish(again, FILLED, await scene.replies.find(again))

    await scene.replies.publish(again, FILLED, await scene.replies.find(again))

    (reply,), (share,) = scene.said(), scene.shared()
    assert share.files[0].read().decode() == f"{LONG_TEXT} and the rest\n"
    assert "could not be transcribed" not in text_in(reply)


async def test_files_that_slack_does_not_let_go_stay(scene: Scene) -> None:
    await scene.replies.publish(scene.job, GAPPED, NOTHING)
    again = replace(scene.job, revision=1)
    for method in ("files.delete", "chat.delete"):
        scene.slack.faults.add(method, SlackError("cant_delete_file"), times=None)

    await scene.replies.publish(again, FILLED, await scene.replies.find(again))

    assert len(scene.shared()) == 2


async def test_pieces_of_a_transcript_with_gaps_are_replaced(scene: Scene) -> None:
    scene.slack.faults.add("files.getUploadURLExternal", SlackError("restricted_action"), times=None)
    await scene.replies.publish(scene.job, GAPPED, NOTHING)
    again = replace(scene.job, revision=1)

    await scene.replies.publish(again, FILLED, await scene.replies.find(again))

    assert whole(scene.said()) == [*LONG_TEXT.split(), "and", "the", "rest"]
