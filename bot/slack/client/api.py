"""The client of Slack's Web API: every call goes through here, and fails with ``bot.errors`` alone.

Source: https://docs.slack.dev/reference/methods
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

import aiohttp
from pydantic import SecretStr
from slack_sdk.errors import SlackClientError
from slack_sdk.http_retry.async_handler import AsyncRetryHandler
from slack_sdk.http_retry.builtin_async_handlers import (
    AsyncConnectionErrorRetryHandler,
    AsyncServerErrorRetryHandler,
)
from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import Outage, Unavailable
from bot.slack.client.api_errors import rate_limit_pause_s, translate
from bot.slack.client.rate_limits import MOST_REPEATS, RateLimits

_FAILURES = (SlackClientError, aiohttp.ClientError, TimeoutError, OSError, ValueError, AttributeError)
"""The exceptions that a call of the SDK's client can raise.

The last two are its own stumbling over an answer that is not Slack's: bytes that are not UTF-8, and a
proxy's plain text with status 200. No code of ours may run where they are caught: a bug would pass for an
outage.
"""


_CHANNEL_ARGUMENTS = ("channel", "channel_id")
"""The arguments by which methods take a channel's id."""


class Answer(dict[str, Any]):
    """A method's answer: its JSON object.

    Attributes:
        headers: The HTTP headers it came with; their names in any case.
    """

    def __init__(self, data: Mapping[str, Any], headers: Mapping[str, str]) -> None:
        super().__init__(data)
        self.headers = headers

    @property
    def next_cursor(self) -> str:
        """The cursor of the next page; empty on the last.

        Source: https://docs.slack.dev/apis/web-api/pagination
        """
        return (self.get("response_metadata") or {}).get("next_cursor") or ""


class SlackApi:
    """Calls methods by Slack's own names, with Slack's own arguments; those that are ``None`` are left out.

    Our errors carry Slack's own word as ``code``.

    Args:
        reads: A client whose retries are harmless for what only reads.
        writes: A client that never repeats a call that may have reached Slack.
        channel_now: The id that a channel goes by now, for one that may be a former one: what stands in
            Slack names channels as they were called, and Slack knows only their newest ids.
        limits: The token's rate limits; ``None`` where a 429 is the caller's to wait for.
    """

    def __init__(
        self,
        reads: AsyncWebClient,
        writes: AsyncWebClient,
        channel_now: Callable[[str], Awaitable[str]] | None = None,
        limits: RateLimits | None = None,
    ) -> None:
        self._reads = reads
        self._writes = writes
        self._channel_now = channel_now
        self._limits = limits

    @property
    def client(self) -> AsyncWebClient:
        """The SDK's own client, for setting up Bolt and Socket Mode."""
        return self._reads

    async def channel_now(self, channel_id: str) -> str:
        """The id that a channel goes by now; calls need not be given it."""
        return channel_id if self._channel_now is None else await self._channel_now(channel_id)

    async def read(self, method: str, /, *, timeout_s: float | None = None, **arguments: Any) -> Answer:
        """Call a method that changes nothing.

        Args:
            method: As Slack names it, such as ``conversations.replies``.
            timeout_s: How long it may take, retries and all; the session's timeout holds for each try.
            arguments: As Slack names them.

        Raises:
            Rejected: what it is about is gone or closed to the bot.
            Unavailable: Slack does not answer; ``UnknownRefusal`` where it does, by a code that nobody knows.
            Misconfigured: the token or a scope is wrong.
        """
        return await self._call(self._reads, method, timeout_s, arguments)

    async def write(self, method: str, /, *, timeout_s: float | None = None, **arguments: Any) -> Answer:
        """Call a method that changes something, once but for what Slack turns away for its rate.

        Arguments and errors are as of ``read``. Where it is ``Unavailable``, Slack may have done it all
        the same.
        """
        return await self._call(self._writes, method, timeout_s, arguments)

    async def pages(self, method: str, /, **arguments: Any) -> AsyncIterator[Answer]:
        """Read page by page from a method with cursors; arguments and errors as of ``read``."""
        cursor: str | None = None
        while True:
            page = await self.read(method, **arguments, cursor=cursor)
            yield page
            cursor = page.next_cursor
            if not cursor:
                return

    async def _call(
        self, client: AsyncWebClient, method: str, timeout_s: float | None, arguments: dict[str, Any]
    ) -> Answer:
        """Call once the rate limits let it, and again after a 429 that does not ask for long."""
        named = await self._named_now(arguments)
        limits = self._limits
        try:
            async with asyncio.timeout(timeout_s):
                if limits is None:
                    return await _call_once(client, method, named)
                await limits.wait(method, named, timeout_s)
                for _ in range(MOST_REPEATS):
                    try:
                        return await _call_once(client, method, named)
                    except Unavailable as error:
                        if (pause_s := rate_limit_pause_s(error)) is None:
                            raise
                    await limits.pause(method, named, pause_s, timeout_s)
                return await _call_once(client, method, named)
        except TimeoutError as late:
            raise translate(late) from late

    async def _named_now(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """The arguments with channels as they are called now."""
        given = {name: arguments[name] for name in _CHANNEL_ARGUMENTS if arguments.get(name)}
        return arguments | {name: await self.channel_now(channel_id) for name, channel_id in given.items()}


def build_api(
    session: aiohttp.ClientSession,
    base_url: str,
    token: SecretStr | None = None,
    channel_now: Callable[[str], Awaitable[str]] | None = None,
) -> SlackApi:
    """Build the client as the bot uses it.

    Args:
        session: Its timeout is for each try, as the SDK sets none with a session of ours; its ``trust_env``
            finds the proxy.
        base_url: Of the Web API.
        token: The bot's; none for a method that is handed the app-level token.
        channel_now: The id that a channel goes by now; none where no channel can have moved.
    """
    return SlackApi(
        reads=_client(
            session,
            base_url,
            token,
            AsyncConnectionErrorRetryHandler(),
            AsyncServerErrorRetryHandler(),
        ),
        # The SDK's default repeats a POST after a connection error: the reply would show twice.
        writes=_client(session, base_url, token),
        channel_now=channel_now,
        # Not the SDK's own handler, which sleeps in each call alone: the others run into the same limit.
        limits=RateLimits(),
    )


def _client(
    session: aiohttp.ClientSession, base_url: str, token: SecretStr | None, *retries: AsyncRetryHandler
) -> AsyncWebClient:
    client = AsyncWebClient(
        token.get_secret_value() if token is not None else None,
        base_url=base_url,
        session=session,
        retry_handlers=list(retries),
    )
    # The SDK takes HTTPS_PROXY without a look at NO_PROXY; the session heeds both.
    client.proxy = None
    return client


async def _call_once(client: AsyncWebClient, method: str, arguments: Mapping[str, Any]) -> Answer:
    # The SDK knows which HTTP verb and which encoding each method takes.
    call = getattr(client, method.replace(".", "_"))
    given = {name: value for name, value in arguments.items() if value is not None}
    try:
        response = await call(**given)
    except _FAILURES as failure:
        raise translate(failure) from failure
    if not isinstance(response.data, dict):
        raise Unavailable(Outage.SLACK, "an answer that is not JSON")
    return Answer(response.data, response.headers)
