"""The menu of what is spoken: automatic, and every language by its name in the reader's own. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from babel import Locale

from bot import sentences
from bot.model import LANGUAGES
from bot.slack.bodies import part
from bot.slack.kit import Block, option, select

_AUTOMATIC = "automatic"


def language_menu(action_id: str, chosen: str | None, reader: Locale) -> Block:
    """The menu, with a language or (``None``) automatic chosen."""
    named = sorted((sentences.language_name(code, reader), code) for code in LANGUAGES)
    choices = [
        option(sentences.LANGUAGE_AUTOMATIC, _AUTOMATIC),
        *(option(name, code) for name, code in named),
    ]
    wanted = chosen or _AUTOMATIC
    return select(action_id, choices, next(choice for choice in choices if choice["value"] == wanted))


def parse_language(state: Mapping[str, Any]) -> str | None:
    """What the menu's state says was chosen.

    Raises:
        ValueError: none of its choices.
    """
    value = part(state, "selected_option").get("value")
    if value == _AUTOMATIC:
        return None
    if value not in LANGUAGES:
        raise ValueError("no language")
    return str(value)
