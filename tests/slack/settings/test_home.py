from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest

from bot import sentences
from bot.channel_settings import Automatic, ChannelSettings
from bot.model import Usage
from bot.playground.slack_lookalike.blockkit import complaints_about_view
from bot.playground.slack_lookalike.delivery import Delivery
from bot.playground.slack_lookalike.faults import Answer, SlackError
from bot.playground.slack_lookalike.records import Channel, User, View
from bot.ports.preferences import Preferences
from bot.slack.blockkit import action_ids
from bot.slack.settings.home import Home
from bot.translations import ENGLISH, Reader
from tests.slack.harness import SlackHarness, slack_harness

NOVEMBER = date(2026, 11, 24)


@dataclass
class House:
    """Somebody's home tab, and two channels of theirs."""

    harness: SlackHarness
    home: Home
    anne: User
    boss: User
    general: Channel
    news: Channel

    async def look(self, user: User | None = None, tab: str = "home") -> None:
        user = user or self.anne
        state = self.harness.slack.state
        event = {"type": "app_home_opened", "user": user.id, "channel": "D1", "tab": tab}
        state.emit_event(event | {"event_ts": state.next_ts()})
        await self.harness.settled()

    def view(self, user: User | None = None) -> View:
        return self.harness.slack.state.homes[(user or self.anne).id]

    def texts(self, user: User | None = None) -> list[str]:
        blocks = self.view(user).content["blocks"]
        return [block["text"]["text"] for block in blocks if "text" in block]

    def mode(self, channel: Channel) -> str:
        return str(element(self.view(), action_ids.HOME_MODE, channel.id)["initial_option"]["value"])

    def press(self, action_id: str, **chosen: Any) -> Delivery:
        """Choose something, and look away."""
        return self.harness.people.click_in_view(self.view(), action_id, **chosen)

    def press_mode(self, channel: Channel, mode: str) -> Delivery:
        block_id = next(
            block["block_id"]
            for block in self.view().content["blocks"]
            if str(block.get("block_id")).startswith(f"mode:{channel.id}:")
        )
        return self.press(action_ids.HOME_MODE, block_id=block_id, selected_option={"value": mode})

    async def use(self, action_id: str, **chosen: Any) -> None:
        await self.acknowledged(self.press(action_id, **chosen))

    async def choose_mode(self, channel: Channel, mode: str) -> None:
        await self.acknowledged(self.press_mode(channel, mode))

    async def acknowledged(self, delivery: Delivery) -> None:
        await self.harness.settled()
        assert delivery.acked

    def has_kept(self) -> bool:
        """Whether anything was decided."""
        kept = self.harness.preferences
        return bool(kept.settings or kept.subscribed or kept.opted_out)

    async def automatic(self, channel: Channel) -> Automatic | None:
        return (await self.harness.preferences.channel(self.harness.team_id, channel.id)).automatic

    async def subscriptions(self) -> list[str]:
        return list(await self.harness.preferences.subscriptions(self.harness.team_id, self.anne.id))


class FullDisk:
    """A store that cannot write."""

    def __init__(self, preferences: Preferences) -> None:
        self._preferences = preferences

    def __getattr__(self, name: str) -> Any:
        async def fail(*_: object, **__: object) -> None:
            raise OSError(28, f"No space left on device: {name}")

        writes = name in {"opt_out", "subscribe", "change_channel"}
        return fail if writes else getattr(self._preferences, name)


@asynccontextmanager
async def house(
    *,
    admins_only: bool = False,
    ledger: object = None,
    is_disk_full: bool = False,
    patience_s: float = 2.0,
    locale: str = "en-US",
    **deployment: Any,
) -> AsyncIterator[House]:
    async with slack_harness(
        lambda handlers: [handlers.home],
        admins_only=admins_only,
        ack_timeout_s=1.0,
        patience_s=patience_s,
        stored=FullDisk if is_disk_full else lambda kept: kept,
        ledger=ledger,
        **deployment,
    ) as harness:
        state = harness.slack.state
        anne, boss = state.add_user("anne", locale=locale), state.add_user("boss", is_admin=True)
        general = state.add_channel("general", anne.id, boss.id)
        news = state.add_channel("news", anne.id, kind="group", is_ext_shared=True)
        state.add_channel("board", boss.id, kind="group")
        state.add_channel("attic", anne.id, with_bot=False)
        yield House(harness, harness.handlers.home, anne, boss, general, news)


