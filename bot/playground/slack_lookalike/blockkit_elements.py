"""Block Kit's elements and rich text: which properties each has, and their limits. Pure.

Sources: https://docs.slack.dev/reference/block-kit/block-elements/ and
https://docs.slack.dev/reference/block-kit/blocks/rich-text-block/.
"""

from __future__ import annotations

from typing import Any

from bot.playground.slack_lookalike.blockkit_text import (
    CONFIRM,
    OPTION,
    OPTION_GROUP,
    Check,
    Findings,
    Shape,
    anything,
    boolean,
    integer,
    items,
    one_of,
    plain,
    string,
    typed,
)

_ACTION: dict[str, Check] = {"action_id": string(255, 1)}
_FOCUS: dict[str, Check] = {"focus_on_load": boolean}
_PLACEHOLDER: dict[str, Check] = {"placeholder": plain(150)}
_MENU = _ACTION | _FOCUS | _PLACEHOLDER | {"confirm": CONFIRM}
_TYPED = _ACTION | _FOCUS | _PLACEHOLDER
_TYPED |= {"dispatch_action_config": anything, "initial_value": string(3000)}
_MANY: dict[str, Check] = {"max_selected_items": integer(1, 100)}


def _options_or_groups(menu: Any, path: str, findings: Findings) -> None:
    if ("options" in menu) == ("option_groups" in menu):
        findings.add(path, "must provide either options or option_groups")


def _initial_is_offered(menu: Any, path: str, findings: Findings) -> None:
    initial = [*_list_in(menu, "initial_options"), menu.get("initial_option")]
    groups = [menu, *_list_in(menu, "option_groups")]
    offered = [option for group in groups for option in _list_in(group, "options")]
    for chosen in initial:
        if chosen is not None and chosen not in offered:
            findings.add(path, "initial_option must be one of the options")


def _list_in(holder: Any, name: str) -> list[Any]:
    found = holder.get(name) if isinstance(holder, dict) else None
    return found if isinstance(found, list) else []


_OFFER: dict[str, Check] = {"options": items(OPTION, 100, 1), "option_groups": items(OPTION_GROUP, 100, 1)}
_CHECK_OFFER = (_options_or_groups, _initial_is_offered)


def _length_bounds(value: Any, path: str, findings: Findings) -> None:
    longest, initial = value.get("max_length"), value.get("initial_value")
    if isinstance(longest, int) and isinstance(initial, str) and len(initial) > longest:
        findings.add(f"{path}/initial_value", f"must be less than {longest + 1} characters")


_CHOICES = Shape(
    {"options": items(OPTION, 10, 1)},
    _ACTION
    | _FOCUS
    | {"initial_options": items(OPTION, 10, 1), "initial_option": OPTION, "confirm": CONFIRM},
    (_initial_is_offered,),
)
_BUTTON = Shape(
    {"text": plain(75)},
    _ACTION
    | {
        "value": string(2000),
        "url": string(3000),
        "style": one_of("primary", "danger"),
        "confirm": CONFIRM,
        "accessibility_label": string(75),
    },
)
IMAGE = Shape({"alt_text": string(2000)}, {"image_url": string(3000, 1), "slack_file": anything})
_CONVERSATIONS = _MENU | {"default_to_current_conversation": boolean, "response_url_enabled": boolean}
_CONVERSATIONS |= {"initial_conversation": string(255), "filter": anything}
_ANY_SELECT: dict[str, Shape] = {
    "static_select": Shape({}, _MENU | _OFFER | {"initial_option": OPTION}, _CHECK_OFFER),
    "users_select": Shape({}, _MENU | {"initial_user": string(255)}),
    "conversations_select": Shape({}, _CONVERSATIONS),
    "channels_select": Shape({}, _MENU | {"initial_channel": string(255), "response_url_enabled": boolean}),
    "external_select": Shape({}, _MENU | {"initial_option": OPTION, "min_query_length": integer(0, 100)}),
}
_MULTI_SELECT: dict[str, Shape] = {
    "multi_static_select": Shape(
        {}, _MENU | _MANY | _OFFER | {"initial_options": items(OPTION, 100, 1)}, _CHECK_OFFER
    ),
    "multi_users_select": Shape({}, _MENU | _MANY | {"initial_users": items(string(255), 100)}),
    "multi_conversations_select": Shape(
        {},
        _MENU
        | _MANY
        | {
            "initial_conversations": items(string(255), 100),
            "default_to_current_conversation": boolean,
            "filter": anything,
        },
    ),
    "multi_channels_select": Shape({}, _MENU | _MANY | {"initial_channels": items(string(255), 100)}),
}
_PICKERS: dict[str, Shape] = {
    "checkboxes": _CHOICES,
    "radio_buttons": _CHOICES,
    "datepicker": Shape({}, _MENU | {"initial_date": string(10, 10)}),
    "timepicker": Shape({}, _MENU | {"initial_time": string(5, 5), "timezone": string(255)}),
}
_OVERFLOW = Shape({"options": items(OPTION, 5, 1)}, _ACTION | {"confirm": CONFIRM})
_INPUTS: dict[str, Shape] = {
    "plain_text_input": Shape(
        {},
        _TYPED | {"multiline": boolean, "min_length": integer(0, 3000), "max_length": integer(1, 3000)},
        (_length_bounds,),
    ),
    "number_input": Shape(
        {"is_decimal_allowed": boolean}, _TYPED | {"min_value": string(30), "max_value": string(30)}
    ),
    "email_text_input": Shape({}, _TYPED),
    "url_text_input": Shape({}, _TYPED),
    "file_input": Shape({}, _ACTION | {"filetypes": anything, "max_files": integer(1, 10)}),
}

