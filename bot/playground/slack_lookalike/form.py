"""The state of the fields of a view, as Slack tells the app. Pure.

Source: https://docs.slack.dev/reference/interaction-payloads/view-interactions-payload
"""

from __future__ import annotations

from typing import Any

from bot.playground.slack_lookalike.records import JsonObject

_INITIAL: dict[str, tuple[str, str, Any]] = {
    "plain_text_input": ("value", "initial_value", None),
    "static_select": ("selected_option", "initial_option", None),
    "radio_buttons": ("selected_option", "initial_option", None),
    "checkboxes": ("selected_options", "initial_options", []),
    "multi_static_select": ("selected_options", "initial_options", []),
}
"""By type of element: its field in the state, what that begins with, and what it is without a beginning."""


def initial_values(view: JsonObject) -> JsonObject:
    """Block id to action id to the state of each field that nobody has touched.

    Slack tells of inputs, and of menus in other blocks once they hold something.
    """
    values: JsonObject = {}
    for block in view.get("blocks", []):
        inside = [*block.get("elements", []), block.get("accessory"), block.get("element")]
        for element in inside:
            known = _INITIAL.get(str(element.get("type"))) if isinstance(element, dict) else None
            if known is None:
                continue
            name, initial, nothing = known
            state = {"type": element["type"], name: element.get(initial, nothing)}
            values.setdefault(block.get("block_id", ""), {})[element["action_id"]] = state
    return values


def merged_values(initial: JsonObject, changed: JsonObject) -> JsonObject:
    """The same after somebody has changed some of them; an emptied text is ``None``, as Slack says it."""
    found = {block_id: dict(states) for block_id, states in initial.items()}
    for block_id, states in changed.items():
        for action_id, state in states.items():
            kept = found.setdefault(block_id, {})
            emptied = {"value": None} if state.get("value") == "" else {}
            kept[action_id] = kept.get(action_id, {}) | state | emptied
    return found
