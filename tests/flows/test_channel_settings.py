"""People decide what is transcribed in a channel, how, and for whom."""

from __future__ import annotations

from bot.playground.slack_lookalike.records import Channel, Message
from bot.settings.settings import SettingsBy
from tests.flows.hands import Form, button, option, text_in
from tests.flows.world import World, at_the_door, context, tone, words


async def _invited(world: World, *, is_ext_shared: bool = False) -> tuple[Channel, Message]:
    """A channel that the bot was invited to just now, and its greeting."""
    state = world.slack.state
    channel = state.add_channel("news", world.ada.id, with_bot=False, is_ext_shared=is_ext_shared)
    world.comings.join(channel, state.workspace.bot_user_id, inviter=world.ada.id)
    await world.until(lambda: bool(_said(world, channel)))
    await world.idle()
    (greeting,) = _said(world, channel)
    return channel, greeting


def _said(world: World, channel: Channel) -> list[Message]:
    """What the bot has said in a channel outside threads, to everybody."""
    bot = world.slack.state.workspace.bot_id
    return [
        message
        for message in world.slack.state.messages.values()
        if message.channel_id == channel.id
        and message.bot_id == bot
        and message.thread_ts is None
        and message.ephemeral_for is None
    ]


def _is_open(form: Form) -> bool:
    return not form.view.closed


async def _settings(world: World) -> Form:
    await world.command("settings")
    return Form(world.modal())


async def test_the_bot_greets_a_channel_once_and_says_where_audio_goes(world: World) -> None:
    async with world.bot_running():
        channel, greeting = await _invited(world)
        joined = next(d for d in world.slack.deliveries if "member_joined" in str(d.payload))
        again = world.slack.deliver("events_api", joined.payload)
        await again.settled()
    assert "127.0.0.1" in text_in(greeting)
    assert _said(world, channel) == [greeting]


async def test_a_channel_is_turned_off_and_on_from_the_greeting(world: World) -> None:
    async with world.bot_running():
        channel, greeting = await _invited(world)
        await world.done(world.people.click(greeting, button(greeting, "Turn off"), world.ada.id))
        assert "turned me off" in text_in(greeting)
        quiet = world.share(world.clip(3), channel=channel)
        await world.idle()
        await world.done(world.people.click(greeting, button(greeting, "Turn on"), world.ada.id))
        (reply,) = await world.answered(world.share(world.clip(2), channel=channel))
    assert world.replies(quiet) == []
    assert words(reply) == "A clip of 2 seconds."


async def test_a_channel_shared_with_others_is_off_until_someone_says_on(world: World) -> None:
    async with world.bot_running():
        channel, greeting = await _invited(world, is_ext_shared=True)
        quiet = world.share(world.clip(3), channel=channel)
        await world.idle()
        await world.done(world.people.click(greeting, button(greeting, "Turn on"), world.ada.id))
        (reply,) = await world.answered(world.share(world.clip(2), channel=channel))
    assert world.replies(quiet) == []
    assert words(reply) == "A clip of 2 seconds."


async def test_language_and_vocabulary_go_along_with_each_recording(world: World) -> None:
    async with world.bot_running():
        form = await _settings(world)
        form.choose("Language", "German").write("Names and terms", "Grünwald\nThreadscribe\nGrünwald")
        await world.done(world.people.submit(form.view, form.values))
        await world.answered(world.share(world.clip(2)))
        again = await _settings(world)
    assert world.ear.languages[-1] == "de"
    assert world.ear.contexts[-1] == "Grünwald\nThreadscribe"
    assert again.chosen("Language") == "German"
    assert again.says("Names and terms") == "Grünwald\nThreadscribe"
    assert not again.has("Numbers")


