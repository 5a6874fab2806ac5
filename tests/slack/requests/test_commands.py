from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest

from bot import sentences
from bot.channel_settings import Automatic, ChannelSettings
from bot.model import Outcome, Place, TranscriptionRequest, Usage
from bot.playground.slack_lookalike.blockkit import complaints_about_blocks
from bot.playground.slack_lookalike.faults import SlackError
from bot.playground.slack_lookalike.records import Channel, File, Message, User
from bot.slack.blockkit import action_ids
from bot.translations import ENGLISH
from tests.slack.harness import NOW, SlackHarness, slack_harness


@dataclass
class Prompt:
    """Where people type commands."""

    harness: SlackHarness
    channel: Channel
    anne: User
    boss: User

    def clip(self, user: User | None = None) -> File:
        return self.harness.slack.state.add_file(
            b"sound", "audio_message.m4a", user=(user or self.anne).id, as_voice_clip=True
        )

    def share(self, *files: File, channel: Channel | None = None, **more: Any) -> Message:
        place = channel or self.channel
        return self.harness.slack.state.post_as_user(place.id, self.anne.id, files=files, **more)

    def link(self, message: Message) -> str:
        return self.harness.slack.state.permalink(message)

    async def type(self, text: str, user: User | None = None, channel: Channel | None = None) -> str:
        """What only whoever typed it sees then; empty where that is nothing."""
        who, where = user or self.anne, channel or self.channel
        known = len(self.harness.whispers(who.id))
        delivery = self.harness.people.slash_command(where.id, who.id, action_ids.COMMAND, text)
        await self.harness.settled()
        assert delivery.acked
        assert complaints_about_blocks(delivery.answer.get("blocks", [])) == []
        assert delivery.answer.get("response_type", "ephemeral") == "ephemeral"
        told = self.harness.whispers(who.id)[known:]
        assert len(told) <= 1
        return "".join(block["text"]["text"] for block in delivery.answer.get("blocks", []))

    def asked(self) -> list[TranscriptionRequest]:
        return [row.job.request for row in self.harness.jobs.rows.values()]

    async def settings(self) -> ChannelSettings:
        return await self.harness.preferences.channel(self.harness.team_id, self.channel.id)


@asynccontextmanager
async def prompt_with(
    *, admins_only: bool = False, patience_s: float = 2.5, **more: Any
) -> AsyncIterator[Prompt]:
    async with slack_harness(
        lambda handlers: [handlers.commands], admins_only=admins_only, patience_s=patience_s, **more
    ) as harness:
        anne = harness.slack.state.add_user("anne")
        boss = harness.slack.state.add_user("boss", is_admin=True)
        channel = harness.slack.state.add_channel("general", anne.id, boss.id)
        yield Prompt(harness, channel, anne, boss)


@pytest.fixture
async def prompt() -> AsyncIterator[Prompt]:
    async with prompt_with() as made:
        yield made


async def test_alone_it_asks_for_the_newest_recording_for_the_asker_alone(prompt: Prompt) -> None:
    prompt.share(prompt.clip())
    newest = prompt.share(prompt.clip())
    prompt.share()

    said = await prompt.type("")

    (request,) = prompt.asked()
    assert said == ENGLISH.say(sentences.ASKED_HERE)
    assert (request.key.message_ts, request.key.audience) == (newest.ts, prompt.anne.id)
    assert (request.explicit, request.asked_by, request.language) == (True, prompt.anne.id, None)
    assert request.whisper_in == Place(prompt.channel.id)
    assert request.ask_id


async def test_of_somebody_who_opted_out_nothing_is_asked(prompt: Prompt) -> None:
    message = prompt.share(prompt.clip())
    await prompt.harness.preferences.opt_out(prompt.harness.team_id, prompt.anne.id, out=True)

    for text in ("", prompt.link(message)):
        assert await prompt.type(text) == ENGLISH.say(sentences.OPTED_OUT_YOURSELF)
    assert prompt.asked() == []


async def test_where_there_is_no_recording_it_says_so(prompt: Prompt) -> None:
    prompt.share()

    assert await prompt.type("") == ENGLISH.say(sentences.NOTHING_RECENT)
    assert prompt.asked() == []


