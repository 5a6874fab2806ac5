"""The composition root: builds, joins and closes everything.

Start = configure, log, build, verify, serve. This object is the one that the end-to-end tests use.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TypeVar

import structlog
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler

from bot.audio.child_exit import ChildError
from bot.audio.media import Media
from bot.clients import Clients, build_clients, open_session
from bot.errors import Misconfigured, Unavailable
from bot.http.readiness import Opening, Readiness
from bot.http.server import Endpoint, Probes, build_web, serving
from bot.job.worker import Worker
from bot.scratch import WORKSPACE_PREFIX
from bot.services import build_context, build_look_back, build_worker
from bot.settings.settings import Settings
from bot.slack.background import BackgroundTasks
from bot.slack.bolt import build_bolt, build_handlers
from bot.slack.client.connection import connected, until_reachable
from bot.slack.client.identity import Identity, identify
from bot.slack.incoming.backlog import Backlog
from bot.slack.requests.catch_up import CatchUp
from bot.slack.requests.command_text import language_names
from bot.slack.requests.look_back import LookBack
from bot.slack.requests.opt_outs import OptOuts
from bot.slack.requests.shares import Shares
from bot.steady_clock import SteadyClock
from bot.store.data_dir import DataDirBusy, claimed, unusable
from bot.store.outages import as_jobs_see
from bot.store.store import Store, open_claimed_store
from bot.tasks import start_task
from bot.telemetry import Metrics

DRAIN_PATIENCE_S = 20.0
"""For all that is under way when the bot is told to stop. Orchestrators kill after 30 s."""

_AGAIN_S = 2.0
"""Between tries to use the data directory at the start."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Bot:
    """A running bot."""

    http_port: int
    store: Store
    background: BackgroundTasks
    metrics: Metrics
    failed: asyncio.Event
    """Set when the worker died of an error that restarting may cure."""


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Bot]:
    """A bot that accepts and answers while inside, and drains on the way out.

    Raises:
        Misconfigured: SLACK_TOKEN: without it the bot can do nothing at all.
        AlreadyRunning: another process claims this data directory.
        DataDirUnusable: the operator has to act on the data directory, or the database in it.
        OSError: the HTTP address cannot be listened on.
    """
    log = structlog.get_logger(__name__)
    metrics = Metrics()
    async with AsyncExitStack() as stack:
        claim, is_claimed = partial(_claim, stack, settings.data_dir), False
        with suppress(DataDirBusy):
            # Before the port, so that a second bot hears of the first, and not of a port that is taken.
            is_claimed = await claim()
        session = await stack.enter_async_context(open_session())
        clock, opening = SteadyClock(), Opening()
        probes = Probes(opening.checks)
        secret = settings.slack_signing_secret.get_secret_value() if settings.slack_signing_secret else ""
        endpoint = None if settings.socket_mode else Endpoint(secret)
        web = build_web(metrics, probes, endpoint)
        # First of all, so that whoever watches sees a bot that waits, and not a dead one.
        async with serving(web, settings.http_host, settings.http_port) as port:
            if not is_claimed:
                await _until_usable(claim, opening)
            # Before anything is waited for: what lies there is somebody's voice.
            scratch = await _until_usable(
                lambda: asyncio.to_thread(_fresh_scratch, settings.data_dir), opening
            )
            retention = timedelta(days=settings.retention_days)
            # In the outer stack: requests that are being answered end before the store closes.
            store = await _until_usable(
                lambda: stack.enter_async_context(
                    open_claimed_store(settings.data_dir, steady_now=clock.now, retention=retention)
                ),
                opening,
            )
            clients = build_clients(settings, session, as_jobs_see(store.preferences).channel_now, clock.now)
            readiness = Readiness(store.database, clients.recogniser, lambda: identify(clients.api))
            probes.checks, probes.jobs = readiness.checks, store.requests
            probes.asr_limit = lambda: clients.recogniser.limit
            identity = await until_reachable(lambda: identify(clients.api))
            if identity.missing_scopes:
                log.error("scopes missing: install the app again", missing=sorted(identity.missing_scopes))
            # A machine that booted with a wrong clock has set it by now: no certificate is good in 1970.
            clock.set()
            worker = build_worker(settings, store, clients, identity, metrics, scratch, clock.now)
            context = build_context(settings, store, clients, identity, worker, scratch)
            shares = Shares(
                store.requests,
                store.preferences,
                store.listening,
                OptOuts(store.preferences, clients.lookups),
                automatic=settings.auto_transcribe,
                metrics=metrics,
            )
            # Not inside the first command that names a language: Slack waits for that one's answer.
            await asyncio.to_thread(language_names)
            handlers = build_handlers(context, shares).in_order()
            backlog = Backlog(store.events, clock.now)
            secret = secret or "unused in Socket Mode"
            bolt = build_bolt(handlers, clients.api, identity, secret, metrics, backlog)
            async with (
                _working(worker, context.background, clients, log) as failed,
                backlog.handled_by(bolt.handle_waiting),
                connected(bolt, session, settings.slack_api_url, settings.slack_app_token) as socket,
            ):
                readiness.connect(socket)
                if endpoint is not None:
                    endpoint.bolt = bolt
                log.info("ready", http_port=port, socket_mode=settings.socket_mode, team=identity.team_id)
                look_back = build_look_back(settings, store, clients, identity, shares, metrics)
                async with _catching_up(settings, store, look_back, identity, socket):
                    yield Bot(port, store, context.background, metrics, failed)


