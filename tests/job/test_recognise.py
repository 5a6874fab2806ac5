from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from bot.errors import (
    Forgotten,
    Misconfiguration,
    Misconfigured,
    Outage,
    Refusal,
    Rejected,
    TranscriptionError,
    Unavailable,
)
from bot.job.job_log import Observed
from bot.job.parts import Parts
from bot.job.recognise import RecognitionTask, RecordingRecogniser
from bot.model import Claim
from bot.recording import Part, PreparedAudio
from tests.job.harness import JobHarness
from tests.job.virtual import AtOnce

DOWN = Unavailable(Outage.RECOGNISER, "500")
BUSY = Unavailable(Outage.RECOGNISER_BUSY, "429")
BAD_KEY = Misconfigured(Misconfiguration.RECOGNISER_KEY, "401")
BLOCKED = Rejected(Refusal.CONTENT_BLOCKED)


class Ear:
    """A recording of five segments of 2 s, and what is heard of it."""

    def __init__(self, harness: JobHarness, at_once: int = 4) -> None:
        harness.audio.lengths_ms["F1"] = [2_000] * 5
        self.harness = harness
        self.parts = Parts()
        self.kept: list[Part] = []
        self.observed = Observed(Claim.AUDIO)
        self.context = ""
        self.language: str | None = None
        self.digits: bool | None = None
        self.full: Exception | None = None
        """Raised where a part is to be kept."""
        self._at_once = at_once

    def begin(self) -> asyncio.Task[None]:
        asyncio.get_running_loop().set_default_executor(AtOnce())
        source = self.harness.scratch / "source"
        source.write_text("F1")
        task = RecognitionTask(
            *(source, self.harness.scratch, "J1", self.observed, self._keep, self._want),
            language=self.language,
            context=self.context,
            digits=self.digits,
        )
        hearing = RecordingRecogniser(
            self.harness.audio, self.harness.recogniser, self.harness.clock, self._at_once
        )
        return asyncio.create_task(hearing.recognise_all(task, self.parts))

    async def listen(self, within_s: float = 3_600.0) -> None:
        hearing = self.begin()
        await self.harness.time.until(hearing.done, within_s)
        await hearing

    async def _keep(self, part: Part) -> None:
        if self.full is not None:
            raise self.full
        self.kept.append(part)

    def _want(self, audio: PreparedAudio) -> None:
        if audio.has_video:
            raise Rejected(Refusal.NOT_AUDIO)

    def texts(self) -> list[str | None]:
        return [part.recognition.text if part.recognition else None for part in self.parts]

    def asked(self) -> Counter[str]:
        return Counter(self.harness.recogniser.trouble.calls)

    def left(self) -> set[str]:
        return {path.name for path in Path(self.harness.scratch).iterdir()}


WORDS = [f"words of F1@{start_ms}" for start_ms in range(0, 10_000, 2_000)]


async def test_segments_are_heard_side_by_side_and_kept_as_they_come(harness: JobHarness) -> None:
    ear = Ear(harness)
    harness.recogniser.takes_s = {f"F1@{number * 2_000}": 5.0 - number for number in range(5)}
    await ear.listen()
    assert harness.recogniser.most_at_work == 4
    assert harness.time.passed_s == pytest.approx(5.0), "the last one began when the first slot was free"
    assert ear.texts() == WORDS
    assert [part.span.start_ms for part in ear.kept] == [6_000, 4_000, 8_000, 2_000, 0]
    assert (ear.parts.is_whole, ear.parts.total) == (True, 5)
    assert ear.left() == {"source"}, "a segment goes as soon as it is heard"
    assert harness.recogniser.shares == {"J1"}
    assert (ear.observed.segments, ear.observed.billed_s, ear.observed.languages) == (5, 10.0, ["en"])


async def test_silence_is_kept_and_not_sent(harness: JobHarness) -> None:
    ear = Ear(harness)
    harness.audio.silent = {"F1@0", "F1@8000"}
    await ear.listen()
    assert ear.texts() == [None, *WORDS[1:4], None]
    assert sum(ear.asked().values()) == 3
    assert ear.parts.is_whole


async def test_channels_are_heard_apart_and_side_by_side(harness: JobHarness) -> None:
    ear = Ear(harness)
    harness.audio.two_voices = {"F1@0", "F1@4000"}
    harness.recogniser.takes_s = {"F1@0": 3.0, "F1@0/2": 3.0}
    await ear.listen()
    assert [[heard.text for heard in part.recognitions] for part in ear.parts] == [
        [words, f"{words}/2"] if start_ms in {0, 4_000} else [words]
        for start_ms, words in zip(range(0, 10_000, 2_000), WORDS, strict=True)
    ]
    assert harness.time.passed_s == pytest.approx(3.0)
    assert (ear.observed.segments, ear.observed.billed_s) == (7, 14.0)
    assert ear.left() == {"source"}