async def test_a_link_into_a_thread_with_a_language(prompt: Prompt) -> None:
    head = prompt.share()
    message = prompt.share(prompt.clip(), prompt.clip(), thread_ts=head.ts)

    await prompt.type(f"<{prompt.link(message)}|see here> in German")

    first, second = prompt.asked()
    assert {first.key.message_ts, second.key.message_ts} == {message.ts}
    assert (first.thread_ts, first.language) == (head.ts, "de")
    assert [(request.position, request.siblings) for request in (first, second)] == [(0, 2), (1, 2)]


async def test_a_link_to_a_file_leads_rather_to_where_the_asker_is(prompt: Prompt) -> None:
    file = prompt.clip()
    elsewhere = prompt.harness.slack.state.add_channel("elsewhere", prompt.anne.id)
    prompt.share(file, channel=elsewhere)
    here = prompt.share(file)
    link = prompt.harness.slack.state.file_json(file)["permalink"]

    await prompt.type(link)
    await prompt.type(link, channel=elsewhere)

    assert [request.key.channel_id for request in prompt.asked()] == [prompt.channel.id, elsewhere.id]
    assert prompt.asked()[0].key.message_ts == here.ts
    assert prompt.asked()[0].user_id == prompt.anne.id


async def test_where_the_bot_is_not_the_answer_comes_as_a_direct_message(prompt: Prompt) -> None:
    alone = prompt.harness.slack.state.add_channel("alone", prompt.anne.id, with_bot=False)
    message = prompt.share(prompt.clip())

    assert await prompt.type(prompt.link(message), channel=alone) == ENGLISH.say(sentences.ASKED_DIRECT)
    assert prompt.asked()[0].whisper_in is None


async def test_asking_again_is_answered_again(prompt: Prompt) -> None:
    prompt.share(prompt.clip())
    await prompt.type("")

    assert await prompt.type("") == ENGLISH.say(sentences.UNDER_WAY_FOR_ONE)

    job = await prompt.harness.jobs.claim()
    assert job is not None
    await prompt.harness.jobs.finish(job, Outcome.TRANSCRIBED)
    assert await prompt.type("") == ENGLISH.say(sentences.ASKED_HERE)
    assert [row.job.revision for row in prompt.harness.jobs.rows.values()] == [1]


async def test_whatever_somebody_may_not_read_is_refused_in_the_same_words(prompt: Prompt) -> None:
    state = prompt.harness.slack.state
    bea = state.add_user("bea")
    secret = state.add_channel("secret", bea.id, kind="group")
    unseen = state.add_channel("unseen", bea.id, prompt.anne.id, kind="group", with_bot=False)
    public = state.add_channel("public", prompt.anne.id, with_bot=False)
    file = prompt.clip(bea)
    told = state.post_as_user(secret.id, bea.id, files=[file])
    links = [
        prompt.link(told),
        prompt.link(state.post_as_user(unseen.id, bea.id, files=[prompt.clip(bea)])),
        prompt.link(state.post_as_user(public.id, prompt.anne.id, files=[prompt.clip()])),
        f"https://playground.slack.com/archives/{secret.id}/p1700000000000100",
        f"https://playground.slack.com/archives/{prompt.channel.id}/p1700000000000100",
        "https://playground.slack.com/archives/C0NOWHERE/p1700000000000100",
        state.file_json(file)["permalink"],
        "https://playground.slack.com/files/U1/F0NOWHERE/a.m4a",
    ]

    for link in links:
        assert await prompt.type(link) == ENGLISH.say(sentences.OUT_OF_REACH), link

    assert prompt.asked() == []
    # Nothing of a channel was read before its members were.
    assert [call["channel"] for call in prompt.harness.calls("conversations.replies")] == [
        public.id,
        prompt.channel.id,
    ]


async def test_a_message_without_files_holds_nothing(prompt: Prompt) -> None:
    assert await prompt.type(prompt.link(prompt.share())) == ENGLISH.say(sentences.NOTHING_IN_IT)


async def test_a_wrong_word_is_named_to_the_letter_beside_the_help(prompt: Prompt) -> None:
    said = await prompt.type("*tr&amp;nscribe*" + "e" * 100)

    assert "“*tr&nscribe*e" in said
    assert len(said.splitlines()[0]) < 100
    assert "/transcribe settings" in said
    assert "&amp;" in prompt.harness.whispers(prompt.anne.id)[-1]


async def test_the_help_names_the_deployments_reaction() -> None:
    async with prompt_with(ask_reaction="ear") as prompt:
        assert ":ear:" in await prompt.type("help")


