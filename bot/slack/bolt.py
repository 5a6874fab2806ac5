"""Builds the Bolt app and registers every listener; a listener that raises is not acknowledged.

``process_before_response=True`` runs a listener before the acknowledgement, and Bolt then answers 500 (or
sends no Socket Mode ack) when it raises, so that Slack delivers again; the job's key makes that harmless. An
acknowledged event is durable.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass, fields
from http import HTTPStatus
from typing import Any, Protocol

import structlog
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.error import BoltUnhandledRequestError
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.client.api import SlackApi
from bot.slack.client.identity import Identity
from bot.slack.context import HandlerContext
from bot.slack.incoming.backlog import Backlog
from bot.slack.incoming.fields import id_in
from bot.slack.incoming.installation import installation_in, is_for_other_installation
from bot.slack.incoming.listeners import Listeners
from bot.slack.interactions.answer import PATIENCE_S, Answers
from bot.slack.interactions.modals import Modals
from bot.slack.lifecycle.channels import ChannelLifecycle
from bot.slack.lifecycle.deleted import DeletedRecordings
from bot.slack.lifecycle.uninstalled import AppRemoval
from bot.slack.reply_menu.buttons import ReplyButtons
from bot.slack.reply_menu.menu import ReplyMenu
from bot.slack.requests.commands import Commands
from bot.slack.requests.direct_messages import DirectMessages
from bot.slack.requests.edits import EditedRequests
from bot.slack.requests.file_shared import FileSharedEvents
from bot.slack.requests.mentions import Mentions
from bot.slack.requests.opt_outs import OptOuts
from bot.slack.requests.reactions import Reactions
from bot.slack.requests.request import Requesting
from bot.slack.requests.shares import Shares
from bot.slack.requests.shortcut import Shortcut
from bot.slack.requests.written import WrittenRequests
from bot.slack.settings.change import ChangeSettings
from bot.slack.settings.channel_modal import ChannelModal
from bot.slack.settings.greeting import Greeting
from bot.slack.settings.home import Home
from bot.telemetry import Metrics


class Feature(Protocol):
    """A feature: handles events, commands, shortcuts, buttons or modals of Slack."""

    def register(self, listeners: Listeners) -> None:
        """Register its listeners."""


EVENTS_AT_ONCE = 256
"""Those above that wait in the backlog: an event that is handled takes much more memory and time."""


class BoundedApp(AsyncApp):
    """Bolt's app, which handles only so many events at once, and each once at a time.

    Those above that, and those that come while others wait, go to the backlog and are acknowledged as soon as
    they are stored. Interactions are handled at once. What Slack delivers again while it is being handled
    gets the answer of the first delivery. Whoever calls this has checked that a request is Slack's.

    Args:
        backlog: Keeps events that are handled later.
        options: Bolt's.
    """

    def __init__(self, backlog: Backlog, **options: Any) -> None:
        super().__init__(**options)
        self._backlog = backlog
        self._at_once = 0
        self._answers: dict[str, asyncio.Future[BoltResponse]] = {}
        """Of the events that are being handled or kept, by their ids."""

    async def async_dispatch(self, req: AsyncBoltRequest) -> BoltResponse:
        """Handle a request, or keep an event for later."""
        if "event" not in req.body:
            return await super().async_dispatch(req)
        event_id = id_in(req.body.get("event_id"))
        if (first := self._answers.get(event_id)) is not None:
            return await asyncio.shield(first)
        answer = asyncio.get_running_loop().create_future()
        if event_id:
            self._answers[event_id] = answer
        # Of a delivery that is given up: not acknowledged, so that Slack delivers once more.
        response = BoltResponse(status=500, body="")
        try:
            response = await self._take_event(req, event_id)
            return response
        finally:
            self._answers.pop(event_id, None)
            answer.set_result(response)

    async def _take_event(self, req: AsyncBoltRequest, event_id: str) -> BoltResponse:
        if self._at_once >= EVENTS_AT_ONCE or not self._backlog.is_empty:
            return await self._keep(req, event_id)
        self._at_once += 1
        try:
            return await super().async_dispatch(req)
        finally:
            self._at_once -= 1

    async def _keep(self, req: AsyncBoltRequest, event_id: str) -> BoltResponse:
        try:
            await self._backlog.keep(event_id, req.body)
        except Exception:  # noqa: BLE001  # whatever it is, Slack is to deliver again
            structlog.get_logger(__name__).exception("event not kept")
            return BoltResponse(status=500, body="")
        return BoltResponse(status=200, body="")

    async def handle_waiting(self, body: dict[str, Any]) -> bool:
        """Handle an event of the backlog; false where it has to be tried again."""
        # It may be half done already, by a process that was killed.
        req = AsyncBoltRequest(body=body, headers={"x-slack-retry-num": ["1"]}, mode="socket_mode")
        return bool((await super().async_dispatch(req)).status == HTTPStatus.OK)


def build_bolt(
    handlers: Iterable[Feature],
    api: SlackApi,
    identity: Identity,
    signing_secret: str,
    metrics: Metrics,
    backlog: Backlog,
) -> BoundedApp:
    """Bolt with our listeners, for one workspace whose token is known and verified.

    Args:
        handlers: Registered in this order; of those that match one event only the first is called.
        api: Slack's Web API.
        identity: The bot's own ids.
        signing_secret: Proves in HTTP mode that a request is Slack's.
        metrics: Where payloads for other workspaces' installations are counted.
        backlog: Keeps the events of a flood.
    """
    log = structlog.get_logger(__name__)
    client = api.client
    bolt = BoundedApp(
        backlog,
        logger=logging.getLogger("slack_bolt"),
        name="threadscribe",
        # Without the token: Bolt would warn the operator that SLACK_BOT_TOKEN is ignored.
        client=AsyncWebClient(base_url=client.base_url),
        signing_secret=signing_secret,
        # Ours costs no call, and stays in charge where SLACK_CLIENT_ID in the environment makes Bolt set up
        # OAuth: its own would look for an installation, find none and drop the event with a 200.
        authorize=_authorize_as(client, identity),
        process_before_response=True,
        raise_error_for_unhandled_request=True,
    )

    async def answer_failure(error: Exception) -> BoltResponse:
        if isinstance(error, BoltUnhandledRequestError):
            # Acknowledged, or Slack would deliver it again.
            return BoltResponse(status=200, body="")
        log.error("request failed", exc_info=error)
        return BoltResponse(status=500, body="")

    own_ids = {identity.team_id, identity.enterprise_id} - {""}

    async def refuse_other_installations(
        body: dict[str, Any], next_: Callable[[], Awaitable[BoltResponse]]
    ) -> BoltResponse:
        if not is_for_other_installation(body, own_ids):
            return await next_()
        metrics.events.labels("other_team").inc()
        log.debug("event ignored", reason="other_team", team_id=installation_in(body))
        # Acknowledged, or Slack would deliver it again.
        return BoltResponse(status=200, body="")

    bolt.use(refuse_other_installations)
    listeners = Listeners(bolt)
    for handler in handlers:
        handler.register(listeners)
    bolt.error(answer_failure)
    return bolt


@dataclass(frozen=True, slots=True)
class Handlers:
    """Every handler; the fields stand in the order of registration."""

    home: Home
    channel_modal: ChannelModal
    commands: Commands
    reactions: Reactions
    shortcut: Shortcut
    reply_menu: ReplyMenu
    reply_buttons: ReplyButtons
    greeting: Greeting
    deleted_recordings: DeletedRecordings
    channel_lifecycle: ChannelLifecycle
    app_removal: AppRemoval
    file_shared: FileSharedEvents
    mentions: Mentions
    direct_messages: DirectMessages
    shares: Shares

    def in_order(self) -> Iterator[Feature]:
        """The handlers in the order of registration: those of one message subtype come before ``Shares``."""
        return (getattr(self, field.name) for field in fields(self))


def build_handlers(context: HandlerContext, shares: Shares, *, patience_s: float = PATIENCE_S) -> Handlers:
    """Build every handler, and one instance of each service that they share.

    Args:
        context: The services that handlers work with.
        shares: Handles shared files.
        patience_s: Seconds that an answer may take; injected for tests.
    """
    readers = context.readers
    answers = Answers(readers, patience_s=patience_s)
    modals = Modals(context.api, context.ephemeral, context.background, readers)
    change = ChangeSettings(context.permissions, context.preferences)
    opt_outs = OptOuts(context.preferences, context.lookups)
    requesting = Requesting(
        context.requests, context.lookups, context.permissions, opt_outs, context.identity.bot_user_id
    )
    written = WrittenRequests(context, requesting)
    direct_messages = DirectMessages(written, shares)
    home = Home(context, answers, readers, change)
    channel_modal = ChannelModal(context, answers, modals, readers, change, home.refresh)
    return Handlers(
        home=home,
        channel_modal=channel_modal,
        commands=Commands(context, answers, requesting, change, channel_modal, home.refresh),
        reactions=Reactions(context, requesting),
        shortcut=Shortcut(context, answers, modals, readers, requesting),
        reply_menu=ReplyMenu(context, answers, modals, readers, change, opt_outs),
        reply_buttons=ReplyButtons(context, answers, requesting, opt_outs),
        greeting=Greeting(context, answers, readers, change, home.refresh),
        # What is asked for comes before what happens by itself, or "I'm at it already" would be the answer.
        deleted_recordings=DeletedRecordings(
            context.requests, context.identity, (EditedRequests(written).take, shares.take_edit)
        ),
        channel_lifecycle=ChannelLifecycle(context.preferences, context.stop_jobs),
        app_removal=AppRemoval(context.preferences, context.stop_jobs),
        file_shared=FileSharedEvents(direct_messages, shares.handled, context.lookups, context.now),
        mentions=Mentions(written, shares),
        direct_messages=direct_messages,
        shares=shares,
    )


def _authorize_as(client: AsyncWebClient, identity: Identity) -> Callable[..., Awaitable[AuthorizeResult]]:
    async def authorize(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult:
        return AuthorizeResult(
            enterprise_id=enterprise_id,
            team_id=team_id,
            bot_token=client.token,
            bot_id=identity.bot_id,
            bot_user_id=identity.bot_user_id,
        )

    return authorize
