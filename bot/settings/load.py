"""Reads the settings from the environment and ``.env``, and says which are wrong or missing."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, TypeVar

from dotenv import dotenv_values
from dotenv.parser import parse_stream
from pydantic import ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings

from bot.settings.settings import AsrSettings, Settings, StoreSettings
from bot.settings.values import WHOLE_SENTENCE

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


SettingsT = TypeVar("SettingsT", bound=BaseSettings)


def _read(kind: type[SettingsT], env_file: Path | None, **given: str) -> SettingsT:
    sources: dict[str, Any] = {"_env_file": env_file, **given}
    try:
        _check_lines(env_file)
        return kind(**sources)
    except ValidationError as error:
        faults = error.errors(include_input=False, include_url=False)
        raise SettingsError("; ".join(map(_explain, faults))) from None
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


def _explain(fault: ErrorDetails) -> str:
    name = str(fault["loc"][0]).upper()
    if fault["type"] == "missing":
        return f"{name} is missing: {_WHERE[name]}"
    if fault["type"] == WHOLE_SENTENCE:
        return fault["msg"]
    message = fault["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
    return f"{name} {message}" if message.startswith("must") else f"{name} is wrong: {message}"


def load_recogniser() -> dict[str, str]:
    """The real recogniser's settings as they stand in the environment and ``.env``, for the playground.

    Raises:
        SettingsError: there is no key, or the file has a line that cannot be read.
    """
    _check_lines(Path(".env"))
    found = {name: value for name, value in {**dotenv_values(".env"), **os.environ}.items() if value}
    if "DASHSCOPE_API_KEY" not in found:
        raise SettingsError("DASHSCOPE_API_KEY is missing: the real recogniser needs a key")
    return {name: value for name, value in found.items() if name.startswith(("DASHSCOPE_", "ASR_"))}
