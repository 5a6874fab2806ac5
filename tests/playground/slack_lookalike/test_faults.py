from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground.slack_lookalike.faults import Answer, Delay, Drop, SlackError
from bot.playground.slack_lookalike.records import Channel
from bot.playground.slack_lookalike.server import SlackLookalike
from bot.playground.slack_lookalike.web_api import METHODS


@pytest.fixture
async def client(slack: SlackLookalike) -> AsyncIterator[AsyncWebClient]:
    async with aiohttp.ClientSession() as session:
        yield AsyncWebClient(slack.bot_token, base_url=slack.api_url, retry_handlers=[], session=session)


async def test_each_kind_of_answer(slack: SlackLookalike, client: AsyncWebClient) -> None:
    slack.faults.add("auth.test", Answer(429, retry_after_s=7))
    slack.faults.add("auth.test", Answer(503, html=True))
    slack.faults.add("auth.test", SlackError("fatal_error"))
    slack.faults.add("auth.test", Delay(0.01))
    with pytest.raises(SlackApiError) as limited:
        await client.auth_test()
    assert limited.value.response.headers["Retry-After"] == "7"
    with pytest.raises(SlackApiError, match="status: 503"):
        await client.auth_test()
    with pytest.raises(SlackApiError, match="fatal_error"):
        await client.auth_test()
    await client.auth_test()
    await client.auth_test()
    assert [(call.status, call.fault) for call in slack.state.calls] == [
        (429, "429"),
        (503, "503"),
        (200, "fatal_error"),
        (200, "delayed"),
        (200, None),
    ]


async def test_a_fault_hits_the_occurrences_it_names(
    slack: SlackLookalike, client: AsyncWebClient, general: Channel
) -> None:
    slack.faults.add("chat.postMessage", SlackError("no"), nth=2, times=2)
    slack.faults.add("*", SlackError("other"), when=lambda arguments: arguments.get("text") == "4")
    outcomes = []
    for number in range(5):
        try:
            await client.chat_postMessage(channel=general.id, text=str(number))
        except SlackApiError as refusal:
            outcomes.append(refusal.response["error"])
        else:
            outcomes.append("ok")
    assert outcomes == ["ok", "no", "no", "ok", "other"]


@pytest.mark.parametrize("after_acting", [False, True])
async def test_a_dropped_call_acted_or_did_not(
    slack: SlackLookalike, client: AsyncWebClient, general: Channel, *, after_acting: bool
) -> None:
    slack.faults.add("chat.postMessage", Drop(after_acting=after_acting))
    with pytest.raises(aiohttp.ClientError):
        await client.chat_postMessage(channel=general.id, text="hi")
    assert len(slack.state.messages) == after_acting
    assert (slack.state.calls[0].acted, slack.state.calls[0].answered) == (after_acting, False)


@pytest.mark.parametrize("after_acting", [False, True])
async def test_a_held_call_waits_and_goes_on(
    slack: SlackLookalike, client: AsyncWebClient, general: Channel, *, after_acting: bool
) -> None:
    hold = slack.faults.hold("chat.postMessage", after_acting=after_acting)
    posting = asyncio.ensure_future(client.chat_postMessage(channel=general.id, text="hi"))
    call = await hold.reached()
    assert call.arguments["text"] == "hi"
    assert len(slack.state.messages) == after_acting
    hold.release()
    assert (await posting)["ok"]
    assert len(slack.state.messages) == 1


@pytest.mark.parametrize("after_acting", [False, True])
async def test_a_client_that_dies_while_held_ends_the_hold(
    slack: SlackLookalike, general: Channel, *, after_acting: bool
) -> None:
    hold = slack.faults.hold("chat.postMessage", after_acting=after_acting)
    _, writer = await asyncio.open_connection("127.0.0.1", int(slack.origin.rsplit(":", 1)[-1]))
    body = f"token={slack.bot_token}&channel={general.id}&text=hi"
    head = (
        "POST /api/chat.postMessage HTTP/1.1\r\nHost: slack\r\nContent-Type: {}\r\nContent-Length: {}\r\n\r\n"
    )
    writer.write((head.format("application/x-www-form-urlencoded", len(body)) + body).encode())
    await hold.reached()
    writer.transport.abort()
    await hold.ended()
    assert hold.client_gone
    assert len(slack.state.messages) == after_acting
    assert (await AsyncWebClient(slack.bot_token, base_url=slack.api_url).auth_test())["ok"]


