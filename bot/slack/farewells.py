"""Somebody or the bot leaves, or a channel goes or moves: what is stored of it goes or moves along.

Archived channels keep theirs: they can come back.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from slack_bolt.async_app import AsyncApp

from bot.ports.store import Preferences
from bot.slack.bodies import part, team_of
from bot.slack.files import parse_id

_CHANNEL_GONE = ("channel_left", "group_left", "channel_deleted", "group_deleted")


class Farewells:
    """Purges what is left behind. An error of the store is raised, so that Slack delivers the event again.

    Args:
        preferences: Where everything about a channel or a workspace is forgotten.
        stop_jobs: Stops what runs for a workspace, or for one channel of it.
    """

    def __init__(
        self, preferences: Preferences, stop_jobs: Callable[[str, str | None], Awaitable[None]]
    ) -> None:
        self._preferences = preferences
        self._stop_jobs = stop_jobs
        self._log = structlog.get_logger(__name__)

    def register(self, bolt: AsyncApp) -> None:
        """Listen for what ends."""

        async def leave_channel(body: dict[str, Any]) -> None:
            channel_id = parse_id(part(body, "event"), "channel")
            if channel_id:
                await self._preferences.forget_channel(team_of(body), channel_id)
                # Forgotten first, so that none of them begins anew.
                await self._stop_jobs(team_of(body), channel_id)
                self._log.info("channel forgotten", channel_id=channel_id)

        async def leave_as_reader(body: dict[str, Any]) -> None:
            event = part(body, "event")
            await self._unsubscribe(team_of(body), parse_id(event, "user"), parse_id(event, "channel"))

        async def move_channel(body: dict[str, Any]) -> None:
            event = part(body, "event")
            old_id, new_id = parse_id(event, "old_channel_id"), parse_id(event, "new_channel_id")
            if old_id and new_id:
                await self._preferences.move_channel(team_of(body), old_id, new_id)
                self._log.info("channel moved", old_id=old_id, channel_id=new_id)

        async def leave_team(body: dict[str, Any]) -> None:
            await self._forget_team(team_of(body))

        async def lose_tokens(body: dict[str, Any]) -> None:
            # People's own tokens are none of the bot's business.
            if part(part(body, "event"), "tokens").get("bot"):
                await self._forget_team(team_of(body))

        for name in _CHANNEL_GONE:
            bolt.event(name)(leave_channel)
        bolt.event("member_left_channel")(leave_as_reader)
        bolt.event("channel_id_changed")(move_channel)
        bolt.event("app_uninstalled")(leave_team)
        bolt.event("tokens_revoked")(lose_tokens)

    async def _unsubscribe(self, team_id: str, user_id: str, channel_id: str) -> None:
        """Whoever has left a channel reads it no more, so that nothing is heard there for their sake."""
        chosen = await self._preferences.subscriptions(team_id, user_id)
        if channel_id in chosen:
            stays = [one for one in chosen if one != channel_id]
            await self._preferences.subscribe(team_id, user_id, stays)
            self._log.info("reader gone", channel_id=channel_id)

    async def _forget_team(self, team_id: str) -> None:
        if team_id:
            await self._preferences.forget_team(team_id)
            await self._stop_jobs(team_id, None)
            self._log.error("workspace forgotten", team_id=team_id)
