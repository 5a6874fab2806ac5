from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import cast

import aiohttp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from bot.channel_settings import ChannelSettings
from bot.model import SUBSCRIBERS, JobKey, TranscriptionRequest
from bot.playground.slack_lookalike.faults import SlackError
from bot.playground.slack_lookalike.records import Channel
from bot.playground.slack_lookalike.server import SlackLookalike
from bot.ports.preferences import Preferences
from bot.recording import MOST_CONTEXT_BYTES, RecognitionContext
from bot.slack.client.api import build_api
from bot.slack.client.lookups import Lookups
from bot.slack.recognition_context import SlackRecognitionContext, join_context
from tests.job.virtual import VirtualTime
from tests.slack.payloads import request

NAMES = ChannelSettings(names_in_vocabulary=True)


class OneChannel:
    """What every channel has decided."""

    def __init__(self) -> None:
        self.settings = NAMES

    async def channel(self, _team_id: str, _channel_id: str) -> ChannelSettings:
        return self.settings


@dataclass
class Listener:
    slack: SlackLookalike
    preferences: OneChannel
    time: VirtualTime
    hinting: SlackRecognitionContext
    channel: Channel

    def asked(self, method: str) -> int:
        return [call.method for call in self.slack.state.calls].count(method)

    def request(self, **key: str) -> TranscriptionRequest:
        plain = request()
        whole = {"team_id": "T1", "channel_id": self.channel.id, "message_ts": "1.0", "file_id": "F1"}
        return replace(plain, key=JobKey(**(whole | key)))

    async def lines(self, **key: str) -> list[str]:
        return (await self.hinting.context_for(self.request(**key))).context.split("\n")

    async def looked_up(self) -> None:
        """What goes on in the background has ended."""
        while self.hinting._tasks:
            await asyncio.wait(self.hinting._tasks)


@asynccontextmanager
async def listening(*people: str, patience_s: float = 3.0) -> AsyncIterator[Listener]:
    async with SlackLookalike() as slack, aiohttp.ClientSession() as session:
        api = build_api(session, slack.api_url, SecretStr(slack.bot_token))
        ids = [slack.state.add_user(name).id for name in people]
        channel = slack.state.add_channel("general", *ids)
        preferences, time = OneChannel(), VirtualTime()
        hinting = SlackRecognitionContext(
            Lookups(api),
            cast("Preferences", preferences),
            bot_user_id=slack.state.workspace.bot_user_id,
            now=time.now,
            patience_s=patience_s,
        )
        yield Listener(slack, preferences, time, hinting, channel)
        slack.faults.clear()


async def test_what_a_channel_decided_is_handed_on() -> None:
    async with listening("anne") as here:
        here.preferences.settings = ChannelSettings(
            language="de", vocabulary=("Åsa", "Kubernetes"), digits=True, emotion=True, time_marks=False
        )

        assert await here.hinting.context_for(here.request()) == RecognitionContext(
            "de", "Åsa\nKubernetes", digits=True, emotion=True, time_marks=False
        )
        assert here.slack.state.calls == []


async def test_where_nobody_decided_the_deployment_does() -> None:
    async with listening("anne") as here:
        here.preferences.settings = ChannelSettings()

        assert await here.hinting.context_for(here.request()) == RecognitionContext(
            None, "", digits=None, emotion=False, time_marks=True
        )


async def test_names_topic_and_members_join_the_channels_own_words() -> None:
    async with listening("anne", "bob") as here:
        here.channel.topic = "Release\nof  <!channel> 4.2"
        here.preferences.settings = replace(NAMES, vocabulary=("Kubernetes", "Bob"))

        assert await here.lines() == ["Kubernetes", "Bob", "general", "Release of <!channel> 4.2", "anne"]


@pytest.mark.parametrize("audience", ["thread", SUBSCRIBERS])
async def test_they_count_for_whatever_everybody_may_read(audience: str) -> None:
    async with listening("anne") as here:
        assert "anne" in await here.lines(audience=audience)


@pytest.mark.parametrize("key", [{"audience": "U1"}, {"channel_id": "D1"}])
async def test_private_answers_and_direct_messages_go_without_names(key: dict[str, str]) -> None:
    async with listening("anne") as here:
        assert await here.lines(**key) == [""]
        assert here.slack.state.calls == []


async def test_they_are_looked_up_once_in_six_hours() -> None:
    async with listening("anne", "bob") as here:
        await here.lines()
        here.channel.members.append(here.slack.state.add_user("carla").id)
        await here.time.run(6 * 3600 - 1)
        assert "carla" not in await here.lines()
        assert here.asked("users.info") == 2

        await here.time.run(1)
        # What is known serves until it is looked up again.
        assert "carla" not in await here.lines()
        await here.looked_up()
        assert "carla" in await here.lines()
        assert (here.asked("users.info"), here.asked("conversations.members")) == (5, 2)