@asynccontextmanager
async def _catching_up(
    settings: Settings,
    store: Store,
    look_back: LookBack,
    identity: Identity,
    socket: AsyncSocketModeHandler | None,
) -> AsyncIterator[None]:
    """Catch up on missed events while inside, if that is wanted at all."""
    if not settings.catch_up_hours:
        await store.listening.stop(identity.team_id)
        yield
        return
    catch_up = CatchUp(
        look_back,
        store.listening,
        team_id=identity.team_id,
        automatic=settings.auto_transcribe,
        is_open=socket.client.is_connected if socket is not None else None,
    )
    task = start_task(catch_up.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def _working(
    worker: Worker, background: BackgroundTasks, clients: Clients, log: structlog.stdlib.BoundLogger
) -> AsyncIterator[asyncio.Event]:
    """Jobs and background tasks run while inside, and are drained together on the way out.

    Yields:
        What is set when the worker dies.
    """
    failed = asyncio.Event()
    reporting = [start_task(_report_verification(clients, log)), start_task(_report_confinement(log))]
    working = start_task(_work(worker, failed, log))
    try:
        yield failed
    finally:
        log.info("draining")
        for task in (*reporting, working):
            task.cancel()
        await asyncio.gather(*reporting, working, return_exceptions=True)
        await asyncio.gather(worker.drain(DRAIN_PATIENCE_S), background.stop(DRAIN_PATIENCE_S))
        log.info("stopped")


async def _report_verification(clients: Clients, log: structlog.stdlib.BoundLogger) -> None:
    """Log at start what the operator has to mend. The bot serves all the same: jobs wait for the mending."""
    try:
        await clients.verify()
    except Misconfigured as error:
        # The reason is all there is to say: a traceback would only frighten.
        log.error("operator needed", reason=str(error.reason), detail=error.detail)  # noqa: TRY400
    except Unavailable as error:
        log.warning("not verified yet", error=str(error))
    else:
        log.info("verified")


async def _report_confinement(log: structlog.stdlib.BoundLogger) -> None:
    """Log at start what confines the decoders; what this machine lacks stops nothing."""
    try:
        confinement = await Media().confinement()
    except (Unavailable, ChildError) as error:
        log.warning("decoder not confined", error=str(error))
        return
    if confinement.missing:
        log.warning("decoder not confined", missing=confinement.missing)
    else:
        log.info("decoder confined", landlock=confinement.landlock, seccomp=confinement.seccomp)


async def _work(worker: Worker, failed: asyncio.Event, log: structlog.stdlib.BoundLogger) -> None:
    try:
        await worker.run()
    except Exception:
        log.exception("worker died")
        failed.set()


async def _claim(stack: AsyncExitStack, data_dir: Path) -> bool:
    """Be the one process that claims jobs until the stack is closed; always true.

    Raises:
        AlreadyRunning: another process is.
        DataDirBusy: it may be possible later.
        DataDirUnusable: nor later.
    """
    stack.enter_context(claimed(data_dir))
    return True


async def _until_usable(attempt: Callable[[], Awaitable[T]], opening: Opening) -> T:
    """Try again while what is wrong with the data directory may pass; log and readiness tell what it is.

    Raises:
        DataDirUnusable: the operator has to act.
    """
    while True:
        try:
            return await attempt()
        except DataDirBusy as error:
            if opening.awaits != str(error):
                structlog.get_logger(__name__).warning("data directory not usable yet", error=str(error))
            opening.awaits = str(error)
        await asyncio.sleep(_AGAIN_S)


def _fresh_scratch(data_dir: Path) -> Path:
    """A folder for temporary audio: what a killed process left goes, and a link to another disk stays.

    Raises:
        DataDirBusy: it cannot be made or emptied now.
        DataDirUnusable: nor later.
    """
    scratch = data_dir / "tmp"
    try:
        scratch.mkdir(mode=0o700, exist_ok=True)
        # Where a link leads may be somebody else's too.
        prefix = WORKSPACE_PREFIX if scratch.is_symlink() else ""
        for left in scratch.iterdir():
            if not left.name.startswith(prefix):
                continue
            if left.is_dir() and not left.is_symlink():
                shutil.rmtree(left)
            else:
                left.unlink()
    except OSError as error:
        line = f"the folder for temporary audio {scratch} cannot be emptied: {error.strerror}"
        raise unusable(line, error) from error
    return scratch
