"""Answers for one person: where they look, or by direct message; and only while they may read them."""

from __future__ import annotations

import pytest

from bot.playground.slack_lookalike import faults as slack
from bot.playground.slack_lookalike.records import User
from tests.flows.hands import Form, button, option, text_in
from tests.flows.harness import BotHarness, words

HELLO = "A clip of 2 seconds."


def _member(harness: BotHarness, name: str) -> User:
    user = harness.slack.state.add_user(name)
    harness.channel.members.append(user.id)
    return user


async def _subscribed(harness: BotHarness, user: User) -> None:
    """Somebody asks for the channel's transcripts in their home tab."""
    direct = harness.slack.state.add_channel("", user.id, kind="im")
    harness.people.open_home(user.id, direct.id)
    await harness.until(lambda: user.id in harness.slack.state.homes)
    await harness.idle()
    home = harness.slack.state.homes[user.id]
    menu = next(
        block["accessory"]
        for block in home.content["blocks"]
        if block.get("accessory", {}).get("type") == "multi_static_select"
    )
    chosen = [option(menu, "#voice-notes")]
    await harness.done(harness.people.click_in_view(home, menu["action_id"], selected_options=chosen))


async def test_a_long_private_answer_is_a_direct_message_with_files(harness: BotHarness) -> None:
    harness.ear.text = " ".join(f"word{number}" for number in range(1_500)) + "."
    async with harness.bot_running(auto_transcribe=False):
        harness.share(harness.clip(2))
        await harness.command()
        await harness.until(lambda: len(harness.direct()) == 2)
        await harness.idle()
    files = [file.name.rsplit(".", 1)[1] for told in harness.direct() for file in told.files]
    assert files == ["txt", "srt", "vtt"]
    assert any("word0 word1" in text_in(told) for told in harness.direct())
    assert len(harness.whispers()) == 1  # what the command answered


async def test_a_subscriber_gets_each_transcript_once(harness: BotHarness) -> None:
    bea = _member(harness, "bea")
    async with harness.bot_running():
        await _subscribed(harness, bea)
        (reply,) = await harness.answered(harness.share(harness.clip(2)))
        await harness.until(lambda: bool(harness.direct(bea)))
        await harness.idle()
    assert words(reply) == HELLO
    (told,) = harness.direct(bea)
    assert HELLO in text_in(told)
    assert len([length for length in harness.dashscope.calls if round(length.duration_s) == 2]) == 1


async def test_a_subscriber_reads_a_channel_that_is_off(harness: BotHarness) -> None:
    bea = _member(harness, "bea")
    async with harness.bot_running():
        await _subscribed(harness, bea)
        await harness.command("off")
        message = harness.share(harness.clip(2))
        await harness.until(lambda: bool(harness.direct(bea)))
        await harness.idle()
    assert HELLO in text_in(harness.direct(bea)[0])
    assert harness.replies(message) == []


async def test_a_subscriber_reads_what_else_only_the_sender_is_told(harness: BotHarness) -> None:
    bea = _member(harness, "bea")
    async with harness.bot_running():
        await _subscribed(harness, bea)
        await harness.command("settings")
        await harness.idle()
        form = Form(harness.modal()).choose("Where I answer", "Only to whoever shared")
        await harness.done(harness.people.submit(form.view, form.values))
        message = harness.share(harness.clip(2))
        await harness.until(lambda: bool(harness.direct(bea)))
        await harness.idle()
    assert HELLO in text_in(harness.direct(bea)[0])
    assert HELLO in text_in(harness.whispers()[-1])
    assert harness.replies(message) == []
    assert len([call for call in harness.dashscope.calls if round(call.duration_s) == 2]) == 1


async def test_who_left_the_channel_is_told_nothing_more(harness: BotHarness) -> None:
    bea = _member(harness, "bea")
    async with harness.bot_running():
        await _subscribed(harness, bea)
        harness.channel.members.remove(bea.id)
        await harness.answered(harness.share(harness.clip(2)))
        await harness.idle()
    assert harness.direct(bea) == []


async def test_for_who_left_a_channel_that_is_off_nothing_is_heard(harness: BotHarness) -> None:
    bea = _member(harness, "bea")
    async with harness.bot_running():
        await _subscribed(harness, bea)
        await harness.command("off")
        assert "by direct message" in await harness.command("status")
        harness.comings.leave(harness.channel, bea.id)
        await harness.idle()
        assert "by direct message" not in await harness.command("status")
        heard = len(harness.ear.languages)
        harness.share(harness.clip(2))
        await harness.idle()
        harness.comings.join(harness.channel, bea.id)
        harness.share(harness.clip(3))
        await harness.idle()
    assert len(harness.ear.languages) == heard
    assert harness.direct(bea) == []


