"""``views.*``: modals and the home tab.

Source: https://docs.slack.dev/surfaces/modals and https://docs.slack.dev/reference/methods/views.open
"""

from __future__ import annotations

import secrets
from typing import Any

from bot.playground.slack_lookalike.blockkit import complaints_about_view
from bot.playground.slack_lookalike.methods.method import Arguments, Method, SlackRefusal
from bot.playground.slack_lookalike.records import JsonObject, Trigger, View
from bot.playground.slack_lookalike.state import SlackState

TRIGGER_LASTS_S = 3.0
_MOST_STACKED = 3


def view_json(state: SlackState, view: View) -> JsonObject:
    """A view as it stands in answers and in interactions."""
    values = {"values": view.content.get("state", {}).get("values", {})}
    return view.content | {
        "id": view.id,
        "team_id": state.workspace.team_id,
        "app_installed_team_id": state.workspace.team_id,
        "app_id": state.workspace.app_id,
        "bot_id": state.workspace.bot_id,
        "hash": view.hash,
        "root_view_id": view.root_id,
        "previous_view_id": view.previous_id,
        "state": values,
    }


def _open(state: SlackState, arguments: Arguments) -> JsonObject:
    trigger = _spend_trigger(state, arguments["trigger_id"])
    return _show(state, _checked(arguments, "modal"), trigger.user, None)


def _push(state: SlackState, arguments: Arguments) -> JsonObject:
    trigger = _spend_trigger(state, arguments["trigger_id"])
    content = _checked(arguments, "modal")
    stack = [view for view in state.views.values() if view.user == trigger.user and not view.closed]
    if not stack:
        raise SlackRefusal("not_found")
    if len(stack) >= _MOST_STACKED:
        raise SlackRefusal("push_limit_reached")
    return _show(state, content, trigger.user, stack[-1])


def _update(state: SlackState, arguments: Arguments) -> JsonObject:
    content = _checked(arguments, "modal")
    wanted, external = arguments.get("view_id"), arguments.get("external_id")
    view = next(
        (
            view
            for view in state.views.values()
            if not view.closed
            and (view.id == wanted or (external and view.content.get("external_id") == external))
        ),
        None,
    )
    if view is None:
        raise SlackRefusal("not_found")
    return _changed(state, view, content, arguments.get("hash"))


def _publish(state: SlackState, arguments: Arguments) -> JsonObject:
    user = arguments["user_id"]
    if user not in state.users:
        raise SlackRefusal("user_not_found")
    content = _checked(arguments, "home")
    if user not in state.homes:
        view_id = state.next_id("V")
        state.homes[user] = View(view_id, user, content, fresh_hash(), view_id)
        return {"view": view_json(state, state.homes[user])}
    return _changed(state, state.homes[user], content, arguments.get("hash"))


def _show(state: SlackState, content: JsonObject, user: str, below: View | None) -> JsonObject:
    view_id = state.next_id("V")
    view = View(view_id, user, content, fresh_hash(), below.root_id if below else view_id)
    view.previous_id = below.id if below else None
    state.views[view_id] = view
    return {"view": view_json(state, view)}


def _changed(state: SlackState, view: View, content: JsonObject, known_hash: str | None) -> JsonObject:
    if known_hash is not None and known_hash != view.hash:
        raise SlackRefusal("hash_conflict")
    view.content, view.hash = content, fresh_hash()
    return {"view": view_json(state, view)}


def _checked(arguments: Arguments, kind: str) -> JsonObject:
    view: Any = arguments["view"]
    complaints = complaints_about_view(view)
    if complaints:
        raise SlackRefusal("invalid_arguments", *complaints)
    if view["type"] != kind:
        raise SlackRefusal("invalid_arguments", f"[ERROR] must be one of: {kind} [json-pointer:/view/type]")
    return dict(view)


def _spend_trigger(state: SlackState, trigger_id: str) -> Trigger:
    trigger = state.triggers.get(trigger_id)
    if trigger is None:
        raise SlackRefusal("invalid_trigger_id")
    if trigger.used:
        raise SlackRefusal("exchanged_trigger_id")
    if state.clock() - trigger.issued_at > TRIGGER_LASTS_S:
        raise SlackRefusal("expired_trigger_id")
    trigger.used = True
    return trigger


def fresh_hash() -> str:
    """What tells a view from what it was before."""
    return f"{secrets.randbelow(10**10)}.{secrets.token_hex(4)}"


VIEWS = (
    Method("views.open", _open, {"trigger_id": "text", "view": "json"}),
    Method("views.push", _push, {"trigger_id": "text", "view": "json"}),
    Method(
        "views.update", _update, {"view": "json"}, {"view_id": "text", "external_id": "text", "hash": "text"}
    ),
    Method("views.publish", _publish, {"user_id": "text", "view": "json"}, {"hash": "text"}),
)
