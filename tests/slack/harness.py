"""The bot's handlers at work in a workspace: Bolt and the official client, over Socket Mode."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, cast

import aiohttp
from pydantic import SecretStr
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.error import BoltUnhandledRequestError
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground.slack_lookalike.comings import Comings
from bot.playground.slack_lookalike.delivery import RetrySchedule
from bot.playground.slack_lookalike.interactions import Interactions
from bot.playground.slack_lookalike.post_limits import PostLimits
from bot.playground.slack_lookalike.records import Message, View
from bot.playground.slack_lookalike.server import SlackLookalike
from bot.ports.preferences import Ledger, Listening, Preferences
from bot.ports.store import Requests
from bot.slack.bolt import Feature, Handlers, build_handlers
from bot.slack.client.api import SlackApi
from bot.slack.client.downloads import SlackFiles
from bot.slack.client.ephemeral import EphemeralMessages
from bot.slack.client.identity import Identity
from bot.slack.client.lookups import Lookups
from bot.slack.client.readers import Readers
from bot.slack.client.uploads import Uploads
from bot.slack.context import Deployment, HandlerContext
from bot.slack.incoming.listeners import Listeners
from bot.slack.interactions.answer import PATIENCE_S
from bot.slack.permissions import Permissions
from bot.slack.replies.replies import SlackReplies
from bot.slack.requests.command_text import language_names
from bot.slack.requests.opt_outs import OptOuts
from bot.slack.requests.shares import Shares
from bot.telemetry import Metrics
from bot.translations import ENGLISH, Reader
from tests.job.memory import MemoryJobs
from tests.job.memory_preferences import MemoryListening, MemoryPreferences
from tests.job.virtual import VirtualTime
from tests.slack.scene import at_once

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
DEPLOYMENT = Deployment(
    automatic=True,
    ask_reaction="speech_balloon",
    price_per_second=0.000035,
    monthly_minutes=None,
    audio_goes_to="speech.example.com",
)


@dataclass
class SlackHarness:
    """A workspace, the bot's handlers in it, and the hands of its people."""

    slack: SlackLookalike
    context: HandlerContext
    handlers: Handlers
    preferences: MemoryPreferences
    jobs: MemoryJobs
    people: Interactions
    comings: Comings
    time: VirtualTime
    """Stands still, also for who was in which channel a moment ago."""
    stopped: list[tuple[str, str | None]]
    """Workspaces and channels whose jobs were to be stopped."""

    @property
    def team_id(self) -> str:
        return self.slack.state.workspace.team_id

    async def settled(self) -> None:
        """Everything is acknowledged, and what went on after that has ended."""
        await self.slack.settled()
        await self.context.background.done()
        await self.slack.settled()

    def calls(self, method: str) -> list[dict[str, Any]]:
        return [dict(call.arguments) for call in self.slack.state.calls if call.method == method]

    def whispers(self, user: str) -> list[str]:
        """What only this person sees."""
        return [
            message.text for message in self.slack.state.messages.values() if message.ephemeral_for == user
        ]

    def refreshed(self) -> list[str]:
        """Whose home tab was shown, in order."""
        return [str(arguments["user_id"]) for arguments in self.calls("views.publish")]

    def said(self, channel_id: str) -> list[Message]:
        """The bot's messages to everybody in a channel."""
        bot_id = self.slack.state.workspace.bot_id
        return [
            message
            for message in self.slack.state.messages.values()
            if (message.channel_id, message.bot_id, message.ephemeral_for) == (channel_id, bot_id, None)
        ]

    def modal(self) -> View:
        """The one that was opened last."""
        return list(self.slack.state.views.values())[-1]


