from __future__ import annotations

import asyncio
import io
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlencode

import aiohttp
import pytest
import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.http.server import Endpoint, Probes, build_web, serving
from bot.model import JobState
from bot.telemetry import Metrics
from tests.http.slack_requests import EVENT, SIGNING_SECRET, bolt_app, signed


class Parts:
    """What readiness asks; a test breaks it."""

    def __init__(self) -> None:
        self.words = {"slack": "ok", "database": "ok", "recogniser": "ok"}
        self.depths = {JobState.READY: 3, JobState.RUNNING: 0, JobState.PARKED: 1}
        self.age_s = 12.5

    async def checks(self) -> dict[str, str]:
        return self.words

    async def depth(self) -> dict[JobState, int]:
        if self.words["database"] != "ok":
            raise OSError("the disk is full")
        return self.depths

    async def oldest_s(self) -> float:
        return self.age_s


@asynccontextmanager
async def served(
    parts: Parts, metrics: Metrics | None = None, bolt: AsyncApp | None = None
) -> AsyncIterator[aiohttp.ClientSession]:
    endpoint = Endpoint(SIGNING_SECRET, bolt) if bolt else None
    web = build_web(metrics or Metrics(), Probes(parts.checks, lambda: 8, parts), endpoint)
    async with (
        serving(web, "127.0.0.1", 0) as port,
        aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session,
    ):
        yield session


async def test_alive_is_alive_whatever_else_is_not() -> None:
    parts = Parts()
    parts.words["database"] = "OperationalError"
    async with served(parts) as session, session.get("/healthz") as answer:
        assert (answer.status, await answer.json()) == (200, {"status": "ok"})


async def test_ready_when_every_part_is() -> None:
    async with served(Parts()) as session, session.get("/readyz") as answer:
        assert answer.status == 200
        assert await answer.json() == {"status": "ok", "checks": Parts().words}


@pytest.mark.parametrize("part", ["slack", "database", "recogniser"])
async def test_unready_names_the_part_that_is_not(part: str) -> None:
    parts = Parts()
    async with served(parts) as session:
        parts.words[part] = "away"
        async with session.get("/readyz") as answer:
            assert answer.status == 503
            assert await answer.json() == {"status": "not ready", "checks": Parts().words | {part: "away"}}
        parts.words[part] = "ok"
        async with session.get("/readyz") as answer:
            assert answer.status == 200, "asked anew each time"


async def test_metrics_are_in_prometheus_form_and_the_queues_depth_is_fresh() -> None:
    parts, metrics = Parts(), Metrics()
    metrics.jobs.labels("transcribed").inc(2)
    async with served(parts, metrics) as session:
        async with session.get("/metrics") as answer:
            assert answer.status == 200
            assert answer.headers["Content-Type"].startswith("text/plain; version=")
            text = await answer.text()
        assert 'threadscribe_jobs_total{outcome="transcribed"} 2.0' in text
        assert 'threadscribe_queue_depth{state="ready"} 3.0' in text
        assert 'threadscribe_queue_depth{state="parked"} 1.0' in text
        assert "threadscribe_oldest_job_seconds 12.5" in text
        assert "threadscribe_asr_limit 8.0" in text
        assert 'threadscribe_ready{part="recogniser"} 1.0' in text
        parts.depths[JobState.READY] = 0
        async with session.get("/metrics") as answer:
            assert 'threadscribe_queue_depth{state="ready"} 0.0' in await answer.text()


async def test_metrics_say_which_part_is_not_ready_also_of_the_database() -> None:
    parts = Parts()
    async with served(parts) as session, session.get("/metrics"):
        parts.words |= {"slack": "not reached yet", "database": "OperationalError"}
        async with session.get("/metrics") as answer:
            assert answer.status == 200
            text = await answer.text()
    for part, value in (("slack", 0), ("database", 0), ("recogniser", 1)):
        assert f'threadscribe_ready{{part="{part}"}} {value:.1f}' in text
    assert 'threadscribe_queue_depth{state="ready"} 3.0' in text, "the last that was known"


async def test_metrics_do_not_wait_for_a_database_that_begins_to_hang() -> None:
    parts, goes_on = Parts(), asyncio.Event()

    async def hang() -> float:
        await goes_on.wait()
        return 99.0

    parts.oldest_s = hang  # type: ignore[method-assign]
    async with served(parts) as session:
        async with asyncio.timeout(2), session.get("/metrics") as answer:
            assert answer.status == 200
            assert 'threadscribe_ready{part="database"} 1.0' in await answer.text()
        goes_on.set()


