"""Whose recordings are heard: people's whatever posted them, and apps' where somebody asks."""

from __future__ import annotations

from bot.playground.slack_lookalike.records import Channel, Message
from tests.flows.hands import Form, text_in
from tests.flows.harness import BotHarness, at_the_door, words

HELLO = "A clip of 2 seconds."
RELAY, PHONE = "B0RELAY0001", "B0PHONE0001"


def _me(harness: BotHarness) -> str:
    return f"<@{harness.slack.state.workspace.bot_user_id}>"


def _direct(harness: BotHarness) -> Channel:
    return harness.slack.state.add_channel("", harness.ada.id, kind="im")


def _voicemail(harness: BotHarness, channel: Channel, **more: object) -> Message:
    """A phone system posts what somebody said on the phone."""
    phone = harness.slack.state.add_user("phone")
    phone.is_bot = True
    clip = harness.clip(2, "voicemail.wav", user=phone.id, as_voice_clip=False)
    return harness.slack.state.post_as_user(
        channel.id,
        phone.id,
        "Voicemail",
        files=[clip],
        bot_id=PHONE,
        **more,  # type: ignore[arg-type]  # as given
    )


@at_the_door
async def test_a_persons_clip_that_their_token_posted_is_heard_where_they_ask(harness: BotHarness) -> None:
    direct = _direct(harness)
    async with harness.bot_running():
        quiet = harness.share(harness.clip(3), bot_id=RELAY)
        mentioned = harness.share(harness.clip(2), text=f"{_me(harness)} transcribe", bot_id=RELAY)
        private = harness.share(harness.clip(2), channel=direct, bot_id=RELAY)
        for message in (mentioned, private):
            (reply,) = await harness.answered(message)
            assert words(reply) == HELLO
        assert harness.replies(quiet) == []
        harness.slack.state.react(quiet, harness.ada.id, "speech_balloon")
        (reply,) = await harness.answered(quiet)
    assert words(reply) == "A clip of 3 seconds."


async def test_a_mention_that_a_persons_token_posted_is_heard(harness: BotHarness) -> None:
    async with harness.bot_running(auto_transcribe=False):
        head = harness.share(harness.clip(2))
        harness.slack.state.post_as_user(
            harness.channel.id, harness.ada.id, f"{_me(harness)} transcribe", thread_ts=head.ts, bot_id=RELAY
        )
        (reply,) = await harness.answered(head)
    assert words(reply) == HELLO


async def test_the_command_finds_what_an_app_posted(harness: BotHarness) -> None:
    async with harness.bot_running():
        harness.share(harness.clip(3))
        voicemail = _voicemail(harness, harness.channel)
        await harness.command()
        await harness.until(lambda: len(harness.whispers()) == 2)
        await harness.idle()
    assert HELLO in text_in(harness.whispers()[-1])
    assert harness.replies(voicemail) == []


async def test_another_bot_asks_for_nothing_by_words_alone(harness: BotHarness) -> None:
    other = harness.slack.state.add_user("triage")
    other.is_bot = True
    async with harness.bot_running(auto_transcribe=False):
        head = harness.share(harness.clip(2))
        for text in ("transcribe in German", "what a day"):
            said = harness.slack.state.post_as_user(
                harness.channel.id, other.id, f"{_me(harness)} {text}", thread_ts=head.ts, bot_id=PHONE
            )
            harness.slack.state.edit(said, text=f"{_me(harness)} transcribe in French")
        await harness.idle()
    assert harness.replies(head) == []
    assert harness.calls("chat.postEphemeral") == []


@at_the_door
async def test_a_forwarded_voicemail_of_a_bots_is_heard_where_somebody_asks(harness: BotHarness) -> None:
    state, direct = harness.slack.state, _direct(harness)
    calls = state.add_channel("calls", harness.ada.id, with_bot=False)
    async with harness.bot_running():
        original = _voicemail(harness, calls)

        def forward(channel: Channel, text: str = "") -> Message:
            return state.post_as_user(channel.id, harness.ada.id, text, forwarded=original)

        quiet = forward(harness.channel)
        for message in (
            forward(direct),
            forward(direct, "can you transcribe this"),
            forward(harness.channel, f"{_me(harness)} transcribe"),
        ):
            (reply,) = await harness.answered(message)
            assert words(reply) == HELLO
        assert harness.replies(quiet) == []
        await harness.done(harness.people.message_shortcut("transcribe", quiet, harness.ada.id))
        assert Form(harness.modal()).has("Where I answer")
        state.react(quiet, harness.ada.id, "speech_balloon")
        (reply,) = await harness.answered(quiet)
        assert words(reply) == HELLO
        forward(harness.channel)
        await harness.command()
        await harness.until(lambda: len(harness.whispers()) == 2)
        await harness.idle()
    assert HELLO in text_in(harness.whispers()[-1])