@asynccontextmanager
async def slack_harness(
    choose: Callable[[Handlers], Sequence[Feature]],
    *,
    admins_only: bool = False,
    ack_timeout_s: float = 3.0,
    delays_s: tuple[float, ...] = (),
    patience_s: float = PATIENCE_S,
    requests: Callable[[MemoryJobs], object] = lambda jobs: jobs,
    stored: Callable[[MemoryPreferences], object] = lambda preferences: preferences,
    ledger: object = None,
    thread_reader: Reader = ENGLISH,
    **deployment: Any,
) -> AsyncIterator[SlackHarness]:
    """A harness whose Bolt listens for some handlers; nothing is delivered twice unless so told.

    Args:
        choose: Which of the bot's handlers listen.
        admins_only: Only admins may change settings.
        ack_timeout_s: How long the look-alike waits for an acknowledgement.
        delays_s: After how long it delivers again.
        patience_s: How long an answer may take.
        requests: What handlers see of the jobs.
        stored: What handlers see of the preferences.
        ledger: In the place of the one in memory.
        thread_reader: The language of threads.
        **deployment: What the operator has decided.
    """
    schedule = RetrySchedule(ack_timeout_s=ack_timeout_s, delays_s=delays_s)
    async with SlackLookalike(schedule=schedule) as slack, aiohttp.ClientSession() as session:
        slack.state.post_limits = PostLimits(burst=1_000)
        scratch = Path(await asyncio.to_thread(mkdtemp))
        await asyncio.to_thread(language_names)  # as the bot does before it is ready
        client = AsyncWebClient(slack.bot_token, base_url=slack.api_url, session=session)
        api, time, workspace = SlackApi(client, client), VirtualTime(), slack.state.workspace
        lookups, whispers = Lookups(api, clock=lambda: time.passed_s), EphemeralMessages(api)
        readers = Readers(lookups, thread_reader)
        uploads, jobs = Uploads(api, session, at_once), MemoryJobs(time)
        preferences = MemoryPreferences(jobs)
        stopped: list[tuple[str, str | None]] = []

        async def stop_jobs(team_id: str, channel_id: str | None) -> None:
            stopped.append((team_id, channel_id))

        context = HandlerContext(
            api=api,
            files=SlackFiles(
                api, session, SecretStr(slack.bot_token), origins=(slack.origin,), most_bytes=10_000_000
            ),
            requests=cast("Requests", requests(jobs)),
            preferences=cast("Preferences", stored(preferences)),
            listening=cast("Listening", MemoryListening()),
            ledger=cast("Ledger", ledger or jobs.ledger),
            replies=SlackReplies(api, uploads, whispers, lookups, readers),
            lookups=lookups,
            readers=readers,
            permissions=Permissions(lookups, workspace.team_id, admins_only=admins_only),
            ephemeral=whispers,
            uploads=uploads,
            identity=Identity(workspace.team_id, workspace.bot_id, workspace.bot_user_id, frozenset()),
            deployment=replace(DEPLOYMENT, **deployment),
            scratch=scratch,
            stop_jobs=stop_jobs,
            now=lambda: NOW,
        )
        shares = Shares(
            context.requests,
            context.preferences,
            context.listening,
            OptOuts(context.preferences, lookups),
            automatic=context.deployment.automatic,
            metrics=Metrics(),
        )
        handlers, bolt = (
            build_handlers(context, shares, patience_s=patience_s),
            _bolt(client, context.identity),
        )
        listeners = Listeners(bolt)
        for chosen in choose(handlers):
            chosen.register(listeners)
        handler = AsyncSocketModeHandler(
            bolt, slack.app_token, web_client=AsyncWebClient(base_url=slack.api_url)
        )
        await handler.connect_async()  # type: ignore[no-untyped-call]  # the SDK's own gap
        try:
            people, comings = Interactions(slack), Comings(slack.state)
            yield SlackHarness(slack, context, handlers, preferences, jobs, people, comings, time, stopped)
        finally:
            slack.faults.clear()
            await context.background.stop(5.0)
            await handler.close_async()  # type: ignore[no-untyped-call]  # the same
            await asyncio.to_thread(scratch.rmdir)


def _bolt(client: AsyncWebClient, identity: Identity) -> AsyncApp:
    async def authorize(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult:
        return AuthorizeResult(
            enterprise_id=enterprise_id,
            team_id=team_id,
            bot_token=client.token,
            bot_id=identity.bot_id,
            bot_user_id=identity.bot_user_id,
        )

    async def answer(error: Exception) -> BoltResponse:
        return BoltResponse(status=200 if isinstance(error, BoltUnhandledRequestError) else 500)

    bolt = AsyncApp(
        # Without one, Bolt asks the whole stack who calls it: a quarter of what these tests took.
        name="tests",
        client=AsyncWebClient(base_url=client.base_url),
        signing_secret="unused",
        authorize=authorize,
        process_before_response=True,
        raise_error_for_unhandled_request=True,
    )
    bolt.error(answer)
    return bolt
