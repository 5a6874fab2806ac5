"""Kinds of modals, and the trigger that allows one. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from bot import sentences
from bot.model import Place
from bot.slack.blockkit.elements import Block, modal, section
from bot.translations import Reader, Sentence


@dataclass(frozen=True, slots=True)
class ModalKind:
    """A kind of modal: its title, and the log events of its failures."""

    title: Sentence
    callback_id: str = "notice"
    """For the notice in its place, where nobody listens for what the modal sends."""
    not_opened: str = "modal not opened"
    not_filled: str = "modal not filled"

    def notice(self, reader: Reader, text: str) -> Block:
        """A modal with a sentence in its place, and nothing to do but to close it."""
        close = reader.say(sentences.CLOSE)
        return modal(self.callback_id, reader.say(self.title), [section(text)], close=close)


@dataclass(frozen=True, slots=True)
class Trigger:
    """A trigger id, which allows one modal, with the person and the place where they look."""

    id: str
    user_id: str
    place: Place
