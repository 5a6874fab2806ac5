from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import aiohttp
import pytest
from pydantic import SecretStr

from bot.playground.slack_lookalike.faults import Answer, Drop, SlackError
from bot.playground.slack_lookalike.records import User
from bot.playground.slack_lookalike.server import SlackLookalike
from bot.slack.client.api import build_api
from bot.slack.client.lookups import Lookups
from bot.slack.client.readers import Readers
from bot.translations import Reader

JAPANESE = Reader.of("ja")


@dataclass
class Place:
    """A workspace with Bert in it, and a bot whose threads are in Japanese."""

    slack: SlackLookalike
    readers: Readers
    bert: User


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    async with SlackLookalike() as slack, aiohttp.ClientSession() as session:
        api = build_api(session, slack.api_url, SecretStr(slack.bot_token))
        bert = slack.state.add_user("bert", locale="de-AT")
        yield Place(slack, Readers(Lookups(api), JAPANESE), bert)


async def test_what_somebody_reads_is_what_slack_says(place: Place) -> None:
    assert place.readers.known(place.bert.id) == JAPANESE
    assert await place.readers.of(place.bert.id) == Reader.of("de-AT")
    assert place.readers.known(place.bert.id) == Reader.of("de-AT")


@pytest.mark.parametrize("fault", [SlackError("user_not_found"), Answer(500), Drop()])
async def test_where_slack_does_not_say_it_is_the_default(
    place: Place, fault: SlackError | Answer | Drop
) -> None:
    place.slack.faults.add("users.info", fault, times=None)

    assert await place.readers.of(place.bert.id) == JAPANESE


async def test_a_language_is_not_waited_for_long(place: Place) -> None:
    hold = place.slack.faults.hold("users.info")

    async with asyncio.timeout(5):
        assert await place.readers.of(place.bert.id) == JAPANESE
    hold.release()
