"""What people do with forms and menus: they find things by what they read, not by ids."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bot.playground.slack_lookalike.records import JsonObject, Message, View


class Form:
    """A modal that somebody fills in.

    Attributes:
        values: What they changed, as ``Interactions.submit`` takes it.
    """

    def __init__(self, view: View) -> None:
        self.view = view
        self.values: JsonObject = {}

    def write(self, label: str, text: str) -> Form:
        """Write into the field under a label that begins so."""
        return self._fill(label, value=text)

    def choose(self, label: str, words: str) -> Form:
        """Choose the option that reads so."""
        return self._fill(label, selected_option=option(self._element(label)[1], words))

    def tick(self, label: str, *words: str) -> Form:
        """Tick the boxes, or choose the options of a menu, that read so, and no others."""
        element = self._element(label)[1]
        return self._fill(label, selected_options=[option(element, one) for one in words])

    def offers(self, label: str) -> list[str]:
        """What can be chosen under a label."""
        return [choice["text"]["text"] for choice in self._element(label)[1]["options"]]

    def says(self, label: str) -> str:
        """What stands in a field."""
        return str(self._element(label)[1].get("initial_value", ""))

    def chosen(self, label: str) -> str:
        """What is chosen in a menu."""
        return str(self._element(label)[1]["initial_option"]["text"]["text"])

    def menu(self, label: str) -> JsonObject:
        """The menu under a label, as Slack shows it."""
        return self._element(label)[1]

    def has(self, label: str) -> bool:
        """Whether there is such a field."""
        return any(known.startswith(label) for known, _, _ in _fields(self.view))

    def _fill(self, label: str, **state: object) -> Form:
        block_id, element = self._element(label)
        self.values.setdefault(block_id, {})[element["action_id"]] = {"type": element["type"]} | state
        return self

    def _element(self, label: str) -> tuple[str, JsonObject]:
        for known, block_id, element in _fields(self.view):
            if known.startswith(label):
                return block_id, element
        raise LookupError(f"no field {label!r} among {[known for known, _, _ in _fields(self.view)]}")


def option(element: JsonObject, words: str) -> JsonObject:
    """The option of a menu that reads so, or begins so."""
    for choice in element["options"]:
        if choice["text"]["text"].startswith(words):
            return dict(choice)
    raise LookupError(f"no option {words!r} among {[c['text']['text'] for c in element['options']]}")


def menu(message: Message) -> JsonObject:
    """The overflow menu of a reply."""
    return next(element for element in elements(message.blocks) if element["type"] == "overflow")


def button(shown: Message | View, words: str) -> str:
    """The action id of the button that reads so."""
    blocks = shown.blocks if isinstance(shown, Message) else shown.content["blocks"]
    for element in elements(blocks):
        if element["type"] == "button" and element["text"]["text"].startswith(words):
            return str(element["action_id"])
    raise LookupError(f"no button {words!r}")


def elements(blocks: list[JsonObject]) -> Iterator[JsonObject]:
    """Everything in blocks that can be used."""
    for block in blocks:
        inside: list[Any] = [*block.get("elements", []), block.get("accessory"), block.get("element")]
        yield from (element for element in inside if isinstance(element, dict) and "action_id" in element)


def text_in(shown: View | Message) -> str:
    """All that can be read in a view or a message, in order."""
    blocks = shown.blocks if isinstance(shown, Message) else shown.content["blocks"]
    return "\n".join(_texts(blocks))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, dict):
        if isinstance(value.get("text"), str):
            yield value["text"]
        for item in value.values():
            yield from _texts(item)


def _fields(view: View) -> Iterator[tuple[str, str, JsonObject]]:
    """Label, block id and element of each field; a menu beside a text is under that text."""
    for block in view.content["blocks"]:
        element = block.get("element") or block.get("accessory")
        label = block.get("label") or block.get("text")
        if element and label:
            yield label["text"], block.get("block_id", ""), element
        elif block["type"] == "actions":
            yield from (("", block.get("block_id", ""), one) for one in block["elements"])
