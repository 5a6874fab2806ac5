"""Who did what, and where, in the bodies that Slack delivers. Pure; what is missing or odd is empty.

Sources: https://docs.slack.dev/apis/events-api/ and
https://docs.slack.dev/reference/interaction-payloads/block_actions-payload
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.slack.files import parse_id
from bot.slack.targets import records

Body = Mapping[str, Any]


def team_of(body: Body) -> str:
    """The installation's team: the outer ``team_id`` of an event may be the sender's."""
    authorization: Body = next(records(body.get("authorizations")), {})
    return (
        parse_id(authorization, "team_id") or parse_id(body, "team_id") or parse_id(part(body, "team"), "id")
    )


def user_of(body: Body) -> str:
    """Who used a button, a menu or a modal."""
    return parse_id(part(body, "user"), "id")


def channel_of(body: Body) -> str:
    """Where a button or menu stands; empty in a modal or the home tab."""
    return parse_id(part(body, "channel"), "id")


def action_of(body: Body) -> Body:
    """What was used."""
    return next(records(body.get("actions")), {})


def part(body: Body, name: str) -> Body:
    """An object inside; an empty one where there is none."""
    found = body.get(name)
    return found if isinstance(found, Mapping) else {}
