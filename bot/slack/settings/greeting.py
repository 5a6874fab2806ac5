"""Greeting: posted once where the bot is invited, with buttons that turn it on or off."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import structlog
from slack_bolt.async_app import AsyncAck

from bot import sentences
from bot.channel_settings import Automatic, ChannelSettings
from bot.errors import Rejected, TranscriptionError
from bot.model import Place
from bot.slack.blockkit import action_ids
from bot.slack.blockkit.elements import Block
from bot.slack.blockkit.rich_text import escape
from bot.slack.client.readers import Readers
from bot.slack.context import HandlerContext
from bot.slack.incoming.events import ChannelMember, EventCallback
from bot.slack.incoming.interactions import BlockAction
from bot.slack.incoming.listeners import Listeners
from bot.slack.interactions.answer import Answer, Answers
from bot.slack.keyed_locks import KeyedLocks
from bot.slack.settings.change import ChangeSettings, Denied, turned_off, turned_on
from bot.slack.settings.greeting_view import render_decision, render_greeting

_TO_THE_LETTER: dict[str, Any] = {
    "unfurl_links": False,
    "unfurl_media": False,
    "link_names": False,
    "parse": "none",
}


class Greeting:
    """Greets a channel, and handles the buttons of the greeting.

    Args:
        context: What it works with.
        answers: Answers in time.
        readers: What people read.
        change: Changes a channel's settings.
        refresh_home: Brings somebody's home tab up to date, given the team and the user.
    """

    def __init__(
        self,
        context: HandlerContext,
        answers: Answers,
        readers: Readers,
        change: ChangeSettings,
        refresh_home: Callable[[str, str], Awaitable[None]],
    ) -> None:
        self._context = context
        self._answers = answers
        self._readers = readers
        self._change = change
        self._refresh_home = refresh_home
        self._locks = KeyedLocks()
        self._log = structlog.get_logger(__name__)

    def register(self, listeners: Listeners) -> None:
        """Listen for the invitation, and for the buttons On and Off."""

        async def turn_on(ack: AsyncAck, pressed: BlockAction) -> None:
            await self._decide(ack, pressed, turned_on)

        async def turn_off(ack: AsyncAck, pressed: BlockAction) -> None:
            await self._decide(ack, pressed, turned_off)

        listeners.event("member_joined_channel", ChannelMember, self._join)
        listeners.action(action_ids.TURN_ON, turn_on)
        listeners.action(action_ids.TURN_OFF, turn_off)

    async def _join(self, joined: EventCallback[ChannelMember]) -> None:
        if joined.event.user == self._context.identity.bot_user_id:
            # Also where it is not greeted again: what is said here from now on is not to be missed.
            await self._context.listening.begin(joined.installation_id, [joined.event.channel])
            await self._greet(joined.installation_id, joined.event.channel)

    async def _greet(self, team_id: str, channel_id: str) -> None:
        """Post the greeting, once.

        Raises:
            Unavailable: Slack does not answer; nothing is said or noted yet.
            Misconfigured: a scope or the token is wrong; the same.
        """
        try:
            channel = await self._context.lookups.conversation(channel_id)
        except Rejected as error:
            self._log.debug("nobody to greet", reason=str(error))
            return
        settings = await self._context.preferences.channel(team_id, channel_id)
        # Noted first: a greeting that is lost is missed less than one that comes twice.
        if not await self._context.preferences.greet(team_id, channel_id):
            return
        deployment = self._context.deployment
        automatic = settings.automatic_now(
            by_default=deployment.automatic, is_shared_externally=channel.is_shared_externally
        )
        blocks = render_greeting(
            self._readers.default,
            channel_id,
            automatic,
            waits_for_a_word=settings.automatic is None and channel.is_shared_externally,
            audio_goes_to=deployment.audio_goes_to,
        )
        text = escape(self._readers.default.say(sentences.GREETING))
        try:
            await self._context.api.write(
                "chat.postMessage", channel=channel_id, text=text, blocks=blocks, **_TO_THE_LETTER
            )
        except TranscriptionError as error:
            self._log.warning("not greeted", channel_id=channel_id, error=str(error))

    async def _decide(
        self, ack: AsyncAck, pressed: BlockAction, change: Callable[[ChannelSettings], ChannelSettings]
    ) -> None:
        """Store the decision, then acknowledge it: Slack does not deliver it again."""
        user_id = pressed.user.id

        async def decide() -> Answer | None:
            settings = await self._change.change(self._context.team_id, pressed.channel.id, user_id, change)
            if isinstance(settings, Denied):
                return settings.sentence
            # At once, so that decisions are shown in the order in which they were taken.
            self._context.background.start(self._show_decision(pressed, settings.automatic or Automatic.OFF))
            return None

        try:
            said = await self._answers.in_time(user_id, decide, unanswered="not decided in time")
        except Exception:
            self._tell(pressed, self._readers.known(user_id).say(sentences.WENT_WRONG))
            raise
        await ack()
        if said:
            self._tell(pressed, said)

    def _tell(self, pressed: BlockAction, said: str) -> None:
        told = self._context.ephemeral.tell(pressed.user.id, Place(pressed.channel.id), said)
        self._context.background.start(told)

    async def _show_decision(self, pressed: BlockAction, automatic: Automatic) -> None:
        channel_id, user_id, deployment = pressed.channel.id, pressed.user.id, self._context.deployment
        blocks = render_decision(
            self._readers.default, channel_id, user_id, automatic, audio_goes_to=deployment.audio_goes_to
        )
        async with self._locks.of(channel_id):
            is_shown = await self._show(channel_id, pressed.message.ts, automatic, blocks)
        if not is_shown:
            saved = sentences.saved(await self._readers.of(user_id), automatic)
            await self._context.ephemeral.tell(user_id, Place(channel_id), saved)
        await self._refresh_home(self._context.team_id, user_id)

    async def _show(self, channel_id: str, ts: str, automatic: Automatic, blocks: Sequence[Block]) -> bool:
        """Update the greeting to show the decision; False where Slack did not take it."""
        text = escape(self._readers.default.say(sentences.WHAT_I_DO[automatic]))
        try:
            await self._context.api.write(
                "chat.update", channel=channel_id, ts=ts, text=text, blocks=blocks, **_TO_THE_LETTER
            )
        except TranscriptionError as error:
            self._log.warning("greeting not changed", error=str(error))
            return False
        return True
