"""Logging is set up for a whole process, so each case is a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.reply import ReplyState
from bot.slack.requests.share_plan import Ignored
from bot.telemetry import ASR_REASONS, Metrics, redact

ROOT = Path(__file__).parents[1]
SECRETS = {
    "bot token": "xoxb-123-abcDEF",
    "ticket of a socket": "ticket=HV-tCfmr_09%2F",
    "user token": "xoxp-123-abcDEF",
    "rotated token": "xoxe.xoxb-1-abcDEF",
    "app token": "xapp-1-A1-abcDEF",
    "recogniser key": "sk-0123456789abcdef",
    "header": "Bearer abc.DEF-0123~/+==",
    "audio": "data:audio/wav;base64,UklGRiQAAABXQVZF",
    "audio with a codec": "data:audio/ogg;codecs=opus;base64,T2dnUwAC+/==",
}

SAYS = """
import logging, sys, warnings
import structlog
from bot.telemetry import configure_logging

configure_logging({level!r}, pretty={pretty!r})
log = structlog.get_logger("bot.here")
secrets = {secrets!r}

def fail(words):
    # A local variable of the frame, and the exception's text.
    spoken = "the-words-somebody-spoke"
    try:
        raise KeyError(words)
    except KeyError as error:
        raise RuntimeError(words) from error

{body}
"""


def say(body: str, *, level: str = "INFO", pretty: bool = False) -> str:
    """Run some logging and return what came out on stderr; nothing may come on stdout."""
    script = SAYS.format(level=level, pretty=pretty, secrets=list(SECRETS.values()), body=body)
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False, timeout=30
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    return done.stderr


def lines(output: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.splitlines()]


ALL_WAYS = """
for secret in secrets:
    nested = {"list": [{"deep": secret}], secret: 1}
    log.info(f"message {secret} end", text=secret, nested=nested, pair=(secret,))
    log.info("bytes", raw=secret.encode())
    logging.getLogger("a.library").warning("it said %s twice %r", secret, {"x": secret})
    for logger in (log, logging.getLogger("a.library")):
        try:
            fail(secret)
        except RuntimeError:
            logger.exception("failed")
    log.error("handed over", exc_info=RuntimeError(secret))
    warnings.warn(f"careful with {secret}", stacklevel=1)
"""


@pytest.mark.parametrize("pretty", [False, True])
def test_no_secret_comes_through_whatever_carries_it(*, pretty: bool) -> None:
    output = say(ALL_WAYS, pretty=pretty)
    for name, secret in SECRETS.items():
        for part in (secret, secret.split("-")[-1], secret.rpartition(",")[2]):
            assert part not in output, name
    assert output.count("[redacted]") > 8 * len(SECRETS)
    assert output.count("RuntimeError") >= 3 * len(SECRETS)
    assert "the-words-somebody-spoke" not in output, "tracebacks must not show local variables"


def test_each_record_is_one_line_of_json() -> None:
    output = say(ALL_WAYS)
    records = lines(output)
    assert len(records) == 7 * len(SECRETS)
    for record in records:
        assert {"event", "level", "logger", "timestamp"} <= record.keys()
    first = records[0]
    assert first["event"] == "message [redacted] end"
    assert (first["level"], first["logger"]) == ("info", "bot.here")
    assert first["timestamp"].endswith("Z")
    library = records[2]
    assert library["logger"] == "a.library"
    assert library["event"] == "it said [redacted] twice {'x': '[redacted]'}"
    for failed in records[3:5]:
        outer, inner = failed["exception"]
        assert (outer["exc_type"], inner["exc_type"]) == ("RuntimeError", "KeyError")
        assert outer["frames"][-1]["name"] == "fail"
        assert outer["exc_value"] == "[redacted]"
    assert records[6]["logger"] == "py.warnings"


def test_context_reaches_every_line() -> None:
    output = say(
        "structlog.contextvars.bind_contextvars(job='J1')\nlog.info('ours')\nlogging.getLogger('x').error('theirs')"
    )
    assert [line["job"] for line in lines(output)] == ["J1", "J1"]


@pytest.mark.parametrize(
    ("level", "heard"),
    [("DEBUG", ["d", "i", "w", "e"]), ("INFO", ["i", "w", "e"]), ("WARNING", ["w", "e"]), ("ERROR", ["e"])],
)
def test_only_what_is_severe_enough_is_logged(level: str, heard: list[str]) -> None:
    output = say("log.debug('d'); log.info('i'); log.warning('w'); log.error('e')", level=level)
    assert [line["event"] for line in lines(output)] == heard


def test_debugging_shows_no_payloads() -> None:
    body = """
