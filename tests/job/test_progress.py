from __future__ import annotations

import pytest

from bot.errors import Misconfiguration, Misconfigured, Outage, Refusal, Rejected, Unavailable
from bot.model import JobState
from bot.recording import Gap, Paragraph, RecognitionContext, Transcript
from bot.reply import GaveUp, Growing, Refused, Reply, ReplyState
from tests.job.fakes import Bench, request_for, shared_file

SLACK_AWAY = Unavailable(Outage.SLACK, "503")
DOWN = Unavailable(Outage.RECOGNISER, "503", 600.0)
"""For so long that no segment waits for it."""


def long_recording(bench: Bench, segments: int = 6, each_s: float = 30.0, file_id: str = "F1") -> None:
    """Segments that are heard in groups of four, so that it grows."""
    bench.audio.lengths_ms[file_id] = [120_000] * segments
    for number in range(segments):
        bench.recogniser.takes_s[f"{file_id}@{number * 120_000}"] = each_s


def words(transcript: Transcript) -> str:
    texts = [passage.text for passage in transcript.passages if isinstance(passage, Paragraph)]
    return " ".join(texts).replace("\n", " ")


def numbers(reply: Reply) -> list[int]:
    """Which parts a reply shows, by number."""
    transcript = reply.transcript if isinstance(reply, Growing) else reply
    assert isinstance(transcript, Transcript)
    return [int(word.removeprefix("F1@")) // 120_000 for word in words(transcript).split() if "@" in word]


async def test_the_status_tells_the_part_and_is_refreshed(bench: Bench) -> None:
    long_recording(bench, segments=8, each_s=100.0)
    async with bench.working():
        await bench.jobs.accept([request_for()])
        await bench.time.run(95)
        assert bench.thread.statuses == [(0, None), (0, 8), (0, 8)], "once it is cut, and before it fades"
        await bench.ended(300)
    assert (4, 8) in bench.thread.statuses
    assert bench.thread.signs[-1] == "clear F1", "an edit does not take the status away"


async def test_a_reply_grows_in_order_and_ends_complete(bench: Bench) -> None:
    long_recording(bench, segments=12, each_s=30.0)
    bench.recogniser.takes_s["F1@120000"] = 75.0
    async with bench.working():
        await bench.jobs.accept([request_for()])
        await bench.ended(600)
    (said,) = bench.said()
    growing = said[:-1]
    assert all(isinstance(reply, Growing) for reply in growing)
    shown = [numbers(reply) for reply in said]
    assert all(one == list(range(len(one))) for one in shown), "only what is ready from the beginning on"
    assert [len(one) for one in shown] == sorted({len(one) for one in shown}), "it only grows"
    assert shown[0] == [0], "the second part takes longest"
    assert shown[-1] == list(range(12))
    assert bench.memory.outcomes() == ["transcribed"]


async def test_how_it_sounds_is_told_at_the_end(bench: Bench) -> None:
    long_recording(bench, segments=8, each_s=50.0)
    bench.context_source.given = RecognitionContext(emotion=True)
    bench.recogniser.emotions = {f"F1@{at}": "sad" for at in range(0, 960_000, 120_000)}
    async with bench.working():
        await bench.jobs.accept([request_for()])
        await bench.ended(600)
    *growing, last = bench.said()[0]
    assert growing
    assert all(isinstance(reply, Growing) and reply.transcript.emotion is None for reply in growing)
    assert isinstance(last, Transcript)
    assert last.emotion == "sad"


async def test_a_short_recording_does_not_grow(bench: Bench) -> None:
    long_recording(bench, segments=6, each_s=25.0)
    async with bench.working():
        await bench.jobs.accept([request_for()])
        await bench.ended(600)
    assert [len(said) for said in bench.said()] == [1]


async def test_it_is_edited_at_most_every_three_seconds(bench: Bench) -> None:
    long_recording(bench, segments=200, each_s=2.0)
    async with bench.working():
        await bench.jobs.accept([request_for()])
        await bench.ended(600)
    (said,) = bench.said()
    assert bench.time.passed_s == pytest.approx(100.0, abs=5)
    assert 5 <= len(said) <= 40 / 3 + 2


async def test_it_waits_for_the_reply_of_an_earlier_file(bench: Bench) -> None:
    long_recording(bench, segments=8, each_s=50.0, file_id="F2")
    bench.recogniser.takes_s["F1"] = 80.0
    async with bench.working():
        await bench.jobs.accept([request_for(), request_for(shared_file("F2"), position=1, siblings=2)])
        await bench.ended(600)
    assert [message.key.file_id for message in bench.thread.messages] == ["F1", "F2"]
    assert len(bench.said()[1]) > 1, "and then it grew"


async def test_a_post_that_arrived_unheard_is_found_again(bench: Bench) -> None:
    long_recording(bench, segments=8, each_s=50.0)
    bench.thread.arrivals.then("F1", SLACK_AWAY)
    async with bench.working():
        await bench.jobs.accept([request_for()])
        await bench.ended(600)
    (said,) = bench.said()
    assert numbers(said[-1]) == list(range(8))


async def test_slack_that_does_not_take_a_word_on_the_way_holds_nothing_up(bench: Bench) -> None:
    long_recording(bench, segments=8, each_s=50.0)
    bench.thread.publishes.then("F1", *[SLACK_AWAY] * 4)
    async with bench.working():
        await bench.jobs.accept([request_for()])
        await bench.ended(600)
    assert bench.time.passed_s < 130
    assert numbers(bench.said()[0][-1]) == list(range(8))


async def test_an_outage_on_the_way_keeps_the_words_that_stand(bench: Bench) -> None:
    long_recording(bench, segments=8, each_s=50.0)
    bad_key = Misconfigured(Misconfiguration.RECOGNISER_KEY, "401")
    for number in (6, 7):
        bench.recogniser.trouble.then(f"F1@{number * 120_000}", bad_key)
    bench.verification = bad_key
    async with bench.working():
        await bench.jobs.accept([request_for()])
        await bench.time.run(200)
        assert (await bench.jobs.depth())[JobState.PARKED] == 1
        notice = bench.said()[0][-1]
        assert isinstance(notice, Growing)
        assert notice.delayed_by is Misconfiguration.RECOGNISER_KEY
        assert numbers(notice) == list(range(6))
        bench.recogniser.trouble.calls.clear()
        bench.verification = None
        await bench.ended(600)
    assert sorted(bench.recogniser.trouble.calls) == ["F1@720000", "F1@840000"], "only what was missing"
    assert numbers(bench.said()[0][-1]) == list(range(8))


async def test_giving_up_leaves_what_was_heard_and_offers_the_rest(bench: Bench) -> None:
    long_recording(bench, segments=3, each_s=1.0)
    for number in (1, 2):
        bench.recogniser.trouble.always[f"F1@{number * 120_000}"] = DOWN
    async with bench.working():
        bench.files.files["F1"] = shared_file(duration_s=360.0)
        await bench.jobs.accept([request_for(bench.files.files["F1"])])
        await bench.ended()
        last = bench.said()[0][-1]
        assert isinstance(last, Transcript)
        assert numbers(last) == [0]
        assert [(p.span.start_ms, p.span.end_ms) for p in last.passages if isinstance(p, Gap)] == [
            (120_000, 360_000)
        ]
        assert bench.memory.outcomes() == ["gapped"]
        bench.recogniser.trouble.always.clear()
        assert await bench.jobs.fill_gaps(str(request_for().key))
        await bench.ended()
    assert numbers(bench.said()[0][-1]) == [0, 1, 2]


async def test_nothing_heard_is_told_as_before(bench: Bench) -> None:
    long_recording(bench, segments=3)
    for number in range(3):
        bench.recogniser.trouble.always[f"F1@{number * 120_000}"] = DOWN
    async with bench.working():
        await bench.jobs.accept([request_for()])
        await bench.ended()
    assert bench.said()[0][-1] == GaveUp(Outage.RECOGNISER)


class TestGaps:
    async def gapped(self, bench: Bench) -> None:
        long_recording(bench, segments=5, each_s=1.0)
        bench.recogniser.trouble.always["F1@240000"] = Unavailable(Outage.RECOGNISER, "500")
        await bench.jobs.accept([request_for()])
        await bench.ended(600)
        (said,) = bench.said()
        assert numbers(said[-1]) == [0, 1, 3, 4]
        assert bench.memory.outcomes() == ["gapped"]
        bench.recogniser.trouble.calls.clear()
        bench.files.downloads.calls.clear()

    async def test_only_what_is_missing_is_sent_again(self, bench: Bench) -> None:
        async with bench.working():
            await self.gapped(bench)
            bench.recogniser.trouble.always.clear()
            assert await bench.jobs.fill_gaps(str(request_for().key))
            assert await bench.jobs.fill_gaps(str(request_for().key)), "pressed twice"
            await bench.ended(600)
        assert bench.recogniser.trouble.calls == ["F1@240000"]
        (said,) = bench.said()
        assert numbers(said[-1]) == [0, 1, 2, 3, 4]
        assert bench.thread.messages[0].state is ReplyState.TRANSCRIBED
        assert bench.memory.outcomes() == ["transcribed"]
        assert not next(iter(bench.memory.rows.values())).parts, "the words are gone"

    async def test_what_fails_again_stays_a_gap_that_can_be_asked_for(self, bench: Bench) -> None:
        async with bench.working():
            await self.gapped(bench)
            for _ in range(2):
                bench.recogniser.trouble.always = {"F1@240000": Unavailable(Outage.RECOGNISER, "500", 600.0)}
                assert await bench.jobs.fill_gaps(str(request_for().key))
                await bench.ended()
                assert numbers(bench.said()[0][-1]) == [0, 1, 3, 4]
            bench.recogniser.trouble.always.clear()
            assert await bench.jobs.fill_gaps(str(request_for().key))
            await bench.ended(600)
        assert numbers(bench.said()[0][-1]) == [0, 1, 2, 3, 4]

    async def test_a_file_that_is_gone_meanwhile_takes_no_words_away(self, bench: Bench) -> None:
        async with bench.working():
            await self.gapped(bench)
            before = bench.said()[0][-1]
            bench.files.infos.always["F1"] = Rejected(Refusal.GONE)
            assert await bench.jobs.fill_gaps(str(request_for().key))
            await bench.ended(600)
        assert bench.said()[0][-1] == before
        assert not any(isinstance(reply, Refused) for reply in bench.said()[0])

    async def test_after_a_day_they_are_gone(self, bench: Bench) -> None:
        async with bench.working():
            await self.gapped(bench)
            await bench.time.run(86_400 + 120)
            assert not await bench.jobs.fill_gaps(str(request_for().key))
            assert not next(iter(bench.memory.rows.values())).parts


async def interrupted(bench: Bench, error: Exception) -> None:
    """A recording whose reply shows six of eight parts when the recogniser goes away, for ten minutes."""
    long_recording(bench, segments=8, each_s=50.0)
    for number in (6, 7):
        bench.recogniser.trouble.then(f"F1@{number * 120_000}", DOWN)
    bench.files.infos.then("F1", error)
    await bench.jobs.accept([request_for()])
    await bench.time.run(300)
    assert numbers(bench.said()[0][-1]) == list(range(6))


async def test_a_slack_that_cannot_be_asked_costs_nobody_the_words(bench: Bench) -> None:
    bench.thread.finds.then("F1", *[SLACK_AWAY] * 2)
    async with bench.working():
        await interrupted(bench, SLACK_AWAY)
        await bench.ended()
    assert all(isinstance(reply, Growing | Transcript) for reply in bench.said()[0])
    assert numbers(bench.said()[0][-1]) == list(range(8))


async def test_a_file_that_goes_half_way_leaves_the_words_that_stand(bench: Bench) -> None:
    async with bench.working():
        await interrupted(bench, Rejected(Refusal.GONE))
        await bench.ended()
    assert numbers(bench.said()[0][-1]) == list(range(6))
    assert bench.memory.outcomes() == ["gapped"]


async def test_a_last_word_whose_answer_was_lost_is_not_taken_back(bench: Bench) -> None:
    long_recording(bench, segments=8, each_s=50.0)
    bench.thread.arrivals.then("F1", None, None, *[SLACK_AWAY] * 20)
    bench.thread.finds.then("F1", *[SLACK_AWAY] * 12)
    async with bench.working():
        await bench.jobs.accept([request_for()])
        await bench.ended()
    (said,) = bench.said()
    assert sum(isinstance(reply, Transcript) for reply in said) == 1
    assert numbers(said[-1]) == list(range(8))
