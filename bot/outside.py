"""Adapters to what lies outside, Slack and the recogniser, as the settings want them."""

from __future__ import annotations

from dataclasses import dataclass

import aiohttp
from slack_sdk.http_retry.builtin_async_handlers import (
    AsyncConnectionErrorRetryHandler,
    AsyncRateLimitErrorRetryHandler,
    AsyncServerErrorRetryHandler,
)
from slack_sdk.web.async_client import AsyncWebClient

from bot.asr.dashscope import DashScope
from bot.settings import AsrSettings, Settings
from bot.slack.downloads import SlackFiles
from bot.slack.speech.replies import SlackReplies
from bot.translations import ENGLISH

_SLACK_TIMEOUT_S = 10
"""Slack answers in well under one. A post that hangs longer is looked up, anything else tried again."""


@dataclass(frozen=True, slots=True)
class Outside:
    """Adapters to what lies outside."""

    session: aiohttp.ClientSession
    reads: AsyncWebClient
    writes: AsyncWebClient
    files: SlackFiles
    replies: SlackReplies
    recogniser: DashScope

    async def verify(self) -> None:
        """Ask both services whether the bot is set up right.

        Raises:
            Unavailable: one does not answer.
            Misconfigured: the operator has to act.
        """
        await self.replies.verify()
        await self.recogniser.verify()


def open_session() -> aiohttp.ClientSession:
    """One pool for all. Its timeout is for Slack's Web API: with a session of ours the SDK sets none."""
    return aiohttp.ClientSession(
        timeout=aiohttp.ClientTimeout(total=_SLACK_TIMEOUT_S),
        # What one host sets as a cookie is nobody else's business.
        cookie_jar=aiohttp.DummyCookieJar(),
        # HTTPS_PROXY and NO_PROXY, which the SDK heeds as well.
        trust_env=True,
    )


def build_outside(settings: Settings, session: aiohttp.ClientSession) -> Outside:
    """The adapters that the settings name; the caller closes the session."""
    token = settings.slack_bot_token

    def client() -> AsyncWebClient:
        return AsyncWebClient(token.get_secret_value(), base_url=settings.slack_api_url, session=session)

    reads, writes = client(), client()
    reads.retry_handlers = [
        AsyncConnectionErrorRetryHandler(),
        AsyncRateLimitErrorRetryHandler(max_retry_count=2),
        AsyncServerErrorRetryHandler(),
    ]
    # The SDK's default repeats a POST after a connection error: the reply would show twice.
    writes.retry_handlers = [AsyncRateLimitErrorRetryHandler(max_retry_count=2)]
    return Outside(
        session=session,
        reads=reads,
        writes=writes,
        files=SlackFiles(
            reads,
            session,
            token,
            origins=settings.slack_file_origins,
            most_bytes=settings.max_file_mb * 1024 * 1024,
        ),
        replies=SlackReplies(reads, writes, session, ENGLISH),
        recogniser=build_recogniser(settings, session),
    )


def build_recogniser(settings: AsrSettings, session: aiohttp.ClientSession) -> DashScope:
    """The recogniser that the settings name; the caller closes the session."""
    return DashScope(
        session,
        base_url=settings.dashscope_base_url,
        api_key=settings.dashscope_api_key,
        model=settings.asr_model,
        language=settings.asr_language,
        enable_itn=settings.asr_enable_itn,
        concurrency=settings.asr_concurrency,
        requests_per_minute=settings.asr_requests_per_minute,
    )