def element(view: View, action_id: str, block: str = "") -> dict[str, Any]:
    return next(
        dict(one)
        for candidate in view.content["blocks"]
        for one in [*candidate.get("elements", []), candidate.get("accessory", {})]
        if one.get("action_id") == action_id and block in candidate.get("block_id", "")
    )


def options(*values: str) -> dict[str, Any]:
    return {"selected_options": [{"value": value} for value in values]}


def opt_out(here: House) -> Delivery:
    return here.press(action_ids.HOME_OPT_OUT, **options("yes"))


def choose_off(here: House) -> Delivery:
    return here.press_mode(here.general, "off")


def subscribe(here: House) -> Delivery:
    return here.press(action_ids.HOME_SUBSCRIPTIONS, **options(here.general.id))


Choice = Callable[[House], Delivery]


async def test_whoever_looks_sees_the_channels_that_both_are_in() -> None:
    async with house(locale="de-DE") as here:
        await here.look()

        assert complaints_about_view(here.view().content) == []
        assert "#general" in here.texts()
        assert "#news, mit einer anderen Organisation geteilt" in here.texts()
        assert not any("board" in text or "attic" in text for text in here.texts())
        assert (here.mode(here.general), here.mode(here.news)) == ("audio", "off")


async def test_the_other_tab_is_nothing_to_it() -> None:
    async with house() as here:
        await here.look(tab="messages")

        assert here.harness.slack.state.homes == {}


async def test_it_tells_this_months_usage_in_the_readers_numbers() -> None:
    async with house(monthly_minutes=600, locale="de-DE") as here:
        ledger = here.harness.jobs.ledger
        ledger.add(here.harness.team_id, here.general.id, NOVEMBER, clips=1_200, seconds=2_040.0)
        ledger.add(here.harness.team_id, "", NOVEMBER, clips=1, seconds=60.0)
        ledger.add(here.harness.team_id, here.general.id, date(2026, 10, 31), clips=7, seconds=7.0)
        ledger.add("T0ANOTHER1", here.general.id, NOVEMBER, clips=9, seconds=9.0)
        await here.look()

        used = Usage(1_201, 2_100.0)
        line = sentences.usage(Reader.of("de-DE"), NOVEMBER, used, 0.0735, 600)
        assert line in here.texts()
        assert "1.201" in line


async def test_never_transcribe_me_is_kept_and_taken_back() -> None:
    async with house() as here:
        await here.look()

        await here.use(action_ids.HOME_OPT_OUT, **options("yes"))
        assert await here.harness.preferences.is_opted_out(here.harness.team_id, here.anne.id)
        assert not await here.harness.preferences.is_opted_out(here.harness.team_id, here.boss.id)
        assert element(here.view(), action_ids.HOME_OPT_OUT)["initial_options"]

        await here.use(action_ids.HOME_OPT_OUT, **options())
        assert not await here.harness.preferences.is_opted_out(here.harness.team_id, here.anne.id)
        assert "initial_options" not in element(here.view(), action_ids.HOME_OPT_OUT)


async def test_a_mode_is_changed_in_place_and_leaves_the_rest() -> None:
    async with house() as here:
        await here.harness.preferences.change_channel(
            here.harness.team_id, here.news.id, lambda _: ChannelSettings(language="de")
        )
        await here.look()

        await here.choose_mode(here.news, "clips")

        kept = await here.harness.preferences.channel(here.harness.team_id, here.news.id)
        assert kept == ChannelSettings(Automatic.CLIPS, language="de")
        assert (here.mode(here.general), here.mode(here.news)) == ("audio", "clips")


async def test_where_only_admins_decide_members_see_the_mode_alone() -> None:
    async with house(admins_only=True, locale="de-DE") as here:
        await here.look()
        assert "#general: Clips und Audiodateien" in here.texts()
        with pytest.raises(LookupError):
            here.harness.people.click_in_view(here.view(), action_ids.HOME_MODE)

        await here.look(here.boss)
        assert element(here.view(here.boss), action_ids.HOME_MODE, here.general.id)


