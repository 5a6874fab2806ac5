"""Vocabulary additions: names and terms for a channel, from the menu under a reply or after an edit."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from bot import sentences
from bot.channel_settings import ChannelSettings, parse_vocabulary, vocabulary_bytes
from bot.errors import TranscriptionError
from bot.ports.preferences import Preferences
from bot.recording import MOST_CONTEXT_BYTES
from bot.slack.blockkit import action_ids
from bot.slack.blockkit.elements import Block, checkboxes, field, modal, option, section, text_input
from bot.slack.incoming.interactions import View
from bot.slack.interactions.answer import Answer
from bot.slack.interactions.modal_kind import ModalKind
from bot.slack.interactions.presses import Press
from bot.slack.settings.change import ChangeSettings, Denied
from bot.translations import Reader

MODAL = ModalKind(sentences.WORDS_TITLE)
_EDITED = ModalKind(sentences.EDIT_TITLE)
_ENTRY = "entry"
TYPED, _OFFERED = "words", "offered"
"""The fields in which words are written, and in which they are ticked."""
_MOST_OFFERED = 10
"""Boxes that a field may have."""


class Vocabulary:
    """Shows words that can be added to a channel's vocabulary, and adds them, for those who may.

    Args:
        preferences: Keeps the vocabulary.
        change: Changes a channel's settings.
    """

    def __init__(self, preferences: Preferences, change: ChangeSettings) -> None:
        self._preferences = preferences
        self._change = change

    async def modal(self, press: Press, reader: Reader) -> Block:
        """The modal in which words are written.

        Raises:
            Unavailable: Slack does not answer.
            Misconfigured: a scope or the token is wrong.
        """
        key = press.key
        denied = await self._change.denied(key.channel_id, press.user_id)
        if denied is not None:
            return MODAL.notice(reader, reader.say(denied.sentence))
        settings = await self._preferences.channel(key.team_id, key.channel_id)
        room_bytes = max(0, MOST_CONTEXT_BYTES - vocabulary_bytes(settings.vocabulary))
        entry = text_input(_ENTRY, lines=True)
        hint = sentences.words_hint(reader, room_bytes)
        return _modal(reader, press, [field(TYPED, reader.say(sentences.WORDS_LABEL), entry, hint=hint)])

    async def offer(self, press: Press, words: Sequence[str], reader: Reader) -> Block:
        """The modal after an edit: it says “saved”, and offers the new words that the vocabulary lacks."""
        key, saved = press.key, reader.say(sentences.EDIT_SAVED)
        settings = await self._preferences.channel(key.team_id, key.channel_id)
        known = {word.casefold() for word in settings.vocabulary}
        unknown = [word for word in words if word.casefold() not in known][:_MOST_OFFERED]
        if not unknown or not await self._may(press):
            return _EDITED.notice(reader, saved)
        boxes = checkboxes(_ENTRY, [option(word, word) for word in unknown])
        label = reader.say(sentences.OFFER_LABEL)
        return _modal(reader, press, [section(saved), field(_OFFERED, label, boxes, optional=True)])

    async def add(self, press: Press, words: Sequence[str]) -> Answer | None:
        """Add words: a sentence where they are not added, else nothing.

        Raises:
            Unavailable: Slack does not answer.
            Misconfigured: a scope or the token is wrong.
        """
        over: list[int] = []

        def add(settings: ChannelSettings) -> ChannelSettings:
            together = parse_vocabulary("\n".join((*settings.vocabulary, *words)))
            over_bytes = vocabulary_bytes(together) - MOST_CONTEXT_BYTES
            if over_bytes > 0:
                over.append(over_bytes)
                return settings
            return replace(settings, vocabulary=together)

        key = press.key
        decided = await self._change.change(key.team_id, key.channel_id, press.user_id, add)
        if isinstance(decided, Denied):
            return decided.sentence
        letters = _in_letters(over[-1], words) if over else 0
        return partial(sentences.vocabulary_too_long, over_bytes=letters) if letters else None

    async def _may(self, press: Press) -> bool:
        """True where somebody may add words; False, too, where Slack does not tell: it is only an offer."""
        try:
            return await self._change.denied(press.key.channel_id, press.user_id) is None
        except TranscriptionError:
            return False


def parse_words(view: View) -> tuple[str, ...]:
    """The words that were written or ticked."""
    ticked = view.input(_OFFERED).selected_options
    return parse_vocabulary("\n".join((view.input(TYPED).value, *(choice.value for choice in ticked))))


def field_of(view: View) -> str:
    """The field to show an error about the words under."""
    return _OFFERED if _OFFERED in view.state else TYPED


def _modal(reader: Reader, press: Press, blocks: list[Block]) -> Block:
    return modal(
        action_ids.WORDS_MODAL,
        reader.say(sentences.WORDS_TITLE),
        blocks,
        submit=reader.say(sentences.WORDS_SUBMIT),
        close=reader.say(sentences.CLOSE),
        private_metadata=press.dump(),
    )


def _in_letters(over_bytes: int, words: Sequence[str]) -> int:
    """A number of bytes as about how many letters of these words; one takes up to four bytes."""
    text = "\n".join(words)
    return math.ceil(over_bytes * len(text) / max(1, len(text.encode())))
