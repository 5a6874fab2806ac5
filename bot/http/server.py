"""The HTTP server: health, readiness, metrics, and the Events API endpoint in HTTP mode."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Protocol, cast
from urllib.parse import parse_qsl

import structlog
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.async_app import AsyncApp, AsyncBoltRequest
from slack_sdk.signature import SignatureVerifier

from bot.http.connections import ACCEPTED_AT_ONCE, Connections, Limits
from bot.http.log_limit import LimitedLog, strangers_limited
from bot.model import JobState
from bot.tasks import start_task
from bot.telemetry import Metrics

_LARGEST_EVENT_BYTES = 1024 * 1024
STOPPING_PATIENCE_S = 2.0
"""For requests that are being answered when the bot stops; those that are cancelled then may take as long."""
_COUNTING_PATIENCE_S = 0.4
"""Prometheus hears what was known last where the database has just begun to hang."""


class JobCounts(Protocol):
    """Counts unfinished jobs."""

    async def depth(self) -> dict[JobState, int]:
        """Their number by state."""

    async def oldest_s(self) -> float:
        """The age of the oldest of them since it was accepted."""


@dataclass(slots=True)
class Probes:
    """The callbacks that readiness and metrics call."""

    checks: Callable[[], Awaitable[dict[str, str]]]
    """Each part by name: ``ok``, or what is wrong with it."""
    asr_limit: Callable[[], int] | None = None
    """Requests to the recogniser that may be under way now; until it is there none are."""
    jobs: JobCounts | None = None
    """Until it is there none are counted."""


@dataclass(slots=True)
class Endpoint:
    """The endpoint for Slack's requests in HTTP mode."""

    signing_secret: str
    bolt: AsyncApp | None = None
    """Until it is there requests get a 503, and Slack delivers again."""
    limited_log: LimitedLog = field(default_factory=LimitedLog)

    async def receive(self, request: web.Request) -> web.Response:
        """Hand a request to Bolt, if it is Slack's.

        Bolt checks the signature too, but only after parsing the body, and logs a whole body that fails.
        """
        if not _is_signed(self.signing_secret, await request.read(), dict(request.headers)):
            self.limited_log.warning("request refused", reason="signature")
            return web.Response(status=401)
        if self.bolt is None:
            return web.Response(status=503)
        answer = await self.bolt.async_dispatch(await _read(request))
        return await to_aiohttp_response(answer)


def _is_signed(signing_secret: str, body: bytes, headers: Mapping[str, str]) -> bool:
    """True where Slack signed a request.

    The SDK stumbles over a body that is not UTF-8, a signature that is not ASCII, and a time that is no
    number, or none of this world: Slack sends none of them.
    """
    try:
        return SignatureVerifier(signing_secret).is_valid_request(body, headers)
    except (ValueError, TypeError, OverflowError):
        return False


async def _read(request: web.Request) -> AsyncBoltRequest:
    """A request as Bolt takes it.

    Of a command with the word "payload" in it, as in the name of a file, Bolt reads nothing: it takes it for
    an interaction, whose form has a field of that name. Read here, it goes in as from Socket Mode, where
    bodies are objects. Bolt checks no signature there; it is checked by now.

    Source: https://docs.slack.dev/interactivity/implementing-slash-commands
    """
    parsed = await to_bolt_request(request)
    if parsed.body or request.content_type != "application/x-www-form-urlencoded":
        return parsed
    form = dict(parse_qsl(parsed.raw_body, keep_blank_values=True))
    return AsyncBoltRequest(body=form, headers=parsed.headers, mode="socket_mode")


def build_web(metrics: Metrics, probes: Probes, endpoint: Endpoint | None) -> web.Application:
    """The application with its routes; ``endpoint`` is given in HTTP mode only."""

    async def health(_request: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    async def ready(_request: web.Request) -> web.Response:
        checks = await probes.checks()
        good = all(word == "ok" for word in checks.values())
        return web.json_response(
            {"status": "ok" if good else "not ready", "checks": checks}, status=200 if good else 503
        )

    async def show_metrics(_request: web.Request) -> web.Response:
        checks = await probes.checks()
        for part, word in checks.items():
            metrics.ready.labels(part).set(word == "ok")
        # A database that does not answer must not hide that it does not.
        if probes.jobs is not None and checks["database"] == "ok":
            await asyncio.wait({start_task(_count(probes.jobs, metrics))}, timeout=_COUNTING_PATIENCE_S)
        if probes.asr_limit is not None:
            metrics.asr_limit.set(probes.asr_limit())
        return web.Response(
            body=generate_latest(metrics.registry), headers={"Content-Type": CONTENT_TYPE_LATEST}
        )

    app = web.Application(client_max_size=_LARGEST_EVENT_BYTES)
    app.router.add_get("/healthz", health)
    app.router.add_get("/readyz", ready)
    app.router.add_get("/metrics", show_metrics)
    if endpoint is not None:
        app.router.add_post("/slack/events", endpoint.receive)
    return app


async def _count(jobs: JobCounts, metrics: Metrics) -> None:
    """Have the metrics show the unfinished jobs."""
    try:
        for state, number in (await jobs.depth()).items():
            metrics.queue_depth.labels(state).set(number)
        metrics.oldest_job_s.set(await jobs.oldest_s())
    except Exception as error:  # noqa: BLE001  # what was known last is shown
        structlog.get_logger(__name__).warning("jobs not counted", error=type(error).__name__)


@asynccontextmanager
async def serving(
    app: web.Application, host: str, port: int, limits: Limits | None = None
) -> AsyncIterator[int]:
    """Serve while inside; yields the port, chosen by the system where 0 was asked for.

    Raises:
        OSError: the address cannot be listened on.
    """
    connections = Connections(limits or Limits())
    app.middlewares.append(connections.middleware)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=STOPPING_PATIENCE_S)
    with strangers_limited(LimitedLog()):
        await runner.setup()
        new_protocol = cast("web.Server", runner.server)
        try:
            server = await asyncio.get_running_loop().create_server(
                lambda: connections.watched(new_protocol()), host, port, backlog=ACCEPTED_AT_ONCE
            )
            try:
                yield int(server.sockets[0].getsockname()[1])
            finally:
                server.close()
        finally:
            await runner.cleanup()
