"""Somebody puts the agreed emoji on a recording: it is transcribed in its thread.

Source: https://docs.slack.dev/reference/events/reaction_added
"""

from __future__ import annotations

from typing import Any

import structlog
from slack_bolt.async_app import AsyncApp

from bot.errors import Rejected
from bot.slack.asks.asking import Asking
from bot.slack.bodies import Body, part, team_of
from bot.slack.desk import Desk
from bot.slack.files import parse_id
from bot.slack.targets import Ask


class Reactions:
    """Hears reactions. What Slack does not answer is raised, so that it delivers the event again.

    Args:
        desk: What it works with.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._asking = Asking(desk.jobs, desk.lookups, desk.permissions)
        self._log = structlog.get_logger(__name__)

    def register(self, bolt: AsyncApp) -> None:
        """Listen for reactions."""

        async def react(body: dict[str, Any]) -> None:
            if self._asks(body):
                await self._take(body)

        bolt.event("reaction_added")(react)

    def _asks(self, body: Body) -> bool:
        event = part(body, "event")
        is_ours = event.get("user") == self._desk.identity.bot_user_id
        # With a skin tone it is still the same emoji.
        name = str(event.get("reaction") or "").partition("::")[0]
        return name == self._desk.deployment.ask_reaction and not is_ours

    async def _take(self, body: Body) -> None:
        """Ask for what can be transcribed; a reaction to anything else means something else.

        Raises:
            Unavailable: Slack does not answer.
            Misconfigured: a scope or the token is wrong.
        """
        event = part(body, "event")
        item, user_id = part(event, "item"), parse_id(event, "user")
        channel_id, ts = parse_id(item, "channel"), parse_id(item, "ts")
        if item.get("type") != "message" or not (channel_id and ts and user_id):
            return
        try:
            target = await self._desk.lookups.message(team_of(body), channel_id, ts)
            # Other apps' bots use emojis for purposes of their own.
            if not target.transcribable or (await self._desk.lookups.person(user_id)).is_bot:
                return
        except Rejected as error:
            self._log.debug("reaction out of reach", reason=str(error))
            return
        await self._asking.ask(target, Ask(user_id, parse_id(body, "event_id")))
