"""Answers for one person: where they look, or by direct message; and only while they may read them."""

from __future__ import annotations

from bot.playground.slack_lookalike import faults as slack
from bot.playground.slack_lookalike.records import User
from tests.flows.hands import Form, option, text_in
from tests.flows.world import World, words

HELLO = "A clip of 2 seconds."


def _member(world: World, name: str) -> User:
    user = world.slack.state.add_user(name)
    world.channel.members.append(user.id)
    return user


async def _subscribed(world: World, user: User) -> None:
    """Somebody asks for the channel's transcripts in their home tab."""
    direct = world.slack.state.add_channel("", user.id, kind="im")
    world.people.open_home(user.id, direct.id)
    await world.until(lambda: user.id in world.slack.state.homes)
    await world.idle()
    home = world.slack.state.homes[user.id]
    menu = next(
        block["accessory"]
        for block in home.content["blocks"]
        if block.get("accessory", {}).get("type") == "multi_static_select"
    )
    chosen = [option(menu, "#voice-notes")]
    await world.done(world.people.click_in_view(home, menu["action_id"], selected_options=chosen))


async def test_a_long_private_answer_is_a_direct_message_with_files(world: World) -> None:
    world.ear.text = " ".join(f"word{number}" for number in range(1_500)) + "."
    async with world.bot_running(auto_transcribe=False):
        world.share(world.clip(2))
        await world.command()
        await world.until(lambda: len(world.direct()) == 2)
        await world.idle()
    files = [file.name.rsplit(".", 1)[1] for told in world.direct() for file in told.files]
    assert files == ["txt", "srt", "vtt"]
    assert any("word0 word1" in text_in(told) for told in world.direct())
    assert len(world.whispers()) == 1  # what the command answered


async def test_a_subscriber_gets_each_transcript_once(world: World) -> None:
    bea = _member(world, "bea")
    async with world.bot_running():
        await _subscribed(world, bea)
        (reply,) = await world.answered(world.share(world.clip(2)))
        await world.until(lambda: bool(world.direct(bea)))
        await world.idle()
    assert words(reply) == HELLO
    (told,) = world.direct(bea)
    assert HELLO in text_in(told)
    assert len([length for length in world.dashscope.calls if round(length.duration_s) == 2]) == 1


async def test_a_subscriber_reads_a_channel_that_is_off(world: World) -> None:
    bea = _member(world, "bea")
    async with world.bot_running():
        await _subscribed(world, bea)
        await world.command("off")
        message = world.share(world.clip(2))
        await world.until(lambda: bool(world.direct(bea)))
        await world.idle()
    assert HELLO in text_in(world.direct(bea)[0])
    assert world.replies(message) == []


async def test_a_subscriber_reads_what_else_only_the_sender_is_told(world: World) -> None:
    bea = _member(world, "bea")
    async with world.bot_running():
        await _subscribed(world, bea)
        await world.command("settings")
        await world.idle()
        form = Form(world.modal()).choose("Where I answer", "Only to whoever shared")
        await world.done(world.people.submit(form.view, form.values))
        message = world.share(world.clip(2))
        await world.until(lambda: bool(world.direct(bea)))
        await world.idle()
    assert HELLO in text_in(world.direct(bea)[0])
    assert HELLO in text_in(world.whispers()[-1])
    assert world.replies(message) == []
    assert len([call for call in world.dashscope.calls if round(call.duration_s) == 2]) == 1


async def test_who_left_the_channel_is_told_nothing_more(world: World) -> None:
    bea = _member(world, "bea")
    async with world.bot_running():
        await _subscribed(world, bea)
        world.channel.members.remove(bea.id)
        await world.answered(world.share(world.clip(2)))
        await world.idle()
    assert world.direct(bea) == []


async def test_for_who_left_a_channel_that_is_off_nothing_is_heard(world: World) -> None:
    bea = _member(world, "bea")
    async with world.bot_running():
        await _subscribed(world, bea)
        await world.command("off")
        assert "by direct message" in await world.command("status")
        world.comings.leave(world.channel, bea.id)
        await world.idle()
        assert "by direct message" not in await world.command("status")
        heard = len(world.ear.languages)
        world.share(world.clip(2))
        await world.idle()
        world.comings.join(world.channel, bea.id)
        world.share(world.clip(3))
        await world.idle()
    assert len(world.ear.languages) == heard
    assert world.direct(bea) == []


async def test_who_leaves_between_asking_and_the_answer_is_told_nothing(world: World) -> None:
    bea = _member(world, "bea")
    async with world.bot_running(auto_transcribe=False):
        world.share(world.clip(2))
        held = world.slack.faults.hold("download")
        await world.command(user=bea)
        await held.reached()
        world.channel.members.remove(bea.id)
        held.release()
        await world.idle()
    assert world.direct(bea) == []
    assert len(world.whispers(bea)) == 1  # what the command answered


async def test_a_copy_goes_with_its_recording(world: World) -> None:
    bea = _member(world, "bea")
    async with world.bot_running():
        await _subscribed(world, bea)
        message = world.share(world.clip(2))
        await world.until(lambda: bool(world.direct(bea)))
        await world.idle()
        world.slack.state.delete_message(message)
        await world.until(lambda: world.direct(bea) == [] and world.replies(message) == [])


async def test_a_lost_answer_of_slack_doubles_no_direct_message(socket_world: World) -> None:
    world = socket_world
    bea = _member(world, "bea")
    async with world.bot_running():
        await _subscribed(world, bea)
        message = world.share(world.clip(2))
        await world.answered(message)
        await world.until(lambda: bool(world.direct(bea)))
        await world.idle()
        world.slack.faults.add("chat.postMessage", slack.Drop(after_acting=True), times=2)
        await world.answered(world.share(world.clip(3)))
        await world.until(lambda: len(world.direct(bea)) >= 2)
        await world.idle()
    assert sum("3 seconds" in text_in(told) for told in world.direct(bea)) == 1


async def test_where_nothing_can_be_whispered_the_answer_is_a_direct_message(world: World) -> None:
    async with world.bot_running(auto_transcribe=False):
        world.share(world.clip(2))
        world.slack.faults.add("chat.postEphemeral", slack.SlackError("user_not_in_channel"))
        await world.command()
        await world.until(lambda: bool(world.direct()))
        await world.idle()
    assert HELLO in text_in(world.direct()[0])


async def test_only_the_reader_sees_the_settings_of_a_private_ask(world: World) -> None:
    bea = _member(world, "bea")
    async with world.bot_running(auto_transcribe=False):
        message = world.share(world.clip(2))
        await world.done(world.people.message_shortcut("transcribe", message, bea.id))
        form = Form(world.modal(bea)).choose("Where I answer", "Only for me")
        await world.done(world.people.submit(form.view, form.values))
        await world.until(lambda: bool(world.whispers(bea)))
        await world.idle()
    assert world.whispers() == []
    # Not even a sign of work in the thread.
    assert world.slack.state.status_log == []
