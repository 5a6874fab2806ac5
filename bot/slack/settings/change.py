"""Changes of a channel's settings: permission checked, then stored, one at a time for each channel."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from enum import Enum

import structlog

from bot import sentences
from bot.channel_settings import Automatic, ChannelSettings
from bot.ports.preferences import Preferences
from bot.slack.keyed_locks import KeyedLocks
from bot.slack.permissions import Permissions
from bot.translations import Sentence


class Denied(Enum):
    """Reasons why somebody may not change a channel's settings; the value is the sentence for it."""

    NOT_IN_CHANNEL = sentences.NOT_IN_CHANNEL
    ADMINS_ONLY = sentences.ADMINS_ONLY
    OUT_OF_REACH = sentences.OUT_OF_REACH

    @property
    def sentence(self) -> Sentence:
        """The sentence that tells the reason."""
        return self.value


class ChangeSettings:
    """Changes the settings of channels. One instance for all: who decides first is first.

    Args:
        permissions: Decides who may change them.
        preferences: Stores the settings.
    """

    def __init__(self, permissions: Permissions, preferences: Preferences) -> None:
        self._permissions = permissions
        self._preferences = preferences
        self._locks = KeyedLocks()
        self._log = structlog.get_logger(__name__)

    async def denied(self, channel_id: str, user_id: str) -> Denied | None:
        """The reason why somebody may not change a channel's settings; ``None`` where they may.

        Raises:
            Unavailable: Slack does not answer.
            Misconfigured: a scope or the token is wrong.
        """
        if await self._permissions.may_change_settings(channel_id, user_id):
            return None
        knows_it = await self._permissions.lacks_only_a_role(channel_id, user_id)
        return Denied.ADMINS_ONLY if knows_it else Denied.OUT_OF_REACH

    async def change(
        self,
        team_id: str,
        channel_id: str,
        user_id: str,
        change: Callable[[ChannelSettings], ChannelSettings],
        *,
        check: Callable[[], Awaitable[Denied | None]] | None = None,
    ) -> ChannelSettings | Denied:
        """Change the settings, and return them; or the reason why they were not changed.

        Args:
            team_id: The workspace.
            channel_id: The channel.
            user_id: Who decides.
            change: Makes the new settings of those that are stored.
            check: Another reason against it. It is awaited under the channel's lock, like everything that
                asks Slack: a slower earlier decision must not overtake a later one.

        Raises:
            Unavailable: Slack does not answer.
            Misconfigured: a scope or the token is wrong.
        """
        async with self._locks.of(channel_id):
            denied = await check() if check else None
            denied = denied or await self.denied(channel_id, user_id)
            if denied is not None:
                return denied
            settings = await self._preferences.change_channel(team_id, channel_id, change)
        self._log.info("settings changed", channel_id=channel_id, automatic=settings.automatic)
        return settings


def turned_on(settings: ChannelSettings) -> ChannelSettings:
    """The settings with at least audio transcribed unasked; where anything is on, they stay as they are."""
    on = settings.automatic not in {None, Automatic.OFF}
    return settings if on else replace(settings, automatic=Automatic.AUDIO)


def turned_off(settings: ChannelSettings) -> ChannelSettings:
    """The settings with nothing transcribed unasked."""
    return replace(settings, automatic=Automatic.OFF)
