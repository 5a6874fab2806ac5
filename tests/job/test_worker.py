from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from bot.errors import (
    Misconfiguration,
    Misconfigured,
    NotReady,
    Outage,
    Refusal,
    Rejected,
    Unavailable,
)
from bot.job.retry import FEWEST_TRIES
from bot.job.worker import JOBS_AT_ONCE, JOBS_EACH_CHANNEL
from bot.model import THREAD, Claim, FileState, JobKey, JobState, TranscriptionRequest
from bot.reply import Broken, GaveUp, Refused, Waiting
from tests.job.conftest import Lines
from tests.job.fakes import request_for, shared_file
from tests.job.harness import JobHarness
from tests.job.virtual import EPOCH
from tests.transcripts import said

BUSY = Unavailable(Outage.RECOGNISER, "429")
SLACK_AWAY = Unavailable(Outage.SLACK, "503")
BAD_KEY = Misconfigured(Misconfiguration.RECOGNISER_KEY, "invalid")
LOGIN_PAGE = Misconfigured(Misconfiguration.SLACK_LOGIN_PAGE, "text/html")
BUG = ZeroDivisionError("a fault")
WORDS = said("words of F1")


async def test_a_clip_is_answered_once(harness: JobHarness) -> None:
    async with harness.working():
        assert await harness.jobs.accept([request_for()]) == 1
        await harness.time.settle()
        assert harness.said() == [[WORDS]]
        assert harness.memory.outcomes() == ["transcribed"]
    assert harness.thread.signs == ["show F1"]
    assert harness.thread.finds.calls == []
    assert harness.files.infos.calls == []
    assert list(harness.scratch.iterdir()) == []
    assert harness.counted("threadscribe_jobs_total", outcome="transcribed") == 1
    assert harness.counted("threadscribe_audio_seconds_total") == 2.0
    assert harness.counted("threadscribe_billed_seconds_total") == 2.0
    for stage in ("download", "prepare", "recognise", "reply"):
        assert harness.counted("threadscribe_stage_seconds_count", stage=stage) == 1, stage


@pytest.mark.parametrize("reason", sorted(set(Refusal) - {Refusal.OPTED_OUT}))
@pytest.mark.parametrize("port", ["files", "audio", "recogniser"])
async def test_each_refusal_is_one_reply_and_the_end(harness: JobHarness, reason: Refusal, port: str) -> None:
    trouble = {
        "files": harness.files.downloads,
        "audio": harness.audio.trouble,
        "recogniser": harness.recogniser.trouble,
    }[port]
    trouble.then("F1", Rejected(reason))
    async with harness.working():
        await harness.jobs.accept([request_for()])
        await harness.time.run(3600)
    assert harness.said() == [[Refused(reason)]]
    assert harness.memory.outcomes() == ["refused"]
    assert trouble.calls == ["F1"]
    assert list(harness.scratch.iterdir()) == []


async def test_silence_is_refused(harness: JobHarness) -> None:
    harness.recogniser.text["F1"] = " \n "
    async with harness.working():
        await harness.jobs.accept([request_for()])
        await harness.ended()
    assert harness.said() == [[Refused(Refusal.NO_SPEECH)]]


async def test_an_outage_is_mentioned_once_and_the_transcript_takes_its_place(harness: JobHarness) -> None:
    harness.recogniser.trouble.then("F1", *[BUSY] * 9)
    async with harness.working():
        await harness.jobs.accept([request_for()])
        await harness.time.run(30)
        assert harness.said() == [], "nothing at first"
        await harness.ended()
    assert harness.said() == [[Waiting(Outage.RECOGNISER), WORDS]]
    assert len(harness.recogniser.trouble.calls) == 10
    assert harness.counted("threadscribe_asr_errors_total", reason="recogniser") == 9
    assert harness.files.infos.calls == ["F1"] * 9, "an address may have gone stale"


