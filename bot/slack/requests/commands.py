"""Slash command ``/transcribe``; the answer is seen only by the person who typed it.

Source: https://docs.slack.dev/interactivity/implementing-slash-commands
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, assert_never

from slack_bolt.async_app import AsyncAck

from bot import sentences
from bot.channel_settings import Automatic, ChannelSettings
from bot.model import JobState, Place
from bot.slack.blockkit import action_ids
from bot.slack.blockkit.elements import section
from bot.slack.blockkit.rich_text import escape
from bot.slack.context import HandlerContext
from bot.slack.incoming.interactions import SlashCommand
from bot.slack.incoming.listeners import Listeners
from bot.slack.incoming.messages import ManualRequest
from bot.slack.interactions.answer import Answer, Answers
from bot.slack.interactions.modal_kind import Trigger
from bot.slack.requests.command_text import NotUnderstood, RecordingQuery, Word, parse_command
from bot.slack.requests.request import Requesting, said_of
from bot.slack.settings.change import ChangeSettings, Denied, turned_off, turned_on
from bot.slack.settings.channel_modal import ChannelModal


class Commands:
    """Answers ``/transcribe``.

    Args:
        context: What it works with.
        answers: Answers in time.
        requesting: Finds and asks for recordings.
        change: Changes a channel's settings.
        channel_modal: Shows them.
        refresh_home: Brings somebody's home tab up to date, given the team and the user.
    """

    def __init__(
        self,
        context: HandlerContext,
        answers: Answers,
        requesting: Requesting,
        change: ChangeSettings,
        channel_modal: ChannelModal,
        refresh_home: Callable[[str, str], Coroutine[Any, Any, None]],
    ) -> None:
        self._context = context
        self._answers = answers
        self._requesting = requesting
        self._change = change
        self._channel_modal = channel_modal
        self._refresh_home = refresh_home

    def register(self, listeners: Listeners) -> None:
        """Listen for the command."""
        listeners.command(action_ids.COMMAND, self._take)

    async def _take(self, ack: AsyncAck, command: SlashCommand) -> None:
        said = await self._answers.in_time(
            command.user_id, lambda: self._answer(command), unanswered="command not answered"
        )
        if said:
            await ack(text=escape(said), blocks=[section(said)], response_type="ephemeral")
        else:
            await ack()

    async def _answer(self, command: SlashCommand) -> Answer | None:
        """The answer to a command; ``None`` where a modal gives it."""
        answer: Answer | None = None
        reaction = self._context.deployment.ask_reaction
        match parse_command(command.text):
            case NotUnderstood(word):
                answer = partial(sentences.not_understood, word=word, reaction=reaction)
            case RecordingQuery() as wanted:
                answer = await self._transcribe(command, wanted)
            case Word.ON:
                answer = await self._decide(command, turned_on)
            case Word.OFF:
                answer = await self._decide(command, turned_off)
            case Word.SETTINGS:
                place = Place(command.channel_id)
                await self._channel_modal.open(Trigger(command.trigger_id, command.user_id, place))
            case Word.STATUS:
                answer = await self._status(command)
            case Word.USAGE:
                answer = await self._usage(command.user_id)
            case Word.HELP:
                answer = partial(sentences.command_help, reaction=reaction)
            case _ as forgotten:
                assert_never(forgotten)
        return answer

    async def _transcribe(self, command: SlashCommand, wanted: RecordingQuery) -> Answer:
        team_id, channel_id, user_id = self._context.team_id, command.channel_id, command.user_id
        is_here = await self._requesting.is_in(channel_id)
        if wanted.link is not None:
            target = await self._requesting.linked(team_id, wanted.link, user_id, channel_id)
        elif not is_here:
            return sentences.NOT_IN_CHANNEL
        elif not await self._context.permissions.may_read(channel_id, user_id):
            return sentences.OUT_OF_REACH
        else:
            newest = await self._context.recordings.newest(team_id, channel_id)
            if newest is None:
                return sentences.NOTHING_RECENT
            target = newest
        ask = ManualRequest(
            user_id,
            command.trigger_id,
            audience=user_id,
            language=wanted.language,
            whisper_in=Place(channel_id) if is_here else None,
        )
        return said_of(await self._requesting.ask(target, ask), ask)

    async def _decide(
        self, command: SlashCommand, change: Callable[[ChannelSettings], ChannelSettings]
    ) -> Answer:
        async def check() -> Denied | None:
            return None if await self._requesting.is_in(command.channel_id) else Denied.NOT_IN_CHANNEL

        if command.is_direct:
            is_here = await self._requesting.is_in(command.channel_id)
            return sentences.DIRECT_ALWAYS_ON if is_here else sentences.NOT_IN_CHANNEL
        team_id, user_id = self._context.team_id, command.user_id
        settings = await self._change.change(team_id, command.channel_id, user_id, change, check=check)
        if isinstance(settings, Denied):
            return settings.sentence
        self._context.background.start(self._refresh_home(team_id, user_id))
        return partial(sentences.saved, automatic=settings.automatic or Automatic.OFF)

    async def _status(self, command: SlashCommand) -> Answer:
        team_id, channel_id = self._context.team_id, command.channel_id
        channel = await self._requesting.conversation(channel_id)
        if channel is None:
            return sentences.NOT_IN_CHANNEL
        if not await self._context.permissions.may_read(channel_id, command.user_id):
            return sentences.OUT_OF_REACH
        settings = await self._context.preferences.channel(team_id, channel_id)
        automatic = settings.automatic_now(
            by_default=self._context.deployment.automatic, is_shared_externally=channel.is_shared_externally
        )
        depth = await self._context.requests.depth()
        return partial(
            sentences.status,
            automatic=None if command.is_direct else automatic,
            language=settings.language,
            busy=depth.get(JobState.READY, 0) + depth.get(JobState.RUNNING, 0),
            has_subscribers=bool(await self._context.preferences.subscribers(team_id, channel_id)),
        )

    async def _usage(self, user_id: str) -> Answer:
        if not await self._context.permissions.is_of_workspace(user_id):
            return sentences.USAGE_NOT_YOURS
        deployment, month = self._context.deployment, self._context.now().date()
        used = await self._context.ledger.used(self._context.team_id, month)
        cost = used.seconds * deployment.price_per_second
        most = deployment.monthly_minutes
        return partial(sentences.usage, month=month, used=used, cost=cost, most_minutes=most)
