from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from pydantic import SecretStr

from bot import sentences
from bot.errors import (
    Outage,
    Unavailable,
)
from bot.playground.slack_lookalike.blockkit import characters_in
from bot.playground.slack_lookalike.faults import Answer, Drop, SlackError
from bot.recording import Transcript
from bot.reply import ReplyState, ThreadLookup, Waiting
from bot.slack.client.api import build_api
from bot.transcript.documents import plain_text
from bot.translations import ENGLISH
from tests.slack import payloads
from tests.slack.answering import always, answering
from tests.slack.scene import HELLO, LONG, LONG_TEXT, NOTHING, Scene, replies_with, text_in
from tests.transcripts import said


async def test_a_long_transcript_is_whole_in_a_file_of_the_thread(scene: Scene) -> None:
    await scene.replies.publish(scene.job, LONG, NOTHING)

    (share,), (reply,) = scene.shared(), scene.said()
    assert share.files[0].name == share.files[0].title == "Weekly sync.txt"
    assert share.files[0].read().decode() == f"{LONG_TEXT}\n"
    assert share.thread_ts == scene.head.ts
    assert LONG_TEXT.startswith(text_in(reply).removesuffix("…"))
    assert len(text_in(reply)) > 5_000
    assert "Weekly sync.txt" in json.dumps(reply.blocks)
    assert (await scene.found()).file_shared


async def test_a_long_transcript_of_odd_characters_is_not_lost(scene: Scene) -> None:
    odd = said("\ud83d語😀\x00 " * 3_000)

    await scene.replies.publish(scene.job, odd, NOTHING)

    assert scene.shared()[0].files[0].read().decode() == ("語😀 " * 3_000).strip() + "\n"


async def test_a_file_that_was_shared_is_not_shared_again(scene: Scene) -> None:
    scene.slack.faults.add("chat.update", Drop())
    with pytest.raises(Unavailable, match=Outage.SLACK):
        await scene.replies.publish(scene.job, LONG, NOTHING)
    found = await scene.found()
    ((reply,), (share,)) = scene.said(), scene.shared()
    ids = tuple(file.id for file in share.files)
    assert found == ThreadLookup(reply.ts, ReplyState.WAITING, file_shared=True, file_ids=ids)

    await scene.replies.publish(scene.job, LONG, found)

    assert (len(scene.shared()), len(scene.said())) == (1, 1)
    assert len(scene.calls("files.completeUploadExternal")) == 1


@pytest.mark.parametrize("looks", [0, 2, None])
async def test_files_whose_share_was_not_seen_are_shared_once(scene: Scene, looks: int | None) -> None:
    scene.channel.looks_before_shares = looks
    scene.slack.faults.add("files.info", Answer(200, html=True))
    with pytest.raises(Unavailable):
        await scene.replies.publish(scene.job, LONG, NOTHING)
    found = await scene.found()
    assert (len(found.file_ids), found.file_shared) == (3, looks == 0)

    scene.channel.looks_before_shares = 0
    await scene.replies.publish(scene.job, LONG, found)

    standing = [file for file in scene.slack.state.files.values() if not file.deleted]
    assert len(standing) == 3, "those of the first try cannot be shared late"
    (share,) = [message for message in scene.shared() if message.files[0] in standing]
    assert [file.id for file in share.files] == list((await scene.found()).file_ids)


async def test_files_that_a_former_version_shared_are_not_shared_again(scene: Scene) -> None:
    state = scene.slack.state
    names = [f"transcript-F024CLIP1.{kind}" for kind in ("txt", "srt", "vtt")]
    files = [state.add_file(b"words", name, user=state.workspace.bot_user_id) for name in names]
    state.post_as_user(
        scene.channel.id,
        state.workspace.bot_user_id,
        files=files,
        thread_ts=scene.head.ts,
        bot_id=state.workspace.bot_id,
    )

    await scene.replies.publish(scene.job, LONG, await scene.found())

    assert (len(scene.shared()), len(scene.said())) == (1, 1)
    assert (await scene.found()).file_ids == tuple(file.id for file in files)


@pytest.mark.parametrize("name", ["Weekly sync.m4a", "Weekly sync.mp3", "transcript-F024CLIP1.m4a"])
async def test_recordings_of_one_name_in_one_thread_are_told_apart(scene: Scene, name: str) -> None:
    other = payloads.job(
        payloads.request(
            channel_id=scene.channel.id,
            ts=scene.head.ts,
            file=payloads.shared_file(id="F024OTHER", name=name),
        )
    )
    await scene.replies.publish(other, LONG, NOTHING)
    found = await scene.found()
    assert found == NOTHING

    await scene.replies.publish(scene.job, LONG, found)

    theirs, ours = scene.shared()
    assert (await scene.found()).file_ids == tuple(file.id for file in ours.files)
    assert (await scene.replies.find(other)).file_ids == tuple(file.id for file in theirs.files)
    again = await scene.replies.find(replace(scene.job, revision=1))
    assert [one.ts for one in again.outdated] == [ours.ts]


