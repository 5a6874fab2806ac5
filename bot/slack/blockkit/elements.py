"""Builders of Block Kit: blocks, elements, modals. Pure.

Everything is plain text: what comes from people is shown to the letter. Lengths are cut to Slack's limits.

Source: https://docs.slack.dev/reference/block-kit/
"""

from __future__ import annotations

from collections.abc import Sequence
from string import Formatter
from typing import Any

Block = dict[str, Any]
"""A block, an element or an object of Block Kit."""

SECTION_CHARACTERS = 3_000
_BUTTON_CHARACTERS = 75
_OPTION_CHARACTERS = 75
_TITLE_CHARACTERS = 24
_HEADER_CHARACTERS = 150


def plain(text: str, most: int = SECTION_CHARACTERS, *, with_emoji: bool = False) -> Block:
    """A text object; ``:names:`` in it become emoji only where a sentence of ours means them."""
    return {
        "type": "plain_text",
        "text": text if len(text) <= most else text[: most - 1] + "…",
        "emoji": with_emoji,
    }


def section(text: str, accessory: Block | None = None, block_id: str | None = None) -> Block:
    """A section: a paragraph, with something beside it."""
    more = {"accessory": accessory, "block_id": block_id}
    return {"type": "section", "text": plain(text)} | _given(more)


def line(template: str, **inside: Block) -> Block:
    """A rich-text paragraph, in which Slack itself shows what ``{name}`` stands for.

    Args:
        template: The sentence.
        **inside: Elements such as ``{"type": "user", "user_id": …}``, by their names in it.
    """
    elements: list[Block] = []
    for text, name, _, _ in Formatter().parse(template):
        elements += [{"type": "text", "text": text}] if text else []
        elements += [inside[name]] if name else []
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": elements}]}


def header(text: str) -> Block:
    """A header: a heading."""
    return {"type": "header", "text": plain(text, _HEADER_CHARACTERS)}


def context(text: str) -> Block:
    """A context block: a line in small, grey print."""
    return {"type": "context", "elements": [plain(text)]}


def actions(elements: Sequence[Block], block_id: str | None = None) -> Block:
    """An actions block: a row of buttons and menus."""
    return {"type": "actions", "elements": list(elements)} | _given({"block_id": block_id})


def button(text: str, action_id: str, value: str = "", style: str | None = None) -> Block:
    """A button; ``style`` is ``primary`` or ``danger``."""
    made = {"type": "button", "action_id": action_id, "text": plain(text, _BUTTON_CHARACTERS)}
    return made | ({"value": value} if value else {}) | _given({"style": style})


def option(text: str, value: str) -> Block:
    """An option: one choice; ``value`` has at most 150 characters."""
    return {"text": plain(text, _OPTION_CHARACTERS), "value": value}


def select(action_id: str, choices: Sequence[Block], chosen: Block | None = None, hint: str = "") -> Block:
    """A menu from which one is chosen, of at most 100."""
    made = {"type": "static_select", "action_id": action_id, "options": list(choices)}
    return made | _given({"initial_option": chosen, "placeholder": plain(hint, 150) if hint else None})


def overflow(action_id: str, choices: Sequence[Block]) -> Block:
    """An overflow menu, behind three dots, with at most 5 choices."""
    return {"type": "overflow", "action_id": action_id, "options": list(choices)}


def multi_select(
    action_id: str, choices: Sequence[Block], chosen: Sequence[Block] = (), hint: str = ""
) -> Block:
    """A menu from which any number are chosen, of at most 100."""
    made = {"type": "multi_static_select", "action_id": action_id, "options": list(choices)}
    return made | _given(
        {"initial_options": list(chosen) or None, "placeholder": plain(hint, 150) if hint else None}
    )


def checkboxes(action_id: str, choices: Sequence[Block], chosen: Sequence[Block] = ()) -> Block:
    """Checkboxes, at most 10."""
    made = {"type": "checkboxes", "action_id": action_id, "options": list(choices)}
    return made | _given({"initial_options": list(chosen) or None})


def text_input(action_id: str, text: str = "", *, lines: bool = False, most: int = 3_000) -> Block:
    """A text field."""
    made = {"type": "plain_text_input", "action_id": action_id, "multiline": lines, "max_length": most}
    return made | _given({"initial_value": text or None})


def field(
    block_id: str,
    label: str,
    element: Block,
    *,
    hint: str = "",
    optional: bool = False,
    tells_at_once: bool = False,
) -> Block:
    """An input of a modal; with ``tells_at_once`` each choice is an action."""
    made: Block = {"type": "input", "block_id": block_id, "label": plain(label, 2_000), "element": element}
    made |= {"optional": optional} | ({"dispatch_action": True} if tells_at_once else {})
    return made | _given({"hint": plain(hint, 2_000) if hint else None})


def modal(
    callback_id: str,
    title: str,
    blocks: Sequence[Block],
    *,
    submit: str = "",
    close: str = "",
    private_metadata: str = "",
) -> Block:
    """A modal. ``private_metadata`` (3,000 characters) comes back with what people do in it."""
    made: Block = {
        "type": "modal",
        "callback_id": callback_id,
        "title": plain(title, _TITLE_CHARACTERS),
        "blocks": list(blocks),
        "private_metadata": private_metadata,
    }
    return made | _given(
        {
            "submit": plain(submit, _TITLE_CHARACTERS) if submit else None,
            "close": plain(close, _TITLE_CHARACTERS) if close else None,
        }
    )


def _given(fields: Block) -> Block:
    return {name: value for name, value in fields.items() if value is not None}
