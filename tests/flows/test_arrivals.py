"""Recordings that Slack is slow with, or tells of in another way than by a message with files."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from bot import sentences
from bot.app import Bot
from bot.channel_settings import Automatic, ChannelSettings
from bot.errors import Refusal
from bot.playground.slack_lookalike.answering import LOGIN_PAGE
from bot.playground.slack_lookalike.records import Channel, File, Message, Served
from bot.playground.slack_lookalike.state import ShareEvent
from bot.slack import bolt
from bot.slack.incoming.backlog import Backlog
from bot.translations import ENGLISH
from tests.flows.harness import (
    BotHarness,
    at_the_door,
    bot_harness_at,
    context,
    state_of,
    tone,
    words,
)


def direct_message(harness: BotHarness) -> Channel:
    return harness.slack.state.add_channel("", harness.ada.id, kind="im")


def mention(harness: BotHarness) -> str:
    return f"<@{harness.slack.state.workspace.bot_user_id}> please"


def upload(harness: BotHarness, seconds: float, name: str, **described: Any) -> File:
    mimetype = described.pop("mimetype", "audio/wav")
    return harness.slack.state.add_file(
        tone(seconds), name, user=harness.ada.id, mimetype=mimetype, **described
    )


# -- a flood


@at_the_door
async def test_what_a_flood_left_waiting_is_heard_after_the_next_start(
    harness: BotHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is missed: the look back is off."""
    with monkeypatch.context() as flooded:
        flooded.setattr(bolt, "EVENTS_AT_ONCE", 0)
        flooded.setattr(Backlog, "_run", lambda _self, _handle: asyncio.Event().wait())
        async with harness.bot_running(catch_up_hours=0) as bot:
            messages = [harness.share(harness.clip(2 + number)) for number in range(3)]
            await harness.slack.settled()
            assert not any((await bot.store.requests.depth()).values())
    async with harness.bot_running(catch_up_hours=0):
        for number, message in enumerate(messages):
            (reply,) = await harness.answered(message)
            assert words(reply) == f"A clip of {2 + number} seconds."
        await harness.idle()
        later = harness.share(harness.clip(7))
        (reply,) = await harness.answered(later)


# -- file_shared alone


@at_the_door
async def test_what_file_shared_alone_tells_of_is_heard(harness: BotHarness) -> None:
    harness.slack.state.share_events = ("file_shared",)
    async with harness.bot_running():
        message = harness.share(harness.clip(2), harness.clip(3, name="second.wav"))
        replies = await harness.answered(message, replies=2)
    assert [words(reply) for reply in replies] == ["A clip of 2 seconds.", "A clip of 3 seconds."]
    assert all(len(delivery.attempts) == 1 for delivery in harness.slack.deliveries)


async def test_a_bot_that_goes_while_it_looks_loses_nothing(tmp_path: Path) -> None:
    async with bot_harness_at(tmp_path, "socket", ack_timeout_s=2.0) as harness:
        harness.slack.state.share_events = ("file_shared",)
        async with harness.bot_running():
            held = harness.slack.faults.hold("files.info")
            message = harness.share(harness.clip())
            await held.reached()
        (delivery,) = harness.slack.deliveries
        assert not delivery.acked
        async with harness.bot_running():
            (reply,) = await harness.answered(message)
    assert words(reply) == "A clip of 2 seconds."


async def test_so_is_a_mention_in_a_thread_beside_a_video(harness: BotHarness) -> None:
    head = harness.slack.state.post_as_user(harness.channel.id, harness.ada.id, "How was it?")
    harness.slack.state.share_events = ("file_shared",)
    video = upload(harness, 2, "talk.mp4", mimetype="video/mp4")
    async with harness.bot_running(auto_transcribe=False):
        message = harness.share(video, text=mention(harness), thread_ts=head.ts)
        (reply,) = await harness.answered(message)
    assert (words(reply), reply.thread_ts) == ("A clip of 2 seconds.", head.ts)


