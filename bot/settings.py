"""Environment -> frozen values. Each setting is explained here once; the README's table is made from it."""

from __future__ import annotations

import json
import os
import re
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar
from urllib.parse import urlsplit

from babel import Locale, UnknownLocaleError
from dotenv import dotenv_values
from dotenv.parser import parse_stream
from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError, ValidationInfo
from pydantic_core import ErrorDetails, PydanticCustomError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from bot.model import LANGUAGES

_WHERE = {
    "SLACK_BOT_TOKEN": "the bot token (xoxb-…) from your app's page → OAuth & Permissions",
    "DASHSCOPE_API_KEY": "the key (sk-…) from Model Studio → API Key",
}
"""Where one finds what has no default."""
_WHOLE = "whole_sentence"
"""The type of an error whose message names the settings itself."""


class SettingsError(Exception):
    """Settings are wrong or missing; the message is one line that names them."""


class LogFormat(StrEnum):
    """How log lines look."""

    AUTO = "auto"
    JSON = "json"
    PRETTY = "pretty"


class SettingsBy(StrEnum):
    """Who may change a channel's settings."""

    MEMBERS = "members"
    ADMINS = "admins"


def _secret_starting(prefix: str, what: str) -> AfterValidator:
    def check(secret: SecretStr | None) -> SecretStr | None:
        if secret is not None and not secret.get_secret_value().startswith(prefix):
            raise ValueError(f"must be {what}, which begins with {prefix}")
        return secret

    return AfterValidator(check)


def _one_of_two(secret: SecretStr | None, found: ValidationInfo) -> SecretStr | None:
    # An app token that is wrong is not among what was found: that is said of itself.
    if secret is None and found.data.get("slack_app_token", _WHOLE) is None:
        raise PydanticCustomError(
            _WHOLE,
            "SLACK_APP_TOKEN or SLACK_SIGNING_SECRET is missing: set the first for Socket Mode, the second "
            "for HTTP mode, from your app's page → Basic Information (App-Level Tokens, App Credentials)",
        )
    return secret


def _one_word(value: Any) -> Any:
    """Strip what copying and `$(cat file)` leave around a secret; inside, a header could not carry it."""
    if not isinstance(value, str):
        return value
    word = value.strip()
    if not word:
        raise ValueError("must not be blank")
    if word.endswith(("…", "...")):
        raise ValueError("must be your own: it still holds the placeholder")
    if not (word.isascii() and word.isprintable()) or " " in word:
        raise ValueError("must be one word of plain letters, digits and signs")
    return word


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def _upper(value: Any) -> Any:
    return value.upper() if isinstance(value, str) else value


def _dashscope_url(value: str) -> str:
    # The vendor's SDK calls this with a path; the wire adds it.
    return _base_url(value).removesuffix("/api/v1")


def _base_url(value: str) -> str:
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError:
        # Its text may quote the value.
        raise ValueError("must be an http(s) address such as https://example.com") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("must be an http(s) address such as https://example.com")
    if parts.username or parts.password:
        raise ValueError("must not hold a user name or password")
    return value.rstrip("/")


def _api_url(value: str) -> str:
    return _base_url(value) + "/"


def _origin(value: str) -> str:
    parts = urlsplit(_base_url(value))
    if parts.path:
        raise ValueError("must be origins such as https://files.example.com, without a path")
    return f"{parts.scheme}://{parts.netloc}".lower()


def _split_on_commas(value: Any) -> Any:
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


def _known_language(value: str) -> str:
    code = value.lower()
    if code not in LANGUAGES:
        raise ValueError(f"must be one of {', '.join(LANGUAGES)}, or empty for automatic")
    return code


def _known_locale(value: str) -> str:
    try:
        return str(Locale.parse(value.strip().replace("-", "_")))
    except (ValueError, UnknownLocaleError):
        raise ValueError("must be a locale such as en, de or pt_BR") from None


