from __future__ import annotations

import pytest

from bot.errors import Misconfiguration, Misconfigured, Outage, Refusal, Rejected, Unavailable
from bot.model import JobState
from bot.recording import Gap, Paragraph, RecognitionContext, Transcript
from bot.reply import GaveUp, Growing, Refused, Reply, ReplyState, ThreadLookup, Waiting
from tests.job.fakes import request_for, shared_file
from tests.job.harness import JobHarness

SLACK_AWAY = Unavailable(Outage.SLACK, "503")
DOWN = Unavailable(Outage.RECOGNISER, "503", 600.0)
"""For so long that no segment waits for it."""


def long_recording(harness: JobHarness, segments: int = 6, each_s: float = 30.0, file_id: str = "F1") -> None:
    """Segments that are heard in groups of four, so that it grows."""
    harness.audio.lengths_ms[file_id] = [120_000] * segments
    for number in range(segments):
        harness.recogniser.takes_s[f"{file_id}@{number * 120_000}"] = each_s


def words(transcript: Transcript) -> str:
    texts = [passage.text for passage in transcript.passages if isinstance(passage, Paragraph)]
    return " ".join(texts).replace("\n", " ")


def numbers(reply: Reply) -> list[int]:
    """Which parts a reply shows, by number."""
    transcript = reply.transcript if isinstance(reply, Growing) else reply
    assert isinstance(transcript, Transcript)
    return [int(word.removeprefix("F1@")) // 120_000 for word in words(transcript).split() if "@" in word]


async def test_the_status_tells_the_part_and_is_refreshed(harness: JobHarness) -> None:
    long_recording(harness, segments=8, each_s=100.0)
    async with harness.working():
        await harness.jobs.accept([request_for()])
        await harness.time.run(95)
        assert harness.thread.statuses == [(0, None), (0, 8), (0, 8)], "once it is cut, and before it fades"
        await harness.ended(300)
    assert (4, 8) in harness.thread.statuses
    assert harness.thread.signs[-1] == "clear F1", "an edit does not take the status away"


async def test_a_reply_grows_in_order_and_ends_complete(harness: JobHarness) -> None:
    long_recording(harness, segments=12, each_s=30.0)
    harness.recogniser.takes_s["F1@120000"] = 75.0
    async with harness.working():
        await harness.jobs.accept([request_for()])
        await harness.ended(600)
    (said,) = harness.said()
    growing = said[:-1]
    assert all(isinstance(reply, Growing) for reply in growing)
    shown = [numbers(reply) for reply in said]
    assert all(one == list(range(len(one))) for one in shown), "only what is ready from the beginning on"
    assert [len(one) for one in shown] == sorted({len(one) for one in shown}), "it only grows"
    assert shown[0] == [0], "the second part takes longest"
    assert shown[-1] == list(range(12))
    assert harness.memory.outcomes() == ["transcribed"]


@pytest.mark.parametrize("file_ids", [(), ("F9",)])
async def test_what_tells_of_its_files_already_does_not_grow(
    harness: JobHarness, file_ids: tuple[str, ...]
) -> None:
    long_recording(harness, segments=12, each_s=50.0)
    await harness.jobs.accept([request_for()])
    job = await harness.jobs.claim()
    assert job is not None
    job = await harness.jobs.write_intent(job)
    await harness.thread.publish(job, Waiting(Outage.SLACK), ThreadLookup())
    (message,) = harness.thread.messages
    message.file_ids = file_ids
    await harness.jobs.retry_at(job, harness.time.now())
    async with harness.working():
        await harness.ended(600)
    _, *growing, last = harness.said()[0]
    assert bool(growing) == (not file_ids), "the ids would be lost"
    assert isinstance(last, Transcript)


async def test_how_it_sounds_is_told_at_the_end(harness: JobHarness) -> None:
    long_recording(harness, segments=8, each_s=50.0)
    harness.context_source.given = RecognitionContext(emotion=True)
    harness.recogniser.emotions = {f"F1@{at}": "sad" for at in range(0, 960_000, 120_000)}
    async with harness.working():
        await harness.jobs.accept([request_for()])
        await harness.ended(600)
    *growing, last = harness.said()[0]
    assert growing
    assert all(isinstance(reply, Growing) and reply.transcript.emotion is None for reply in growing)
    assert isinstance(last, Transcript)
    assert last.emotion == "sad"


@pytest.mark.parametrize("wanted", [True, False])
async def test_time_marks_are_there_from_the_beginning_or_never(harness: JobHarness, *, wanted: bool) -> None:
    long_recording(harness, segments=8, each_s=50.0)
    harness.context_source.given = RecognitionContext(time_marks=wanted)
    async with harness.working():
        await harness.jobs.accept([request_for()])
        await harness.ended(600)
    *growing, last = harness.said()[0]
    assert growing
    assert all(isinstance(reply, Growing) and reply.transcript.time_marks is wanted for reply in growing)
    assert isinstance(last, Transcript)
    assert last.time_marks is wanted


async def test_a_short_recording_does_not_grow(harness: JobHarness) -> None:
    long_recording(harness, segments=6, each_s=25.0)
    async with harness.working():
        await harness.jobs.accept([request_for()])
        await harness.ended(600)
    assert [len(said) for said in harness.said()] == [1]


async def test_it_is_edited_at_most_every_three_seconds(harness: JobHarness) -> None:
    long_recording(harness, segments=200, each_s=2.0)
    async with harness.working():
        await harness.jobs.accept([request_for()])
        await harness.ended(600)
    (said,) = harness.said()
    assert harness.time.passed_s == pytest.approx(100.0, abs=5)
    assert 5 <= len(said) <= 40 / 3 + 2


async def test_it_waits_for_the_reply_of_an_earlier_file(harness: JobHarness) -> None:
    long_recording(harness, segments=8, each_s=50.0, file_id="F2")
    harness.recogniser.takes_s["F1"] = 80.0
    async with harness.working():
        await harness.jobs.accept([request_for(), request_for(shared_file("F2"), position=1, siblings=2)])
        await harness.ended(600)
    assert [message.key.file_id for message in harness.thread.messages] == ["F1", "F2"]
    assert len(harness.said()[1]) > 1, "and then it grew"


async def test_a_post_that_arrived_unheard_is_found_again(harness: JobHarness) -> None:
    long_recording(harness, segments=8, each_s=50.0)
    harness.thread.arrivals.then("F1", SLACK_AWAY)
    async with harness.working():
        await harness.jobs.accept([request_for()])
        await harness.ended(600)
    (said,) = harness.said()
    assert numbers(said[-1]) == list(range(8))


async def test_slack_that_does_not_take_a_word_on_the_way_holds_nothing_up(harness: JobHarness) -> None:
    long_recording(harness, segments=8, each_s=50.0)
    harness.thread.publishes.then("F1", *[SLACK_AWAY] * 4)
    async with harness.working():
        await harness.jobs.accept([request_for()])
        await harness.ended(600)
    assert harness.time.passed_s < 130
    assert numbers(harness.said()[0][-1]) == list(range(8))


async def test_an_outage_on_the_way_keeps_the_words_that_stand(harness: JobHarness) -> None:
    long_recording(harness, segments=8, each_s=50.0)
    bad_key = Misconfigured(Misconfiguration.RECOGNISER_KEY, "401")
    for number in (6, 7):
        harness.recogniser.trouble.then(f"F1@{number * 120_000}", bad_key)
    harness.verification = bad_key
    async with harness.working():
        await harness.jobs.accept([request_for()])
        await harness.time.run(200)
        assert (await harness.jobs.depth())[JobState.PARKED] == 1
        notice = harness.said()[0][-1]
        assert isinstance(notice, Growing)
        assert notice.delayed_by is Misconfiguration.RECOGNISER_KEY
        assert numbers(notice) == list(range(6))
        harness.recogniser.trouble.calls.clear()
        harness.verification = None
        await harness.ended(600)
    assert sorted(harness.recogniser.trouble.calls) == ["F1@720000", "F1@840000"], "only what was missing"
    assert numbers(harness.said()[0][-1]) == list(range(8))


async def test_giving_up_leaves_what_was_heard_and_offers_the_rest(harness: JobHarness) -> None:
    long_recording(harness, segments=3, each_s=1.0)
    for number in (1, 2):
        harness.recogniser.trouble.always[f"F1@{number * 120_000}"] = DOWN
    async with harness.working():
        harness.files.files["F1"] = shared_file(duration_s=360.0)
        await harness.jobs.accept([request_for(harness.files.files["F1"])])
        await harness.ended()
        last = harness.said()[0][-1]
        assert isinstance(last, Transcript)
        assert numbers(last) == [0]
        assert [(p.span.start_ms, p.span.end_ms) for p in last.passages if isinstance(p, Gap)] == [
            (120_000, 360_000)
        ]
        assert harness.memory.outcomes() == ["gapped"]
        harness.recogniser.trouble.always.clear()
        assert await harness.jobs.fill_gaps(str(request_for().key))
        await harness.ended()
    assert numbers(harness.said()[0][-1]) == [0, 1, 2]


async def test_nothing_heard_is_told_as_before(harness: JobHarness) -> None:
    long_recording(harness, segments=3)
    for number in range(3):
        harness.recogniser.trouble.always[f"F1@{number * 120_000}"] = DOWN
    async with harness.working():
        await harness.jobs.accept([request_for()])
        await harness.ended()
    assert harness.said()[0][-1] == GaveUp(Outage.RECOGNISER)


class TestGaps:
    async def gapped(self, harness: JobHarness) -> None:
        long_recording(harness, segments=5, each_s=1.0)
        harness.recogniser.trouble.always["F1@240000"] = Unavailable(Outage.RECOGNISER, "500")
        await harness.jobs.accept([request_for()])
        await harness.ended(600)
        (said,) = harness.said()
        assert numbers(said[-1]) == [0, 1, 3, 4]
        assert harness.memory.outcomes() == ["gapped"]
        harness.recogniser.trouble.calls.clear()
        harness.files.downloads.calls.clear()

    async def test_only_what_is_missing_is_sent_again(self, harness: JobHarness) -> None:
        async with harness.working():
            await self.gapped(harness)
            harness.recogniser.trouble.always.clear()
            assert await harness.jobs.fill_gaps(str(request_for().key))
            assert await harness.jobs.fill_gaps(str(request_for().key)), "pressed twice"
            await harness.ended(600)
        assert harness.recogniser.trouble.calls == ["F1@240000"]
        (said,) = harness.said()
        assert numbers(said[-1]) == [0, 1, 2, 3, 4]
        assert harness.thread.messages[0].state is ReplyState.TRANSCRIBED
        assert harness.memory.outcomes() == ["transcribed"]
        assert not next(iter(harness.memory.rows.values())).parts, "the words are gone"

    async def test_what_fails_again_stays_a_gap_that_can_be_asked_for(self, harness: JobHarness) -> None:
        async with harness.working():
            await self.gapped(harness)
            for _ in range(2):
                harness.recogniser.trouble.always = {
                    "F1@240000": Unavailable(Outage.RECOGNISER, "500", 600.0)
                }
                assert await harness.jobs.fill_gaps(str(request_for().key))
                await harness.ended()
                assert numbers(harness.said()[0][-1]) == [0, 1, 3, 4]
            harness.recogniser.trouble.always.clear()
            assert await harness.jobs.fill_gaps(str(request_for().key))
            await harness.ended(600)
        assert numbers(harness.said()[0][-1]) == [0, 1, 2, 3, 4]

    async def test_a_file_that_is_gone_meanwhile_takes_no_words_away(self, harness: JobHarness) -> None:
        async with harness.working():
            await self.gapped(harness)
            before = harness.said()[0][-1]
            harness.files.infos.always["F1"] = Rejected(Refusal.GONE)
            assert await harness.jobs.fill_gaps(str(request_for().key))
            await harness.ended(600)
        assert harness.said()[0][-1] == before
        assert not any(isinstance(reply, Refused) for reply in harness.said()[0])

    async def test_after_a_day_they_are_gone(self, harness: JobHarness) -> None:
        async with harness.working():
            await self.gapped(harness)
            await harness.time.run(86_400 + 120)
            assert not await harness.jobs.fill_gaps(str(request_for().key))
            assert not next(iter(harness.memory.rows.values())).parts


async def interrupted(harness: JobHarness, error: Exception) -> None:
    """A recording whose reply shows six of eight parts when the recogniser goes away, for ten minutes."""
    long_recording(harness, segments=8, each_s=50.0)
    for number in (6, 7):
        harness.recogniser.trouble.then(f"F1@{number * 120_000}", DOWN)
    harness.files.infos.then("F1", error)
    await harness.jobs.accept([request_for()])
    await harness.time.run(300)
    assert numbers(harness.said()[0][-1]) == list(range(6))


async def test_a_slack_that_cannot_be_asked_costs_nobody_the_words(harness: JobHarness) -> None:
    harness.thread.finds.then("F1", *[SLACK_AWAY] * 2)
    async with harness.working():
        await interrupted(harness, SLACK_AWAY)
        await harness.ended()
    assert all(isinstance(reply, Growing | Transcript) for reply in harness.said()[0])
    assert numbers(harness.said()[0][-1]) == list(range(8))


async def test_a_file_that_goes_half_way_leaves_the_words_that_stand(harness: JobHarness) -> None:
    async with harness.working():
        await interrupted(harness, Rejected(Refusal.GONE))
        await harness.ended()
    assert numbers(harness.said()[0][-1]) == list(range(6))
    assert harness.memory.outcomes() == ["gapped"]


async def test_a_last_word_whose_answer_was_lost_is_not_taken_back(harness: JobHarness) -> None:
    long_recording(harness, segments=8, each_s=50.0)
    harness.thread.arrivals.then("F1", None, None, *[SLACK_AWAY] * 20)
    harness.thread.finds.then("F1", *[SLACK_AWAY] * 12)
    async with harness.working():
        await harness.jobs.accept([request_for()])
        await harness.ended()
    (said,) = harness.said()
    assert sum(isinstance(reply, Transcript) for reply in said) == 1
    assert numbers(said[-1]) == list(range(8))
