"""“Edit”: the text of a reply in a modal, and its submission written into the reply."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import structlog
from slack_bolt.async_app import AsyncAck

from bot import sentences
from bot.errors import Rejected, TranscriptionError
from bot.slack.blockkit.elements import Block
from bot.slack.client.readers import Readers
from bot.slack.client.uploads import UploadRefused
from bot.slack.context import HandlerContext
from bot.slack.incoming.interactions import ViewSubmission
from bot.slack.interactions.answer import Answer, Answers
from bot.slack.interactions.modals import Modals
from bot.slack.interactions.presses import Press, parse_submission
from bot.slack.reply_menu.edit_view import MODAL, parse_text, render_edit
from bot.slack.reply_menu.rewrite import Rewrite
from bot.slack.reply_menu.verified import verified_press
from bot.slack.reply_menu.vocabulary import Vocabulary
from bot.transcript.edits import new_words, parse_paragraphs
from bot.transcript.time_marks import MarkedParagraph
from bot.translations import Reader, Sentence


class Edit:
    """Edits a transcript, for those who may.

    Args:
        context: What it works with.
        answers: Answers in time.
        modals: Shows what became of it.
        readers: What people read.
        vocabulary: Offers the new words.
    """

    def __init__(
        self,
        context: HandlerContext,
        answers: Answers,
        modals: Modals,
        readers: Readers,
        vocabulary: Vocabulary,
    ) -> None:
        self._context = context
        self._answers = answers
        self._modals = modals
        self._readers = readers
        self._vocabulary = vocabulary
        self._rewrite = Rewrite(context)
        # One at a time: nothing may change a reply between the check that it is unchanged and the update.
        self._saving = asyncio.Lock()
        self._log = structlog.get_logger(__name__)

    async def modal(self, press: Press, reader: Reader) -> Block:
        """The modal with the reply's text, or why it is not shown.

        Raises:
            Unavailable: Slack does not answer.
            Misconfigured: a scope or the token is wrong.
        """
        if not await self._may(press):
            return MODAL.notice(reader, reader.say(sentences.NOT_YOURS_TO_CHANGE))
        try:
            written = await self._rewrite.read(press)
            if not written.is_whole:
                return MODAL.notice(reader, reader.say(sentences.EDIT_NOT_WHOLE))
            before = await self._rewrite.paragraphs(written)
        except Rejected:
            return MODAL.notice(reader, reader.say(sentences.REPLY_GONE))
        return render_edit(reader, press, written.version, _words_of(before))

    async def take(self, ack: AsyncAck, sent: ViewSubmission) -> None:
        """Check a submission, acknowledge it and write it; or say in the modal why it is not written."""
        press, view = parse_submission(sent, self._context.team_id), sent.view
        paragraphs = parse_paragraphs(parse_text(view))

        async def check() -> Answer | None:
            nonlocal press
            if press is not None and not paragraphs:
                return sentences.EDIT_EMPTY
            verified = press and await verified_press(self._context, press)
            if verified is None:
                return sentences.REPLY_UNKNOWN if press is None else sentences.REPLY_GONE
            press = verified
            return await self._what_is_wrong(press)

        wrong = await self._answers.in_time(sent.user.id, check, unanswered="press not answered")
        reader = self._readers.known(sent.user.id)
        if press is None:
            await ack(response_action="update", view=MODAL.notice(reader, wrong))
        elif wrong:
            await ack(response_action="errors", errors={next(iter(view.blocks), ""): wrong})
        else:
            saving = MODAL.notice(reader, reader.say(sentences.SAVING))
            await ack(response_action="update", view=saving)
            self._context.background.start(self._save(view.id, press, paragraphs, reader))

    async def _what_is_wrong(self, press: Press) -> Sentence | None:
        if not await self._may(press):
            return sentences.NOT_YOURS_TO_CHANGE
        try:
            written = await self._rewrite.read(press)
        except Rejected:
            return sentences.REPLY_GONE
        return None if written.version == press.known else sentences.EDIT_CHANGED

    async def _save(self, view_id: str, press: Press, paragraphs: list[str], reader: Reader) -> None:
        """Write the text, and show that it is written; else show it again, so that nothing is lost."""
        try:
            view = await self._write(press, paragraphs, reader)
        except UploadRefused:
            wrong = sentences.EDIT_UNSHAREABLE
        except Rejected:
            wrong = sentences.REPLY_GONE
        except TranscriptionError as error:
            self._log.warning("edit not saved", key=str(press.key), error=str(error))
            wrong = sentences.SLACK_SILENT
        except Exception:
            await self._modals.show(
                view_id, _render_with_warning(reader, press, paragraphs, sentences.WENT_WRONG)
            )
            raise
        else:
            await self._modals.show(view_id, view)
            return
        await self._modals.show(view_id, _render_with_warning(reader, press, paragraphs, wrong))

    async def _write(self, press: Press, paragraphs: list[str], reader: Reader) -> Block:
        async with self._saving:
            written = await self._rewrite.read(press)
            if written.version != press.known:
                return _render_with_warning(reader, press, paragraphs, sentences.EDIT_CHANGED)
            before = await self._rewrite.paragraphs(written)
            await self._rewrite.write(press, written, before, paragraphs)
        self._log.info("edited", key=str(press.key), by=press.user_id)
        found = await asyncio.to_thread(new_words, _words_of(before), "\n".join(paragraphs))
        return await self._vocabulary.offer(press, found, reader)

    async def _may(self, press: Press) -> bool:
        """True for those who may, and may read it: the modal shows its text."""
        permissions = self._context.permissions
        return await permissions.may_change_transcript(
            press.user_id, sender_id=press.handle.sender_id, asked_by=press.asked_by
        ) and await permissions.may_read(press.channel_id, press.user_id)


def _words_of(paragraphs: Sequence[MarkedParagraph]) -> str:
    """The words alone, for the modal: time marks are put in anew when it is saved."""
    return "\n\n".join(paragraph.text for paragraph in paragraphs)


def _render_with_warning(reader: Reader, press: Press, paragraphs: list[str], warning: Sentence) -> Block:
    """The modal with what somebody wrote, and why it was not saved."""
    return render_edit(reader, press, press.known, "\n\n".join(paragraphs), reader.say(warning))
