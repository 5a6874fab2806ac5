"""Asking for a transcript anew: the same reply one revision later, and no failure takes its words away."""

from __future__ import annotations

import pytest

from bot.errors import Misconfiguration, Misconfigured, Outage, Refusal, Rejected, Unavailable
from bot.model import TranscriptionRequest
from bot.ports.store import RequestOutcome
from bot.recording import RecognitionContext, Transcript
from bot.reply import Broken, GaveUp, Growing, Refused, ReplyState, Waiting
from tests.job.fakes import Bench, request_for, shared_file
from tests.transcripts import said

DOWN = Unavailable(Outage.RECOGNISER, "503", 600.0)
BAD_KEY = Misconfigured(Misconfiguration.RECOGNISER_KEY, "401")
BUG = ZeroDivisionError("a fault")
WORDS = said("words of F1")


def again(language: str | None = None, ask_id: str = "again") -> TranscriptionRequest:
    return request_for(explicit=True, asked_by="U2", ask_id=ask_id, language=language)


async def transcribed(bench: Bench) -> None:
    await bench.jobs.accept([request_for()])
    await bench.ended()
    assert bench.memory.outcomes() == ["transcribed"]


async def test_the_same_reply_is_edited(bench: Bench) -> None:
    async with bench.working():
        await transcribed(bench)
        bench.recogniser.text["F1"] = "Worte von F1"
        assert await bench.jobs.ask([again("de")]) == [RequestOutcome.ACCEPTED]
        await bench.ended()
    assert bench.said() == [[WORDS, said("Worte von F1", language="de")]]
    assert bench.thread.messages[0].revision == 1
    assert bench.recogniser.asked[-1] == ("de", "", None)
    assert bench.memory.outcomes() == ["transcribed"]
    assert bench.thread.signs[-1] == "clear F1", "an edit does not take the status away"
    assert bench.thread.explained == []


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
    bench: Bench, error: Exception, told: Refused | GaveUp | Broken
) -> None:
    async with bench.working():
        await transcribed(bench)
        bench.recogniser.trouble.always["F1"] = error
        bench.verification = BAD_KEY
        assert await bench.jobs.ask([again("de")]) == [RequestOutcome.ACCEPTED]
        await bench.ended()
    assert bench.said() == [[WORDS]], "no notice on the way either"
    assert bench.thread.explained == [(request_for().key, told)]
    assert bench.memory.outcomes() == ["kept"]
    assert bench.counted("threadscribe_jobs_total", outcome="kept") == 1
    assert bench.thread.signs[-1] == "clear F1"


async def test_a_transcript_with_gaps_keeps_its_words_too(bench: Bench) -> None:
    bench.audio.lengths_ms["F1"] = [120_000] * 4
    bench.recogniser.trouble.then("F1@120000", Rejected(Refusal.CONTENT_BLOCKED))
    async with bench.working():
        await bench.jobs.accept([request_for()])
        await bench.ended()
        assert bench.memory.outcomes() == ["gapped"]
        (before,) = bench.said()
        for start in (120_000, 240_000, 360_000):
            bench.recogniser.trouble.always[f"F1@{start}"] = DOWN
        assert await bench.jobs.ask([again()], retranscribe=True) == [RequestOutcome.ACCEPTED]
        await bench.ended()
    assert bench.said() == [before], "less was heard than stands"
    assert bench.thread.explained == [(request_for().key, GaveUp(Outage.RECOGNISER))]
    assert bench.memory.outcomes() == ["kept"]


async def test_a_post_whose_answer_is_lost_at_the_deadline_is_not_made_twice(bench: Bench) -> None:
    away = Unavailable(Outage.SLACK, "503")
    bench.thread.arrivals.then("F1", away)
    bench.thread.finds.then("F1", *[away] * 9)
    bench.recogniser.takes_s["F1"] = 21_590.0
    async with bench.working():
        await bench.jobs.accept([request_for()])
        await bench.ended()
    assert bench.said() == [[WORDS]]


async def test_silence_in_another_language_leaves_the_words_too(bench: Bench) -> None:
    async with bench.working():
        await transcribed(bench)
        bench.recogniser.text["F1"] = ""
        await bench.jobs.ask([again("de")])
        await bench.ended()
        assert bench.said() == [[WORDS]]
        assert bench.thread.explained == [(request_for().key, Refused(Refusal.NO_SPEECH))]
        bench.recogniser.text["F1"] = "Worte"
        assert await bench.jobs.ask([again("de", "once more")]) == [RequestOutcome.ACCEPTED]
        await bench.ended()
    assert bench.said() == [[WORDS, said("Worte", language="de")]]


async def test_a_month_that_is_used_up_leaves_the_words(bench: Bench) -> None:
    bench.monthly_minutes = 1
    async with bench.working():
        await transcribed(bench)
        bench.memory.ledger.add("T1", "C1", bench.time.now(), seconds=60)
        await bench.jobs.ask([again()])
        await bench.jobs.ask([again("fr")])
        await bench.ended()
    assert bench.said() == [[WORDS]]
    assert bench.thread.explained == [(request_for().key, Refused(Refusal.MONTH_USED_UP, 1))]


def long_recording(bench: Bench, each_s: float = 50.0) -> None:
    bench.audio.lengths_ms["F1"] = [120_000] * 8
    for start_ms in range(0, 960_000, 120_000):
        bench.recogniser.takes_s[f"F1@{start_ms}"] = each_s