async def test_an_outage_that_never_ends_is_given_up_at_the_deadline(harness: JobHarness) -> None:
    harness.recogniser.trouble.always["F1"] = BUSY
    async with harness.working():
        await harness.jobs.accept([request_for()])
        await harness.time.run(21_599)
        assert harness.said() == [[Waiting(Outage.RECOGNISER)]]
        await harness.time.run(2)
    assert harness.said() == [[Waiting(Outage.RECOGNISER), GaveUp(Outage.RECOGNISER)]]
    assert harness.memory.outcomes() == ["failed"]
    # 2 s doubling to 600 s: 9 tries in the first 15 minutes, then about one in 7.5.
    assert 40 <= len(harness.recogniser.trouble.calls) <= 60


async def test_the_last_word_outlasts_a_slack_that_is_away_at_the_deadline(harness: JobHarness) -> None:
    harness.recogniser.trouble.always["F1"] = BUSY
    async with harness.working():
        await harness.jobs.accept([request_for()])
        await harness.time.run(21_500)
        harness.thread.publishes.always["F1"] = SLACK_AWAY
        harness.thread.finds.always["F1"] = SLACK_AWAY
        await harness.time.run(600)
        harness.thread.publishes.always.clear()
        harness.thread.finds.always.clear()
        await harness.ended(3600)
    assert harness.said() == [[Waiting(Outage.RECOGNISER), GaveUp(Outage.RECOGNISER)]]


async def test_a_slack_that_stays_away_ends_the_job_all_the_same(harness: JobHarness) -> None:
    harness.thread.publishes.always["F1"] = SLACK_AWAY
    async with harness.working():
        await harness.jobs.accept([request_for()])
        await harness.ended(21_600 + 3600 + 1200)
    assert harness.said() == []
    assert harness.memory.outcomes() == ["undeliverable"]


def unknown_channel() -> Rejected:
    error = Rejected(Refusal.GONE, "channel_not_found")
    error.code = "channel_not_found"
    return error


@pytest.mark.parametrize("heard", [None, Rejected(Refusal.TOO_LONG)])
async def test_a_channel_that_slack_does_not_know_for_a_while_is_answered_all_the_same(
    harness: JobHarness, heard: Exception | None
) -> None:
    """It has got another id, and the event that tells so comes later."""
    harness.recogniser.trouble.then("F1", heard)
    harness.thread.publishes.always["F1"] = unknown_channel()
    harness.thread.finds.always["F1"] = unknown_channel()
    async with harness.working():
        await harness.jobs.accept([request_for()])
        await harness.time.run(400)
        await harness.preferences.move_channel("T1", "C1", "C2")
        harness.thread.publishes.always.clear()
        harness.thread.finds.always.clear()
        await harness.ended(600)
    assert len(harness.said()) == 1
    assert harness.memory.outcomes()[0] in {"transcribed", "refused"}
    assert [key.channel_id for key in harness.memory.rows] == ["C2"]


async def test_a_channel_that_slack_never_knows_ends_the_job(harness: JobHarness) -> None:
    harness.thread.publishes.always["F1"] = unknown_channel()
    harness.thread.finds.always["F1"] = unknown_channel()
    async with harness.working():
        await harness.jobs.accept([request_for()])
        await harness.ended(1200)
    assert harness.memory.outcomes() == ["undeliverable"]
    assert len(harness.thread.publishes.calls) <= 12


async def test_a_closed_channel_ends_the_job(harness: JobHarness) -> None:
    harness.thread.publishes.always["F1"] = Rejected(Refusal.FORBIDDEN, "is_archived")
    async with harness.working():
        await harness.jobs.accept([request_for()])
        await harness.time.run(1)
    assert harness.memory.outcomes() == ["undeliverable"]
    assert len(harness.thread.publishes.calls) == 2


