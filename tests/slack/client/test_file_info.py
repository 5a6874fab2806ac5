from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from pydantic import SecretStr
from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import (
    Misconfiguration,
    Misconfigured,
    NotReady,
    Outage,
    Refusal,
    Rejected,
    Unavailable,
)
from bot.model import Claim, FileState
from bot.playground.slack_lookalike.answering import LOGIN_PAGE
from bot.playground.slack_lookalike.faults import Answer as Fault
from bot.playground.slack_lookalike.faults import Drop
from bot.playground.slack_lookalike.records import File, Served
from bot.playground.slack_lookalike.server import SlackLookalike
from bot.slack.client.api import SlackApi, build_api
from bot.slack.client.downloads import SlackFiles
from tests.slack.answering import always, answering

TOKEN = "xoxb-test-token"
CAP = 1_000_000
SOUND = bytes(range(256)) * 1_000


@pytest.fixture
async def slack() -> AsyncIterator[SlackLookalike]:
    async with SlackLookalike() as lookalike:
        yield lookalike


@pytest.fixture
def pauses() -> list[float]:
    return []


@pytest.fixture
async def files(slack: SlackLookalike, session: aiohttp.ClientSession, pauses: list[float]) -> SlackFiles:
    async def sleep(delay_s: float) -> None:
        pauses.append(delay_s)
        await asyncio.sleep(0)

    client = AsyncWebClient(slack.bot_token, base_url=slack.api_url, session=session, retry_handlers=[])
    api, token = SlackApi(client, client), SecretStr(slack.bot_token)
    return SlackFiles(api, session, token, origins=(slack.origin,), most_bytes=CAP, sleep=sleep)


def shared(slack: SlackLookalike, **described: Any) -> File:
    """A clip that somebody shared where the bot is."""
    anne = slack.state.add_user("anne")
    channel = slack.state.add_channel("general", anne.id)
    file = slack.state.add_file(SOUND, "note.m4a", user=anne.id, as_voice_clip=True, **described)
    slack.state.post_as_user(channel.id, anne.id, files=[file])
    return file


async def test_a_file_is_described_and_fetched(
    slack: SlackLookalike, files: SlackFiles, tmp_path: Path, pauses: list[float]
) -> None:
    described = await files.info(shared(slack).id)

    assert (described.claim, described.state, described.name) == (
        Claim.VOICE_CLIP,
        FileState.AVAILABLE,
        "note.m4a",
    )
    assert await files.download(described, tmp_path / "source") == len(SOUND)
    assert (tmp_path / "source").read_bytes() == SOUND
    assert pauses == []


@pytest.mark.parametrize("answers", [1, 2, 3])
async def test_an_address_that_is_late_is_asked_for_again(
    slack: SlackLookalike, files: SlackFiles, pauses: list[float], answers: int
) -> None:
    described = await files.info(shared(slack, urls_missing_for=answers).id)

    assert described.url is not None
    assert pauses == [0.5, 1.0, 2.0][:answers]


async def test_an_address_that_never_comes_is_an_outage(
    slack: SlackLookalike, files: SlackFiles, pauses: list[float]
) -> None:
    with pytest.raises(Unavailable, match=Outage.FILE):
        await files.info(shared(slack, urls_missing_for=4).id)

    assert pauses == [0.5, 1.0, 2.0]
    assert len(slack.state.calls) == 4


@pytest.mark.parametrize(
    ("described", "state"),
    [
        ({"mode": "tombstone"}, FileState.GONE),
        ({"mode": "hidden_by_limit"}, FileState.HIDDEN_BY_LIMIT),
        ({"mode": "file_access", "file_access": "access_denied"}, FileState.FORBIDDEN),
        ({"is_external": True, "mode": "external"}, FileState.EXTERNAL),
    ],
)
async def test_a_file_that_has_no_address_for_good_is_not_waited_for(
    slack: SlackLookalike,
    files: SlackFiles,
    pauses: list[float],
    described: dict[str, Any],
    state: FileState,
) -> None:
    assert (await files.info(shared(slack, **described).id)).state is state
    assert pauses == []


