"""Channels left, deleted or given another id: what is stored of them is forgotten or moved.

Of somebody who leaves a channel, their subscription to it goes. Archived channels keep what is stored: they
can come back.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import structlog

from bot.ports.preferences import Preferences
from bot.slack.incoming.events import (
    ChannelGone,
    ChannelIdChanged,
    ChannelMember,
    EventCallback,
)
from bot.slack.incoming.listeners import Listeners

_CHANNEL_GONE = ("channel_left", "group_left", "channel_deleted", "group_deleted")


class ChannelLifecycle:
    """Deletes or moves what is stored of channels.

    An error of the store is raised, so that Slack delivers the event again.

    Args:
        preferences: Purges everything about a channel.
        stop_jobs: Stops the running jobs of a channel.
    """

    def __init__(
        self, preferences: Preferences, stop_jobs: Callable[[str, str | None], Awaitable[None]]
    ) -> None:
        self._preferences = preferences
        self._stop_jobs = stop_jobs
        self._log = structlog.get_logger(__name__)

    def register(self, listeners: Listeners) -> None:
        """Listen for people who leave, and for channels that go or change their ids."""
        for name in _CHANNEL_GONE:
            listeners.event(name, ChannelGone, self._leave_channel)
        listeners.event("member_left_channel", ChannelMember, self._leave_as_reader)
        listeners.event("channel_id_changed", ChannelIdChanged, self._move_channel)

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
