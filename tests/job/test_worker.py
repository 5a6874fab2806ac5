from __future__ import annotations

import asyncio

import pytest

from bot.errors import (
    Misconfiguration,
    Misconfigured,
    Outage,
    Refusal,
    Rejected,
    Unavailable,
)
from bot.job.worker import JOBS_AT_ONCE
from bot.model import Claim, FileState, JobState
from bot.reply import Broken, GaveUp, Refused, Waiting
from tests.job.conftest import Lines
from tests.job.fakes import Bench, request_for, shared_file
from tests.transcripts import said

BUSY = Unavailable(Outage.RECOGNISER, "429")
SLACK_AWAY = Unavailable(Outage.SLACK, "503")
BAD_KEY = Misconfigured(Misconfiguration.RECOGNISER_KEY, "invalid")
LOGIN_PAGE = Misconfigured(Misconfiguration.SLACK_LOGIN_PAGE, "text/html")
BUG = ZeroDivisionError("a fault")
WORDS = said("words of F1")


async def test_a_clip_is_answered_once(bench: Bench) -> None:
    async with bench.working():
        assert await bench.jobs.accept([request_for()]) == 1
        await bench.time.settle()
        assert bench.said() == [[WORDS]]
        assert bench.memory.outcomes() == ["transcribed"]
    assert bench.thread.signs == ["show F1"]
    assert bench.thread.finds.calls == []
    assert bench.files.infos.calls == []
    assert list(bench.scratch.iterdir()) == []
    assert bench.counted("threadscribe_jobs_total", outcome="transcribed") == 1
    assert bench.counted("threadscribe_audio_seconds_total") == 2.0
    assert bench.counted("threadscribe_billed_seconds_total") == 2.0
    for stage in ("download", "prepare", "recognise", "reply"):
        assert bench.counted("threadscribe_stage_seconds_count", stage=stage) == 1, stage


@pytest.mark.parametrize("reason", sorted(set(Refusal) - {Refusal.OPTED_OUT}))
@pytest.mark.parametrize("port", ["files", "audio", "recogniser"])
async def test_each_refusal_is_one_reply_and_the_end(bench: Bench, reason: Refusal, port: str) -> None:
    trouble = {
        "files": bench.files.downloads,
        "audio": bench.audio.trouble,
        "recogniser": bench.recogniser.trouble,
    }[port]
    trouble.then("F1", Rejected(reason))
    async with bench.working():
        await bench.jobs.accept([request_for()])
        await bench.time.run(3600)
    assert bench.said() == [[Refused(reason)]]
    assert bench.memory.outcomes() == ["refused"]
    assert trouble.calls == ["F1"]
    assert list(bench.scratch.iterdir()) == []


async def test_silence_is_refused(bench: Bench) -> None:
    bench.recogniser.text["F1"] = " \n "
    async with bench.working():
        await bench.jobs.accept([request_for()])
        await bench.ended()
    assert bench.said() == [[Refused(Refusal.NO_SPEECH)]]


async def test_an_outage_is_mentioned_once_and_the_transcript_takes_its_place(bench: Bench) -> None:
    bench.recogniser.trouble.then("F1", *[BUSY] * 9)
    async with bench.working():
        await bench.jobs.accept([request_for()])
        await bench.time.run(30)
        assert bench.said() == [], "nothing at first"
        await bench.ended()
    assert bench.said() == [[Waiting(Outage.RECOGNISER), WORDS]]
    assert len(bench.recogniser.trouble.calls) == 10
    assert bench.counted("threadscribe_asr_errors_total", reason="recogniser") == 9
    assert bench.files.infos.calls == ["F1"] * 9, "an address may have gone stale"


async def test_an_outage_that_never_ends_is_given_up_at_the_deadline(bench: Bench) -> None:
    bench.recogniser.trouble.always["F1"] = BUSY
    async with bench.working():
        await bench.jobs.accept([request_for()])
        await bench.time.run(21_599)
        assert bench.said() == [[Waiting(Outage.RECOGNISER)]]
        await bench.time.run(2)
    assert bench.said() == [[Waiting(Outage.RECOGNISER), GaveUp(Outage.RECOGNISER)]]
    assert bench.memory.outcomes() == ["failed"]
    # 2 s doubling to 600 s: 9 tries in the first 15 minutes, then about one in 7.5.
    assert 40 <= len(bench.recogniser.trouble.calls) <= 60


