from __future__ import annotations

from bot.playground.slack_lookalike.form import initial_values, merged_values
from bot.playground.slack_lookalike.records import JsonObject

_ONE = {"text": {"type": "plain_text", "text": "One"}, "value": "1"}
_TWO = {"text": {"type": "plain_text", "text": "Two"}, "value": "2"}


def test_fields_that_nobody_touched_hold_what_they_began_with() -> None:
    view = {
        "blocks": [
            {"type": "section", "text": {"type": "plain_text", "text": "Hello"}},
            {"type": "input", "block_id": "a", "element": {"type": "plain_text_input", "action_id": "text"}},
            {
                "type": "input",
                "block_id": "b",
                "element": {"type": "plain_text_input", "action_id": "text", "initial_value": "words"},
            },
            {
                "type": "section",
                "block_id": "c",
                "accessory": {
                    "type": "static_select",
                    "action_id": "menu",
                    "options": [_ONE, _TWO],
                    "initial_option": _TWO,
                },
            },
            {
                "type": "actions",
                "block_id": "d",
                "elements": [{"type": "checkboxes", "action_id": "boxes", "options": [_ONE]}],
            },
        ]
    }
    assert initial_values(view) == {
        "a": {"text": {"type": "plain_text_input", "value": None}},
        "b": {"text": {"type": "plain_text_input", "value": "words"}},
        "c": {"menu": {"type": "static_select", "selected_option": _TWO}},
        "d": {"boxes": {"type": "checkboxes", "selected_options": []}},
    }


def test_what_somebody_changed_counts() -> None:
    initial: JsonObject = {"a": {"text": {"type": "plain_text_input", "value": None}}}
    initial |= {"b": {"x": {"value": "kept"}}}
    changed = {"a": {"text": {"value": "new"}}, "c": {"y": {"value": "more"}}}
    assert merged_values(initial, changed) == {
        "a": {"text": {"type": "plain_text_input", "value": "new"}},
        "b": {"x": {"value": "kept"}},
        "c": {"y": {"value": "more"}},
    }
    assert initial["a"]["text"]["value"] is None


def test_an_emptied_field_says_null_and_never_an_empty_text() -> None:
    field = {"type": "plain_text_input", "action_id": "entry", "initial_value": "one"}
    view = {"blocks": [{"type": "input", "block_id": "words", "element": field}]}
    merged = merged_values(initial_values(view), {"words": {"entry": {"value": ""}}})
    assert merged == {"words": {"entry": {"type": "plain_text_input", "value": None}}}
