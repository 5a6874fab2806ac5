"""Asking for a transcript anew: the same reply one revision later, and no failure takes its words away."""

from __future__ import annotations

import pytest

from bot.errors import Misconfiguration, Misconfigured, Outage, Refusal, Rejected, Unavailable
from bot.model import TranscriptionRequest
from bot.ports.store import RequestOutcome
from bot.recording import RecognitionContext, Transcript
from bot.reply import Broken, GaveUp, Growing, Refused, ReplyState, Waiting
from tests.job.fakes import request_for, shared_file
from tests.job.harness import JobHarness
from tests.transcripts import said

DOWN = Unavailable(Outage.RECOGNISER, "503", 600.0)
BAD_KEY = Misconfigured(Misconfiguration.RECOGNISER_KEY, "401")
BUG = ZeroDivisionError("a fault")
WORDS = said("words of F1")


def again(language: str | None = None, ask_id: str = "again") -> TranscriptionRequest:
    return request_for(explicit=True, asked_by="U2", ask_id=ask_id, language=language)


async def transcribed(harness: JobHarness) -> None:
    await harness.jobs.accept([request_for()])
    await harness.ended()
    assert harness.memory.outcomes() == ["transcribed"]


async def test_the_same_reply_is_edited(harness: JobHarness) -> None:
    async with harness.working():
        await transcribed(harness)
        harness.recogniser.text["F1"] = "Worte von F1"
        assert await harness.jobs.ask([again("de")]) == [RequestOutcome.ACCEPTED]
        await harness.ended()
    assert harness.said() == [[WORDS, said("Worte von F1", language="de")]]
    assert harness.thread.messages[0].revision == 1
    assert harness.recogniser.asked[-1] == ("de", "", None)
    assert harness.memory.outcomes() == ["transcribed"]
    assert harness.thread.signs[-1] == "clear F1", "an edit does not take the status away"
    assert harness.thread.explained == []


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (Rejected(Refusal.GONE), Refused(Refusal.GONE)),
        (Rejected(Refusal.OPTED_OUT), Refused(Refusal.OPTED_OUT)),
        (DOWN, GaveUp(Outage.RECOGNISER)),
        (BAD_KEY, GaveUp(Misconfiguration.RECOGNISER_KEY)),
        (BUG, Broken("F1")),
    ],
)
async def test_a_failure_leaves_the_words_and_is_told_to_the_asker(
    harness: JobHarness, error: Exception, told: Refused | GaveUp | Broken
) -> None:
    async with harness.working():
        await transcribed(harness)
        harness.recogniser.trouble.always["F1"] = error
        harness.verification = BAD_KEY
        assert await harness.jobs.ask([again("de")]) == [RequestOutcome.ACCEPTED]
        await harness.ended()
    assert harness.said() == [[WORDS]], "no notice on the way either"
    assert harness.thread.explained == [(request_for().key, told)]
    assert harness.memory.outcomes() == ["kept"]
    assert harness.counted("threadscribe_jobs_total", outcome="kept") == 1
    assert harness.thread.signs[-1] == "clear F1"


async def test_a_transcript_with_gaps_keeps_its_words_too(harness: JobHarness) -> None:
    harness.audio.lengths_ms["F1"] = [120_000] * 4
    harness.recogniser.trouble.then("F1@120000", Rejected(Refusal.CONTENT_BLOCKED))
    async with harness.working():
        await harness.jobs.accept([request_for()])
        await harness.ended()
        assert harness.memory.outcomes() == ["gapped"]
        (before,) = harness.said()
        for start in (120_000, 240_000, 360_000):
            harness.recogniser.trouble.always[f"F1@{start}"] = DOWN
        assert await harness.jobs.ask([again()], retranscribe=True) == [RequestOutcome.ACCEPTED]
        await harness.ended()
    assert harness.said() == [before], "less was heard than stands"
    assert harness.thread.explained == [(request_for().key, GaveUp(Outage.RECOGNISER))]
    assert harness.memory.outcomes() == ["kept"]


