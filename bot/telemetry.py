"""Logs and metrics: how lines look, and every metric, declared here once.

No transcript, token, key or URL of a file may be passed to a logger. ``redact`` is the net below that rule.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from structlog.dev import ConsoleRenderer, plain_traceback
from structlog.processors import ExceptionRenderer
from structlog.tracebacks import ExceptionDictTransformer
from structlog.typing import Processor

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


class Metrics:
    """Every metric, in a registry of its own so that two bots in one process do not mix."""

    def __init__(self) -> None:
        """Declare them."""
        self.registry = CollectorRegistry()
        self.events = Counter(
            "threadscribe_events",
            "Slack events received, by what became of them (accepted, duplicate, or why ignored)",
            ["outcome"],
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
            "Jobs not yet ended, by state (ready, running, parked, unreadable)",
            ["state"],
            registry=self.registry,
        )
        self.asr_limit = Gauge(
            "threadscribe_asr_limit",
            "Requests to the recogniser that may be under way at once; fewer than set while it throttles",
            registry=self.registry,
        )
