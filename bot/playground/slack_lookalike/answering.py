"""Answers calls in steps: recorded, met by its fault, acted upon, answered."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from bot.playground.slack_lookalike.calls import Call
from bot.playground.slack_lookalike.faults import Answer, Delay, Drop, Fault, Faults, Hold, SlackError
from bot.playground.slack_lookalike.records import JsonObject
from bot.playground.slack_lookalike.state import SlackState

PROXY_PAGE = "<html><body><h1>503 Service Unavailable</h1></body></html>"
LOGIN_PAGE = "<!DOCTYPE html><html><head><title>Sign in | Slack</title></head><body></body></html>"


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes back to the app: JSON, or else text."""

    json: JsonObject | None = None
    text: str = ""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)

    def response(self) -> web.Response:
        """As HTTP."""
        if self.json is not None:
            return web.json_response(self.json, status=self.status, headers=self.headers)
        kind = "text/html" if self.text.startswith("<") else "text/plain"
        return web.Response(text=self.text, status=self.status, headers=self.headers, content_type=kind)


class Answering:
    """Takes every call through the same steps, so that a fault hits all methods alike."""

    def __init__(self, state: SlackState, faults: Faults) -> None:
        self._state = state
        self._faults = faults

    def arrive(self, method: str, arguments: Mapping[str, Any]) -> tuple[Call, Fault | None]:
        """Record a call and find the fault that it meets."""
        call = Call(method, arguments, self._state.clock())
        self._state.calls.append(call)
        return call, self._faults.match(call)

    async def answer(
        self, request: web.Request, method: str, arguments: Mapping[str, Any], act: Callable[[], Reply]
    ) -> web.Response:
        """Take an HTTP call through its steps.

        Args:
            request: As it came, its body read.
            method: Its name in the record.
            arguments: Without the token.
            act: Does what the call asks for, at once.
        """
        call, fault = self.arrive(method, arguments)
        try:
            instead = await _outcome(call, fault, act)
        finally:
            call.ended_at = self._state.clock()
        if instead is _BROKEN:
            return dropped(request)
        call.status, call.response = instead.status, instead.json or {}
        call.error = call.response.get("error")
        call.answered = True
        return instead.response()


_BROKEN = Reply()
"""Stands for no answer at all."""


async def _outcome(call: Call, fault: Fault | None, act: Callable[[], Reply]) -> Reply:
    instead = await meet_before(call, fault)
    if instead is not None:
        return instead
    reply = act()
    call.acted = reply.json.get("ok", True) if reply.json is not None else reply.status < 400
    return reply if await meet_after(call, fault) else _BROKEN


async def meet_before(call: Call, fault: Fault | None) -> Reply | None:
    """What answers the call in place of its act; ``None`` to go on."""
    match fault:
        case Answer(status, retry_after_s, html):
            call.fault = str(status)
            headers = {} if retry_after_s is None else {"Retry-After": str(retry_after_s)}
            code = "ratelimited" if status == 429 else "internal_error"
            body = {"ok": False, "error": code}
            return Reply(None if html else body, PROXY_PAGE if html else "", status, headers)
        case SlackError(code):
            call.fault = code
            return Reply({"ok": False, "error": code})
        case Delay(delay_s):
            call.fault = "delayed"
            await asyncio.sleep(delay_s)
        case Drop(after_acting=False):
            call.fault = "dropped before acting"
            return _BROKEN
        case Hold(after_acting=False) as hold:
            call.fault = "held before acting"
            return None if await hold.wait(call) else _BROKEN
        case _:
            pass
    return None


async def meet_after(call: Call, fault: Fault | None) -> bool:
    """Whether the call is answered, now that it has acted."""
    match fault:
        case Drop(after_acting=True):
            call.fault = "dropped after acting"
            return False
        case Hold(after_acting=True) as hold:
            call.fault = "held after acting"
            return await hold.wait(call)
        case _:
            return True


def is_broken(reply: Reply | None) -> bool:
    """Whether this reply means breaking the connection."""
    return reply is _BROKEN


def dropped(request: web.Request) -> web.Response:
    """Break the connection; the response is never sent."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
