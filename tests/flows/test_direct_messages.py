"""The bot's own conversation with a person: help for words, and whatever a mention can ask for."""

from __future__ import annotations

import pytest

from bot.playground.slack_lookalike import faults as slack
from bot.playground.slack_lookalike.records import Channel, Message
from tests.flows.harness import BotHarness, at_the_door, context, words

HELLO = "A clip of 2 seconds."


@pytest.fixture
def direct(harness: BotHarness) -> Channel:
    return harness.slack.state.add_channel("", harness.ada.id, kind="im")


def _say(harness: BotHarness, direct: Channel, text: str, head: Message | None = None) -> Message:
    thread_ts = head.ts if head else None
    return harness.slack.state.post_as_user(direct.id, harness.ada.id, text, thread_ts=thread_ts)


@at_the_door
@pytest.mark.parametrize("text", ["hi", "help", "?", "What can you do for me?"])
async def test_words_are_answered_with_help_once(harness: BotHarness, direct: Channel, text: str) -> None:
    async with harness.bot_running():
        said = _say(harness, direct, text)
        await harness.until(lambda: bool(harness.direct()))
        await harness.idle()
        harness.slack.state.edit(said, text=f"{text}!")
        await harness.idle()
    (told,) = _told(harness, direct)
    assert "voice clip" in told.text
    assert "in German" in told.text
    assert told.thread_ts is None
    assert harness.calls("chat.postEphemeral") == []


def _told(harness: BotHarness, direct: Channel) -> list[Message]:
    return [message for message in harness.direct() if message.channel_id == direct.id]


async def test_what_slack_delivers_again_is_not_answered_again(socket_harness: BotHarness) -> None:
    harness = socket_harness
    direct = harness.slack.state.add_channel("", harness.ada.id, kind="im")
    async with harness.bot_running():
        # The answer arrives, and the bot does not hear of it: the event is not acknowledged.
        harness.slack.faults.add("chat.postMessage", slack.Drop(after_acting=True))
        _say(harness, direct, "hi")
        await harness.idle()
        assert len(harness.slack.deliveries[0].attempts) == 2
        assert len(harness.direct()) == 1
        # And here it never arrives.
        harness.slack.faults.add("chat.postMessage", slack.SlackError("internal_error"))
        _say(harness, direct, "hello?")
        await harness.idle()
    assert len(harness.direct()) == 2


@at_the_door
async def test_a_link_to_a_recording_is_done_like_a_mention(harness: BotHarness, direct: Channel) -> None:
    async with harness.bot_running(auto_transcribe=False):
        message = harness.share(harness.clip(2))
        link = harness.slack.state.permalink(message)
        _say(harness, direct, f"transcribe <{link}> in German")
        (reply,) = await harness.answered(message)
    assert words(reply) == HELLO
    assert context(reply).startswith("German")
    (told,) = _told(harness, direct)
    assert "in the recording's thread" in told.text


async def test_a_link_that_leads_nowhere_is_told_so(harness: BotHarness, direct: Channel) -> None:
    async with harness.bot_running():
        _say(harness, direct, "hey, <https://playground.slack.com/archives/C0NOWHERE01/p1700000000000100>")
        await harness.until(lambda: bool(harness.direct()))
        await harness.idle()
    (told,) = _told(harness, direct)
    assert "can't find" in told.text


async def test_a_language_beside_a_file_and_after_it_counts(harness: BotHarness, direct: Channel) -> None:
    async with harness.bot_running(auto_transcribe=False):
        beside = harness.share(harness.clip(2), text="in German", channel=direct)
        (first,) = await harness.answered(beside)
        assert context(first).startswith("German")
        alone = harness.share(harness.clip(3), channel=direct)
        await harness.answered(alone)
        _say(harness, direct, "in French", alone)
        await harness.until(lambda: context(harness.replies(alone)[0]).startswith("French"))
        await harness.idle()
        _say(harness, direct, "in Spanish")
        await harness.until(lambda: context(harness.replies(alone)[0]).startswith("Spanish"))
        await harness.idle()
    assert context(harness.replies(beside)[0]).startswith("German")
    assert len(harness.replies(alone)) == 1


async def test_a_video_is_heard_where_the_words_beside_it_ask(harness: BotHarness, direct: Channel) -> None:
    async with harness.bot_running():
        film = harness.clip(2, "talk.mp4", as_voice_clip=False, mimetype="video/mp4")
        (reply,) = await harness.answered(harness.share(film, text="please transcribe this", channel=direct))
    assert words(reply) == HELLO


async def test_the_bot_answers_neither_itself_nor_other_bots(harness: BotHarness, direct: Channel) -> None:
    other = harness.slack.state.add_user("triage")
    other.is_bot = True
    between = harness.slack.state.add_channel("", other.id, kind="im")
    async with harness.bot_running():
        harness.ear.text = " ".join(f"word{number}" for number in range(1_500)) + "."
        await harness.answered(harness.share(harness.clip(2), channel=direct))
        harness.slack.state.post_as_user(between.id, other.id, "hi", bot_id="B0OTHER0001")
        await harness.idle()
    assert len(harness.direct()) == 2, "the reply, and the message with its files"
    assert harness.direct(other) == []
