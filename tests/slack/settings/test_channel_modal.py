from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from bot import sentences
from bot.channel_settings import Automatic, ChannelSettings
from bot.model import Place
from bot.playground.slack_lookalike.blockkit import complaints_about_view
from bot.playground.slack_lookalike.faults import Answer, SlackError
from bot.playground.slack_lookalike.records import Channel, User, View
from bot.slack.blockkit import action_ids
from bot.slack.interactions.modal_kind import Trigger
from bot.slack.settings.channel_modal import ChannelModal
from bot.translations import ENGLISH
from tests.slack.harness import SlackHarness, slack_harness

OPEN = [
    {
        "type": "actions",
        "elements": [
            {
                "type": "button",
                "action_id": action_ids.OPEN_SETTINGS,
                "text": {"type": "plain_text", "text": "Settings"},
            }
        ],
    }
]


@dataclass
class ModalHarness:
    """A channel with two members, and somebody who is not in it."""

    harness: SlackHarness
    control: ChannelModal
    channel: Channel
    anne: User
    boss: User
    stranger: User

    async def open(self, user: User, channel_id: str = "") -> View:
        """Open the modal, and wait for what fills it."""
        state = self.harness.slack.state
        trigger = state.new_trigger(user.id)
        await self.control.open(Trigger(trigger, user.id, Place(channel_id or self.channel.id)))
        await self.harness.settled()
        return self.harness.modal()

    async def kept(self) -> ChannelSettings:
        return await self.harness.preferences.channel(self.harness.team_id, self.channel.id)

    async def decide(self, **changes: Any) -> None:
        await self.harness.preferences.change_channel(
            self.harness.team_id, self.channel.id, lambda _: ChannelSettings(**changes)
        )


@asynccontextmanager
async def place(
    *,
    admins_only: bool = False,
    preferences: object = None,
    patience_s: float = 2.0,
    locale: str = "en-US",
    **deployment: Any,
) -> AsyncIterator[ModalHarness]:
    async with slack_harness(
        lambda handlers: [handlers.channel_modal],
        admins_only=admins_only,
        patience_s=patience_s,
        stored=lambda kept: preferences or kept,
        **deployment,
    ) as harness:
        state = harness.slack.state
        anne, boss = state.add_user("anne", locale=locale), state.add_user("boss", is_admin=True)
        stranger = state.add_user("zoe", is_admin=True)
        channel = state.add_channel("general", anne.id, boss.id)
        yield ModalHarness(harness, harness.handlers.channel_modal, channel, anne, boss, stranger)


def notice(view: View) -> str:
    """What stands in a modal that has nothing to fill in."""
    (block,) = view.content["blocks"]
    return str(block["text"]["text"])


def menu(view: View, block_id: str) -> dict[str, Any]:
    return next(dict(b["element"]) for b in view.content["blocks"] if b.get("block_id") == block_id)


def choose(view: View, block_id: str, value: str) -> dict[str, Any]:
    """What a submission says of a menu after this choice."""
    element = menu(view, block_id)
    option = next(option for option in element["options"] if option["value"] == value)
    return {block_id: {element["action_id"]: {"selected_option": option}}}


async def test_the_modal_shows_what_counts_in_the_readers_language() -> None:
    async with place(locale="de-DE") as here:
        await here.decide(language="fr", vocabulary=("Åsa",), emotion=True)

        view = await here.open(here.anne)

        assert complaints_about_view(view.content) == []
        assert menu(view, "automatic")["initial_option"]["value"] == "audio"
        assert menu(view, "language")["initial_option"]["text"]["text"] == "Französisch"
        assert menu(view, "vocabulary_0")["initial_value"] == "Åsa"


@pytest.mark.parametrize(
    ("by_default", "is_shared", "shown"), [(True, False, "audio"), (True, True, "off"), (False, False, "off")]
)
async def test_where_nobody_decided_it_shows_what_counts_all_the_same(
    by_default: bool,  # noqa: FBT001  # a parameter of the test
    is_shared: bool,  # noqa: FBT001  # the same
    shown: str,
) -> None:
    async with place(automatic=by_default) as here:
        here.channel.is_ext_shared = is_shared

        assert menu(await here.open(here.anne), "automatic")["initial_option"]["value"] == shown


async def test_it_opens_at_once_and_is_filled_when_slack_has_answered() -> None:
    async with place() as here:
        hold = here.harness.slack.faults.hold("conversations.members")
        trigger = here.harness.slack.state.new_trigger(here.anne.id)

        async with asyncio.timeout(2.0):
            await here.control.open(Trigger(trigger, here.anne.id, Place(here.channel.id)))
        await hold.reached()
        assert notice(here.harness.modal()) == ENGLISH.say(sentences.ONE_MOMENT)

        hold.release()
        await here.harness.settled()
        assert menu(here.harness.modal(), "language")


