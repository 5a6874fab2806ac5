"""Who decides first is first, whichever way each of them decides."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import pytest

from bot.channel_settings import Automatic, ChannelSettings
from bot.playground.slack_lookalike.delivery import Delivery
from bot.playground.slack_lookalike.records import Channel, Message, User
from bot.slack.blockkit import action_ids
from bot.slack.permissions import Permissions
from bot.slack.settings.change import ChangeSettings, Denied, turned_off, turned_on
from tests.slack.harness import SlackHarness, slack_harness

Decide = Callable[[SlackHarness, Channel, User, Message], Delivery]


def say_on(harness: SlackHarness, channel: Channel, person: User, _greeting: Message) -> Delivery:
    return harness.people.slash_command(channel.id, person.id, action_ids.COMMAND, "on")


def press_on(harness: SlackHarness, _channel: Channel, person: User, greeting: Message) -> Delivery:
    return harness.people.click(greeting, action_ids.TURN_ON, person.id)


def press_off(harness: SlackHarness, _channel: Channel, person: User, greeting: Message) -> Delivery:
    return harness.people.click(greeting, action_ids.TURN_OFF, person.id)


def say_off(harness: SlackHarness, channel: Channel, person: User, _greeting: Message) -> Delivery:
    return harness.people.slash_command(channel.id, person.id, action_ids.COMMAND, "off")


@pytest.mark.parametrize("slow", ["conversations.info", "conversations.members", "users.info"])
@pytest.mark.parametrize(("first", "second"), [(say_on, press_off), (press_on, say_off)])
async def test_a_slow_earlier_decision_does_not_undo_a_later_one(
    slow: str, first: Decide, second: Decide
) -> None:
    async with slack_harness(lambda handlers: [handlers.commands, handlers.greeting]) as harness:
        state = harness.slack.state
        anne, boss = state.add_user("anne"), state.add_user("boss")
        channel = state.add_channel("general", anne.id, boss.id, with_bot=False)
        harness.comings.join(channel, state.workspace.bot_user_id, anne.id)
        await harness.settled()
        (greeting,) = harness.said(channel.id)
        held = harness.slack.faults.hold(slow)

        earlier = first(harness, channel, anne, greeting)
        if first is say_on or slow != "conversations.info":
            await held.reached()
        later = second(harness, channel, boss, greeting)
        # Were it not to wait, it would be done by then.
        with suppress(TimeoutError):
            async with asyncio.timeout(0.3):
                await later.settled()
        held.release()
        await harness.settled()

        assert earlier.acked
        assert later.acked
        assert (await harness.preferences.channel(harness.team_id, channel.id)).automatic is Automatic.OFF


async def test_whoever_may_not_is_told_why_as_a_value() -> None:
    async with slack_harness(lambda _: [], admins_only=True) as harness:
        anne, zoe = harness.slack.state.add_user("anne"), harness.slack.state.add_user("zoe")
        channel = harness.slack.state.add_channel("general", anne.id)
        change = ChangeSettings(harness.context.permissions, harness.preferences)

        assert await change.denied(channel.id, anne.id) is Denied.ADMINS_ONLY
        assert await change.change(harness.team_id, channel.id, zoe.id, turned_on) is Denied.OUT_OF_REACH
        assert harness.preferences.settings == {}


async def test_what_else_stands_in_the_way_is_asked_in_turn() -> None:
    async def absent() -> Denied | None:
        return Denied.NOT_IN_CHANNEL

    async with slack_harness(lambda _: []) as harness:
        anne = harness.slack.state.add_user("anne")
        channel = harness.slack.state.add_channel("general", anne.id)
        permissions = Permissions(harness.context.lookups, harness.team_id, admins_only=False)
        change = ChangeSettings(permissions, harness.preferences)

        changed = await change.change(harness.team_id, channel.id, anne.id, turned_on, check=absent)

        assert changed is Denied.NOT_IN_CHANNEL
        assert harness.calls("conversations.members") == []


@pytest.mark.parametrize("before", [None, *Automatic])
def test_on_is_at_least_audio_and_off_is_off(before: Automatic | None) -> None:
    settings = ChannelSettings(before, language="de")

    on, off = turned_on(settings), turned_off(settings)

    assert off == replace(settings, automatic=Automatic.OFF)
    assert on.automatic is (Automatic.AUDIO if before in {None, Automatic.OFF} else before)
    assert on.language == "de"
