"""Blocks as plain text for a terminal. Pure."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterator, Mapping, Sequence

from bot.playground.slack_lookalike.records import JsonObject, User

Users = Mapping[str, User]


def render_blocks(blocks: Sequence[JsonObject], users: Users) -> str:
    """The text of blocks, a line for each paragraph, list item or row of controls."""
    return "\n".join(line for block in blocks for line in _BLOCKS.get(block["type"], _unknown)(block, users))


def render_mrkdwn(text: str, users: Users) -> str:
    """Text with Slack's escapes and angle brackets as a reader sees it."""
    shown = []
    for position, part in enumerate(text.replace(">", "<").split("<")):
        if position % 2 == 0:
            shown.append(part)
        elif part.startswith("@"):
            shown.append(_at(part[1:].split("|")[0], users))
        elif part.startswith("!"):
            shown.append(f"@{part[1:].split('^')[0].split('|')[0]}")
        else:
            shown.append(part.split("|")[-1])
    return html.unescape("".join(shown))


def _at(user_id: str, users: Users) -> str:
    return f"@{users[user_id].name if user_id in users else user_id}"


def _text_object(text: JsonObject, users: Users) -> str:
    return str(text["text"]) if text["type"] == "plain_text" else render_mrkdwn(text["text"], users)


def _rich_text(block: JsonObject, users: Users) -> Iterator[str]:
    for part in block["elements"]:
        match part["type"]:
            case "rich_text_list":
                for number, item in enumerate(part["elements"], start=1 + part.get("offset", 0)):
                    mark = f"{number}." if part["style"] == "ordered" else "-"
                    yield f"{'  ' * part.get('indent', 0)}{mark} {_spans(item['elements'], users)}"
            case "rich_text_quote":
                yield from (f"> {line}" for line in _spans(part["elements"], users).splitlines())
            case _:
                yield from _spans(part["elements"], users).splitlines()


def _spans(elements: Sequence[JsonObject], users: Users) -> str:
    return "".join(_SPANS[element["type"]](element, users) for element in elements)


_SPANS: dict[str, Callable[[JsonObject, Users], str]] = {
    "text": lambda span, _: str(span["text"]),
    "link": lambda span, _: str(span.get("text") or span["url"]),
    "user": lambda span, users: _at(span["user_id"], users),
    "usergroup": lambda span, _: f"@{span['usergroup_id']}",
    "channel": lambda span, _: f"#{span['channel_id']}",
    "broadcast": lambda span, _: f"@{span['range']}",
    "emoji": lambda span, _: f":{span['name']}:",
    "color": lambda span, _: str(span["value"]),
    "date": lambda span, _: str(span.get("fallback", span["timestamp"])),
}


def _section(block: JsonObject, users: Users) -> Iterator[str]:
    texts = [block["text"]] if "text" in block else []
    for text in [*texts, *block.get("fields", [])]:
        yield from _text_object(text, users).splitlines()
    if "accessory" in block:
        yield _controls([block["accessory"]])


def _context(block: JsonObject, users: Users) -> Iterator[str]:
    yield " · ".join(
        element["alt_text"] if element["type"] == "image" else _text_object(element, users)
        for element in block["elements"]
    )


def _controls(elements: Sequence[JsonObject]) -> str:
    words = []
    for element in elements:
        text = element.get("text") or element.get("placeholder") or {}
        # Slack shows three dots, and what is behind them on a click.
        shown = "⋯" if element["type"] == "overflow" else element["type"]
        words.append(f"[{text.get('text') or element.get('alt_text') or shown}]")
    return " ".join(words)


def _unknown(block: JsonObject, _users: Users) -> Iterator[str]:
    yield f"[{block['type']}]"


_BLOCKS: dict[str, Callable[[JsonObject, Users], Iterator[str]]] = {
    "rich_text": _rich_text,
    "section": _section,
    "context": _context,
    "header": lambda block, _: iter([f"# {block['text']['text']}"]),
    "actions": lambda block, _: iter([_controls(block["elements"])]),
    "divider": lambda _block, _: iter(["---"]),
    "markdown": lambda block, _: iter(block["text"].splitlines()),
    "image": lambda block, _: iter([f"[image: {block['alt_text']}]"]),
    "input": lambda block, _: iter([f"{block['label']['text']}: ____"]),
}