async def test_digits_and_the_tone_of_voice_are_shown_where_a_channel_wants_them(world: World) -> None:
    async with world.bot_running():
        (plain,) = await world.answered(world.share(world.clip(2)))
        form = await _settings(world)
        form.tick("Numbers", "Write them as digits").tick("Tone of voice", "Say under each")
        await world.done(world.people.submit(form.view, form.values))
        (told,) = await world.answered(world.share(world.clip(3)))
    by_length = {round(call.duration_s): call.enable_itn for call in world.dashscope.calls}
    assert (by_length[2], by_length[3]) == (False, True)
    assert "sounds" not in context(plain)
    assert context(told) == "English · 0:03 · sounds neutral"


async def test_choosing_a_language_changes_what_can_be_decided(world: World) -> None:
    async with world.bot_running():
        form = await _settings(world)
        assert form.has("Numbers")
        element, chosen = form.menu("Language"), form.choose("Language", "German").values
        german = option(element, "German")
        block_id = next(iter(chosen))
        await world.done(
            world.people.click_in_view(
                form.view, element["action_id"], chosen, block_id=block_id, selected_option=german
            )
        )
        await world.until(lambda: not Form(form.view).has("Numbers"))
        again = Form(form.view)
    assert again.chosen("Language") == "German"


async def test_the_settings_open_at_once_and_are_filled_in_later(world: World) -> None:
    async with world.bot_running():
        held = world.slack.faults.hold("conversations.members")
        await world.people.slash_command(world.channel.id, world.ada.id, "/transcribe", "settings").settled()
        await held.reached()
        assert "moment" in text_in(world.modal())
        held.release()
        await world.idle()
        assert Form(world.modal()).has("Language")


async def test_names_of_the_channel_are_expected_where_it_wants_that(world: World) -> None:
    world.channel.topic = "Apollo and Artemis"
    world.slack.state.users[world.ada.id].real_name = "Ada Lovelace"
    async with world.bot_running():
        await world.answered(world.share(world.clip(2)))
        before = world.ear.contexts[-1]
        form = await _settings(world)
        form.tick("Names from this channel", "Expect")
        await world.done(world.people.submit(form.view, form.values))
        await world.answered(world.share(world.clip(2)))
    assert before == ""
    assert "Apollo and Artemis" in world.ear.contexts[-1]
    assert "voice-notes" in world.ear.contexts[-1]
    assert "ada" in world.ear.contexts[-1]


@at_the_door
async def test_too_long_a_vocabulary_is_refused_and_nothing_is_lost(world: World) -> None:
    async with world.bot_running():
        form = await _settings(world)
        form.write("Names and terms", "日" * 1_499 + "\n" + "語" * 1_499)
        await world.done(world.people.submit(form.view, form.values))
        form = await _settings(world)
        form.write("Names and terms", "日" * 2_000).write("More names and terms", "語" * 2_000)
        await world.done(world.people.submit(form.view, form.values))
        assert _is_open(form)
        assert "letters more" in form.view.errors["vocabulary_1"]
        form.write("More names and terms", "")
        await world.done(world.people.submit(form.view, form.values))
        assert not _is_open(form)
        again = await _settings(world)
    assert again.says("Names and terms") == "日" * 2_000


async def test_a_channel_may_answer_the_sender_alone(world: World) -> None:
    bea = world.slack.state.add_user("bea")
    world.channel.members.append(bea.id)
    async with world.bot_running():
        form = await _settings(world)
        form.choose("Where I answer", "Only to whoever shared")
        await world.done(world.people.submit(form.view, form.values))
        known = len(world.whispers())
        message = world.share(world.clip(2))
        await world.until(lambda: len(world.whispers()) > known)
        await world.idle()
    assert world.replies(message) == []
    assert "A clip of 2 seconds." in text_in(world.whispers()[-1])
    assert world.whispers(bea) == []


async def test_videos_are_transcribed_where_a_channel_wants_them(world: World) -> None:
    async with world.bot_running():
        form = await _settings(world)
        form.choose("Transcribe by myself", "Clips, audio files and videos")
        await world.done(world.people.submit(form.view, form.values))
        video = world.slack.state.add_file(tone(2), "talk.mp4", user=world.ada.id, mimetype="video/mp4")
        (reply,) = await world.answered(world.share(video))
        form = await _settings(world)
        form.choose("Transcribe by myself", "Clips that are recorded")
        await world.done(world.people.submit(form.view, form.values))
        upload = world.slack.state.add_file(tone(2), "talk.wav", user=world.ada.id, mimetype="audio/wav")
        quiet = world.share(upload)
        await world.answered(world.share(world.clip(3)))
    assert words(reply) == "A clip of 2 seconds."
    assert world.replies(quiet) == []