async def test_metrics_are_shown_where_jobs_cannot_be_counted() -> None:
    parts = Parts()

    async def fail() -> dict[JobState, int]:
        raise OSError("the disk is full")

    with structlog.testing.capture_logs() as lines:
        parts.depth = fail  # type: ignore[method-assign]
        async with served(parts) as session, session.get("/metrics") as answer:
            assert answer.status == 200
    assert lines == [{"event": "jobs not counted", "error": "OSError", "log_level": "warning"}]


async def test_without_http_mode_there_is_no_door_for_events() -> None:
    async with served(Parts()) as session, session.post("/slack/events", data=b"{}") as answer:
        assert answer.status == 404


@pytest.fixture
def heard() -> list[str]:
    return []


@pytest.fixture
def bolt(heard: list[str]) -> AsyncApp:
    return bolt_app(heard)


async def test_a_signed_event_is_heard(bolt: AsyncApp, heard: list[str]) -> None:
    async with (
        served(Parts(), bolt=bolt) as session,
        session.post("/slack/events", data=EVENT, headers=signed(EVENT)) as answer,
    ):
        assert answer.status == 200
    assert heard == ["Ev1"]


@pytest.mark.parametrize("headers", [{}, signed(EVENT, "another secret"), signed(EVENT + b" ")])
async def test_an_event_that_slack_did_not_sign_is_not(
    bolt: AsyncApp, heard: list[str], headers: dict[str, str]
) -> None:
    async with (
        served(Parts(), bolt=bolt) as session,
        session.post("/slack/events", data=EVENT, headers=headers) as answer,
    ):
        assert answer.status == 401
    assert heard == []


@pytest.mark.parametrize(
    ("event", "headers"),
    [
        (EVENT, {"X-Slack-Request-Timestamp": "soon"}),
        (EVENT, {"X-Slack-Request-Timestamp": ""}),
        (EVENT, {"X-Slack-Request-Timestamp": "9" * 400}),
        (EVENT, {"X-Slack-Request-Timestamp": "9" * 5_000}),
        (EVENT, {"X-Slack-Signature": "v0=é"}),
        (b"\xff\xfe", {}),
    ],
    ids=["no number", "empty", "beyond a float", "beyond an integer", "not ASCII", "not UTF-8"],
)
async def test_what_slack_never_sends_is_refused_with_one_line(
    bolt: AsyncApp, heard: list[str], event: bytes, headers: dict[str, str]
) -> None:
    with structlog.testing.capture_logs() as lines:
        async with (
            served(Parts(), bolt=bolt) as session,
            session.post("/slack/events", data=event, headers=signed(EVENT) | headers) as answer,
        ):
            assert answer.status == 401
    assert lines == [{"event": "request refused", "reason": "signature", "log_level": "warning"}]
    assert heard == []


async def test_until_bolt_is_there_slack_is_told_to_come_again(bolt: AsyncApp, heard: list[str]) -> None:
    parts, endpoint = Parts(), Endpoint(SIGNING_SECRET)
    web = build_web(Metrics(), Probes(parts.checks, lambda: 8, parts), endpoint)
    async with serving(web, "127.0.0.1", 0) as port, aiohttp.ClientSession() as session:
        address = f"http://127.0.0.1:{port}/slack/events"
        async with session.post(address, data=EVENT, headers=signed(EVENT)) as answer:
            assert answer.status == 503
        assert heard == []
        endpoint.bolt = bolt
        async with session.post(address, data=EVENT, headers=signed(EVENT)) as answer:
            assert answer.status == 200
    assert heard == ["Ev1"]


async def test_slacks_challenge_is_answered(bolt: AsyncApp) -> None:
    body = b'{"type":"url_verification","challenge":"c-123"}'
    async with (
        served(Parts(), bolt=bolt) as session,
        session.post("/slack/events", data=body, headers=signed(body)) as answer,
    ):
        assert answer.status == 200
        assert "c-123" in await answer.text()


