"""Message shortcut: its modal is opened at once, updated, and its submission becomes a request.

Source: https://docs.slack.dev/interactivity/implementing-shortcuts#message-shortcuts
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial

from slack_bolt.async_app import AsyncAck

from bot import sentences
from bot.errors import Rejected
from bot.model import THREAD, Place
from bot.slack.blockkit import action_ids
from bot.slack.blockkit.elements import Block
from bot.slack.client.readers import Readers
from bot.slack.context import HandlerContext
from bot.slack.incoming.interactions import MessageShortcut, ViewSubmission
from bot.slack.incoming.listeners import Listeners
from bot.slack.incoming.messages import ManualRequest, SharedMessage
from bot.slack.interactions.answer import Answer, Answers
from bot.slack.interactions.modal_kind import Trigger
from bot.slack.interactions.modals import Modals
from bot.slack.requests.request import Requesting, said_of
from bot.slack.requests.shortcut_view import (
    MODAL,
    Choice,
    parse_asked_about,
    parse_choice,
    render_ask,
)
from bot.translations import Reader


class Shortcut:
    """Requests transcripts of a message's recordings, in the thread or for one person.

    Args:
        context: What it works with.
        answers: Answers in time.
        modals: Opens the modal.
        readers: What people read.
        requesting: Asks for recordings.
    """

    def __init__(
        self,
        context: HandlerContext,
        answers: Answers,
        modals: Modals,
        readers: Readers,
        requesting: Requesting,
    ) -> None:
        self._context = context
        self._answers = answers
        self._modals = modals
        self._readers = readers
        self._requesting = requesting

    def register(self, listeners: Listeners) -> None:
        """Listen for the shortcut, and for what its modal sends."""
        listeners.shortcut(action_ids.SHORTCUT, self._open)
        listeners.submission(action_ids.ASK_MODAL, self._take)

    async def _open(self, ack: AsyncAck, shortcut: MessageShortcut) -> None:
        """Open the modal; it is updated by what takes time."""
        target = shortcut.message.target(self._context.team_id, shortcut.channel.id)
        place = Place(shortcut.channel.id) if target is None else target.where_seen
        trigger = Trigger(shortcut.trigger_id, shortcut.user.id, place)
        if target is None or not target.transcribable:
            await self._modals.open(trigger, MODAL, None, first=_nothing)
        else:
            content = partial(self._content, target, shortcut.user.id)
            first = partial(render_ask, target=target)
            await self._modals.open(trigger, MODAL, content, first=first)
        await ack()

    async def _content(self, target: SharedMessage, asker: str, reader: Reader) -> Block:
        """The modal in the person's language, with the choices that are possible."""
        if out := await self._requesting.opted_out(target):
            return MODAL.notice(reader, reader.say(out.sentence(asker)))
        if await self._requesting.is_in(target.channel_id):
            return render_ask(reader, target)
        if await self._is_open(target):
            return render_ask(reader, target, only_for_me=True)
        return MODAL.notice(reader, reader.say(sentences.NOT_READABLE))

    async def _is_open(self, target: SharedMessage) -> bool:
        """True where the bot can read the recordings, though it is not in their channel."""
        try:
            await self._context.lookups.file(target.team_id, target.transcribable[0].id)
        except Rejected:
            return False
        return True

    async def _take(self, ack: AsyncAck, sent: ViewSubmission) -> None:
        """Store the request that was chosen; the modal shows what becomes of it."""
        said = await self._answers.in_time(sent.user.id, lambda: self._ask(sent), unanswered="not asked")
        view = MODAL.notice(self._readers.known(sent.user.id), said)
        await ack(response_action="update", view=view)

    async def _ask(self, sent: ViewSubmission) -> Answer:
        target, choice = parse_asked_about(sent.view, self._context.team_id), parse_choice(sent.view)
        if target is None or choice is None:
            return sentences.NOT_AN_OPTION
        if not await self._context.permissions.may_read(target.channel_id, sent.user.id):
            return sentences.OUT_OF_REACH
        is_here = await self._requesting.is_in(target.channel_id)
        if not (is_here or choice.for_me):
            return sentences.NOT_READABLE
        target = await self._verified(target, is_here=is_here)
        if target is None:
            return sentences.OUT_OF_REACH
        ask = _asked(sent, target, choice, is_here=is_here)
        return said_of(await self._requesting.ask(target, ask), ask)

    async def _verified(self, target: SharedMessage, *, is_here: bool) -> SharedMessage | None:
        """The message as Slack knows it, with those of its recordings that the modal was about.

        The modal's ids came back with the submission, and could be another channel's. Where the bot is not in
        the channel it cannot look there, but what it can read of a file tells where that is shared.

        Raises:
            Unavailable: Slack does not answer.
            Misconfigured: a scope or the token is wrong.
        """
        if not is_here:
            each = await asyncio.gather(*(self._share_of(target, file.id) for file in target.files))
            shares = [share for share in each if share is not None]
            files = tuple(file for share in shares for file in share.files)
            return replace(shares[0], files=files) if shares else None
        try:
            found = await self._context.lookups.message(target.team_id, target.channel_id, target.message_ts)
        except Rejected:
            return None
        asked_about = {file.id for file in target.files}
        files = tuple(file for file in found.recordings if file.id in asked_about)
        return replace(found, files=files) if files else None

    async def _share_of(self, target: SharedMessage, file_id: str) -> SharedMessage | None:
        """A message as the record of a file that it shares tells of it; ``None`` where it tells of none."""
        try:
            shares = await self._context.lookups.file(target.team_id, file_id)
        except Rejected:
            return None
        place = (target.channel_id, target.message_ts)
        return next((share for share in shares if (share.channel_id, share.message_ts) == place), None)


def _nothing(reader: Reader) -> Block:
    return MODAL.notice(reader, reader.say(sentences.NOTHING_IN_IT))


def _asked(sent: ViewSubmission, target: SharedMessage, choice: Choice, *, is_here: bool) -> ManualRequest:
    return ManualRequest(
        sent.user.id,
        sent.view.id,
        audience=sent.user.id if choice.for_me else THREAD,
        language=choice.language,
        whisper_in=target.where_seen if choice.for_me and is_here else None,
    )
