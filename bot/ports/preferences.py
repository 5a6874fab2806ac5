"""Ports to the store: people's settings, usage, and how far channels were listened to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Protocol

from bot.channel_settings import ChannelSettings
from bot.model import Usage


class Preferences(Protocol):
    """Keeps what people have decided, and for whom the bot is installed."""

    async def channel(self, team_id: str, channel_id: str) -> ChannelSettings:
        """A channel's settings; the defaults where nobody has decided anything."""

    async def channels(self, team_id: str) -> Mapping[str, ChannelSettings]:
        """The settings of every channel of a workspace that has some, by channel id."""

    async def change_channel(
        self, team_id: str, channel_id: str, change: Callable[[ChannelSettings], ChannelSettings]
    ) -> ChannelSettings:
        """Replace a channel's settings by what ``change`` makes of them, in one transaction."""

    async def decided_at(self, team_id: str, channel_id: str) -> datetime | None:
        """When what is transcribed in a channel, and for whom, last changed; ``None`` where never."""

    async def greet(self, team_id: str, channel_id: str) -> bool:
        """Note that the bot greets a channel; True the first time since it was last forgotten."""

    async def is_opted_out(self, team_id: str, user_id: str) -> bool:
        """True where somebody never wants to be transcribed."""

    async def opt_out(self, team_id: str, user_id: str, *, out: bool) -> None:
        """Note that they do not, or do again."""

    async def chosen_at(self, team_id: str, user_id: str) -> datetime | None:
        """When somebody last opted out, or in again; ``None`` where never."""

    async def subscribers(
        self, team_id: str, channel_id: str, *, by: datetime | None = None
    ) -> Sequence[str]:
        """The people who want a channel's transcripts by direct message, and did by a time."""

    async def subscriptions(self, team_id: str, user_id: str) -> Sequence[str]:
        """The channels whose transcripts somebody wants by direct message."""

    async def subscribe(self, team_id: str, user_id: str, channel_ids: Sequence[str]) -> None:
        """Replace these."""

    async def move_channel(self, team_id: str, old_id: str, new_id: str) -> None:
        """Take all that is stored of a channel along to its new id, its jobs in whatever state too.

        From then on every port takes the old id, and keys with it, for the new one.
        """

    async def channel_now(self, channel_id: str) -> str:
        """The id that a channel goes by now, whichever of its ids is given; any other id as it is."""

    async def forget_channel(self, team_id: str, channel_id: str) -> None:
        """Purge a channel: settings, subscriptions, jobs, parts. What it used counts for the workspace."""

    async def forget_team(self, team_id: str) -> None:
        """Purge a workspace: everything."""


class Ledger(Protocol):
    """Counts what was transcribed: seconds and clips, never words or names. Jobs write it."""

    async def used(self, team_id: str, month: date) -> Usage:
        """By a workspace in the month that holds this day, in UTC."""

    async def used_by_channel(self, team_id: str, month: date) -> Mapping[str, Usage]:
        """A month's usage by channel id; the empty id stands for channels that are forgotten."""


class Listening(Protocol):
    """Keeps how far the events of each channel were heard, for looking back where some were missed."""

    async def start(self, team_id: str, *, automatic: bool) -> datetime | None:
        """Begin to listen to a workspace, or go on.

        Args:
            team_id: The workspace.
            automatic: The deployment's default for channels where nobody has decided.

        Returns:
            Until when a former process heard everything; ``None`` for the first time.
        """

    async def stop(self, team_id: str) -> None:
        """Forget how far a workspace was heard: its next start is the first one."""

    async def note_heard(self, team_id: str, until: datetime) -> None:
        """Note that everything was heard until then, but for what counts as missed."""

    async def note_missed(self, team_id: str, since: datetime) -> None:
        """Count what was said in any channel since then as missed."""

    async def begin(self, team_id: str, channel_ids: Sequence[str]) -> None:
        """Listen to channels from now on; to those that are known, as before."""

    async def missed(self, team_id: str) -> Mapping[str, datetime]:
        """The channels of which something was missed, and since when, by channel id."""

    async def caught_up(self, team_id: str, channel_id: str) -> None:
        """Note that a channel's history was looked through."""

    async def default_since(self, team_id: str) -> datetime | None:
        """Since when the deployment's default has been what it is; ``None`` for an unknown workspace."""
