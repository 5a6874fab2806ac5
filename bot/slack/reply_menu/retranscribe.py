"""“Transcribe again”: retranscribes a recording, as before or in another language, into the same reply."""

from __future__ import annotations

from dataclasses import replace

from bot import sentences
from bot.ports.store import ExistingReply, RequestOutcome
from bot.slack.blockkit import action_ids
from bot.slack.blockkit.elements import Block, field, modal, section
from bot.slack.blockkit.language_menu import language_menu, parse_language
from bot.slack.context import HandlerContext
from bot.slack.incoming.interactions import View
from bot.slack.interactions.answer import Answer
from bot.slack.interactions.modal_kind import ModalKind
from bot.slack.interactions.presses import Press
from bot.slack.requests.opt_outs import OptOuts
from bot.translations import Reader

MODAL = ModalKind(sentences.AGAIN_TITLE)
_BLOCK, _ENTRY = "language", "entry"


class Retranscribe:
    """Retranscribes the recording of a reply, for anybody who may read it.

    Args:
        context: What it works with.
        opt_outs: Know who never wants to be transcribed.
    """

    def __init__(self, context: HandlerContext, opt_outs: OptOuts) -> None:
        self._requests = context.requests
        self._permissions = context.permissions
        self._opt_outs = opt_outs

    async def ask(self, press: Press, language: str | None = None) -> Answer:
        """Have it retranscribed; the answer says what becomes of that.

        Raises:
            Unavailable: Slack does not answer.
            Misconfigured: a scope or the token is wrong.
        """
        if not await self._permissions.may_read(press.key.channel_id, press.user_id):
            return sentences.OUT_OF_REACH
        # Who once asked stays the one who may change it: pressing this gives nobody that right.
        request = press.request(audience=press.key.audience, asked_by=press.asked_by, language=language)
        request = replace(request, again_by=press.user_id)
        if out := await self._opt_outs.among(press.key.team_id, [request.file], request.user_id):
            return out.sentence(press.user_id)
        existing = {request.key: ExistingReply(press.reply_ts, press.handle.revision)}
        [asked] = await self._requests.ask([request], retranscribe=True, existing=existing)
        return sentences.AGAIN_UNDER_WAY if asked is RequestOutcome.UNDER_WAY else sentences.AGAIN_ON_IT

    async def modal(self, press: Press, reader: Reader) -> Block:
        """The modal in which the language is chosen; it says so where edits would be lost."""
        warning = [section(reader.say(sentences.AGAIN_LOSES_EDITS))] if press.handle.is_edited else []
        menu = language_menu(reader, _ENTRY, press.handle.language)
        languages = field(_BLOCK, reader.say(sentences.LANGUAGE_LABEL), menu)
        return _render_modal(action_ids.LANGUAGE_MODAL, reader, press, [*warning, languages])


def render_confirmation(press: Press, reader: Reader) -> Block:
    """The modal that asks before edits are lost: an overflow menu confirms all of its options or none.

    Source: https://docs.slack.dev/reference/block-kit/block-elements/overflow-menu-element
    """
    warning = section(reader.say(sentences.AGAIN_LOSES_EDITS))
    return _render_modal(action_ids.AGAIN_MODAL, reader, press, [warning])


def parse_choice(view: View) -> str | None:
    """The language that was chosen; ``None`` for automatic.

    Raises:
        ValueError: none of the choices.
    """
    return parse_language(view.input(_BLOCK))


def _render_modal(callback_id: str, reader: Reader, press: Press, blocks: list[Block]) -> Block:
    return modal(
        callback_id,
        reader.say(sentences.AGAIN_TITLE),
        blocks,
        submit=reader.say(sentences.AGAIN_SUBMIT),
        close=reader.say(sentences.CANCEL),
        private_metadata=press.dump(),
    )