async def test_a_post_whose_answer_is_lost_at_the_deadline_is_not_made_twice(harness: JobHarness) -> None:
    away = Unavailable(Outage.SLACK, "503")
    harness.thread.arrivals.then("F1", away)
    harness.thread.finds.then("F1", *[away] * 9)
    harness.recogniser.takes_s["F1"] = 21_590.0
    async with harness.working():
        await harness.jobs.accept([request_for()])
        await harness.ended()
    assert harness.said() == [[WORDS]]


async def test_silence_in_another_language_leaves_the_words_too(harness: JobHarness) -> None:
    async with harness.working():
        await transcribed(harness)
        harness.recogniser.text["F1"] = ""
        await harness.jobs.ask([again("de")])
        await harness.ended()
        assert harness.said() == [[WORDS]]
        assert harness.thread.explained == [(request_for().key, Refused(Refusal.NO_SPEECH))]
        harness.recogniser.text["F1"] = "Worte"
        assert await harness.jobs.ask([again("de", "once more")]) == [RequestOutcome.ACCEPTED]
        await harness.ended()
    assert harness.said() == [[WORDS, said("Worte", language="de")]]


async def test_a_month_that_is_used_up_leaves_the_words(harness: JobHarness) -> None:
    harness.monthly_minutes = 1
    async with harness.working():
        await transcribed(harness)
        harness.memory.ledger.add("T1", "C1", harness.time.now(), seconds=60)
        await harness.jobs.ask([again()])
        await harness.jobs.ask([again("fr")])
        await harness.ended()
    assert harness.said() == [[WORDS]]
    assert harness.thread.explained == [(request_for().key, Refused(Refusal.MONTH_USED_UP, 1))]


def long_recording(harness: JobHarness, each_s: float = 50.0) -> None:
    harness.audio.lengths_ms["F1"] = [120_000] * 8
    for start_ms in range(0, 960_000, 120_000):
        harness.recogniser.takes_s[f"F1@{start_ms}"] = each_s


async def test_neither_a_beginning_nor_half_of_it_replaces_a_whole_transcript(harness: JobHarness) -> None:
    long_recording(harness, each_s=1.0)
    async with harness.working():
        await transcribed(harness)
        long_recording(harness)
        for start_ms in (720_000, 840_000):
            harness.recogniser.trouble.always[f"F1@{start_ms}"] = DOWN
        await harness.jobs.ask([again("de")])
        await harness.ended()
    assert len(harness.said()[0]) == 1
    assert [told for _, told in harness.thread.explained] == [GaveUp(Outage.RECOGNISER)]
    assert harness.memory.outcomes() == ["kept"]


async def test_one_with_gaps_that_was_heard_to_its_end_is_worth_the_edit(harness: JobHarness) -> None:
    long_recording(harness, each_s=1.0)
    async with harness.working():
        await transcribed(harness)
        harness.recogniser.trouble.always["F1@240000"] = Rejected(Refusal.CONTENT_BLOCKED)
        await harness.jobs.ask([again("de")])
        await harness.ended()
    assert harness.memory.outcomes() == ["gapped"]
    assert harness.thread.messages[0].state is ReplyState.GAPPED


async def test_a_gapped_reply_keeps_its_words_where_nothing_new_is_heard(harness: JobHarness) -> None:
    long_recording(harness, each_s=1.0)
    harness.recogniser.trouble.always["F1@240000"] = Rejected(Refusal.CONTENT_BLOCKED)
    async with harness.working():
        await harness.jobs.accept([request_for()])
        await harness.ended()
        before = harness.said()[0][-1]
        harness.files.infos.always["F1"] = Rejected(Refusal.GONE)
        await harness.jobs.ask([again("de")])
        await harness.ended()
    assert harness.said()[0] == [before]
    assert harness.memory.outcomes() == ["kept"]