async def test_an_expired_key_overnight_loses_nothing(harness: JobHarness) -> None:
    harness.recogniser.trouble.always = {"F1": BAD_KEY, "F2": BAD_KEY}
    harness.verification = BAD_KEY
    async with harness.working():
        await harness.jobs.accept([request_for(), request_for(shared_file("F2"), position=1, siblings=2)])
        await harness.time.run(18_000)
        assert harness.said() == [[Waiting(Misconfiguration.RECOGNISER_KEY)]] * 2
        assert (await harness.jobs.depth())[JobState.PARKED] == 2
        assert len(harness.recogniser.trouble.calls) == 2, "not tried while verification fails"
        assert 280 < len(harness.verified_at_s) < 320, "once a minute"
        harness.verification = None
        harness.recogniser.trouble.always.clear()
        await harness.ended(61)
    assert [said[-1] for said in harness.said()] == [WORDS, said("words of F2")]
    assert all(len(said) == 2 for said in harness.said())
    assert harness.counted("threadscribe_asr_errors_total", reason="recogniser_key") == 2


async def test_a_misconfiguration_that_stays_is_given_up_at_the_deadline(harness: JobHarness) -> None:
    harness.recogniser.trouble.always["F1"] = BAD_KEY
    harness.verification = BAD_KEY
    async with harness.working():
        await harness.jobs.accept([request_for()])
        await harness.time.run(21_599)
        assert harness.said() == [[Waiting(Misconfiguration.RECOGNISER_KEY)]]
        # Each release is a try, and a few are its due.
        await harness.ended(FEWEST_TRIES * 62)
    assert harness.said() == [
        [Waiting(Misconfiguration.RECOGNISER_KEY), GaveUp(Misconfiguration.RECOGNISER_KEY)]
    ]


async def test_what_fails_though_verification_passes_does_not_spin(harness: JobHarness) -> None:
    harness.files.downloads.always["F1"] = LOGIN_PAGE
    async with harness.working():
        await harness.jobs.accept([request_for()])
        await harness.time.run(3600)
        assert 5 <= len(harness.files.downloads.calls) <= 20
        assert harness.said() == [[Waiting(Misconfiguration.SLACK_LOGIN_PAGE)]]
        harness.files.downloads.always.clear()
        await harness.ended(601)
    assert harness.said() == [[Waiting(Misconfiguration.SLACK_LOGIN_PAGE), WORDS]]


def posted(age_s: float, **changes: Any) -> dict[str, Any]:
    """The key of a message that was posted so long ago."""
    ts = f"{(EPOCH - timedelta(seconds=age_s)).timestamp():.6f}"
    return {"key": JobKey("T1", "C1", ts, "F1", THREAD)} | changes


@pytest.mark.parametrize("port", ["infos", "downloads"])
async def test_a_new_file_that_is_missing_is_asked_for_for_a_minute(harness: JobHarness, port: str) -> None:
    trouble = {"infos": harness.files.infos, "downloads": harness.files.downloads}[port]
    trouble.always["F1"] = NotReady(Refusal.GONE, "file_not_found")
    async with harness.working():
        await harness.jobs.accept([request_for(shared_file(url=None), **posted(1))])
        await harness.time.run(58)
        assert 4 <= len(trouble.calls) <= 8
        assert harness.said() == []
        await harness.ended(2)
    assert harness.said() == [[Refused(Refusal.GONE)]]


async def test_one_that_comes_meanwhile_is_transcribed(harness: JobHarness) -> None:
    harness.files.downloads.then("F1", *[NotReady(Refusal.GONE, "404")] * 3)
    async with harness.working():
        await harness.jobs.accept([request_for(**posted(1))])
        await harness.time.run(20)
    assert harness.said() == [[WORDS]]


@pytest.mark.parametrize(
    ("created_s_ago", "calls"), [(None, 1), (3_600, 1), (1, 2)], ids=["no time", "old", "added by an edit"]
)
async def test_under_an_old_message_only_a_new_file_is_waited_for(
    harness: JobHarness, created_s_ago: float | None, calls: int
) -> None:
    created_at = None if created_s_ago is None else EPOCH.timestamp() - created_s_ago
    file = harness.files.files["F1"] = shared_file(created_at=created_at)
    harness.files.downloads.always["F1"] = NotReady(Refusal.GONE, "404")
    async with harness.working():
        await harness.jobs.accept([request_for(file, **posted(3_600))])
        await harness.time.run(2)
    assert len(harness.files.downloads.calls) == calls
    assert harness.said() == ([[Refused(Refusal.GONE)]] if calls == 1 else [])