@pytest.mark.parametrize("order", [("message", "file_shared"), ("file_shared", "message")])
async def test_of_two_events_the_message_is_taken_and_slack_is_asked_nothing(
    harness: BotHarness, order: tuple[ShareEvent, ...]
) -> None:
    harness.slack.state.share_events = order
    async with harness.bot_running():
        message = harness.share(harness.clip(), text=mention(harness))
        (reply,) = await harness.answered(message)
    assert words(reply) == "A clip of 2 seconds."
    assert not harness.calls("files.info") + harness.calls("conversations.replies")


async def test_a_message_that_comes_after_all_changes_nothing(harness: BotHarness) -> None:
    harness.slack.state.share_events = ("file_shared",)
    async with harness.bot_running():
        message = harness.share(harness.clip())
        await harness.answered(message)
        harness.slack.state.emit_about(message, {})
        await harness.idle()
    assert len(harness.replies(message)) == 1
    assert len(harness.calls("chat.postMessage")) == 1


# -- young files


@pytest.mark.parametrize("described", [{}, {"stub_in_events": True}, {"urls_missing_for": 1}])
async def test_a_file_that_slack_does_not_know_yet_is_asked_for_again(
    harness: BotHarness, described: dict[str, Any]
) -> None:
    async with harness.bot_running():
        message = harness.share(harness.clip(unknown_for=1, **described))
        (reply,) = await harness.answered(message)
    assert words(reply) == "A clip of 2 seconds."
    assert len(harness.calls("chat.postMessage")) == 1


async def test_where_one_address_is_dead_the_other_is_tried(harness: BotHarness) -> None:
    async with harness.bot_running():
        message = harness.share(harness.clip(served=Served(only_played=True)))
        (reply,) = await harness.answered(message)
    assert words(reply) == "A clip of 2 seconds."
    assert len(harness.calls("download")) == 2


# -- the login page


async def test_a_login_page_in_place_of_a_young_file_passes_unseen(
    harness: BotHarness, capfd: pytest.CaptureFixture[str]
) -> None:
    async with harness.bot_running():
        message = harness.share(harness.clip(login_page_for=2))
        (reply,) = await harness.answered(message)
    assert words(reply) == "A clip of 2 seconds."
    assert len(harness.calls("chat.postMessage")) == 1
    assert "operator needed" not in str(capfd.readouterr())


async def test_a_file_that_is_closed_to_the_app_is_refused_alone(
    harness: BotHarness, capfd: pytest.CaptureFixture[str]
) -> None:
    async with harness.bot_running(job_give_up_after_s=3):
        closed = harness.share(harness.clip(2, served=Served(html=LOGIN_PAGE)))
        other = harness.share(harness.clip(3))
        (reply,) = await harness.answered(closed)
        (heard,) = await harness.answered(other)
    assert words(reply) == sentences.refusal(ENGLISH, Refusal.NOT_HANDED_OUT)
    assert state_of(reply) == "refused"
    assert words(heard) == "A clip of 3 seconds."
    assert "operator needed" not in str(capfd.readouterr())


# -- files without a type


@pytest.mark.parametrize("name", ["Neue Aufnahme 12", "Neue Aufnahme 12.wav"])
@pytest.mark.parametrize("where", [direct_message, lambda harness: harness.channel])
async def test_a_file_without_a_type_is_looked_up_until_it_has_one(
    harness: BotHarness, name: str, where: Any
) -> None:
    async with harness.bot_running():
        message = harness.share(upload(harness, 2, name, types_missing_for=2), channel=where(harness))
        (reply,) = await harness.answered(message)
    assert words(reply) == "A clip of 2 seconds."


async def test_in_a_direct_message_the_content_decides(harness: BotHarness) -> None:
    direct = direct_message(harness)
    async with harness.bot_running():
        unknown = [
            upload(harness, 2, "Neue Aufnahme 12", types_missing_for=1_000),
            upload(harness, 3, "Sprachmemo", mimetype="application/octet-stream", filetype="binary"),
        ]
        blob = harness.slack.state.add_file(b"\0" * 5_000, "core", user=harness.ada.id, types_missing_for=99)
        heard = [await harness.answered(harness.share(file, channel=direct)) for file in unknown]
        silent = harness.share(blob, channel=direct)
        await harness.idle()
    assert [words(reply) for (reply,) in heard] == ["A clip of 2 seconds.", "A clip of 3 seconds."]
    assert harness.replies(silent) == []