async def test_the_last_word_outlasts_a_slack_that_is_away_at_the_deadline(bench: Bench) -> None:
    bench.recogniser.trouble.always["F1"] = BUSY
    async with bench.working():
        await bench.jobs.accept([request_for()])
        await bench.time.run(21_500)
        bench.thread.publishes.always["F1"] = SLACK_AWAY
        bench.thread.finds.always["F1"] = SLACK_AWAY
        await bench.time.run(600)
        bench.thread.publishes.always.clear()
        bench.thread.finds.always.clear()
        await bench.ended(3600)
    assert bench.said() == [[Waiting(Outage.RECOGNISER), GaveUp(Outage.RECOGNISER)]]


async def test_a_slack_that_stays_away_ends_the_job_all_the_same(bench: Bench) -> None:
    bench.thread.publishes.always["F1"] = SLACK_AWAY
    async with bench.working():
        await bench.jobs.accept([request_for()])
        await bench.ended(21_600 + 3600 + 1200)
    assert bench.said() == []
    assert bench.memory.outcomes() == ["undeliverable"]


async def test_a_closed_channel_ends_the_job(bench: Bench) -> None:
    bench.thread.publishes.always["F1"] = Rejected(Refusal.FORBIDDEN, "is_archived")
    async with bench.working():
        await bench.jobs.accept([request_for()])
        await bench.time.run(1)
    assert bench.memory.outcomes() == ["undeliverable"]
    assert len(bench.thread.publishes.calls) == 2


async def test_an_expired_key_overnight_loses_nothing(bench: Bench) -> None:
    bench.recogniser.trouble.always = {"F1": BAD_KEY, "F2": BAD_KEY}
    bench.verification = BAD_KEY
    async with bench.working():
        await bench.jobs.accept([request_for(), request_for(shared_file("F2"), position=1, siblings=2)])
        await bench.time.run(18_000)
        assert bench.said() == [[Waiting(Misconfiguration.RECOGNISER_KEY)]] * 2
        assert (await bench.jobs.depth())[JobState.PARKED] == 2
        assert len(bench.recogniser.trouble.calls) == 2, "not tried while verification fails"
        assert 280 < len(bench.verified_at_s) < 320, "once a minute"
        bench.verification = None
        bench.recogniser.trouble.always.clear()
        await bench.ended(61)
    assert [said[-1] for said in bench.said()] == [WORDS, said("words of F2")]
    assert all(len(said) == 2 for said in bench.said())
    assert bench.counted("threadscribe_asr_errors_total", reason="recogniser_key") == 2


async def test_a_misconfiguration_that_stays_is_given_up_at_the_deadline(bench: Bench) -> None:
    bench.recogniser.trouble.always["F1"] = BAD_KEY
    bench.verification = BAD_KEY
    async with bench.working():
        await bench.jobs.accept([request_for()])
        await bench.time.run(21_599)
        assert bench.said() == [[Waiting(Misconfiguration.RECOGNISER_KEY)]]
        await bench.ended(62)
    assert bench.said() == [
        [Waiting(Misconfiguration.RECOGNISER_KEY), GaveUp(Misconfiguration.RECOGNISER_KEY)]
    ]


async def test_a_login_page_behind_a_good_token_does_not_spin(bench: Bench) -> None:
    bench.files.downloads.always["F1"] = LOGIN_PAGE
    async with bench.working():
        await bench.jobs.accept([request_for()])
        await bench.time.run(3600)
        assert 5 <= len(bench.files.downloads.calls) <= 20
        assert bench.said() == [[Waiting(Misconfiguration.SLACK_LOGIN_PAGE)]]
        bench.files.downloads.always.clear()
        await bench.ended(601)
    assert bench.said() == [[Waiting(Misconfiguration.SLACK_LOGIN_PAGE), WORDS]]


async def test_jobs_parked_by_a_former_process_are_released(bench: Bench) -> None:
    await bench.jobs.accept([request_for()])
    job = await bench.jobs.claim()
    assert job is not None
    await bench.jobs.park(job)
    async with bench.working():
        await bench.ended(2)
    assert bench.said() == [[WORDS]]


async def test_a_verification_that_breaks_does_not_end_the_worker(bench: Bench) -> None:
    bench.recogniser.trouble.then("F1", BAD_KEY)
    bench.verification = BUG
    async with bench.working():
        await bench.jobs.accept([request_for()])
        await bench.time.run(100)
        await bench.jobs.accept([request_for(shared_file("F2"))])
        await bench.time.run(1)
        assert bench.memory.outcomes() == [None, "transcribed"]
        bench.verification = None
        await bench.ended(61)


async def test_a_fault_is_tried_three_times_and_then_confessed(bench: Bench) -> None:
    bench.audio.trouble.always["F1"] = BUG
    async with bench.working():
        await bench.jobs.accept([request_for()])
        await bench.ended(60)
    assert bench.said() == [[Broken("F1")]]
    assert bench.audio.trouble.calls == ["F1"] * 3
    assert bench.memory.outcomes() == ["failed"]