async def test_where_one_channel_is_refused_there_is_a_gap_and_what_was_answered_is_counted(
    harness: JobHarness,
) -> None:
    ear = Ear(harness)
    harness.audio.two_voices = {"F1@0"}
    harness.recogniser.trouble.always["F1@0/2"] = BLOCKED
    await ear.listen()
    first, *others = ear.parts
    assert (first.failed, len(first.recognitions)) == (True, 1)
    assert not any(part.failed for part in others)


async def test_the_second_channel_is_waited_for_when_the_first_has_no_answer(harness: JobHarness) -> None:
    ear = Ear(harness, at_once=1)
    harness.audio.two_voices = {"F1@0"}
    harness.recogniser.takes_s = {"F1@0/2": 30.0}
    harness.recogniser.trouble.always["F1@0"] = BAD_KEY
    with pytest.raises(Misconfigured):
        await ear.listen()
    assert harness.time.passed_s == pytest.approx(30.0)
    assert ear.left() == {"source"}


async def test_what_is_kept_is_not_asked_again(harness: JobHarness) -> None:
    first = Ear(harness)
    await first.listen()
    again = Ear(harness)
    again.parts.remember([first.kept[0], first.kept[3]])
    harness.recogniser.trouble.calls.clear()
    await again.listen()
    assert sum(again.asked().values()) == 3
    assert again.texts() == WORDS


async def test_a_segment_that_is_refused_leaves_a_gap(harness: JobHarness) -> None:
    ear = Ear(harness)
    harness.recogniser.trouble.always["F1@4000"] = BLOCKED
    await ear.listen()
    assert ear.texts() == [*WORDS[:2], None, *WORDS[3:]]
    assert [part.failed for part in ear.parts] == [False, False, True, False, False]
    assert ear.asked()["F1@4000"] == 1, "a refusal is not argued with"


async def test_a_recording_that_is_refused_altogether_is_refused(harness: JobHarness) -> None:
    ear = Ear(harness)
    harness.recogniser.trouble.always = {f"F1@{start_ms}": BLOCKED for start_ms in range(0, 10_000, 2_000)}
    with pytest.raises(Rejected) as refusal:
        await ear.listen()
    assert refusal.value is BLOCKED


async def test_a_stumble_is_tried_again_on_the_spot(harness: JobHarness) -> None:
    ear = Ear(harness)
    harness.recogniser.trouble.then("F1@2000", DOWN, DOWN)
    await ear.listen()
    assert ear.texts() == WORDS
    assert ear.asked()["F1@2000"] == 3
    assert harness.time.passed_s == pytest.approx(3.0), "pauses of 1 and 2 s"


async def test_a_wait_that_was_asked_for_is_kept(harness: JobHarness) -> None:
    ear = Ear(harness)
    harness.recogniser.trouble.then("F1@2000", Unavailable(Outage.RECOGNISER_BUSY, "429", 40.0))
    await ear.listen()
    assert harness.time.passed_s == pytest.approx(40.0)


async def test_one_that_fails_while_the_others_are_heard_leaves_a_gap(harness: JobHarness) -> None:
    ear = Ear(harness)
    harness.recogniser.trouble.always["F1@2000"] = DOWN
    harness.recogniser.takes_s = {f"F1@{start_ms}": 1.0 for start_ms in (4_000, 6_000, 8_000)}
    await ear.listen()
    assert [part.failed for part in ear.parts] == [False, True, False, False, False]
    assert ear.asked()["F1@2000"] == 6
    assert harness.time.passed_s < 60


@pytest.mark.parametrize("error", [DOWN, BUSY])
async def test_when_nothing_answers_the_job_comes_back_later(harness: JobHarness, error: Unavailable) -> None:
    ear = Ear(harness)
    harness.recogniser.trouble.always = {f"F1@{start_ms}": error for start_ms in range(0, 10_000, 2_000)}
    with pytest.raises(Unavailable) as trouble:
        await ear.listen()
    assert trouble.value is error
    assert ear.kept == []


async def test_a_limit_of_the_account_is_waited_out_for_longer(harness: JobHarness) -> None:
    ear = Ear(harness)
    harness.recogniser.trouble.then("F1@2000", *[BUSY] * 12)
    await ear.listen()
    assert ear.texts() == WORDS


