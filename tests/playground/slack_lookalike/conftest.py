"""A look-alike that runs, and a channel in it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.playground.slack_lookalike.records import Channel
from bot.playground.slack_lookalike.server import SlackLookalike


@pytest.fixture
async def slack() -> AsyncIterator[SlackLookalike]:
    async with SlackLookalike() as running:
        yield running


@pytest.fixture
def general(slack: SlackLookalike) -> Channel:
    return slack.state.add_channel("general", slack.state.add_user("ann").id)
