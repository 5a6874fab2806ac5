"""Copies for those who want all of a channel's transcripts, also where the channel itself is off."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.errors import Outage, Refusal, Rejected, Unavailable
from bot.model import SUBSCRIBERS
from bot.recording import Part, Recognition, RecognitionContext, Span
from bot.reply import Refused
from tests.job.fakes import request_for
from tests.job.harness import JobHarness
from tests.transcripts import said

SLACK_AWAY = Unavailable(Outage.SLACK, "503")
NO_MEMBER = Rejected(Refusal.FORBIDDEN, "no member any more")
WORDS = said("words of F1")
SPAN = Span(0, 2_000)


async def subscribed(harness: JobHarness, *user_ids: str) -> None:
    for user_id in user_ids:
        await harness.preferences.subscribe("T1", user_id, ["C1"])


def audiences(harness: JobHarness) -> dict[str, list[object]]:
    """What each has read."""
    return {message.key.audience: list(message.said) for message in harness.thread.messages}


@pytest.mark.parametrize("audience", ["thread", SUBSCRIBERS])
async def test_each_subscriber_gets_a_copy_but_for_whoever_said_it(
    harness: JobHarness, audience: str
) -> None:
    await subscribed(harness, "U1", "U2", "U3")
    await harness.preferences.subscribe("T1", "U4", ["C2"])
    async with harness.working():
        await harness.jobs.accept([request_for(audience=audience)])
        await harness.ended()
    expected = {"U2": [WORDS], "U3": [WORDS]} | ({"thread": [WORDS]} if audience == "thread" else {})
    assert audiences(harness) == expected
    assert harness.files.downloads.calls == ["F1"]
    assert harness.recogniser.trouble.calls == ["F1"], "heard once"
    used = await harness.memory.ledger.used("T1", harness.time.now())
    assert (used.clips, used.seconds) == (1, 2.0)


async def test_a_job_for_subscribers_says_and_shows_nothing_itself(harness: JobHarness) -> None:
    await subscribed(harness, "U2")
    harness.audio.lengths_ms["F1"] = [120_000] * 8
    harness.recogniser.takes_s = {f"F1@{at}": 50.0 for at in range(0, 960_000, 120_000)}
    harness.recogniser.trouble.then("F1@0", Unavailable(Outage.RECOGNISER, "503", 100.0))
    async with harness.working():
        await harness.jobs.accept([request_for(audience=SUBSCRIBERS)])
        await harness.ended()
    assert set(audiences(harness)) == {"U2"}
    assert harness.thread.signs == []


async def test_what_comes_of_it_only_when_somebody_asks_is_news_too(harness: JobHarness) -> None:
    await subscribed(harness, "U2")
    harness.recogniser.trouble.then("F1", Rejected(Refusal.CONTENT_BLOCKED))
    async with harness.working():
        await harness.jobs.accept([request_for()])
        await harness.ended()
        assert audiences(harness) == {"thread": [Refused(Refusal.CONTENT_BLOCKED)]}
        await harness.jobs.ask([request_for(explicit=True, ask_id="again")])
        await harness.ended()
        await harness.jobs.ask([request_for(explicit=True, ask_id="once more")], retranscribe=True)
        await harness.ended()
    assert audiences(harness)["U2"] == [WORDS], "once"


async def test_for_those_who_have_left_nothing_is_fetched(harness: JobHarness) -> None:
    await subscribed(harness, "U2", "U3")
    harness.thread.absent = {"U2", "U3"}
    async with harness.working():
        await harness.jobs.accept([request_for(audience=SUBSCRIBERS)])
        await harness.ended()
    assert harness.files.downloads.calls == []
    assert harness.memory.outcomes() == ["ignored"]


@pytest.mark.parametrize("subscriber", [None, "U1"], ids=["nobody", "only whoever said it"])
async def test_without_a_reader_nothing_is_fetched(harness: JobHarness, subscriber: str | None) -> None:
    if subscriber is not None:
        await subscribed(harness, subscriber)
    async with harness.working():
        await harness.jobs.accept([request_for(audience=SUBSCRIBERS)])
        await harness.ended()
    assert harness.memory.outcomes() == ["ignored"]
    assert harness.files.downloads.calls == []


@pytest.mark.parametrize("audience", ["thread", SUBSCRIBERS])
async def test_a_refusal_is_no_news_for_subscribers(harness: JobHarness, audience: str) -> None:
    await subscribed(harness, "U2")
    harness.audio.trouble.always["F1"] = Rejected(Refusal.NOT_AUDIO)
    async with harness.working():
        await harness.jobs.accept([request_for(audience=audience)])
        await harness.ended()
    assert audiences(harness) == ({"thread": [Refused(Refusal.NOT_AUDIO)]} if audience == "thread" else {})
    assert harness.memory.outcomes() == ["refused"]


async def test_a_private_answer_is_not_copied(harness: JobHarness) -> None:
    await subscribed(harness, "U3")
    async with harness.working():
        await harness.jobs.ask([request_for(audience="U2", explicit=True, asked_by="U2")])
        await harness.ended()
    assert audiences(harness) == {"U2": [WORDS]}


async def test_where_a_channel_answers_the_sender_alone_subscribers_get_copies(harness: JobHarness) -> None:
    await subscribed(harness, "U1", "U3")
    async with harness.working():
        await harness.jobs.accept([request_for(audience="U1")])
        await harness.ended()
    assert audiences(harness) == {"U1": [WORDS], "U3": [WORDS]}, "and no copy of a copy"


async def test_a_transcript_made_anew_is_not_copied_again(harness: JobHarness) -> None:
    async with harness.working():
        await harness.jobs.accept([request_for()])
        await harness.ended()
        await subscribed(harness, "U2")
        await harness.jobs.ask([request_for(explicit=True, ask_id="again")], retranscribe=True)
        await harness.ended()
    assert set(audiences(harness)) == {"thread"}


async def test_who_asked_already_has_no_use_for_a_copy(harness: JobHarness) -> None:
    await subscribed(harness, "U2")
    async with harness.working():
        await harness.jobs.ask([request_for(audience="U2", explicit=True, asked_by="U2")])
        await harness.ended()
        await harness.jobs.accept([request_for()])
        await harness.ended()
    assert audiences(harness) == {"U2": [WORDS], "thread": [WORDS]}


async def test_a_reply_that_a_former_process_posted_is_copied_too(harness: JobHarness) -> None:
    await subscribed(harness, "U2")
    await harness.jobs.accept([request_for()])
    job = await harness.jobs.claim()
    assert job is not None
    heard = Recognition("words of F1", "en", 2.0, complete=True, request_id="R")
    await harness.jobs.keep(job, Part(SPAN, (SPAN,), last=True, recognition=heard))
    job = await harness.jobs.write_intent(job)
    await harness.thread.publish(job, WORDS, await harness.thread.find(job))
    await harness.jobs.retry_at(job, harness.time.now())
    async with harness.working():
        await harness.ended()
    assert harness.memory.outcomes()[0] == "transcribed_before"
    assert audiences(harness) == {"thread": [WORDS], "U2": [WORDS]}
    assert harness.recogniser.trouble.calls == []


async def test_a_copy_that_slack_does_not_take_is_tried_by_itself(harness: JobHarness) -> None:
    await subscribed(harness, "U2", "U3")
    harness.context_source.given = RecognitionContext(emotion=True)
    harness.recogniser.emotions["F1"] = "happy"
    harness.thread.publishes.then("F1", None, SLACK_AWAY, NO_MEMBER, NO_MEMBER)
    async with harness.working():
        await harness.jobs.accept([request_for()])
        await harness.ended()
    told = replace(WORDS, emotion="happy")
    assert audiences(harness)["thread"] == [told]
    assert len(audiences(harness)) == 2, "one is no member any more"
    assert all(words == [told] for words in audiences(harness).values())
    assert sorted(map(str, harness.memory.outcomes())) == ["transcribed", "transcribed", "undeliverable"]


async def test_half_a_transcript_is_copied_with_its_gaps(harness: JobHarness) -> None:
    await subscribed(harness, "U2")
    harness.audio.lengths_ms["F1"] = [2_000] * 3
    harness.recogniser.trouble.always["F1@2000"] = Rejected(Refusal.CONTENT_BLOCKED)
    async with harness.working():
        await harness.jobs.accept([request_for()])
        await harness.ended()
    read = audiences(harness)
    assert read["U2"] == read["thread"]
    assert harness.recogniser.trouble.calls.count("F1@2000") == 1