async def test_the_button_of_a_message_opens_it() -> None:
    async with place() as here:
        posted = await here.harness.context.api.write(
            "chat.postMessage", channel=here.channel.id, text="x", blocks=OPEN
        )
        message = here.harness.slack.state.messages[here.channel.id, posted["ts"]]

        delivery = here.harness.people.click(message, action_ids.OPEN_SETTINGS, here.anne.id)
        await here.harness.settled()

        assert delivery.acked
        assert menu(here.harness.modal(), "language")


async def test_a_closed_door_and_a_missing_one_look_the_same() -> None:
    async with place() as here:
        state = here.harness.slack.state
        hidden = state.add_channel("board", here.boss.id, kind="group", with_bot=False)
        not_invited = state.add_channel("news", here.anne.id, with_bot=False)

        for user, channel_id in [
            (here.stranger, here.channel.id),
            (here.boss, hidden.id),
            (here.anne, not_invited.id),
            (here.anne, "C0NOWHERE00"),
        ]:
            assert notice(await here.open(user, channel_id)) == ENGLISH.say(sentences.OUT_OF_REACH)


async def test_where_only_admins_decide_members_are_told_so() -> None:
    async with place(admins_only=True) as here:
        assert notice(await here.open(here.anne)) == ENGLISH.say(sentences.ADMINS_ONLY)
        assert menu(await here.open(here.boss), "language")
        assert notice(await here.open(here.stranger)) == ENGLISH.say(sentences.OUT_OF_REACH)


@pytest.mark.parametrize("method", ["conversations.members", "conversations.info", "users.info"])
async def test_a_silent_slack_is_told_of_in_the_modal(method: str) -> None:
    async with place() as here:
        here.harness.slack.faults.add(method, SlackError("internal_error"), times=None)

        assert notice(await here.open(here.anne)) == ENGLISH.say(sentences.SLACK_SILENT)


async def test_a_fault_of_ours_does_not_leave_the_modal_waiting() -> None:
    class Broken:
        async def channel(self, _team_id: str, _channel_id: str) -> ChannelSettings:
            raise OSError(5, "Input/output error")

    async with place(preferences=Broken()) as here:
        assert notice(await here.open(here.anne)) == ENGLISH.say(sentences.WENT_WRONG)


async def test_a_modal_that_slack_does_not_open_is_told_of_in_the_channel() -> None:
    async with place() as here:
        await here.control.open(Trigger("long.gone", here.anne.id, Place(here.channel.id)))
        await here.harness.settled()

        assert here.harness.slack.state.views == {}
        assert here.harness.whispers(here.anne.id) == [ENGLISH.say(sentences.SLACK_SILENT)]


async def test_what_is_saved_counts_and_its_author_hears_so_alone() -> None:
    async with place() as here:
        view = await here.open(here.anne)
        words = {"vocabulary_0": {"entry": {"value": "Åsa\nKubernetes"}}}

        here.harness.people.submit(
            view, choose(view, "automatic", "clips") | choose(view, "language", "de") | words
        )
        await here.harness.settled()

        assert view.closed
        assert await here.kept() == ChannelSettings(
            Automatic.CLIPS, language="de", vocabulary=("Åsa", "Kubernetes")
        )
        assert here.harness.whispers(here.anne.id) == [sentences.saved(ENGLISH, Automatic.CLIPS)]
        assert here.harness.said(here.channel.id) == []
        assert here.harness.refreshed() == [here.anne.id]


async def test_too_many_words_keep_the_modal_open_and_change_nothing() -> None:
    async with place() as here:
        await here.decide(vocabulary=("w" * 3_000, "x" * 3_000, "y" * 3_000))
        before, view = await here.kept(), await here.open(here.anne)

        here.harness.people.submit(view, {"vocabulary_2": {"entry": {"value": "语" * 2_000}}})
        await here.harness.settled()

        assert not view.closed
        assert list(view.errors) == ["vocabulary_2"]
        assert await here.kept() == before
        assert here.harness.whispers(here.anne.id) == []


async def leave(here: ModalHarness) -> str:
    here.channel.members.remove(here.anne.id)
    return ENGLISH.say(sentences.OUT_OF_REACH)


async def lose_slack(here: ModalHarness) -> str:
    here.harness.slack.faults.add("conversations.members", Answer(503), times=None)
    return ENGLISH.say(sentences.SLACK_SILENT)