@pytest.mark.parametrize("method", ["chat.postMessage", "files.completeUploadExternal", "chat.update"])
@pytest.mark.parametrize("after_acting", [False, True])
async def test_a_crash_at_any_step_leaves_one_reply_with_its_files(
    scene: Scene, method: str, *, after_acting: bool
) -> None:
    scene.slack.faults.add(method, Drop(after_acting))
    scene.slack.faults.add("files.info", Drop())
    with suppress(Unavailable):
        await scene.replies.publish(scene.job, LONG, NOTHING)
    scene.slack.faults.clear()

    await scene.replies.publish(scene.job, LONG, await scene.found())

    assert (len(scene.shared()), len(scene.said())) == (1, 1)
    found = await scene.found()
    assert (found.file_shared, found.state) == (True, ReplyState.TRANSCRIBED)


async def test_a_transcript_is_not_carried_to_where_an_upload_is_redirected() -> None:
    async with answering(always(web.Response)) as foreign:

        async def answer(request: web.Request) -> web.Response:
            if request.path.startswith("/api/"):
                address = f"http://{request.host}/upload/v1/F1"
                return web.json_response({"ok": True, "upload_url": address, "file_id": "F1"})
            return web.Response(status=307, headers={"Location": foreign.origin})

        async with answering(answer) as slack, aiohttp.ClientSession() as session:
            api = build_api(session, f"{slack.origin}/api/", SecretStr("xoxb-test"))
            await replies_with(api, session).publish(payloads.job(), LONG, NOTHING)

    assert "/upload/v1/F1" in slack.paths
    assert foreign.paths == []


REFUSED = ["msg_blocks_too_long", "msg_too_long", "invalid_blocks", "invalid_blocks_format"]


@pytest.mark.parametrize("code", REFUSED)
@pytest.mark.parametrize("transcript", [LONG, said("語" * 4_000)])
async def test_a_transcript_too_long_for_slack_is_shown_in_part(
    scene: Scene, code: str, transcript: Transcript
) -> None:
    def is_big(arguments: Any) -> bool:
        return characters_in(arguments["blocks"]) > 2_000

    scene.slack.faults.add("chat.postMessage", SlackError(code), times=None, when=is_big)

    await scene.replies.publish(scene.job, transcript, NOTHING)

    (share,), (reply,) = scene.shared(), scene.said()
    assert share.files[0].read().decode() == f"{plain_text(ENGLISH, transcript)}\n"
    assert 800 < len(text_in(reply)) <= 1_000
    assert plain_text(ENGLISH, transcript).startswith(text_in(reply).removesuffix("…"))
    assert len(scene.calls("chat.postMessage")) == 2


@pytest.mark.parametrize("transcript", [LONG, HELLO])
async def test_a_transcript_that_slack_will_not_show_is_in_the_file(
    scene: Scene, transcript: Transcript
) -> None:
    notice = await scene.replies.publish(scene.job, Waiting(Outage.SLACK), NOTHING)
    scene.slack.faults.add(
        "chat.update",
        SlackError("invalid_blocks"),
        times=None,
        when=lambda arguments: plain_text(ENGLISH, transcript)[:10] in json.dumps(arguments["blocks"]),
    )

    ts = await scene.replies.publish(scene.job, transcript, await scene.found())

    (share,), (reply,) = scene.shared(), scene.said()
    assert share.files[0].read().decode() == f"{plain_text(ENGLISH, transcript)}\n"
    assert ts == notice == reply.ts
    assert text_in(reply) == sentences.continued_in(ENGLISH, "Weekly sync.txt")


async def test_a_reply_refused_in_every_form_is_an_outage_and_leaves_no_file(scene: Scene) -> None:
    scene.slack.faults.add("chat.postMessage", SlackError("invalid_blocks"), times=None)

    with pytest.raises(Unavailable, match=Outage.SLACK):
        await scene.replies.publish(scene.job, LONG, NOTHING)

    assert scene.shared() == []
    assert len(scene.calls("chat.postMessage")) == 3
    assert len(scene.calls("files.getUploadURLExternal")) == 3, "each file is sent once"
