from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from bot import sentences
from bot.channel_settings import Automatic, ChannelSettings
from bot.playground.slack_lookalike.blockkit import complaints_about_blocks
from bot.playground.slack_lookalike.delivery import Delivery
from bot.playground.slack_lookalike.faults import Answer, SlackError
from bot.playground.slack_lookalike.records import Channel, Message, User
from bot.ports.preferences import Preferences
from bot.slack.blockkit import action_ids
from bot.slack.settings.greeting_view import render_decision, render_greeting
from bot.translations import ENGLISH, Reader
from tests.slack.harness import SlackHarness, slack_harness


@dataclass
class Invitation:
    """A channel that the bot can be invited to."""

    harness: SlackHarness
    channel: Channel
    anne: User
    boss: User

    async def invite(self) -> list[Message]:
        self.harness.comings.join(self.channel, self.harness.slack.state.workspace.bot_user_id, self.anne.id)
        await self.harness.settled()
        return self.harness.said(self.channel.id)

    async def invite_elsewhere(self) -> Message:
        state = self.harness.slack.state
        channel = state.add_channel("news", self.anne.id, self.boss.id, with_bot=False)
        self.harness.comings.join(channel, state.workspace.bot_user_id, self.anne.id)
        await self.harness.settled()
        return self.harness.said(channel.id)[0]

    def begin(self, message: Message, action_id: str, user: User) -> Delivery:
        """Press a button, and look away."""
        return self.harness.people.click(message, action_id, user.id)

    async def press(self, message: Message, action_id: str, user: User) -> None:
        delivery = self.begin(message, action_id, user)
        await self.harness.settled()
        assert delivery.acked

    async def automatic(self) -> Automatic | None:
        return (await self.harness.preferences.channel(self.harness.team_id, self.channel.id)).automatic

    async def decide(self, automatic: Automatic | None) -> None:
        await self.harness.preferences.change_channel(
            self.harness.team_id, self.channel.id, lambda _: ChannelSettings(automatic, language="de")
        )


class FullDisk:
    """A store that can note a greeting and nothing more."""

    def __init__(self, preferences: Preferences) -> None:
        self.channel, self.greet = preferences.channel, preferences.greet

    async def change_channel(self, *_: object) -> ChannelSettings:
        raise OSError(28, "No space left on device")


@asynccontextmanager
async def invitation(
    *,
    admins_only: bool = False,
    is_ext_shared: bool = False,
    is_disk_full: bool = False,
    **deployment: Any,
) -> AsyncIterator[Invitation]:
    async with slack_harness(
        lambda handlers: [handlers.greeting],
        admins_only=admins_only,
        ack_timeout_s=0.5,
        stored=FullDisk if is_disk_full else lambda kept: kept,
        **deployment,
    ) as harness:
        state = harness.slack.state
        anne, boss = state.add_user("anne"), state.add_user("boss", is_admin=True)
        channel = state.add_channel("general", anne.id, boss.id, with_bot=False, is_ext_shared=is_ext_shared)
        yield Invitation(harness, channel, anne, boss)


def texts(message: Message) -> list[str]:
    return [block["text"]["text"] for block in message.blocks if block["type"] == "section"]


async def test_it_says_once_what_it_will_do_and_where_audio_goes() -> None:
    async with invitation() as here:
        (greeting,) = await here.invite()

        assert texts(greeting) == [
            ENGLISH.say(sentences.GREETING),
            ENGLISH.say(sentences.WHAT_I_DO[Automatic.AUDIO]),
            sentences.where_audio_goes(ENGLISH, "speech.example.com"),
        ]
        assert greeting.text == ENGLISH.say(sentences.GREETING)
        assert complaints_about_blocks(greeting.blocks) == []

        here.harness.comings.remove_bot(here.channel)
        assert len(await here.invite()) == 1


async def test_it_greets_in_the_language_of_channels() -> None:
    german = Reader.of("de")
    async with invitation(thread_reader=german) as here:
        (greeting,) = await here.invite()
        assert greeting.text == texts(greeting)[0] == german.say(sentences.GREETING)

        await here.press(greeting, action_ids.TURN_OFF, here.anne)

        assert texts(greeting)[1] == german.say(sentences.WHAT_I_DO[Automatic.OFF])
        assert greeting.text == german.say(sentences.WHAT_I_DO[Automatic.OFF])


async def test_it_greets_again_where_it_was_forgotten() -> None:
    async with invitation() as here:
        await here.invite()
        here.harness.comings.remove_bot(here.channel)
        await here.harness.preferences.forget_channel(here.harness.team_id, here.channel.id)

        assert len(await here.invite()) == 2


