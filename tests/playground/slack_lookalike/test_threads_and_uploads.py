"""Threads whose head is gone, and uploads that are refused, late or never shared."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground.slack_lookalike.records import Channel, Message
from bot.playground.slack_lookalike.server import SlackLookalike


@pytest.fixture
def client(slack: SlackLookalike) -> AsyncWebClient:
    return AsyncWebClient(slack.bot_token, base_url=slack.api_url)


@pytest.fixture
def head(slack: SlackLookalike, general: Channel) -> Message:
    return slack.state.post_as_user(general.id, general.members[0], "head")


async def upload(client: AsyncWebClient, name: str) -> str:
    """A file whose bytes are there, and which is shared nowhere yet; its id."""
    slot = await client.files_getUploadURLExternal(filename=name, length=3)
    async with aiohttp.ClientSession() as session, session.post(slot["upload_url"], data=b"abc") as response:
        assert response.status == 200
    return str(slot["file_id"])


async def shares(client: AsyncWebClient, file_id: str) -> list[dict[str, Any]]:
    told = (await client.files_info(file=file_id))["file"]["shares"]
    return [share for kind in told.values() for found in kind.values() for share in found]


async def test_a_post_into_a_thread_whose_head_is_gone_stands_at_the_top_level(
    slack: SlackLookalike, client: AsyncWebClient, head: Message
) -> None:
    slack.state.delete_message(head)
    answer = await client.chat_postMessage(channel=head.channel_id, text="hi", thread_ts=head.ts)
    assert "thread_ts" not in answer["message"]
    (message,) = slack.state.messages.values()
    assert (message.ts, message.thread_ts) == (answer["ts"], None)
    with pytest.raises(SlackApiError, match="thread_not_found"):
        await client.conversations_replies(channel=head.channel_id, ts=head.ts)


async def test_a_tombstone_is_the_head_of_its_thread(
    slack: SlackLookalike, client: AsyncWebClient, head: Message
) -> None:
    slack.state.post_as_user(head.channel_id, head.user, "reply", thread_ts=head.ts)
    slack.state.delete_message(head)
    answer = await client.chat_postMessage(channel=head.channel_id, text="hi", thread_ts=head.ts)
    assert answer["message"]["thread_ts"] == head.ts


async def test_so_does_a_file(slack: SlackLookalike, client: AsyncWebClient, head: Message) -> None:
    file_id = await upload(client, "a.txt")
    slack.state.delete_message(head)
    await client.files_completeUploadExternal(
        files=[{"id": file_id}], channel_id=head.channel_id, thread_ts=head.ts
    )
    (share,) = await shares(client, file_id)
    assert "thread_ts" not in share
    assert slack.state.messages[head.channel_id, share["ts"]].thread_ts is None


async def test_some_extensions_are_never_shared_and_the_others_are(
    slack: SlackLookalike, general: Channel, client: AsyncWebClient
) -> None:
    general.unshareable = frozenset({"vtt"})
    text, subtitles = await upload(client, "a.txt"), await upload(client, "a.vtt")
    for wanted in ([text, subtitles], [subtitles]):
        with pytest.raises(SlackApiError, match="internal_error"):
            await client.files_completeUploadExternal(
                files=[{"id": file_id} for file_id in wanted], channel_id=general.id
            )
    assert slack.state.messages == {}
    await client.files_completeUploadExternal(files=[{"id": text}], channel_id=general.id)
    assert len(await shares(client, text)) == 1


async def test_an_upload_that_is_done_may_be_shared_later(
    slack: SlackLookalike, general: Channel, client: AsyncWebClient
) -> None:
    general.looks_before_shares = 2
    file_id = await upload(client, "a.txt")
    await client.files_completeUploadExternal(files=[{"id": file_id}], channel_id=general.id)
    assert slack.state.messages == {}
    assert [len(await shares(client, file_id)) for _ in range(4)] == [0, 0, 1, 1]
    assert len(slack.state.messages) == 1


async def test_or_never(slack: SlackLookalike, general: Channel, client: AsyncWebClient) -> None:
    general.looks_before_shares = None
    file_id = await upload(client, "a.txt")
    await client.files_completeUploadExternal(files=[{"id": file_id}], channel_id=general.id)
    assert [len(await shares(client, file_id)) for _ in range(4)] == [0] * 4
    await client.files_delete(file=file_id)
    assert slack.state.messages == {}
