from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import Misconfigured, Rejected
from bot.playground.slack_lookalike import faults
from bot.playground.slack_lookalike.server import SlackLookalike
from bot.slack.client.paced import PacedApi


class Pace:
    """An API of two calls a minute, on time that passes only while it sleeps."""

    def __init__(self, slack: SlackLookalike, calls_per_minute: int = 2) -> None:
        self.slack = slack
        self.passed_s = 0.0
        client = AsyncWebClient(slack.bot_token, base_url=slack.api_url, retry_handlers=[])
        self.api = PacedApi(client, calls_per_minute, lambda: self.passed_s, self.sleep)

    async def sleep(self, seconds: float) -> None:
        self.passed_s += seconds

    async def read(self, method: str = "auth.test") -> float:
        """The time at which Slack has answered."""
        await self.api.read(method)
        return self.passed_s


@pytest.fixture
async def slack() -> AsyncIterator[SlackLookalike]:
    async with SlackLookalike() as started:
        yield started


async def test_no_minute_sees_more_calls_than_it_may(slack: SlackLookalike) -> None:
    pace = Pace(slack)
    assert [await pace.read() for _ in range(5)] == [0, 0, 60, 60, 120]
    assert pace.api.calls == 5


async def test_pages_are_calls_too(slack: SlackLookalike) -> None:
    pace = Pace(slack)
    for number in range(5):
        slack.state.add_channel(f"channel-{number}")
    pages = [page async for page in pace.api.pages("users.conversations", limit=2)]
    assert (len(pages), pace.passed_s) == (3, 60)


async def test_what_slack_does_not_answer_is_asked_again_as_late_as_it_wants(slack: SlackLookalike) -> None:
    pace = Pace(slack, 10)
    slack.faults.add("auth.test", faults.Answer(429, retry_after_s=45))
    slack.faults.add("auth.test", faults.Answer(503))
    assert await pace.read() == 45 + 2
    assert pace.api.calls == 3, "each counts for the minute"


async def test_a_refusal_ends_it(slack: SlackLookalike) -> None:
    pace = Pace(slack)
    for code, raised in (
        ("channel_not_found", Rejected),
        ("a_new_word", Rejected),
        ("invalid_auth", Misconfigured),
    ):
        slack.faults.add("auth.test", faults.SlackError(code))
        with pytest.raises(raised):
            await pace.read()
