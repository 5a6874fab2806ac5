"""Recognition context: a channel's language and vocabulary and, if so set, its name, topic and members."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from cachetools import LRUCache

from bot.channel_settings import ChannelSettings
from bot.errors import TranscriptionError
from bot.model import TranscriptionRequest
from bot.ports.preferences import Preferences
from bot.recording import MOST_CONTEXT_BYTES, RecognitionContext
from bot.slack.client.lookups import Lookups
from bot.tasks import start_task
from bot.transcript.documents import on_one_line

_FRESH_FOR = timedelta(hours=6)
_TRY_AGAIN_AFTER = timedelta(minutes=10)
_MOST_CHANNELS = 500
_MOST_MEMBERS = 100
_AT_ONCE = 5
"""Concurrent look-ups of people: Slack takes about 100 a minute."""
_LONGEST_LINE = 100
"""Characters: a name is shorter, and of a topic the beginning will do."""


@dataclass(slots=True)
class _Known:
    """A channel's names, and the task that looks them up."""

    looking: asyncio.Task[None] | None = None
    names: tuple[str, ...] = ()
    due: datetime | None = None
    """Time of the next look-up; ``None`` before the first."""


class SlackRecognitionContext:
    """``bot.ports.outside.RecognitionContextSource``, with a cache of each channel's names.

    Args:
        lookups: Reads from Slack.
        preferences: What channels have decided.
        bot_user_id: The bot's own name is left out: nobody says it in a recording.
        now: UTC; injected for tests.
        patience_s: Seconds that a job waits for the names of a channel that are not known yet.
    """

    def __init__(
        self,
        lookups: Lookups,
        preferences: Preferences,
        *,
        bot_user_id: str,
        now: Callable[[], datetime],
        patience_s: float = 3.0,
    ) -> None:
        self._lookups = lookups
        self._preferences = preferences
        self._bot_user_id = bot_user_id
        self._now = now
        self._patience_s = patience_s
        self._known: LRUCache[tuple[str, str], _Known] = LRUCache(_MOST_CHANNELS)
        """By team and channel. Names that are due serve until they were looked up again, so none expires."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._people = asyncio.Semaphore(_AT_ONCE)
        self._log = structlog.get_logger(__name__)

    async def context_for(self, request: TranscriptionRequest) -> RecognitionContext:
        """The recogniser's settings in the request's channel, with the vocabulary and names to expect."""
        key = request.key
        settings = await self._preferences.channel(key.team_id, key.channel_id)
        return RecognitionContext(
            language=settings.language,
            context=join_context(settings.vocabulary, await self._names(request, settings)),
            digits=settings.digits or None,
            emotion=settings.emotion,
            time_marks=settings.time_marks,
        )

    async def _names(self, request: TranscriptionRequest, settings: ChannelSettings) -> tuple[str, ...]:
        """The channel's names; none where one person alone reads the reply, who may not know them."""
        key = request.key
        if not settings.names_in_vocabulary or key.reader_id is not None or key.channel_id.startswith("D"):
            return ()
        known = self._known.setdefault((key.team_id, key.channel_id), _Known())
        if known.looking is None and (known.due is None or known.due <= self._now()):
            known.looking = start_task(self._look_up(key.channel_id, known))
            self._tasks.add(known.looking)
            known.looking.add_done_callback(self._tasks.discard)
        if known.looking is not None and not known.names:
            # It goes on after that, for the next recording.
            await asyncio.wait({known.looking}, timeout=self._patience_s)
        return known.names

    async def _look_up(self, channel_id: str, known: _Known) -> None:
        try:
            known.names = await self._names_now(channel_id)
            known.due = self._now() + _FRESH_FOR
        except TranscriptionError as error:
            self._log.debug("names unknown", channel_id=channel_id, reason=str(error))
            known.due = self._now() + _TRY_AGAIN_AFTER
        finally:
            known.looking = None

    async def _names_now(self, channel_id: str) -> tuple[str, ...]:
        channel = await self._lookups.conversation(channel_id)
        members = await self._lookups.members(channel_id, _MOST_MEMBERS)
        people = [member for member in members if member != self._bot_user_id]
        names = await asyncio.gather(*map(self._name, people))
        return tuple(name for name in (channel.name, channel.topic, *names) if name)

    async def _name(self, user_id: str) -> str:
        """Somebody's name; empty where Slack does not tell it, so that one person does not cost the rest."""
        async with self._people:
            try:
                return (await self._lookups.person(user_id)).name
            except TranscriptionError as error:
                self._log.debug("name unknown", reason=str(error))
                return ""


def join_context(vocabulary: Iterable[str], names: Iterable[str]) -> str:
    """Join vocabulary and names, one a line and each once, as many as the recogniser takes.

    The channel's own words come first; names are hostile text, and cut to what a line holds.
    """
    cut = (on_one_line(name)[:_LONGEST_LINE].strip() for name in names)
    kept: dict[str, str] = {}
    left_bytes = MOST_CONTEXT_BYTES + 1
    for line in (*map(on_one_line, vocabulary), *cut):
        if not line or line.casefold() in kept:
            continue
        left_bytes -= len(line.encode()) + 1
        if left_bytes < 0:
            break
        kept[line.casefold()] = line
    return "\n".join(kept.values())
