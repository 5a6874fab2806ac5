"""“Edit”: the text of a reply in a modal, and what comes back of it in the reply."""

from __future__ import annotations

import asyncio

import structlog
from slack_bolt.async_app import AsyncAck

from bot import sentences
from bot.errors import Rejected, TranscriptionError
from bot.slack.bodies import Body, part
from bot.slack.desk import Desk
from bot.slack.files import parse_id
from bot.slack.kit import Block
from bot.slack.menu.editing_view import first_field, parse_editing, render_editing
from bot.slack.menu.modals import Modals, notice
from bot.slack.menu.presses import Press, parse_submission
from bot.slack.menu.pressing import Pressing
from bot.slack.menu.rewriting import Rewriting
from bot.slack.menu.words import Words
from bot.slack.speech.uploads import UploadRefused
from bot.transcript.retime import new_words, parse_paragraphs
from bot.translations import ENGLISH


class Editing:
    """Lets those who may rewrite a transcript.

    Args:
        desk: What it works with.
        modals: Shows what became of it.
        pressing: Answers in time.
        words: Offers the new words for the vocabulary.
    """

    def __init__(self, desk: Desk, modals: Modals, pressing: Pressing, words: Words) -> None:
        self._desk = desk
        self._modals = modals
        self._pressing = pressing
        self._words = words
        self._rewriting = Rewriting(desk)
        # One after the other: between looking whether a reply has changed and changing it, nobody else may.
        self._saving = asyncio.Lock()
        self._log = structlog.get_logger(__name__)

    async def modal(self, press: Press) -> Block:
        """The modal with the reply's text, or why it is not shown.

        Raises:
            Unavailable: Slack does not answer.
            Misconfigured: a scope or the token is wrong.
        """
        if not await self._may(press):
            return notice(
                ENGLISH, ENGLISH.say(sentences.EDIT_TITLE), ENGLISH.say(sentences.NOT_YOURS_TO_CHANGE)
            )
        try:
            written = await self._rewriting.read(press)
            if not written.is_whole:
                return notice(
                    ENGLISH, ENGLISH.say(sentences.EDIT_TITLE), ENGLISH.say(sentences.EDIT_NOT_WHOLE)
                )
            text = await self._rewriting.text(written, press)
        except Rejected:
            return notice(ENGLISH, ENGLISH.say(sentences.EDIT_TITLE), ENGLISH.say(sentences.REPLY_GONE))
        return render_editing(ENGLISH, press, written.version, text)

    async def save(self, ack: AsyncAck, body: Body) -> None:
        """Take what the modal says, and write it once that is acknowledged; else say why not, and keep it."""
        view = part(body, "view")
        press, text = parse_submission(body, self._desk.identity.team_id), parse_editing(view)
        if press is None:
            said = notice(ENGLISH, ENGLISH.say(sentences.EDIT_TITLE), ENGLISH.say(sentences.REPLY_UNKNOWN))
            await ack(response_action="update", view=said)
            return
        paragraphs = parse_paragraphs(text)
        wrong = (
            await self._pressing.attempt(lambda: self._what_is_wrong(press))
            if paragraphs
            else ENGLISH.say(sentences.EDIT_EMPTY)
        )
        if wrong:
            await ack(response_action="errors", errors={first_field(view): wrong})
            return
        await ack(
            response_action="update",
            view=notice(ENGLISH, ENGLISH.say(sentences.EDIT_TITLE), ENGLISH.say(sentences.SAVING)),
        )
        self._desk.errands.start(self._save(parse_id(view, "id"), press, paragraphs))

    async def _what_is_wrong(self, press: Press) -> str:
        if not await self._may(press):
            return ENGLISH.say(sentences.NOT_YOURS_TO_CHANGE)
        try:
            written = await self._rewriting.read(press)
        except Rejected:
            return ENGLISH.say(sentences.REPLY_GONE)
        return "" if written.version == press.known else ENGLISH.say(sentences.EDIT_CHANGED)

    async def _save(self, view_id: str, press: Press, paragraphs: list[str]) -> None:
        """Write it, and show that it is written; else show it again, so that nothing is lost."""
        try:
            view = await self._rewrite(press, paragraphs)
        except UploadRefused:
            wrong = ENGLISH.say(sentences.EDIT_UNSHAREABLE)
        except Rejected:
            wrong = ENGLISH.say(sentences.REPLY_GONE)
        except TranscriptionError as error:
            self._log.warning("edit not saved", key=str(press.key), error=str(error))
            wrong = ENGLISH.say(sentences.SLACK_SILENT)
        except Exception:
            await self._modals.show(view_id, _again(press, paragraphs, ENGLISH.say(sentences.WENT_WRONG)))
            raise
        else:
            await self._modals.show(view_id, view)
            return
        await self._modals.show(view_id, _again(press, paragraphs, wrong))

    async def _rewrite(self, press: Press, paragraphs: list[str]) -> Block:
        async with self._saving:
            written = await self._rewriting.read(press)
            if written.version != press.known:
                return _again(press, paragraphs, ENGLISH.say(sentences.EDIT_CHANGED))
            before = await self._rewriting.text(written, press)
            await self._rewriting.write(press, written, paragraphs)
        self._log.info("edited", key=str(press.key), by=press.user_id)
        found = await asyncio.to_thread(new_words, before, "\n".join(paragraphs))
        return await self._words.offer(press, found)

    async def _may(self, press: Press) -> bool:
        return await self._desk.permissions.may_change_transcript(
            press.user_id, sender_id=press.handle.sender_id, asked_by=press.asked_by
        )


def _again(press: Press, paragraphs: list[str], warning: str) -> Block:
    """The modal with what somebody wrote, and why it was not saved."""
    return render_editing(ENGLISH, press, press.known, "\n\n".join(paragraphs), warning)
