"""Controls that the settings, the greeting and the home tab share: menus and boxes, and their state. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot import sentences
from bot.channel_settings import Automatic
from bot.slack.blockkit.elements import Block, checkboxes, option, select
from bot.slack.incoming.interactions import Input
from bot.translations import Reader, Sentence


def choice_menu(reader: Reader, action_id: str, labels: Mapping[Any, Sentence], chosen: str) -> Block:
    """A menu of labels, with one of them chosen."""
    choices = {value: option(reader.say(label), value) for value, label in labels.items()}
    return select(action_id, list(choices.values()), choices[chosen])


def automatic_menu(reader: Reader, action_id: str, chosen: Automatic) -> Block:
    """The menu of what is transcribed by itself."""
    return choice_menu(reader, action_id, sentences.AUTOMATIC_CHOICES, chosen)


def parse_automatic(state: Input) -> Automatic:
    """Read the choice in that menu.

    Raises:
        ValueError: none of its choices.
    """
    return Automatic(state.selected_option.value)


def is_ticked(state: Input) -> bool:
    """True where the one box of a field is ticked.

    Raises:
        ValueError: the state is that of no such field.
    """
    if state.is_odd:
        raise ValueError("no boxes")
    return bool(state.selected_options)


def box(action_id: str, label: str, *, ticked: bool) -> Block:
    """One box to tick."""
    choices = [option(label, "yes")]
    return checkboxes(action_id, choices, choices if ticked else ())