async def test_on_and_off_decide_on_the_channel(prompt: Prompt) -> None:
    assert await prompt.type("off") == sentences.saved(ENGLISH, Automatic.OFF)
    assert (await prompt.settings()).automatic is Automatic.OFF
    assert await prompt.type("ON") == sentences.saved(ENGLISH, Automatic.AUDIO)
    assert (await prompt.settings()).automatic is Automatic.AUDIO
    assert prompt.harness.refreshed() == [prompt.anne.id] * 2


async def test_on_leaves_what_is_on_already(prompt: Prompt) -> None:
    await prompt.harness.preferences.change_channel(
        prompt.harness.team_id, prompt.channel.id, lambda _: ChannelSettings(Automatic.VIDEO)
    )

    assert await prompt.type("on") == sentences.saved(ENGLISH, Automatic.VIDEO)


async def test_only_those_who_may_decide() -> None:
    async with prompt_with(admins_only=True) as prompt:
        assert await prompt.type("off") == ENGLISH.say(sentences.ADMINS_ONLY)
        assert (await prompt.settings()).automatic is None
        assert await prompt.type("off", prompt.boss) == sentences.saved(ENGLISH, Automatic.OFF)


@pytest.mark.parametrize("text", ["", "on", "off", "status"])
async def test_where_the_bot_is_not_it_says_how_to_invite_it(prompt: Prompt, text: str) -> None:
    state = prompt.harness.slack.state
    public = state.add_channel("alone", prompt.anne.id, with_bot=False)
    private = state.add_channel("closed", prompt.anne.id, kind="group", with_bot=False)

    for channel in (public, private):
        assert await prompt.type(text, channel=channel) == ENGLISH.say(sentences.NOT_IN_CHANNEL)
    assert prompt.harness.preferences.settings == {}


@pytest.mark.parametrize("text", ["", "on", "off", "status"])
async def test_whoever_is_not_in_the_channel_learns_nothing_of_it(prompt: Prompt, text: str) -> None:
    prompt.share(prompt.clip())
    guest = prompt.harness.slack.state.add_user("guest")

    assert await prompt.type(text, guest) == ENGLISH.say(sentences.OUT_OF_REACH)
    assert prompt.asked() == []
    assert prompt.harness.preferences.settings == {}


async def test_settings_opens_the_modal_and_says_nothing_beside_it(prompt: Prompt) -> None:
    assert await prompt.type("settings") == ""
    assert prompt.harness.modal().content["callback_id"] == action_ids.SETTINGS_MODAL


async def test_status_tells_what_counts_now(prompt: Prompt) -> None:
    assert (await prompt.type("status")).splitlines() == [
        ENGLISH.say(sentences.WHAT_I_DO[Automatic.AUDIO]),
        "Language: Automatic.",
        "0 recordings are being transcribed now.",
    ]
    prompt.share(prompt.clip())
    await prompt.type("")
    await prompt.harness.preferences.change_channel(
        prompt.harness.team_id, prompt.channel.id, lambda _: ChannelSettings(Automatic.CLIPS, language="pt")
    )

    assert (await prompt.type("status")).splitlines() == [
        ENGLISH.say(sentences.WHAT_I_DO[Automatic.CLIPS]),
        "Language: Portuguese.",
        "1 recording is being transcribed now.",
    ]


async def test_status_does_not_hide_that_somebody_reads_a_channel_that_is_off(prompt: Prompt) -> None:
    preferences, team_id, channel_id = prompt.harness.preferences, prompt.harness.team_id, prompt.channel.id
    await preferences.subscribe(team_id, prompt.boss.id, [channel_id])
    assert (await prompt.type("status")).splitlines()[0] == ENGLISH.say(sentences.WHAT_I_DO[Automatic.AUDIO])

    await prompt.type("off")
    off = f"{ENGLISH.say(sentences.WHAT_I_DO[Automatic.OFF])} {ENGLISH.say(sentences.OFF_BUT_SUBSCRIBED)}"
    assert (await prompt.type("status")).splitlines()[0] == off

    await preferences.subscribe(team_id, prompt.boss.id, [])
    assert (await prompt.type("status")).splitlines()[0] == ENGLISH.say(sentences.WHAT_I_DO[Automatic.OFF])


