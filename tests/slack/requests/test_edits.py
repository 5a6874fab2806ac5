from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from bot import sentences
from bot.model import Outcome, TranscriptionRequest
from bot.playground.slack_lookalike.faults import SlackError
from bot.playground.slack_lookalike.records import Channel, Message, User
from bot.translations import ENGLISH
from tests.slack.harness import SlackHarness, slack_harness

REACTION = "speech_balloon"


@dataclass
class Talk:
    """Where people mend what they have written to the bot."""

    harness: SlackHarness
    channel: Channel
    direct: Channel
    anne: User

    @property
    def me(self) -> str:
        return f"<@{self.harness.slack.state.workspace.bot_user_id}>"

    def say(self, text: str, *, channel: Channel | None = None, head: Message | None = None) -> Message:
        state, place = self.harness.slack.state, channel or self.channel
        return state.post_as_user(place.id, self.anne.id, text, thread_ts=head.ts if head else None)

    def share(self, text: str = "", channel: Channel | None = None) -> Message:
        state, place = self.harness.slack.state, channel or self.channel
        clip = state.add_file(b"sound", "audio_message.m4a", user=self.anne.id, as_voice_clip=True)
        return state.post_as_user(place.id, self.anne.id, text, files=[clip])

    async def edit(self, message: Message, text: str) -> dict[str, Any]:
        """Change a text; the ``message_changed`` that Slack delivers of it."""
        self.harness.slack.state.edit(message, text=text)
        await self.harness.settled()
        deliveries = reversed(self.harness.slack.deliveries)
        return next(d.payload for d in deliveries if d.payload["event"].get("subtype") == "message_changed")

    async def end(self) -> None:
        """The transcripts that were asked for stand."""
        while job := await self.harness.jobs.claim():
            await self.harness.jobs.finish(job, Outcome.TRANSCRIBED)

    def told(self) -> list[str]:
        return self.harness.whispers(self.anne.id)

    def asked(self) -> list[TranscriptionRequest]:
        return [row.job.request for row in self.harness.jobs.rows.values()]

    def languages(self) -> list[str | None]:
        return [request.language for request in self.asked()]


@pytest.fixture
async def talk() -> AsyncIterator[Talk]:
    async with slack_harness(
        lambda handlers: [
            handlers.deleted_recordings,
            handlers.mentions,
            handlers.direct_messages,
        ],
        ack_timeout_s=1.0,
        automatic=False,
    ) as harness:
        state = harness.slack.state
        anne = state.add_user("anne")
        channel, direct = state.add_channel("general", anne.id), state.add_channel("", anne.id, kind="im")
        yield Talk(harness, channel, direct, anne)


async def test_a_language_that_is_added_changed_and_taken_out(talk: Talk) -> None:
    message = talk.share(talk.me)
    await talk.harness.settled()
    await talk.end()

    for text, language in (("in German", "de"), ("in French", "fr"), ("in German", "de")):
        await talk.edit(message, f"{talk.me} {text}")
        assert talk.languages() == [language]
        await talk.end()
    assert talk.told() == []
    await talk.edit(message, talk.me)

    assert talk.told() == [ENGLISH.say(sentences.ANSWERED_IN_THREAD)]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("transcribe", "please transcribe this"),
        ("in German", "transcribe in German, please"),
        ("what a day", "wht a day"),
        ("in Klingon", "transcribe in Klingon"),
        ("transcribe", "transcribe this for the minutes"),
    ],
)
async def test_an_edit_that_asks_the_same_is_silent(talk: Talk, before: str, after: str) -> None:
    head = talk.share()
    mentions = [talk.share(f"{talk.me} {before}"), talk.say(f"{talk.me} {before}", head=head)]
    await talk.harness.settled()
    await talk.end()
    known, languages = talk.told(), talk.languages()

    for message in mentions:
        await talk.edit(message, f"{talk.me} {after}")

    assert talk.told() == known
    assert talk.languages() == languages
    assert await talk.harness.jobs.claim() is None


async def test_a_mention_that_is_added(talk: Talk) -> None:
    head = talk.share()
    beside, below, chatter = talk.share("minutes"), talk.say("hm", head=head), talk.say("hm", head=head)
    await talk.harness.settled()
    assert talk.asked() == []

    await talk.edit(beside, f"minutes {talk.me}")
    await talk.edit(below, f"{talk.me} in German")
    await talk.edit(chatter, f"{talk.me} hm")

    assert [(one.key.message_ts, one.language) for one in talk.asked()] == [
        (beside.ts, None),
        (head.ts, "de"),
    ]
    assert talk.told() == [sentences.mention_not_understood(ENGLISH, "hm", REACTION)]


