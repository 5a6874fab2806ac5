"""Kinds of modals, and the trigger that allows one. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from bot import sentences
from bot.model import Place
from bot.slack.blockkit.elements import Block, modal, section
from bot.translations import Reader, Sentence


@dataclass(frozen=True, slots=True)
class ModalKind:
    """What a modal is about, and how its troubles are named in the log."""

    title: Sentence
    callback_id: str = "notice"
    """Of a sentence in its place, where nobody listens for what the modal sends."""
    not_opened: str = "modal not opened"
    not_filled: str = "modal not filled"

    def notice(self, reader: Reader, text: str) -> Block:
        """A sentence in the modal's place, and nothing to do but to close it."""
        close = reader.say(sentences.CLOSE)
        return modal(self.callback_id, reader.say(self.title), [section(text)], close=close)


@dataclass(frozen=True, slots=True)
class Trigger:
    """What allows one modal, whom it is for, and where they look."""

    id: str
    user_id: str
    place: Place