@pytest.mark.parametrize("age_s", [1, 3_600])
async def test_a_file_that_is_closed_to_the_app_parks_nothing(
    harness: JobHarness, logged: Lines, age_s: float
) -> None:
    harness.files.downloads.always["F1"] = NotReady(Refusal.NOT_HANDED_OUT, "the login page")
    async with harness.working():
        await harness.jobs.accept([request_for(**posted(age_s))])
        await harness.time.run(50)
        assert harness.said() == []
        assert (await harness.jobs.depth())[JobState.PARKED] == 0
        await harness.ended(10)
    assert harness.said() == [[Refused(Refusal.NOT_HANDED_OUT)]]
    assert harness.verified_at_s == []
    assert not [line for line in logged if line["event"] == "operator needed"]


async def test_a_decoder_that_fails_is_told_to_the_operator(harness: JobHarness, logged: Lines) -> None:
    harness.audio.trouble.then("F1", Rejected(Refusal.DECODER_FAILED, "IndexError at decode.py:1"))
    async with harness.working():
        await harness.jobs.accept([request_for()])
        await harness.ended()
    (line,) = (line for line in logged if line["event"] == "decoder failed")
    assert (line["log_level"], line["detail"]) == ("error", "IndexError at decode.py:1")
    assert line["key"] == str(request_for().key)
    assert harness.said() == [[Refused(Refusal.DECODER_FAILED)]]


WANTED = frozenset({Claim.VOICE_CLIP})


@pytest.mark.parametrize("claim", [Claim.UNKNOWN, Claim.AUDIO])
async def test_a_file_without_a_type_is_asked_about_until_it_has_one(
    harness: JobHarness, claim: Claim
) -> None:
    untyped = shared_file(claim=claim, is_described=False)
    harness.files.files["F1"] = untyped
    async with harness.working():
        await harness.jobs.accept([request_for(untyped, **posted(1, wanted=WANTED))])
        await harness.time.run(5)
        assert len(harness.files.infos.calls) >= 2
        harness.files.files["F1"] = shared_file(claim=Claim.VOICE_CLIP)
        await harness.time.run(20)
    assert harness.said() == [[WORDS]]


@pytest.mark.parametrize("described", [True, False])
async def test_what_turns_out_to_be_another_kind_ends_without_a_word(
    harness: JobHarness,
    described: bool,  # noqa: FBT001  # a case
) -> None:
    untyped = shared_file(claim=Claim.UNKNOWN, is_described=False)
    harness.files.files["F1"] = shared_file(claim=Claim.AUDIO, is_described=described)
    async with harness.working():
        await harness.jobs.accept([request_for(untyped, **posted(1, wanted=WANTED))])
        await harness.ended(31)
    assert harness.said() == []
    assert harness.memory.outcomes() == ["ignored"]
    assert harness.files.downloads.calls == []
    assert (len(harness.files.infos.calls) == 1) is described


async def test_where_its_content_decides_it_is_downloaded_at_once(harness: JobHarness) -> None:
    untyped = shared_file(claim=Claim.UNKNOWN, is_described=False)
    harness.files.files["F1"] = untyped
    async with harness.working():
        wanted = WANTED | {Claim.UNKNOWN}
        await harness.jobs.accept([request_for(untyped, **posted(1, wanted=wanted))])
        await harness.time.settle()
    assert harness.said() == [[WORDS]]


async def test_jobs_parked_by_a_former_process_are_released(harness: JobHarness) -> None:
    await harness.jobs.accept([request_for()])
    job = await harness.jobs.claim()
    assert job is not None
    await harness.jobs.park(job)
    async with harness.working():
        await harness.ended(2)
    assert harness.said() == [[WORDS]]


