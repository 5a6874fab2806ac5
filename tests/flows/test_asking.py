"""People ask for a transcript: by a command, in a message's menu, by a mention, by a reaction."""

from __future__ import annotations

import pytest

from bot.playground.slack_lookalike import faults as slack
from bot.playground.slack_lookalike.records import File
from tests.flows.hands import Form, button, text_in
from tests.flows.harness import BotHarness, at_the_door, context, tone, words

HELLO = "A clip of 2 seconds."


@at_the_door
async def test_the_command_alone_transcribes_the_newest_recording_for_the_asker(harness: BotHarness) -> None:
    async with harness.bot_running(auto_transcribe=False):
        harness.share(harness.clip(3))
        newest = harness.share(harness.clip(2))
        harness.share()
        said = await harness.command()
        await harness.until(lambda: len(harness.whispers()) == 2)
        await harness.idle()
    assert "for you alone" in said
    private = harness.whispers()[-1]
    assert HELLO in text_in(private)
    assert private.thread_ts is None
    assert harness.replies(newest) == []
    assert harness.calls("response_url") == []


@at_the_door
async def test_a_private_answer_is_shared_in_its_thread(harness: BotHarness) -> None:
    async with harness.bot_running(auto_transcribe=False):
        message = harness.share(harness.clip(2))
        await harness.command()
        await harness.until(lambda: len(harness.whispers()) == 2)
        private = harness.whispers()[-1]
        await harness.done(harness.people.click(private, button(private, "Share"), harness.ada.id))
        (reply,) = await harness.answered(message)
    assert words(reply) == HELLO


async def test_a_link_with_a_language(harness: BotHarness) -> None:
    async with harness.bot_running(auto_transcribe=False):
        head = harness.slack.state.post_as_user(harness.channel.id, harness.ada.id, "How was it?")
        message = harness.share(harness.clip(2), thread_ts=head.ts)
        link = harness.slack.state.permalink(message)
        await harness.command(f"<{link}|voice-notes> in German")
        await harness.until(lambda: len(harness.whispers()) == 2)
        await harness.idle()
    assert HELLO in text_in(harness.whispers()[-1])
    assert harness.ear.languages[-1] == "de"


async def test_a_link_to_a_file(harness: BotHarness) -> None:
    async with harness.bot_running(auto_transcribe=False):
        file = harness.clip(2)
        harness.share(file)
        await harness.command(
            f"https://playground.slack.com/files/{harness.ada.id}/{file.id}/audio_message.wav"
        )
        await harness.until(lambda: len(harness.whispers()) == 2)
        await harness.idle()
    assert HELLO in text_in(harness.whispers()[-1])


async def test_what_somebody_cannot_read_is_refused_like_what_is_not_there(harness: BotHarness) -> None:
    state = harness.slack.state
    bea = state.add_user("bea")
    secret = state.add_channel("secret", bea.id, kind="group")
    async with harness.bot_running(auto_transcribe=False):
        file = harness.clip(2, user=bea.id)
        message = state.post_as_user(secret.id, bea.id, files=[file])
        there = await harness.command(state.permalink(message))
        nowhere = await harness.command("https://playground.slack.com/archives/C0NOWHERE01/p1700000000000100")
        closed = state.add_channel("closed", bea.id, harness.ada.id, kind="group", with_bot=False)
        unseen = await harness.command(f"https://playground.slack.com/archives/{closed.id}/p1700000000000100")
        by_file = await harness.command(f"https://playground.slack.com/files/{bea.id}/{file.id}/a.wav")
        await harness.idle()
    assert there == nowhere == unseen == by_file
    assert "/invite" in there
    assert harness.calls("download") == []
    assert harness.direct() == []


async def test_a_wrong_word_is_named_beside_the_help(harness: BotHarness) -> None:
    async with harness.bot_running():
        said = await harness.command("trnscribe")
        helped = await harness.command("help")
    assert "trnscribe" in said
    assert "/transcribe settings" in said
    assert "/transcribe settings" in helped


@at_the_door
async def test_words_that_trip_bolts_parser_are_heard(harness: BotHarness) -> None:
    async with harness.bot_running():
        said = await harness.command("payload.m4a&payload")
    assert "payload" in said