async def test_somebody_elses_coming_is_nothing_to_it() -> None:
    async with invitation() as here:
        here.channel.members.append(here.harness.slack.state.workspace.bot_user_id)
        here.harness.comings.join(here.channel, here.harness.slack.state.add_user("carla").id)
        await here.harness.settled()

        assert here.harness.said(here.channel.id) == []
        assert here.harness.calls("conversations.info") == []


@pytest.mark.parametrize(
    ("by_default", "decided", "is_shared", "said"),
    [
        (False, None, False, ENGLISH.say(sentences.WHAT_I_DO[Automatic.OFF])),
        (True, None, True, ENGLISH.say(sentences.GREETING_SHARED)),
        (False, None, True, ENGLISH.say(sentences.GREETING_SHARED)),
        (True, Automatic.CLIPS, True, ENGLISH.say(sentences.WHAT_I_DO[Automatic.CLIPS])),
        (True, Automatic.OFF, False, ENGLISH.say(sentences.WHAT_I_DO[Automatic.OFF])),
    ],
)
async def test_what_it_says_is_what_counts(
    by_default: bool,  # noqa: FBT001  # a parameter of the test
    decided: Automatic | None,
    is_shared: bool,  # noqa: FBT001  # the same
    said: str,
) -> None:
    async with invitation(automatic=by_default, is_ext_shared=is_shared) as here:
        await here.decide(decided)

        (greeting,) = await here.invite()
        assert texts(greeting)[1] == said


async def test_on_and_off_are_decided_under_it_and_it_says_by_whom() -> None:
    async with invitation(is_ext_shared=True) as here:
        (greeting,) = await here.invite()

        await here.press(greeting, action_ids.TURN_ON, here.anne)
        assert await here.automatic() is Automatic.AUDIO
        assert texts(greeting)[1] == ENGLISH.say(sentences.WHAT_I_DO[Automatic.AUDIO])
        (line,) = [block for block in greeting.blocks if block["type"] == "rich_text"]
        assert line["elements"][0]["elements"][0] == {"type": "user", "user_id": here.anne.id}

        await here.press(greeting, action_ids.TURN_OFF, here.boss)
        assert await here.automatic() is Automatic.OFF
        assert texts(greeting)[1] == ENGLISH.say(sentences.WHAT_I_DO[Automatic.OFF])
        assert here.boss.id in str(greeting.blocks)
        assert len(here.harness.said(here.channel.id)) == 1
        assert here.harness.refreshed() == [here.anne.id, here.boss.id]


@pytest.mark.parametrize("before", [Automatic.CLIPS, Automatic.VIDEO])
async def test_on_leaves_a_finer_choice_as_it_is(before: Automatic) -> None:
    async with invitation() as here:
        await here.decide(before)
        (greeting,) = await here.invite()

        await here.press(greeting, action_ids.TURN_ON, here.anne)

        kept = await here.harness.preferences.channel(here.harness.team_id, here.channel.id)
        assert kept == ChannelSettings(before, language="de")


async def test_whoever_may_not_is_told_alone() -> None:
    async with invitation(admins_only=True) as here:
        (greeting,) = await here.invite()
        before = list(greeting.blocks)

        await here.press(greeting, action_ids.TURN_OFF, here.anne)

        assert await here.automatic() is None
        assert greeting.blocks == before
        assert here.harness.whispers(here.anne.id) == [ENGLISH.say(sentences.ADMINS_ONLY)]
        assert here.harness.refreshed() == []


async def test_a_slack_that_does_not_say_who_may_is_told_of() -> None:
    async with invitation() as here:
        (greeting,) = await here.invite()
        here.harness.slack.faults.add("conversations.members", SlackError("internal_error"))

        await here.press(greeting, action_ids.TURN_OFF, here.anne)

        assert await here.automatic() is None
        assert here.harness.whispers(here.anne.id) == [ENGLISH.say(sentences.SLACK_SILENT)]


async def test_a_press_is_kept_before_it_is_acknowledged() -> None:
    async with invitation() as here:
        (greeting,) = await here.invite()
        delivery = here.begin(greeting, action_ids.TURN_OFF, here.anne)
        kept: list[ChannelSettings] = []
        delivery.on_ack = lambda _: kept.extend(here.harness.preferences.settings.values())
        await here.harness.settled()

        assert [settings.automatic for settings in kept] == [Automatic.OFF]


async def test_a_press_that_cannot_be_kept_is_not_acknowledged_and_told() -> None:
    async with invitation(is_disk_full=True) as here:
        (greeting,) = await here.invite()
        before = list(greeting.blocks)

        delivery = here.begin(greeting, action_ids.TURN_OFF, here.anne)
        await here.harness.settled()

        assert not delivery.acked
        assert here.harness.whispers(here.anne.id) == [ENGLISH.say(sentences.WENT_WRONG)]
        assert greeting.blocks == before