async def stall_slack(here: ModalHarness) -> str:
    here.harness.slack.faults.hold("conversations.members")
    return ENGLISH.say(sentences.SLACK_SLOW)


@pytest.mark.parametrize("happen", [leave, lose_slack, stall_slack])
async def test_whether_somebody_may_is_asked_again_when_it_is_saved(
    happen: Callable[[ModalHarness], Awaitable[str]],
) -> None:
    async with place(patience_s=0.5) as here:
        view = await here.open(here.anne)
        told = await happen(here)
        here.harness.time.passed_s += 10

        delivery = here.harness.people.submit(view, choose(view, "automatic", "off"))
        await here.harness.settled()

        assert delivery.acked
        assert view.errors == {"language": told}
        assert not view.closed
        assert await here.kept() == ChannelSettings()


async def test_saving_something_else_decides_nothing_on_what_is_transcribed() -> None:
    async with place() as here:
        view = await here.open(here.anne)

        here.harness.people.submit(view, choose(view, "language", "de"))
        await here.harness.settled()

        assert await here.kept() == ChannelSettings(language="de")
        assert here.harness.whispers(here.anne.id) == [sentences.saved(ENGLISH, Automatic.AUDIO)]


async def test_words_that_were_added_meanwhile_are_kept() -> None:
    async with place() as here:
        await here.decide(vocabulary=("Åsa",))
        view = await here.open(here.anne)
        await here.decide(vocabulary=("Åsa", "Grünwald"))

        here.harness.people.submit(view, choose(view, "reply", "sender"))
        await here.harness.settled()

        assert await here.kept() == ChannelSettings(vocabulary=("Åsa", "Grünwald"), only_for_sender=True)


async def test_people_of_another_organisation_decide_nothing() -> None:
    for admins_only in (False, True):
        async with place(admins_only=admins_only) as here:
            eve = here.harness.slack.state.add_user("eve", is_admin=True, team="T0OTHERORG")
            here.channel.members.append(eve.id)
            assert notice(await here.open(eve)) == ENGLISH.say(sentences.OUT_OF_REACH)

            view = await here.open(here.boss)
            view.user = eve.id
            here.harness.people.submit(view, choose(view, "automatic", "off"))
            await here.harness.settled()

            assert view.errors == {"language": ENGLISH.say(sentences.OUT_OF_REACH)}
            assert here.harness.preferences.settings == {}


async def test_a_language_without_digits_takes_the_box_away_and_keeps_what_was_typed() -> None:
    async with place() as here:
        view = await here.open(here.anne)
        assert menu(view, "digits")
        chosen = choose(view, "language", "de")
        typed = {"vocabulary_0": {"entry": {"value": "half a wo"}}}

        here.harness.people.click_in_view(view, action_ids.SETTINGS_LANGUAGE, chosen | typed)
        await here.harness.settled()

        blocks = [block.get("block_id") for block in view.content["blocks"]]
        assert "digits" not in blocks
        assert menu(view, "vocabulary_0")["initial_value"] == "half a wo"
        assert menu(view, "language")["initial_option"]["value"] == "de"
        assert await here.kept() == ChannelSettings()


async def test_an_update_that_comes_too_late_does_not_undo_a_newer_one() -> None:
    async with place() as here:
        view = await here.open(here.anne)
        hold = here.harness.slack.faults.hold("views.update")
        here.harness.people.click_in_view(view, action_ids.SETTINGS_LANGUAGE, choose(view, "language", "de"))
        await hold.reached()
        here.harness.people.click_in_view(view, action_ids.SETTINGS_LANGUAGE, choose(view, "language", "fr"))
        await here.harness.slack.settled()
        while menu(view, "language")["initial_option"]["value"] != "fr":  # noqa: ASYNC110  # over the wire
            await asyncio.sleep(0.01)
        hold.release()
        await here.harness.settled()

        assert menu(view, "language")["initial_option"]["value"] == "fr"


async def test_a_direct_message_has_settings_of_its_own() -> None:
    async with place() as here:
        direct = here.harness.slack.state.add_channel("", here.anne.id, kind="im")
        view = await here.open(here.anne, direct.id)

        here.harness.people.submit(view, choose(view, "language", "ja"))
        await here.harness.settled()

        kept = await here.harness.preferences.channel(here.harness.team_id, direct.id)
        assert kept == ChannelSettings(language="ja")
        assert here.harness.whispers(here.anne.id) == [ENGLISH.say(sentences.SAVED_DIRECT)]
