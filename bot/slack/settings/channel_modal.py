"""Channel settings modal: opened, filled, and its submission stored."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from slack_bolt.async_app import AsyncAck

from bot import sentences
from bot.channel_settings import Automatic
from bot.model import Place
from bot.slack.blockkit import action_ids
from bot.slack.blockkit.elements import Block
from bot.slack.client.readers import Readers
from bot.slack.context import HandlerContext
from bot.slack.incoming.fields import id_in
from bot.slack.incoming.interactions import BlockAction, ViewSubmission
from bot.slack.incoming.listeners import Listeners
from bot.slack.interactions.answer import Answer, Answers
from bot.slack.interactions.modal_kind import Trigger
from bot.slack.interactions.modals import Modals
from bot.slack.settings.change import ChangeSettings, Denied
from bot.slack.settings.channel_modal_view import (
    MODAL,
    Form,
    form_for,
    parse_form,
    parse_submission,
    render_settings,
)
from bot.translations import Reader

_FIELD = "language"
"""The field that shows errors about the whole; every modal has it."""


class ChannelModal:
    """Handles the modal with a channel's settings, from wherever somebody opens it.

    Args:
        context: What it works with.
        answers: Answers in time.
        modals: Opens the modal.
        readers: What people read.
        change: Changes a channel's settings.
        refresh_home: Brings somebody's home tab up to date, given the team and the user.
    """

    def __init__(
        self,
        context: HandlerContext,
        answers: Answers,
        modals: Modals,
        readers: Readers,
        change: ChangeSettings,
        refresh_home: Callable[[str, str], Awaitable[None]],
    ) -> None:
        self._context = context
        self._answers = answers
        self._modals = modals
        self._readers = readers
        self._change = change
        self._refresh_home = refresh_home

    def register(self, listeners: Listeners) -> None:
        """Listen for the buttons that open the modal, for its language menu, and for its submission."""
        listeners.action(action_ids.OPEN_SETTINGS, self._press)
        listeners.action(action_ids.SETTINGS_LANGUAGE, self._choose_language)
        listeners.submission(action_ids.SETTINGS_MODAL, self._take)

    async def open(self, trigger: Trigger) -> None:
        """Open the modal of the channel where somebody looks; what takes time fills it. Never raises."""
        channel_id = trigger.place.channel_id

        async def content(reader: Reader) -> Block:
            return await self._content(channel_id, trigger.user_id, reader)

        await self._modals.open(trigger, MODAL, content)

    async def _press(self, ack: AsyncAck, pressed: BlockAction) -> None:
        channel_id = pressed.channel.id or id_in(pressed.action.value)
        await self.open(Trigger(pressed.trigger_id, pressed.user.id, Place(channel_id)))
        await ack()

    async def _choose_language(self, ack: AsyncAck, pressed: BlockAction) -> None:
        """Show or hide the settings that depend on the language."""
        await ack()
        form, view = parse_form(pressed.view), pressed.view
        if isinstance(form, Form):
            shown = self._modals.show(view.id, render_settings(form), known_hash=view.hash)
            self._context.background.start(shown)

    async def _content(self, channel_id: str, user_id: str, reader: Reader) -> Block:
        denied = await self._change.denied(channel_id, user_id)
        if denied is not None:
            return MODAL.notice(reader, reader.say(denied.sentence))
        channel = await self._context.lookups.conversation(channel_id)
        if not channel.is_member:
            return MODAL.notice(reader, reader.say(sentences.OUT_OF_REACH))
        settings = await self._context.preferences.channel(self._context.team_id, channel_id)
        automatic = settings.automatic_now(
            by_default=self._context.deployment.automatic, is_shared_externally=channel.is_shared_externally
        )
        return render_settings(form_for(channel_id, reader, settings, automatic))

    async def _take(self, ack: AsyncAck, sent: ViewSubmission) -> None:
        """Store the settings of a submission; errors are shown under its fields."""
        parsed = parse_submission(sent.view)
        if isinstance(parsed, dict):
            await ack(response_action="errors", errors=parsed)
            return
        user_id = sent.user.id

        async def keep() -> Answer | None:
            kept = await self._change.change(self._context.team_id, parsed.channel_id, user_id, parsed.onto)
            if isinstance(kept, Denied):
                return kept.sentence
            # Where still nobody has decided, what was shown counts.
            automatic = kept.automatic or parsed.settings.automatic or Automatic.OFF
            self._context.background.start(self._tell(parsed.channel_id, user_id, automatic))
            return None

        wrong = await self._answers.in_time(user_id, keep, unanswered="not decided in time")
        await (ack(response_action="errors", errors={_FIELD: wrong}) if wrong else ack())

    async def _tell(self, channel_id: str, user_id: str, automatic: Automatic) -> None:
        reader = await self._readers.of(user_id)
        is_direct = channel_id.startswith("D")
        text = reader.say(sentences.SAVED_DIRECT) if is_direct else sentences.saved(reader, automatic)
        await self._context.ephemeral.tell(user_id, Place(channel_id), text)
        await self._refresh_home(self._context.team_id, user_id)
