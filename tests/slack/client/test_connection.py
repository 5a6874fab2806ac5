from __future__ import annotations

import asyncio

import pytest
from pydantic import SecretStr
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.clients import open_session
from bot.errors import Misconfigured
from bot.playground.slack_lookalike.delivery import RetrySchedule
from bot.playground.slack_lookalike.server import SlackLookalike
from bot.slack.client.connection import MESSAGES_AT_ONCE, connected
from tests.slack.payloads import body, event


def bolt_of(slack: SlackLookalike) -> AsyncApp:
    return AsyncApp(
        client=AsyncWebClient(slack.bot_token, base_url=slack.api_url), signing_secret="unused", name="tests"
    )


async def test_a_proxy_is_left_aside_for_the_hosts_that_it_is_not_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    async with (
        SlackLookalike() as slack,
        open_session() as session,
        connected(bolt_of(slack), session, slack.api_url, SecretStr(slack.app_token)) as socket,
    ):
        assert socket is not None
        assert await socket.client.is_connected()


async def test_what_there_is_no_room_for_stays_in_the_socket() -> None:
    under_way, most, released = 0, 0, asyncio.Event()

    async def hear() -> None:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await released.wait()
        under_way -= 1

    schedule = RetrySchedule(ack_timeout_s=60, delays_s=())
    async with SlackLookalike(schedule=schedule) as slack, open_session() as session:
        bolt = AsyncApp(
            client=AsyncWebClient(slack.bot_token, base_url=slack.api_url),
            signing_secret="unused",
            name="tests",
            process_before_response=True,
            ignoring_self_events_enabled=False,
        )
        bolt.event("message")(hear)
        async with connected(bolt, session, slack.api_url, SecretStr(slack.app_token)) as socket:
            sent = [
                slack.deliver("events_api", body(event()) | {"event_id": f"Ev{number}"})
                for number in range(MESSAGES_AT_ONCE + 100)
            ]
            while under_way < MESSAGES_AT_ONCE:  # noqa: ASYNC110  # many steps of Bolt's come before
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.1)
            assert most == MESSAGES_AT_ONCE
            released.set()
            await asyncio.gather(*(one.settled() for one in sent))
            assert all(one.acked for one in sent)
            # What is no message takes no room for good.
            assert socket is not None
            for _ in range(2 * MESSAGES_AT_ONCE):
                await socket.client.enqueue_message("{")
            assert (await slack.deliver("events_api", body(event())).settled()).acked


async def test_a_wrong_app_token_is_told_from_the_bots() -> None:
    async with SlackLookalike() as slack, open_session() as session:
        with pytest.raises(Misconfigured) as raised:
            async with connected(bolt_of(slack), session, slack.api_url, SecretStr("xapp-wrong")):
                pass

    assert raised.value.detail == "SLACK_APP_TOKEN: invalid_auth"
