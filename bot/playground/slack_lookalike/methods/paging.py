"""Pages of a list, with opaque cursors.

Source: https://docs.slack.dev/apis/web-api/pagination
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import TypeVar

from bot.playground.slack_lookalike.methods.method import Arguments, SlackRefusal
from bot.playground.slack_lookalike.records import JsonObject

Item = TypeVar("Item")
_DEFAULT, _MOST = 100, 999


def page_of(items: Sequence[Item], arguments: Arguments) -> tuple[list[Item], JsonObject]:
    """One page, and the ``response_metadata`` that leads to the next (empty on the last).

    Raises:
        SlackRefusal: ``invalid_limit`` or ``invalid_cursor``.
    """
    limit = arguments.get("limit", _DEFAULT)
    if not 1 <= limit <= _MOST:
        raise SlackRefusal("invalid_limit")
    start = _start(arguments.get("cursor", ""))
    page = list(items[start : start + limit])
    if start + limit >= len(items):
        return page, {}
    cursor = base64.b64encode(f"next:{start + limit}".encode()).decode()
    return page, {"response_metadata": {"next_cursor": cursor}}


def _start(cursor: str) -> int:
    if not cursor:
        return 0
    try:
        return int(base64.b64decode(cursor, validate=True).decode().removeprefix("next:"))
    except (binascii.Error, ValueError):
        raise SlackRefusal("invalid_cursor") from None