async def test_turning_off_and_on_and_asking_how_things_are(harness: BotHarness) -> None:
    async with harness.bot_running():
        await harness.answered(harness.share(harness.clip(2)))
        await harness.command("off")
        off = await harness.command("status")
        quiet = harness.share(harness.clip(3))
        await harness.idle()
        await harness.command("on")
        on = await harness.command("status")
        usage = await harness.command("usage")
    assert harness.replies(quiet) == []
    assert "only transcribe what somebody asks" in off
    assert "clips and audio files" in on
    assert "1 recording" in usage
    assert "$0.01" in usage


async def test_where_the_bot_is_not_it_says_how_to_invite_it(harness: BotHarness) -> None:
    alone = harness.slack.state.add_channel("alone", harness.ada.id, with_bot=False)
    async with harness.bot_running():
        said = [await harness.command(text, channel=alone) for text in ("", "on", "status")]
    # Slack shows what a command's acknowledgement says, whether the bot is there or not.
    assert all("/invite" in answer for answer in said)


async def test_a_link_asked_for_elsewhere_is_answered_by_direct_message(harness: BotHarness) -> None:
    alone = harness.slack.state.add_channel("alone", harness.ada.id, with_bot=False)
    async with harness.bot_running(auto_transcribe=False):
        message = harness.share(harness.clip(2))
        await harness.command(harness.slack.state.permalink(message), channel=alone)
        await harness.until(lambda: bool(harness.direct()))
        await harness.idle()
    (told,) = harness.direct()
    assert HELLO in text_in(told)


@at_the_door
async def test_the_shortcut_answers_in_the_thread(harness: BotHarness) -> None:
    async with harness.bot_running(auto_transcribe=False):
        head = harness.slack.state.post_as_user(harness.channel.id, harness.ada.id, "How was it?")
        message = harness.share(harness.clip(2), thread_ts=head.ts)
        await harness.done(harness.people.message_shortcut("transcribe", message, harness.ada.id))
        form = Form(harness.modal())
        form.choose("Where I answer", "In the thread").choose("Language", "Chinese")
        await harness.done(harness.people.submit(form.view, form.values))
        (reply,) = await harness.answered(message)
    assert words(reply) == HELLO
    assert reply.thread_ts == head.ts
    assert harness.ear.languages[-1] == "zh"


async def test_the_shortcut_answers_the_asker_alone_and_knows_forwarded_files(harness: BotHarness) -> None:
    state = harness.slack.state
    bea = state.add_user("bea", locale="de-DE")
    harness.channel.members.append(bea.id)
    elsewhere = state.add_channel("elsewhere", harness.ada.id, with_bot=False)
    async with harness.bot_running(auto_transcribe=False):
        original = harness.share(harness.clip(2), channel=elsewhere)
        forwarded = state.post_as_user(harness.channel.id, harness.ada.id, forwarded=original)
        await harness.done(harness.people.message_shortcut("transcribe", forwarded, bea.id))
        form = Form(harness.modal(bea))
        await harness.until(lambda: form.has("Sprache") and "Portugiesisch" in form.offers("Sprache"))
        form.choose("Wo ich antworte", "Nur für mich")
        await harness.done(harness.people.submit(form.view, form.values))
        await harness.until(lambda: bool(harness.whispers(bea)))
        await harness.idle()
    assert HELLO in text_in(harness.whispers(bea)[-1])
    assert harness.replies(forwarded) == []


async def test_the_shortcut_says_so_where_there_is_nothing_to_transcribe(harness: BotHarness) -> None:
    async with harness.bot_running():
        message = harness.slack.state.post_as_user(harness.channel.id, harness.ada.id, "just words")
        await harness.done(harness.people.message_shortcut("transcribe", message, harness.ada.id))
        assert "no recording" in text_in(harness.modal())


async def test_the_shortcut_says_how_to_invite_the_bot(harness: BotHarness) -> None:
    alone = harness.slack.state.add_channel("alone", harness.ada.id, with_bot=False)
    async with harness.bot_running():
        message = harness.share(harness.clip(2), channel=alone)
        await harness.done(harness.people.message_shortcut("transcribe", message, harness.ada.id))
        await harness.until(lambda: "/invite" in text_in(harness.modal()))


@at_the_door
async def test_a_mention_in_a_thread_asks_for_its_recording_in_a_language(harness: BotHarness) -> None:
    bot = harness.slack.state.workspace.bot_user_id
    async with harness.bot_running(auto_transcribe=False):
        message = harness.share(harness.clip(2))
        harness.slack.state.post_as_user(
            harness.channel.id, harness.ada.id, f"<@{bot}> transcribe in German", thread_ts=message.ts
        )
        (reply,) = await harness.answered(message)
    assert words(reply) == HELLO
    assert context(reply).startswith("German")