COMMAND = {
    "command": "/transcribe",
    "team_id": "T1",
    "channel_id": "C1",
    "user_id": "U1",
    "trigger_id": "1.2.a",
    "text": "",
}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture
def commanded(bolt: AsyncApp) -> list[dict[str, str]]:
    """What was typed, as the listener of the command gets it."""
    bodies: list[dict[str, str]] = []

    async def answer(ack: AsyncAck, body: dict[str, str]) -> None:
        bodies.append(body)
        await ack(text=f"You typed {body['text']}", response_type="ephemeral")

    bolt.command("/transcribe")(answer)
    return bodies


@pytest.mark.parametrize(
    "text",
    [
        "",
        "payload",
        "https://a.slack.com/files/U1/F1/payload.m4a in German",
        "the payload & payload=1 +1 50%",
        'payload={"type":"block_actions"}',
        "Füße 日本語 payload",
        "nothing of the kind",
    ],
)
@pytest.mark.parametrize("charset", ["", "; charset=utf-8"])
async def test_a_command_is_heard_whatever_is_typed(
    bolt: AsyncApp, commanded: list[dict[str, str]], text: str, charset: str
) -> None:
    body = urlencode(COMMAND | {"text": text}).encode()
    headers = signed(body) | {"Content-Type": FORM["Content-Type"] + charset}
    async with (
        served(Parts(), bolt=bolt) as session,
        session.post("/slack/events", data=body, headers=headers) as answer,
    ):
        assert answer.status == 200
        assert (await answer.json())["text"] == f"You typed {text}"
    assert commanded == [COMMAND | {"text": text}]


async def test_a_command_that_slack_did_not_sign_is_not_heard(
    bolt: AsyncApp, commanded: list[dict[str, str]]
) -> None:
    body = urlencode(COMMAND | {"text": "payload"}).encode()
    async with (
        served(Parts(), bolt=bolt) as session,
        session.post("/slack/events", data=body, headers=signed(body, "another secret") | FORM) as answer,
    ):
        assert answer.status == 401
    assert commanded == []


@pytest.mark.parametrize("field", ["payload", "ssl_check"])
async def test_interactions_and_checks_are_forms_too(bolt: AsyncApp, field: str) -> None:
    pressed: list[str] = []

    async def press(ack: AsyncAck, action: dict[str, str]) -> None:
        pressed.append(action["value"])
        await ack()

    bolt.action("a")(press)
    interaction = {
        "type": "block_actions",
        "team": {"id": "T1"},
        "user": {"id": "U1"},
        "actions": [{"type": "button", "action_id": "a", "block_id": "b", "value": "payload"}],
    }
    form = {"payload": json.dumps(interaction)} if field == "payload" else {"ssl_check": "1", "token": "t"}
    body = urlencode(form).encode()
    async with (
        served(Parts(), bolt=bolt) as session,
        session.post("/slack/events", data=body, headers=signed(body) | FORM) as answer,
    ):
        assert answer.status == 200
    assert pressed == (["payload"] if field == "payload" else [])


async def test_no_body_is_read_that_no_event_has(bolt: AsyncApp, heard: list[str]) -> None:
    body = b" " * (1024 * 1024 + 1)
    async with (
        served(Parts(), bolt=bolt) as session,
        session.post("/slack/events", data=io.BytesIO(body), headers=signed(body)) as answer,
    ):
        assert answer.status == 413
    assert heard == []


async def test_a_taken_address_is_an_error_of_the_system() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        web = build_web(Metrics(), Probes(Parts().checks, lambda: 8), None)
        with pytest.raises(OSError, match="address already in use"):
            async with serving(web, "127.0.0.1", taken.getsockname()[1]):
                pass


async def test_requests_under_way_are_answered_before_it_stops() -> None:
    parts, asked, let_go = Parts(), asyncio.Event(), asyncio.Event()

    async def slow() -> dict[str, str]:
        asked.set()
        await let_go.wait()
        return parts.words

    web = build_web(Metrics(), Probes(slow, lambda: 8, parts), None)
    server = serving(web, "127.0.0.1", 0)
    port = await server.__aenter__()
    async with aiohttp.ClientSession() as session:
        asking = asyncio.create_task(session.get(f"http://127.0.0.1:{port}/readyz"))
        await asked.wait()
        stopping = asyncio.create_task(server.__aexit__(None, None, None))
        await asyncio.sleep(0.05)
        let_go.set()
        async with await asking as answer:
            assert answer.status == 200
        await stopping