async def test_people_of_another_organisation_decide_nothing(prompt: Prompt) -> None:
    eve = prompt.harness.slack.state.add_user("eve", team="T0OTHERORG")
    prompt.channel.members.append(eve.id)

    assert await prompt.type("off", eve) == ENGLISH.say(sentences.OUT_OF_REACH)
    assert prompt.harness.preferences.settings == {}


async def test_a_channel_shared_externally_is_off_until_somebody_decides(prompt: Prompt) -> None:
    prompt.channel.is_ext_shared = True

    assert ENGLISH.say(sentences.WHAT_I_DO[Automatic.OFF]) in await prompt.type("status")


async def test_a_direct_message_is_always_on(prompt: Prompt) -> None:
    direct = prompt.harness.slack.state.add_channel("", prompt.anne.id, kind="im")

    assert ENGLISH.say(sentences.DIRECT_ALWAYS_ON) in await prompt.type("status", channel=direct)
    assert await prompt.type("off", channel=direct) == ENGLISH.say(sentences.DIRECT_ALWAYS_ON)
    assert prompt.harness.preferences.settings == {}


async def test_usage_is_this_months_in_the_readers_own_figures() -> None:
    async with prompt_with(monthly_minutes=2_000) as prompt:
        used = Usage(clips=1_200, seconds=60 * 1_500)
        for month, clips in ((NOW.date(), used.clips), (date(2026, 10, 31), 7)):
            prompt.harness.jobs.ledger.add(
                prompt.harness.team_id, prompt.channel.id, month, clips=clips, seconds=used.seconds
            )
        klaus = prompt.harness.slack.state.add_user("klaus", locale="de-DE")
        prompt.channel.members.append(klaus.id)

        assert await prompt.type("usage") == sentences.usage(ENGLISH, NOW.date(), used, 3.15, 2_000)
        assert "1.200" in await prompt.type("usage", klaus)


@pytest.mark.parametrize("text", ["", "on", "off", "status"])
async def test_a_silent_slack_costs_a_sentence_and_changes_nothing(prompt: Prompt, text: str) -> None:
    prompt.share(prompt.clip())
    prompt.harness.slack.faults.add("conversations.info", SlackError("internal_error"))

    assert await prompt.type(text) == ENGLISH.say(sentences.SLACK_SILENT)
    assert prompt.asked() == []
    assert prompt.harness.preferences.settings == {}


async def test_usage_is_told_to_the_workspaces_people_alone(prompt: Prompt) -> None:
    guest = prompt.harness.slack.state.add_user("guest", team="T0ELSEWHERE")
    prompt.channel.members.append(guest.id)

    assert await prompt.type("usage", guest) == ENGLISH.say(sentences.USAGE_NOT_YOURS)
    assert await prompt.type("usage") == sentences.usage(ENGLISH, NOW.date(), Usage(), 0.0, None)


async def test_while_slack_does_not_say_who_asks_no_usage_is_told(prompt: Prompt) -> None:
    prompt.harness.slack.faults.add("users.info", SlackError("internal_error"), times=None)

    assert await prompt.type("usage") == ENGLISH.say(sentences.SLACK_SILENT)


async def test_a_missing_scope_is_a_sentence_too(prompt: Prompt) -> None:
    message = prompt.share(prompt.clip())
    prompt.harness.slack.state.workspace.scopes.discard("channels:history")

    assert await prompt.type(prompt.link(message)) == ENGLISH.say(sentences.SLACK_SILENT)
    assert prompt.asked() == []


async def test_a_slow_slack_costs_a_sentence_in_time() -> None:
    async with prompt_with(patience_s=0.2) as prompt:
        message = prompt.share(prompt.clip())
        prompt.harness.slack.faults.hold("conversations.members")

        assert await prompt.type(prompt.link(message)) == ENGLISH.say(sentences.SLACK_SLOW)
        assert prompt.asked() == []


@pytest.mark.parametrize("body", [{}, {"text": None}, {"trigger_id": 7, "channel_id": {}, "user_id": "a:b"}])
async def test_an_odd_command_is_answered(prompt: Prompt, body: dict[str, Any]) -> None:
    known = {"command": action_ids.COMMAND, "team_id": prompt.harness.team_id}

    delivery = prompt.harness.slack.deliver("slash_commands", known | body)
    await prompt.harness.settled()

    assert delivery.acked
    assert prompt.asked() == []