async def test_where_somebody_asks_too(harness: BotHarness) -> None:
    file = upload(harness, 2, "Neue Aufnahme 12", types_missing_for=1_000)
    async with harness.bot_running():
        (reply,) = await harness.answered(harness.share(file, text=mention(harness)))
    assert words(reply) == "A clip of 2 seconds."


async def test_what_stays_unknown_is_not_downloaded_in_a_channel(harness: BotHarness) -> None:
    async with harness.bot_running(job_give_up_after_s=2):
        message = harness.share(upload(harness, 2, "Neue Aufnahme 12", types_missing_for=1_000))
        await harness.idle()
    assert len(harness.calls("files.info")) >= 2
    assert harness.calls("download") == []
    assert harness.replies(message) == []


@pytest.mark.parametrize("name", ["audio_message", "audio_message.wav"])
async def test_where_clips_alone_are_wanted_a_clip_without_its_subtype_is_found(
    harness: BotHarness, name: str
) -> None:
    async with harness.bot_running() as bot:
        await _want_clips_alone(harness, bot)
        clip = harness.share(harness.clip(2, name, types_missing_for=2))
        song = harness.share(upload(harness, 3, "song.wav", types_missing_for=2))
        (reply,) = await harness.answered(clip)
        await harness.idle()
    assert words(reply) == "A clip of 2 seconds."
    assert harness.replies(song) == []


async def _want_clips_alone(harness: BotHarness, bot: Bot) -> None:
    team_id, clips = harness.slack.state.workspace.team_id, ChannelSettings(automatic=Automatic.CLIPS)
    await bot.store.preferences.change_channel(team_id, harness.channel.id, lambda _: clips)


# -- edits and forwards


@at_the_door
async def test_a_file_that_an_edit_adds_is_heard_once(harness: BotHarness) -> None:
    async with harness.bot_running():
        message = harness.share(harness.clip(2, name="first.wav"))
        await harness.answered(message)
        harness.slack.state.edit(message, files=[*message.files, harness.clip(3, name="second.wav")])
        replies = await harness.answered(message, replies=2)
        harness.slack.state.edit(message, text="never mind")
        await harness.idle()
    assert [words(reply) for reply in replies] == ["A clip of 2 seconds.", "A clip of 3 seconds."]
    assert context(replies[1]) == "English · 0:03 · second.wav"
    assert len(harness.calls("chat.postMessage")) == 2


async def test_a_file_and_a_mention_that_one_edit_adds_need_no_word(harness: BotHarness) -> None:
    async with harness.bot_running(auto_transcribe=False):
        message = harness.slack.state.post_as_user(harness.channel.id, harness.ada.id, "see below")
        harness.slack.state.edit(message, text=mention(harness), files=[harness.clip()])
        (reply,) = await harness.answered(message)
    assert words(reply) == "A clip of 2 seconds."
    assert harness.whispers() == []


async def test_an_edit_that_adds_no_file_costs_nothing(harness: BotHarness) -> None:
    async with harness.bot_running(auto_transcribe=False):
        message = harness.share(harness.clip())
        await harness.idle()
        before = len(harness.slack.state.calls)
        preview = {"from_url": "https://a.slack.com/archives/C1/p1", "is_msg_unfurl": True}
        files = [harness.slack.state.file_json(harness.clip(3))]
        harness.slack.state.edit(message, attachments=[preview | {"files": files}])
        await harness.idle()
        called = {call.method for call in harness.slack.state.calls[before:]}
    assert called <= {"socket_ack"}
    assert harness.replies(message) == []


async def test_a_forwarded_forward_is_heard(harness: BotHarness) -> None:
    state, ada = harness.slack.state, harness.ada.id
    elsewhere = state.add_channel("elsewhere", ada, with_bot=False)
    message: Message = harness.share(harness.clip(3), channel=elsewhere)
    async with harness.bot_running():
        for _ in range(2):
            message = state.post_as_user(elsewhere.id, ada, forwarded=message)
        forwarded = state.post_as_user(harness.channel.id, ada, forwarded=message)
        (reply,) = await harness.answered(forwarded)
    assert words(reply) == "A clip of 3 seconds."