class TestNothingStands:
    async def test_a_refusal_is_replaced_by_the_transcript(self, harness: JobHarness) -> None:
        harness.recogniser.trouble.then("F1", Rejected(Refusal.CONTENT_BLOCKED))
        async with harness.working():
            await harness.jobs.accept([request_for()])
            await harness.ended()
            assert await harness.jobs.ask([again()]) == [RequestOutcome.ACCEPTED]
            await harness.ended()
        assert harness.said() == [[Refused(Refusal.CONTENT_BLOCKED), WORDS]]

    async def test_a_refusal_is_replaced_by_another_failure(self, harness: JobHarness) -> None:
        harness.recogniser.trouble.then("F1", Rejected(Refusal.CONTENT_BLOCKED))
        async with harness.working():
            await harness.jobs.accept([request_for()])
            await harness.ended()
            harness.files.infos.always["F1"] = Rejected(Refusal.GONE)
            await harness.jobs.ask([again()])
            await harness.ended()
        assert harness.said() == [[Refused(Refusal.CONTENT_BLOCKED), Refused(Refusal.GONE)]]
        assert harness.thread.explained == [], "the thread has said it"

    async def test_what_was_deleted_is_posted_anew_and_may_grow(self, harness: JobHarness) -> None:
        long_recording(harness)
        async with harness.working():
            await harness.jobs.accept([request_for()])
            await harness.ended()
            await harness.jobs.remove_reply(request_for().key, thread_ts="1700000000.000100")
            await harness.time.settle()
            assert harness.said() == []
            assert await harness.jobs.ask([again()]) == [RequestOutcome.ACCEPTED]
            await harness.ended()
        (words,) = harness.said()
        assert isinstance(words[0], Growing)
        assert harness.thread.messages[0].revision == 1

    async def test_a_notice_is_said_where_no_words_are_in_its_way(self, harness: JobHarness) -> None:
        async with harness.working():
            await transcribed(harness)
            await harness.jobs.remove_reply(request_for().key, thread_ts="1700000000.000100")
            harness.recogniser.trouble.then("F1", BAD_KEY)
            await harness.jobs.ask([again()])
            await harness.ended()
        assert harness.said() == [[Waiting(Misconfiguration.RECOGNISER_KEY), WORDS]]


async def test_a_crash_between_the_edit_and_its_note_is_not_a_second_edit(harness: JobHarness) -> None:
    async with harness.working():
        await transcribed(harness)
    await harness.jobs.ask([again("de")])
    job = await harness.jobs.claim()
    assert job is not None
    await harness.thread.publish(job, said("Worte"), await harness.thread.find(job))
    await harness.jobs.retry_at(job, harness.time.now())
    async with harness.working():
        await harness.ended()
    assert harness.said() == [[WORDS, said("Worte")]]
    assert harness.memory.outcomes() == ["transcribed_before"]


@pytest.mark.parametrize("wanted", [True, False])
async def test_what_breaks_off_has_time_marks_where_these_are_wanted(
    harness: JobHarness, *, wanted: bool
) -> None:
    long_recording(harness, each_s=1.0)
    harness.context_source.given = RecognitionContext(time_marks=wanted)
    harness.audio.breaks_off["F1"] = Rejected(Refusal.NOT_AUDIO)
    async with harness.working():
        await harness.jobs.accept([request_for(shared_file(duration_s=1_200.0))])
        await harness.ended()
    (last,) = harness.said()[0]
    assert isinstance(last, Transcript)
    assert last.has_gaps
    assert last.time_marks is wanted


async def test_the_tone_is_not_told_of_what_breaks_off(harness: JobHarness) -> None:
    long_recording(harness, each_s=1.0)
    harness.context_source.given = RecognitionContext(emotion=True)
    harness.recogniser.emotions["F1@0"] = "sad"
    harness.audio.breaks_off["F1"] = Rejected(Refusal.NOT_AUDIO)
    async with harness.working():
        await harness.jobs.accept([request_for(shared_file(duration_s=1_200.0))])
        await harness.ended()
    (last,) = harness.said()[0]
    assert isinstance(last, Transcript)
    assert last.has_gaps
    assert last.emotion is None
