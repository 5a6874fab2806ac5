"""Logging and metrics: sets up and redacts log lines, and declares every metric once.

No transcript, token, key or URL of a file may be passed to a logger. ``redact`` is the net below that rule.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from importlib.metadata import version
from typing import Any

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, ProcessCollector
from structlog.dev import ConsoleRenderer, plain_traceback
from structlog.processors import ExceptionRenderer
from structlog.tracebacks import ExceptionDictTransformer
from structlog.typing import Processor

from bot.errors import Misconfiguration, Outage, Refusal
from bot.model import Outcome

# No class below takes a quote, a backslash or a space: a rendered line stays the JSON that it was.
_SECRET = re.compile(
    r"xox[a-z](?:\.xox[a-z])?-[\w-]+|xapp-[\w-]+|sk-[\w-]{8,}"
    r"|Bearer\s+[\w.~+/=-]+"
    r"|ticket=[\w.~%+/=-]+"
    r"|data:[\w.+/-]*(?:;[\w=.-]+)*;base64,[\w+/=-]*"
)


def redact(line: str) -> str:
    """Blank whatever looks like a token, a key or audio."""
    return _SECRET.sub("[redacted]", line)


def _redacted(render: Processor) -> Processor:
    """A renderer whose finished line is redacted: what is nested, and tracebacks, included."""

    def line(logger: Any, method: str, event: MutableMapping[str, Any]) -> str:
        return redact(str(render(logger, method, event)))

    return line


def configure_logging(level: str, *, pretty: bool) -> None:
    """Send structlog and the libraries' own records to stderr, one line each."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    # Values of local variables would carry transcripts and keys, so no traceback shows them.
    last: list[Processor] = (
        [_redacted(ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=plain_traceback))]
        if pretty
        else [
            ExceptionRenderer(ExceptionDictTransformer(show_locals=False)),
            _redacted(structlog.processors.JSONRenderer()),
        ]
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    logging.captureWarnings(capture=True)
    # The Slack SDKs log whole payloads, texts included, at DEBUG and at INFO.
    for talkative in ("slack_bolt", "slack_sdk", "aiohttp.access", "aiosqlite", "asyncio"):
        logging.getLogger(talkative).setLevel(max(logging.WARNING, logging.getLevelName(level)))


JOB_OUTCOMES = tuple(
    outcome for outcome in Outcome if outcome not in {Outcome.UNREADABLE, Outcome.UNANSWERED}
)
"""The outcomes of jobs that were tried."""
EVENT_OUTCOMES = (
    *("accepted", "duplicate", "failed", "other_team", "not_a_message", "malformed", "subtype", "from_a_bot"),
    *("no_files", "no_audio", "automatic_off", "shared_externally", "opted_out"),
)
"""The outcomes of events."""
ASR_REASONS = frozenset(
    {
        Outage.RECOGNISER,
        Outage.RECOGNISER_BUSY,
        Misconfiguration.RECOGNISER_KEY,
        Misconfiguration.RECOGNISER_ACCOUNT,
        Misconfiguration.RECOGNISER_MODEL,
        Refusal.CONTENT_BLOCKED,
        Refusal.UNSUPPORTED_BY_RECOGNISER,
    }
)
"""Reasons that only a recogniser gives."""


class Metrics:
    """Every metric, in a registry of its own so that two bots in one process do not mix."""

    def __init__(self) -> None:
        """Declare them."""
        self.registry = CollectorRegistry()
        self.events = Counter(
            "threadscribe_events",
            "Slack events received, by what became of them (accepted, duplicate, failed, or why ignored)",
            ["outcome"],
            registry=self.registry,
        )
        self.acceptance_s = Histogram(
            "threadscribe_acceptance_seconds",
            "From the arrival of a message or mention to its acknowledgement, for which Slack waits 3 s",
            buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5),
            registry=self.registry,
        )
        self.jobs = Counter(
            "threadscribe_jobs",
            "Jobs that ended, by outcome (transcribed, gapped, refused, failed, each also …_before where a "
            "former process had replied; kept, where an older transcript stands; ignored; withdrawn; "
            "undeliverable)",
            ["outcome"],
            registry=self.registry,
        )
        self.stage_s = Histogram(
            "threadscribe_stage_seconds",
            "How long each stage of a job took",
            ["stage"],
            buckets=(0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300),
            registry=self.registry,
        )
        self.audio_s = Counter(
            "threadscribe_audio_seconds",
            "Seconds of audio that were transcribed",
            registry=self.registry,
        )
        self.billed_s = Counter(
            "threadscribe_billed_seconds",
            "Seconds of audio that the recogniser billed, also of tries that failed",
            registry=self.registry,
        )
        self.asr_errors = Counter(
            "threadscribe_asr_errors",
            "Refusals and failures of the recogniser, by reason",
            ["reason"],
            registry=self.registry,
        )
        self.queue_depth = Gauge(
            "threadscribe_queue_depth",
            "Jobs not yet ended, by state (ready, running, parked)",
            ["state"],
            registry=self.registry,
        )
        self.oldest_job_s = Gauge(
            "threadscribe_oldest_job_seconds",
            "How long ago the oldest job not yet ended was accepted; 0 where all have ended",
            registry=self.registry,
        )
        self.asr_limit = Gauge(
            "threadscribe_asr_limit",
            "Requests to the recogniser that may be under way at once; fewer than set while it throttles",
            registry=self.registry,
        )
        self.catch_up = Counter(
            "threadscribe_catch_up",
            "Looking back over what was missed: calls to Slack, channels looked through, recordings found, "
            "recordings removed as they are gone",
            ["what"],
            registry=self.registry,
        )
        self.channels_to_catch_up = Gauge(
            "threadscribe_channels_to_catch_up",
            "Channels whose history has yet to be looked through for what was missed",
            registry=self.registry,
        )
        self.ready = Gauge(
            "threadscribe_ready",
            "Whether each part does its work, 1 or 0 (slack, database, recogniser): what /readyz says",
            ["part"],
            registry=self.registry,
        )
        Info("threadscribe_build", "Which version runs", registry=self.registry).info(
            {"version": version("threadscribe")}
        )
        # Prometheus sees no increase in a series that begins at more than 0.
        for counter, values in (
            (self.events, EVENT_OUTCOMES),
            (self.jobs, JOB_OUTCOMES),
            (self.asr_errors, sorted(ASR_REASONS)),
            (self.catch_up, ("calls", "channels", "recordings", "removed")),
        ):
            for value in values:
                counter.labels(str(value))
        # Memory, CPU, open files and the time of the start, under Prometheus' own names.
        ProcessCollector(registry=self.registry)
