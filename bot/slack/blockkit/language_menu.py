"""Menu of spoken languages: automatic, and each by its name in the reader's language. Pure."""

from __future__ import annotations

from bot import formats, sentences
from bot.recording import LANGUAGES
from bot.slack.blockkit.elements import Block, option, select
from bot.slack.incoming.interactions import Input
from bot.translations import Reader

_AUTOMATIC = "automatic"


def language_menu(reader: Reader, action_id: str, chosen: str | None) -> Block:
    """The menu, with a language or (``None``) automatic chosen."""
    named = sorted((formats.language_name(code, reader.locale), code) for code in LANGUAGES)
    choices = [
        option(reader.say(sentences.LANGUAGE_AUTOMATIC), _AUTOMATIC),
        *(option(name, code) for name, code in named),
    ]
    wanted = chosen or _AUTOMATIC
    return select(action_id, choices, next(choice for choice in choices if choice["value"] == wanted))


def parse_language(state: Input) -> str | None:
    """Read the language chosen in the menu; ``None`` for automatic.

    Raises:
        ValueError: none of its choices.
    """
    value = state.selected_option.value
    if value == _AUTOMATIC:
        return None
    if value not in LANGUAGES:
        raise ValueError("no language")
    return value
