from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from bot import sentences
from bot.model import THREAD, Outcome, TranscriptionRequest
from bot.playground.slack_lookalike.delivery import Delivery
from bot.playground.slack_lookalike.faults import SlackError
from bot.playground.slack_lookalike.records import Channel, Message, User
from bot.translations import ENGLISH
from tests.slack.harness import SlackHarness, slack_harness


@dataclass
class Talk:
    """Where people mention the bot."""

    harness: SlackHarness
    channel: Channel
    anne: User

    def share(self, channel: Channel | None = None, **more: Any) -> Message:
        state, place = self.harness.slack.state, channel or self.channel
        clip = state.add_file(b"sound", "audio_message.m4a", user=self.anne.id, as_voice_clip=True)
        return state.post_as_user(place.id, self.anne.id, files=[clip], **more)

    async def mention(self, text: str, thread: Message | None = None, **more: Any) -> Delivery:
        """Say something to the bot; what Slack delivers of it last."""
        state = self.harness.slack.state
        said = f"<@{state.workspace.bot_user_id}> {text}"
        thread_ts = thread.ts if thread else None
        state.post_as_user(self.channel.id, self.anne.id, said, thread_ts=thread_ts, **more)
        await self.harness.settled()
        return self.harness.slack.deliveries[-1]

    def told(self) -> list[str]:
        return self.harness.whispers(self.anne.id)

    def asked(self) -> list[TranscriptionRequest]:
        return [row.job.request for row in self.harness.jobs.rows.values()]


@asynccontextmanager
async def talking(delays_s: tuple[float, ...] = ()) -> AsyncIterator[Talk]:
    async with slack_harness(
        lambda handlers: [handlers.mentions], ack_timeout_s=1.0, delays_s=delays_s
    ) as harness:
        anne = harness.slack.state.add_user("anne")
        yield Talk(harness, harness.slack.state.add_channel("general", anne.id), anne)


@pytest.fixture
async def talk() -> AsyncIterator[Talk]:
    async with talking() as made:
        yield made


async def test_in_a_thread_it_asks_for_the_threads_recording(talk: Talk) -> None:
    head = talk.share()

    delivery = await talk.mention("please transcribe this in German", head)

    (request,) = talk.asked()
    assert (request.key.message_ts, request.key.audience, request.thread_ts) == (head.ts, THREAD, head.ts)
    assert (request.explicit, request.language, request.asked_by) == (True, "de", talk.anne.id)
    assert request.ask_id == f"{delivery.payload['event']['ts']}:de"
    assert talk.told() == [], "they see it happen"


async def test_a_link_is_followed_to_its_own_thread(talk: Talk) -> None:
    elsewhere = talk.harness.slack.state.add_channel("elsewhere", talk.anne.id)
    head = talk.share()
    linked = talk.share(elsewhere)

    await talk.mention(f"transcribe <{talk.harness.slack.state.permalink(linked)}>", head)

    (request,) = talk.asked()
    assert (request.key.channel_id, request.thread_ts) == (elsewhere.id, linked.ts)
    assert talk.told() == [ENGLISH.say(sentences.ASKED_IN_THREAD)]


async def test_asking_again_is_answered_alone_and_in_the_thread(talk: Talk) -> None:
    head = talk.share()
    await talk.mention("transcribe", head)

    await talk.mention("transcribe", head)
    job = await talk.harness.jobs.claim()
    assert job is not None
    await talk.harness.jobs.finish(job, Outcome.TRANSCRIBED)
    await talk.mention("transcribe", head)
    await talk.mention("transcribe in Portuguese", head)

    assert talk.told() == [
        ENGLISH.say(sentences.UNDER_WAY_IN_THREAD),
        ENGLISH.say(sentences.ANSWERED_IN_THREAD),
    ]
    assert {call["thread_ts"] for call in talk.harness.calls("chat.postEphemeral")} == {head.ts}
    assert [request.language for request in talk.asked()] == ["pt"]


@pytest.mark.parametrize("text", ["", "transcribe", "in German"])
async def test_outside_threads_it_has_to_say_which(talk: Talk, text: str) -> None:
    talk.share()

    await talk.mention(text)

    assert talk.told() == [ENGLISH.say(sentences.MENTION_ME_WHERE)]
    assert talk.asked() == []