async def test_what_was_paid_for_is_waited_for_when_another_fails(harness: JobHarness) -> None:
    ear = Ear(harness, at_once=3)
    harness.recogniser.trouble.then("F1@0", BAD_KEY)
    harness.recogniser.takes_s = {"F1@0": 1.0, "F1@2000": 30.0, "F1@4000": 30.0}
    with pytest.raises(Misconfigured):
        await ear.listen()
    assert [part.span.start_ms for part in ear.kept] == [2_000, 4_000]
    assert sum(ear.asked().values()) == 3, "nothing further was begun"


async def test_what_the_operator_has_to_do_counts_for_more_than_an_outage(harness: JobHarness) -> None:
    ear = Ear(harness)
    for start_ms in (0, 2_000):
        harness.recogniser.trouble.always[f"F1@{start_ms}"] = Unavailable(Outage.RECOGNISER, "503", 600.0)
    harness.recogniser.trouble.always["F1@4000"] = BAD_KEY
    harness.recogniser.takes_s |= {"F1@0": 1.0, "F1@2000": 1.0, "F1@4000": 2.0}
    with pytest.raises(Misconfigured):
        await ear.listen()


async def test_a_short_recording_goes_straight_back_to_the_queue(harness: JobHarness) -> None:
    ear = Ear(harness)
    harness.audio.lengths_ms["F1"] = [2_000]
    harness.recogniser.trouble.then("F1", DOWN)
    with pytest.raises(Unavailable):
        await ear.listen()
    assert ear.asked() == {"F1": 1}


@pytest.mark.parametrize("error", [Rejected(Refusal.TOO_COSTLY), Unavailable(Outage.MACHINE)])
async def test_a_recording_that_breaks_off_keeps_what_was_heard(
    harness: JobHarness, error: TranscriptionError
) -> None:
    ear = Ear(harness)
    harness.audio.breaks_off["F1"] = error
    harness.recogniser.takes_s = {"F1@0": 9.0, "F1@2000": 9.0}
    with pytest.raises(type(error)) as broken:
        await ear.listen()
    assert broken.value is error
    assert {part.span.start_ms for part in ear.kept} >= {0, 2_000}, "they were under way, and are paid for"
    assert ear.parts.total is None
    assert not ear.parts.is_whole


async def test_a_film_that_nobody_wants_is_not_sent(harness: JobHarness) -> None:
    ear = Ear(harness)
    harness.audio.has_video.add("F1")
    with pytest.raises(Rejected):
        await ear.listen()
    assert ear.asked() == {}


@pytest.mark.parametrize(
    ("text", "contexts"),
    [
        ("Threadscribe, Qwen, Kubernetes", ["Threadscribe, Qwen, Kubernetes", ""]),
        ("Something else about Qwen.", ["Threadscribe, Qwen, Kubernetes"]),
    ],
)
async def test_an_echo_of_the_context_is_heard_again_without(
    harness: JobHarness, text: str, contexts: list[str]
) -> None:
    ear = Ear(harness)
    ear.context = "Threadscribe, Qwen, Kubernetes"
    harness.audio.lengths_ms["F1"] = [2_000]
    harness.recogniser.text["F1"] = text
    await ear.listen()
    assert harness.recogniser.contexts == contexts
    assert ear.observed.billed_s == 2.0 * len(contexts), "both are paid for"
    heard = ear.kept[0].recognition
    assert heard is not None
    assert heard.billed_s == 2.0 * len(contexts), "and counted"


async def test_an_echo_is_paid_for_once_whatever_becomes_of_the_next_try(harness: JobHarness) -> None:
    ear = Ear(harness)
    ear.context = "Threadscribe, Qwen, Kubernetes"
    harness.audio.lengths_ms["F1"] = [2_000, 2_000]
    harness.recogniser.text["F1@0"] = ear.context
    harness.recogniser.trouble.then("F1@0", None, DOWN)
    await ear.listen()
    assert harness.recogniser.contexts.count(ear.context) == 2, "each segment once"
    billed = sorted(part.recognition.billed_s for part in ear.kept if part.recognition)
    assert billed == [2.0, 4.0]


async def test_cancelling_ends_everything(harness: JobHarness) -> None:
    ear = Ear(harness)
    harness.recogniser.takes_s = {f"F1@{start_ms}": 60.0 for start_ms in range(0, 10_000, 2_000)}
    hearing = ear.begin()
    await harness.time.run(1)
    assert harness.recogniser.at_work == 4
    hearing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await hearing
    assert harness.recogniser.at_work == 0


