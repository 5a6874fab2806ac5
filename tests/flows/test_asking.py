"""People ask for a transcript: by a command, in a message's menu, by a mention, by a reaction."""

from __future__ import annotations

import pytest

from bot.playground.slack_lookalike import faults as slack
from tests.flows.hands import Form, button, text_in
from tests.flows.world import World, at_the_door, context, words

HELLO = "A clip of 2 seconds."


@at_the_door
async def test_the_command_alone_transcribes_the_newest_recording_for_the_asker(world: World) -> None:
    async with world.bot_running(auto_transcribe=False):
        world.share(world.clip(3))
        newest = world.share(world.clip(2))
        world.share()
        said = await world.command()
        await world.until(lambda: len(world.whispers()) == 2)
        await world.idle()
    assert "for you alone" in said
    private = world.whispers()[-1]
    assert HELLO in text_in(private)
    assert private.thread_ts is None
    assert world.replies(newest) == []
    assert world.calls("response_url") == []


@at_the_door
async def test_a_private_answer_is_shared_in_its_thread(world: World) -> None:
    async with world.bot_running(auto_transcribe=False):
        message = world.share(world.clip(2))
        await world.command()
        await world.until(lambda: len(world.whispers()) == 2)
        private = world.whispers()[-1]
        await world.done(world.people.click(private, button(private, "Share"), world.ada.id))
        (reply,) = await world.answered(message)
    assert words(reply) == HELLO


async def test_a_link_with_a_language(world: World) -> None:
    async with world.bot_running(auto_transcribe=False):
        head = world.slack.state.post_as_user(world.channel.id, world.ada.id, "How was it?")
        message = world.share(world.clip(2), thread_ts=head.ts)
        link = world.slack.state.permalink(message)
        await world.command(f"<{link}|voice-notes> in German")
        await world.until(lambda: len(world.whispers()) == 2)
        await world.idle()
    assert HELLO in text_in(world.whispers()[-1])
    assert world.ear.languages[-1] == "de"


async def test_a_link_to_a_file(world: World) -> None:
    async with world.bot_running(auto_transcribe=False):
        file = world.clip(2)
        world.share(file)
        await world.command(f"https://playground.slack.com/files/{world.ada.id}/{file.id}/audio_message.wav")
        await world.until(lambda: len(world.whispers()) == 2)
        await world.idle()
    assert HELLO in text_in(world.whispers()[-1])


async def test_what_somebody_cannot_read_is_refused_like_what_is_not_there(world: World) -> None:
    state = world.slack.state
    bea = state.add_user("bea")
    secret = state.add_channel("secret", bea.id, kind="group")
    async with world.bot_running(auto_transcribe=False):
        file = world.clip(2, user=bea.id)
        message = state.post_as_user(secret.id, bea.id, files=[file])
        there = await world.command(state.permalink(message))
        nowhere = await world.command("https://playground.slack.com/archives/C0NOWHERE01/p1700000000000100")
        closed = state.add_channel("closed", bea.id, world.ada.id, kind="group", with_bot=False)
        unseen = await world.command(f"https://playground.slack.com/archives/{closed.id}/p1700000000000100")
        by_file = await world.command(f"https://playground.slack.com/files/{bea.id}/{file.id}/a.wav")
        await world.idle()
    assert there == nowhere == unseen == by_file
    assert "/invite" in there
    assert world.calls("download") == []
    assert world.direct() == []


async def test_a_wrong_word_is_named_beside_the_help(world: World) -> None:
    async with world.bot_running():
        said = await world.command("trnscribe")
        helped = await world.command("help")
    assert "trnscribe" in said
    assert "/transcribe settings" in said
    assert "/transcribe settings" in helped


@at_the_door
async def test_words_that_trip_bolts_parser_are_heard(world: World) -> None:
    async with world.bot_running():
        said = await world.command("payload.m4a&payload")
    assert "payload" in said


async def test_turning_off_and_on_and_asking_how_things_are(world: World) -> None:
    async with world.bot_running():
        await world.answered(world.share(world.clip(2)))
        await world.command("off")
        off = await world.command("status")
        quiet = world.share(world.clip(3))
        await world.idle()
        await world.command("on")
        on = await world.command("status")
        usage = await world.command("usage")
    assert world.replies(quiet) == []
    assert "only transcribe what somebody asks" in off
    assert "clips and audio files" in on
    assert "1 recording" in usage
    assert "$0.01" in usage


async def test_where_the_bot_is_not_it_says_how_to_invite_it(world: World) -> None:
    alone = world.slack.state.add_channel("alone", world.ada.id, with_bot=False)
    async with world.bot_running():
        said = [await world.command(text, channel=alone) for text in ("", "on", "status")]
    # Slack shows what a command's acknowledgement says, whether the bot is there or not.
    assert all("/invite" in answer for answer in said)


async def test_a_link_asked_for_elsewhere_is_answered_by_direct_message(world: World) -> None:
    alone = world.slack.state.add_channel("alone", world.ada.id, with_bot=False)
    async with world.bot_running(auto_transcribe=False):
        message = world.share(world.clip(2))
        await world.command(world.slack.state.permalink(message), channel=alone)
        await world.until(lambda: bool(world.direct()))
        await world.idle()
    (told,) = world.direct()
    assert HELLO in text_in(told)


