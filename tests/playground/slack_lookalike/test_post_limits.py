from __future__ import annotations

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground.slack_lookalike.post_limits import PostLimits
from bot.playground.slack_lookalike.records import Channel
from bot.playground.slack_lookalike.server import SlackLookalike


def test_a_channel_takes_a_burst_and_then_a_post_a_second() -> None:
    passed_s = 0.0
    limits = PostLimits(burst=3, clock=lambda: passed_s)
    assert [limits.takes("C1") for _ in range(5)] == [True, True, True, False, False]
    assert limits.takes("C2"), "another channel"
    passed_s = 1.0
    assert [limits.takes("C1") for _ in range(2)] == [True, False]
    passed_s = 100.0
    assert [limits.takes("C1") for _ in range(4)] == [True, True, True, False]
    assert limits.refused == 4


async def test_a_post_too_many_is_refused_and_does_not_act(slack: SlackLookalike, general: Channel) -> None:
    slack.state.post_limits = PostLimits(burst=1, retry_after_s=10, clock=lambda: 0.0)
    client = AsyncWebClient(slack.bot_token, base_url=slack.api_url, retry_handlers=[])
    other = slack.state.add_channel("other")
    await client.chat_postMessage(channel=general.id, text="1")
    with pytest.raises(SlackApiError) as limited:
        await client.chat_postMessage(channel=general.id, text="2")
    answer = limited.value.response
    assert (answer.status_code, answer["error"], answer.headers["Retry-After"]) == (429, "ratelimited", "10")
    await client.chat_postMessage(channel=other.id, text="3")
    assert [message.text for message in slack.state.messages.values()] == ["1", "3"]
