"""The installation that a payload is meant for, as far as it tells. Pure.

Sources: https://docs.slack.dev/apis/events-api/#authorizations,
https://docs.slack.dev/interactivity/implementing-slash-commands and
https://docs.slack.dev/reference/interaction-payloads/
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from bot.slack.incoming.fields import id_in, object_in, objects_in


def is_for_other_installation(body: dict[str, Any], own_ids: Collection[str]) -> bool:
    """True for a payload that names another workspace's installation of the app.

    Args:
        body: An event in its envelope, a command or an interaction, as Slack sent it.
        own_ids: The workspace's id and, of an installation for a whole organisation, that one's.
    """
    told = installation_in(body)
    return bool(told) and told not in own_ids


def installation_in(body: dict[str, Any]) -> str:
    """The id of the workspace, or of the organisation, that a payload is for; empty where it does not tell.

    The team beside an event, and that of whoever pressed a button, may be another organisation's in a channel
    that is shared with it: neither tells.
    """
    if "event" in body or "authorizations" in body:
        first = next(iter(objects_in(body.get("authorizations"))), {})
        return id_in(first.get("team_id")) or id_in(first.get("enterprise_id")) or id_in(body.get("team_id"))
    if body.get("is_enterprise_install") in (True, "true"):
        return id_in(body.get("enterprise_id")) or id_in(object_in(body.get("enterprise")).get("id"))
    if view := object_in(body.get("view")):
        return id_in(view.get("app_installed_team_id"))
    # Commands and shortcuts are not offered to people of other organisations.
    if "command" in body:
        return id_in(body.get("team_id"))
    if body.get("type") in ("message_action", "shortcut"):
        return id_in(object_in(body.get("team")).get("id"))
    return ""
