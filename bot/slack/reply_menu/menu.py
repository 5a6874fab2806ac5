"""Menu under every reply: its options, and the submissions of the modals that they open."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

from slack_bolt.async_app import AsyncAck

from bot import sentences
from bot.slack.blockkit import action_ids
from bot.slack.blockkit.elements import Block
from bot.slack.client.readers import Readers
from bot.slack.context import HandlerContext
from bot.slack.incoming.interactions import BlockAction, View, ViewSubmission
from bot.slack.incoming.listeners import Listeners
from bot.slack.interactions.answer import Answer, Answers
from bot.slack.interactions.modal_kind import ModalKind
from bot.slack.interactions.modals import Modals
from bot.slack.interactions.presses import Press, parse_press, parse_submission
from bot.slack.replies.controls import Choice
from bot.slack.reply_menu import delete, edit_view, retranscribe, vocabulary
from bot.slack.reply_menu.delete import Delete
from bot.slack.reply_menu.edit import Edit
from bot.slack.reply_menu.retranscribe import Retranscribe
from bot.slack.reply_menu.verified import verified_press
from bot.slack.reply_menu.vocabulary import TYPED, Vocabulary, field_of, parse_words
from bot.slack.requests.opt_outs import OptOuts
from bot.slack.settings.change import ChangeSettings
from bot.translations import Reader


class ReplyMenu:
    """Handles the choices in a reply's menu, and the submissions of its modals.

    Args:
        context: What it works with.
        answers: Answers in time.
        modals: Opens modals.
        readers: What people read.
        change: Changes a channel's settings.
        opt_outs: Know who never wants to be transcribed.
    """

    def __init__(
        self,
        context: HandlerContext,
        answers: Answers,
        modals: Modals,
        readers: Readers,
        change: ChangeSettings,
        opt_outs: OptOuts,
    ) -> None:
        self._context = context
        self._answers = answers
        self._modals = modals
        self._readers = readers
        self._retranscribe = Retranscribe(context, opt_outs)
        self._vocabulary = Vocabulary(context.preferences, change)
        self._delete = Delete(context)
        self._edit = Edit(context, answers, modals, readers, self._vocabulary)

    def register(self, listeners: Listeners) -> None:
        """Listen for the menu, and for what its modals send."""
        again = partial(self._submit, retranscribe.MODAL, self._ask_again_in)
        sure = partial(self._submit, retranscribe.MODAL, self._ask_again)
        gone = partial(self._submit, delete.MODAL, self._have_deleted)
        listeners.action(action_ids.REPLY_MENU, self._choose)
        listeners.submission(action_ids.LANGUAGE_MODAL, again)
        listeners.submission(action_ids.AGAIN_MODAL, sure)
        listeners.submission(action_ids.WORDS_MODAL, self._add)
        listeners.submission(action_ids.EDIT_MODAL, self._edit.take)
        listeners.submission(action_ids.DELETE_MODAL, gone)

    async def _choose(self, ack: AsyncAck, pressed: BlockAction) -> None:
        said = await self._answers.in_time(
            pressed.user.id, lambda: self._do(pressed), unanswered="press not answered"
        )
        await ack()
        if said:
            told = self._context.ephemeral.tell(pressed.user.id, pressed.place, said)
            self._context.background.start(told)

    async def _do(self, pressed: BlockAction) -> Answer | None:
        """Do what was chosen: a sentence, or nothing where a modal has opened."""
        press, chosen = parse_press(pressed, self._context.team_id), pressed.action.selected_option.value
        if press is None:
            return sentences.REPLY_UNKNOWN
        if chosen == Choice.AGAIN and press.handle.is_edited:
            sure = partial(retranscribe.render_confirmation, press)
            await self._modals.open(press.trigger, retranscribe.MODAL, None, first=sure)
            return None
        if chosen == Choice.AGAIN:
            verified = await verified_press(self._context, press)
            return sentences.REPLY_GONE if verified is None else await self._retranscribe.ask(verified)
        modals: dict[str, tuple[ModalKind, Callable[[Press, Reader], Awaitable[Block]]]] = {
            Choice.AGAIN_IN: (retranscribe.MODAL, self._retranscribe.modal),
            Choice.WORDS: (vocabulary.MODAL, self._vocabulary.modal),
            Choice.EDIT: (edit_view.MODAL, self._edit.modal),
            Choice.DELETE: (delete.MODAL, self._delete.modal),
        }
        if chosen not in modals:
            return sentences.REPLY_UNKNOWN
        kind, content = modals[chosen]

        async def verified_content(reader: Reader) -> Block:
            verified = await verified_press(self._context, press)
            if verified is None:
                return kind.notice(reader, reader.say(sentences.REPLY_GONE))
            return await content(verified, reader)

        await self._modals.open(press.trigger, kind, verified_content)
        return None

    async def _submit(
        self,
        kind: ModalKind,
        work: Callable[[Press, View], Awaitable[Answer | None]],
        ack: AsyncAck,
        sent: ViewSubmission,
    ) -> None:
        """Do what a modal asks for; where that fails it says why, with nothing left to fill in."""
        press = parse_submission(sent, self._context.team_id)

        async def attempt() -> Answer | None:
            if press is None:
                return sentences.REPLY_UNKNOWN
            verified = await verified_press(self._context, press)
            return sentences.REPLY_GONE if verified is None else await work(verified, sent.view)

        wrong = await self._answers.in_time(sent.user.id, attempt, unanswered="press not answered")
        notice = kind.notice(self._readers.known(sent.user.id), wrong)
        await (ack(response_action="update", view=notice) if wrong else ack())

    async def _ask_again_in(self, press: Press, view: View) -> Answer | None:
        try:
            language = retranscribe.parse_choice(view)
        except ValueError:
            return sentences.REPLY_UNKNOWN
        return await self._ask_again(press, view, language)

    async def _ask_again(self, press: Press, _view: View, language: str | None = None) -> Answer | None:
        answer = await self._retranscribe.ask(press, language)
        if answer is sentences.OUT_OF_REACH:
            return answer
        self._context.background.start(self._tell(press, answer))
        return None

    async def _have_deleted(self, press: Press, _view: View) -> Answer | None:
        return await self._delete.delete(press)

    async def _add(self, ack: AsyncAck, sent: ViewSubmission) -> None:
        """Add the words that were written or ticked; nothing ticked is an answer too."""
        press, view = parse_submission(sent, self._context.team_id), sent.view
        words, shown = parse_words(view), field_of(view)

        async def attempt() -> Answer | None:
            if press is None:
                return sentences.REPLY_UNKNOWN
            if words:
                return await self._vocabulary.add(press, words)
            return sentences.WORDS_NONE if shown == TYPED else None

        wrong = await self._answers.in_time(sent.user.id, attempt, unanswered="press not answered")
        await (ack(response_action="errors", errors={shown: wrong}) if wrong else ack())
        if press is not None and words and not wrong:
            self._context.background.start(self._tell(press, partial(sentences.words_added, words=words)))

    async def _tell(self, press: Press, answer: Answer) -> None:
        reader = await self._readers.of(press.user_id)
        await self._context.ephemeral.tell(press.user_id, press.place, answer(reader))
