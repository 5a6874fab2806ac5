"""Block Kit: what Slack refuses in the blocks of a message or of a view. Pure.

Sources: https://docs.slack.dev/reference/block-kit/blocks/ and
https://docs.slack.dev/reference/views/. The cap on a whole message is not documented: 5,700 characters
were seen to pass and 13,000 to 15,000 to be refused, so the look-alike refuses above 13,200.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any, Literal

from bot.playground.slack_lookalike.blockkit_elements import ACCESSORY, ACTION, IMAGE, INPUT, RICH_TEXT_PART
from bot.playground.slack_lookalike.blockkit_text import (
    Check,
    Findings,
    Shape,
    anything,
    boolean,
    items,
    one_of,
    plain,
    string,
    text_object,
    typed,
)
from bot.playground.slack_lookalike.records import JsonObject

MESSAGE_BLOCKS = 50
VIEW_BLOCKS = 100
MESSAGE_CHARACTERS = 13_200
Surface = Literal["message", "modal", "home"]

_ID: dict[str, Check] = {"block_id": string(255, 1)}


def _text_or_fields(section: Any, path: str, findings: Findings) -> None:
    if "text" not in section and "fields" not in section:
        findings.add(path, "missing required field: text")


def _one_image_source(image: Any, path: str, findings: Findings) -> None:
    if ("image_url" in image) == ("slack_file" in image):
        findings.add(path, "must provide either image_url or slack_file")


def _context_element(value: Any, path: str, findings: Findings) -> None:
    if isinstance(value, dict) and value.get("type") == "image":
        IMAGE(value, path, findings)
    else:
        text_object(3000)(value, path, findings)


_SECTION = Shape(
    {},
    _ID
    | {
        "text": text_object(3000),
        "fields": items(text_object(2000), 10, 1),
        "accessory": ACCESSORY,
        "expand": boolean,
    },
    (_text_or_fields,),
)
_EVERYWHERE: dict[str, Shape] = {
    "section": _SECTION,
    "header": Shape({"text": plain(150)}, _ID),
    "context": Shape({"elements": items(_context_element, 10, 1)}, _ID),
    "divider": Shape({}, _ID),
    "actions": Shape({"elements": items(ACTION, 25, 1)}, _ID),
    "rich_text": Shape({"elements": items(RICH_TEXT_PART, 1000)}, _ID),
    "image": Shape(
        {"alt_text": string(2000)},
        _ID | {"image_url": string(3000, 1), "slack_file": anything, "title": plain(2000)},
        (_one_image_source,),
    ),
    "input": Shape(
        {"label": plain(2000), "element": INPUT},
        _ID | {"hint": plain(2000), "optional": boolean, "dispatch_action": boolean},
    ),
}
_IN_MESSAGES: dict[str, Shape] = {
    "markdown": Shape({"text": string(12_000, 1)}, _ID),
    "file": Shape({"external_id": string(255, 1), "source": one_of("remote")}, _ID),
}
_BLOCK: dict[Surface, Check] = {
    "message": typed(_EVERYWHERE | _IN_MESSAGES, "block type"),
    "modal": typed(_EVERYWHERE, "block type"),
    "home": typed(_EVERYWHERE, "block type"),
}

_VIEW_COMMON: dict[str, Check] = {
    "private_metadata": string(3000),
    "callback_id": string(255),
    "external_id": string(255),
}


def _submit_with_inputs(view: Any, path: str, findings: Findings) -> None:
    blocks = view.get("blocks")
    has_input = isinstance(blocks, list) and any(
        isinstance(block, dict) and block.get("type") == "input" for block in blocks
    )
    if has_input and "submit" not in view:
        findings.add(path, "missing required field: submit")


_VIEW = typed(
    {
        "modal": Shape(
            {"title": plain(24), "blocks": anything},
            _VIEW_COMMON
            | {
                "submit": plain(24),
                "close": plain(24),
                "clear_on_close": boolean,
                "notify_on_close": boolean,
                "submit_disabled": boolean,
            },
            (_submit_with_inputs,),
        ),
        "home": Shape({"blocks": anything}, _VIEW_COMMON),
    },
    "view type",
)


def complaints_about_blocks(
    blocks: list[Any], surface: Surface = "message", path: str = "/blocks"
) -> list[str]:
    """Everything that Slack would refuse in a list of blocks, in its words; empty when it is sound."""
    findings = Findings()
    most = MESSAGE_BLOCKS if surface == "message" else VIEW_BLOCKS
    items(_BLOCK[surface], most)(blocks, path, findings)
    sound = [block for block in blocks if isinstance(block, dict)]
    for block_id, count in Counter(
        b["block_id"] for b in sound if isinstance(b.get("block_id"), str)
    ).items():
        if count > 1:
            findings.add(path, f"block_id {block_id} already exists")
    for position, block in enumerate(sound):
        for action_id, count in Counter(_action_ids(block)).items():
            if count > 1:
                findings.add(f"{path}/{position}", f"action_id {action_id} already exists")
    return findings.messages


def complaints_about_view(view: Any) -> list[str]:
    """Everything that Slack would refuse in a view; empty when it is sound."""
    findings = Findings()
    _VIEW(view, "/view", findings)
    if isinstance(view, dict):
        blocks = view.get("blocks")
        if isinstance(blocks, list):
            surface: Surface = "home" if view.get("type") == "home" else "modal"
            findings.messages += complaints_about_blocks(blocks, surface, "/view/blocks")
        elif "blocks" in view:
            findings.add("/view/blocks", "must provide a list")
    return findings.messages


def characters_in(value: Any) -> int:
    """How many characters of text the blocks show."""
    if isinstance(value, list):
        return sum(characters_in(item) for item in value)
    if not isinstance(value, dict):
        return 0
    shown = value.get("text")
    own = len(shown) if isinstance(shown, str) else 0
    return own + sum(characters_in(item) for item in value.values() if isinstance(item, dict | list))


def holds_rich_text(blocks: list[JsonObject]) -> bool:
    """Whether a message is of the kind that only rich text may replace."""
    return any(block.get("type") == "rich_text" for block in blocks)


def _action_ids(block: JsonObject) -> Iterator[str]:
    elements = block.get("elements") if block.get("type") == "actions" else None
    inside = [*(elements if isinstance(elements, list) else []), block.get("accessory"), block.get("element")]
    for element in inside:
        if isinstance(element, dict) and isinstance(element.get("action_id"), str):
            yield element["action_id"]
