from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from bot import sentences
from bot.model import TranscriptionRequest
from bot.playground.slack_lookalike.delivery import Delivery
from bot.playground.slack_lookalike.faults import SlackError
from bot.playground.slack_lookalike.records import Channel, Message, User
from bot.translations import ENGLISH
from tests.slack.harness import SlackHarness, slack_harness

HELP = sentences.direct_help(ENGLISH, "speech_balloon")


@dataclass
class Talk:
    """The bot's own conversation with Anne."""

    harness: SlackHarness
    direct: Channel
    anne: User

    async def say(self, text: str, head: Message | None = None, **more: Any) -> Delivery:
        """Write something; what Slack delivers of it."""
        thread_ts = head.ts if head else None
        user = more.pop("user", self.anne.id)
        self.harness.slack.state.post_as_user(self.direct.id, user, text, thread_ts=thread_ts, **more)
        delivery = self.harness.slack.deliveries[-1]
        await self.harness.settled()
        return delivery

    def share(self, channel: Channel | None = None, **more: Any) -> Message:
        state = self.harness.slack.state
        clip = state.add_file(b"sound", "a.m4a", user=self.anne.id, as_voice_clip=True)
        return state.post_as_user((channel or self.direct).id, self.anne.id, files=[clip], **more)

    def told(self) -> list[str]:
        return [message.text for message in self.harness.said(self.direct.id)]

    def asked(self) -> list[TranscriptionRequest]:
        return [row.job.request for row in self.harness.jobs.rows.values()]


@asynccontextmanager
async def talking(delays_s: tuple[float, ...] = ()) -> AsyncIterator[Talk]:
    async with slack_harness(
        lambda handlers: [handlers.direct_messages], ack_timeout_s=1.0, delays_s=delays_s, automatic=False
    ) as harness:
        anne = harness.slack.state.add_user("anne")
        yield Talk(harness, harness.slack.state.add_channel("", anne.id, kind="im"), anne)


@pytest.fixture
async def talk() -> AsyncIterator[Talk]:
    async with talking() as made:
        yield made


@pytest.mark.parametrize("text", ["hi", "Hallo!", "?", "help", "in Klingon", "<@U0BOT000001> hello"])
async def test_words_that_ask_for_nothing_known_are_answered_with_help(talk: Talk, text: str) -> None:
    await talk.say(text)

    assert talk.told() == [HELP]
    assert talk.asked() == []


async def test_in_a_thread_the_help_is_there(talk: Talk) -> None:
    head = talk.share()

    await talk.say("thanks a lot", head)

    (said,) = talk.harness.said(talk.direct.id)
    assert (said.text, said.thread_ts) == (HELP, head.ts)


async def test_what_holds_neither_words_nor_files_is_passed_over(talk: Talk) -> None:
    await talk.say("")
    await talk.say(" ")
    await talk.say("hi", subtype="channel_topic")

    assert talk.told() == []


async def test_nobody_but_a_person_is_answered(talk: Talk) -> None:
    workspace = talk.harness.slack.state.workspace
    other = talk.harness.slack.state.add_user("triage")
    other.is_bot = True
    for user, bot_id in (
        (other.id, "B0OTHER0001"),
        (workspace.bot_user_id, workspace.bot_id),
        (workspace.bot_user_id, None),
        ("U0NOBODY", "B0OTHER0001"),
        ("USLACKBOT", None),
    ):
        await talk.say("hi", user=user, bot_id=bot_id)
    assert talk.told() == ["hi"], "the bot's own"

    await talk.say("hi", bot_id="B0RELAY0001")
    assert talk.told() == ["hi", HELP], "a person's, by an app of theirs"


async def test_in_channels_words_are_not_for_the_bot(talk: Talk) -> None:
    state = talk.harness.slack.state
    for kind in ("channel", "mpim"):
        channel = state.add_channel("c", talk.anne.id, kind=kind)
        state.post_as_user(channel.id, talk.anne.id, "help")
    await talk.harness.settled()

    assert talk.harness.calls("chat.postMessage") == talk.harness.calls("chat.postEphemeral") == []


async def test_the_newest_recording_is_meant_outside_threads(talk: Talk) -> None:
    await talk.say("in German")
    talk.share()
    newest = talk.share()
    await talk.harness.settled()
    job = await talk.harness.jobs.claim()
    assert job is not None

    await talk.say("in German")

    assert talk.told() == [
        ENGLISH.say(sentences.NOTHING_SENT),
        ENGLISH.say(sentences.UNDER_WAY_IN_THREAD),
    ]
    assert newest.ts in {request.key.message_ts for request in talk.asked()}


async def test_a_link_is_followed_whatever_is_said_beside_it(talk: Talk) -> None:
    channel = talk.harness.slack.state.add_channel("general", talk.anne.id)
    linked = talk.share(channel, text="listen")

    await talk.say(f"hi, what is this about? <{talk.harness.slack.state.permalink(linked)}>")

    (request,) = talk.asked()
    assert (request.key.message_ts, request.language, request.asked_by) == (linked.ts, None, talk.anne.id)
    assert talk.told() == [ENGLISH.say(sentences.ASKED_IN_THREAD)]


async def test_whoever_sends_what_nobody_may_transcribe_is_told(talk: Talk) -> None:
    await talk.harness.preferences.opt_out(talk.harness.team_id, talk.anne.id, out=True)

    talk.share()
    await talk.harness.settled()

    assert talk.told() == [ENGLISH.say(sentences.OPTED_OUT_YOURSELF)]
    assert talk.asked() == []


async def test_a_language_that_the_bot_does_not_know_is_told_beside_a_file(talk: Talk) -> None:
    talk.share(text="transcribe in Klingon")
    talk.share(text="listen to this")
    await talk.harness.settled()

    assert talk.told() == [sentences.unknown_language(ENGLISH, "Klingon")]
    assert len(talk.asked()) == 2


async def test_a_delivery_that_took_too_long_is_answered_once() -> None:
    async with talking(delays_s=(0.0,)) as talk:
        hold = talk.harness.slack.faults.hold("chat.postMessage")
        delivery = await talk.say("hi")
        assert len(delivery.attempts) == 2, "the first took too long"
        hold.release()
        async with asyncio.timeout(5.0):
            while not delivery.acked:  # noqa: ASYNC110  # what comes too late tells nobody
                await asyncio.sleep(0.01)
        assert talk.told() == [HELP]


async def test_an_answer_that_slack_does_not_take_is_given_again() -> None:
    async with talking(delays_s=(0.0,)) as talk:
        talk.harness.slack.faults.add("chat.postMessage", SlackError("internal_error"))

        delivery = await talk.say("hello")

        assert (delivery.acked, len(delivery.attempts), talk.told()) == (True, 2, [HELP])


@pytest.mark.parametrize("code", ["is_archived", "restricted_action"])
async def test_where_nothing_may_be_posted_it_is_left_at_that(talk: Talk, code: str) -> None:
    talk.harness.slack.faults.add("chat.postMessage", SlackError(code))

    assert (await talk.say("hi")).acked
    assert talk.told() == []