async def test_a_thread_without_a_recording_holds_nothing(talk: Talk) -> None:
    head = talk.harness.slack.state.post_as_user(talk.channel.id, talk.anne.id, "hello")

    await talk.mention("transcribe", head)

    assert talk.told() == [ENGLISH.say(sentences.NOTHING_ABOVE)]


async def test_the_word_that_means_nothing_is_named_and_nothing_is_asked(talk: Talk) -> None:
    head = talk.share()

    await talk.mention("*thanks* a lot", head)

    (said,) = talk.told()
    assert "“*thanks*”" in said
    assert sentences.mention_help(ENGLISH, "speech_balloon") in said
    assert talk.asked() == []


async def test_help_is_told_alone(talk: Talk) -> None:
    await talk.mention("help", talk.share())

    assert talk.told() == [sentences.mention_help(ENGLISH, "speech_balloon")]
    assert talk.asked() == []


async def test_what_the_asker_may_not_read_is_out_of_reach_whatever_it_is(talk: Talk) -> None:
    state = talk.harness.slack.state
    bea = state.add_user("bea")
    secret = state.add_channel("secret", bea.id, kind="group")
    public = state.add_channel("public", talk.anne.id, with_bot=False)
    file = state.add_file(b"sound", "a.mp3", user=talk.anne.id, mimetype="audio/mpeg")
    state.post_as_user(public.id, talk.anne.id, files=[file])
    links = [
        state.permalink(talk.share(secret)),
        state.file_json(file)["permalink"],
        "https://playground.slack.com/archives/C0NOWHERE/p1700000000000100",
    ]

    for link in links:
        await talk.mention(f"transcribe {link}")

    assert talk.told() == [ENGLISH.say(sentences.OUT_OF_REACH)] * 3
    assert talk.asked() == []


async def test_a_file_is_not_answered_in_a_thread_that_the_bot_cannot_write_in(talk: Talk) -> None:
    state = talk.harness.slack.state
    public = state.add_channel("public", talk.anne.id, with_bot=False)
    with_bot = state.add_channel("others", state.add_user("bea").id)
    file = state.add_file(b"sound", "a.mp3", user=talk.anne.id, mimetype="audio/mpeg")
    for place in (public, with_bot):
        state.post_as_user(place.id, talk.anne.id, files=[file])

    await talk.mention(f"transcribe {state.file_json(file)['permalink']}")

    assert talk.told() == [ENGLISH.say(sentences.OUT_OF_REACH)]
    assert talk.asked() == []


async def test_a_mention_beside_a_file_is_a_share(talk: Talk) -> None:
    state = talk.harness.slack.state

    shared = talk.share(text=f"<@{state.workspace.bot_user_id}> transcribe")
    await talk.harness.settled()

    assert talk.told() == []
    (request,) = talk.asked()
    assert (request.key.message_ts, request.explicit, request.ask_id) == (shared.ts, True, shared.ts)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("transcribe in Klingon", sentences.unknown_language(ENGLISH, "Klingon")),
        ("settings", sentences.mention_not_understood(ENGLISH, "settings", "speech_balloon")),
        ("help", sentences.mention_help(ENGLISH, "speech_balloon")),
        ("what a day", None),
        ("in German", None),
    ],
)
async def test_beside_a_file_only_words_for_the_bot_are_answered(
    talk: Talk, text: str, told: str | None
) -> None:
    talk.share(text=f"<@{talk.harness.slack.state.workspace.bot_user_id}> {text}")
    await talk.harness.settled()

    assert talk.told() == ([told] if told else [])
    assert [request.language for request in talk.asked()] == ["de" if text == "in German" else None]


async def test_who_wrote_it_counts_and_not_what_posted_it(talk: Talk) -> None:
    triage = talk.harness.slack.state.add_user("triage")
    triage.is_bot = True
    me = f"<@{talk.harness.slack.state.workspace.bot_user_id}> hm"

    for user_id in (talk.anne.id, triage.id, "USLACKBOT", talk.harness.slack.state.workspace.bot_user_id):
        talk.harness.slack.state.post_as_user(talk.channel.id, user_id, me, bot_id="B0OTHER0001")
    await talk.harness.settled()

    assert len(talk.told()) == 1
    assert [call["user"] for call in talk.harness.calls("chat.postEphemeral")] == [talk.anne.id]


