"""What a transcriber asks before it fetches and hears: hints, opt-outs, and what it may cost."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.errors import ConsentNeeded, Refusal, Rejected
from bot.model import Claim, FileState, SharedFile
from bot.recording import Part, Recognition, RecognitionContext, Span
from tests.job.fakes import request_for, shared_file
from tests.job.harness import JobHarness
from tests.job.story import Story
from tests.job.virtual import EPOCH
from tests.transcripts import said

LONGEST_S = 180 * 60.0


class TestHints:
    @pytest.mark.parametrize(("asked", "heard_in"), [(None, "de"), ("fr", "fr")])
    async def test_what_the_channel_says_counts_where_the_asker_says_nothing(
        self, harness: JobHarness, asked: str | None, heard_in: str
    ) -> None:
        harness.context_source.given = RecognitionContext("de", "Åsa\nKubernetes", digits=True)
        await Story(harness).tell(shared_file(), language=asked)
        assert harness.recogniser.asked == [(heard_in, "Åsa\nKubernetes", True)]
        assert harness.context_source.asked == [request_for().key], "once, however many parts"

    @pytest.mark.parametrize(("wanted", "told"), [(False, None), (True, "happy")])
    async def test_how_it_sounds_is_told_where_that_is_wanted(
        self, harness: JobHarness, *, wanted: bool, told: str | None
    ) -> None:
        harness.context_source.given = RecognitionContext(emotion=wanted)
        harness.recogniser.emotions["F1"] = "happy"
        assert (await Story(harness).tell(shared_file())).emotion == told

    @pytest.mark.parametrize(
        ("wanted", "length_s", "told"), [(True, 181, True), (True, 180, False), (False, 181, False)]
    )
    async def test_longer_ones_have_time_marks_where_these_are_wanted(
        self, harness: JobHarness, *, wanted: bool, length_s: int, told: bool
    ) -> None:
        harness.context_source.given = RecognitionContext(time_marks=wanted)
        harness.audio.lengths_ms["F1"] = [120_000, 1_000 * length_s - 120_000]
        assert (await Story(harness).tell(shared_file(duration_s=length_s))).time_marks is told


class TestOptOut:
    @pytest.mark.parametrize(
        ("owner_id", "shared_by", "refused"),
        [("U9", "U1", True), ("U1", "U9", False), ("", "U9", True), ("", "", False)],
        ids=["its owner", "only who passed it on", "who shared it", "nobody known"],
    )
    async def test_whose_word_counts(
        self, harness: JobHarness, owner_id: str, shared_by: str, *, refused: bool
    ) -> None:
        await harness.preferences.opt_out("T1", "U9", out=True)
        story, file = Story(harness), shared_file(owner_id=owner_id)
        harness.files.files["F1"] = file
        if not refused:
            await story.tell(file, user_id=shared_by)
            return
        with pytest.raises(Rejected) as refusal:
            await story.tell(file, user_id=shared_by, explicit=True)
        assert refusal.value.reason is Refusal.OPTED_OUT
        assert (harness.files.downloads.calls, story.signs) == ([], 0), "nothing is fetched or shown"

    @pytest.mark.parametrize("owner_id", ["U9", ""], ids=["known", "told by Slack"])
    async def test_what_was_heard_before_is_not_given_out(self, harness: JobHarness, owner_id: str) -> None:
        await harness.preferences.opt_out("T1", "U9", out=True)
        harness.files.files["F1"] = shared_file(owner_id="U9")
        story = Story(harness)
        story.parts.remember([kept(last=True)])
        with pytest.raises(Rejected) as refusal:
            await story.tell(shared_file(owner_id=owner_id), audience="U2")
        assert refusal.value.reason is Refusal.OPTED_OUT

    async def test_of_a_stub_slack_tells_the_owner(self, harness: JobHarness) -> None:
        await harness.preferences.opt_out("T1", "U9", out=True)
        harness.files.files["F1"] = shared_file(owner_id="U9")
        with pytest.raises(Rejected) as refusal:
            await Story(harness).tell(shared_file(claim=Claim.UNKNOWN, state=FileState.STUB, url=None))
        assert refusal.value.reason is Refusal.OPTED_OUT

    async def test_it_ends_when_they_say_so_and_holds_in_one_workspace(self, harness: JobHarness) -> None:
        await harness.preferences.opt_out("T2", "U1", out=True)
        await harness.preferences.opt_out("T1", "U1", out=True)
        await harness.preferences.opt_out("T1", "U1", out=False)
        assert await Story(harness).tell(shared_file()) == said("words of F1")


def kept(*, last: bool) -> Part:
    span = Span(0, 2_000)
    return Part(span, (span,), last, Recognition("words of F1", "en", 2.0, complete=True, request_id="R"))


class TestBudget:
    def spend(self, harness: JobHarness, minutes: float) -> None:
        harness.monthly_minutes = 100
        harness.memory.ledger.add("T1", "C9", EPOCH, seconds=minutes * 60)

    async def test_what_is_heard_is_counted_as_it_was_billed(self, harness: JobHarness) -> None:
        harness.audio.lengths_ms["F1"] = [2_000, 3_000]
        harness.audio.silent.add("F1@2000")
        await Story(harness).tell(shared_file())
        assert (await harness.memory.ledger.used("T1", EPOCH)).seconds == 2.0

    async def test_a_month_that_is_used_up_refuses_before_the_download(self, harness: JobHarness) -> None:
        self.spend(harness, 100)
        story = Story(harness)
        with pytest.raises(Rejected) as refusal:
            await story.tell(shared_file(), explicit=True)
        assert (refusal.value.reason, refusal.value.limit) == (Refusal.MONTH_USED_UP, 100)
        assert (harness.files.downloads.calls, story.signs) == ([], 0)

    @pytest.mark.parametrize(("minutes", "told"), [(79.9, None), (80, 0.8), (99.9, 0.999)])
    async def test_a_reply_tells_what_was_used_before_it(
        self, harness: JobHarness, minutes: float, told: float | None
    ) -> None:
        self.spend(harness, minutes)
        expected = None if told is None else pytest.approx(told)
        assert (await Story(harness).tell(shared_file())).month_used == expected

    @pytest.mark.parametrize(("attempt", "revision"), [(1, 0), (0, 1)], ids=["tried again", "gaps"])
    async def test_nobody_is_asked_about_what_has_begun(
        self, harness: JobHarness, attempt: int, revision: int
    ) -> None:
        harness.confirm_above_minutes = 30
        harness.audio.lengths_ms["F1"] = [2_000, 2_000]
        story = Story(harness)
        story.parts.remember([kept(last=False)])
        heard = await story.tell(shared_file(duration_s=9_000.0), attempt=attempt, revision=revision)
        assert heard.duration_s == 4.0

    async def test_what_has_begun_ends_where_the_month_does(self, harness: JobHarness) -> None:
        self.spend(harness, 100)
        harness.audio.lengths_ms["F1"] = [2_000, 2_000]
        story = Story(harness)
        story.parts.remember([kept(last=False)])
        with pytest.raises(Rejected) as refusal:
            await story.tell(shared_file(duration_s=4.0), attempt=1)
        assert refusal.value.reason is Refusal.MONTH_USED_UP
        assert harness.recogniser.asked == []

    async def test_a_copy_costs_nothing_and_nobody_is_asked(self, harness: JobHarness) -> None:
        self.spend(harness, 120)
        story = Story(harness)
        story.parts.remember([kept(last=True)])
        assert await story.tell(shared_file(duration_s=9_000.0), audience="U2") == said("words of F1")
        assert (harness.files.downloads.calls, harness.recogniser.asked) == ([], [])

    async def test_a_declared_length_asks_before_the_download(self, harness: JobHarness) -> None:
        harness.confirm_above_minutes = 30
        story = Story(harness)
        with pytest.raises(ConsentNeeded) as question:
            await story.tell(shared_file(duration_s=1_801.0))
        assert question.value.duration_s == 1_801.0
        assert (harness.files.downloads.calls, story.signs) == ([], 0)
        assert await story.tell(shared_file(duration_s=1_801.0), confirmed=True) == said("words of F1")

    async def test_what_is_refused_anyway_is_not_asked_about(self, harness: JobHarness) -> None:
        harness.confirm_above_minutes = 30
        with pytest.raises(Rejected) as refusal:
            await Story(harness).tell(shared_file(duration_s=LONGEST_S * 2))
        assert refusal.value.reason is Refusal.TOO_LONG


class TestUploads:
    """Slack declares no length of them."""

    def upload(self, harness: JobHarness, size_bytes: int, claims_s: float | None) -> SharedFile:
        harness.confirm_above_minutes = 30
        harness.files.sizes["F1"] = size_bytes
        if claims_s is not None:
            harness.audio.claims_s["F1"] = claims_s
        return replace(shared_file(), duration_s=None)

    async def test_the_container_is_asked_and_then_somebody(self, harness: JobHarness) -> None:
        file = self.upload(harness, 10_000_000, 1_920.0)
        with pytest.raises(ConsentNeeded) as question:
            await Story(harness).tell(file)
        assert question.value.duration_s == 1_920.0
        assert harness.recogniser.asked == [], "nothing is spent before"
        assert list(harness.scratch.iterdir()) == []

    @pytest.mark.parametrize("claims_s", [None, 60.0, 1_800.0])
    async def test_a_container_that_says_less_or_nothing_is_heard(
        self, harness: JobHarness, claims_s: float | None
    ) -> None:
        assert await Story(harness).tell(self.upload(harness, 10_000_000, claims_s)) == said("words of F1")
        assert harness.audio.measured == ["F1"]

    async def test_two_voices_on_two_channels_are_asked_about_together(self, harness: JobHarness) -> None:
        file = self.upload(harness, 10_000_000, 1_200.0)
        harness.audio.heard_s["F1"] = 2_300.0
        with pytest.raises(ConsentNeeded) as question:
            await Story(harness).tell(file)
        assert (question.value.duration_s, question.value.heard_s) == (1_200.0, 2_300.0)
        assert harness.recogniser.asked == []

    @pytest.mark.parametrize(("claims_s", "is_decoded"), [(900.0, False), (900.1, True)])
    async def test_only_what_may_be_too_much_twice_is_decoded_for_it(
        self, harness: JobHarness, claims_s: float, *, is_decoded: bool
    ) -> None:
        assert await Story(harness).tell(self.upload(harness, 10_000_000, claims_s)) == said("words of F1")
        assert harness.audio.listened_to == ["F1"] * is_decoded

    async def test_what_the_month_has_left_counts_both_voices(self, harness: JobHarness) -> None:
        file = self.upload(harness, 10_000_000, 1_200.0)
        harness.confirm_above_minutes, harness.monthly_minutes = None, 35
        harness.audio.heard_s["F1"] = 2_300.0
        with pytest.raises(Rejected) as refusal:
            await Story(harness).tell(file)
        assert refusal.value.reason is Refusal.MONTH_USED_UP
        assert harness.recogniser.asked == []

    async def test_too_few_bytes_are_not_looked_into(self, harness: JobHarness) -> None:
        await Story(harness).tell(self.upload(harness, 540_000, 9_000.0))
        assert harness.audio.measured == []

    async def test_nor_is_what_was_agreed_to_or_declared(self, harness: JobHarness) -> None:
        file = self.upload(harness, 10_000_000, 9_000.0)
        await Story(harness).tell(file, confirmed=True)
        await Story(harness).tell(replace(file, duration_s=60.0))
        assert harness.audio.measured == []

    async def test_what_is_too_long_is_refused_and_not_asked_about(self, harness: JobHarness) -> None:
        file = self.upload(harness, 100_000_000, LONGEST_S + 60)
        with pytest.raises(Rejected) as refusal:
            await Story(harness).tell(file)
        assert (refusal.value.reason, refusal.value.limit) == (Refusal.TOO_LONG, LONGEST_S / 60)

    async def test_what_is_longer_than_the_rest_of_the_month_is_refused(self, harness: JobHarness) -> None:
        file = self.upload(harness, 10_000_000, 1_300.0)
        harness.monthly_minutes = 20
        with pytest.raises(Rejected) as refusal:
            await Story(harness).tell(file)
        assert refusal.value.reason is Refusal.MONTH_USED_UP
        assert harness.recogniser.asked == []

    async def test_without_a_limit_nothing_is_measured(self, harness: JobHarness) -> None:
        file = self.upload(harness, 10_000_000, 9_000.0)
        harness.confirm_above_minutes = None
        await Story(harness).tell(file)
        assert harness.audio.measured == []
