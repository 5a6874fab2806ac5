"""Adding names and terms to a channel's vocabulary, from the menu under a reply or after an edit."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from bot import sentences
from bot.model import MOST_CONTEXT_BYTES
from bot.preferences import ChannelSettings, parse_vocabulary, vocabulary_bytes
from bot.slack import actions
from bot.slack.bodies import Body, part
from bot.slack.choices.deciding import Deciding
from bot.slack.desk import Desk
from bot.slack.kit import Block, checkboxes, field, modal, option, section, text_input
from bot.slack.menu.modals import notice
from bot.slack.menu.presses import Press
from bot.slack.targets import records
from bot.translations import ENGLISH

_ENTRY = "entry"
TYPED, _OFFERED = "words", "offered"
"""The fields in which words are written, and in which they are ticked."""
_MOST_OFFERED = 10
"""Boxes that a field may have."""


class Words:
    """Shows what can be added, and adds it, for those who may change the channel's settings.

    Args:
        desk: What it works with.
    """

    def __init__(self, desk: Desk) -> None:
        self._preferences = desk.preferences
        self._deciding = Deciding(desk.permissions, desk.preferences)

    async def modal(self, press: Press) -> Block:
        """Where they are written."""
        key = press.key
        refusal = await self._deciding.refusal(key.channel_id, press.user_id)
        if refusal:
            return notice(ENGLISH, ENGLISH.say(sentences.WORDS_TITLE), refusal)
        settings = await self._preferences.channel(key.team_id, key.channel_id)
        room_bytes = max(0, MOST_CONTEXT_BYTES - vocabulary_bytes(settings.vocabulary))
        entry = text_input(_ENTRY, lines=True)
        hint = sentences.words_hint(ENGLISH, room_bytes)
        return _modal(press, [field(TYPED, ENGLISH.say(sentences.WORDS_LABEL), entry, hint=hint)])

    async def offer(self, press: Press, words: Sequence[str]) -> Block:
        """That an edit is saved, with the words that were new in it to be added; those that are not known."""
        key = press.key
        settings = await self._preferences.channel(key.team_id, key.channel_id)
        known = {word.casefold() for word in settings.vocabulary}
        unknown = [word for word in words if word.casefold() not in known][:_MOST_OFFERED]
        if not unknown or await self._deciding.refusal(key.channel_id, press.user_id):
            return notice(ENGLISH, ENGLISH.say(sentences.EDIT_TITLE), ENGLISH.say(sentences.EDIT_SAVED))
        boxes = checkboxes(_ENTRY, [option(word, word) for word in unknown])
        return _modal(
            press,
            [
                section(ENGLISH.say(sentences.EDIT_SAVED)),
                field(_OFFERED, ENGLISH.say(sentences.OFFER_LABEL), boxes, optional=True),
            ],
        )

    async def add(self, press: Press, words: Sequence[str]) -> str:
        """Add them; why they are not, or nothing.

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
        decided = await self._deciding.decide(key.team_id, key.channel_id, press.user_id, add)
        if isinstance(decided, str):
            return decided
        return sentences.vocabulary_too_long(ENGLISH, _in_letters(over[-1], words)) if over else ""


def parse_words(view: Body) -> tuple[str, ...]:
    """What was written or ticked."""
    values = part(part(view, "state"), "values")
    typed = part(part(values, TYPED), _ENTRY).get("value")
    ticked = records(part(part(values, _OFFERED), _ENTRY).get("selected_options"))
    words = (typed, *(choice.get("value") for choice in ticked))
    return parse_vocabulary("\n".join(word for word in words if isinstance(word, str)))


def field_of(view: Body) -> str:
    """The field under which stands what is wrong with the words."""
    values = part(part(view, "state"), "values")
    return _OFFERED if _OFFERED in values else TYPED


def _modal(press: Press, blocks: list[Block]) -> Block:
    return modal(
        actions.WORDS_MODAL,
        ENGLISH.say(sentences.WORDS_TITLE),
        blocks,
        submit=ENGLISH.say(sentences.WORDS_SUBMIT),
        close=ENGLISH.say(sentences.CLOSE),
        private_metadata=press.dump(),
    )


def _in_letters(over_bytes: int, words: Sequence[str]) -> int:
    """About how many letters of these words that is; one takes up to four bytes."""
    text = "\n".join(words)
    return math.ceil(over_bytes * len(text) / max(1, len(text.encode())))