def _emoji_name(value: str) -> str:
    name = value.strip().strip(":").lower()
    if not re.fullmatch(r"[a-z0-9_+'-]{1,100}", name):
        raise ValueError("must be an emoji's name such as speech_balloon")
    return name


Secret = Annotated[SecretStr, BeforeValidator(_one_word)]


_SOURCES = SettingsConfigDict(
    env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True, hide_input_in_errors=True
)


class SlackSettings(BaseSettings):
    """How the bot talks to Slack."""

    model_config = _SOURCES

    slack_bot_token: Annotated[
        Secret, _secret_starting("xoxb-", "the bot token from “OAuth & Permissions”")
    ] = Field(description="The bot token of your Slack app (`xoxb-…`).")
    slack_app_token: Annotated[
        Secret | None, _secret_starting("xapp-", "the app-level token from “Basic Information”")
    ] = Field(
        None,
        description="The app-level token (`xapp-…`, scope `connections:write`). Present: Socket Mode, "
        "no public address needed. Absent: HTTP mode.",
    )
    slack_signing_secret: Annotated[Secret | None, AfterValidator(_one_of_two)] = Field(
        None,
        validate_default=True,
        description="The signing secret. Needed in HTTP mode, where it proves that events are Slack's.",
    )
    slack_api_url: Annotated[str, AfterValidator(_api_url)] = Field(
        "https://slack.com/api/", description="Slack's Web API; change it for GovSlack or the playground."
    )
    slack_file_origins: Annotated[
        tuple[Annotated[str, AfterValidator(_origin)], ...], NoDecode, BeforeValidator(_split_on_commas)
    ] = Field(
        (),
        description="Further origins that the bot token may be sent to for downloads, separated by commas. "
        "Slack's own https hosts always are.",
    )


class AsrSettings(BaseSettings):
    """What is recognised, by whom, and how much of it."""

    model_config = _SOURCES

    dashscope_api_key: Secret = Field(description="The DashScope API key. Keys belong to a region.")
    dashscope_base_url: Annotated[str, AfterValidator(_dashscope_url)] = Field(
        "https://dashscope-intl.aliyuncs.com",
        description="The key's region: `https://dashscope-intl.aliyuncs.com` (Singapore), "
        "`https://dashscope.aliyuncs.com` (Beijing), `https://dashscope-us.aliyuncs.com` (US), "
        "or your workspace's own host.",
    )
    asr_model: str = Field("qwen3-asr-flash", min_length=1, description="The recogniser's model.")
    asr_language: Annotated[str, AfterValidator(_known_language)] | None = Field(
        None,
        description="One language code for all audio (`en`, `zh`, …). Empty: recognised by itself, "
        "the right choice wherever people speak more than one.",
    )
    asr_enable_itn: bool = Field(
        default=False, description="Write numbers as digits (Chinese and English only)."
    )
    asr_requests_per_minute: int = Field(
        100,
        ge=1,
        le=100_000,
        description="The account's request limit, kept before the wire. A fifth of it is kept for new "
        "recordings, so that a voice clip need not wait for a long recording that used up the minute.",
    )
    asr_concurrency: int = Field(
        8,
        ge=1,
        le=256,
        description="Requests to the recogniser at once, at most; recordings take turns. While the "
        "provider throttles them the bot sends fewer, by itself.",
    )
    compress_uploads: bool = Field(
        default=False,
        description="Send long recordings as MP3 instead of WAV: a quarter of the upload, for about 12 "
        "seconds of CPU an hour. Worth it where the line carries less than about 50 Mbit/s.",
    )
    max_audio_minutes: int = Field(
        180, ge=1, le=1_440, description="The longest recording that is transcribed."
    )
    max_file_mb: int = Field(
        1_024,
        ge=1,
        le=1_048_576,
        description="The biggest file that is downloaded (1 MB is 2²⁰ bytes).",
    )


class StoreSettings(BaseSettings):
    """Where everything is kept."""

    model_config = _SOURCES

    data_dir: Path = Field(
        Path("./data"),
        description="Where jobs, what is recognised of them so far, and temporary audio live. "
        "Keep it on a disk that stays.",
    )