async def test_who_leaves_between_asking_and_the_answer_is_told_nothing(harness: BotHarness) -> None:
    bea = _member(harness, "bea")
    async with harness.bot_running(auto_transcribe=False):
        harness.share(harness.clip(2))
        held = harness.slack.faults.hold("download")
        await harness.command(user=bea)
        await held.reached()
        harness.channel.members.remove(bea.id)
        held.release()
        await harness.idle()
    assert harness.direct(bea) == []
    assert len(harness.whispers(bea)) == 1  # what the command answered


async def test_a_copy_goes_with_its_recording(harness: BotHarness) -> None:
    bea = _member(harness, "bea")
    async with harness.bot_running():
        await _subscribed(harness, bea)
        message = harness.share(harness.clip(2))
        await harness.until(lambda: bool(harness.direct(bea)))
        await harness.idle()
        harness.slack.state.delete_message(message)
        await harness.until(lambda: harness.direct(bea) == [] and harness.replies(message) == [])


async def test_a_lost_answer_of_slack_doubles_no_direct_message(socket_harness: BotHarness) -> None:
    harness = socket_harness
    bea = _member(harness, "bea")
    async with harness.bot_running():
        await _subscribed(harness, bea)
        message = harness.share(harness.clip(2))
        await harness.answered(message)
        await harness.until(lambda: bool(harness.direct(bea)))
        await harness.idle()
        harness.slack.faults.add("chat.postMessage", slack.Drop(after_acting=True), times=2)
        await harness.answered(harness.share(harness.clip(3)))
        await harness.until(lambda: len(harness.direct(bea)) >= 2)
        await harness.idle()
    assert sum("3 seconds" in text_in(told) for told in harness.direct(bea)) == 1


async def test_where_nothing_can_be_whispered_the_answer_is_a_direct_message(harness: BotHarness) -> None:
    async with harness.bot_running(auto_transcribe=False):
        harness.share(harness.clip(2))
        harness.slack.faults.add("chat.postEphemeral", slack.SlackError("user_not_in_channel"))
        await harness.command()
        await harness.until(lambda: bool(harness.direct()))
        await harness.idle()
    assert HELLO in text_in(harness.direct()[0])


async def test_only_the_reader_sees_the_settings_of_a_private_ask(harness: BotHarness) -> None:
    bea = _member(harness, "bea")
    async with harness.bot_running(auto_transcribe=False):
        message = harness.share(harness.clip(2))
        await harness.done(harness.people.message_shortcut("transcribe", message, bea.id))
        form = Form(harness.modal(bea)).choose("Where I answer", "Only for me")
        await harness.done(harness.people.submit(form.view, form.values))
        await harness.until(lambda: bool(harness.whispers(bea)))
        await harness.idle()
    assert harness.whispers() == []
    # Not even a sign of work in the thread.
    assert harness.slack.state.status_log == []


@pytest.mark.parametrize("seconds", [2, 150])
async def test_what_somebody_shares_is_not_heard_again(harness: BotHarness, seconds: int) -> None:
    async with harness.bot_running(auto_transcribe=False):
        message = harness.share(harness.clip(seconds))
        await harness.command()
        await harness.until(lambda: len(harness.whispers()) == 2)
        await harness.idle()
        heard = len(harness.dashscope.calls)
        fetched = len(harness.calls("download"))
        answer = harness.whispers()[-1]
        await harness.done(harness.people.click(answer, button(answer, "Share"), harness.ada.id))
        (reply,) = await harness.answered(message)
    assert words(reply) in text_in(answer)
    assert (len(harness.dashscope.calls), len(harness.calls("download"))) == (heard, fetched)


@pytest.mark.parametrize("deed", ["opts out", "deletes it"])
async def test_what_may_not_be_shared_any_more_is_not(harness: BotHarness, deed: str) -> None:
    async with harness.bot_running(auto_transcribe=False):
        clip = harness.clip()
        message = harness.share(clip)
        await harness.command()
        await harness.until(lambda: len(harness.whispers()) == 2)
        await harness.idle()
        answer = harness.whispers()[-1]
        if deed == "opts out":
            assert harness.bot is not None
            team_id = harness.slack.state.workspace.team_id
            await harness.bot.store.preferences.opt_out(team_id, harness.ada.id, out=True)
        else:
            harness.slack.state.delete_file(clip)
        await harness.idle()
        await harness.done(harness.people.click(answer, button(answer, "Share"), harness.ada.id))
        await harness.idle()
    assert HELLO not in "".join(text_in(reply) for reply in harness.replies(message))
