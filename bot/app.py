"""The composition root: builds, joins and closes everything.

Start = configure, log, build, verify, serve. This object is the one that the end-to-end tests use.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import structlog
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_sdk.http_retry.builtin_async_handlers import (
    AsyncConnectionErrorRetryHandler,
    AsyncRateLimitErrorRetryHandler,
    AsyncServerErrorRetryHandler,
)
from slack_sdk.web.async_client import AsyncWebClient

from bot.asr.dashscope import DashScope
from bot.audio.media import Media
from bot.errors import Misconfigured, TranscriptionError, Unavailable
from bot.job.clock import Clock
from bot.job.hear import Hearing
from bot.job.transcribe import Transcriber
from bot.job.worker import Worker
from bot.settings import AsrSettings, Settings
from bot.slack.connection import connected, patiently
from bot.slack.downloads import SlackFiles
from bot.slack.events import Policy
from bot.slack.identity import identify
from bot.slack.listeners import Intake, build_bolt
from bot.slack.replies import SlackReplies
from bot.store.sqlite import SqliteJobs, open_jobs
from bot.telemetry import Metrics
from bot.web import Endpoint, Probes, build_web, serving

DRAIN_PATIENCE_S = 20.0
"""Orchestrators kill after 30 s."""
_WORD_AGES_AFTER = timedelta(minutes=1)
_ASK_AGAIN_S = 5.0
_SLACK_TIMEOUT_S = 10
"""Slack answers in well under one. A post that hangs longer is looked up, anything else tried again."""


@dataclass(frozen=True, slots=True)
class Bot:
    """A bot that runs."""

    http_port: int
    jobs: SqliteJobs
    metrics: Metrics
    failed: asyncio.Event
    """Set when the worker died of a fault that restarting may cure."""


@dataclass(frozen=True, slots=True)
class _Outside:
    """Adapters to what lies outside."""

    reads: AsyncWebClient
    files: SlackFiles
    replies: SlackReplies
    recogniser: DashScope

    async def verify(self) -> None:
        """Ask both services whether the bot is set up right.

        Raises:
            Unavailable: one does not answer.
            Misconfigured: the operator has to act.
        """
        await self.replies.verify()
        await self.recogniser.verify()


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Bot]:
    """A bot that accepts and answers while inside, and drains on the way out.

    Raises:
        Misconfigured: SLACK_TOKEN: without it the bot can do nothing at all.
        AlreadyRunning: another process claims this data directory.
        DataDirUnusable: the data directory cannot be written, or the database in it not used.
        OSError: the HTTP address cannot be listened on.
    """
    log = structlog.get_logger(__name__)
    metrics = Metrics()
    async with open_jobs(settings.data_dir) as jobs, _session() as session:
        outside = _build_outside(settings, session)
        worker = await _build_worker(settings, jobs, outside, metrics)
        readiness = Readiness(jobs, outside.recogniser)
        secret = settings.slack_signing_secret.get_secret_value() if settings.slack_signing_secret else ""
        endpoint = None if settings.socket_mode else Endpoint(secret)
        web = build_web(
            metrics, Probes(readiness.checks, jobs.depth, lambda: outside.recogniser.limit), endpoint
        )
        # First of all, so that whoever watches sees a bot that waits for Slack, and not a dead one.
        async with serving(web, settings.http_host, settings.http_port) as port:
            identity = await patiently(lambda: identify(outside.reads))
            if identity.missing_scopes:
                log.error("scopes missing: install the app again", missing=sorted(identity.missing_scopes))
            intake = Intake(jobs, Policy(automatic=settings.auto_transcribe), metrics)
            bolt = build_bolt(intake, outside.reads, identity, secret or "unused in Socket Mode")
            async with (
                _working(worker, outside, log) as failed,
                connected(bolt, settings.slack_api_url, settings.slack_app_token) as socket,
            ):
                readiness.identified, readiness.socket = True, socket
                if endpoint is not None:
                    endpoint.bolt = bolt
                log.info("ready", http_port=port, socket_mode=settings.socket_mode, team=identity.team_id)
                yield Bot(port, jobs, metrics, failed)


def _session() -> aiohttp.ClientSession:
    """One pool for all. Its timeout is for Slack's Web API: with a session of ours the SDK sets none."""
    return aiohttp.ClientSession(
        timeout=aiohttp.ClientTimeout(total=_SLACK_TIMEOUT_S),
        # What one host sets as a cookie is nobody else's business.
        cookie_jar=aiohttp.DummyCookieJar(),
        # HTTPS_PROXY and NO_PROXY, which the SDK heeds as well.
        trust_env=True,
    )


def _build_outside(settings: Settings, session: aiohttp.ClientSession) -> _Outside:
    token = settings.slack_bot_token

    def client() -> AsyncWebClient:
        return AsyncWebClient(token.get_secret_value(), base_url=settings.slack_api_url, session=session)

    reads, writes = client(), client()
    reads.retry_handlers = [
        AsyncConnectionErrorRetryHandler(),
        AsyncRateLimitErrorRetryHandler(max_retry_count=2),
        AsyncServerErrorRetryHandler(),
    ]
    # The SDK's default repeats a POST after a connection error: the reply would show twice.
    writes.retry_handlers = [AsyncRateLimitErrorRetryHandler(max_retry_count=2)]
    return _Outside(
        reads=reads,
        files=SlackFiles(
            reads,
            session,
            token,
            origins=settings.slack_file_origins,
            most_bytes=settings.max_file_mb * 1024 * 1024,
        ),
        replies=SlackReplies(reads, writes, session),
        recogniser=build_recogniser(settings, session),
    )