async def test_a_link_that_is_changed(talk: Talk) -> None:
    first, second = (talk.harness.slack.state.permalink(talk.share()) for _ in range(2))
    ask = talk.say(f"{talk.me} <{first}>")
    await talk.harness.settled()

    await talk.edit(ask, f"{talk.me} <{second}>")

    assert len(talk.asked()) == 2
    assert talk.told() == [ENGLISH.say(sentences.ASKED_IN_THREAD)] * 2


async def test_a_command_or_a_language_that_an_edit_gets_wrong_is_told(talk: Talk) -> None:
    message = talk.share(f"{talk.me} what a day")
    await talk.harness.settled()

    await talk.edit(message, f"{talk.me} in Klingon")
    await talk.edit(message, f"{talk.me} help")

    assert talk.told() == [
        sentences.unknown_language(ENGLISH, "Klingon"),
        sentences.mention_help(ENGLISH, REACTION),
    ]
    assert len(talk.asked()) == 1


async def test_what_slack_adds_to_a_message_is_no_edit(talk: Talk) -> None:
    ask = talk.say(f"{talk.me} what a day")
    await talk.harness.settled()

    talk.harness.slack.state.edit(ask, attachments=[{"from_url": "https://example.com"}])
    await talk.harness.settled()

    assert len(talk.told()) == 1


async def test_a_bots_edits_ask_for_nothing(talk: Talk) -> None:
    state, head = talk.harness.slack.state, talk.share()
    other = state.add_user("triage")
    other.is_bot = True
    for user, bot_id in ((other.id, "B0OTHER0001"), (state.workspace.bot_user_id, state.workspace.bot_id)):
        said = state.post_as_user(talk.channel.id, user, "hm", thread_ts=head.ts, bot_id=bot_id)
        await talk.edit(said, f"{talk.me} in German")

    assert (talk.asked(), talk.harness.calls("chat.postEphemeral")) == ([], [])


async def test_in_a_direct_message_an_edit_is_no_new_question_but_may_ask(talk: Talk) -> None:
    shared = talk.share(channel=talk.direct)
    said = talk.say("hi", channel=talk.direct)
    await talk.harness.settled()
    await talk.end()
    assert len(talk.harness.said(talk.direct.id)) == 1

    await talk.edit(said, "hello")
    await talk.edit(shared, "in German")
    assert talk.languages() == ["de"]
    await talk.end()
    assert len(talk.harness.said(talk.direct.id)) == 1
    await talk.edit(said, "in French")

    assert talk.languages() == ["fr"]
    assert [said.text for said in talk.harness.said(talk.direct.id)[1:]] == [
        ENGLISH.say(sentences.ASKED_IN_THREAD)
    ]


async def test_where_slack_does_not_say_what_was_before_the_same_is_not_done_again(talk: Talk) -> None:
    message = talk.share(f"{talk.me} in German")
    await talk.harness.settled()
    changed = await talk.edit(message, f"{talk.me} transcribe in German")
    await talk.end()

    async def deliver(text: str, **more: Any) -> None:
        event = {name: value for name, value in changed["event"].items() if name != "previous_message"}
        event["message"] = {name: value for name, value in event["message"].items() if name != "edited"}
        event["message"] |= {"text": text} | more
        talk.harness.slack.deliver("events_api", changed | {"event": event, "event_id": f"Ev{text[-3:]}"})
        await talk.harness.settled()

    edited = {"edited": {"user": talk.anne.id, "ts": "1.000001"}}
    await deliver(f"{talk.me} in German, please", **edited)
    await deliver(f"{talk.me} in French")
    await deliver(f"{talk.me} what a day", **edited)
    assert await talk.harness.jobs.claim() is None
    await deliver(f"{talk.me} in Spanish", **edited)

    assert talk.languages() == ["es"]
    assert talk.told() == []


async def test_an_edit_without_a_message_is_passed_over(talk: Talk) -> None:
    changed = await talk.edit(talk.share(), talk.me)
    odd = {name: value for name, value in changed["event"].items() if name != "message"}

    delivery = talk.harness.slack.deliver("events_api", changed | {"event": odd})
    await talk.harness.settled()

    assert delivery.acked


async def test_a_silent_slack_is_to_deliver_it_again(talk: Talk) -> None:
    head = talk.share()
    ask = talk.say("hm", head=head)
    talk.harness.slack.faults.add("conversations.replies", SlackError("internal_error"))
    changed = await talk.edit(ask, f"{talk.me} in German")
    assert talk.asked() == []

    for _ in range(2):
        talk.harness.slack.deliver("events_api", changed)
        await talk.harness.settled()

    assert talk.languages() == ["de"]
    assert talk.told() == []
