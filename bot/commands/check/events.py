"""Checks that events arrive: over Socket Mode, or at an HTTP address that Slack has to reach.

Source: https://docs.slack.dev/apis/events-api/using-socket-mode
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from typing import Any

import aiohttp
from pydantic import SecretStr

from bot.commands.check.advice import common
from bot.commands.check.advice import slack as advice
from bot.commands.check.findings import Finding, bad, good, untried, warning
from bot.errors import Misconfigured, Unavailable
from bot.slack.client.api import build_api
from bot.slack.client.api_errors import rejection_means_bad_token
from bot.slack.client.proxies import websocket_proxy

APP_TOKEN = "App token"  # noqa: S105  # a name
SIGNING_SECRET = "Signing secret"  # noqa: S105  # a name
EVENTS = "Events"
_TIMEOUT_S = 20.0
_READY_TIMEOUT = aiohttp.ClientTimeout(total=8)
"""The bot may have to ask the speech service before it answers."""
_SECRET = re.compile(r"[0-9a-f]{32}")
_ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  # what the bot is told to listen on
_BROKEN = (aiohttp.ClientError, TimeoutError, OSError, ValueError, TypeError)
"""The exceptions of asking for JSON over a WebSocket or over HTTP."""


@dataclass(frozen=True, slots=True)
class Connection:
    """The outcome of a Socket Mode connection, for which Slack took the app token."""

    app_id: str = ""
    """Empty where Slack did not say."""
    trouble: str = ""
    """The reason why no event would arrive over it; empty where they would."""


Connected = Connection | Unavailable | Misconfigured
"""The outcome of asking for a connection: an error where the app token gets none."""


async def try_socket(session: aiohttp.ClientSession, api_url: str, app_token: SecretStr) -> Connected:
    """Open a Socket Mode connection, read its first frame, and close it at once.

    A bot that runs beside loses nothing: an event that Slack sends over this connection is not acknowledged,
    so Slack sends it again.
    """
    api = build_api(session, api_url)
    try:
        with rejection_means_bad_token():
            answer = await api.write(
                "apps.connections.open", timeout_s=_TIMEOUT_S, app_token=app_token.get_secret_value()
            )
    except (Unavailable, Misconfigured) as error:
        return error
    address = str(answer.get("url"))
    try:
        async with (
            asyncio.timeout(_TIMEOUT_S),
            session.ws_connect(address, proxy=websocket_proxy(address)) as socket,
        ):
            return read_greeting(await socket.receive_json())
    except _BROKEN:
        return Connection(trouble=advice.NO_HELLO)


def read_greeting(frame: Any) -> Connection:
    """The first frame of a Socket Mode connection."""
    match frame:
        case {"type": "hello", "connection_info": {"app_id": str(app_id)}}:
            return Connection(app_id)
        case {"type": "hello"}:
            return Connection()
        case {"type": "disconnect", "reason": "link_disabled"}:
            return Connection(trouble=advice.SOCKET_MODE_OFF)
        case {"type": "disconnect", "reason": "too_many_websockets"}:
            return Connection(trouble=advice.TOO_MANY_SOCKETS)
        case _:
            return Connection(trouble=advice.NO_HELLO)


def check_app_token(found: Connected, bot_app_id: str | None) -> Finding:
    """Check that Slack takes the app token, and that it is of the bot token's app."""
    if not isinstance(found, Connection):
        return bad(APP_TOKEN, advice.app_token_trouble(found))
    if bot_app_id and found.app_id and found.app_id != bot_app_id:
        return bad(APP_TOKEN, advice.other_app(found.app_id, bot_app_id))
    return good(APP_TOKEN, advice.app_token(found.app_id))


def check_socket(found: Connected) -> Finding:
    """Check that events would arrive over Socket Mode."""
    if not isinstance(found, Connection):
        return untried(EVENTS, common.after(APP_TOKEN))
    return bad(EVENTS, found.trouble) if found.trouble else good(EVENTS, advice.HELLO)


def check_signing_secret(secret: SecretStr) -> Finding:
    """Check that it has the shape of one."""
    if _SECRET.fullmatch(secret.get_secret_value()):
        return good(SIGNING_SECRET, advice.SIGNING_SECRET)
    return bad(SIGNING_SECRET, advice.SIGNING_SECRET_MALFORMED)


async def check_http(host: str, port: int) -> Finding:
    """Check that a bot listens here, and that it is ready. Only Slack can tell whether it reaches it."""
    address = f"http://{_in_url(_ANYWHERE.get(host, host))}:{port}/readyz"
    try:
        # Of its own: a proxy of the environment must not be asked for this machine.
        async with aiohttp.ClientSession(timeout=_READY_TIMEOUT) as session, session.get(address) as answer:
            checks = _parts(await answer.json())
    except aiohttp.ClientConnectorError:
        return untried(EVENTS, advice.bot_not_running(port))
    except _BROKEN:
        checks = {}
    if not checks:
        return bad(EVENTS, advice.port_taken(port))
    if all(word == "ok" for word in checks.values()):
        return untried(EVENTS, advice.BOT_READY)
    return warning(EVENTS, advice.bot_not_ready(checks))


def _parts(answer: Any) -> dict[str, str]:
    """The parts that a bot names at ``/readyz``; empty where it is no bot that answers."""
    match answer:
        case {"checks": dict(checks)}:
            return {str(part): str(word) for part, word in checks.items()}
        case _:
            return {}


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host