async def test_neither_a_beginning_nor_half_of_it_replaces_a_whole_transcript(bench: Bench) -> None:
    long_recording(bench, each_s=1.0)
    async with bench.working():
        await transcribed(bench)
        long_recording(bench)
        for start_ms in (720_000, 840_000):
            bench.recogniser.trouble.always[f"F1@{start_ms}"] = DOWN
        await bench.jobs.ask([again("de")])
        await bench.ended()
    assert len(bench.said()[0]) == 1
    assert [told for _, told in bench.thread.explained] == [GaveUp(Outage.RECOGNISER)]
    assert bench.memory.outcomes() == ["kept"]


async def test_one_with_gaps_that_was_heard_to_its_end_is_worth_the_edit(bench: Bench) -> None:
    long_recording(bench, each_s=1.0)
    async with bench.working():
        await transcribed(bench)
        bench.recogniser.trouble.always["F1@240000"] = Rejected(Refusal.CONTENT_BLOCKED)
        await bench.jobs.ask([again("de")])
        await bench.ended()
    assert bench.memory.outcomes() == ["gapped"]
    assert bench.thread.messages[0].state is ReplyState.GAPPED


async def test_a_gapped_reply_keeps_its_words_where_nothing_new_is_heard(bench: Bench) -> None:
    long_recording(bench, each_s=1.0)
    bench.recogniser.trouble.always["F1@240000"] = Rejected(Refusal.CONTENT_BLOCKED)
    async with bench.working():
        await bench.jobs.accept([request_for()])
        await bench.ended()
        before = bench.said()[0][-1]
        bench.files.infos.always["F1"] = Rejected(Refusal.GONE)
        await bench.jobs.ask([again("de")])
        await bench.ended()
    assert bench.said()[0] == [before]
    assert bench.memory.outcomes() == ["kept"]


class TestNothingStands:
    async def test_a_refusal_is_replaced_by_the_transcript(self, bench: Bench) -> None:
        bench.recogniser.trouble.then("F1", Rejected(Refusal.CONTENT_BLOCKED))
        async with bench.working():
            await bench.jobs.accept([request_for()])
            await bench.ended()
            assert await bench.jobs.ask([again()]) == [RequestOutcome.ACCEPTED]
            await bench.ended()
        assert bench.said() == [[Refused(Refusal.CONTENT_BLOCKED), WORDS]]

    async def test_a_refusal_is_replaced_by_another_failure(self, bench: Bench) -> None:
        bench.recogniser.trouble.then("F1", Rejected(Refusal.CONTENT_BLOCKED))
        async with bench.working():
            await bench.jobs.accept([request_for()])
            await bench.ended()
            bench.files.infos.always["F1"] = Rejected(Refusal.GONE)
            await bench.jobs.ask([again()])
            await bench.ended()
        assert bench.said() == [[Refused(Refusal.CONTENT_BLOCKED), Refused(Refusal.GONE)]]
        assert bench.thread.explained == [], "the thread has said it"

    async def test_what_was_deleted_is_posted_anew_and_may_grow(self, bench: Bench) -> None:
        long_recording(bench)
        async with bench.working():
            await bench.jobs.accept([request_for()])
            await bench.ended()
            await bench.jobs.remove_reply(request_for().key, thread_ts="1700000000.000100")
            await bench.time.settle()
            assert bench.said() == []
            assert await bench.jobs.ask([again()]) == [RequestOutcome.ACCEPTED]
            await bench.ended()
        (words,) = bench.said()
        assert isinstance(words[0], Growing)
        assert bench.thread.messages[0].revision == 1

    async def test_a_notice_is_said_where_no_words_are_in_its_way(self, bench: Bench) -> None:
        async with bench.working():
            await transcribed(bench)
            await bench.jobs.remove_reply(request_for().key, thread_ts="1700000000.000100")
            bench.recogniser.trouble.then("F1", BAD_KEY)
            await bench.jobs.ask([again()])
            await bench.ended()
        assert bench.said() == [[Waiting(Misconfiguration.RECOGNISER_KEY), WORDS]]


async def test_a_crash_between_the_edit_and_its_note_is_not_a_second_edit(bench: Bench) -> None:
    async with bench.working():
        await transcribed(bench)
    await bench.jobs.ask([again("de")])
    job = await bench.jobs.claim()
    assert job is not None
    await bench.thread.publish(job, said("Worte"), await bench.thread.find(job))
    await bench.jobs.retry_at(job, bench.time.now())
    async with bench.working():
        await bench.ended()
    assert bench.said() == [[WORDS, said("Worte")]]
    assert bench.memory.outcomes() == ["transcribed_before"]


async def test_the_tone_is_not_told_of_what_breaks_off(bench: Bench) -> None:
    long_recording(bench, each_s=1.0)
    bench.context_source.given = RecognitionContext(emotion=True)
    bench.recogniser.emotions["F1@0"] = "sad"
    bench.audio.breaks_off["F1"] = Rejected(Refusal.NOT_AUDIO)
    async with bench.working():
        await bench.jobs.accept([request_for(shared_file(duration_s=1_200.0))])
        await bench.ended()
    (last,) = bench.said()[0]
    assert isinstance(last, Transcript)
    assert last.has_gaps
    assert last.emotion is None
