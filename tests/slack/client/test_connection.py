from __future__ import annotations

import pytest
from pydantic import SecretStr
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.clients import open_session
from bot.errors import Misconfigured
from bot.playground.slack_lookalike.server import SlackLookalike
from bot.slack.client.connection import connected


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


async def test_a_wrong_app_token_is_told_from_the_bots() -> None:
    async with SlackLookalike() as slack, open_session() as session:
        with pytest.raises(Misconfigured) as raised:
            async with connected(bolt_of(slack), session, slack.api_url, SecretStr("xapp-wrong")):
                pass

    assert raised.value.detail == "SLACK_APP_TOKEN: invalid_auth"