async def test_the_nearest_recording_above_it_is_meant(talk: Talk) -> None:
    head = talk.share()
    nearest = talk.share(thread_ts=head.ts)

    await talk.mention("transcribe", head)
    talk.share(thread_ts=head.ts)

    (request,) = talk.asked()
    assert (request.key.message_ts, request.thread_ts) == (nearest.ts, head.ts)
    assert talk.told() == []


async def test_an_edited_mention_is_left_to_the_edit(talk: Talk) -> None:
    state, head = talk.harness.slack.state, talk.share()
    said = state.post_as_user(talk.channel.id, talk.anne.id, "transcribe", thread_ts=head.ts)

    state.edit(said, text=f"<@{state.workspace.bot_user_id}> transcribe")
    await talk.harness.settled()

    assert talk.harness.slack.deliveries[-1].payload["event"]["type"] == "app_mention"
    assert talk.harness.slack.deliveries[-1].acked
    assert (talk.told(), talk.asked()) == ([], [])


async def test_whoever_asks_for_somebody_who_opted_out_is_told(talk: Talk) -> None:
    bea = talk.harness.slack.state.add_user("bea")
    await talk.harness.preferences.opt_out(talk.harness.team_id, talk.anne.id, out=True)
    clip = talk.harness.slack.state.add_file(b"sound", "a.m4a", user=bea.id, as_voice_clip=True)
    me = f"<@{talk.harness.slack.state.workspace.bot_user_id}>"

    talk.share(text=me)
    await talk.mention("transcribe", talk.share())
    talk.harness.slack.state.post_as_user(talk.channel.id, talk.anne.id, me, files=[clip])
    await talk.harness.settled()

    assert talk.told() == [ENGLISH.say(sentences.OPTED_OUT_YOURSELF)] * 2
    assert [request.file.id for request in talk.asked()] == [clip.id], "who recorded it counts"


@pytest.mark.parametrize("trouble", [SlackError("internal_error"), SlackError("missing_scope")])
async def test_a_silent_slack_is_to_deliver_it_again(talk: Talk, trouble: SlackError) -> None:
    head = talk.share()
    talk.harness.slack.faults.add("conversations.replies", trouble)

    lost = await talk.mention("transcribe", head)
    again = talk.harness.slack.deliver("events_api", lost.payload)
    await talk.harness.settled()

    assert (lost.acked, again.acked) == (False, True)
    assert len(talk.asked()) == 1


@pytest.mark.parametrize("text", ["transcribe", "*thanks* a lot"])
async def test_of_what_is_delivered_again_the_asker_is_told_once(text: str) -> None:
    async with talking(delays_s=(0.0,)) as talk:
        hold = talk.harness.slack.faults.hold("chat.postEphemeral")

        delivery = await talk.mention(text)
        assert len(delivery.attempts) == 2, "the first took too long"
        hold.release()
        await talk.harness.settled()

        assert delivery.acked
        assert len(talk.harness.calls("chat.postEphemeral")) == 1


async def test_what_is_delivered_again_is_asked_for_all_the_same() -> None:
    async with talking(delays_s=(0.0,)) as talk:
        head = talk.share()
        talk.harness.slack.faults.add("conversations.replies", SlackError("internal_error"))

        delivery = await talk.mention("transcribe", head)

        assert (delivery.acked, len(delivery.attempts)) == (True, 2)
        assert len(talk.asked()) == 1


async def test_a_redelivered_mention_asks_once(talk: Talk) -> None:
    head = talk.share()
    delivery = await talk.mention("transcribe in German", head)
    job = await talk.harness.jobs.claim()
    assert job is not None
    await talk.harness.jobs.finish(job, Outcome.TRANSCRIBED)

    talk.harness.slack.deliver("events_api", delivery.payload)
    await talk.harness.settled()

    assert await talk.harness.jobs.claim() is None
