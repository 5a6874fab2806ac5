"""What people decided, in dictionaries. Held to the same contract as the real preferences."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from bot.channel_settings import ChannelSettings
from tests.job.memory import MemoryJobs
from tests.job.memory_ledger import MemoryLedger
from tests.job.virtual import VirtualTime

__all__ = ["MemoryLedger", "MemoryPreferences"]

Channel = tuple[str, str]
"""A workspace and a channel of it."""


class MemoryPreferences:
    """``bot.ports.store.Preferences``; what it forgets, the jobs and their ledger forget too."""

    def __init__(self, jobs: MemoryJobs | None = None) -> None:
        self.settings: dict[Channel, ChannelSettings] = {}
        self.greeted: set[Channel] = set()
        self.opted_out: set[tuple[str, str]] = set()
        self.subscribed: set[tuple[str, str, str]] = set()
        self._jobs = jobs or MemoryJobs(VirtualTime())

    async def channel(self, team_id: str, channel_id: str) -> ChannelSettings:
        return self.settings.get((team_id, channel_id), ChannelSettings())

    async def channels(self, team_id: str) -> Mapping[str, ChannelSettings]:
        return {channel_id: found for (team, channel_id), found in self.settings.items() if team == team_id}

    async def change_channel(
        self, team_id: str, channel_id: str, change: Callable[[ChannelSettings], ChannelSettings]
    ) -> ChannelSettings:
        changed = change(await self.channel(team_id, channel_id))
        self.settings[team_id, channel_id] = changed
        return changed

    async def greet(self, team_id: str, channel_id: str) -> bool:
        is_first = (team_id, channel_id) not in self.greeted
        self.greeted.add((team_id, channel_id))
        return is_first

    async def is_opted_out(self, team_id: str, user_id: str) -> bool:
        return (team_id, user_id) in self.opted_out

    async def opt_out(self, team_id: str, user_id: str, *, out: bool) -> None:
        if out:
            self.opted_out.add((team_id, user_id))
        else:
            self.opted_out.discard((team_id, user_id))

    async def subscribers(self, team_id: str, channel_id: str) -> Sequence[str]:
        return sorted(
            user for team, channel, user in self.subscribed if (team, channel) == (team_id, channel_id)
        )

    async def subscriptions(self, team_id: str, user_id: str) -> Sequence[str]:
        return sorted(
            channel for team, channel, user in self.subscribed if (team, user) == (team_id, user_id)
        )

    async def subscribe(self, team_id: str, user_id: str, channel_ids: Sequence[str]) -> None:
        self.subscribed = {row for row in self.subscribed if (row[0], row[2]) != (team_id, user_id)}
        self.subscribed |= {(team_id, channel_id, user_id) for channel_id in channel_ids}

    async def move_channel(self, team_id: str, old_id: str, new_id: str) -> None:
        old, new = (team_id, old_id), (team_id, new_id)
        if old in self.settings or old in self.greeted:
            self._forget_decisions(new)
        if old in self.settings:
            self.settings[new] = self.settings.pop(old)
        if old in self.greeted:
            self.greeted.remove(old)
            self.greeted.add(new)
        if moved := {row for row in self.subscribed if row[:2] == old}:
            self.subscribed = {row for row in self.subscribed if row[:2] not in {old, new}}
            self.subscribed |= {(team_id, new_id, user_id) for _, _, user_id in moved}
        self._jobs.ledger.move(team_id, old_id, new_id)

    async def forget_channel(self, team_id: str, channel_id: str) -> None:
        self._forget_decisions((team_id, channel_id))
        self.subscribed = {row for row in self.subscribed if row[:2] != (team_id, channel_id)}
        self._jobs.forget(team_id, channel_id)
        self._jobs.ledger.move(team_id, channel_id, "")

    async def forget_team(self, team_id: str) -> None:
        for channel in [channel for channel in {*self.settings, *self.greeted} if channel[0] == team_id]:
            self._forget_decisions(channel)
        self.opted_out = {row for row in self.opted_out if row[0] != team_id}
        self.subscribed = {row for row in self.subscribed if row[0] != team_id}
        self._jobs.forget(team_id)
        self._jobs.ledger.forget(team_id)

    def _forget_decisions(self, channel: Channel) -> None:
        self.settings.pop(channel, None)
        self.greeted.discard(channel)
