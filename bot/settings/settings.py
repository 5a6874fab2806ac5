"""The settings. Each is explained here once; the README's table is made from it."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from bot.settings.values import (
    Secret,
    api_url,
    dashscope_url,
    emoji_name,
    known_language,
    known_locale,
    lower,
    one_of_two,
    origin,
    secret_starting,
    split_on_commas,
    upper,
)


class LogFormat(StrEnum):
    """The format of log lines."""

    AUTO = "auto"
    JSON = "json"
    PRETTY = "pretty"


class SettingsBy(StrEnum):
    """The people who may change a channel's settings."""

    MEMBERS = "members"
    ADMINS = "admins"


_SOURCES = SettingsConfigDict(
    env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True, hide_input_in_errors=True
)


class SlackSettings(BaseSettings):
    """Settings of the connection to Slack."""

    model_config = _SOURCES

    slack_bot_token: Annotated[
        Secret, secret_starting("xoxb-", "the bot token from “OAuth & Permissions”")
    ] = Field(description="The bot token of your Slack app (`xoxb-…`).")
    slack_app_token: Annotated[
        Secret | None, secret_starting("xapp-", "the app-level token from “Basic Information”")
    ] = Field(
        None,
        description="The app-level token (`xapp-…`, scope `connections:write`). Present: Socket Mode, "
        "no public address needed. Absent: HTTP mode.",
    )
    slack_signing_secret: Annotated[Secret | None, AfterValidator(one_of_two)] = Field(
        None,
        validate_default=True,
        description="The signing secret. Needed in HTTP mode, where it proves that events are Slack's.",
    )
    slack_api_url: Annotated[str, AfterValidator(api_url)] = Field(
        "https://slack.com/api/", description="Slack's Web API; change it for GovSlack or the playground."
    )
    slack_file_origins: Annotated[
        tuple[Annotated[str, AfterValidator(origin)], ...], NoDecode, BeforeValidator(split_on_commas)
    ] = Field(
        (),
        description="Further origins that the bot token may be sent to for downloads, separated by commas. "
        "Slack's own https hosts always are.",
    )


class AsrSettings(BaseSettings):
    """Settings of the recogniser: which one, for what, and how much."""

    model_config = _SOURCES

    dashscope_api_key: Secret = Field(description="The DashScope API key. Keys belong to a region.")
    dashscope_base_url: Annotated[str, AfterValidator(dashscope_url)] = Field(
        "https://dashscope-intl.aliyuncs.com",
        description="The key's region: `https://dashscope-intl.aliyuncs.com` (Singapore), "
        "`https://dashscope.aliyuncs.com` (Beijing), `https://dashscope-us.aliyuncs.com` (US), "
        "or your workspace's own host.",
    )
    asr_model: str = Field("qwen3-asr-flash", min_length=1, description="The recogniser's model.")
    asr_language: Annotated[str, AfterValidator(known_language)] | None = Field(
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
    """Settings of what is stored, and where."""

    model_config = _SOURCES

    data_dir: Path = Field(
        Path("./data"),
        description="Where jobs, what is recognised of them so far, and temporary audio live. "
        "Keep it on a disk that stays.",
    )


class Settings(StoreSettings, AsrSettings, SlackSettings):
    """All settings of the operator, from the environment, then from ``.env``; empty means the default."""

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
    settings_by: Annotated[SettingsBy, BeforeValidator(lower)] = Field(
        SettingsBy.MEMBERS,
        description="Who may change a channel's settings: its `members`, or the workspace's `admins` only.",
    )
    reply_locale: Annotated[str, AfterValidator(known_locale)] = Field(
        "en",
        description="The language of what stands in threads and channels, as a locale: `de`, or `en_GB` with "
        "the numbers and dates of a region. What one person alone sees is in their own. There are English "
        "and German; elsewhere it is English.",
    )
    ask_reaction: Annotated[str, AfterValidator(emoji_name)] = Field(
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
        "say so; a recording that is longer than what is left is refused, and one that turns out longer is "
        "transcribed as far as they reach. Empty: no limit.",
    )
    confirm_above_minutes: int | None = Field(
        None,
        ge=1,
        description="Longer recordings ask first, with their length and cost; two voices on two channels "
        "count both. Empty: none does.",
    )
    job_give_up_after_s: int = Field(
        21_600,
        ge=1,
        le=604_800,
        description="How long a job is tried before the thread hears that it failed, in seconds.",
    )
    catch_up_hours: int = Field(
        24,
        ge=0,
        le=168,
        description="After it was away, how far back the bot looks for recordings that it missed, and for "
        "known ones that were deleted or edited meanwhile. `0`: it does not look.",
    )
    catch_up_calls_per_minute: int = Field(
        20,
        ge=1,
        le=50,
        description="Calls to Slack that this takes at most. Slack allows an app of your own 50 a minute of "
        "the method that matters, and one that is distributed 1.",
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
    log_level: Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], BeforeValidator(upper)] = Field(
        "INFO", description="Least severe level that is logged."
    )
    log_format: Annotated[LogFormat, BeforeValidator(lower)] = Field(
        LogFormat.AUTO, description="`json`, `pretty`, or `auto`: pretty on a terminal, JSON elsewhere."
    )

    @property
    def socket_mode(self) -> bool:
        """True where events come over a WebSocket that the bot opens; else over HTTP."""
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
