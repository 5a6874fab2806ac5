from __future__ import annotations

import json
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
from bot.playground.slack_lookalike.faults import Drop, SlackError
from bot.recording import Transcript
from bot.reply import ThreadLookup, Waiting
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
    assert share.files[0].name == share.files[0].title == "transcript-F024CLIP1.txt"
    assert share.files[0].read().decode() == f"{LONG_TEXT}\n"
    assert share.thread_ts == scene.head.ts
    assert LONG_TEXT.startswith(text_in(reply).removesuffix("…"))
    assert len(text_in(reply)) > 5_000
    assert "transcript-F024CLIP1.txt" in json.dumps(reply.blocks)
    assert (await scene.found()).file_shared


async def test_a_long_transcript_of_odd_characters_is_not_lost(scene: Scene) -> None:
    odd = said("\ud83d語😀\x00 " * 3_000)

    await scene.replies.publish(scene.job, odd, NOTHING)

    assert scene.shared()[0].files[0].read().decode() == ("語😀 " * 3_000).strip() + "\n"


async def test_a_file_that_was_shared_is_not_shared_again(scene: Scene) -> None:
    scene.slack.faults.add("chat.postMessage", Drop())
    with pytest.raises(Unavailable, match=Outage.SLACK):
        await scene.replies.publish(scene.job, LONG, NOTHING)
    found = await scene.found()
    assert found == ThreadLookup(file_shared=True)

    await scene.replies.publish(scene.job, LONG, found)

    assert (len(scene.shared()), len(scene.said())) == (1, 1)
    assert len(scene.calls("files.completeUploadExternal")) == 1


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
    assert text_in(reply) == sentences.continued_in(ENGLISH, "transcript-F024CLIP1.txt")


async def test_a_reply_refused_in_every_form_is_an_outage_with_its_file_shared_once(scene: Scene) -> None:
    scene.slack.faults.add("chat.postMessage", SlackError("invalid_blocks"), times=None)

    with pytest.raises(Unavailable, match=Outage.SLACK):
        await scene.replies.publish(scene.job, LONG, NOTHING)

    assert len(scene.shared()) == 1
    assert len(scene.calls("chat.postMessage")) == 3