@at_the_door
async def test_the_shortcut_answers_in_the_thread(world: World) -> None:
    async with world.bot_running(auto_transcribe=False):
        head = world.slack.state.post_as_user(world.channel.id, world.ada.id, "How was it?")
        message = world.share(world.clip(2), thread_ts=head.ts)
        await world.done(world.people.message_shortcut("transcribe", message, world.ada.id))
        form = Form(world.modal())
        form.choose("Where I answer", "In the thread").choose("Language", "Chinese")
        await world.done(world.people.submit(form.view, form.values))
        (reply,) = await world.answered(message)
    assert words(reply) == HELLO
    assert reply.thread_ts == head.ts
    assert world.ear.languages[-1] == "zh"


async def test_the_shortcut_answers_the_asker_alone_and_knows_forwarded_files(world: World) -> None:
    state = world.slack.state
    bea = state.add_user("bea", locale="de-DE")
    world.channel.members.append(bea.id)
    elsewhere = state.add_channel("elsewhere", world.ada.id, with_bot=False)
    async with world.bot_running(auto_transcribe=False):
        original = world.share(world.clip(2), channel=elsewhere)
        forwarded = state.post_as_user(world.channel.id, world.ada.id, forwarded=original)
        await world.done(world.people.message_shortcut("transcribe", forwarded, bea.id))
        form = Form(world.modal(bea))
        await world.until(lambda: form.has("Sprache") and "Portugiesisch" in form.offers("Sprache"))
        form.choose("Wo ich antworte", "Nur für mich")
        await world.done(world.people.submit(form.view, form.values))
        await world.until(lambda: bool(world.whispers(bea)))
        await world.idle()
    assert HELLO in text_in(world.whispers(bea)[-1])
    assert world.replies(forwarded) == []


async def test_the_shortcut_says_so_where_there_is_nothing_to_transcribe(world: World) -> None:
    async with world.bot_running():
        message = world.slack.state.post_as_user(world.channel.id, world.ada.id, "just words")
        await world.done(world.people.message_shortcut("transcribe", message, world.ada.id))
        assert "no recording" in text_in(world.modal())


async def test_the_shortcut_says_how_to_invite_the_bot(world: World) -> None:
    alone = world.slack.state.add_channel("alone", world.ada.id, with_bot=False)
    async with world.bot_running():
        message = world.share(world.clip(2), channel=alone)
        await world.done(world.people.message_shortcut("transcribe", message, world.ada.id))
        await world.until(lambda: "/invite" in text_in(world.modal()))


@at_the_door
async def test_a_mention_in_a_thread_asks_for_its_recording_in_a_language(world: World) -> None:
    bot = world.slack.state.workspace.bot_user_id
    async with world.bot_running(auto_transcribe=False):
        message = world.share(world.clip(2))
        world.slack.state.post_as_user(
            world.channel.id, world.ada.id, f"<@{bot}> transcribe in German", thread_ts=message.ts
        )
        (reply,) = await world.answered(message)
    assert words(reply) == HELLO
    assert context(reply).startswith("German")


async def test_a_mention_in_another_language_edits_the_reply(world: World) -> None:
    bot = world.slack.state.workspace.bot_user_id
    async with world.bot_running():
        message = world.share(world.clip(2))
        (first,) = await world.answered(message)
        world.slack.state.post_as_user(
            world.channel.id, world.ada.id, f"<@{bot}> in German", thread_ts=message.ts
        )
        await world.until(lambda: context(world.replies(message)[0]).startswith("German"))
        mention = next(d for d in world.slack.deliveries if "in German" in str(d.payload))
        heard = len(world.ear.languages)
        again = world.slack.deliver("events_api", mention.payload)
        await again.settled()
        await world.idle()
    assert world.replies(message) == [first]
    assert len(world.ear.languages) == heard


async def test_a_mention_that_points_nowhere_is_answered_alone(world: World) -> None:
    bot = world.slack.state.workspace.bot_user_id
    async with world.bot_running():
        world.slack.state.post_as_user(world.channel.id, world.ada.id, f"<@{bot}> transcribe")
        await world.until(lambda: bool(world.whispers()))
        await world.idle()
    assert "Which recording" in world.whispers()[0].text


@at_the_door
async def test_a_reaction_asks_where_automatic_is_off(world: World) -> None:
    state = world.slack.state
    async with world.bot_running(auto_transcribe=False):
        head = state.post_as_user(world.channel.id, world.ada.id, "How was it?")
        message = world.share(world.clip(2), thread_ts=head.ts)
        state.react(message, world.ada.id, "thumbsup")
        await world.idle()
        assert world.replies(message) == []
        state.react(message, world.ada.id, "speech_balloon")
        (reply,) = await world.answered(message)
        written = state.post_as_user(world.channel.id, world.ada.id, "just words")
        state.react(written, world.ada.id, "speech_balloon")
        await world.idle()
    assert words(reply) == HELLO
    assert world.replies(written) == []


@pytest.mark.parametrize("scope", ["channels:read", "channels:history"])
async def test_a_missing_permission_is_told_and_nothing_is_read(world: World, scope: str) -> None:
    world.slack.state.workspace.scopes.discard(scope)
    async with world.bot_running(auto_transcribe=False):
        message = world.share(world.clip(2))
        said = await world.command(world.slack.state.permalink(message))
        await world.idle()
    assert said
    assert world.calls("download") == []


async def test_a_slow_slack_costs_the_asker_a_sentence(world: World) -> None:
    message = world.share(world.clip(2))
    async with world.bot_running(auto_transcribe=False):
        world.slack.faults.add("conversations.members", slack.Delay(6.0))
        said = await world.command(world.slack.state.permalink(message))
    assert "try again" in said