async def test_a_mention_in_another_language_edits_the_reply(harness: BotHarness) -> None:
    bot = harness.slack.state.workspace.bot_user_id
    async with harness.bot_running():
        message = harness.share(harness.clip(2))
        (first,) = await harness.answered(message)
        harness.slack.state.post_as_user(
            harness.channel.id, harness.ada.id, f"<@{bot}> in German", thread_ts=message.ts
        )
        await harness.until(lambda: context(harness.replies(message)[0]).startswith("German"))
        mention = next(d for d in harness.slack.deliveries if "in German" in str(d.payload))
        heard = len(harness.ear.languages)
        again = harness.slack.deliver("events_api", mention.payload)
        await again.settled()
        await harness.idle()
    assert harness.replies(message) == [first]
    assert len(harness.ear.languages) == heard


async def test_a_mention_that_points_nowhere_is_answered_alone(harness: BotHarness) -> None:
    bot = harness.slack.state.workspace.bot_user_id
    async with harness.bot_running():
        harness.slack.state.post_as_user(harness.channel.id, harness.ada.id, f"<@{bot}> transcribe")
        await harness.until(lambda: bool(harness.whispers()))
        await harness.idle()
    assert "Which recording" in harness.whispers()[0].text


@at_the_door
async def test_a_reaction_asks_where_automatic_is_off(harness: BotHarness) -> None:
    state = harness.slack.state
    async with harness.bot_running(auto_transcribe=False):
        head = state.post_as_user(harness.channel.id, harness.ada.id, "How was it?")
        message = harness.share(harness.clip(2), thread_ts=head.ts)
        state.react(message, harness.ada.id, "thumbsup")
        await harness.idle()
        assert harness.replies(message) == []
        state.react(message, harness.ada.id, "speech_balloon")
        (reply,) = await harness.answered(message)
        written = state.post_as_user(harness.channel.id, harness.ada.id, "just words")
        state.react(written, harness.ada.id, "speech_balloon")
        await harness.idle()
    assert words(reply) == HELLO
    assert harness.replies(written) == []


@pytest.mark.parametrize("name", ["take.w64", "take.xyz", "take"])
async def test_whoever_asks_has_a_file_looked_into_whatever_its_name(harness: BotHarness, name: str) -> None:
    state, ada = harness.slack.state, harness.ada
    bot = state.workspace.bot_user_id

    def take() -> File:
        return state.add_file(tone(2), name, user=ada.id, mimetype="application/octet-stream")

    async with harness.bot_running(auto_transcribe=False):
        beside = harness.share(take(), text=f"<@{bot}>")
        above, reacted, chosen, linked = (harness.share(take()) for _ in range(4))
        state.post_as_user(harness.channel.id, ada.id, f"<@{bot}> transcribe", thread_ts=above.ts)
        state.react(reacted, ada.id, "speech_balloon")
        await harness.done(harness.people.message_shortcut("transcribe", chosen, ada.id))
        form = Form(harness.modal())
        await harness.done(harness.people.submit(form.view, form.values))
        await harness.command(state.permalink(linked))
        for message in (beside, above, reacted, chosen):
            (reply,) = await harness.answered(message)
            assert words(reply) == HELLO
        await harness.until(lambda: HELLO in text_in(harness.whispers()[-1]))


@pytest.mark.parametrize("scope", ["channels:read", "channels:history"])
async def test_a_missing_permission_is_told_and_nothing_is_read(harness: BotHarness, scope: str) -> None:
    harness.slack.state.workspace.scopes.discard(scope)
    async with harness.bot_running(auto_transcribe=False):
        message = harness.share(harness.clip(2))
        said = await harness.command(harness.slack.state.permalink(message))
        await harness.idle()
    assert said
    assert harness.calls("download") == []


async def test_a_slow_slack_costs_the_asker_a_sentence(harness: BotHarness) -> None:
    message = harness.share(harness.clip(2))
    async with harness.bot_running(auto_transcribe=False):
        harness.slack.faults.add("conversations.members", slack.Delay(6.0))
        said = await harness.command(harness.slack.state.permalink(message))
    assert "try again" in said