async def test_a_verification_that_breaks_does_not_end_the_worker(harness: JobHarness) -> None:
    harness.recogniser.trouble.then("F1", BAD_KEY)
    harness.verification = BUG
    async with harness.working():
        await harness.jobs.accept([request_for()])
        await harness.time.run(100)
        await harness.jobs.accept([request_for(shared_file("F2"))])
        await harness.time.run(1)
        assert harness.memory.outcomes() == [None, "transcribed"]
        harness.verification = None
        await harness.ended(61)


async def test_a_fault_is_tried_three_times_and_then_confessed(harness: JobHarness) -> None:
    harness.audio.trouble.always["F1"] = BUG
    async with harness.working():
        await harness.jobs.accept([request_for()])
        await harness.ended(60)
    assert harness.said() == [[Broken("F1")]]
    assert harness.audio.trouble.calls == ["F1"] * 3
    assert harness.memory.outcomes() == ["failed"]


async def test_one_fault_after_a_long_outage_does_not_end_a_job(harness: JobHarness) -> None:
    harness.recogniser.trouble.then("F1", *[BUSY] * 8, BUG)
    async with harness.working():
        await harness.jobs.accept([request_for()])
        await harness.ended()
    assert harness.said() == [[Waiting(Outage.RECOGNISER), WORDS]]


async def test_a_fault_in_speaking_ends_the_job_too(harness: JobHarness) -> None:
    harness.thread.publishes.always["F1"] = BUG
    async with harness.working():
        await harness.jobs.accept([request_for()])
        await harness.ended(600)
    assert harness.memory.outcomes() == ["undeliverable"]


async def test_a_stub_of_unknown_kind_is_never_mentioned_in_an_outage(harness: JobHarness) -> None:
    stub = shared_file(claim=Claim.UNKNOWN, state=FileState.STUB, url=None)
    harness.files.infos.always["F1"] = SLACK_AWAY
    async with harness.working():
        await harness.jobs.accept([request_for(stub)])
        await harness.ended()
    assert harness.said() == []
    assert harness.memory.outcomes() == ["ignored"]


async def test_a_stub_once_mentioned_gets_a_last_word(harness: JobHarness) -> None:
    stub = shared_file(claim=Claim.UNKNOWN, state=FileState.STUB, url=None)
    harness.recogniser.trouble.always["F1"] = BUSY
    async with harness.working():
        await harness.jobs.accept([request_for(stub)])
        await harness.time.run(300)
        assert harness.said() == [[Waiting(Outage.RECOGNISER)]]
        harness.files.infos.always["F1"] = SLACK_AWAY
        await harness.ended()
    assert harness.said()[0][-1] == GaveUp(Outage.SLACK)


async def test_several_files_are_answered_in_their_order(harness: JobHarness) -> None:
    harness.recogniser.takes_s = {"F1": 20.0, "F2": 1.0, "F3": 5.0}
    harness.recogniser.trouble.then("F1", BUSY)
    files = [shared_file(f"F{n}") for n in (1, 2, 3)]
    async with harness.working():
        await harness.jobs.accept([request_for(f, position=n, siblings=3) for n, f in enumerate(files)])
        await harness.ended(60)
    assert [message.key.file_id for message in harness.thread.messages] == ["F1", "F2", "F3"]
    assert all(len(said) == 1 for said in harness.said())


async def test_a_notice_holds_a_files_place(harness: JobHarness) -> None:
    harness.recogniser.trouble.then("F1", *[BUSY] * 12)
    harness.recogniser.takes_s["F2"] = 1.0
    files = [shared_file(f"F{n}") for n in (1, 2)]
    async with harness.working():
        await harness.jobs.accept([request_for(f, position=n, siblings=2) for n, f in enumerate(files)])
        await harness.time.until(lambda: "transcribed" in harness.memory.outcomes(), 70)
        assert [message.key.file_id for message in harness.thread.messages] == ["F1", "F2"]
        await harness.ended()
    assert harness.said()[0][-1] == WORDS


