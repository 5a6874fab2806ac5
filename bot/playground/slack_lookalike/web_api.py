"""The Web API over HTTP: tokens, scopes, arguments as JSON or form, and the method's act.

Source: https://docs.slack.dev/apis/web-api/
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from bot.playground.slack_lookalike.answering import Answering, Reply
from bot.playground.slack_lookalike.methods.chat import CHAT
from bot.playground.slack_lookalike.methods.conversations import CONVERSATIONS
from bot.playground.slack_lookalike.methods.files import FILES
from bot.playground.slack_lookalike.methods.method import Method, SlackRefusal, parse_arguments, require_scope
from bot.playground.slack_lookalike.methods.people import PEOPLE
from bot.playground.slack_lookalike.methods.views import VIEWS
from bot.playground.slack_lookalike.records import JsonObject
from bot.playground.slack_lookalike.state import SlackState

METHODS = {method.name: method for family in (CHAT, CONVERSATIONS, FILES, PEOPLE, VIEWS) for method in family}


class WebApi:
    """Answers ``/api/{method}``.

    Args:
        state: The workspace.
        answering: Takes each call through its steps.
        bot_token: What the bot must show.
        app_token: What ``apps.connections.open`` must be shown.
    """

    def __init__(self, state: SlackState, answering: Answering, bot_token: str, app_token: str) -> None:
        self._state = state
        self._answering = answering
        self._tokens = {bot_token: "bot", app_token: "app"}

    async def handle(self, request: web.Request) -> web.Response:
        """One HTTP request."""
        name = request.match_info["method"]
        try:
            raw = await _raw_arguments(request)
        except ValueError:
            return Reply({"ok": False, "error": "invalid_json"}).response()
        token = str(raw.pop("token", "")) or request.headers.get("Authorization", "").removeprefix("Bearer ")
        raw.pop("team_id", None)  # the official clients add it on their own account
        return await self._answering.answer(request, name, raw, lambda: self._act(name, token, raw))

    def _act(self, name: str, token: str, raw: Mapping[str, Any]) -> Reply:
        headers = {}
        try:
            method = self._method(name, token)
            if name == "chat.postMessage" and not self._state.post_limits.takes(str(raw.get("channel", ""))):
                retry_after = str(self._state.post_limits.retry_after_s)
                limited = {"ok": False, "error": "ratelimited"}
                return Reply(limited, status=429, headers={"Retry-After": retry_after})
            headers = {"x-oauth-scopes": self._scopes(method)}
            if method.scopes:
                require_scope(self._state, *method.scopes)
            answer: JsonObject = {"ok": True}
            answer |= method.act(self._state, parse_arguments(method, raw))
        except SlackRefusal as refusal:
            answer = {"ok": False, "error": refusal.code, **refusal.more}
        return Reply(answer, headers=headers)

    def _method(self, name: str, token: str) -> Method:
        """The method, if this token may call it."""
        method = METHODS.get(name)
        if method is None:
            raise SlackRefusal("unknown_method", req_method=name)
        if not token:
            raise SlackRefusal("not_authed")
        kind = self._tokens.get(token)
        if kind is None:
            raise SlackRefusal("invalid_auth")
        if not self._state.workspace.installed:
            raise SlackRefusal("account_inactive")
        if kind != method.takes:
            raise SlackRefusal("not_allowed_token_type")
        return method

    def _scopes(self, method: Method) -> str:
        bot = ",".join(sorted(self._state.workspace.scopes))
        return "connections:write" if method.takes == "app" else bot


async def _raw_arguments(request: web.Request) -> JsonObject:
    """Query, then body: the official clients put form arguments in either."""
    raw: JsonObject = dict(request.query)
    if request.content_type == "application/json":
        body = json.loads(await request.text() or "{}")
        if not isinstance(body, dict):
            raise ValueError("not an object")
        return raw | body
    if request.method == "POST":
        raw |= {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
    return raw
