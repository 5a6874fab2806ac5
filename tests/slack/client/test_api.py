from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web
from pydantic import SecretStr

from bot.clients import open_session
from bot.errors import Misconfigured, Outage, Rejected, TranscriptionError, Unavailable
from bot.playground.slack_lookalike.faults import Answer, Drop, SlackError
from bot.playground.slack_lookalike.post_limits import PostLimits
from bot.playground.slack_lookalike.records import Channel, Message
from bot.playground.slack_lookalike.server import SlackLookalike
from bot.slack.client.api import SlackApi, build_api
from tests.slack.answering import always, answering


@pytest.fixture
async def slack() -> AsyncIterator[SlackLookalike]:
    async with SlackLookalike() as running:
        yield running


@pytest.fixture
def channel(slack: SlackLookalike) -> Channel:
    return slack.state.add_channel("general", slack.state.add_user("anne").id)


@pytest.fixture
def api(slack: SlackLookalike, session: aiohttp.ClientSession) -> SlackApi:
    return build_api(session, slack.api_url, SecretStr(slack.bot_token))


def asked(slack: SlackLookalike) -> list[str]:
    return [call.method for call in slack.state.calls]


async def test_an_answer_is_slacks_json_with_its_headers(api: SlackApi) -> None:
    answer = await api.read("auth.test")

    assert answer["team_id"] == "T0PLAYGRND1"
    assert "files:read" in answer.headers["X-OAuth-Scopes"]


async def test_what_is_none_is_left_out(api: SlackApi, slack: SlackLookalike, channel: Channel) -> None:
    await api.write("chat.postMessage", channel=channel.id, text="hi", thread_ts=None, metadata=None)

    (call,) = slack.state.calls
    assert set(call.arguments) == {"channel", "text"}


async def test_a_former_id_of_a_channel_is_called_as_it_is_now(
    slack: SlackLookalike, session: aiohttp.ClientSession, channel: Channel
) -> None:
    former = {"C0FORMER001": channel.id}

    async def channel_now(channel_id: str) -> str:
        return former.get(channel_id, channel_id)

    api = build_api(session, slack.api_url, SecretStr(slack.bot_token), channel_now)
    posted = await api.write("chat.postMessage", channel="C0FORMER001", text="hi")
    await api.write(
        "assistant.threads.setStatus", channel_id="C0FORMER001", thread_ts=posted["ts"], status="works"
    )
    pages = [page async for page in api.pages("conversations.history", channel="C0FORMER001")]

    assert posted["channel"] == channel.id
    assert slack.state.status(channel.id, posted["ts"]) == "works"
    assert len(pages) == 1
    assert await api.channel_now("C0FORMER001") == channel.id
    assert await api.channel_now(channel.id) == channel.id


async def test_what_only_reads_is_tried_again(api: SlackApi, slack: SlackLookalike, channel: Channel) -> None:
    slack.faults.add("conversations.info", Answer(503))
    slack.faults.add("conversations.members", Answer(429, retry_after_s=0))
    slack.faults.add("conversations.history", Drop())

    for method in ("conversations.info", "conversations.members", "conversations.history"):
        await api.read(method, channel=channel.id)

    assert len(asked(slack)) == 6


@pytest.mark.parametrize("fault", [Answer(503), Drop()])
async def test_what_may_have_reached_slack_is_not_done_again(
    api: SlackApi, slack: SlackLookalike, channel: Channel, fault: Answer | Drop
) -> None:
    slack.faults.add("chat.postMessage", fault)

    with pytest.raises(Unavailable, match=Outage.SLACK):
        await api.write("chat.postMessage", channel=channel.id, text="hi")

    assert asked(slack) == ["chat.postMessage"]


async def test_what_slack_turned_away_for_now_is_done_again(
    api: SlackApi, slack: SlackLookalike, channel: Channel
) -> None:
    slack.faults.add("chat.postMessage", Answer(429, retry_after_s=0))

    await api.write("chat.postMessage", channel=channel.id, text="hi")

    assert asked(slack) == ["chat.postMessage"] * 2


async def test_pages_follow_the_cursor_to_the_last(
    api: SlackApi, slack: SlackLookalike, channel: Channel
) -> None:
    texts = [str(number) for number in range(5)]
    for text in texts:
        slack.state.post_as_user(channel.id, channel.members[0], text)

    pages = [page async for page in api.pages("conversations.history", channel=channel.id, limit=2)]

    assert [message["text"] for page in pages for message in page["messages"]] == texts[::-1]
    assert len(pages) == 3