class Settings(StoreSettings, AsrSettings, SlackSettings):
    """What the operator decides. Read from the environment, then from ``.env``; empty means the default."""

    retention_days: int = Field(
        90,
        ge=8,
        le=3_650,
        description="How long ids of answered recordings, and months of usage, are kept. So long does "
        "deleting a recording take its copies in direct messages along.",
    )
    auto_transcribe: bool = Field(
        default=True,
        description="Transcribe clips and audio by itself in channels that the bot was invited to, until "
        "their people decide otherwise. Channels shared with other organisations stay off until someone "
        "turns them on; direct messages are always on.",
    )
    settings_by: Annotated[SettingsBy, BeforeValidator(_lower)] = Field(
        SettingsBy.MEMBERS,
        description="Who may change a channel's settings: its `members`, or the workspace's `admins` only.",
    )
    reply_locale: Annotated[str, AfterValidator(_known_locale)] = Field(
        "en",
        description="The language of what stands in threads and channels, as a locale: `de`, or `en_GB` with "
        "the numbers and dates of a region. What one person alone sees is in their own. There are English "
        "and German; elsewhere it is English.",
    )
    ask_reaction: Annotated[str, AfterValidator(_emoji_name)] = Field(
        "speech_balloon",
        description="The reaction that asks for a transcript, by its name without colons.",
    )
    asr_price_per_second: float = Field(
        0.000035,
        ge=0,
        le=1,
        allow_inf_nan=False,
        description="What a second of audio costs, in US dollars; for the figures that people see.",
    )
    monthly_minutes: int | None = Field(
        None,
        ge=1,
        description="The most minutes that are transcribed in a calendar month (UTC). From 80 % on replies "
        "say so; at 100 % recordings are refused until the next month. Empty: no limit.",
    )
    confirm_above_minutes: int | None = Field(
        None,
        ge=1,
        description="Longer recordings ask first, with their length and cost. Empty: none does.",
    )
    job_give_up_after_s: int = Field(
        21_600,
        ge=1,
        le=604_800,
        description="How long a job is tried before the thread hears that it failed, in seconds.",
    )
    http_host: str = Field(
        "127.0.0.1", description="Address to listen on. The container image sets `0.0.0.0`."
    )
    http_port: int = Field(
        8080,
        ge=0,
        le=65_535,
        description="Port of `/healthz`, `/readyz`, `/metrics`, and of `/slack/events` in HTTP mode.",
    )
    log_level: Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], BeforeValidator(_upper)] = Field(
        "INFO", description="Least severe level that is logged."
    )
    log_format: Annotated[LogFormat, BeforeValidator(_lower)] = Field(
        LogFormat.AUTO, description="`json`, `pretty`, or `auto`: pretty on a terminal, JSON elsewhere."
    )

    @property
    def socket_mode(self) -> bool:
        """Whether events come over a WebSocket that the bot opens; else over HTTP."""
        return self.slack_app_token is not None

    def effective(self) -> dict[str, object]:
        """The settings as they may be logged: secrets only as set or not."""
        shown: dict[str, object] = {}
        for name, value in self:
            if isinstance(value, SecretStr):
                shown[name] = "set"
            elif isinstance(value, Path | StrEnum):
                shown[name] = str(value)
            else:
                shown[name] = value
        return shown


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
    if fault["type"] == _WHOLE:
        return fault["msg"]
    message = fault["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
    return f"{name} {message}" if message.startswith("must") else f"{name} is wrong: {message}"


def markdown_table() -> str:
    """The README's table of settings."""
    rows = ["| Setting | Default | Meaning |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        if field.is_required():
            default = "required"
        elif field.default in (None, ()):
            default = ""
        elif isinstance(field.default, bool):
            default = f"`{json.dumps(field.default)}`"
        else:
            shown = f"./{field.default}" if isinstance(field.default, Path) else field.default
            default = f"`{shown}`"
        rows.append(f"| `{name.upper()}` | {default} | {field.description} |")
    return "\n".join(rows)


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
