"""People decide what is transcribed in a channel, how, and for whom."""

from __future__ import annotations

from bot.playground.slack_lookalike.records import Channel, Message
from bot.settings.settings import SettingsBy
from tests.flows.hands import Form, button, option, text_in
from tests.flows.harness import BotHarness, at_the_door, context, tone, words


async def _invited(harness: BotHarness, *, is_ext_shared: bool = False) -> tuple[Channel, Message]:
    """A channel that the bot was invited to just now, and its greeting."""
    state = harness.slack.state
    channel = state.add_channel("news", harness.ada.id, with_bot=False, is_ext_shared=is_ext_shared)
    harness.comings.join(channel, state.workspace.bot_user_id, inviter=harness.ada.id)
    await harness.until(lambda: bool(_said(harness, channel)))
    await harness.idle()
    (greeting,) = _said(harness, channel)
    return channel, greeting


def _said(harness: BotHarness, channel: Channel) -> list[Message]:
    """What the bot has said in a channel outside threads, to everybody."""
    bot = harness.slack.state.workspace.bot_id
    return [
        message
        for message in harness.slack.state.messages.values()
        if message.channel_id == channel.id
        and message.bot_id == bot
        and message.thread_ts is None
        and message.ephemeral_for is None
    ]


def _is_open(form: Form) -> bool:
    return not form.view.closed


async def _settings(harness: BotHarness) -> Form:
    await harness.command("settings")
    return Form(harness.modal())


async def test_the_bot_greets_a_channel_once_and_says_where_audio_goes(harness: BotHarness) -> None:
    async with harness.bot_running():
        channel, greeting = await _invited(harness)
        joined = next(d for d in harness.slack.deliveries if "member_joined" in str(d.payload))
        again = harness.slack.deliver("events_api", joined.payload)
        await again.settled()
    assert "127.0.0.1" in text_in(greeting)
    assert _said(harness, channel) == [greeting]


async def test_a_channel_is_turned_off_and_on_from_the_greeting(harness: BotHarness) -> None:
    async with harness.bot_running():
        channel, greeting = await _invited(harness)
        await harness.done(harness.people.click(greeting, button(greeting, "Turn off"), harness.ada.id))
        assert "turned me off" in text_in(greeting)
        quiet = harness.share(harness.clip(3), channel=channel)
        await harness.idle()
        await harness.done(harness.people.click(greeting, button(greeting, "Turn on"), harness.ada.id))
        (reply,) = await harness.answered(harness.share(harness.clip(2), channel=channel))
    assert harness.replies(quiet) == []
    assert words(reply) == "A clip of 2 seconds."


async def test_a_channel_shared_with_others_is_off_until_someone_says_on(harness: BotHarness) -> None:
    async with harness.bot_running():
        channel, greeting = await _invited(harness, is_ext_shared=True)
        quiet = harness.share(harness.clip(3), channel=channel)
        await harness.idle()
        await harness.done(harness.people.click(greeting, button(greeting, "Turn on"), harness.ada.id))
        (reply,) = await harness.answered(harness.share(harness.clip(2), channel=channel))
    assert harness.replies(quiet) == []
    assert words(reply) == "A clip of 2 seconds."


async def test_language_and_vocabulary_go_along_with_each_recording(harness: BotHarness) -> None:
    async with harness.bot_running():
        form = await _settings(harness)
        form.choose("Language", "German").write("Names and terms", "Grünwald\nThreadscribe\nGrünwald")
        await harness.done(harness.people.submit(form.view, form.values))
        await harness.answered(harness.share(harness.clip(2)))
        again = await _settings(harness)
    assert harness.ear.languages[-1] == "de"
    assert harness.ear.contexts[-1] == "Grünwald\nThreadscribe"
    assert again.chosen("Language") == "German"
    assert again.says("Names and terms") == "Grünwald\nThreadscribe"
    assert not again.has("Numbers")


async def test_an_emptied_vocabulary_is_empty(harness: BotHarness) -> None:
    async with harness.bot_running():
        form = (await _settings(harness)).write("Names and terms", "Grünwald")
        await harness.done(harness.people.submit(form.view, form.values))
        form = (await _settings(harness)).write("Names and terms", "")
        await harness.done(harness.people.submit(form.view, form.values))
        await harness.answered(harness.share(harness.clip(2)))
        again = await _settings(harness)
    assert again.says("Names and terms") == ""
    assert harness.ear.contexts[-1] == ""