def build_recogniser(settings: AsrSettings, session: aiohttp.ClientSession) -> DashScope:
    """The recogniser that the settings name; the caller closes the session."""
    return DashScope(
        session,
        base_url=settings.dashscope_base_url,
        api_key=settings.dashscope_api_key,
        model=settings.asr_model,
        language=settings.asr_language,
        enable_itn=settings.asr_enable_itn,
        concurrency=settings.asr_concurrency,
        requests_per_minute=settings.asr_requests_per_minute,
    )


async def _build_worker(settings: Settings, jobs: SqliteJobs, outside: _Outside, metrics: Metrics) -> Worker:
    scratch = await asyncio.to_thread(_fresh_scratch, settings.data_dir)
    most_minutes, clock = settings.max_audio_minutes, Clock(give_up_after_s=settings.job_give_up_after_s)
    media = Media(most_minutes=most_minutes, compressed=settings.compress_uploads)
    hearing = Hearing(media, outside.recogniser, clock, settings.asr_concurrency)
    return Worker(
        jobs=jobs,
        transcriber=Transcriber(outside.files, hearing, jobs, scratch, most_minutes=most_minutes),
        replies=outside.replies,
        verify=outside.verify,
        metrics=metrics,
        clock=clock,
    )


@asynccontextmanager
async def _working(
    worker: Worker, outside: _Outside, log: structlog.stdlib.BoundLogger
) -> AsyncIterator[asyncio.Event]:
    """Jobs are run while inside, and drained on the way out; yields what is set when the worker dies."""
    failed = asyncio.Event()
    verifying = asyncio.create_task(_report_verification(outside, log))
    working = asyncio.create_task(_work(worker, failed, log))
    try:
        yield failed
    finally:
        log.info("draining")
        for task in (verifying, working):
            task.cancel()
        await asyncio.gather(verifying, working, return_exceptions=True)
        await worker.drain(DRAIN_PATIENCE_S)
        log.info("stopped")


async def _report_verification(outside: _Outside, log: structlog.stdlib.BoundLogger) -> None:
    """Log at start what the operator has to mend. The bot serves all the same: jobs wait for the mending."""
    try:
        await outside.verify()
    except Misconfigured as error:
        # The reason is all there is to say: a traceback would only frighten.
        log.error("operator needed", reason=str(error.reason), detail=error.detail)  # noqa: TRY400
    except Unavailable as error:
        log.warning("not verified yet", error=str(error))
    else:
        log.info("verified")


async def _work(worker: Worker, failed: asyncio.Event, log: structlog.stdlib.BoundLogger) -> None:
    try:
        await worker.run()
    except Exception:
        log.exception("worker died")
        failed.set()


class Readiness:
    """Whether the bot can do its work, part by part.

    Args:
        jobs: Asked whether the database answers.
        recogniser: Asked for its last word.
        now: UTC; injected for tests.

    Attributes:
        identified: Slack has taken the token.
        socket: The Socket Mode connection, once it was opened.
    """

    def __init__(
        self,
        jobs: SqliteJobs,
        recogniser: DashScope,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._jobs = jobs
        self._recogniser = recogniser
        self._now = now
        self._asked_at = now() - _WORD_AGES_AFTER
        self.identified = False
        self.socket: AsyncSocketModeHandler | None = None

    async def checks(self) -> dict[str, str]:
        """Each part by name: ``ok``, or what is wrong with it."""
        return {
            "slack": await self._slack(),
            "database": await self._database(),
            "recogniser": await self._recognises(),
        }

    async def _slack(self) -> str:
        if not self.identified:
            return "not reached yet"
        if self.socket is not None and not await self.socket.client.is_connected():
            return "the socket is not connected"
        return "ok"

    async def _database(self) -> str:
        try:
            await self._jobs.depth()
        except Exception as error:  # noqa: BLE001  # whatever it is, the database is not ready
            return type(error).__name__
        return "ok"

    async def _recognises(self) -> str:
        """The recogniser's last word; a bad one that is old is asked for again, or nothing would mend it."""
        word, now = self._recogniser.last_word, self._now()
        if word is None or word.failure is None:
            return "ok"
        if now - max(word.at, self._asked_at) > _WORD_AGES_AFTER:
            # Noted first: probes come side by side, each question costs, and one that hangs leaves no word.
            self._asked_at = now
            with suppress(TranscriptionError, TimeoutError):
                async with asyncio.timeout(_ASK_AGAIN_S):
                    await self._recogniser.verify()
            word = self._recogniser.last_word
        return "ok" if word is None or word.failure is None else str(word.failure)


def _fresh_scratch(data_dir: Path) -> Path:
    """An empty private folder: what a killed process left goes."""
    scratch = data_dir / "tmp"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(mode=0o700)
    return scratch
