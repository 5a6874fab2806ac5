"""Deciding on a channel: the modal is opened, filled, and what comes back of it kept."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp

from bot import sentences
from bot.errors import Rejected, TranscriptionError
from bot.model import Place
from bot.preferences import Automatic
from bot.slack import actions
from bot.slack.api_errors import API_FAILURES, translate
from bot.slack.bodies import Body, action_of, channel_of, part, user_of
from bot.slack.choices.deciding import PATIENCE_S, Deciding
from bot.slack.choices.settings_view import (
    Form,
    form_for,
    parse_form,
    parse_submission,
    render_notice,
    render_settings,
)
from bot.slack.desk import Desk
from bot.slack.files import parse_id
from bot.slack.kit import Block
from bot.translations import ENGLISH

_FIELD = "language"
"""The field under which stands what is wrong with the whole; every modal has it."""


class SettingsControl:
    """The settings of a channel, from wherever somebody opens them.

    Args:
        desk: What it works with.
        refresh_home: Brings somebody's home tab up to date, given the team and the user.
        patience_s: How long Slack may take: a trigger and an acknowledgement have three seconds each.
    """

    def __init__(
        self,
        desk: Desk,
        refresh_home: Callable[[str, str], Awaitable[None]],
        *,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._desk = desk
        self._deciding = Deciding(desk.permissions, desk.preferences, patience_s=patience_s)
        self._refresh_home = refresh_home
        self._patience_s = patience_s
        self._log = structlog.get_logger(__name__)

    def register(self, bolt: AsyncApp) -> None:
        """Listen for the buttons that open the modal, for its language menu, and for what it sends."""

        async def press(ack: AsyncAck, body: dict[str, Any]) -> None:
            await ack()
            channel_id = channel_of(body) or parse_id(action_of(body), "value")
            # Whoever is of another organisation may come with their own team.
            team_id = self._desk.identity.team_id
            await self.open(str(body.get("trigger_id", "")), team_id, channel_id, user_of(body))

        async def choose_language(ack: AsyncAck, body: dict[str, Any]) -> None:
            await ack()
            form = parse_form(part(body, "view"))
            if isinstance(form, Form):
                view_id, known = parse_id(body["view"], "id"), str(body["view"].get("hash", ""))
                self._desk.errands.start(self._update(view_id, render_settings(form), known))

        async def save(ack: AsyncAck, body: dict[str, Any]) -> None:
            errors = await self._save(body)
            await (ack(response_action="errors", errors=errors) if errors else ack())

        bolt.action(actions.OPEN_SETTINGS)(press)
        bolt.action(actions.SETTINGS_LANGUAGE)(choose_language)
        bolt.view(actions.SETTINGS_MODAL)(save)

    async def open(self, trigger_id: str, team_id: str, channel_id: str, user_id: str) -> None:
        """Open the modal; what takes time fills it after this has returned. Never raises.

        Source: https://docs.slack.dev/reference/methods/views.open
        """
        try:
            async with asyncio.timeout(self._patience_s):
                answer = await self._desk.writes.views_open(
                    trigger_id=trigger_id, view=render_notice(ENGLISH, ENGLISH.say(sentences.ONE_MOMENT))
                )
        except API_FAILURES as failure:
            self._log.warning("settings not opened", error=str(translate(failure)))
            told = self._desk.whispers.tell(user_id, Place(channel_id), ENGLISH.say(sentences.SLACK_SILENT))
            self._desk.errands.start(told)
            return
        view_id = parse_id(answer.get("view") or {}, "id")
        self._desk.errands.start(self._fill(view_id, team_id, channel_id, user_id))

    async def _fill(self, view_id: str, team_id: str, channel_id: str, user_id: str) -> None:
        try:
            view = await self._content(team_id, channel_id, user_id)
        except Rejected:
            view = render_notice(ENGLISH, ENGLISH.say(sentences.OUT_OF_REACH))
        except TranscriptionError as error:
            self._log.warning("settings not shown", error=str(error))
            view = render_notice(ENGLISH, ENGLISH.say(sentences.SLACK_SILENT))
        except Exception:
            # Else the modal would say for ever that it takes a moment.
            await self._update(view_id, render_notice(ENGLISH, ENGLISH.say(sentences.WENT_WRONG)))
            raise
        await self._update(view_id, view)

    async def _content(self, team_id: str, channel_id: str, user_id: str) -> Block:
        refusal = await self._deciding.refusal(channel_id, user_id)
        if refusal:
            return render_notice(ENGLISH, refusal)
        channel = await self._desk.lookups.conversation(channel_id)
        if not channel.is_member:
            return render_notice(ENGLISH, ENGLISH.say(sentences.OUT_OF_REACH))
        settings = await self._desk.preferences.channel(team_id, channel_id)
        automatic = settings.automatic_now(
            by_default=self._desk.deployment.automatic, is_shared_externally=channel.is_shared_externally
        )
        reader = await self._desk.lookups.locale(user_id)
        return render_settings(form_for(channel_id, reader, settings, automatic))

    async def _save(self, body: Body) -> dict[str, str]:
        """Keep what the modal says; what is wrong with it, by field."""
        parsed = parse_submission(part(body, "view"))
        if isinstance(parsed, dict):
            return parsed
        channel_id, user_id = parsed.channel_id, user_of(body)
        kept = await self._deciding.decide(self._desk.identity.team_id, channel_id, user_id, parsed.onto)
        if isinstance(kept, str):
            return {_FIELD: kept}
        # Where still nobody has decided, what was shown counts.
        automatic = kept.automatic or parsed.settings.automatic or Automatic.OFF
        self._desk.errands.start(self._tell(channel_id, user_id, automatic))
        return {}

    async def _tell(self, channel_id: str, user_id: str, automatic: Automatic) -> None:
        text = (
            ENGLISH.say(sentences.SAVED_DIRECT)
            if channel_id.startswith("D")
            else sentences.saved(ENGLISH, automatic)
        )
        await self._desk.whispers.tell(user_id, Place(channel_id), text)
        await self._refresh_home(self._desk.identity.team_id, user_id)

    async def _update(self, view_id: str, view: Block, known: str | None = None) -> None:
        """Show something else in a modal; not where it has changed since, or is closed.

        Source: https://docs.slack.dev/reference/methods/views.update
        """
        try:
            await self._desk.writes.views_update(view_id=view_id, view=view, hash=known)
        except API_FAILURES as failure:
            self._log.warning("modal not updated", error=str(translate(failure)))