async def test_digits_and_the_tone_of_voice_are_shown_where_a_channel_wants_them(harness: BotHarness) -> None:
    async with harness.bot_running():
        (plain,) = await harness.answered(harness.share(harness.clip(2)))
        form = await _settings(harness)
        form.tick("Numbers", "Write them as digits").tick("Tone of voice", "Say under each")
        await harness.done(harness.people.submit(form.view, form.values))
        (told,) = await harness.answered(harness.share(harness.clip(3)))
    by_length = {round(call.duration_s): call.enable_itn for call in harness.dashscope.calls}
    assert (by_length[2], by_length[3]) == (False, True)
    assert "sounds" not in context(plain)
    assert context(told) == "English · 0:03 · sounds neutral"


async def test_choosing_a_language_changes_what_can_be_decided(harness: BotHarness) -> None:
    async with harness.bot_running():
        form = await _settings(harness)
        assert form.has("Numbers")
        element, chosen = form.menu("Language"), form.choose("Language", "German").values
        german = option(element, "German")
        block_id = next(iter(chosen))
        await harness.done(
            harness.people.click_in_view(
                form.view, element["action_id"], chosen, block_id=block_id, selected_option=german
            )
        )
        await harness.until(lambda: not Form(form.view).has("Numbers"))
        again = Form(form.view)
    assert again.chosen("Language") == "German"


async def test_the_settings_open_at_once_and_are_filled_in_later(harness: BotHarness) -> None:
    async with harness.bot_running():
        held = harness.slack.faults.hold("conversations.members")
        await harness.people.slash_command(
            harness.channel.id, harness.ada.id, "/transcribe", "settings"
        ).settled()
        await held.reached()
        assert "moment" in text_in(harness.modal())
        held.release()
        await harness.idle()
        assert Form(harness.modal()).has("Language")


async def test_names_of_the_channel_are_expected_where_it_wants_that(harness: BotHarness) -> None:
    harness.channel.topic = "Apollo and Artemis"
    harness.slack.state.users[harness.ada.id].real_name = "Ada Lovelace"
    async with harness.bot_running():
        await harness.answered(harness.share(harness.clip(2)))
        before = harness.ear.contexts[-1]
        form = await _settings(harness)
        form.tick("Names from this channel", "Expect")
        await harness.done(harness.people.submit(form.view, form.values))
        await harness.answered(harness.share(harness.clip(2)))
    assert before == ""
    assert "Apollo and Artemis" in harness.ear.contexts[-1]
    assert "voice-notes" in harness.ear.contexts[-1]
    assert "ada" in harness.ear.contexts[-1]


@at_the_door
async def test_too_long_a_vocabulary_is_refused_and_nothing_is_lost(harness: BotHarness) -> None:
    async with harness.bot_running():
        form = await _settings(harness)
        form.write("Names and terms", "日" * 1_499 + "\n" + "語" * 1_499)
        await harness.done(harness.people.submit(form.view, form.values))
        form = await _settings(harness)
        form.write("Names and terms", "日" * 2_000).write("More names and terms", "語" * 2_000)
        await harness.done(harness.people.submit(form.view, form.values))
        assert _is_open(form)
        assert "letters more" in form.view.errors["vocabulary_1"]
        form.write("More names and terms", "")
        await harness.done(harness.people.submit(form.view, form.values))
        assert not _is_open(form)
        again = await _settings(harness)
    assert again.says("Names and terms") == "日" * 2_000


async def test_a_channel_may_answer_the_sender_alone(harness: BotHarness) -> None:
    bea = harness.slack.state.add_user("bea")
    harness.channel.members.append(bea.id)
    async with harness.bot_running():
        form = await _settings(harness)
        form.choose("Where I answer", "Only to whoever shared")
        await harness.done(harness.people.submit(form.view, form.values))
        known = len(harness.whispers())
        message = harness.share(harness.clip(2))
        await harness.until(lambda: len(harness.whispers()) > known)
        await harness.idle()
    assert harness.replies(message) == []
    assert "A clip of 2 seconds." in text_in(harness.whispers()[-1])
    assert harness.whispers(bea) == []


