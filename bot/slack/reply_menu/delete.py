"""“Delete transcript”: confirmed in a modal, then the reply is deleted with its files."""

from __future__ import annotations

from bot import sentences
from bot.slack.blockkit import action_ids
from bot.slack.blockkit.elements import Block, modal, section
from bot.slack.context import HandlerContext
from bot.slack.interactions.answer import Answer
from bot.slack.interactions.modal_kind import ModalKind
from bot.slack.interactions.presses import Press
from bot.translations import Reader

MODAL = ModalKind(sentences.DELETE_TITLE)


class Delete:
    """Deletes a reply, for whoever may change it.

    Args:
        context: What it works with.
    """

    def __init__(self, context: HandlerContext) -> None:
        self._requests = context.requests
        self._permissions = context.permissions

    async def modal(self, press: Press, reader: Reader) -> Block:
        """The modal that asks for confirmation, or says why it does not.

        Raises:
            Unavailable: Slack does not answer.
            Misconfigured: a scope or the token is wrong.
        """
        if not await self._may(press):
            return MODAL.notice(reader, reader.say(sentences.NOT_YOURS_TO_CHANGE))
        return modal(
            action_ids.DELETE_MODAL,
            reader.say(sentences.DELETE_TITLE),
            [section(reader.say(sentences.DELETE_SURE))],
            submit=reader.say(sentences.DELETE_SUBMIT),
            close=reader.say(sentences.CANCEL),
            private_metadata=press.dump(),
        )

    async def delete(self, press: Press) -> Answer | None:
        """Have the reply deleted: a sentence where it is not, else nothing. Durable on return.

        Raises:
            Unavailable: Slack does not answer.
            Misconfigured: a scope or the token is wrong.
        """
        if not await self._may(press):
            return sentences.NOT_YOURS_TO_CHANGE
        await self._requests.remove_reply(
            press.key, thread_ts=press.handle.thread_ts, reply_ts=press.reply_ts
        )
        return None

    async def _may(self, press: Press) -> bool:
        return await self._permissions.may_change_transcript(
            press.user_id, sender_id=press.handle.sender_id, asked_by=press.asked_by
        )