async def test_a_silent_file_lets_the_next_one_speak(harness: JobHarness) -> None:
    video = shared_file("F1", Claim.EITHER)
    harness.audio.has_video.add("F1")
    async with harness.working():
        await harness.jobs.accept(
            [
                request_for(video, position=0, siblings=2),
                request_for(shared_file("F2"), position=1, siblings=2),
            ]
        )
        await harness.ended(1)
    assert [message.key.file_id for message in harness.thread.messages] == ["F2"]
    assert harness.memory.outcomes() == ["ignored", "transcribed"]
    assert "clear F1" in harness.thread.signs


async def test_a_reply_that_a_former_process_posted_is_found(harness: JobHarness) -> None:
    await harness.jobs.accept([request_for()])
    job = await harness.jobs.claim()
    assert job is not None
    job = await harness.jobs.write_intent(job)
    await harness.thread.publish(job, WORDS, await harness.thread.find(job))
    await harness.jobs.retry_at(job, harness.time.now())
    async with harness.working():
        await harness.time.settle()
    assert harness.said() == [[WORDS]]
    assert harness.memory.outcomes() == ["transcribed_before"]
    assert harness.files.downloads.calls == []


async def test_a_reply_is_titled_as_slack_names_the_file_by_now(harness: JobHarness) -> None:
    stub = shared_file(claim=Claim.UNKNOWN, state=FileState.STUB, url=None, name="")
    harness.files.files["F1"] = shared_file(name="interview.m4a")
    async with harness.working():
        await harness.jobs.accept([request_for(stub)])
        await harness.ended()
    assert [message.file_name for message in harness.thread.messages] == ["interview.m4a"]


async def test_a_last_word_that_is_found_at_the_deadline_stays(harness: JobHarness) -> None:
    harness.thread.arrivals.always["F1"] = SLACK_AWAY
    harness.thread.finds.always["F1"] = SLACK_AWAY
    async with harness.working():
        await harness.jobs.accept([request_for()])
        await harness.time.run(21_590)
        harness.thread.finds.always.clear()
        harness.thread.finds.then("F1", SLACK_AWAY)
        await harness.ended(100)
    assert harness.said() == [[WORDS]]
    assert harness.memory.outcomes() == ["transcribed"]
    assert harness.thread.explained == []


async def test_only_so_many_jobs_run_at_once(harness: JobHarness) -> None:
    files = [shared_file(f"F{n}") for n in range(JOBS_AT_ONCE + 30)]
    harness.recogniser.takes_s = {file.id: 10.0 for file in files}
    async with harness.working():
        for number, file in enumerate(files):
            await harness.jobs.accept([request_in(f"C{number % 10}", file.id)])
        await harness.time.run(5)
        assert await harness.jobs.depth() == {"ready": 30, "running": JOBS_AT_ONCE, "parked": 0}
        await harness.ended(30)
    assert harness.recogniser.most_at_work == JOBS_AT_ONCE


async def test_recordings_wait_for_a_temporary_folder_that_cannot_be_written(harness: JobHarness) -> None:
    away = harness.scratch.with_name("away")
    harness.scratch.rename(away)
    files = [shared_file(f"F{number}") for number in range(40)]
    async with harness.working():
        await harness.jobs.accept([request_for(file) for file in files])
        await harness.time.run(6)
        assert harness.said() == []
        away.rename(harness.scratch)
        await harness.ended(60)
    assert harness.memory.outcomes() == ["transcribed"] * 40
    assert len(harness.recogniser.asked) == 40


async def test_jobs_that_wait_for_slack_keep_no_other_channel_waiting(harness: JobHarness) -> None:
    """Slack takes about a post a second in a channel."""
    busy = [f"C{number}" for number in range(4)]
    harness.thread.busy = {channel_id: asyncio.Event() for channel_id in busy}
    async with harness.working():
        for number in range(200):
            await harness.jobs.accept([request_in(busy[number % len(busy)], f"F{number}")])
        await harness.time.run(10)
        assert harness.said() == []

        await harness.jobs.accept([request_in("C9", "F999")])
        await harness.time.run(10)
        assert harness.said() == [[said("words of F999")]]

        for free in harness.thread.busy.values():
            free.set()
        await harness.ended(60)
    assert len(harness.said()) == 201