async def test_whoever_left_since_decides_nothing_and_reads_why() -> None:
    async with house() as here:
        await here.look()
        here.news.members.remove(here.anne.id)

        await here.choose_mode(here.news, "video")

        assert await here.automatic(here.news) is None
        assert here.texts()[0] == ENGLISH.say(sentences.OUT_OF_REACH)
        assert not any("news" in text for text in here.texts())


async def test_transcripts_of_chosen_channels_are_subscribed() -> None:
    async with house() as here:
        await here.look()

        await here.use(action_ids.HOME_SUBSCRIPTIONS, **options(here.news.id, here.general.id))
        assert await here.subscriptions() == sorted([here.general.id, here.news.id])
        chosen = element(here.view(), action_ids.HOME_SUBSCRIPTIONS)["initial_options"]
        assert {one["value"] for one in chosen} == {here.general.id, here.news.id}

        await here.use(action_ids.HOME_SUBSCRIPTIONS, **options())
        assert await here.subscriptions() == []


async def test_channels_that_somebody_is_not_in_now_are_not_subscribed() -> None:
    async with house() as here:
        await here.look()
        here.news.members.remove(here.anne.id)
        board = next(c for c in here.harness.slack.state.channels.values() if c.name == "board")
        await here.harness.preferences.subscribe(here.harness.team_id, here.boss.id, [board.id])

        await here.use(
            action_ids.HOME_SUBSCRIPTIONS, **options(here.general.id, here.news.id, board.id, "C0NOWHERE00")
        )

        assert await here.subscriptions() == [here.general.id]
        assert here.texts()[0] == ENGLISH.say(sentences.OUT_OF_REACH)


async def test_while_slack_does_not_tell_whose_channels_they_are_nothing_is_subscribed() -> None:
    async with house() as here:
        await here.look()
        await here.use(action_ids.HOME_SUBSCRIPTIONS, **options(here.news.id))
        here.harness.slack.faults.add("conversations.members", SlackError("internal_error"))

        await here.use(action_ids.HOME_SUBSCRIPTIONS, **options(here.news.id, here.general.id))

        assert await here.subscriptions() == [here.news.id]
        assert here.texts()[0] == ENGLISH.say(sentences.SLACK_SILENT)


async def test_of_channels_that_stay_chosen_nothing_is_asked() -> None:
    async with house() as here:
        await here.look()
        await here.use(action_ids.HOME_SUBSCRIPTIONS, **options(here.news.id))
        here.harness.time.passed_s += 10

        await here.use(action_ids.HOME_SUBSCRIPTIONS, **options(here.news.id, here.general.id))

        assert await here.subscriptions() == sorted([here.general.id, here.news.id])
        asked = [call["channel"] for call in here.harness.calls("conversations.members")]
        assert asked == [here.news.id, here.general.id]


@pytest.mark.parametrize("choice", [opt_out, choose_off, subscribe])
async def test_what_cannot_be_kept_is_not_acknowledged_and_told(choice: Choice) -> None:
    async with house(is_disk_full=True) as here:
        await here.look()

        delivery = choice(here)
        await here.harness.settled()

        assert not delivery.acked
        assert here.texts()[0] == ENGLISH.say(sentences.WENT_WRONG)


@pytest.mark.parametrize("choice", [choose_off, subscribe])
async def test_what_takes_too_long_is_not_kept_and_told(choice: Choice) -> None:
    async with house(patience_s=0.2) as here:
        await here.look()
        here.harness.slack.faults.hold("conversations.members")

        delivery = choice(here)
        await here.harness.settled()

        assert delivery.acked
        assert here.texts()[0] == ENGLISH.say(sentences.SLACK_SLOW)
        assert (await here.automatic(here.general), await here.subscriptions()) == (None, [])


@pytest.mark.parametrize("choice", [opt_out, choose_off, subscribe])
async def test_a_choice_is_kept_before_it_is_acknowledged(choice: Choice) -> None:
    async with house() as here:
        await here.look()
        delivery = choice(here)
        kept: list[bool] = []
        delivery.on_ack = lambda _: kept.append(here.has_kept())
        await here.harness.settled()

        assert kept == [True]


