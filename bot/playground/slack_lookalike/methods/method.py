"""A Web API method: its name, its arguments, its rights and its act."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from bot.playground.slack_lookalike.records import Channel, JsonObject
from bot.playground.slack_lookalike.state import SlackState

Arguments = Mapping[str, Any]
Act = Callable[[SlackState, Arguments], JsonObject]
"""Changes the state and returns the answer without ``ok``; never waits."""
Kind = Literal["text", "integer", "boolean", "json"]


class SlackRefusal(Exception):
    """Slack says no.

    Attributes:
        code: Slack's error code.
        more: Further fields of the answer, such as ``needed``.
    """

    def __init__(self, code: str, *messages: str, **more: object) -> None:
        super().__init__(code)
        self.code = code
        self.more: JsonObject = dict(more)
        if messages:
            self.more["response_metadata"] = {"messages": list(messages)}


@dataclass(frozen=True, slots=True)
class Method:
    """One method of the Web API.

    Attributes:
        name: As in the address.
        act: What it does.
        needed: Kinds of the arguments that must be there.
        optional: Kinds of the others; anything else is refused.
        scopes: The token needs one of these (none listed: any token will do).
        takes: Which token it takes.
    """

    name: str
    act: Act
    needed: Mapping[str, Kind] = field(default_factory=dict)
    optional: Mapping[str, Kind] = field(default_factory=dict)
    scopes: tuple[str, ...] = ()
    takes: Literal["bot", "app"] = "bot"


def parse_arguments(method: Method, raw: Mapping[str, Any]) -> JsonObject:
    """The arguments with their types, whether they came as JSON or as a form.

    Raises:
        SlackRefusal: ``invalid_arguments``: one is unknown, missing or of the wrong kind.
    """
    kinds = {**method.needed, **method.optional}
    complaints = [f"[ERROR] unknown argument: {name}" for name in raw if name not in kinds]
    complaints += [
        f"[ERROR] missing required field: {name}" for name in method.needed if raw.get(name) is None
    ]
    parsed: JsonObject = {}
    for name, value in raw.items():
        if name not in kinds or value is None:
            continue
        try:
            parsed[name] = _PARSERS[kinds[name]](value)
        except ValueError as problem:
            complaints.append(f"[ERROR] {problem} [json-pointer:/{name}]")
    if complaints:
        raise SlackRefusal("invalid_arguments", *complaints)
    return parsed


def require_scope(state: SlackState, *any_of: str) -> None:
    """Refuse a token that has none of these scopes.

    Raises:
        SlackRefusal: ``missing_scope``, with what is needed and what the token has.
    """
    if not state.workspace.scopes.intersection(any_of):
        provided = ",".join(sorted(state.workspace.scopes))
        raise SlackRefusal("missing_scope", needed=any_of[0], provided=provided)


def require_kind_scope(state: SlackState, channel: Channel, right: str) -> None:
    """Refuse a token without the right (``read``, ``history``) for this kind of conversation."""
    family = {"channel": "channels", "group": "groups", "im": "im", "mpim": "mpim"}[channel.kind]
    require_scope(state, f"{family}:{right}")


def channel_seen(state: SlackState, channel_id: str) -> Channel:
    """A conversation that the bot may know of.

    Raises:
        SlackRefusal: ``channel_not_found``: it does not exist, or is private and without the bot.
    """
    channel = state.channels.get(channel_id)
    if channel is None or (channel.kind != "channel" and state.workspace.bot_user_id not in channel.members):
        raise SlackRefusal("channel_not_found")
    return channel


def channel_joined(state: SlackState, channel_id: str) -> Channel:
    """A conversation that the bot is in.

    Raises:
        SlackRefusal: ``channel_not_found`` or ``not_in_channel``.
    """
    channel = channel_seen(state, channel_id)
    if state.workspace.bot_user_id not in channel.members:
        raise SlackRefusal("not_in_channel")
    return channel


def _text(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError("must be a string")  # noqa: TRY004  # one type for every complaint
    return str(value)


def _integer(value: object) -> int:
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise ValueError("must be an integer")


def _boolean(value: object) -> bool:
    found = {"1": True, "true": True, "0": False, "false": False}.get(str(value).lower())
    if found is None:
        raise ValueError("must be a boolean")
    return found


def _json(value: object) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value  # each method has its own word for what cannot be read


_PARSERS: Mapping[Kind, Callable[[object], Any]] = {
    "text": _text,
    "integer": _integer,
    "boolean": _boolean,
    "json": _json,
}
