"""Channels left, deleted or given another id, and the app uninstalled: what is stored goes or moves along.

Of somebody who leaves a channel, their subscription to it goes. Archived channels keep what is stored: they
can come back.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import structlog

from bot.ports.store import Preferences
from bot.slack.incoming.events import (
    AppUninstalled,
    ChannelGone,
    ChannelIdChanged,
    ChannelMember,
    EventCallback,
    TokensRevoked,
)
from bot.slack.incoming.listeners import Listeners

_CHANNEL_GONE = ("channel_left", "group_left", "channel_deleted", "group_deleted")


class ChannelLifecycle:
    """Deletes or moves what is stored of channels and workspaces that the bot leaves.

    An error of the store is raised, so that Slack delivers the event again.

    Args:
        preferences: Purges everything about a channel or a workspace.
        stop_jobs: Stops the running jobs of a workspace, or of one channel of it.
    """

    def __init__(
        self, preferences: Preferences, stop_jobs: Callable[[str, str | None], Awaitable[None]]
    ) -> None:
        self._preferences = preferences
        self._stop_jobs = stop_jobs
        self._log = structlog.get_logger(__name__)

    def register(self, listeners: Listeners) -> None:
        """Listen for people leaving, channels going or changing ids, and the app's removal."""
        for name in _CHANNEL_GONE:
            listeners.event(name, ChannelGone, self._leave_channel)
        listeners.event("member_left_channel", ChannelMember, self._leave_as_reader)
        listeners.event("channel_id_changed", ChannelIdChanged, self._move_channel)
        listeners.event("app_uninstalled", AppUninstalled, self._leave_team)
        listeners.event("tokens_revoked", TokensRevoked, self._lose_tokens)

    async def _leave_channel(self, gone: EventCallback[ChannelGone]) -> None:
        team_id, channel_id = gone.installation_id, gone.event.channel
        if channel_id:
            await self._preferences.forget_channel(team_id, channel_id)
            # Forgotten first, so that none of them is started again.
            await self._stop_jobs(team_id, channel_id)
            self._log.info("channel forgotten", channel_id=channel_id)

    async def _leave_as_reader(self, left: EventCallback[ChannelMember]) -> None:
        """End the subscription of somebody who has left a channel: nothing is recognised for their sake."""
        team_id, user_id, channel_id = left.installation_id, left.event.user, left.event.channel
        chosen = await self._preferences.subscriptions(team_id, user_id)
        if channel_id in chosen:
            stays = [one for one in chosen if one != channel_id]
            await self._preferences.subscribe(team_id, user_id, stays)
            self._log.info("reader gone", channel_id=channel_id)

    async def _move_channel(self, moved: EventCallback[ChannelIdChanged]) -> None:
        old_id, new_id = moved.event.old_channel_id, moved.event.new_channel_id
        if old_id and new_id:
            await self._preferences.move_channel(moved.installation_id, old_id, new_id)
            self._log.info("channel moved", old_id=old_id, channel_id=new_id)

    async def _leave_team(self, uninstalled: EventCallback[AppUninstalled]) -> None:
        await self._forget_team(uninstalled.installation_id)

    async def _lose_tokens(self, revoked: EventCallback[TokensRevoked]) -> None:
        # People's own tokens are none of the bot's business.
        if revoked.event.tokens.bot:
            await self._forget_team(revoked.installation_id)

    async def _forget_team(self, team_id: str) -> None:
        if team_id:
            await self._preferences.forget_team(team_id)
            await self._stop_jobs(team_id, None)
            self._log.error("workspace forgotten", team_id=team_id)
