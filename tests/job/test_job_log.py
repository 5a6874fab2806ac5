from __future__ import annotations

import json

import pytest

from bot.errors import (
    Misconfiguration,
    Misconfigured,
    Outage,
    Refusal,
    Rejected,
    Unavailable,
)
from bot.job.job_log import Observed, canonical_line, count, count_failure
from bot.model import Claim, Job, Outcome
from bot.recording import Recognition
from bot.telemetry import Metrics
from tests.job.conftest import Lines
from tests.job.fakes import request_for, shared_file
from tests.job.harness import JobHarness
from tests.job.virtual import EPOCH

SECRET_NAME = "my-diagnosis.m4a"


def a_job() -> Job:
    return Job(request_for(shared_file(name=SECRET_NAME)), EPOCH, 2, None, None, None)


def test_the_line_holds_every_measure_and_no_content() -> None:
    observed = Observed(
        Claim.AUDIO, source_bytes=10, segments=1, sent_bytes=20, sent_mime="audio/wav", audio_s=2.341
    )
    observed.stages_s |= {"download": 0.12345, "recognise": 1.0}
    observed.record_recognised(Recognition("the words themselves", "en", 3.0, complete=True, request_id="R1"))
    line = canonical_line(a_job(), observed, "transcribed", 2.00049, None)
    assert line == {
        "outcome": "transcribed",
        "reason": None,
        "fault": None,
        "key": "T1:C1:1700000000.000100:F1:thread",
        "file_id": "F1",
        "attempt": 2,
        "total_s": 2.0,
        "download_s": 0.123,
        "recognise_s": 1.0,
        "audio_s": 2.34,
        "source_bytes": 10,
        "segments": 1,
        "sent_bytes": 20,
        "sent_mime": "audio/wav",
        "language": "en",
        "billed_s": 3.0,
        "request_id": "R1",
    }


def test_what_was_not_reached_is_null() -> None:
    line = canonical_line(a_job(), Observed(Claim.AUDIO), "refused", 0.1, Rejected(Refusal.GONE, "tombstone"))
    assert line["reason"] == "gone: tombstone"
    assert line["audio_s"] is line["source_bytes"] is line["language"] is None
    assert "download_s" not in line


def test_a_faults_text_stays_out_of_the_line() -> None:
    line = canonical_line(a_job(), Observed(Claim.AUDIO), "retry", 0.1, ValueError("the words themselves"))
    assert line["fault"] == "ValueError"
    assert line["reason"] is None
    assert "words" not in json.dumps(line)


def test_a_stage_that_fails_or_runs_twice_is_timed_all_the_same() -> None:
    observed = Observed(Claim.AUDIO)
    with pytest.raises(KeyError), observed.stage("reply"):
        raise KeyError
    first_s = observed.stages_s["reply"]
    with observed.stage("reply"):
        pass
    assert observed.stages_s["reply"] > first_s > 0


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (Unavailable(Outage.RECOGNISER), "recogniser"),
        (Misconfigured(Misconfiguration.RECOGNISER_KEY), "recogniser_key"),
        (Misconfigured(Misconfiguration.RECOGNISER_ACCOUNT), "recogniser_account"),
        (Misconfigured(Misconfiguration.RECOGNISER_MODEL), "recogniser_model"),
        (Rejected(Refusal.CONTENT_BLOCKED), "content_blocked"),
        (Rejected(Refusal.UNSUPPORTED_BY_RECOGNISER), "unsupported_by_recogniser"),
        (Unavailable(Outage.SLACK), None),
        (Misconfigured(Misconfiguration.SLACK_TOKEN), None),
        (Rejected(Refusal.TOO_LONG), None),
        (ValueError("x"), None),
        (UnicodeDecodeError("utf-8", b"", 0, 1, "bad"), None),
    ],
)
def test_the_recognisers_failures_are_counted_by_reason(error: Exception, reason: str | None) -> None:
    metrics = Metrics()
    count_failure(metrics, error)
    counted = {
        sample.labels["reason"]: sample.value
        for family in metrics.registry.collect()
        if family.name == "threadscribe_asr_errors"
        for sample in family.samples
        if sample.name.endswith("_total") and sample.value
    }
    assert counted == ({} if reason is None else {reason: 1.0})


@pytest.mark.parametrize(
    ("outcome", "seconds"), [(Outcome.TRANSCRIBED, 2.5), (Outcome.REFUSED, 0.0), (Outcome.FAILED, 0.0)]
)
def test_only_transcribed_audio_counts_as_audio(outcome: Outcome, seconds: float) -> None:
    metrics = Metrics()
    observed = Observed(Claim.AUDIO, audio_s=2.5)
    observed.stages_s["download"] = 0.3
    count(metrics, observed, outcome)
    get = metrics.registry.get_sample_value
    assert get("threadscribe_audio_seconds_total") == seconds
    assert get("threadscribe_jobs_total", {"outcome": outcome}) == 1
    assert get("threadscribe_stage_seconds_sum", {"stage": "download"}) == 0.3


async def test_a_job_leaves_one_line_a_try_and_no_secret(harness: JobHarness, logged: Lines) -> None:
    harness.recogniser.trouble.then("F1", Unavailable(Outage.RECOGNISER, "429"))
    async with harness.working():
        await harness.jobs.accept([request_for(shared_file(name=SECRET_NAME))])
        await harness.ended(10)
    lines = [line for line in logged if line["event"] == "job"]
    assert [(line["outcome"], line["attempt"]) for line in lines] == [("retry", 0), ("transcribed", 1)]
    assert {"download_s", "prepare_s", "recognise_s", "reply_s", "total_s"} <= lines[1].keys()
    assert lines[1]["total_s"] == 1.5
    shown = json.dumps(logged, default=str)
    for secret in (SECRET_NAME, "words of F1", "files.slack.com"):
        assert secret not in shown
