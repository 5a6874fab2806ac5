"""Changes a channel's settings for those who may, one after the other."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from enum import Enum

import structlog

from bot import sentences
from bot.channel_settings import Automatic, ChannelSettings
from bot.ports.store import Preferences
from bot.slack.background import KeyedLocks
from bot.slack.permissions import Permissions
from bot.translations import Sentence


class Denied(Enum):
    """Why somebody may not decide on a channel; the value is the sentence for it."""

    NOT_IN_CHANNEL = sentences.NOT_IN_CHANNEL
    ADMINS_ONLY = sentences.ADMINS_ONLY
    OUT_OF_REACH = sentences.OUT_OF_REACH

    @property
    def sentence(self) -> Sentence:
        """What is said of it."""
        return self.value


class ChangeSettings:
    """Changes the settings of channels. One instance for all: who decides first is first.

    Args:
        permissions: Who may.
        preferences: Where it is kept.
    """

    def __init__(self, permissions: Permissions, preferences: Preferences) -> None:
        self._permissions = permissions
        self._preferences = preferences
        self._locks = KeyedLocks()
        self._log = structlog.get_logger(__name__)

    async def denied(self, channel_id: str, user_id: str) -> Denied | None:
        """Why somebody may not decide on a channel; ``None`` where they may.

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
        """The settings after the change, or why there was none.

        Args:
            team_id: The workspace.
            channel_id: The channel.
            user_id: Who decides.
            change: Makes the new settings of those that are stored.
            check: What else may stand in the way. It is asked in turn, like everything that asks Slack: a
                slower earlier decision must not overtake a later one.

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
    """At least audio: where more or less than that was chosen, it is on already."""
    on = settings.automatic not in {None, Automatic.OFF}
    return settings if on else replace(settings, automatic=Automatic.AUDIO)


def turned_off(settings: ChannelSettings) -> ChannelSettings:
    """Nothing is transcribed unasked."""
    return replace(settings, automatic=Automatic.OFF)
