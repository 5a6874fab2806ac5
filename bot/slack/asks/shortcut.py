"""The message shortcut: its modal is opened at once, set right, and what it sends is asked for.

Source: https://docs.slack.dev/interactivity/implementing-shortcuts#message-shortcuts
"""

from __future__ import annotations

import asyncio
from typing import Any

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp

from bot import sentences
from bot.errors import Rejected, TranscriptionError
from bot.model import THREAD
from bot.slack import actions
from bot.slack.api_errors import API_FAILURES, translate
from bot.slack.asks.asking import Asking, said_of
from bot.slack.asks.shortcut_view import Choice, parse_asked_about, parse_choice, render_ask, render_said
from bot.slack.bodies import Body, channel_of, part, user_of
from bot.slack.desk import Desk
from bot.slack.events import where_seen
from bot.slack.files import parse_id
from bot.slack.kit import Block
from bot.slack.targets import Ask, Target, parse_target
from bot.translations import ENGLISH, Reader

_PATIENCE_S = 2.0
"""A trigger and an acknowledgement have three seconds each."""


class Shortcut:
    """Asks for a message's recordings, in the thread or for one person.

    Args:
        desk: What it works with.
        patience_s: How long Slack may take; injected for tests.
    """

    def __init__(self, desk: Desk, patience_s: float = _PATIENCE_S) -> None:
        self._desk = desk
        self._patience_s = patience_s
        self._asking = Asking(desk.jobs, desk.lookups, desk.permissions)
        self._log = structlog.get_logger(__name__)

    def register(self, bolt: AsyncApp) -> None:
        """Listen for the shortcut, and for what its modal sends."""

        async def choose(ack: AsyncAck, body: dict[str, Any]) -> None:
            await self._open(body)
            await ack()

        async def send(ack: AsyncAck, body: dict[str, Any]) -> None:
            said = await self._send(body)
            await ack(response_action="update", view=render_said(ENGLISH, said))

        bolt.message_shortcut(actions.SHORTCUT)(choose)
        bolt.view(actions.ASK_MODAL)(send)

    async def _open(self, body: Body) -> None:
        """Open the modal; what takes time sets it right after this has returned. Never raises.

        Source: https://docs.slack.dev/reference/methods/views.open
        """
        target = parse_target(self._desk.identity.team_id, channel_of(body), part(body, "message"))
        user_id = user_of(body)
        if target is None or not target.transcribable:
            await self._show(body, render_said(ENGLISH, ENGLISH.say(sentences.NOTHING_IN_IT)))
            return
        shown = await self._show(body, render_ask(ENGLISH, target))
        if shown:
            self._desk.errands.start(self._set_right(shown, target, user_id))

    async def _show(self, body: Body, view: Block) -> Body:
        """The modal as Slack has it; empty where it did not open it."""
        try:
            async with asyncio.timeout(self._patience_s):
                answer = await self._desk.writes.views_open(
                    trigger_id=str(body.get("trigger_id") or ""), view=view
                )
        except API_FAILURES as failure:
            self._log.warning("modal not opened", error=str(translate(failure)))
            return {}
        return answer.get("view") or {}

    async def _set_right(self, shown: Body, target: Target, user_id: str) -> None:
        """Name languages as the person does, and offer only what can be done."""
        reader = Reader.of(await self._desk.lookups.locale(user_id))
        try:
            if await self._asking.is_in(target.channel_id):
                view = render_ask(reader, target)
            elif await self._is_open(target):
                view = render_ask(reader, target, only_for_me=True)
            else:
                view = render_said(reader, reader.say(sentences.NOT_READABLE))
        except TranscriptionError as error:
            self._log.warning("modal not set right", error=str(error))
            return
        try:
            # With the hash, what the modal says once it is sent is not overwritten.
            await self._desk.writes.views_update(
                view_id=parse_id(shown, "id"), hash=str(shown.get("hash") or ""), view=view
            )
        except API_FAILURES as failure:
            # It may be closed, or sent already.
            self._log.debug("modal not updated", error=str(translate(failure)))

    async def _is_open(self, target: Target) -> bool:
        """Whether the bot can read the recordings, though it is not in their channel."""
        try:
            await self._desk.lookups.file(target.team_id, target.transcribable[0].id)
        except Rejected:
            return False
        return True

    async def _send(self, body: Body) -> str:
        """Ask as was chosen; what becomes of it, as a sentence."""
        view = part(body, "view")
        target, choice = parse_asked_about(view, self._desk.identity.team_id), parse_choice(view)
        if target is None or choice is None:
            return ENGLISH.say(sentences.NOT_AN_OPTION)
        try:
            async with asyncio.timeout(self._patience_s):
                return await self._ask(target, choice, user_of(body), parse_id(view, "id"))
        except TimeoutError:
            return ENGLISH.say(sentences.SLACK_SLOW)
        except TranscriptionError as error:
            self._log.warning("not asked", error=str(error))
            return ENGLISH.say(sentences.SLACK_SILENT)

    async def _ask(self, target: Target, choice: Choice, user_id: str, ask_id: str) -> str:
        if not await self._desk.permissions.may_read(target.channel_id, user_id):
            return ENGLISH.say(sentences.OUT_OF_REACH)
        is_here = await self._asking.is_in(target.channel_id)
        if not (is_here or choice.for_me):
            return ENGLISH.say(sentences.NOT_READABLE)
        ask = Ask(
            user_id,
            ask_id,
            audience=user_id if choice.for_me else THREAD,
            language=choice.language,
            whisper_in=where_seen(target) if choice.for_me and is_here else None,
        )
        return said_of(ENGLISH, await self._asking.ask(target, ask), ask)
