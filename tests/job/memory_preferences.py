"""What people decided, in dictionaries. Held to the same contract as the real preferences."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from bot.channel_settings import ChannelSettings
from tests.job.memory import MemoryJobs
from tests.job.memory_ledger import MemoryLedger
from tests.job.virtual import VirtualTime

__all__ = ["MemoryLedger", "MemoryListening", "MemoryPreferences"]

Channel = tuple[str, str]
"""A workspace and a channel of it."""


class MemoryListening:
    """The channels that are listened to, and no more: what was missed is the real store's."""

    def __init__(self) -> None:
        self.begun: list[Channel] = []

    async def begin(self, team_id: str, channel_ids: Sequence[str]) -> None:
        self.begun += [(team_id, channel_id) for channel_id in channel_ids]


class MemoryPreferences:
    """``bot.ports.preferences.Preferences``; what it forgets, the jobs and their ledger forget too."""

    def __init__(self, jobs: MemoryJobs | None = None, time: VirtualTime | None = None) -> None:
        self._time = time or VirtualTime()
        self.settings: dict[Channel, ChannelSettings] = {}
        self.greeted: set[Channel] = set()
        self.opted_out: set[tuple[str, str]] = set()
        self.subscribed: dict[tuple[str, str, str], datetime] = {}
        self._decided: dict[Channel, datetime] = {}
        self._chosen: dict[tuple[str, str], datetime] = {}
        self._jobs = jobs or MemoryJobs(self._time)

    async def channel(self, team_id: str, channel_id: str) -> ChannelSettings:
        return self.settings.get(self._now(team_id, channel_id), ChannelSettings())

    async def channels(self, team_id: str) -> Mapping[str, ChannelSettings]:
        return {channel_id: found for (team, channel_id), found in self.settings.items() if team == team_id}

    async def change_channel(
        self, team_id: str, channel_id: str, change: Callable[[ChannelSettings], ChannelSettings]
    ) -> ChannelSettings:
        before = await self.channel(team_id, channel_id)
        changed, now = change(before), self._now(team_id, channel_id)
        self.settings[now] = changed
        if (before.automatic, before.only_for_sender) != (changed.automatic, changed.only_for_sender):
            self._decided[now] = self._time.now()
        return changed

    async def decided_at(self, team_id: str, channel_id: str) -> datetime | None:
        return self._decided.get(self._now(team_id, channel_id))

    async def greet(self, team_id: str, channel_id: str) -> bool:
        channel = self._now(team_id, channel_id)
        is_first = channel not in self.greeted
        self.greeted.add(channel)
        return is_first

    async def is_opted_out(self, team_id: str, user_id: str) -> bool:
        return (team_id, user_id) in self.opted_out

    async def opt_out(self, team_id: str, user_id: str, *, out: bool) -> None:
        person = (team_id, user_id)
        if person not in self._chosen or out != (person in self.opted_out):
            self._chosen[person] = self._time.now()
        self.opted_out = self.opted_out | {person} if out else self.opted_out - {person}
        if out:
            self._jobs.drop_kept_words(team_id)

    async def chosen_at(self, team_id: str, user_id: str) -> datetime | None:
        return self._chosen.get((team_id, user_id))

    async def subscribers(
        self, team_id: str, channel_id: str, *, by: datetime | None = None
    ) -> Sequence[str]:
        return sorted(
            user
            for (team, channel, user), since in self.subscribed.items()
            if (team, channel) == self._now(team_id, channel_id) and (by is None or since <= by)
        )

    async def subscriptions(self, team_id: str, user_id: str) -> Sequence[str]:
        return sorted(
            channel for team, channel, user in self.subscribed if (team, user) == (team_id, user_id)
        )

    async def subscribe(self, team_id: str, user_id: str, channel_ids: Sequence[str]) -> None:
        chosen = {(*self._now(team_id, one), user_id): self._time.now() for one in channel_ids}
        others = {
            row: since
            for row, since in self.subscribed.items()
            if (row[0], row[2]) != (team_id, user_id) or row in chosen
        }
        self.subscribed = chosen | others

    async def move_channel(self, team_id: str, old_id: str, new_id: str) -> None:
        # An event that comes late names an id that the channel has left again.
        _, newest = self._now(team_id, new_id)
        newest = new_id if newest == old_id else newest
        if newest == old_id:
            return
        old, new = (team_id, old_id), (team_id, newest)
        if old in self.settings or old in self.greeted:
            self._forget_decisions(new)
        if old in self.settings:
            self.settings[new] = self.settings.pop(old)
        if old in self._decided:
            self._decided[new] = self._decided.pop(old)
        if old in self.greeted:
            self.greeted.remove(old)
            self.greeted.add(new)
        if moved := {row: since for row, since in self.subscribed.items() if row[:2] == old}:
            self.subscribed = {
                row: since for row, since in self.subscribed.items() if row[:2] not in {old, new}
            }
            self.subscribed |= {(team_id, newest, row[2]): since for row, since in moved.items()}
        self._jobs.move(team_id, old_id, newest)
        self._jobs.ledger.move(team_id, old_id, newest)

    async def channel_now(self, channel_id: str) -> str:
        return next((new for (_, old), new in self._jobs.moved.items() if old == channel_id), channel_id)

    async def forget_channel(self, team_id: str, channel_id: str) -> None:
        _, channel_id = self._now(team_id, channel_id)
        self._forget_decisions((team_id, channel_id))
        self.subscribed = {
            row: since for row, since in self.subscribed.items() if row[:2] != (team_id, channel_id)
        }
        self._jobs.forget(team_id, channel_id)
        self._jobs.ledger.move(team_id, channel_id, "")

    async def forget_team(self, team_id: str) -> None:
        for channel in [channel for channel in {*self.settings, *self.greeted} if channel[0] == team_id]:
            self._forget_decisions(channel)
        self.opted_out = {row for row in self.opted_out if row[0] != team_id}
        self._chosen = {row: at for row, at in self._chosen.items() if row[0] != team_id}
        self.subscribed = {row: since for row, since in self.subscribed.items() if row[0] != team_id}
        self._jobs.forget(team_id)
        self._jobs.ledger.forget(team_id)

    def _now(self, team_id: str, channel_id: str) -> Channel:
        return team_id, self._jobs.channel_now(team_id, channel_id)

    def _forget_decisions(self, channel: Channel) -> None:
        self.settings.pop(channel, None)
        self._decided.pop(channel, None)
        self.greeted.discard(channel)
