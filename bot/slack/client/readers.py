"""Readers: the language that each person is answered in, by their locale in Slack."""

from __future__ import annotations

import asyncio

from bot.slack.client.lookups import Lookups
from bot.translations import Reader

_PATIENCE_S = 1.0
"""An answer in another language is better than a late one."""


class Readers:
    """Finds people's readers, the languages that they are answered in.

    Args:
        lookups: Looks locales up in Slack, and caches them.
        default: For what several people read together, and for whoever Slack does not tell a locale of.
    """

    def __init__(self, lookups: Lookups, default: Reader) -> None:
        self._lookups = lookups
        self.default = default

    def named(self, locale: str) -> Reader:
        """The reader of a locale, such as ``en-GB``; the default where it is empty."""
        return Reader.of(locale) if locale else self.default

    def known(self, user_id: str) -> Reader:
        """Somebody's reader as far as it is known without a call; else the default."""
        return self.named(self._lookups.known_locale(user_id))

    async def of(self, user_id: str) -> Reader:
        """Somebody's reader; the default where Slack does not say within a second. Never raises."""
        try:
            async with asyncio.timeout(_PATIENCE_S):
                return self.named(await self._lookups.locale(user_id))
        except TimeoutError:
            return self.default
