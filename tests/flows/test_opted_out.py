"""Recordings of people who opted out: whoever asks is told alone and at once, and the thread never is."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.playground.slack_lookalike import faults as slack
from bot.playground.slack_lookalike.records import Message, User
from tests.flows.hands import Form, button, menu, option, text_in
from tests.flows.harness import BotHarness, at_the_door, words

NEVER = "asked me never to transcribe"


@pytest.fixture
async def zoe(harness: BotHarness) -> AsyncIterator[User]:
    """Somebody of the channel who opts out with ``_opt_out``."""
    user = harness.slack.state.add_user("zoe")
    harness.channel.members.append(user.id)
    yield user
    # Whatever was asked, the thread was not told.
    said = [
        message.text
        for message in harness.slack.state.messages.values()
        if message.channel_id == harness.channel.id and not message.ephemeral_for
    ]
    assert not [text for text in said if "never to transcribe" in text]


async def _opt_out(harness: BotHarness, user: User) -> None:
    assert harness.bot is not None
    team_id = harness.slack.state.workspace.team_id
    await harness.bot.store.preferences.opt_out(team_id, user.id, out=True)


def _share(harness: BotHarness, zoe: User, text: str = "", **more: object) -> Message:
    clip = harness.clip(2, user=zoe.id)
    return harness.slack.state.post_as_user(
        harness.channel.id,
        zoe.id,
        text,
        files=[clip],
        **more,  # type: ignore[arg-type]  # as given
    )


@at_the_door
async def test_by_mention_reaction_command_and_shortcut(harness: BotHarness, zoe: User) -> None:
    state, me = harness.slack.state, f"<@{harness.slack.state.workspace.bot_user_id}>"
    async with harness.bot_running():
        await _opt_out(harness, zoe)
        message = _share(harness, zoe)
        state.post_as_user(harness.channel.id, harness.ada.id, f"{me} transcribe", thread_ts=message.ts)
        await harness.idle()
        assert [NEVER in told.text for told in harness.whispers()] == [True]
        state.react(message, harness.ada.id, "speech_balloon")
        await harness.idle()
        assert [NEVER in told.text for told in harness.whispers()] == [True, True]
        assert NEVER in await harness.command()
        assert NEVER in await harness.command(state.permalink(message))
        await harness.done(harness.people.message_shortcut("transcribe", message, harness.ada.id))
        await harness.until(lambda: NEVER in text_in(harness.modal()))
    assert harness.replies(message) == []
    assert harness.calls("download") == []


async def test_a_modal_that_was_open_says_so_when_it_is_sent(harness: BotHarness, zoe: User) -> None:
    async with harness.bot_running(auto_transcribe=False):
        message = _share(harness, zoe)
        await harness.done(harness.people.message_shortcut("transcribe", message, harness.ada.id))
        form = Form(harness.modal())
        await _opt_out(harness, zoe)
        await harness.done(harness.people.submit(form.view, form.values))
        assert NEVER in text_in(harness.modal())
    assert harness.calls("download") == []


async def test_beside_their_own_clip_and_their_forwarded_one(harness: BotHarness, zoe: User) -> None:
    state, me = harness.slack.state, f"<@{harness.slack.state.workspace.bot_user_id}>"
    direct = state.add_channel("", harness.ada.id, kind="im")
    async with harness.bot_running():
        await _opt_out(harness, zoe)
        original = _share(harness, zoe, f"{me} transcribe")
        await harness.idle()
        assert ["You have asked me never" in told.text for told in harness.whispers(zoe)] == [True]
        state.post_as_user(harness.channel.id, harness.ada.id, me, forwarded=original)
        await harness.idle()
        assert [NEVER in told.text for told in harness.whispers()] == [True]
        forwarded = state.post_as_user(direct.id, harness.ada.id, forwarded=original)
        await harness.idle()
        (told,) = harness.direct()
        assert (told.channel_id, NEVER in told.text) == (direct.id, True)
    assert harness.replies(forwarded) == harness.replies(original) == []
    assert harness.calls("download") == []


async def test_transcribing_again_and_sharing(harness: BotHarness, zoe: User) -> None:
    async with harness.bot_running(auto_transcribe=False):
        message = _share(harness, zoe)
        harness.slack.state.react(message, harness.ada.id, "speech_balloon")
        (reply,) = await harness.answered(message)
        await harness.command()
        await harness.until(lambda: len(harness.whispers()) == 2)
        private = harness.whispers()[-1]
        await harness.idle()
        downloads = len(harness.calls("download"))
        await _opt_out(harness, zoe)
        again = option(menu(reply), "Transcribe again")
        action_id = menu(reply)["action_id"]
        await harness.done(harness.people.click(reply, action_id, harness.ada.id, selected_option=again))
        await harness.done(harness.people.click(private, button(private, "Share"), harness.ada.id))
        await harness.idle()
    assert [NEVER in told.text for told in harness.whispers()[2:]] == [True, True]
    assert len(harness.calls("download")) == downloads
    assert words(reply) == "A clip of 2 seconds."


async def test_of_two_recordings_the_other_is_transcribed(harness: BotHarness, zoe: User) -> None:
    me = f"<@{harness.slack.state.workspace.bot_user_id}>"
    async with harness.bot_running(auto_transcribe=False):
        await _opt_out(harness, zoe)
        both = harness.share(harness.clip(2, user=zoe.id), harness.clip(3), text=me)
        (reply,) = await harness.answered(both)
    assert words(reply) == "A clip of 3 seconds."
    assert [NEVER in told.text for told in harness.whispers()] == [True]


async def test_what_turns_out_only_on_the_way_is_told_the_asker_alone(harness: BotHarness, zoe: User) -> None:
    async with harness.bot_running(auto_transcribe=False):
        message = _share(harness, zoe)
        # Tried again a second later.
        harness.slack.faults.add("download", slack.Answer(503))
        harness.slack.state.react(message, harness.ada.id, "speech_balloon")
        await harness.until(lambda: bool(harness.calls("download")))
        await _opt_out(harness, zoe)
        await harness.until(lambda: bool(harness.whispers()))
        await harness.idle()
    assert [NEVER in told.text for told in harness.whispers()] == [True]
    assert harness.replies(message) == []
