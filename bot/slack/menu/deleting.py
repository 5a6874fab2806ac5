"""“Delete transcript”: asked once more in a modal, then everything that stands of it goes."""

from __future__ import annotations

from bot import sentences
from bot.slack import actions
from bot.slack.desk import Desk
from bot.slack.kit import Block, modal, section
from bot.slack.menu.modals import notice
from bot.slack.menu.presses import Press
from bot.translations import ENGLISH


class Deleting:
    """Deletes a reply, for whoever may change it.

    Args:
        desk: What it works with.
    """

    def __init__(self, desk: Desk) -> None:
        self._jobs = desk.jobs
        self._permissions = desk.permissions

    async def modal(self, press: Press) -> Block:
        """The question, or why it is not asked.

        Raises:
            Unavailable: Slack does not answer.
            Misconfigured: a scope or the token is wrong.
        """
        if not await self._may(press):
            return notice(
                ENGLISH, ENGLISH.say(sentences.DELETE_TITLE), ENGLISH.say(sentences.NOT_YOURS_TO_CHANGE)
            )
        return modal(
            actions.DELETE_MODAL,
            ENGLISH.say(sentences.DELETE_TITLE),
            [section(ENGLISH.say(sentences.DELETE_SURE))],
            submit=ENGLISH.say(sentences.DELETE_SUBMIT),
            close=ENGLISH.say(sentences.CANCEL),
            private_metadata=press.dump(),
        )

    async def delete(self, press: Press) -> str:
        """Have it go; why it does not, or nothing. Durable on return.

        Raises:
            Unavailable: Slack does not answer.
            Misconfigured: a scope or the token is wrong.
        """
        if not await self._may(press):
            return ENGLISH.say(sentences.NOT_YOURS_TO_CHANGE)
        await self._jobs.withdraw_reply(press.key, thread_ts=press.handle.thread_ts)
        return ""

    async def _may(self, press: Press) -> bool:
        return await self._permissions.may_change_transcript(
            press.user_id, sender_id=press.handle.sender_id, asked_by=press.asked_by
        )