async def test_two_choices_end_in_the_order_in_which_they_were_made() -> None:
    async with house() as here:
        await here.look()
        held = here.harness.slack.faults.hold("conversations.members")
        chosen = [subscribe(here), here.press(action_ids.HOME_SUBSCRIPTIONS, **options())]
        await held.reached()
        # What somebody else chooses after that waits for nobody.
        other = opt_out(here)
        other.payload["user"] = {"id": here.boss.id}
        await other.settled()
        assert not chosen[1].acked, "it needs no word of Slack, and waits for the first all the same"
        held.release()
        await here.harness.settled()

        assert all(delivery.acked for delivery in chosen)
        assert await here.subscriptions() == []


async def test_people_of_another_organisation_decide_on_themselves_alone() -> None:
    async with house() as here:
        eve = here.harness.slack.state.add_user("eve", is_admin=True, team="T0OTHERORG")
        here.news.members.append(eve.id)
        await here.look(eve)
        off = ENGLISH.say(sentences.AUTOMATIC_CHOICES[Automatic.OFF])
        assert f"#news, shared with another organisation: {off}" in here.texts(eve)

        def as_eve(delivery: Delivery) -> Delivery:
            delivery.payload["team"] = {"id": "T0OTHERORG"}
            delivery.payload["user"] = {"id": eve.id}
            return delivery

        await here.look()
        await here.acknowledged(as_eve(here.press_mode(here.news, "video")))
        assert here.harness.preferences.settings == {}
        assert here.texts(eve)[0] == ENGLISH.say(sentences.OUT_OF_REACH)

        await here.acknowledged(as_eve(opt_out(here)))
        assert here.harness.preferences.opted_out == {(here.harness.team_id, eve.id)}

        await here.acknowledged(as_eve(here.press(action_ids.HOME_SUBSCRIPTIONS, **options(here.news.id))))
        assert here.harness.preferences.subscribed.keys() == {(here.harness.team_id, here.news.id, eve.id)}


async def test_what_slack_does_not_tell_is_said_in_its_place() -> None:
    async with house() as here:
        here.harness.slack.faults.add("users.conversations", Answer(503), times=None)
        here.harness.slack.faults.add("users.info", Answer(503), times=None)
        await here.look()

        assert ENGLISH.say(sentences.CHANNELS_UNKNOWN) in here.texts()
        assert ENGLISH.say(sentences.HOME_ABOUT) in here.texts()
        assert element(here.view(), action_ids.HOME_OPT_OUT)


async def test_a_fault_of_ours_does_not_leave_the_tab_blank() -> None:
    class Broken:
        async def used(self, _team_id: str, _month: date) -> Usage:
            raise OSError(5, "Input/output error")

    async with house(ledger=Broken()) as here:
        await here.look()

        assert here.texts() == [ENGLISH.say(sentences.HOME_ABOUT), ENGLISH.say(sentences.WENT_WRONG)]


async def test_a_tab_that_slack_does_not_take_is_shown_when_it_is_opened_again() -> None:
    async with house() as here:
        here.harness.slack.faults.add("views.publish", SlackError("internal_error"))
        await here.look()
        assert here.harness.slack.state.homes == {}

        await here.look()
        assert "#general" in here.texts()


async def test_many_changes_at_once_end_with_the_newest_state_and_few_publications() -> None:
    async with house() as here:
        team_id, anne = here.harness.team_id, here.anne.id
        hold = here.harness.slack.faults.hold("views.publish")
        first = asyncio.create_task(here.home.refresh(team_id, anne))
        await hold.reached()
        await here.harness.preferences.opt_out(team_id, anne, out=True)
        for notice in ("one", "two", ENGLISH.say(sentences.ADMINS_ONLY)):
            await here.home.refresh(team_id, anne, notice)
        hold.release()
        await first

        assert here.texts()[0] == ENGLISH.say(sentences.ADMINS_ONLY)
        assert element(here.view(), action_ids.HOME_OPT_OUT)["initial_options"]
        assert len(here.harness.calls("views.publish")) == 2

        await here.home.refresh(team_id, anne)
        assert here.texts()[0] != ENGLISH.say(sentences.ADMINS_ONLY)