async def test_jobs_that_wait_for_earlier_files_keep_no_other_channel_waiting(harness: JobHarness) -> None:
    harness.recogniser.takes_s = {f"F{number}": 60.0 for number in range(3)}
    async with harness.working():
        for number in range(3 * JOBS_EACH_CHANNEL):
            channel_id, position = f"C{number % 3}", number // 3
            await harness.jobs.accept([request_in(channel_id, f"F{number}", position=position)])
        await harness.time.run(5)
        await harness.jobs.accept([request_in("C9", "F999")])
        await harness.time.run(5)
        assert harness.said() == [[said("words of F999")]]
        await harness.ended(120)


async def test_what_is_tried_of_one_channel_is_limited_and_goes_on_in_order(harness: JobHarness) -> None:
    count = JOBS_EACH_CHANNEL + 10
    harness.thread.busy = {"C1": asyncio.Event()}
    async with harness.working():
        for number in range(count):
            await harness.jobs.accept([request_in("C1", f"F{number}")])
        await harness.time.run(5)
        assert await harness.jobs.depth() == {"ready": 10, "running": JOBS_EACH_CHANNEL, "parked": 0}
        harness.thread.busy["C1"].set()
        await harness.ended(30)
    assert [message.key.file_id for message in harness.thread.messages] == [f"F{n}" for n in range(count)]


def request_in(channel_id: str, file_id: str, **changes: Any) -> TranscriptionRequest:
    """A request for a clip in a channel; with ``position``, in one message with the channel's others."""
    ts = "1700000000.000100" if "position" in changes else f"17000000{file_id[1:]:0>2}.000100"
    key = JobKey("T1", channel_id, ts, file_id, THREAD)
    return request_for(shared_file(file_id), key=key, thread_ts=ts, **changes)


class Stumbling:
    """A queue whose calls fail for one file as long as a test wants."""

    def __init__(self, harness: JobHarness, *verbs: str, error: Exception | None = None) -> None:
        self.failing = True
        self._error = error or OSError("database or disk is full")
        for verb in verbs:
            setattr(harness.memory, verb, self._wrapped(getattr(harness.memory, verb)))

    def _wrapped(self, verb: object) -> object:
        async def call(job: object, *args: object, **kwargs: object) -> object:
            if self.failing and job.key.file_id == "F1":  # type: ignore[attr-defined]
                raise self._error
            return await verb(job, *args, **kwargs)  # type: ignore[operator]

        return call


@pytest.mark.parametrize(
    "verbs",
    [
        ("write_intent",),
        ("record_reply",),
        ("finish",),
        ("write_intent", "record_reply", "finish", "retry_at", "park"),
        ("wait_for_earlier_files", "retry_at"),
    ],
)
async def test_a_database_that_fails_for_one_job_fails_no_other_and_not_for_ever(
    harness: JobHarness, verbs: tuple[str, ...]
) -> None:
    stumbling = Stumbling(harness, *verbs)
    async with harness.working():
        await harness.jobs.accept([request_for(), request_for(shared_file("F2"))])
        await harness.time.run(1)
        assert harness.memory.outcomes() == [None, "transcribed"]
        stumbling.failing = False
        await harness.ended(120)
    assert len(harness.said()) == 2
    assert all(len(said) == 1 for said in harness.said())
    assert harness.memory.outcomes()[0] in {"transcribed", "transcribed_before"}


LOCKED = Unavailable(Outage.MACHINE, "database is locked")