async def test_a_held_call_can_be_dropped(
    slack: SlackLookalike, client: AsyncWebClient, general: Channel
) -> None:
    hold = slack.faults.hold("chat.postMessage")
    posting = asyncio.ensure_future(client.chat_postMessage(channel=general.id, text="hi"))
    await hold.reached()
    hold.drop()
    with pytest.raises(aiohttp.ClientError):
        await posting
    assert not slack.state.messages


async def test_leaving_lets_held_calls_go(general: Channel, slack: SlackLookalike) -> None:
    async with SlackLookalike(slack.state) as other:
        client = AsyncWebClient(other.bot_token, base_url=other.api_url)
        hold = other.faults.hold("chat.postMessage")
        posting = asyncio.ensure_future(client.chat_postMessage(channel=general.id, text="hi"))
        await hold.reached()
    assert (await posting)["ok"]


def _calls(client: AsyncWebClient, channel: str, user: str) -> dict[str, Awaitable[object]]:
    """One call of each method, whatever it answers."""
    ts = "1.000001"
    view = {"type": "home", "blocks": []}
    return {
        "auth.test": client.auth_test(),
        "apps.connections.open": client.apps_connections_open(app_token="x"),
        "assistant.threads.setStatus": client.assistant_threads_setStatus(
            channel_id=channel, thread_ts=ts, status="s"
        ),
        "bots.info": client.bots_info(bot="B"),
        "chat.delete": client.chat_delete(channel=channel, ts=ts),
        "chat.getPermalink": client.chat_getPermalink(channel=channel, message_ts=ts),
        "chat.postEphemeral": client.chat_postEphemeral(channel=channel, user=user, text="t"),
        "chat.postMessage": client.chat_postMessage(channel=channel, text="t"),
        "chat.update": client.chat_update(channel=channel, ts=ts, text="t"),
        "conversations.history": client.conversations_history(channel=channel),
        "conversations.info": client.conversations_info(channel=channel),
        "conversations.members": client.conversations_members(channel=channel),
        "conversations.open": client.conversations_open(users=user),
        "conversations.replies": client.conversations_replies(channel=channel, ts=ts),
        "files.completeUploadExternal": client.files_completeUploadExternal(files=[{"id": "F"}]),
        "files.delete": client.files_delete(file="F"),
        "files.getUploadURLExternal": client.files_getUploadURLExternal(filename="a", length=1),
        "files.info": client.files_info(file="F"),
        "files.list": client.files_list(),
        "reactions.add": client.reactions_add(channel=channel, name="eyes", timestamp=ts),
        "users.conversations": client.users_conversations(),
        "users.info": client.users_info(user=user),
        "views.open": client.views_open(trigger_id="t", view=view),
        "views.publish": client.views_publish(user_id=user, view=view),
        "views.push": client.views_push(trigger_id="t", view=view),
        "views.update": client.views_update(view_id="V", view=view),
    }


async def test_every_method_meets_faults_and_is_recorded(
    slack: SlackLookalike, client: AsyncWebClient, general: Channel
) -> None:
    calls = _calls(client, general.id, general.members[0])
    assert calls.keys() == METHODS.keys()
    slack.faults.add("*", SlackError("on_purpose"), times=None)
    for call in calls.values():
        with pytest.raises(SlackApiError, match="on_purpose"):
            await call
    assert [call.method for call in slack.state.calls] == list(calls)
    assert not any("token" in call.arguments for call in slack.state.calls)
