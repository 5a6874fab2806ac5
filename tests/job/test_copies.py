"""Copies for those who want all of a channel's transcripts, also where the channel itself is off."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.errors import Outage, Refusal, Rejected, Unavailable
from bot.model import SUBSCRIBERS
from bot.recording import Part, Recognition, RecognitionContext, Span
from bot.reply import Refused
from tests.job.fakes import Bench, request_for
from tests.transcripts import said

SLACK_AWAY = Unavailable(Outage.SLACK, "503")
NO_MEMBER = Rejected(Refusal.FORBIDDEN, "no member any more")
WORDS = said("words of F1")
SPAN = Span(0, 2_000)


async def subscribed(bench: Bench, *user_ids: str) -> None:
    for user_id in user_ids:
        await bench.preferences.subscribe("T1", user_id, ["C1"])


def audiences(bench: Bench) -> dict[str, list[object]]:
    """What each has read."""
    return {message.key.audience: list(message.said) for message in bench.thread.messages}


@pytest.mark.parametrize("audience", ["thread", SUBSCRIBERS])
async def test_each_subscriber_gets_a_copy_but_for_whoever_said_it(bench: Bench, audience: str) -> None:
    await subscribed(bench, "U1", "U2", "U3")
    await bench.preferences.subscribe("T1", "U4", ["C2"])
    async with bench.working():
        await bench.jobs.accept([request_for(audience=audience)])
        await bench.ended()
    expected = {"U2": [WORDS], "U3": [WORDS]} | ({"thread": [WORDS]} if audience == "thread" else {})
    assert audiences(bench) == expected
    assert bench.files.downloads.calls == ["F1"]
    assert bench.recogniser.trouble.calls == ["F1"], "heard once"
    used = await bench.memory.ledger.used("T1", bench.time.now())
    assert (used.clips, used.seconds) == (1, 2.0)


async def test_a_job_for_subscribers_says_and_shows_nothing_itself(bench: Bench) -> None:
    await subscribed(bench, "U2")
    bench.audio.lengths_ms["F1"] = [120_000] * 8
    bench.recogniser.takes_s = {f"F1@{at}": 50.0 for at in range(0, 960_000, 120_000)}
    bench.recogniser.trouble.then("F1@0", Unavailable(Outage.RECOGNISER, "503", 100.0))
    async with bench.working():
        await bench.jobs.accept([request_for(audience=SUBSCRIBERS)])
        await bench.ended()
    assert set(audiences(bench)) == {"U2"}
    assert bench.thread.signs == []


async def test_what_comes_of_it_only_when_somebody_asks_is_news_too(bench: Bench) -> None:
    await subscribed(bench, "U2")
    bench.recogniser.trouble.then("F1", Rejected(Refusal.CONTENT_BLOCKED))
    async with bench.working():
        await bench.jobs.accept([request_for()])
        await bench.ended()
        assert audiences(bench) == {"thread": [Refused(Refusal.CONTENT_BLOCKED)]}
        await bench.jobs.ask([request_for(explicit=True, ask_id="again")])
        await bench.ended()
        await bench.jobs.ask([request_for(explicit=True, ask_id="once more")], retranscribe=True)
        await bench.ended()
    assert audiences(bench)["U2"] == [WORDS], "once"


async def test_for_those_who_have_left_nothing_is_fetched(bench: Bench) -> None:
    await subscribed(bench, "U2", "U3")
    bench.thread.absent = {"U2", "U3"}
    async with bench.working():
        await bench.jobs.accept([request_for(audience=SUBSCRIBERS)])
        await bench.ended()
    assert bench.files.downloads.calls == []
    assert bench.memory.outcomes() == ["ignored"]


@pytest.mark.parametrize("subscriber", [None, "U1"], ids=["nobody", "only whoever said it"])
async def test_without_a_reader_nothing_is_fetched(bench: Bench, subscriber: str | None) -> None:
    if subscriber is not None:
        await subscribed(bench, subscriber)
    async with bench.working():
        await bench.jobs.accept([request_for(audience=SUBSCRIBERS)])
        await bench.ended()
    assert bench.memory.outcomes() == ["ignored"]
    assert bench.files.downloads.calls == []


@pytest.mark.parametrize("audience", ["thread", SUBSCRIBERS])
async def test_a_refusal_is_no_news_for_subscribers(bench: Bench, audience: str) -> None:
    await subscribed(bench, "U2")
    bench.audio.trouble.always["F1"] = Rejected(Refusal.NOT_AUDIO)
    async with bench.working():
        await bench.jobs.accept([request_for(audience=audience)])
        await bench.ended()
    assert audiences(bench) == ({"thread": [Refused(Refusal.NOT_AUDIO)]} if audience == "thread" else {})
    assert bench.memory.outcomes() == ["refused"]


async def test_a_private_answer_is_not_copied(bench: Bench) -> None:
    await subscribed(bench, "U3")
    async with bench.working():
        await bench.jobs.ask([request_for(audience="U2", explicit=True, asked_by="U2")])
        await bench.ended()
    assert audiences(bench) == {"U2": [WORDS]}


async def test_where_a_channel_answers_the_sender_alone_subscribers_get_copies(bench: Bench) -> None:
    await subscribed(bench, "U1", "U3")
    async with bench.working():
        await bench.jobs.accept([request_for(audience="U1")])
        await bench.ended()
    assert audiences(bench) == {"U1": [WORDS], "U3": [WORDS]}, "and no copy of a copy"


async def test_a_transcript_made_anew_is_not_copied_again(bench: Bench) -> None:
    async with bench.working():
        await bench.jobs.accept([request_for()])
        await bench.ended()
        await subscribed(bench, "U2")
        await bench.jobs.ask([request_for(explicit=True, ask_id="again")], retranscribe=True)
        await bench.ended()
    assert set(audiences(bench)) == {"thread"}


async def test_who_asked_already_has_no_use_for_a_copy(bench: Bench) -> None:
    await subscribed(bench, "U2")
    async with bench.working():
        await bench.jobs.ask([request_for(audience="U2", explicit=True, asked_by="U2")])
        await bench.ended()
        await bench.jobs.accept([request_for()])
        await bench.ended()
    assert audiences(bench) == {"U2": [WORDS], "thread": [WORDS]}


async def test_a_reply_that_a_former_process_posted_is_copied_too(bench: Bench) -> None:
    await subscribed(bench, "U2")
    await bench.jobs.accept([request_for()])
    job = await bench.jobs.claim()
    assert job is not None
    heard = Recognition("words of F1", "en", 2.0, complete=True, request_id="R")
    await bench.jobs.keep(job, Part(SPAN, (SPAN,), last=True, recognition=heard))
    job = await bench.jobs.write_intent(job)
    await bench.thread.publish(job, WORDS, await bench.thread.find(job))
    await bench.jobs.retry_at(job, bench.time.now())
    async with bench.working():
        await bench.ended()
    assert bench.memory.outcomes()[0] == "transcribed_before"
    assert audiences(bench) == {"thread": [WORDS], "U2": [WORDS]}
    assert bench.recogniser.trouble.calls == []


async def test_a_copy_that_slack_does_not_take_is_tried_by_itself(bench: Bench) -> None:
    await subscribed(bench, "U2", "U3")
    bench.context_source.given = RecognitionContext(emotion=True)
    bench.recogniser.emotions["F1"] = "happy"
    bench.thread.publishes.then("F1", None, SLACK_AWAY, NO_MEMBER, NO_MEMBER)
    async with bench.working():
        await bench.jobs.accept([request_for()])
        await bench.ended()
    told = replace(WORDS, emotion="happy")
    assert audiences(bench)["thread"] == [told]
    assert len(audiences(bench)) == 2, "one is no member any more"
    assert all(words == [told] for words in audiences(bench).values())
    assert sorted(map(str, bench.memory.outcomes())) == ["transcribed", "transcribed", "undeliverable"]


async def test_half_a_transcript_is_copied_with_its_gaps(bench: Bench) -> None:
    await subscribed(bench, "U2")
    bench.audio.lengths_ms["F1"] = [2_000] * 3
    bench.recogniser.trouble.always["F1@2000"] = Rejected(Refusal.CONTENT_BLOCKED)
    async with bench.working():
        await bench.jobs.accept([request_for()])
        await bench.ended()
    read = audiences(bench)
    assert read["U2"] == read["thread"]
    assert bench.recogniser.trouble.calls.count("F1@2000") == 1
