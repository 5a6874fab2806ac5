"""Somebody decides on a channel, if they may."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

import structlog

from bot import sentences
from bot.errors import TranscriptionError
from bot.ports.store import Preferences
from bot.preferences import Automatic, ChannelSettings
from bot.slack.choices.turns import Turns
from bot.slack.permissions import Permissions
from bot.translations import ENGLISH

PATIENCE_S = 2.0
"""Slack waits three seconds for an acknowledgement, and does not deliver again what people press."""


class Deciding:
    """Changes a channel's settings for those who may.

    Args:
        permissions: Who may.
        preferences: Where it is kept.
        patience_s: How long a decision may take.
    """

    def __init__(
        self, permissions: Permissions, preferences: Preferences, *, patience_s: float = PATIENCE_S
    ) -> None:
        self._permissions = permissions
        self._preferences = preferences
        self._patience_s = patience_s
        self._turns = Turns()
        self._log = structlog.get_logger(__name__)

    async def refusal(self, channel_id: str, user_id: str) -> str:
        """Why somebody may not decide on a channel, as a sentence; empty where they may."""
        try:
            if await self._permissions.may_change_settings(channel_id, user_id):
                return ""
            knows_it = await self._permissions.lacks_only_a_role(channel_id, user_id)
        except TranscriptionError as error:
            self._log.warning("not decided", error=str(error))
            return ENGLISH.say(sentences.SLACK_SILENT)
        return ENGLISH.say(sentences.ADMINS_ONLY if knows_it else sentences.OUT_OF_REACH)

    async def decide(
        self,
        team_id: str,
        channel_id: str,
        user_id: str,
        change: Callable[[ChannelSettings], ChannelSettings],
    ) -> ChannelSettings | str:
        """The settings after the change, or why there was none. Who decides first is first."""
        try:
            async with asyncio.timeout(self._patience_s), self._turns.of(channel_id):
                refusal = await self.refusal(channel_id, user_id)
                if refusal:
                    return refusal
                settings = await self._preferences.change_channel(team_id, channel_id, change)
        except TimeoutError:
            self._log.warning("not decided in time", channel_id=channel_id)
            return ENGLISH.say(sentences.SLACK_SILENT)
        self._log.info("settings changed", channel_id=channel_id, automatic=settings.automatic)
        return settings


def turned_on(settings: ChannelSettings) -> ChannelSettings:
    """At least audio: where more or less than that was chosen, it is on already."""
    on = settings.automatic not in {None, Automatic.OFF}
    return settings if on else replace(settings, automatic=Automatic.AUDIO)


def turned_off(settings: ChannelSettings) -> ChannelSettings:
    """Nothing is transcribed unasked."""
    return replace(settings, automatic=Automatic.OFF)