async def test_one_fault_after_a_long_outage_does_not_end_a_job(bench: Bench) -> None:
    bench.recogniser.trouble.then("F1", *[BUSY] * 8, BUG)
    async with bench.working():
        await bench.jobs.accept([request_for()])
        await bench.ended()
    assert bench.said() == [[Waiting(Outage.RECOGNISER), WORDS]]


async def test_a_fault_in_speaking_ends_the_job_too(bench: Bench) -> None:
    bench.thread.publishes.always["F1"] = BUG
    async with bench.working():
        await bench.jobs.accept([request_for()])
        await bench.ended(600)
    assert bench.memory.outcomes() == ["undeliverable"]


async def test_a_stub_of_unknown_kind_is_never_mentioned_in_an_outage(bench: Bench) -> None:
    stub = shared_file(claim=Claim.UNKNOWN, state=FileState.STUB, url=None)
    bench.files.infos.always["F1"] = SLACK_AWAY
    async with bench.working():
        await bench.jobs.accept([request_for(stub)])
        await bench.ended()
    assert bench.said() == []
    assert bench.memory.outcomes() == ["ignored"]


async def test_a_stub_once_mentioned_gets_a_last_word(bench: Bench) -> None:
    stub = shared_file(claim=Claim.UNKNOWN, state=FileState.STUB, url=None)
    bench.recogniser.trouble.always["F1"] = BUSY
    async with bench.working():
        await bench.jobs.accept([request_for(stub)])
        await bench.time.run(300)
        assert bench.said() == [[Waiting(Outage.RECOGNISER)]]
        bench.files.infos.always["F1"] = SLACK_AWAY
        await bench.ended()
    assert bench.said()[0][-1] == GaveUp(Outage.SLACK)


async def test_several_files_are_answered_in_their_order(bench: Bench) -> None:
    bench.recogniser.takes_s = {"F1": 20.0, "F2": 1.0, "F3": 5.0}
    bench.recogniser.trouble.then("F1", BUSY)
    files = [shared_file(f"F{n}") for n in (1, 2, 3)]
    async with bench.working():
        await bench.jobs.accept([request_for(f, position=n, siblings=3) for n, f in enumerate(files)])
        await bench.ended(60)
    assert [message.key.file_id for message in bench.thread.messages] == ["F1", "F2", "F3"]
    assert all(len(said) == 1 for said in bench.said())


async def test_a_notice_holds_a_files_place(bench: Bench) -> None:
    bench.recogniser.trouble.then("F1", *[BUSY] * 12)
    bench.recogniser.takes_s["F2"] = 1.0
    files = [shared_file(f"F{n}") for n in (1, 2)]
    async with bench.working():
        await bench.jobs.accept([request_for(f, position=n, siblings=2) for n, f in enumerate(files)])
        await bench.time.until(lambda: "transcribed" in bench.memory.outcomes(), 70)
        assert [message.key.file_id for message in bench.thread.messages] == ["F1", "F2"]
        await bench.ended()
    assert bench.said()[0][-1] == WORDS


async def test_a_silent_file_lets_the_next_one_speak(bench: Bench) -> None:
    video = shared_file("F1", Claim.EITHER)
    bench.audio.has_video.add("F1")
    async with bench.working():
        await bench.jobs.accept(
            [
                request_for(video, position=0, siblings=2),
                request_for(shared_file("F2"), position=1, siblings=2),
            ]
        )
        await bench.ended(1)
    assert [message.key.file_id for message in bench.thread.messages] == ["F2"]
    assert bench.memory.outcomes() == ["ignored", "transcribed"]
    assert "clear F1" in bench.thread.signs


async def test_a_reply_that_a_former_process_posted_is_found(bench: Bench) -> None:
    await bench.jobs.accept([request_for()])
    job = await bench.jobs.claim()
    assert job is not None
    job = await bench.jobs.write_intent(job)
    await bench.thread.publish(job, WORDS, await bench.thread.find(job))
    await bench.jobs.retry_at(job, bench.time.now())
    async with bench.working():
        await bench.time.settle()
    assert bench.said() == [[WORDS]]
    assert bench.memory.outcomes() == ["transcribed_before"]
    assert bench.files.downloads.calls == []


async def test_a_reply_is_titled_as_slack_names_the_file_by_now(bench: Bench) -> None:
    stub = shared_file(claim=Claim.UNKNOWN, state=FileState.STUB, url=None, name="")
    bench.files.files["F1"] = shared_file(name="interview.m4a")
    async with bench.working():
        await bench.jobs.accept([request_for(stub)])
        await bench.ended()
    assert [message.file_name for message in bench.thread.messages] == ["interview.m4a"]


