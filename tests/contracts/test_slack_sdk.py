"""slack_sdk's web client judges the Slack look-alike."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.models.blocks import RichTextBlock, RichTextElementParts, RichTextSectionElement
from slack_sdk.models.metadata import Metadata
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground.slack_lookalike.faults import Answer
from bot.playground.slack_lookalike.post_limits import PostLimits
from bot.playground.slack_lookalike.records import Channel, Message, User
from bot.playground.slack_lookalike.server import SlackLookalike


@pytest.fixture
async def slack() -> AsyncIterator[SlackLookalike]:
    async with SlackLookalike() as running:
        yield running


@pytest.fixture
def client(slack: SlackLookalike) -> AsyncWebClient:
    return AsyncWebClient(slack.bot_token, base_url=slack.api_url, retry_handlers=[])


@pytest.fixture
def ann(slack: SlackLookalike) -> User:
    return slack.state.add_user("ann", locale="de-DE", is_admin=True)


@pytest.fixture
def general(slack: SlackLookalike, ann: User) -> Channel:
    return slack.state.add_channel("general", ann.id)


@pytest.fixture
async def message(slack: SlackLookalike, ann: User, general: Channel) -> Message:
    return slack.state.post_as_user(general.id, ann.id, "hello")


async def refusal(call: Awaitable[object]) -> str:
    with pytest.raises(SlackApiError) as caught:
        await call
    return str(caught.value.response["error"])


async def test_auth_test_names_the_bot_and_its_scopes(client: AsyncWebClient) -> None:
    answer = await client.auth_test(team_id="T0PLAYGRND1")
    assert (answer["user_id"], answer["bot_id"]) == ("U0BOT000001", "B0BOT000001")
    assert "files:read" in answer.headers["x-oauth-scopes"].split(",")


async def test_tokens_are_checked(slack: SlackLookalike, client: AsyncWebClient) -> None:
    assert await refusal(client.auth_test(token="xoxb-wrong")) == "invalid_auth"
    assert await refusal(client.auth_test(token="")) == "not_authed"
    assert await refusal(client.auth_test(token=slack.app_token)) == "not_allowed_token_type"
    assert await refusal(client.apps_connections_open(app_token=slack.bot_token)) == "not_allowed_token_type"
    slack.state.workspace.installed = False
    assert await refusal(client.auth_test()) == "account_inactive"


async def test_a_missing_scope_is_named(
    slack: SlackLookalike, client: AsyncWebClient, general: Channel
) -> None:
    slack.state.workspace.scopes -= {"chat:write", "channels:history"}
    with pytest.raises(SlackApiError) as caught:
        await client.chat_postMessage(channel=general.id, text="hi")
    assert caught.value.response["error"] == "missing_scope"
    assert caught.value.response["needed"] == "chat:write"
    assert "files:read" in caught.value.response["provided"]
    assert await refusal(client.conversations_history(channel=general.id)) == "missing_scope"


async def test_a_reply_is_posted_changed_read_back_and_deleted(
    slack: SlackLookalike, client: AsyncWebClient, message: Message
) -> None:
    metadata = Metadata("transcript", {"file": "F1"})
    posted = await client.chat_postMessage(
        channel=message.channel_id,
        thread_ts=message.ts,
        text="working",
        blocks=[
            RichTextBlock(elements=[RichTextSectionElement(elements=[RichTextElementParts.Text(text="…")])])
        ],
        metadata=metadata,
        unfurl_links=False,
        unfurl_media=False,
        link_names=False,
        parse="none",
    )
    assert posted["message"]["metadata"] == {"event_type": "transcript", "event_payload": {"file": "F1"}}
    await client.chat_update(channel=posted["channel"], ts=posted["ts"], text="done", blocks=[rich("done")])

    plain = await client.conversations_replies(channel=message.channel_id, ts=message.ts)
    head, reply = plain["messages"]
    assert (head["reply_count"], head["latest_reply"]) == (1, posted["ts"])
    assert (reply["text"], reply["thread_ts"], reply["parent_user_id"]) == ("done", message.ts, message.user)
    assert "metadata" not in reply
    whole = await client.conversations_replies(
        channel=message.channel_id, ts=message.ts, include_all_metadata=True
    )
    assert whole["messages"][1]["metadata"]["event_payload"] == {"file": "F1"}

    link = await client.chat_getPermalink(channel=message.channel_id, message_ts=posted["ts"])
    assert link["permalink"].endswith(f"?thread_ts={message.ts}&cid={message.channel_id}")
    await client.chat_delete(channel=message.channel_id, ts=posted["ts"])
    assert slack.state.replies(message) == []


def rich(text: str) -> dict[str, Any]:
    section = {"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}
    return {"type": "rich_text", "elements": [section]}


def section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


async def test_what_chat_refuses(
    slack: SlackLookalike, client: AsyncWebClient, message: Message, ann: User
) -> None:
    channel = message.channel_id
    bob = slack.state.add_user("bob")
    elsewhere = slack.state.add_channel("elsewhere", ann.id, with_bot=False)
    secret = slack.state.add_channel("secret", ann.id, kind="group", with_bot=False)
    closed = slack.state.add_channel("closed", ann.id)
    closed.archived = True
    slack.state.post_limits = PostLimits(burst=100)
    post = client.chat_postMessage
    assert await refusal(post(channel="C404", text="hi")) == "channel_not_found"
    assert await refusal(post(channel=elsewhere.id, text="hi")) == "not_in_channel"
    assert await refusal(post(channel=secret.id, text="hi")) == "channel_not_found"
    assert await refusal(post(channel=closed.id, text="hi")) == "is_archived"
    assert await refusal(client.api_call("chat.postMessage", json={"channel": channel})) == "no_text"
    assert await refusal(post(channel=channel, text="hi", colour="red")) == "invalid_arguments"
    assert await refusal(post(channel=channel, text="hi", metadata={"a": 1})) == "invalid_metadata_format"
    assert await refusal(post(channel=channel, text="hi", blocks='{"a": 1}')) == "invalid_blocks_format"
    assert await refusal(post(channel=channel, text="hi", blocks=[section("")])) == "invalid_blocks"
    many = [section("x" * 3000)] * 4
    assert await refusal(post(channel=channel, text="hi", blocks=[*many, section("x" * 1201)])) == (
        "msg_blocks_too_long"
    )
    ephemeral = client.chat_postEphemeral(channel=channel, user=bob.id, text="hi")
    assert await refusal(ephemeral) == "user_not_in_channel"
    update = client.chat_update
    assert await refusal(update(channel=channel, ts=message.ts, text="hi")) == "cant_update_message"
    assert await refusal(update(channel=channel, ts="1.000001", text="hi")) == "message_not_found"
    assert await refusal(client.chat_delete(channel=channel, ts=message.ts)) == "cant_delete_message"
    assert await refusal(client.api_call("chat.shout")) == "unknown_method"


async def test_an_update_obeys_limits_that_a_post_does_not(
    client: AsyncWebClient, slack: SlackLookalike, general: Channel
) -> None:
    posted = await client.chat_postMessage(channel=general.id, text="x" * 40_001, blocks=[rich("first")])
    assert len(slack.state.messages[general.id, posted["ts"]].text) == 40_000
    where = {"channel": general.id, "ts": posted["ts"]}
    assert await refusal(client.chat_update(**where, text="x" * 4_001, blocks=[rich("b")])) == "msg_too_long"
    assert await refusal(client.chat_update(**where, text="b", blocks=[section("b")])) == "block_mismatch"
    await client.chat_update(**where, text="x" * 4_000, blocks=[rich("b")])
    await client.chat_update(**where, text="alone")
    assert slack.state.messages[general.id, posted["ts"]].blocks == []


async def test_conversations_and_users(client: AsyncWebClient, general: Channel, ann: User) -> None:
    info = await client.conversations_info(channel=general.id, include_num_members=True)
    assert (info["channel"]["is_member"], info["channel"]["num_members"]) == (True, 2)
    members = await client.conversations_members(channel=general.id)
    assert members["members"] == [ann.id, "U0BOT000001"]
    opened = await client.conversations_open(users=[ann.id])
    assert opened["channel"]["id"] == (await client.conversations_open(users=ann.id))["channel"]["id"]
    mine = await client.users_conversations(types=["public_channel", "im"], exclude_archived=True)
    assert {channel["id"] for channel in mine["channels"]} == {general.id, opened["channel"]["id"]}
    user = await client.users_info(user=ann.id, include_locale=True)
    assert (user["user"]["locale"], user["user"]["is_admin"]) == ("de-DE", True)
    assert await refusal(client.users_info(user="U404")) == "user_not_found"


async def test_history_comes_in_pages_and_ranges(
    slack: SlackLookalike, client: AsyncWebClient, general: Channel, ann: User
) -> None:
    sent = [slack.state.post_as_user(general.id, ann.id, str(number)).ts for number in range(5)]
    slack.state.post_as_user(general.id, ann.id, "a reply", thread_ts=sent[0])
    seen: list[str] = []
    async for page in await client.conversations_history(channel=general.id, limit=2):
        seen += [message["ts"] for message in page["messages"]]
    assert seen == sent[::-1]
    exact = await client.conversations_history(
        channel=general.id, latest=sent[2], oldest=sent[2], inclusive=True, limit=1
    )
    assert [message["ts"] for message in exact["messages"]] == [sent[2]]
    after = await client.conversations_history(channel=general.id, oldest=sent[3])
    assert [message["ts"] for message in after["messages"]] == [sent[4]]
    wrong = client.conversations_history(channel=general.id, cursor="???")
    assert await refusal(wrong) == "invalid_cursor"


async def test_a_file_is_uploaded_into_a_thread_and_downloaded_again(
    slack: SlackLookalike, client: AsyncWebClient, message: Message
) -> None:
    content = "Grüße\n" * 1000
    answer = await client.files_upload_v2(
        content=content,
        filename="transcript.txt",
        title="Transcript",
        channel=message.channel_id,
        thread_ts=message.ts,
        initial_comment="All of it:",
    )
    (reply,) = slack.state.replies(message)
    assert reply.text == "All of it:"
    info = (await client.files_info(file=answer["file"]["id"]))["file"]
    assert info["shares"]["public"][message.channel_id][0]["thread_ts"] == message.ts
    headers = {"Authorization": f"Bearer {slack.bot_token}"}
    async with (
        aiohttp.ClientSession() as session,
        session.get(info["url_private_download"], headers=headers) as response,
    ):
        assert await response.text() == content
    await client.files_delete(file=info["id"])
    assert await refusal(client.files_info(file=info["id"])) == "file_deleted"
    assert await refusal(client.files_info(file="F404")) == "file_not_found"
    empty = client.files_getUploadURLExternal(filename="a.txt", length=0)
    assert await refusal(empty) == "invalid_arguments"
    unsent = await client.files_getUploadURLExternal(filename="a.txt", length=3)
    early = client.files_completeUploadExternal(files=[{"id": unsent["file_id"], "title": "a"}])
    assert await refusal(early) == "file_not_found"


async def test_a_status_lapses_and_is_cleared_by_a_reply(
    slack: SlackLookalike, client: AsyncWebClient, message: Message
) -> None:
    def set_status(text: str) -> Awaitable[object]:
        return client.assistant_threads_setStatus(
            channel_id=message.channel_id, thread_ts=message.ts, status=text, loading_messages=["…"]
        )

    await set_status("is transcribing")
    assert slack.state.status(message.channel_id, message.ts) == "is transcribing"
    now = time.time()
    slack.state.clock = lambda: now + 121
    assert slack.state.status(message.channel_id, message.ts) == ""
    await set_status("again")
    await client.chat_postMessage(channel=message.channel_id, thread_ts=message.ts, text="done")
    assert slack.state.status(message.channel_id, message.ts) == ""
    slack.state.workspace.status_refusal = "not_allowed"
    assert await refusal(set_status("no")) == "not_allowed"


async def test_views_and_reactions(
    slack: SlackLookalike, client: AsyncWebClient, message: Message, ann: User
) -> None:
    modal = {"type": "modal", "title": {"type": "plain_text", "text": "Preferences"}, "blocks": []}
    trigger = slack.state.new_trigger(ann.id)
    opened = await client.views_open(trigger_id=trigger, view=modal)
    assert await refusal(client.views_open(trigger_id=trigger, view=modal)) == "exchanged_trigger_id"
    first = opened["view"]
    changed = await client.views_update(view_id=first["id"], hash=first["hash"], view=modal)
    assert changed["view"]["id"] == first["id"]
    stale = client.views_update(view_id=first["id"], hash=first["hash"], view=modal)
    assert await refusal(stale) == "hash_conflict"
    pushed = await client.views_push(trigger_id=slack.state.new_trigger(ann.id), view=modal)
    assert pushed["view"]["previous_view_id"] == first["id"]
    late = slack.state.new_trigger(ann.id)
    slack.state.triggers[late].issued_at -= 4
    assert await refusal(client.views_open(trigger_id=late, view=modal)) == "expired_trigger_id"
    untitled = {"type": "modal", "blocks": []}
    bad = client.views_open(trigger_id=slack.state.new_trigger(ann.id), view=untitled)
    assert await refusal(bad) == "invalid_arguments"
    home = {"type": "home", "blocks": [section("Welcome")]}
    await client.views_publish(user_id=ann.id, view=home)
    assert slack.state.homes[ann.id].content == home

    reaction = {"channel": message.channel_id, "timestamp": message.ts, "name": "eyes"}
    await client.reactions_add(**reaction)
    assert await refusal(client.reactions_add(**reaction)) == "already_reacted"


async def test_the_clients_retry_handler_obeys_retry_after(slack: SlackLookalike, general: Channel) -> None:
    slack.faults.add("chat.postMessage", Answer(429, retry_after_s=0))
    patient = AsyncWebClient(
        slack.bot_token, base_url=slack.api_url, retry_handlers=[AsyncRateLimitErrorRetryHandler()]
    )
    await patient.chat_postMessage(channel=general.id, text="hi")
    assert [call.status for call in slack.state.calls] == [429, 200]
