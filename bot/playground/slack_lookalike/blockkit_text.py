"""Checks of single Block Kit values: text objects, lengths, options. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Findings:
    """Complaints in Slack's words, each with the JSON pointer of its place."""

    messages: list[str] = field(default_factory=list)

    def add(self, path: str, complaint: str) -> None:
        """Note a complaint."""
        self.messages.append(f"[ERROR] {complaint} [json-pointer:{path}]")


Check = Callable[[Any, str, Findings], None]
"""Examines a value at a path."""


@dataclass(frozen=True, slots=True)
class Shape:
    """The properties of an object: what must be there, and what may."""

    required: dict[str, Check] = field(default_factory=dict)
    optional: dict[str, Check] = field(default_factory=dict)
    also: tuple[Check, ...] = ()
    """Rules over the object as a whole."""

    def __call__(self, value: Any, path: str, findings: Findings) -> None:
        """Check every property; unknown ones are refused."""
        if not isinstance(value, dict):
            findings.add(path, "must provide an object")
            return
        for name in sorted(self.required.keys() - value.keys()):
            findings.add(path, f"missing required field: {name}")
        for name, item in value.items():
            check = self.required.get(name) or self.optional.get(name)
            if check is not None:
                check(item, f"{path}/{name}", findings)
            elif name != "type":
                findings.add(path, f"invalid additional property: {name}")
        for rule in self.also:
            rule(value, path, findings)


def string(longest: int, shortest: int = 0) -> Check:
    """A string of so many characters."""

    def check(value: Any, path: str, findings: Findings) -> None:
        if not isinstance(value, str):
            findings.add(path, "must be a string")
        elif len(value) > longest:
            findings.add(path, f"must be less than {longest + 1} characters")
        elif len(value) < shortest:
            findings.add(path, f"must be more than {shortest - 1} characters")

    return check


def integer(least: int, most: int) -> Check:
    """A whole number within bounds."""

    def check(value: Any, path: str, findings: Findings) -> None:
        if isinstance(value, bool) or not isinstance(value, int):
            findings.add(path, "must be an integer")
        elif not least <= value <= most:
            findings.add(path, f"must be between {least} and {most}")

    return check


def boolean(value: Any, path: str, findings: Findings) -> None:
    """True or false."""
    if not isinstance(value, bool):
        findings.add(path, "must be a boolean")


def anything(_value: Any, _path: str, _findings: Findings) -> None:
    """Not examined."""


def one_of(*allowed: str) -> Check:
    """One of these words."""

    def check(value: Any, path: str, findings: Findings) -> None:
        if value not in allowed:
            findings.add(path, f"must be one of: {', '.join(allowed)}")

    return check


def items(check_item: Check, most: int, least: int = 0) -> Check:
    """A list of so many items, each examined."""

    def check(value: Any, path: str, findings: Findings) -> None:
        if not isinstance(value, list):
            findings.add(path, "must provide a list")
            return
        if len(value) > most:
            findings.add(path, f"no more than {most} items allowed")
        if len(value) < least:
            findings.add(path, f"no fewer than {least} items required")
        for position, item in enumerate(value):
            check_item(item, f"{path}/{position}", findings)

    return check


def text_object(longest: int, *kinds: str) -> Check:
    """A ``plain_text`` or ``mrkdwn`` object with at least one character.

    Source: https://docs.slack.dev/reference/block-kit/composition-objects/text-object
    """
    allowed = kinds or ("plain_text", "mrkdwn")

    def check(value: Any, path: str, findings: Findings) -> None:
        if not isinstance(value, dict):
            findings.add(path, "must provide an object")
            return
        kind = value.get("type")
        if kind not in allowed:
            findings.add(path, f"must be one of: {', '.join(allowed)}")
            return
        extra: dict[str, Check] = {"emoji": boolean} if kind == "plain_text" else {"verbatim": boolean}
        Shape({"type": anything, "text": string(longest, 1)}, extra)(value, path, findings)

    return check


def plain(longest: int) -> Check:
    """A ``plain_text`` object."""
    return text_object(longest, "plain_text")


OPTION = Shape(
    {"text": text_object(75), "value": string(150, 1)},
    {"description": text_object(75), "url": string(3000, 1)},
)
"""Source: https://docs.slack.dev/reference/block-kit/composition-objects/option-object"""
OPTION_GROUP = Shape({"label": plain(75), "options": items(OPTION, 100, 1)})
CONFIRM = Shape(
    {"title": plain(100), "text": text_object(300), "confirm": plain(30), "deny": plain(30)},
    {"style": one_of("primary", "danger")},
)
"""Source: https://docs.slack.dev/reference/block-kit/composition-objects/confirmation-dialog-object"""


def typed(table: dict[str, Shape], what: str) -> Check:
    """An object whose ``type`` chooses its shape."""

    def check(value: Any, path: str, findings: Findings) -> None:
        if not isinstance(value, dict):
            findings.add(path, "must provide an object")
            return
        kind = value.get("type")
        if kind is None:
            findings.add(path, "missing required field: type")
        elif not isinstance(kind, str) or kind not in table:
            findings.add(path, f"unsupported {what}: {kind}")
        else:
            table[kind](value, path, findings)

    return check
