"""Usage in a dictionary. Held to the same contract as the real ledger."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from bot.model import Usage


class MemoryLedger:
    """``bot.ports.preferences.Ledger``."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str, str], Usage] = {}

    async def used(self, team_id: str, month: date) -> Usage:
        by_channel = (await self.used_by_channel(team_id, month)).values()
        return Usage(sum(used.clips for used in by_channel), sum(used.seconds for used in by_channel))

    async def used_by_channel(self, team_id: str, month: date) -> Mapping[str, Usage]:
        return {
            channel_id: used
            for (team, channel_id, name), used in self.rows.items()
            if (team, name) == (team_id, f"{month:%Y-%m}")
        }

    def add(
        self, team_id: str, channel_id: str, month: date, *, clips: int = 0, seconds: float = 0.0
    ) -> None:
        self._add((team_id, channel_id, f"{month:%Y-%m}"), Usage(clips, seconds))

    def move(self, team_id: str, old_id: str, new_id: str) -> None:
        for row in [row for row in self.rows if row[:2] == (team_id, old_id)]:
            self._add((team_id, new_id, row[2]), self.rows.pop(row))

    def forget(self, team_id: str) -> None:
        for row in [row for row in self.rows if row[0] == team_id]:
            del self.rows[row]

    def _add(self, row: tuple[str, str, str], used: Usage) -> None:
        before = self.rows.get(row, Usage())
        self.rows[row] = Usage(before.clips + used.clips, before.seconds + used.seconds)