import asyncio, pathlib, tempfile
from bot.model import Outcome
from bot.store.store import open_store
from tests.job.fakes import request_for, shared_file
for name in ("slack_bolt.AsyncApp", "slack_sdk.web.async_client", "aiohttp.access", "aiosqlite"):
    logging.getLogger(name).debug("the-words-somebody-spoke")

async def main():
    with tempfile.TemporaryDirectory() as folder:
        async with open_store(pathlib.Path(folder)) as store:
            await store.requests.accept([request_for(shared_file(name="the-words-somebody-spoke"))])
            await store.queue.finish(await store.queue.claim(), Outcome.TRANSCRIBED)

asyncio.run(main())
log.debug("end")
"""
    output = say(body, level="DEBUG")
    assert "the-words-somebody-spoke" not in output
    assert lines(output)[-1]["event"] == "end"


@given(st.text(), st.sampled_from(sorted(SECRETS.values())), st.text())
def test_a_rendered_line_stays_json(before: str, secret: str, after: str) -> None:
    line = json.loads(
        redact(json.dumps({"text": f"{before} {secret} {after}", "next": 1}, ensure_ascii=False))
    )
    assert line["next"] == 1
    assert secret not in line["text"]


@pytest.mark.parametrize(
    "harmless",
    ["task-force", "risk-averse colleagues", "data: none", "xoxb", "Bearer", "the sk-8 model", "C0123"],
)
def test_ordinary_words_are_left_alone(harmless: str) -> None:
    assert redact(harmless) == harmless


def test_two_bots_in_one_process_do_not_mix() -> None:
    one, other = Metrics(), Metrics()
    one.events.labels("accepted").inc()
    assert other.registry.get_sample_value("threadscribe_events_total", {"outcome": "accepted"}) == 0


def test_counters_stand_at_zero_before_they_are_used() -> None:
    standing: dict[str, set[str]] = {}
    for family in Metrics().registry.collect():
        if family.type == "counter" and family.name.startswith("threadscribe_"):
            totals = [sample for sample in family.samples if sample.name.endswith("_total")]
            assert {sample.value for sample in totals} == {0.0}, family.name
            standing[family.name] = {value for sample in totals for value in sample.labels.values()}
    last_words = {str(state) for state in ReplyState if state.is_final}
    assert standing == {
        "threadscribe_events": {"accepted", "duplicate", "failed", "other_team", *Ignored},
        "threadscribe_jobs": {
            *last_words,
            *(f"{word}_before" for word in last_words),
            *("kept", "ignored", "withdrawn", "undeliverable"),
        },
        "threadscribe_asr_errors": set(map(str, ASR_REASONS)),
        "threadscribe_catch_up": {"calls", "channels", "recordings", "removed"},
        "threadscribe_audio_seconds": set(),
        "threadscribe_billed_seconds": set(),
    }


def test_every_metric_is_described() -> None:
    families = {family.name: family.documentation for family in Metrics().registry.collect()}
    ours = {name for name in families if not name.startswith("process_")}
    assert ours == {
        "threadscribe_events",
        "threadscribe_acceptance_seconds",
        "threadscribe_jobs",
        "threadscribe_stage_seconds",
        "threadscribe_audio_seconds",
        "threadscribe_billed_seconds",
        "threadscribe_asr_errors",
        "threadscribe_queue_depth",
        "threadscribe_oldest_job_seconds",
        "threadscribe_asr_limit",
        "threadscribe_catch_up",
        "threadscribe_channels_to_catch_up",
        "threadscribe_ready",
        "threadscribe_build",
    }
    assert all(families.values())
