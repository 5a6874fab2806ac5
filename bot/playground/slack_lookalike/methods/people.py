"""Methods about people and the bot, ``apps.connections.open``, ``reactions.add`` and the thread's status."""

from __future__ import annotations

import secrets

from bot.playground.slack_lookalike.methods.method import Arguments, Method, SlackRefusal, channel_joined
from bot.playground.slack_lookalike.payloads import user_json
from bot.playground.slack_lookalike.records import JsonObject
from bot.playground.slack_lookalike.state import SlackState


def _auth_test(state: SlackState, _arguments: Arguments) -> JsonObject:
    bot = state.workspace
    return {
        "url": f"https://{bot.domain}.slack.com/",
        "team": bot.name,
        "user": bot.bot_name,
        "team_id": bot.team_id,
        "user_id": bot.bot_user_id,
        "bot_id": bot.bot_id,
        "is_enterprise_install": False,
    }


def _bot_info(state: SlackState, arguments: Arguments) -> JsonObject:
    bot = state.workspace
    if arguments["bot"] != bot.bot_id:
        raise SlackRefusal("bot_not_found")
    told = {"id": bot.bot_id, "app_id": bot.app_id, "user_id": bot.bot_user_id, "name": bot.bot_name}
    return {"bot": told | {"deleted": False, "updated": 1}}


def _connections_open(state: SlackState, _arguments: Arguments) -> JsonObject:
    ticket = secrets.token_urlsafe(16)
    state.socket_tickets.add(ticket)
    address = state.origin.replace("http", "ws", 1)
    return {"url": f"{address}/link/?ticket={ticket}&app_id={state.workspace.app_id}"}


def _user_info(state: SlackState, arguments: Arguments) -> JsonObject:
    user = state.users.get(arguments["user"])
    if user is None:
        raise SlackRefusal("user_not_found")
    told = user_json(user, state.workspace)
    if arguments.get("include_locale"):
        told["locale"] = user.locale
    return {"user": told}


def _react(state: SlackState, arguments: Arguments) -> JsonObject:
    channel = channel_joined(state, arguments["channel"])
    message = state.messages.get((channel.id, arguments["timestamp"]))
    if message is None:
        raise SlackRefusal("message_not_found")
    bot = state.workspace.bot_user_id
    if bot in message.reactions.get(arguments["name"], []):
        raise SlackRefusal("already_reacted")
    state.react(message, bot, arguments["name"])
    return {}


def _set_status(state: SlackState, arguments: Arguments) -> JsonObject:
    if state.workspace.status_refusal:
        raise SlackRefusal(state.workspace.status_refusal)
    channel = channel_joined(state, arguments["channel_id"])
    if (channel.id, arguments["thread_ts"]) not in state.messages:
        raise SlackRefusal("thread_not_found")
    state.set_status(channel.id, arguments["thread_ts"], arguments["status"])
    return {}


PEOPLE = (
    Method("auth.test", _auth_test),
    Method("bots.info", _bot_info, {"bot": "text"}, {}, ("users:read",)),
    Method("apps.connections.open", _connections_open, takes="app"),
    Method("users.info", _user_info, {"user": "text"}, {"include_locale": "boolean"}, ("users:read",)),
    Method(
        "reactions.add",
        _react,
        {"channel": "text", "name": "text", "timestamp": "text"},
        {},
        ("reactions:write",),
    ),
    Method(
        "assistant.threads.setStatus",
        _set_status,
        {"channel_id": "text", "thread_ts": "text", "status": "text"},
        {"loading_messages": "json", "icon_emoji": "text", "icon_url": "text", "username": "text"},
        ("chat:write", "assistant:write"),
    ),
)
