"""Opt-outs of the people in recordings, looked up before anything is asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from bot import sentences
from bot.errors import Refusal, TranscriptionError
from bot.model import FileState, SharedFile
from bot.ports.preferences import Preferences
from bot.slack.client.lookups import Lookups
from bot.translations import Sentence

_PATIENCE_S = 1.0
"""For a look-up; whoever asks waits for the answer."""


@dataclass(frozen=True, slots=True)
class OptedOut:
    """The recordings of a message that nobody gets, as their people never want to be transcribed."""

    file_ids: frozenset[str] = frozenset()
    people: frozenset[str] = frozenset()
    """Their user ids."""

    def __bool__(self) -> bool:
        """True where there is such a recording."""
        return bool(self.file_ids)

    def sentence(self, asker: str) -> Sentence:
        """The refusal for whoever asks; it may be their own."""
        mine = self.people == {asker}
        return sentences.OPTED_OUT_YOURSELF if mine else sentences.REFUSALS[Refusal.OPTED_OUT]


class OptOuts:
    """Knows of which recordings the people have opted out.

    Args:
        preferences: Knows who has.
        lookups: Know who recorded a file of which only the id is known.
    """

    def __init__(self, preferences: Preferences, lookups: Lookups) -> None:
        self._preferences = preferences
        self._lookups = lookups

    async def among(self, team_id: str, files: Sequence[SharedFile], sharer_id: str) -> OptedOut:
        """Those of some files whose people have opted out: who recorded one counts, else who shared it.

        Where Slack does not say in time who recorded one, its job finds out.
        """
        speakers = await asyncio.gather(*(self._speaker_id(file, sharer_id) for file in files))
        out = {
            user_id
            for user_id in sorted({*speakers} - {""})
            if await self._preferences.is_opted_out(team_id, user_id)
        }
        file_ids = (file.id for file, user_id in zip(files, speakers, strict=True) if user_id in out)
        return OptedOut(frozenset(file_ids), frozenset(out))

    async def _speaker_id(self, file: SharedFile, sharer_id: str) -> str:
        """The person whose word counts; empty where that is not known yet."""
        if file.owner_id or file.state is not FileState.STUB:
            return file.owner_id or sharer_id
        try:
            async with asyncio.timeout(_PATIENCE_S):
                return await self._lookups.owner_id(file.id) or sharer_id
        except (TranscriptionError, TimeoutError):
            return ""
