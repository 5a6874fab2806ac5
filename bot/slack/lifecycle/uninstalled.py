"""The app uninstalled, or its bot token revoked: everything about the workspace is forgotten."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import structlog

from bot.ports.preferences import Preferences
from bot.slack.incoming.events import AppUninstalled, EventCallback, TokensRevoked
from bot.slack.incoming.listeners import Listeners


class AppRemoval:
    """Deletes what is stored of a workspace that the bot was removed from.

    An error of the store is raised, so that Slack delivers the event again.

    Args:
        preferences: Purges everything about a workspace.
        stop_jobs: Stops the running jobs of a workspace.
    """

    def __init__(
        self, preferences: Preferences, stop_jobs: Callable[[str, str | None], Awaitable[None]]
    ) -> None:
        self._preferences = preferences
        self._stop_jobs = stop_jobs
        self._log = structlog.get_logger(__name__)

    def register(self, listeners: Listeners) -> None:
        """Listen for the app's removal."""
        listeners.event("app_uninstalled", AppUninstalled, self._uninstalled)
        listeners.event("tokens_revoked", TokensRevoked, self._tokens_revoked)

    async def _uninstalled(self, uninstalled: EventCallback[AppUninstalled]) -> None:
        await self._forget(uninstalled.installation_id)

    async def _tokens_revoked(self, revoked: EventCallback[TokensRevoked]) -> None:
        # People's own tokens are none of the bot's business.
        if revoked.event.tokens.bot:
            await self._forget(revoked.installation_id)

    async def _forget(self, team_id: str) -> None:
        if team_id:
            await self._preferences.forget_team(team_id)
            # Forgotten first, so that none of them is started again.
            await self._stop_jobs(team_id, None)
            self._log.error("workspace forgotten", team_id=team_id)