ACCESSORY = typed(
    {"button": _BUTTON, "overflow": _OVERFLOW, "image": IMAGE} | _ANY_SELECT | _MULTI_SELECT | _PICKERS,
    "element",
)
"""What a section takes beside its text."""
ACTION = typed({"button": _BUTTON, "overflow": _OVERFLOW} | _ANY_SELECT | _PICKERS, "element")
"""What an actions block takes."""
INPUT = typed(_INPUTS | _ANY_SELECT | _MULTI_SELECT | _PICKERS, "element")
"""What an input block takes."""

_STYLE = Shape(
    {},
    dict.fromkeys(
        ("bold", "italic", "strike", "code", "underline", "highlight", "client_highlight", "unlink"), boolean
    ),
)
_STYLED: dict[str, Check] = {"style": _STYLE}
_INLINE = typed(
    {
        "text": Shape({"text": string(40_000, 1)}, _STYLED),
        "link": Shape({"url": string(3000, 1)}, _STYLED | {"text": string(40_000), "unsafe": boolean}),
        "user": Shape({"user_id": string(255, 1)}, _STYLED),
        "usergroup": Shape({"usergroup_id": string(255, 1)}, _STYLED),
        "channel": Shape({"channel_id": string(255, 1)}, _STYLED),
        "broadcast": Shape({"range": one_of("here", "channel", "everyone")}, _STYLED),
        "emoji": Shape({"name": string(255, 1)}, _STYLED | {"unicode": string(255), "url": string(3000)}),
        "color": Shape({"value": string(255, 1)}, _STYLED),
        "date": Shape(
            {"timestamp": integer(0, 2**53), "format": string(255, 1)},
            _STYLED | {"url": string(3000), "fallback": string(3000)},
        ),
    },
    "rich text element",
)
_SPAN = items(_INLINE, 1000)
_BORDER: dict[str, Check] = {"border": integer(0, 1)}
_RICH_SECTION = Shape({"elements": _SPAN})
RICH_TEXT_PART = typed(
    {
        "rich_text_section": _RICH_SECTION,
        "rich_text_list": Shape(
            {
                "style": one_of("bullet", "ordered"),
                "elements": items(typed({"rich_text_section": _RICH_SECTION}, "list element"), 1000),
            },
            _BORDER | {"indent": integer(0, 8), "offset": integer(0, 2**31)},
        ),
        "rich_text_preformatted": Shape({"elements": _SPAN}, _BORDER | {"language": string(255)}),
        "rich_text_quote": Shape({"elements": _SPAN}, _BORDER),
    },
    "rich text element",
)
"""What a ``rich_text`` block takes."""