async def test_a_file_that_slack_does_not_know_is_gone_or_new(
    slack: SlackLookalike, files: SlackFiles
) -> None:
    with pytest.raises(NotReady, match=Refusal.GONE):
        await files.info("F0NOWHERE")
    assert (await files.info(shared(slack).id)).created_at == pytest.approx(time.time(), abs=60)


async def test_one_that_slack_says_was_deleted_is_gone(slack: SlackLookalike, files: SlackFiles) -> None:
    file = shared(slack)
    slack.state.delete_file(file)
    with pytest.raises(Rejected, match=Refusal.GONE) as refused:
        await files.info(file.id)
    assert not isinstance(refused.value, NotReady)


async def test_of_two_addresses_the_one_that_works_is_read(
    slack: SlackLookalike, files: SlackFiles, tmp_path: Path
) -> None:
    described = await files.info(shared(slack, served=Served(only_played=True)).id)

    assert await files.download(described, tmp_path / "source") == len(SOUND)
    with pytest.raises(NotReady, match=Refusal.GONE):
        await files.download(replace(described, other_url=None), tmp_path / "other")


async def test_the_login_page_in_place_of_one_file_is_its_own_trouble(
    slack: SlackLookalike, files: SlackFiles, tmp_path: Path
) -> None:
    closed = await files.info(shared(slack, served=Served(html=LOGIN_PAGE)).id)
    late = await files.info(shared(slack, login_page_for=2).id)

    for file in (closed, late):
        with pytest.raises(NotReady, match=Refusal.NOT_HANDED_OUT):
            await files.download(file, tmp_path / "source")

    assert not (tmp_path / "source").exists()
    assert await files.download(late, tmp_path / "source") == len(SOUND)
    # What the token may do is not asked for each of them.
    assert [call.method for call in slack.state.calls].count("auth.test") == 1


async def test_with_a_bad_token_the_login_page_is_the_operators(
    slack: SlackLookalike, files: SlackFiles, tmp_path: Path
) -> None:
    described = await files.info(shared(slack, served=Served(html=LOGIN_PAGE)).id)
    slack.state.workspace.installed = False

    with pytest.raises(Misconfigured, match=Misconfiguration.SLACK_TOKEN):
        await files.download(described, tmp_path / "source")


async def test_where_slack_does_not_say_what_the_token_may_do_it_is_an_outage(
    slack: SlackLookalike, files: SlackFiles, tmp_path: Path
) -> None:
    described = await files.info(shared(slack, served=Served(html=LOGIN_PAGE)).id)
    slack.faults.add("auth.test", Fault(503))

    with pytest.raises(Unavailable, match=Outage.SLACK):
        await files.download(described, tmp_path / "source")


async def test_a_missing_scope_is_told_by_the_question_and_by_the_download(
    slack: SlackLookalike, files: SlackFiles, tmp_path: Path
) -> None:
    described = await files.info(shared(slack).id)
    slack.state.workspace.scopes.remove("files:read")

    with pytest.raises(Misconfigured, match=Misconfiguration.SLACK_SCOPE):
        await files.info(described.id)
    with pytest.raises(Misconfigured, match=Misconfiguration.SLACK_LOGIN_PAGE):
        await files.download(described, tmp_path / "source")


@pytest.mark.parametrize("fault", [Fault(503), Fault(429, retry_after_s=3), Fault(502, html=True), Drop()])
async def test_a_question_that_slack_does_not_answer_is_an_outage(
    slack: SlackLookalike, files: SlackFiles, fault: Fault | Drop
) -> None:
    slack.faults.add("files.info", fault, times=None)

    with pytest.raises(Unavailable, match=Outage.SLACK):
        await files.info(shared(slack).id)


async def test_an_answer_without_a_file_is_an_outage(session: aiohttp.ClientSession) -> None:
    async with answering(always(lambda: web.json_response({"ok": True, "file": {}}))) as odd:
        api = build_api(session, f"{odd.origin}/api/", SecretStr(TOKEN))
        reader = SlackFiles(api, session, SecretStr(TOKEN), origins=(), most_bytes=CAP)
        with pytest.raises(Unavailable, match=Outage.SLACK):
            await reader.info("F024CLIP1")