async def test_videos_are_transcribed_where_a_channel_wants_them(harness: BotHarness) -> None:
    async with harness.bot_running():
        form = await _settings(harness)
        form.choose("Transcribe by myself", "Clips, audio files and videos")
        await harness.done(harness.people.submit(form.view, form.values))
        video = harness.slack.state.add_file(tone(2), "talk.mp4", user=harness.ada.id, mimetype="video/mp4")
        (reply,) = await harness.answered(harness.share(video))
        form = await _settings(harness)
        form.choose("Transcribe by myself", "Clips that are recorded")
        await harness.done(harness.people.submit(form.view, form.values))
        upload = harness.slack.state.add_file(tone(2), "talk.wav", user=harness.ada.id, mimetype="audio/wav")
        quiet = harness.share(upload)
        await harness.answered(harness.share(harness.clip(3)))
    assert words(reply) == "A clip of 2 seconds."
    assert harness.replies(quiet) == []


async def test_settings_may_be_for_admins_alone(harness: BotHarness) -> None:
    root = harness.slack.state.add_user("root", is_admin=True)
    harness.channel.members.append(root.id)
    async with harness.bot_running(settings_by=SettingsBy.ADMINS):
        await harness.command("settings")
        refused = harness.modal()
        assert "Only admins" in text_in(refused)
        assert "Only admins" in await harness.command("off")
        await harness.command("settings", user=root)
        assert Form(harness.modal(root)).has("Language")


async def test_who_is_not_in_a_channel_decides_nothing_there(harness: BotHarness) -> None:
    bea = harness.slack.state.add_user("bea")
    async with harness.bot_running():
        _, greeting = await _invited(harness)
        await harness.done(harness.people.click(greeting, button(greeting, "Turn off"), bea.id))
        (reply,) = await harness.answered(
            harness.share(harness.clip(2), channel=harness.slack.state.channels[greeting.channel_id])
        )
    assert "turned me off" not in text_in(greeting)
    assert words(reply) == "A clip of 2 seconds."


async def test_the_home_tab_changes_a_channel_in_place(harness: BotHarness) -> None:
    direct = harness.slack.state.add_channel("", harness.ada.id, kind="im")
    async with harness.bot_running():
        harness.people.open_home(harness.ada.id, direct.id)
        await harness.until(lambda: harness.ada.id in harness.slack.state.homes)
        await harness.idle()
        home = harness.slack.state.homes[harness.ada.id]
        assert "#voice-notes" in text_in(home)
        block, menu = next(
            (block, element)
            for block in home.content["blocks"]
            for element in block.get("elements", [])
            if element["type"] == "static_select"
        )
        off = option(menu, "Nothing")
        await harness.done(
            harness.people.click_in_view(
                home, menu["action_id"], block_id=block["block_id"], selected_option=off
            )
        )
        quiet = harness.share(harness.clip(3))
        await harness.idle()
        await harness.until(lambda: "off" in str(harness.slack.state.homes[harness.ada.id].content))
    assert harness.replies(quiet) == []


async def test_who_opts_out_is_never_transcribed(harness: BotHarness) -> None:
    direct = harness.slack.state.add_channel("", harness.ada.id, kind="im")
    bea = harness.slack.state.add_user("bea")
    harness.channel.members.append(bea.id)
    mention = f"<@{harness.slack.state.workspace.bot_user_id}> transcribe"
    async with harness.bot_running():
        harness.people.open_home(harness.ada.id, direct.id)
        await harness.until(lambda: harness.ada.id in harness.slack.state.homes)
        await harness.idle()
        home = harness.slack.state.homes[harness.ada.id]
        box = next(b["accessory"] for b in home.content["blocks"] if "accessory" in b)
        await harness.done(
            harness.people.click_in_view(home, box["action_id"], selected_options=[option(box, "Never")])
        )
        heard = len(harness.ear.languages)
        message = harness.share(harness.clip(2))
        await harness.idle()
        assert harness.replies(message) == []
        state = harness.slack.state
        state.post_as_user(harness.channel.id, bea.id, mention, thread_ts=message.ts)
        await harness.until(lambda: bool(harness.whispers(bea)))
        forwarded = state.post_as_user(harness.channel.id, bea.id, forwarded=message)
        await harness.idle()
    (told,) = harness.whispers(bea)
    assert "asked me never" in told.text
    assert harness.replies(message) == harness.replies(forwarded) == []
    assert len(harness.ear.languages) == heard
    assert harness.calls("download") == []


async def test_a_channel_that_the_bot_left_is_forgotten(harness: BotHarness) -> None:
    async with harness.bot_running():
        await harness.command("off")
        harness.comings.remove_bot(harness.channel)
        await harness.idle()
        harness.comings.join(harness.channel, harness.slack.state.workspace.bot_user_id)
        await harness.idle()
        (reply,) = await harness.answered(harness.share(harness.clip(2)))
    assert words(reply) == "A clip of 2 seconds."
