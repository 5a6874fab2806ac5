"""Connection to Slack: retried until it answers, and the WebSocket of Socket Mode."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import aiohttp
import structlog
from pydantic import SecretStr
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.socket_mode.aiohttp import SocketModeClient

from bot.errors import Misconfigured, Unavailable
from bot.slack.client.api import SlackApi, build_api
from bot.slack.client.api_errors import rejection_means_bad_token
from bot.slack.client.proxies import websocket_proxy
from bot.tasks import start_task

_LONGEST_DELAY_S = 60.0
MESSAGES_AT_ONCE = 512
"""Events that are handled at once (``bot.slack.bolt``), and others that are being stored or answered."""
_RENEW_EVERY_S = 3.0
"""More often than the SDK tries, which is every 10 s."""

T = TypeVar("T")


async def until_reachable(
    ask: Callable[[], Awaitable[T]], *, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
) -> T:
    """Call Slack until it answers, after delays that double from 1 s to 60 s, or as long as it asks for.

    Raises:
        Misconfigured: what ``ask`` says is wrong.
    """
    log = structlog.get_logger(__name__)
    delay_s = 1.0
    while True:
        try:
            return await ask()
        except Unavailable as error:
            wait_s = max(delay_s, error.retry_after_s or 0.0)
            log.warning("slack not reached", error=str(error), again_in_s=wait_s)
        await sleep(wait_s)
        delay_s = min(_LONGEST_DELAY_S, delay_s * 2)


@asynccontextmanager
async def connected(
    bolt: AsyncApp, session: aiohttp.ClientSession, api_url: str, app_token: SecretStr | None
) -> AsyncIterator[AsyncSocketModeHandler | None]:
    """Hold Socket Mode open while inside; without an app token (HTTP mode) nothing is opened.

    Raises:
        Misconfigured: SLACK_TOKEN: the app-level token is wrong.
    """
    if app_token is None:
        yield None
        return
    # A client of its own: it carries the app-level token.
    api = build_api(session, api_url)
    token = app_token.get_secret_value()
    socket = AsyncSocketModeHandler(bolt, token, web_client=api.client)
    _choose_proxy_by_address(socket.client)
    _read_no_faster_than_answered(socket.client)
    renewing: asyncio.Task[None] | None = None
    try:
        # The SDK would try a wrong token for ever, with a traceback each time.
        await until_reachable(lambda: _check_app_token(api, token))
        renewing = start_task(_renew_address(socket.client))
        await socket.connect_async()  # type: ignore[no-untyped-call]  # the SDK's own gap
        yield socket
    finally:
        if renewing is not None:
            renewing.cancel()
        await socket.close_async()  # type: ignore[no-untyped-call]  # the SDK's own gap


def _choose_proxy_by_address(client: SocketModeClient) -> None:
    """Have each connection take the proxy that the environment has for its address.

    The SDK takes HTTPS_PROXY, or else HTTP_PROXY, whatever the address is, without a look at NO_PROXY.
    """
    issue = client.issue_new_wss_url

    async def issue_new_wss_url() -> str:
        address = await issue()
        client.proxy = websocket_proxy(address)
        return address

    client.issue_new_wss_url = issue_new_wss_url  # type: ignore[method-assign]  # each connection asks it


def _read_no_faster_than_answered(client: SocketModeClient) -> None:
    """Leave what there is no room for in the socket.

    The SDK reads whatever Slack sends, and starts a task for each message.
    """
    client.message_queue = asyncio.Queue(MESSAGES_AT_ONCE)
    room, process, run_listeners = (
        asyncio.Semaphore(MESSAGES_AT_ONCE),
        client.process_message,
        client.run_message_listeners,
    )

    async def process_message() -> None:
        await room.acquire()
        try:
            await process()  # type: ignore[no-untyped-call]  # the SDK's own gap
        except BaseException:
            room.release()  # it has started no task
            raise

    async def run_message_listeners(message: dict[str, Any], raw_message: str) -> None:
        try:
            await run_listeners(message, raw_message)
        finally:
            room.release()

    client.process_message = process_message  # type: ignore[method-assign]  # its loop calls it
    client.run_message_listeners = run_message_listeners  # type: ignore[method-assign]  # for each message


async def _renew_address(client: SocketModeClient) -> None:
    """While there is no connection, have the SDK ask for a new address before each try.

    It keeps the one that it has, whose ticket is good for half a minute: after a failed handshake it would
    try an expired address for ever.
    """
    while True:
        await asyncio.sleep(_RENEW_EVERY_S)
        if not await client.is_connected():
            client.wss_uri = None


async def _check_app_token(api: SlackApi, token: str) -> None:
    """Ask for a Socket Mode address, to see that the token is good for one.

    Raises:
        Unavailable: Slack does not answer.
        Misconfigured: SLACK_TOKEN: the app-level token is wrong.
    """
    try:
        with rejection_means_bad_token():
            await api.write("apps.connections.open", app_token=token)
    except Misconfigured as error:
        raise Misconfigured(error.reason, f"SLACK_APP_TOKEN: {error.detail}") from error