@pytest.mark.parametrize("error", [OSError("No space left on device"), Forgotten()])
async def test_a_part_that_cannot_be_kept_ends_everything_at_once(
    harness: JobHarness, error: Exception
) -> None:
    ear = Ear(harness)
    harness.audio.lengths_ms["F1"] = [2_000] * 60
    harness.recogniser.takes_s = {f"F1@{number * 2_000}": 1.0 + number for number in range(60)}
    ear.full = error
    error.__cause__ = cause = ValueError("what an adapter caught")
    with pytest.raises(type(error)) as raised:
        await ear.listen()
    assert raised.value is error
    assert raised.value.__cause__ is cause
    assert harness.recogniser.at_work == 0
    assert len(harness.recogniser.asked) == 4, "nothing further was begun"
    assert harness.audio.ended == ["F1"]
    assert len(harness.audio.cut) < 60
    assert ear.left() == {"source"}


async def test_what_cannot_be_kept_now_is_kept_later_and_nothing_is_begun_meanwhile(
    harness: JobHarness,
) -> None:
    ear = Ear(harness)
    harness.audio.lengths_ms["F1"] = [2_000] * 60
    ear.full = Unavailable(Outage.MACHINE, "database or disk is full")
    hearing = ear.begin()
    await harness.time.run(600)
    assert not hearing.done()
    assert len(harness.recogniser.asked) <= 4
    assert ear.left() == {"source"}, "what is cut may be what fills the disk"
    ear.full = None
    await harness.time.run(61)
    with pytest.raises(Unavailable):
        await hearing
    assert len(ear.kept) == len(harness.recogniser.asked)


async def test_a_segment_that_cannot_be_deleted_costs_nobody_its_words(
    harness: JobHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_path: Path, *, missing_ok: bool = False) -> None:
        raise PermissionError(13, "Permission denied", missing_ok)

    monkeypatch.setattr(Path, "unlink", refuse)
    ear = Ear(harness)
    await ear.listen()
    assert len(ear.kept) == 5


async def test_a_long_recording_is_cut_ahead_so_far_and_no_further(harness: JobHarness) -> None:
    ear = Ear(harness)
    harness.audio.lengths_ms["F1"] = [2_000] * 60
    harness.recogniser.takes_s = {f"F1@{number * 2_000}": 10.0 for number in range(60)}
    hearing = ear.begin()
    await harness.time.run(5)
    assert 8 < len(harness.audio.cut) < 30
    assert not ear.parts.all_cut
    await harness.time.until(hearing.done, 160)
    assert harness.time.passed_s == pytest.approx(150.0), "no lane ever waited for a cut"
    assert (ear.parts.is_whole, ear.parts.total) == (True, 60)


async def test_what_stands_in_the_way_ends_the_cutting_too(harness: JobHarness) -> None:
    ear = Ear(harness)
    harness.audio.lengths_ms["F1"] = [2_000] * 60
    harness.recogniser.trouble.then("F1@0", BAD_KEY)
    harness.recogniser.takes_s = {f"F1@{number * 2_000}": 30.0 for number in range(1, 60)} | {"F1@0": 1.0}
    hearing = ear.begin()
    await harness.time.run(2)
    assert harness.audio.ended == ["F1"]
    assert len(harness.audio.cut) < 30
    under_way = {f"prepared-{number * 2_000}" for number in (1, 2, 3)}
    assert ear.left() == {"source", *under_way}, "what is heard no more takes no room"
    await harness.time.until(hearing.done, 60)
    with pytest.raises(Misconfigured):
        await hearing
    assert [part.span.start_ms for part in ear.kept] == [2_000, 4_000, 6_000]


async def test_cancelling_ends_a_cutting_that_is_far_ahead(harness: JobHarness) -> None:
    ear = Ear(harness)
    harness.audio.lengths_ms["F1"] = [2_000] * 60
    harness.recogniser.takes_s = {f"F1@{number * 2_000}": 60.0 for number in range(60)}
    hearing = ear.begin()
    await harness.time.run(1)
    assert harness.audio.ended == []
    hearing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await hearing
    assert harness.audio.ended == ["F1"]
    assert ear.left() == {"source"}


async def test_throttling_does_not_use_up_the_patience_with_a_stumble(harness: JobHarness) -> None:
    ear = Ear(harness)
    harness.recogniser.trouble.then("F1@2000", *[BUSY] * 6, DOWN)
    await ear.listen()
    assert ear.texts() == WORDS


@pytest.mark.parametrize("digits", [None, False, True])
async def test_what_helps_to_hear_goes_with_each_segment(harness: JobHarness, *, digits: bool | None) -> None:
    ear = Ear(harness)
    ear.language, ear.context, ear.digits = "de", "Åsa", digits
    await ear.listen()
    assert harness.recogniser.asked == [("de", "Åsa", digits)] * 5
