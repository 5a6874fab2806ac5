"""The menu under every reply, and the modals that it leads to."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot import sentences
from bot.slack import actions
from bot.slack.bodies import Body, action_of, part
from bot.slack.desk import Desk
from bot.slack.kit import Block
from bot.slack.menu.again import Again, parse_choice
from bot.slack.menu.deleting import Deleting
from bot.slack.menu.editing import Editing
from bot.slack.menu.modals import Modals, notice
from bot.slack.menu.presses import Press, parse_submission
from bot.slack.menu.pressing import PATIENCE_S, Pressing
from bot.slack.menu.words import TYPED, Words, field_of, parse_words
from bot.slack.speech.reply_controls import Choice
from bot.translations import ENGLISH


class ReplyMenu:
    """Does what people choose in a reply's menu.

    Args:
        desk: What it works with.
        patience_s: How long an answer may take.
    """

    def __init__(self, desk: Desk, *, patience_s: float = PATIENCE_S) -> None:
        self._desk = desk
        self._pressing = Pressing(desk, patience_s=patience_s)
        self._modals = Modals(desk)
        self._again = Again(desk)
        self._words = Words(desk)
        self._deleting = Deleting(desk)
        self._editing = Editing(desk, self._modals, self._pressing, self._words)

    def register(self, bolt: AsyncApp) -> None:
        """Listen for the menu, and for what its modals send."""

        async def choose(ack: AsyncAck, body: dict[str, Any]) -> None:
            await self._pressing.answer(ack, body, lambda press: self._choose(press, body))

        async def again(ack: AsyncAck, body: dict[str, Any]) -> None:
            await self._submit(ack, body, ENGLISH.say(sentences.AGAIN_TITLE), self._ask_again)

        async def add(ack: AsyncAck, body: dict[str, Any]) -> None:
            await self._add(ack, body)

        async def edit(ack: AsyncAck, body: dict[str, Any]) -> None:
            await self._editing.save(ack, body)

        async def delete(ack: AsyncAck, body: dict[str, Any]) -> None:
            await self._submit(ack, body, ENGLISH.say(sentences.DELETE_TITLE), self._delete)

        bolt.action(actions.REPLY_MENU)(choose)
        bolt.view(actions.LANGUAGE_MODAL)(again)
        bolt.view(actions.WORDS_MODAL)(add)
        bolt.view(actions.EDIT_MODAL)(edit)
        bolt.view(actions.DELETE_MODAL)(delete)

    async def _choose(self, press: Press, body: Body) -> str:
        """Do what was chosen; a sentence, or nothing where a modal has opened."""
        chosen = part(action_of(body), "selected_option").get("value")
        if chosen == Choice.AGAIN:
            return await self._again.ask(press)
        modals: dict[object, tuple[str, Callable[[Press], Awaitable[Block]]]] = {
            Choice.AGAIN_IN: (ENGLISH.say(sentences.AGAIN_TITLE), self._again.modal),
            Choice.WORDS: (ENGLISH.say(sentences.WORDS_TITLE), self._words.modal),
            Choice.EDIT: (ENGLISH.say(sentences.EDIT_TITLE), self._editing.modal),
            Choice.DELETE: (ENGLISH.say(sentences.DELETE_TITLE), self._deleting.modal),
        }
        if chosen not in modals:
            return ENGLISH.say(sentences.REPLY_UNKNOWN)
        title, content = modals[chosen]
        await self._modals.open(
            str(body.get("trigger_id") or ""),
            title,
            lambda: content(press),
            user_id=press.user_id,
            place=press.place,
        )
        return ""

    async def _submit(
        self, ack: AsyncAck, body: Body, title: str, work: Callable[[Press, Body], Awaitable[str]]
    ) -> None:
        """Do what a modal asks for; where that fails it stays and says so, with nothing left to fill in."""
        press = parse_submission(body, self._desk.identity.team_id)
        wrong = (
            ENGLISH.say(sentences.REPLY_UNKNOWN)
            if press is None
            else await self._pressing.attempt(lambda: work(press, part(body, "view")))
        )
        await (ack(response_action="update", view=notice(ENGLISH, title, wrong)) if wrong else ack())

    async def _ask_again(self, press: Press, view: Body) -> str:
        try:
            language = parse_choice(view)
        except ValueError:
            return ENGLISH.say(sentences.REPLY_UNKNOWN)
        said = await self._again.ask(press, language)
        if said == ENGLISH.say(sentences.OUT_OF_REACH):
            return said
        self._desk.errands.start(self._desk.whispers.tell(press.user_id, press.place, said))
        return ""

    async def _delete(self, press: Press, _view: Body) -> str:
        return await self._deleting.delete(press)

    async def _add(self, ack: AsyncAck, body: Body) -> None:
        """Add what was written or ticked; nothing ticked is an answer too."""
        view = part(body, "view")
        press, words, shown = (
            parse_submission(body, self._desk.identity.team_id),
            parse_words(view),
            field_of(view),
        )
        if press is None:
            wrong = ENGLISH.say(sentences.REPLY_UNKNOWN)
        elif words:
            wrong = await self._pressing.attempt(lambda: self._words.add(press, words))
        else:
            wrong = ENGLISH.say(sentences.WORDS_NONE) if shown == TYPED else ""
        if wrong:
            await ack(response_action="errors", errors={shown: wrong})
            return
        await ack()
        if press is not None and words:
            said = sentences.words_added(ENGLISH, words)
            self._desk.errands.start(self._desk.whispers.tell(press.user_id, press.place, said))