async def test_what_was_heard_is_kept_in_memory_until_it_can_be_stored(harness: JobHarness) -> None:
    stumbling = Stumbling(harness, "keep", error=LOCKED)
    async with harness.working():
        await harness.jobs.accept([request_for()])
        for _ in range(3):
            stumbling.failing = True
            await harness.time.run(33)
            stumbling.failing = False
            await harness.time.run(1)
        await harness.ended(120)
    assert harness.memory.outcomes() == ["transcribed"]
    assert harness.said()[0][-1] == WORDS
    assert len(harness.recogniser.asked) == 1
    assert harness.counted("threadscribe_billed_seconds_total") == 2.0
    assert (await harness.memory.ledger.used("T1", EPOCH)).seconds == 2.0


@pytest.mark.parametrize(
    "verbs",
    [
        ("parts",),
        ("write_intent",),
        ("record_reply",),
        ("finish",),
        ("keep", "write_intent", "record_reply", "finish", "retry_at", "park", "parts"),
    ],
)
async def test_a_database_that_is_away_again_and_again_ends_no_job_and_bills_nothing_twice(
    harness: JobHarness, verbs: tuple[str, ...]
) -> None:
    stumbling = Stumbling(harness, *verbs, error=LOCKED)
    async with harness.working():
        await harness.jobs.accept([request_for()])
        await harness.time.run(1_000)
        stumbling.failing = False
        await harness.ended(1_200)
    assert harness.memory.outcomes()[0] in {"transcribed", "transcribed_before"}
    assert harness.said()[0][-1] == WORDS
    assert len(harness.said()) == 1
    assert len(harness.recogniser.asked) == 1


@pytest.mark.parametrize(
    ("verb", "says"),
    [
        ("claim", "jobs not claimed"),
        ("wait_for_work", "jobs not claimed"),
        ("sweep", "not swept"),
        ("has_parked", "parked jobs not released"),
        ("release_parked", "parked jobs not released"),
    ],
)
async def test_a_database_that_fails_for_a_while_ends_no_worker(
    harness: JobHarness, logged: Lines, verb: str, says: str
) -> None:
    await harness.jobs.accept([request_for()])
    job = await harness.jobs.claim()
    assert job is not None
    await harness.jobs.park(job)
    works = getattr(harness.memory, verb)

    async def fail(*_arguments: object) -> None:
        raise OSError("database or disk is full")

    setattr(harness.memory, verb, fail)
    async with harness.working():
        await harness.jobs.accept([request_for(shared_file("F2"))])
        await harness.time.run(60 * JOBS_AT_ONCE)
        lines = [line for line in logged if line["event"] == says]
        assert 2 <= len(lines) <= JOBS_AT_ONCE + 1, "once a minute"
        assert {line["log_level"] for line in lines} == {"error"}
        setattr(harness.memory, verb, works)
        await harness.time.run(120)  # no slot was lost on the way
        assert harness.memory.outcomes() == ["transcribed", "transcribed"]


async def test_draining_lets_running_jobs_end(harness: JobHarness) -> None:
    harness.recogniser.takes_s["F1"] = 3.0
    async with harness.working() as worker:
        await harness.jobs.accept([request_for()])
        await harness.time.run(1)
        draining = asyncio.create_task(worker.drain(30.0))
        await harness.time.run(3)
        await draining
        assert harness.memory.outcomes() == ["transcribed"]


async def test_draining_cancels_what_takes_too_long_and_leaves_nothing_on_disk(harness: JobHarness) -> None:
    harness.recogniser.takes_s["F1"] = 3000.0
    async with harness.working() as worker:
        await harness.jobs.accept([request_for()])
        await harness.time.run(1)
        assert len(list(harness.scratch.iterdir())) == 1
        await worker.drain(0.01)
        assert list(harness.scratch.iterdir()) == []
    assert harness.said() == []
    assert (await harness.jobs.depth())[JobState.RUNNING] == 1, "resumed at the next start"


async def test_old_keys_are_swept_every_hour(harness: JobHarness) -> None:
    async with harness.working():
        await harness.jobs.accept([request_for()])
        await harness.ended()
        await harness.time.run(8 * 86_400 - 100)
        assert len(harness.memory.rows) == 1
        await harness.time.run(3_700)
        assert not harness.memory.rows