@pytest.mark.parametrize(
    ("presses", "end"),
    [
        ((action_ids.TURN_ON, action_ids.TURN_OFF), Automatic.OFF),
        ((action_ids.TURN_OFF, action_ids.TURN_ON), Automatic.AUDIO),
    ],
)
@pytest.mark.parametrize("slow", ["conversations.members", "users.info", "chat.update"])
async def test_two_presses_end_in_their_order(slow: str, presses: tuple[str, str], end: Automatic) -> None:
    async with invitation() as here:
        (greeting,) = await here.invite()
        elsewhere = await here.invite_elsewhere()
        held = here.harness.slack.faults.hold(slow)

        first = here.begin(greeting, presses[0], here.anne)
        await held.reached()
        second = here.begin(greeting, presses[1], here.boss)
        if slow == "chat.update":
            await second.settled()
        # What is pressed after it in another channel waits for nobody, and asks as much of Slack.
        await here.begin(elsewhere, presses[1], here.boss).settled()
        held.release()
        await here.harness.settled()

        assert first.acked
        assert second.acked
        assert await here.automatic() is end
        assert texts(greeting)[1] == ENGLISH.say(sentences.WHAT_I_DO[end])
        assert here.boss.id in str(greeting.blocks)


@pytest.mark.parametrize("admins_only", [False, True])
@pytest.mark.parametrize("team", ["", "T0OTHERORG"])
async def test_people_of_another_organisation_decide_nothing(admins_only: bool, team: str) -> None:  # noqa: FBT001  # a parameter of the test
    async with invitation(is_ext_shared=True, admins_only=admins_only) as here:
        eve = here.harness.slack.state.add_user("eve", is_admin=True, team="T0OTHERORG")
        here.channel.members.append(eve.id)
        (greeting,) = await here.invite()

        delivery = here.begin(greeting, action_ids.TURN_ON, eve)
        delivery.payload["team"] = {"id": team or here.harness.team_id}
        await here.harness.settled()

        assert here.harness.preferences.settings == {}
        assert here.harness.whispers(eve.id) == [ENGLISH.say(sentences.OUT_OF_REACH)]
        assert texts(greeting)[1] == ENGLISH.say(sentences.GREETING_SHARED)


async def test_a_decision_is_kept_for_the_workspace_whatever_team_a_press_names() -> None:
    async with invitation() as here:
        (greeting,) = await here.invite()
        delivery = here.begin(greeting, action_ids.TURN_OFF, here.anne)
        delivery.payload["team"] = {"id": "T0ANOTHER01"}
        await here.harness.settled()

        assert await here.automatic() is Automatic.OFF


async def test_a_greeting_that_cannot_be_changed_leaves_a_word_to_whoever_pressed() -> None:
    async with invitation() as here:
        (greeting,) = await here.invite()
        here.harness.slack.faults.add("chat.update", SlackError("message_not_found"))

        await here.press(greeting, action_ids.TURN_OFF, here.anne)

        assert await here.automatic() is Automatic.OFF
        assert here.harness.whispers(here.anne.id) == [sentences.saved(ENGLISH, Automatic.OFF)]


async def test_nothing_is_said_or_noted_while_slack_does_not_answer() -> None:
    async with invitation() as here:
        here.harness.slack.faults.add("conversations.info", Answer(503))
        assert await here.invite() == []
        assert here.harness.slack.deliveries[-1].acked is False

        here.harness.comings.remove_bot(here.channel)
        assert len(await here.invite()) == 1


async def test_a_greeting_that_is_lost_does_not_come_twice() -> None:
    async with invitation() as here:
        here.harness.slack.faults.add("chat.postMessage", SlackError("internal_error"))
        assert await here.invite() == []
        assert here.harness.slack.deliveries[-1].acked

        here.harness.comings.remove_bot(here.channel)
        assert await here.invite() == []


async def test_a_channel_that_is_gone_again_is_not_greeted() -> None:
    async with invitation() as here:
        here.harness.slack.faults.add("conversations.info", SlackError("channel_not_found"))

        assert await here.invite() == []
        assert here.harness.slack.deliveries[-1].acked


@pytest.mark.parametrize("automatic", list(Automatic))
@pytest.mark.parametrize("host", ["speech.example.com", "<!channel>" * 400])
def test_every_greeting_can_be_shown(automatic: Automatic, host: str) -> None:
    for waits in (True, False):
        greeting = render_greeting(ENGLISH, "C1", automatic, waits_for_a_word=waits, audio_goes_to=host)
        assert complaints_about_blocks(greeting) == []
    assert complaints_about_blocks(render_decision(ENGLISH, "C1", "U1", automatic, audio_goes_to=host)) == []
