"""Builds the clients of Slack and of the recogniser, as the settings want them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

import aiohttp

from bot.asr.dashscope import DashScope
from bot.settings.settings import AsrSettings, Settings
from bot.slack.client.api import SlackApi, build_api
from bot.slack.client.downloads import SlackFiles
from bot.slack.client.ephemeral import EphemeralMessages
from bot.slack.client.lookups import Lookups
from bot.slack.client.readers import Readers
from bot.slack.client.uploads import Uploads
from bot.slack.replies.replies import SlackReplies
from bot.steady_clock import utc_now
from bot.translations import Reader

_SLACK_TIMEOUT_S = 10
"""Slack answers in well under one. A post that hangs longer is looked up, anything else tried again."""


@dataclass(frozen=True, slots=True)
class Clients:
    """Adapters to what lies outside, one of each: some of them remember."""

    session: aiohttp.ClientSession
    api: SlackApi
    lookups: Lookups
    readers: Readers
    ephemeral: EphemeralMessages
    uploads: Uploads
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
        # HTTPS_PROXY and NO_PROXY.
        trust_env=True,
    )


def build_clients(
    settings: Settings,
    session: aiohttp.ClientSession,
    channel_now: Callable[[str], Awaitable[str]] | None = None,
    now: Callable[[], datetime] = utc_now,
) -> Clients:
    """The adapters that the settings name; the caller closes the session.

    Args:
        settings: Tokens and addresses.
        session: For all of them.
        channel_now: The id that a channel goes by now, where the store that knows it is open.
        now: The clock by which jobs are accepted.
    """
    token = settings.slack_bot_token
    api = build_api(session, settings.slack_api_url, token, channel_now)
    lookups, ephemeral, uploads = Lookups(api), EphemeralMessages(api), Uploads(api, session)
    readers = Readers(lookups, Reader.of(settings.reply_locale))
    return Clients(
        session=session,
        api=api,
        lookups=lookups,
        readers=readers,
        ephemeral=ephemeral,
        uploads=uploads,
        files=SlackFiles(
            api,
            session,
            token,
            origins=settings.slack_file_origins,
            most_bytes=settings.max_file_mb * 1024 * 1024,
        ),
        replies=SlackReplies(api, uploads, ephemeral, lookups, readers, now),
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
