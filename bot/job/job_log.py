"""The canonical log line and the metrics of a job, from what is observed on its way.

The line names ids, seconds and bytes; never a transcript, a file name or an address.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import perf_counter

from bot.errors import TranscriptionError
from bot.model import Claim, Job, Outcome
from bot.recording import PreparedAudio, Recognition
from bot.telemetry import ASR_REASONS, Metrics


@dataclass(slots=True)
class Observed:
    """The observations of a try, filled while it runs; whatever is still ``None`` was not reached."""

    claim: Claim
    """The kind of file that it claims to be, by Slack's latest answer."""
    stages_s: dict[str, float] = field(default_factory=dict)
    """Seconds by stage: download; prepare, while which recognition has begun; recognise, the rest; reply."""
    source_bytes: int | None = None
    segments: int = 0
    """The number of segments sent, this time."""
    sent_bytes: int = 0
    sent_mime: str | None = None
    audio_s: float | None = None
    billed_s: float = 0.0
    languages: list[str] = field(default_factory=list)
    """Each once, in the order of arrival."""
    request_id: str | None = None
    """Of the last answer."""

    def record_sent(self, audio: PreparedAudio) -> None:
        """Note what goes to the recogniser."""
        self.segments += 1
        self.sent_bytes += audio.size_bytes
        self.sent_mime = audio.mime

    def record_recognised(self, heard: Recognition) -> None:
        """Note what it answered, but for the words."""
        self.billed_s += heard.billed_s
        self.request_id = heard.request_id
        if heard.language is not None and heard.language not in self.languages:
            self.languages.append(heard.language)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time what runs inside, also when it raises."""
        started = perf_counter()
        try:
            yield
        finally:
            self.stages_s[name] = self.stages_s.get(name, 0.0) + perf_counter() - started


def count(metrics: Metrics, observed: Observed, outcome: Outcome) -> None:
    """Count a job that ended."""
    metrics.jobs.labels(outcome).inc()
    for stage, seconds in observed.stages_s.items():
        metrics.stage_s.labels(stage).observe(seconds)
    if outcome in {Outcome.TRANSCRIBED, Outcome.GAPPED}:
        metrics.audio_s.inc(observed.audio_s or 0.0)


def count_failure(metrics: Metrics, error: Exception) -> None:
    """Count a failed try that the recogniser is to blame for."""
    reason = getattr(error, "reason", None)
    if reason in ASR_REASONS:
        metrics.asr_errors.labels(str(reason)).inc()


def canonical_line(
    job: Job, observed: Observed, outcome: str, total_s: float, error: Exception | None
) -> dict[str, object]:
    """The fields of the one line that a job's try leaves."""
    expected = isinstance(error, TranscriptionError)
    return {
        "outcome": outcome,
        "reason": str(error) if expected else None,
        "fault": type(error).__name__ if error is not None and not expected else None,
        "key": str(job.key),
        "file_id": job.key.file_id,
        "attempt": job.attempt,
        "total_s": round(total_s, 3),
        **{f"{stage}_s": round(seconds, 3) for stage, seconds in observed.stages_s.items()},
        "audio_s": None if observed.audio_s is None else round(observed.audio_s, 2),
        "source_bytes": observed.source_bytes,
        "segments": observed.segments,
        "sent_bytes": observed.sent_bytes,
        "sent_mime": observed.sent_mime,
        "language": ",".join(observed.languages) or None,
        "billed_s": observed.billed_s,
        "request_id": observed.request_id,
    }
