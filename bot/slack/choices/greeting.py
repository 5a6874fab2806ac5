"""The bot is invited: it says once what it will do, and people can say otherwise under that."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp

from bot import sentences
from bot.errors import Rejected
from bot.model import Place
from bot.preferences import Automatic, ChannelSettings
from bot.slack import actions
from bot.slack.api_errors import API_FAILURES, translate
from bot.slack.bodies import Body, channel_of, part, team_of, user_of
from bot.slack.choices.deciding import Deciding, turned_off, turned_on
from bot.slack.choices.greeting_view import render_decision, render_greeting
from bot.slack.choices.turns import Turns
from bot.slack.desk import Desk
from bot.slack.files import parse_id
from bot.slack.kit import Block
from bot.slack.speech.rich_text import escape
from bot.translations import ENGLISH

_TO_THE_LETTER: dict[str, Any] = {
    "unfurl_links": False,
    "unfurl_media": False,
    "link_names": False,
    "parse": "none",
}


class Greeting:
    """Greets a channel, and takes its first decision.

    Args:
        desk: What it works with.
        refresh_home: Brings somebody's home tab up to date, given the team and the user.
    """

    def __init__(self, desk: Desk, refresh_home: Callable[[str, str], Awaitable[None]]) -> None:
        self._desk = desk
        self._deciding = Deciding(desk.permissions, desk.preferences)
        self._refresh_home = refresh_home
        self._turns = Turns()
        self._log = structlog.get_logger(__name__)

    def register(self, bolt: AsyncApp) -> None:
        """Listen for the invitation, and for the buttons On and Off."""

        async def join(body: dict[str, Any]) -> None:
            event = part(body, "event")
            if parse_id(event, "user") == self._desk.identity.bot_user_id:
                await self._greet(team_of(body), parse_id(event, "channel"))

        async def turn_on(ack: AsyncAck, body: dict[str, Any]) -> None:
            await self._decide(ack, body, turned_on)

        async def turn_off(ack: AsyncAck, body: dict[str, Any]) -> None:
            await self._decide(ack, body, turned_off)

        bolt.event("member_joined_channel")(join)
        bolt.action(actions.TURN_ON)(turn_on)
        bolt.action(actions.TURN_OFF)(turn_off)

    async def _greet(self, team_id: str, channel_id: str) -> None:
        """Say what the bot will do here.

        Raises:
            Unavailable: Slack does not answer; nothing is said or noted yet.
            Misconfigured: a scope or the token is wrong; the same.
        """
        try:
            channel = await self._desk.lookups.conversation(channel_id)
        except Rejected as error:
            self._log.debug("nobody to greet", reason=str(error))
            return
        settings = await self._desk.preferences.channel(team_id, channel_id)
        # Noted first: a greeting that is lost is missed less than one that comes twice.
        if not await self._desk.preferences.greet(team_id, channel_id):
            return
        automatic = settings.automatic_now(
            by_default=self._desk.deployment.automatic, is_shared_externally=channel.is_shared_externally
        )
        waits = settings.automatic is None and channel.is_shared_externally
        blocks = render_greeting(
            ENGLISH,
            channel_id,
            automatic,
            waits_for_a_word=waits,
            audio_goes_to=self._desk.deployment.audio_goes_to,
        )
        try:
            await self._desk.writes.chat_postMessage(
                channel=channel_id,
                text=escape(ENGLISH.say(sentences.GREETING)),
                blocks=blocks,
                **_TO_THE_LETTER,
            )
        except API_FAILURES as failure:
            self._log.warning("not greeted", channel_id=channel_id, error=str(translate(failure)))

    async def _decide(
        self, ack: AsyncAck, body: Body, change: Callable[[ChannelSettings], ChannelSettings]
    ) -> None:
        """Keep what somebody pressed, then acknowledge it: Slack does not deliver it again."""
        # Whoever is of another organisation may come with their own team.
        team_id, channel_id, user_id = self._desk.identity.team_id, channel_of(body), user_of(body)
        try:
            settings = await self._deciding.decide(team_id, channel_id, user_id, change)
        except Exception:
            told = self._desk.whispers.tell(user_id, Place(channel_id), ENGLISH.say(sentences.WENT_WRONG))
            self._desk.errands.start(told)
            raise
        await ack()
        if isinstance(settings, str):
            self._desk.errands.start(self._desk.whispers.tell(user_id, Place(channel_id), settings))
        else:
            self._desk.errands.start(self._show_decision(body, settings.automatic or Automatic.OFF))

    async def _show_decision(self, body: Body, automatic: Automatic) -> None:
        channel_id, user_id = channel_of(body), user_of(body)
        blocks = render_decision(
            ENGLISH, channel_id, user_id, automatic, audio_goes_to=self._desk.deployment.audio_goes_to
        )
        async with self._turns.of(channel_id):
            is_shown = await self._show(channel_id, parse_id(part(body, "message"), "ts"), automatic, blocks)
        if not is_shown:
            await self._desk.whispers.tell(user_id, Place(channel_id), sentences.saved(ENGLISH, automatic))
        await self._refresh_home(self._desk.identity.team_id, user_id)

    async def _show(self, channel_id: str, ts: str, automatic: Automatic, blocks: Sequence[Block]) -> bool:
        """Put the decision in the greeting's place; False where Slack did not take it."""
        text = escape(ENGLISH.say(sentences.WHAT_I_DO[automatic]))
        try:
            await self._desk.writes.chat_update(
                channel=channel_id, ts=ts, text=text, blocks=blocks, **_TO_THE_LETTER
            )
        except API_FAILURES as failure:
            self._log.warning("greeting not changed", error=str(translate(failure)))
            return False
        return True