async def test_a_last_word_that_is_found_at_the_deadline_stays(bench: Bench) -> None:
    bench.thread.arrivals.always["F1"] = SLACK_AWAY
    bench.thread.finds.always["F1"] = SLACK_AWAY
    async with bench.working():
        await bench.jobs.accept([request_for()])
        await bench.time.run(21_590)
        bench.thread.finds.always.clear()
        bench.thread.finds.then("F1", SLACK_AWAY)
        await bench.ended(100)
    assert bench.said() == [[WORDS]]
    assert bench.memory.outcomes() == ["transcribed"]
    assert bench.thread.explained == []


async def test_only_so_many_jobs_run_at_once(bench: Bench) -> None:
    files = [shared_file(f"F{n}") for n in range(JOBS_AT_ONCE + 30)]
    bench.recogniser.takes_s = {file.id: 10.0 for file in files}
    async with bench.working():
        for file in files:
            await bench.jobs.accept([request_for(file)])
        await bench.time.run(5)
        assert await bench.jobs.depth() == {"ready": 30, "running": JOBS_AT_ONCE, "parked": 0}
        await bench.ended(30)
    assert bench.recogniser.most_at_work == JOBS_AT_ONCE


class Stumbling:
    """A queue whose writes fail for one file as long as a test wants."""

    def __init__(self, bench: Bench, *verbs: str) -> None:
        self.failing = True
        for verb in verbs:
            setattr(bench.memory, verb, self._wrapped(getattr(bench.memory, verb)))

    def _wrapped(self, verb: object) -> object:
        async def call(job: object, *args: object, **kwargs: object) -> object:
            if self.failing and job.key.file_id == "F1":  # type: ignore[attr-defined]
                raise OSError("database or disk is full")
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
    bench: Bench, verbs: tuple[str, ...]
) -> None:
    stumbling = Stumbling(bench, *verbs)
    async with bench.working():
        await bench.jobs.accept([request_for(), request_for(shared_file("F2"))])
        await bench.time.run(1)
        assert bench.memory.outcomes() == [None, "transcribed"]
        stumbling.failing = False
        await bench.ended(120)
    assert len(bench.said()) == 2
    assert all(len(said) == 1 for said in bench.said())
    assert bench.memory.outcomes()[0] in {"transcribed", "transcribed_before"}


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
    bench: Bench, logged: Lines, verb: str, says: str
) -> None:
    await bench.jobs.accept([request_for()])
    job = await bench.jobs.claim()
    assert job is not None
    await bench.jobs.park(job)
    works = getattr(bench.memory, verb)

    async def fail(*_arguments: object) -> None:
        raise OSError("database or disk is full")

    setattr(bench.memory, verb, fail)
    async with bench.working():
        await bench.jobs.accept([request_for(shared_file("F2"))])
        await bench.time.run(60 * JOBS_AT_ONCE)
        lines = [line for line in logged if line["event"] == says]
        assert 2 <= len(lines) <= JOBS_AT_ONCE + 1, "once a minute"
        assert {line["log_level"] for line in lines} == {"error"}
        setattr(bench.memory, verb, works)
        await bench.time.run(120)  # no slot was lost on the way
        assert bench.memory.outcomes() == ["transcribed", "transcribed"]


async def test_draining_lets_running_jobs_end(bench: Bench) -> None:
    bench.recogniser.takes_s["F1"] = 3.0
    async with bench.working() as worker:
        await bench.jobs.accept([request_for()])
        await bench.time.run(1)
        draining = asyncio.create_task(worker.drain(30.0))
        await bench.time.run(3)
        await draining
        assert bench.memory.outcomes() == ["transcribed"]


async def test_draining_cancels_what_takes_too_long_and_leaves_nothing_on_disk(bench: Bench) -> None:
    bench.recogniser.takes_s["F1"] = 3000.0
    async with bench.working() as worker:
        await bench.jobs.accept([request_for()])
        await bench.time.run(1)
        assert len(list(bench.scratch.iterdir())) == 1
        await worker.drain(0.01)
        assert list(bench.scratch.iterdir()) == []
    assert bench.said() == []
    assert (await bench.jobs.depth())[JobState.RUNNING] == 1, "resumed at the next start"


async def test_old_keys_are_swept_every_hour(bench: Bench) -> None:
    async with bench.working():
        await bench.jobs.accept([request_for()])
        await bench.ended()
        await bench.time.run(8 * 86_400 - 100)
        assert len(bench.memory.rows) == 1
        await bench.time.run(3_700)
        assert not bench.memory.rows
