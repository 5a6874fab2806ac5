from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from bot import sentences
from bot.errors import Refusal
from bot.model import THREAD, TranscriptionRequest
from bot.playground.slack_lookalike.delivery import Delivery
from bot.playground.slack_lookalike.faults import SlackError
from bot.playground.slack_lookalike.records import Channel, File, Message, User
from bot.translations import ENGLISH
from tests.slack.harness import SlackHarness, slack_harness


@dataclass
class Crowd:
    """Where people react."""

    harness: SlackHarness
    channel: Channel
    anne: User
    bea: User

    def clip(self, **more: Any) -> File:
        return self.harness.slack.state.add_file(
            b"sound", "audio_message.m4a", user=self.anne.id, as_voice_clip=True, **more
        )

    def share(self, *files: File, **more: Any) -> Message:
        return self.harness.slack.state.post_as_user(self.channel.id, self.anne.id, files=files, **more)

    async def react(self, message: Message, name: str, user: str = "") -> Delivery:
        self.harness.slack.state.react(message, user or self.bea.id, name)
        await self.harness.settled()
        return self.harness.slack.deliveries[-1]

    def asked(self) -> list[TranscriptionRequest]:
        return [row.job.request for row in self.harness.jobs.rows.values()]


@asynccontextmanager
async def crowd_with(**deployment: Any) -> AsyncIterator[Crowd]:
    async with slack_harness(
        lambda handlers: [handlers.reactions], ack_timeout_s=1.0, **deployment
    ) as harness:
        state = harness.slack.state
        anne, bea = state.add_user("anne"), state.add_user("bea")
        yield Crowd(harness, state.add_channel("general", anne.id, bea.id), anne, bea)


@pytest.fixture
async def crowd() -> AsyncIterator[Crowd]:
    async with crowd_with() as made:
        yield made


async def test_the_agreed_emoji_asks_for_a_messages_recordings_in_their_thread(crowd: Crowd) -> None:
    head = crowd.share()
    message = crowd.share(crowd.clip(), crowd.clip(), thread_ts=head.ts)

    delivery = await crowd.react(message, "speech_balloon")

    first, second = crowd.asked()
    assert (first.key.message_ts, first.key.audience, first.thread_ts) == (message.ts, THREAD, head.ts)
    assert (first.asked_by, first.user_id, first.explicit) == (crowd.bea.id, crowd.anne.id, True)
    assert first.ask_id == delivery.payload["event_id"]
    assert [(one.position, one.siblings) for one in (first, second)] == [(0, 2), (1, 2)]


async def test_the_operator_chooses_the_emoji() -> None:
    async with crowd_with(ask_reaction="ear") as crowd:
        message = crowd.share(crowd.clip())
        await crowd.react(message, "speech_balloon")
        assert crowd.asked() == []
        await crowd.react(message, "ear::skin-tone-2")
        assert len(crowd.asked()) == 1


async def test_an_uploaded_video_is_asked_for_too(crowd: Crowd) -> None:
    video = crowd.harness.slack.state.add_file(
        b"film", "talk.mp4", user=crowd.anne.id, mimetype="video/mp4", filetype="mp4"
    )

    await crowd.react(crowd.share(video), "speech_balloon")

    assert len(crowd.asked()) == 1


async def test_of_other_emojis_and_of_the_bots_own_nothing_is_read(crowd: Crowd) -> None:
    message = crowd.share(crowd.clip())

    other = await crowd.react(message, "thumbsup")
    ours = await crowd.react(message, "speech_balloon", crowd.harness.slack.state.workspace.bot_user_id)

    assert (other.acked, ours.acked) == (True, True)
    assert crowd.asked() == []
    assert crowd.harness.calls("conversations.replies") == crowd.harness.calls("users.info") == []


async def test_another_apps_bot_asks_for_nothing(crowd: Crowd) -> None:
    bot = crowd.harness.slack.state.add_user("triage")
    bot.is_bot = True
    message = crowd.share(crowd.clip())

    delivery = await crowd.react(message, "speech_balloon", bot.id)

    assert delivery.acked
    assert crowd.asked() == []


@pytest.mark.parametrize("code", ["user_not_visible", "user_not_found"])
async def test_nor_does_somebody_whom_slack_does_not_show(crowd: Crowd, code: str) -> None:
    message = crowd.share(crowd.clip())
    crowd.harness.slack.faults.add("users.info", SlackError(code))

    assert (await crowd.react(message, "speech_balloon")).acked
    assert crowd.asked() == []


async def test_without_a_recording_it_means_something_else(crowd: Crowd) -> None:
    picture = crowd.harness.slack.state.add_file(
        b"png", "a.png", user=crowd.anne.id, mimetype="image/png", filetype="png"
    )

    for message in (crowd.share(text="hello"), crowd.share(picture)):
        assert (await crowd.react(message, "speech_balloon")).acked

    assert crowd.asked() == []


async def test_on_a_message_that_is_gone_it_is_passed_over(crowd: Crowd) -> None:
    message = crowd.share(crowd.clip())
    crowd.harness.slack.faults.add("conversations.replies", SlackError("thread_not_found"))

    assert (await crowd.react(message, "speech_balloon")).acked
    assert crowd.asked() == []


async def test_who_asks_for_somebody_who_opted_out_is_told_alone_and_once(crowd: Crowd) -> None:
    await crowd.harness.preferences.opt_out(crowd.harness.team_id, crowd.anne.id, out=True)
    head = crowd.share(text="hello")
    message = crowd.share(crowd.clip(), thread_ts=head.ts)

    delivery = await crowd.react(message, "speech_balloon")
    crowd.harness.slack.deliver("events_api", delivery.payload)
    await crowd.harness.settled()

    (told,) = crowd.harness.calls("chat.postEphemeral")
    assert (told["user"], told["thread_ts"]) == (crowd.bea.id, head.ts)
    assert told["text"] == ENGLISH.say(sentences.REFUSALS[Refusal.OPTED_OUT])
    assert crowd.asked() == []


@pytest.mark.parametrize("method", ["conversations.replies", "users.info"])
@pytest.mark.parametrize("code", ["internal_error", "missing_scope"])
async def test_a_silent_slack_is_to_deliver_it_again(crowd: Crowd, code: str, method: str) -> None:
    message = crowd.share(crowd.clip())
    crowd.harness.slack.faults.add(method, SlackError(code))

    lost = await crowd.react(message, "speech_balloon")
    for _ in range(2):
        crowd.harness.slack.deliver("events_api", lost.payload)
    await crowd.harness.settled()

    assert not lost.acked
    assert len(crowd.asked()) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"item": {"type": "file", "file": "F1"}},
        {"item": {"type": "message", "channel": "C1"}},
        {"item": "message"},
        {"item": None},
        {"user": None},
        {"reaction": None},
        {"reaction": ["speech_balloon"]},
    ],
)
async def test_an_odd_reaction_is_passed_over(crowd: Crowd, changes: dict[str, Any]) -> None:
    known = await crowd.react(crowd.share(crowd.clip()), "thumbsup")
    event = known.payload["event"] | {"reaction": "speech_balloon"} | changes

    delivery = crowd.harness.slack.deliver("events_api", known.payload | {"event": event})
    await crowd.harness.settled()

    assert delivery.acked
    assert crowd.asked() == []
