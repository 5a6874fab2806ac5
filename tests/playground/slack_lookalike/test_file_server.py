from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground.slack_lookalike.faults import Answer
from bot.playground.slack_lookalike.records import Channel, File, Served
from bot.playground.slack_lookalike.server import SlackLookalike

_CONTENT = bytes(range(256)) * 300


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as running:
        yield running


def shared(slack: SlackLookalike, general: Channel, served: Served | None = None) -> File:
    file = slack.state.add_file(_CONTENT, "talk.m4a", user=general.members[0], served=served)
    slack.state.post_as_user(general.id, file.user, files=[file])
    return file


def get(
    slack: SlackLookalike, session: aiohttp.ClientSession, file: File, token: str | None = None
) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
    url = slack.state.file_json(file)["url_private_download"]
    headers = {"Authorization": f"Bearer {slack.bot_token if token is None else token}"}
    return session.get(url, headers=headers, allow_redirects=False)


async def test_the_bytes_are_served(
    slack: SlackLookalike, session: aiohttp.ClientSession, general: Channel
) -> None:
    async with get(slack, session, shared(slack, general)) as response:
        assert response.content_type == "audio/mp4"
        assert await response.read() == _CONTENT
    assert slack.state.calls[-1].method == "download"


async def test_the_login_page_stands_for_every_lack_of_rights(
    slack: SlackLookalike, session: aiohttp.ClientSession, general: Channel
) -> None:
    file = shared(slack, general)

    async def is_login_page(token: str | None = None) -> bool:
        async with get(slack, session, file, token) as response:
            assert response.status == 200
            return response.content_type == "text/html" and (await response.text()).startswith("<!DOCTYPE")

    assert not await is_login_page()
    assert await is_login_page("xoxb-other")
    slack.state.workspace.login_page_for_downloads = True
    assert await is_login_page()
    slack.state.workspace.login_page_for_downloads = False
    slack.state.workspace.scopes.discard("files:read")
    assert await is_login_page()


async def test_a_young_file_is_unknown_for_a_while_and_then_the_login_page(
    slack: SlackLookalike, session: aiohttp.ClientSession, general: Channel
) -> None:
    file = shared(slack, general)
    file.unknown_for, file.login_page_for = 1, 1
    seen = []
    for _ in range(3):
        async with get(slack, session, file) as response:
            seen.append((response.status, response.content_type))
    assert seen == [(404, "text/plain"), (200, "text/html"), (200, "audio/mp4")]


async def test_of_a_file_whose_download_address_is_dead_the_other_one_works(
    slack: SlackLookalike, session: aiohttp.ClientSession, general: Channel
) -> None:
    file = shared(slack, general, Served(only_played=True))
    async with get(slack, session, file) as response:
        assert response.status == 404
    url = slack.state.file_json(file)["url_private"]
    async with session.get(url, headers={"Authorization": f"Bearer {slack.bot_token}"}) as response:
        assert await response.read() == _CONTENT


async def test_a_file_elsewhere_or_deleted_is_not_there(
    slack: SlackLookalike, session: aiohttp.ClientSession, general: Channel
) -> None:
    private = slack.state.add_file(b"abc", "a.m4a", user=general.members[0])
    async with get(slack, session, private) as response:
        assert response.status == 404
    file = shared(slack, general)
    url = slack.state.file_json(file)["url_private_download"]
    slack.state.delete_file(file)
    async with session.get(url, headers={"Authorization": f"Bearer {slack.bot_token}"}) as response:
        assert response.status == 404


async def test_a_redirect_leads_elsewhere(
    slack: SlackLookalike, session: aiohttp.ClientSession, general: Channel
) -> None:
    file = shared(slack, general, Served(redirect_to="http://127.0.0.1:1/stolen"))
    async with get(slack, session, file) as response:
        assert (response.status, response.headers["Location"]) == (302, "http://127.0.0.1:1/stolen")


async def test_a_stream_breaks_off_short_of_its_declared_length(
    slack: SlackLookalike, session: aiohttp.ClientSession, general: Channel
) -> None:
    file = shared(slack, general, Served(cut_after_bytes=1000))
    async with get(slack, session, file) as response:
        assert response.content_length == len(_CONTENT)
        with pytest.raises(aiohttp.ClientPayloadError):
            await response.read()


async def test_a_slow_stream_outlasts_a_short_patience(
    slack: SlackLookalike, session: aiohttp.ClientSession, general: Channel
) -> None:
    file = shared(slack, general, Served(chunk_delay_s=30))
    async with get(slack, session, file) as response:
        assert response.status == 200
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await response.read()


async def test_a_page_or_a_status_in_place_of_the_bytes(
    slack: SlackLookalike, session: aiohttp.ClientSession, general: Channel
) -> None:
    async with get(slack, session, shared(slack, general, Served(html="<html>"))) as response:
        assert (response.status, response.content_type) == (200, "text/html")
    async with get(slack, session, shared(slack, general, Served(status=410))) as response:
        assert response.status == 410
    slack.faults.add("download", Answer(500))
    async with get(slack, session, shared(slack, general)) as response:
        assert response.status == 500


async def test_a_download_can_be_held_in_the_middle(
    slack: SlackLookalike, session: aiohttp.ClientSession, general: Channel
) -> None:
    hold = slack.faults.hold("download", after_acting=True)
    file = shared(slack, general)

    async def read() -> bytes:
        async with get(slack, session, file) as response:
            return await response.read()

    reading = asyncio.ensure_future(read())
    await hold.reached()
    assert not reading.done()
    hold.release()
    assert await reading == _CONTENT


async def test_addresses_appear_after_some_calls_of_files_info(
    slack: SlackLookalike, general: Channel
) -> None:
    client = AsyncWebClient(slack.bot_token, base_url=slack.api_url)
    ann = general.members[0]
    file = slack.state.add_file(
        b"abc", "audio_message.m4a", user=ann, as_voice_clip=True, urls_missing_for=2, stub_in_events=True
    )
    slack.state.post_as_user(general.id, ann, files=[file])
    seen = [(await client.files_info(file=file.id))["file"] for _ in range(3)]
    assert ["url_private" in one for one in seen] == [False, False, True]
    assert seen[0]["shares"]["public"][general.id][0]["channel_name"] == "general"


async def test_a_form_upload_is_taken_and_a_wrong_length_is_not(
    slack: SlackLookalike, session: aiohttp.ClientSession
) -> None:
    client = AsyncWebClient(slack.bot_token, base_url=slack.api_url)
    address = await client.files_getUploadURLExternal(filename="a.txt", length=3)
    async with session.post(address["upload_url"], data=b"four") as response:
        assert response.status == 400
    form = aiohttp.FormData()
    form.add_field("file", b"abc", filename="a.txt")
    async with session.post(address["upload_url"], data=form) as response:
        assert await response.text() == "OK - 3"
    await client.files_completeUploadExternal(files=[{"id": address["file_id"], "title": "A"}])
    assert slack.state.files[address["file_id"]].read() == b"abc"