async def test_a_later_page_fails_as_the_first_does(
    api: SlackApi, slack: SlackLookalike, channel: Channel
) -> None:
    for _ in range(3):
        slack.state.post_as_user(channel.id, channel.members[0], "hello")
    slack.faults.add("conversations.history", SlackError("is_archived"), nth=2)
    pages = api.pages("conversations.history", channel=channel.id, limit=2)

    await anext(pages)
    with pytest.raises(Rejected) as refused:
        await anext(pages)

    assert refused.value.code == "is_archived"


async def test_a_call_that_takes_too_long_is_an_outage(api: SlackApi, slack: SlackLookalike) -> None:
    slack.faults.hold("auth.test")

    with pytest.raises(Unavailable) as silent:
        await api.read("auth.test", timeout_s=0.05)

    assert (silent.value.detail, silent.value.code) == ("TimeoutError", "")


async def test_a_call_can_be_cancelled(api: SlackApi, slack: SlackLookalike) -> None:
    held = slack.faults.hold("auth.test")
    calling = asyncio.create_task(api.read("auth.test"))
    await held.reached()

    calling.cancel()

    with pytest.raises(asyncio.CancelledError):
        await calling


async def test_a_method_that_there_is_not_is_a_slip_of_ours(api: SlackApi, slack: SlackLookalike) -> None:
    with pytest.raises(AttributeError):
        await api.read("chat.shout")

    assert asked(slack) == []


async def test_a_wrong_token_is_the_operators(slack: SlackLookalike, session: aiohttp.ClientSession) -> None:
    with pytest.raises(Misconfigured):
        await build_api(session, slack.api_url, SecretStr("xoxb-wrong")).read("auth.test")
    with pytest.raises(Misconfigured):
        await build_api(session, slack.api_url).read("auth.test")


async def test_bytes_are_no_answer_of_slacks(session: aiohttp.ClientSession) -> None:
    packed = always(lambda: web.Response(body=b"bytes", content_type="application/gzip"))
    async with answering(packed) as odd:
        with pytest.raises(TranscriptionError) as raised:
            await build_api(session, f"{odd.origin}/api/").read("auth.test")

    assert isinstance(raised.value, Unavailable)


async def test_a_proxy_is_asked_but_for_the_hosts_that_it_is_not_for(
    slack: SlackLookalike, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = {"ok": True, "team_id": "T0PROXY"}
    async with answering(always(lambda: web.json_response(seen))) as proxy:
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("HTTP_PROXY", proxy.origin)
        async with open_session() as session:
            api = build_api(session, slack.api_url, SecretStr(slack.bot_token))
            assert (await api.read("auth.test"))["team_id"] == "T0PROXY"

            monkeypatch.setenv("NO_PROXY", "127.0.0.1")
            assert (await api.read("auth.test"))["team_id"] == "T0PLAYGRND1"


async def test_a_channel_that_takes_no_more_posts_holds_up_no_other(
    slack: SlackLookalike, session: aiohttp.ClientSession, channel: Channel
) -> None:
    slack.state.post_limits = PostLimits(burst=1, retry_after_s=30)
    api, quiet = build_api(session, slack.api_url, SecretStr(slack.bot_token)), slack.state.add_channel("q")
    posting = [
        asyncio.create_task(api.write("chat.postMessage", channel=channel.id, text=str(number)))
        for number in range(50)
    ]
    while not slack.state.post_limits.refused:  # noqa: ASYNC110  # the state of a server tells no one
        await asyncio.sleep(0.01)

    async with asyncio.timeout(5):
        await api.write("chat.postMessage", channel=quiet.id, text="hi")
        await api.write("chat.update", channel=channel.id, ts=posts_in(slack, channel)[0].ts, text="0!")
        with pytest.raises(Unavailable) as late:
            await api.write("chat.postMessage", timeout_s=4, channel=channel.id, text="no time for that")

    for task in posting:
        task.cancel()
    await asyncio.gather(*posting, return_exceptions=True)
    assert late.value.retry_after_s == pytest.approx(30, abs=5)
    assert len(asked(slack)) <= 3 + 2, "what Slack would refuse is not sent"


def posts_in(slack: SlackLookalike, channel: Channel) -> list[Message]:
    return [message for message in slack.state.messages.values() if message.channel_id == channel.id]