async def test_two_recordings_share_one_look() -> None:
    async with listening("anne") as here:
        both = await asyncio.gather(here.lines(), here.lines())

        assert both[0] == both[1] == ["general", "anne"]
        assert here.asked("conversations.members") == 1


async def test_a_slow_slack_costs_the_names_of_this_recording_alone() -> None:
    async with listening("anne", patience_s=0.05) as here:
        hold = here.slack.faults.hold("conversations.members")
        assert await here.lines() == [""]
        await hold.reached()
        hold.release()
        await here.looked_up()

        assert await here.lines() == ["general", "anne"]
        assert here.asked("conversations.members") == 1


@pytest.mark.parametrize("method", ["conversations.info", "conversations.members"])
async def test_a_failure_is_tried_again_after_ten_minutes(method: str) -> None:
    async with listening("anne") as here:
        here.slack.faults.add(method, SlackError("internal_error"))
        assert await here.lines() == [""]
        await here.time.run(599)
        assert await here.lines() == [""]
        assert here.asked(method) == 1

        await here.time.run(1)
        assert await here.lines() == ["general", "anne"]


async def test_a_failure_leaves_the_names_that_were_known() -> None:
    async with listening("anne") as here:
        await here.lines()
        here.slack.faults.add("conversations.members", SlackError("internal_error"))
        await here.time.run(6 * 3600)

        for _ in range(2):
            assert await here.lines() == ["general", "anne"]
            await here.looked_up()


async def test_a_missing_scope_costs_names_alone() -> None:
    async with listening("anne") as here:
        here.slack.state.workspace.scopes.discard("channels:read")
        here.preferences.settings = replace(NAMES, vocabulary=("Åsa",))

        assert await here.lines() == ["Åsa"]


async def test_one_person_whom_slack_does_not_name_costs_no_other() -> None:
    async with listening("anne", "bob") as here:
        here.slack.faults.add(
            "users.info",
            SlackError("user_not_found"),
            when=lambda asked: asked["user"] == here.channel.members[0],
        )

        assert await here.lines() == ["general", "bob"]


async def test_people_are_asked_after_five_at_a_time_and_a_hundred_at_most() -> None:
    async with listening(*(f"person{number}" for number in range(120))) as here:
        holds = [here.slack.faults.hold("users.info") for _ in range(5)]
        looking = asyncio.create_task(here.lines())
        await asyncio.gather(*(hold.reached() for hold in holds))
        await here.time.settle()
        assert here.asked("users.info") == 5
        for hold in holds:
            hold.release()

        assert len(await looking) == 101
        assert here.asked("users.info") == 100


async def test_channels_that_nobody_asked_for_lately_are_forgotten() -> None:
    async with listening() as here:
        for number in range(501):
            here.slack.state.channels[f"C{number}"] = replace(here.channel, id=f"C{number}")
        for number in [*range(500), 0, 500]:
            await here.lines(channel_id=f"C{number}")
        looks = here.asked("conversations.info")
        await here.lines(channel_id="C0")
        assert here.asked("conversations.info") == looks
        await here.lines(channel_id="C1")
        assert here.asked("conversations.info") == looks + 1


lines = st.lists(st.text(max_size=200), max_size=80)


@given(lines, lines)
@settings(max_examples=80, deadline=None)
def test_whatever_the_names_the_context_keeps_its_bounds(vocabulary: list[str], names: list[str]) -> None:
    context = join_context(vocabulary, names)

    assert len(context.encode()) <= MOST_CONTEXT_BYTES
    kept = context.split("\n") if context else []
    assert len({line.casefold() for line in kept}) == len(kept)
    assert all(line == " ".join(line.split()) for line in kept)


def test_a_full_vocabulary_leaves_no_room_for_names() -> None:
    vocabulary = [f"{number:09}" for number in range(1_000)]

    assert join_context(vocabulary, ["anne"]) == "\n".join(vocabulary)
    assert len(join_context(vocabulary, []).encode()) == MOST_CONTEXT_BYTES - 1
    assert join_context([*vocabulary, "x"], []) == "\n".join(vocabulary)


def test_a_long_topic_is_cut_and_a_long_word_of_the_channels_own_is_not() -> None:
    assert join_context(["w" * 300], ["t" * 300]) == f"{'w' * 300}\n{'t' * 100}"
