"""Modals: opened at once (``views.open``), filled when their content is known, and updated later.

A trigger lives for three seconds, in which what led to it has to be acknowledged too. Bolt acknowledges when
a handler returns, so a modal is opened first of all; most are filled by then, and the rest goes on after it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import structlog

from bot import sentences
from bot.errors import Rejected, TranscriptionError
from bot.slack.background import BackgroundTasks
from bot.slack.blockkit.elements import Block
from bot.slack.client.api import SlackApi
from bot.slack.client.ephemeral import EphemeralMessages
from bot.slack.client.readers import Readers
from bot.slack.incoming.fields import object_in
from bot.slack.incoming.interactions import View
from bot.slack.interactions.modal_kind import ModalKind, Trigger
from bot.translations import Reader

_OPENING_PATIENCE_S = 2.0
_FILLING_PATIENCE_S = 0.4
"""Time that an acknowledgement waits for a modal to be filled: mostly that is enough."""


class Modals:
    """Opens, fills and changes modals.

    Args:
        api: Slack's Web API.
        ephemeral: Tells people that a modal did not open.
        background: Goes on filling.
        readers: What people read.
        patience_s: Seconds that Slack may take to open one.
        filling_patience_s: Seconds that an acknowledgement waits for a modal to be filled.
    """

    def __init__(
        self,
        api: SlackApi,
        ephemeral: EphemeralMessages,
        background: BackgroundTasks,
        readers: Readers,
        *,
        patience_s: float = _OPENING_PATIENCE_S,
        filling_patience_s: float = _FILLING_PATIENCE_S,
    ) -> None:
        self._api = api
        self._ephemeral = ephemeral
        self._background = background
        self._readers = readers
        self._patience_s = patience_s
        self._filling_patience_s = filling_patience_s
        self._log = structlog.get_logger(__name__)

    async def open(
        self,
        trigger: Trigger,
        kind: ModalKind,
        content: Callable[[Reader], Awaitable[Block]] | None,
        *,
        first: Callable[[Reader], Block] | None = None,
    ) -> None:
        """Open a modal, and fill it. Never raises.

        Args:
            trigger: Whose it is; they are told where Slack does not open it.
            kind: What it is about.
            content: Makes what stands in it, where that takes time; our errors become a sentence there.
            first: Makes what stands in it until then, if that can be used already: it stays where ``content``
                fails, or where the person was faster. Else it says that it takes a moment.

        Source: https://docs.slack.dev/reference/methods/views.open
        """
        reader = self._readers.known(trigger.user_id)
        view = first(reader) if first else kind.notice(reader, reader.say(sentences.ONE_MOMENT))
        try:
            answer = await self._api.write(
                "views.open", trigger_id=trigger.id, view=view, timeout_s=self._patience_s
            )
        except TranscriptionError as error:
            self._log.warning(kind.not_opened, error=str(error))
            told = self._ephemeral.tell(trigger.user_id, trigger.place, reader.say(sentences.SLACK_SILENT))
            self._background.start(told)
            return
        if content is None:
            return
        shown, filled = View.model_validate(object_in(answer.get("view"))), asyncio.Event()
        if first:
            filling = self._set_right(shown, trigger, kind, content, filled)
        else:
            filling = self._fill(shown, trigger, kind, content, filled)
        self._background.start(filling)
        with suppress(TimeoutError):
            async with asyncio.timeout(self._filling_patience_s):
                await filled.wait()

    async def show(self, view_id: str, view: Block, *, known_hash: str = "") -> None:
        """Update an open modal; nothing happens where it is closed. Never raises.

        Args:
            view_id: The modal.
            view: Its new content.
            known_hash: Of what it shows; where it has changed since, nothing happens.

        Source: https://docs.slack.dev/reference/methods/views.update
        """
        try:
            await self._api.write("views.update", view_id=view_id, view=view, hash=known_hash or None)
        except TranscriptionError as error:
            self._log.warning("modal not updated", error=str(error))

    async def _fill(
        self,
        shown: View,
        trigger: Trigger,
        kind: ModalKind,
        content: Callable[[Reader], Awaitable[Block]],
        filled: asyncio.Event,
    ) -> None:
        reader = await self._readers.of(trigger.user_id)
        try:
            view = await content(reader)
        except Rejected:
            view = kind.notice(reader, reader.say(sentences.OUT_OF_REACH))
        except TranscriptionError as error:
            self._log.warning(kind.not_filled, error=str(error))
            view = kind.notice(reader, reader.say(sentences.SLACK_SILENT))
        except Exception:
            # Else the modal would say for ever that it takes a moment.
            await self.show(shown.id, kind.notice(reader, reader.say(sentences.WENT_WRONG)))
            raise
        await self.show(shown.id, view)
        filled.set()

    async def _set_right(
        self,
        shown: View,
        trigger: Trigger,
        kind: ModalKind,
        content: Callable[[Reader], Awaitable[Block]],
        filled: asyncio.Event,
    ) -> None:
        """Update a modal that can be used already, if the person has not sent it yet."""
        try:
            view = await content(await self._readers.of(trigger.user_id))
        except TranscriptionError as error:
            self._log.warning(kind.not_filled, error=str(error))
            return
        # With the hash, what the modal says once it is sent is not overwritten.
        await self.show(shown.id, view, known_hash=shown.hash)
        filled.set()
