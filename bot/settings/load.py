"""Reads the settings from the environment and ``.env``, and says which are wrong or missing."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

from dotenv import dotenv_values
from dotenv.parser import parse_stream
from pydantic import ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings

from bot.settings.names import Names, misspelling_of, sort_names
from bot.settings.settings import AsrSettings, Settings, StoreSettings
from bot.settings.values import ONE_OF_TWO, WHOLE_SENTENCE

_WHERE = {
    "SLACK_BOT_TOKEN": "the bot token (xoxb-…) from your app's page → OAuth & Permissions",
    "DASHSCOPE_API_KEY": "the key (sk-…) from Model Studio → API Key",
}
"""Where one finds what has no default."""


class SettingsError(Exception):
    """Settings are wrong or missing; the message is one line that names them."""


def load(env_file: Path | None = Path(".env")) -> Settings:
    """Read the settings.

    Raises:
        SettingsError: some are wrong or missing; each is named, never its value.
    """
    return _read(Settings, env_file)


def load_asr(env_file: Path | None = Path(".env"), **given: str) -> AsrSettings:
    """Read the recogniser's settings alone, for the command line; what is ``given`` counts first.

    Raises:
        SettingsError: as ``load``.
    """
    return _read(AsrSettings, env_file, **given)


def load_store(env_file: Path | None = Path(".env")) -> StoreSettings:
    """Read where everything is kept, for commands that need no more.

    Raises:
        SettingsError: as ``load``.
    """
    return _read(StoreSettings, env_file)


def look_at_names(env_file: Path | None = Path(".env")) -> Names:
    """The names in the environment and in a file that can be read, and that are no setting's."""
    return sort_names(os.environ, _names_in(env_file))


SettingsT = TypeVar("SettingsT", bound=BaseSettings)


def _read(kind: type[SettingsT], env_file: Path | None, **given: str) -> SettingsT:
    sources: dict[str, Any] = {"_env_file": env_file, **given}
    try:
        _check_lines(env_file)
        return kind(**sources)
    except ValidationError as error:
        faults = error.errors(include_input=False, include_url=False)
        names = [*os.environ, *_names_in(env_file)]
        raise SettingsError("; ".join(_explain(fault, names) for fault in faults)) from None
    except UnicodeDecodeError:
        raise SettingsError(f"{env_file} cannot be read: it is not UTF-8") from None
    except OSError as error:
        raise SettingsError(f"{env_file} cannot be read: {error.strerror}") from None


def _check_lines(env_file: Path | None) -> None:
    """Insist that every line can be read: one that cannot would be left out.

    Raises:
        SettingsError: one cannot.
        OSError: the file cannot be read.
        UnicodeDecodeError: it is not UTF-8.
    """
    if env_file is None or not env_file.is_file():
        return
    with env_file.open(encoding="utf-8") as lines:
        for binding in parse_stream(lines):
            if binding.error:
                text = binding.original.string
                blank_lines = text[: len(text) - len(text.lstrip())].count("\n")
                number = binding.original.line + blank_lines
                raise SettingsError(f"{env_file} line {number} cannot be read: write it as NAME=value")


def _names_in(env_file: Path | None) -> list[str]:
    """The names that have a value in a file; a name without a ``=`` may be a secret that lost its own."""
    if env_file is None or not env_file.is_file():
        return []
    return [name for name, value in dotenv_values(env_file).items() if value is not None]


def _explain(fault: ErrorDetails, names: Sequence[str]) -> str:
    """The end of a sentence about a setting; ``names`` are all that are set, whosever they are."""
    name = str(fault["loc"][0]).upper()
    if fault["type"] == "missing":
        return f"{name} is missing: {_WHERE[name]}{_perhaps((name,), names)}"
    if fault["type"] == WHOLE_SENTENCE:
        return fault["msg"] + _perhaps(ONE_OF_TWO, names)
    message = fault["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
    return f"{name} {message}" if message.startswith("must") else f"{name} is wrong: {message}"


def _perhaps(missing: Sequence[str], names: Sequence[str]) -> str:
    """A half sentence about names that may be misspelt for missing settings; empty where none may."""
    found = ((name, misspelling_of(name, names)) for name in missing)
    return "".join(f"; there is a {other}: did you mean {name}?" for name, other in found if other)


def load_recogniser() -> dict[str, str]:
    """The real recogniser's settings as they stand in the environment and ``.env``, for the playground.

    Raises:
        SettingsError: there is no key, or the file has a line that cannot be read.
    """
    _check_lines(Path(".env"))
    found = {name: value for name, value in {**dotenv_values(".env"), **os.environ}.items() if value}
    if "DASHSCOPE_API_KEY" not in found:
        perhaps = _perhaps(("DASHSCOPE_API_KEY",), list(found))
        raise SettingsError(f"DASHSCOPE_API_KEY is missing: the real recogniser needs a key{perhaps}")
    return {name: value for name, value in found.items() if name.startswith(("DASHSCOPE_", "ASR_"))}
