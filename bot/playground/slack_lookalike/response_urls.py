"""The address that answers an interaction: five times, within half an hour.

Source: https://docs.slack.dev/interactivity/handling-user-interaction#message_responses
"""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web

from bot.playground.slack_lookalike.answering import Answering, Reply
from bot.playground.slack_lookalike.methods.content import checked_attachments, checked_blocks
from bot.playground.slack_lookalike.methods.method import SlackRefusal
from bot.playground.slack_lookalike.records import JsonObject, Message, ResponseUrl
from bot.playground.slack_lookalike.state import SlackState

MOST_USES = 5
LASTS_S = 30 * 60
_KNOWN = {
    "attachments",
    "blocks",
    "delete_original",
    "link_names",
    "metadata",
    "mrkdwn",
    "parse",
    "replace_original",
    "response_type",
    "text",
    "thread_ts",
    "unfurl_links",
    "unfurl_media",
}


class ResponseUrls:
    """Answers ``/response/{id}``."""

    def __init__(self, state: SlackState, answering: Answering) -> None:
        self._state = state
        self._answering = answering

    async def handle(self, request: web.Request) -> web.Response:
        """One HTTP request."""
        try:
            body: Any = json.loads(await request.text())
        except ValueError:
            body = None
        if not isinstance(body, dict):
            return Reply(text="invalid_payload", status=400).response()
        known = self._state.response_urls.get(request.match_info["id"])
        return await self._answering.answer(request, "response_url", body, lambda: self._act(known, body))

    def _act(self, known: ResponseUrl | None, body: JsonObject) -> Reply:
        try:
            if known is None:
                return Reply(text="No such response URL", status=404)
            _check(known, body, self._state.clock())
            respond(self._state, known, body)
        except SlackRefusal as refusal:
            return Reply({"ok": False, "error": refusal.code}, status=404)
        known.uses += 1
        return Reply(text="ok")


def _check(known: ResponseUrl, body: JsonObject, now: float) -> None:
    if known.uses >= MOST_USES:
        raise SlackRefusal("used_url")
    if now - known.issued_at > LASTS_S:
        raise SlackRefusal("expired_url")
    if body.keys() - _KNOWN:
        raise SlackRefusal("invalid_arguments")


def respond(state: SlackState, known: ResponseUrl, body: JsonObject) -> None:
    """Post, replace or delete, as the body says.

    Raises:
        SlackRefusal: Its content is not sound.
    """
    original = state.messages.get((known.channel_id, known.message_ts or ""))
    blocks, attachments = checked_blocks(body), checked_attachments(body)
    text = body.get("text", "")
    if body.get("delete_original") and original is not None:
        state.delete_message(original)
        return
    if not (text or blocks or attachments):
        raise SlackRefusal("no_text")
    if body.get("replace_original") and original is not None:
        state.edit(original, text=text, blocks=blocks or [], attachments=attachments or [])
        return
    bot = state.workspace
    message = Message(state.next_ts(), known.channel_id, bot.bot_user_id, text, bot_id=bot.bot_id)
    message.blocks, message.attachments = blocks or [], attachments or []
    message.thread_ts = body.get("thread_ts")
    if body.get("response_type", "ephemeral") == "ephemeral":
        message.ephemeral_for = known.user
    state.keep(message)
