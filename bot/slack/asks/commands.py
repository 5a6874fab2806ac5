"""The slash command. What it answers only the person who typed it sees.

Source: https://docs.slack.dev/interactivity/implementing-slash-commands
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp

from bot import sentences
from bot.errors import Rejected, TranscriptionError
from bot.model import JobState, Place
from bot.preferences import Automatic, ChannelSettings
from bot.slack import actions
from bot.slack.asks.asking import Asking, said_of
from bot.slack.asks.phrases import NotUnderstood, Wanted, Word, parse_command
from bot.slack.bodies import Body
from bot.slack.choices.deciding import Deciding, turned_off, turned_on
from bot.slack.choices.settings_control import SettingsControl
from bot.slack.desk import Desk
from bot.slack.files import parse_id
from bot.slack.kit import section
from bot.slack.speech.rich_text import escape
from bot.slack.targets import Ask
from bot.translations import ENGLISH, Reader

_PATIENCE_S = 2.5
"""Slack waits three seconds for the acknowledgement, and the answer is in it."""


@dataclass(frozen=True, slots=True)
class _Typed:
    """Who typed a command, and where."""

    team_id: str
    channel_id: str
    user_id: str
    trigger_id: str

    @property
    def is_direct(self) -> bool:
        """In a direct message."""
        return self.channel_id.startswith("D")


class Commands:
    """Answers ``/transcribe``.

    Args:
        desk: What it works with.
        settings: Opens a channel's settings.
        refresh_home: Brings somebody's home tab up to date, given the team and the user.
        now: UTC; injected for tests.
        patience_s: How long an answer may take; injected for tests.
    """

    def __init__(
        self,
        desk: Desk,
        settings: SettingsControl,
        refresh_home: Callable[[str, str], Coroutine[Any, Any, None]],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        patience_s: float = _PATIENCE_S,
    ) -> None:
        self._desk = desk
        self._settings = settings
        self._refresh_home = refresh_home
        self._now = now
        self._patience_s = patience_s
        self._asking = Asking(desk.jobs, desk.lookups, desk.permissions)
        self._deciding = Deciding(desk.permissions, desk.preferences)
        self._log = structlog.get_logger(__name__)

    def register(self, bolt: AsyncApp) -> None:
        """Listen for the command."""

        async def answer(ack: AsyncAck, body: dict[str, Any]) -> None:
            said = await self._answer_in_time(body)
            if said:
                await ack(text=escape(said), blocks=[section(said)], response_type="ephemeral")
            else:
                await ack()

        bolt.command(actions.COMMAND)(answer)

    async def _answer_in_time(self, body: Body) -> str:
        trigger_id = str(body.get("trigger_id") or "")
        channel_id, user_id = parse_id(body, "channel_id"), parse_id(body, "user_id")
        typed = _Typed(self._desk.identity.team_id, channel_id, user_id, trigger_id)
        try:
            async with asyncio.timeout(self._patience_s):
                return await self._answer(typed, str(body.get("text") or ""))
        except TimeoutError:
            return ENGLISH.say(sentences.SLACK_SLOW)
        except Rejected as error:
            self._log.debug("command about what is out of reach", reason=str(error))
            return ENGLISH.say(sentences.OUT_OF_REACH)
        except TranscriptionError as error:
            self._log.warning("command not answered", error=str(error))
            return ENGLISH.say(sentences.SLACK_SILENT)

    async def _answer(self, typed: _Typed, text: str) -> str:
        """What the person is told; nothing where a modal says it."""
        said = ""
        match parse_command(text):
            case NotUnderstood(word):
                said = sentences.not_understood(ENGLISH, word, self._desk.deployment.ask_reaction)
            case Wanted() as wanted:
                said = await self._transcribe(typed, wanted)
            case Word.ON:
                said = await self._decide(typed, turned_on)
            case Word.OFF:
                said = await self._decide(typed, turned_off)
            case Word.SETTINGS:
                await self._settings.open(typed.trigger_id, typed.team_id, typed.channel_id, typed.user_id)
            case Word.STATUS:
                said = await self._status(typed)
            case Word.USAGE:
                said = await self._usage(typed)
            case Word.HELP:
                said = sentences.command_help(ENGLISH, self._desk.deployment.ask_reaction)
        return said

    async def _transcribe(self, typed: _Typed, wanted: Wanted) -> str:
        is_here = await self._asking.is_in(typed.channel_id)
        if wanted.link is not None:
            target = await self._asking.linked(typed.team_id, wanted.link, typed.user_id, typed.channel_id)
        elif not is_here:
            return ENGLISH.say(sentences.NOT_IN_CHANNEL)
        elif not await self._desk.permissions.may_read(typed.channel_id, typed.user_id):
            return ENGLISH.say(sentences.OUT_OF_REACH)
        else:
            newest = await self._desk.lookups.newest_recording(typed.team_id, typed.channel_id)
            if newest is None:
                return ENGLISH.say(sentences.NOTHING_RECENT)
            target = newest
        ask = Ask(
            typed.user_id,
            typed.trigger_id,
            audience=typed.user_id,
            language=wanted.language,
            whisper_in=Place(typed.channel_id) if is_here else None,
        )
        return said_of(ENGLISH, await self._asking.ask(target, ask), ask)

    async def _decide(self, typed: _Typed, change: Callable[[ChannelSettings], ChannelSettings]) -> str:
        if not await self._asking.is_in(typed.channel_id):
            return ENGLISH.say(sentences.NOT_IN_CHANNEL)
        if typed.is_direct:
            return ENGLISH.say(sentences.DIRECT_ALWAYS_ON)
        settings = await self._deciding.decide(typed.team_id, typed.channel_id, typed.user_id, change)
        if isinstance(settings, str):
            return settings
        self._desk.errands.start(self._refresh_home(typed.team_id, typed.user_id))
        return sentences.saved(ENGLISH, settings.automatic or Automatic.OFF)

    async def _status(self, typed: _Typed) -> str:
        channel = await self._asking.conversation(typed.channel_id)
        if channel is None:
            return ENGLISH.say(sentences.NOT_IN_CHANNEL)
        if not await self._desk.permissions.may_read(typed.channel_id, typed.user_id):
            return ENGLISH.say(sentences.OUT_OF_REACH)
        settings = await self._desk.preferences.channel(typed.team_id, typed.channel_id)
        automatic = settings.automatic_now(
            by_default=self._desk.deployment.automatic, is_shared_externally=channel.is_shared_externally
        )
        depth = await self._desk.jobs.depth()
        return sentences.status(
            await self._reader(typed),
            None if typed.is_direct else automatic,
            settings.language,
            depth[JobState.READY] + depth[JobState.RUNNING],
            has_subscribers=bool(await self._desk.preferences.subscribers(typed.team_id, typed.channel_id)),
        )

    async def _usage(self, typed: _Typed) -> str:
        deployment, month = self._desk.deployment, self._now().date()
        used = await self._desk.ledger.used(typed.team_id, month)
        cost = used.seconds * deployment.price_per_second
        return sentences.usage(await self._reader(typed), month, used, cost, deployment.monthly_minutes)

    async def _reader(self, typed: _Typed) -> Reader:
        return Reader.of(await self._desk.lookups.locale(typed.user_id))
