"""Builds what works on the clients and the store: the worker, the handlers' context, the look back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from bot.audio.media import Media
from bot.clients import Clients
from bot.job.budget import Budget
from bot.job.clock import Clock
from bot.job.recognise import RecordingRecogniser
from bot.job.transcribe import Transcriber
from bot.job.worker import Worker
from bot.settings.settings import Settings, SettingsBy
from bot.slack.client.identity import Identity
from bot.slack.client.paced import PacedApi
from bot.slack.context import Deployment, HandlerContext
from bot.slack.permissions import Permissions
from bot.slack.recognition_context import SlackRecognitionContext
from bot.slack.requests.look_back import LookBack
from bot.slack.requests.shares import Shares
from bot.steady_clock import utc_now
from bot.store.outages import as_jobs_see
from bot.store.store import Store
from bot.telemetry import Metrics


def build_worker(
    settings: Settings,
    store: Store,
    clients: Clients,
    identity: Identity,
    metrics: Metrics,
    scratch: Path,
    now: Callable[[], datetime],
) -> Worker:
    """The worker with its pipeline; ``now`` is a clock that nobody sets, as the store's is."""
    most_minutes, clock = settings.max_audio_minutes, Clock(settings.job_give_up_after_s, now)
    media = Media(most_minutes=most_minutes, compressed=settings.compress_uploads)
    # The database's trouble passes: jobs wait for it as for any other outage.
    queue, preferences = as_jobs_see(store.queue), as_jobs_see(store.preferences)
    budget = Budget(
        as_jobs_see(store.ledger),
        price_per_second=settings.asr_price_per_second,
        monthly_minutes=settings.monthly_minutes,
        confirm_above_minutes=settings.confirm_above_minutes,
        now=utc_now,
    )
    transcriber = Transcriber(
        clients.files,
        RecordingRecogniser(media, clients.recogniser, clock, settings.asr_concurrency),
        queue,
        scratch,
        preferences=preferences,
        context_source=SlackRecognitionContext(
            clients.lookups, preferences, bot_user_id=identity.bot_user_id, now=clock.now
        ),
        budget=budget,
        most_minutes=most_minutes,
    )
    return Worker(
        queue=queue,
        removals=store.removals,
        transcriber=transcriber,
        replies=clients.replies,
        preferences=preferences,
        budget=budget,
        verify=clients.verify,
        metrics=metrics,
        clock=clock,
    )


def build_context(
    settings: Settings,
    store: Store,
    clients: Clients,
    identity: Identity,
    worker: Worker,
    scratch: Path,
) -> HandlerContext:
    """The services of the handlers of Slack's events."""
    return HandlerContext(
        api=clients.api,
        files=clients.files,
        uploads=clients.uploads,
        requests=store.requests,
        preferences=store.preferences,
        listening=store.listening,
        ledger=store.ledger,
        replies=clients.replies,
        lookups=clients.lookups,
        readers=clients.readers,
        permissions=Permissions(
            clients.lookups, identity.team_id, admins_only=settings.settings_by is SettingsBy.ADMINS
        ),
        ephemeral=clients.ephemeral,
        identity=identity,
        deployment=Deployment(
            automatic=settings.auto_transcribe,
            ask_reaction=settings.ask_reaction,
            price_per_second=settings.asr_price_per_second,
            monthly_minutes=settings.monthly_minutes,
            audio_goes_to=urlsplit(settings.dashscope_base_url).hostname or "",
        ),
        scratch=scratch,
        stop_jobs=worker.stop,
    )


def build_look_back(
    settings: Settings, store: Store, clients: Clients, identity: Identity, shares: Shares, metrics: Metrics
) -> LookBack:
    """The search for what was missed, with its own pace of calls."""
    return LookBack(
        PacedApi(clients.api.client, settings.catch_up_calls_per_minute),
        identity=identity,
        listening=store.listening,
        requests=store.requests,
        preferences=store.preferences,
        shares=shares,
        window=timedelta(hours=settings.catch_up_hours),
        metrics=metrics,
    )