async def test_settings_may_be_for_admins_alone(world: World) -> None:
    root = world.slack.state.add_user("root", is_admin=True)
    world.channel.members.append(root.id)
    async with world.bot_running(settings_by=SettingsBy.ADMINS):
        await world.command("settings")
        refused = world.modal()
        assert "Only admins" in text_in(refused)
        assert "Only admins" in await world.command("off")
        await world.command("settings", user=root)
        assert Form(world.modal(root)).has("Language")


async def test_who_is_not_in_a_channel_decides_nothing_there(world: World) -> None:
    bea = world.slack.state.add_user("bea")
    async with world.bot_running():
        _, greeting = await _invited(world)
        await world.done(world.people.click(greeting, button(greeting, "Turn off"), bea.id))
        (reply,) = await world.answered(
            world.share(world.clip(2), channel=world.slack.state.channels[greeting.channel_id])
        )
    assert "turned me off" not in text_in(greeting)
    assert words(reply) == "A clip of 2 seconds."


async def test_the_home_tab_changes_a_channel_in_place(world: World) -> None:
    direct = world.slack.state.add_channel("", world.ada.id, kind="im")
    async with world.bot_running():
        world.people.open_home(world.ada.id, direct.id)
        await world.until(lambda: world.ada.id in world.slack.state.homes)
        await world.idle()
        home = world.slack.state.homes[world.ada.id]
        assert "#voice-notes" in text_in(home)
        block, menu = next(
            (block, element)
            for block in home.content["blocks"]
            for element in block.get("elements", [])
            if element["type"] == "static_select"
        )
        off = option(menu, "Nothing")
        await world.done(
            world.people.click_in_view(
                home, menu["action_id"], block_id=block["block_id"], selected_option=off
            )
        )
        quiet = world.share(world.clip(3))
        await world.idle()
        await world.until(lambda: "off" in str(world.slack.state.homes[world.ada.id].content))
    assert world.replies(quiet) == []


async def test_who_opts_out_is_never_transcribed(world: World) -> None:
    direct = world.slack.state.add_channel("", world.ada.id, kind="im")
    bea = world.slack.state.add_user("bea")
    world.channel.members.append(bea.id)
    mention = f"<@{world.slack.state.workspace.bot_user_id}> transcribe"
    async with world.bot_running():
        world.people.open_home(world.ada.id, direct.id)
        await world.until(lambda: world.ada.id in world.slack.state.homes)
        await world.idle()
        home = world.slack.state.homes[world.ada.id]
        box = next(b["accessory"] for b in home.content["blocks"] if "accessory" in b)
        await world.done(
            world.people.click_in_view(home, box["action_id"], selected_options=[option(box, "Never")])
        )
        heard = len(world.ear.languages)
        message = world.share(world.clip(2))
        await world.idle()
        assert world.replies(message) == []
        state = world.slack.state
        state.post_as_user(world.channel.id, bea.id, mention, thread_ts=message.ts)
        (reply,) = await world.answered(message)
        forwarded = state.post_as_user(world.channel.id, bea.id, forwarded=message)
        await world.idle()
    assert "asked me never" in words(reply)
    assert world.replies(forwarded) == []
    assert len(world.ear.languages) == heard
    assert world.calls("download") == []


async def test_a_channel_that_the_bot_left_is_forgotten(world: World) -> None:
    async with world.bot_running():
        await world.command("off")
        world.comings.remove_bot(world.channel)
        await world.idle()
        world.comings.join(world.channel, world.slack.state.workspace.bot_user_id)
        await world.idle()
        (reply,) = await world.answered(world.share(world.clip(2)))
    assert words(reply) == "A clip of 2 seconds."
