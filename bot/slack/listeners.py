"""Who listens to what. An acknowledged event is durable: a listener that fails is not acked.

``process_before_response=True`` runs a listener before the acknowledgement, and Bolt then answers 500 (or
sends no Socket Mode ack) when it raises, so that Slack delivers again; the job's key makes that harmless.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import structlog
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.error import BoltUnhandledRequestError
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.desk import Control
from bot.slack.identity import Identity
from bot.slack.intake import Intake


def build_bolt(
    intake: Intake,
    controls: Sequence[Control],
    client: AsyncWebClient,
    identity: Identity,
    signing_secret: str,
) -> AsyncApp:
    """Bolt with our listeners, for one workspace whose token is known and verified."""
    log = structlog.get_logger(__name__)
    bolt = AsyncApp(
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

    async def share(body: dict[str, Any]) -> None:
        await intake.take(body)

    async def answer_failure(error: Exception) -> BoltResponse:
        if isinstance(error, BoltUnhandledRequestError):
            # Acknowledged, or Slack would deliver it again.
            return BoltResponse(status=200, body="")
        log.error("request failed", exc_info=error)
        return BoltResponse(status=500, body="")

    # The first listener that matches is the only one: the controls take what they know of messages.
    for control in controls:
        control.register(bolt)
    bolt.event("message")(share)
    bolt.event("app_mention")(share)
    bolt.error(answer_failure)
    return bolt


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
