"""Ack, parse, enqueue; nothing else. An acknowledged event is durable: a listener that fails is not acked.

``process_before_response=True`` runs a listener before the acknowledgement, and Bolt then answers 500 (or
sends no Socket Mode ack) when it raises, so that Slack delivers again; the job's key makes that harmless.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.error import BoltUnhandledRequestError
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot import sentences
from bot.ports import Jobs
from bot.slack import blocks
from bot.slack.api_errors import API_FAILURES, translate
from bot.slack.events import Ignored, Policy, parse_event, parse_gap_request
from bot.slack.identity import Identity
from bot.telemetry import Metrics

_WHISPER_TIMEOUT_S = 2.0


class Intake:
    """Takes an event body and stores what it asks for.

    Args:
        jobs: Where requests become durable.
        policy: What is transcribed unasked.
        metrics: Where events are counted.
    """

    def __init__(self, jobs: Jobs, policy: Policy, metrics: Metrics) -> None:
        self._jobs = jobs
        self._policy = policy
        self._metrics = metrics
        self._log = structlog.get_logger(__name__)

    async def take(self, body: Mapping[str, Any]) -> None:
        """Store the event's requests; returns only when they are durable."""
        parsed = parse_event(body, self._policy)
        if isinstance(parsed, Ignored):
            self._metrics.events.labels(str(parsed)).inc()
            self._log.debug("event ignored", reason=str(parsed), event_id=body.get("event_id"))
            return
        new = await self._jobs.accept(parsed)
        self._metrics.events.labels("accepted" if new else "duplicate").inc()
        self._log.info(
            "event accepted",
            event_id=body.get("event_id"),
            channel_id=parsed[0].key.channel_id,
            files=len(parsed),
            new=new,
        )

    async def fill_gaps(self, body: Mapping[str, Any]) -> bool:
        """Have the missing parts of a transcript tried again; False where they are no longer kept."""
        key = parse_gap_request(body)
        found = key is not None and await self._jobs.fill_gaps(key)
        self._metrics.events.labels("gaps_asked_for" if found else "gaps_gone").inc()
        self._log.info("gaps asked for", key=key, found=found)
        return found


def build_bolt(intake: Intake, client: AsyncWebClient, identity: Identity, signing_secret: str) -> AsyncApp:
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

    async def fill_gaps(ack: AsyncAck, body: dict[str, Any]) -> None:
        found = await intake.fill_gaps(body)
        await ack()
        if not found:
            await _whisper(client, body, sentences.GAPS_GONE)

    async def answer_failure(error: Exception) -> BoltResponse:
        if isinstance(error, BoltUnhandledRequestError):
            # Acknowledged, or Slack would deliver it again.
            return BoltResponse(status=200, body="")
        log.error("event not stored", exc_info=error)
        return BoltResponse(status=500, body="")

    bolt.event("message")(share)
    bolt.event("app_mention")(share)
    bolt.action(blocks.FILL_GAPS)(fill_gaps)
    bolt.error(answer_failure)
    return bolt


async def _whisper(client: AsyncWebClient, body: Mapping[str, Any], text: str) -> None:
    """Tell the one person who pressed a button. Worth one try, within the time that Slack waits."""
    message, user, channel = (body.get(name) or {} for name in ("message", "user", "channel"))
    try:
        async with asyncio.timeout(_WHISPER_TIMEOUT_S):
            await client.chat_postEphemeral(
                channel=channel.get("id", ""),
                user=user.get("id", ""),
                thread_ts=message.get("thread_ts"),
                text=text,
            )
    except API_FAILURES as failure:
        structlog.get_logger(__name__).warning("not whispered", error=str(translate(failure)))


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
