"""``conversations.*`` and ``users.conversations``: channels, their members and what was said in them.

Source: https://docs.slack.dev/reference/methods/conversations.replies and its neighbours.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bot.playground.slack_lookalike.methods.method import (
    Arguments,
    Kind,
    Method,
    SlackRefusal,
    channel_joined,
    channel_seen,
    require_kind_scope,
    require_scope,
)
from bot.playground.slack_lookalike.methods.paging import page_of
from bot.playground.slack_lookalike.payloads import channel_json
from bot.playground.slack_lookalike.records import Channel, JsonObject, Message
from bot.playground.slack_lookalike.state import SlackState

_PAGE: dict[str, Kind] = {"cursor": "text", "limit": "integer"}
_RANGE: dict[str, Kind] = {
    "oldest": "text",
    "latest": "text",
    "inclusive": "boolean",
    "include_all_metadata": "boolean",
}
_TYPE_OF_KIND = {"channel": "public_channel", "group": "private_channel", "im": "im", "mpim": "mpim"}


def direct_channel(state: SlackState, user_ids: Sequence[str]) -> Channel:
    """The direct conversation of the bot with these people, opened where need be.

    Raises:
        SlackRefusal: ``user_not_found``.
    """
    if any(user_id not in state.users for user_id in user_ids):
        raise SlackRefusal("user_not_found")
    wanted = {*user_ids, state.workspace.bot_user_id}
    for channel in state.channels.values():
        if channel.kind in {"im", "mpim"} and set(channel.members) == wanted:
            return channel
    kind = "im" if len(user_ids) == 1 else "mpim"
    return state.add_channel("", *user_ids, kind="im" if kind == "im" else "mpim")


def _open(state: SlackState, arguments: Arguments) -> JsonObject:
    if "channel" in arguments:
        channel = channel_seen(state, arguments["channel"])
    elif arguments.get("users"):
        users = arguments["users"].split(",")
        require_scope(state, "im:write" if len(users) == 1 else "mpim:write")
        channel = direct_channel(state, users)
    else:
        raise SlackRefusal("users_list_not_supplied")
    whole = channel_json(channel, state.workspace, viewer=state.workspace.bot_user_id)
    return {"channel": whole if arguments.get("return_im") else {"id": channel.id}}


def _info(state: SlackState, arguments: Arguments) -> JsonObject:
    channel = channel_seen(state, arguments["channel"])
    require_kind_scope(state, channel, "read")
    told = channel_json(channel, state.workspace, viewer=state.workspace.bot_user_id)
    if arguments.get("include_num_members"):
        told["num_members"] = len(channel.members)
    if arguments.get("include_locale"):
        told["locale"] = "en-US"
    return {"channel": told}


def _members(state: SlackState, arguments: Arguments) -> JsonObject:
    channel = channel_seen(state, arguments["channel"])
    require_kind_scope(state, channel, "read")
    members, paging = page_of(channel.members, arguments)
    return {"members": members, **paging}


def _history(state: SlackState, arguments: Arguments) -> JsonObject:
    channel = channel_joined(state, arguments["channel"])
    require_kind_scope(state, channel, "history")
    in_range = _range(arguments)
    messages = [
        message
        for message in state.messages.values()
        if message.channel_id == channel.id and message.thread_ts is None and in_range(message)
    ]
    messages.sort(key=lambda message: message.ts, reverse=True)
    return _told(state, messages, arguments)


def _replies(state: SlackState, arguments: Arguments) -> JsonObject:
    channel = channel_joined(state, arguments["channel"])
    require_kind_scope(state, channel, "history")
    asked = state.messages.get((channel.id, arguments["ts"]))
    if asked is None or asked.ephemeral_for is not None:
        raise SlackRefusal("thread_not_found")
    if asked.thread_ts is not None:
        return _told(state, [asked], arguments)
    # The thread's head is there whatever the range says.
    in_range = _range(arguments)
    thread = state.thread(channel.id, asked.ts)
    return _told(state, [m for m in thread if m is asked or in_range(m)], arguments)


def _range(arguments: Arguments) -> Callable[[Message], bool]:
    """Whether a message that everybody sees lies between the given times."""
    low, high = _time(arguments, "oldest", "0"), _time(arguments, "latest", "9999999999.999999")
    inclusive = bool(arguments.get("inclusive"))

    def holds(message: Message) -> bool:
        at = float(message.ts)
        within = low <= at <= high if inclusive else low < at < high
        return within and message.ephemeral_for is None

    return holds


def _time(arguments: Arguments, name: str, default: str) -> float:
    try:
        return float(arguments.get(name, default))
    except ValueError:
        raise SlackRefusal(f"invalid_ts_{name}") from None


def _told(state: SlackState, messages: list[Message], arguments: Arguments) -> JsonObject:
    page, paging = page_of(messages, arguments)
    with_metadata = bool(arguments.get("include_all_metadata"))
    told = []
    for message in page:
        one = state.message_json(message, with_metadata=with_metadata)
        replies = [] if message.thread_ts else state.thread(message.channel_id, message.ts)[1:]
        seen = [reply for reply in replies if reply.ephemeral_for is None]
        if seen:
            one |= {
                "thread_ts": message.ts,
                "reply_count": len(seen),
                "reply_users": list(dict.fromkeys(reply.user for reply in seen)),
                "latest_reply": seen[-1].ts,
                "is_locked": False,
                "subscribed": False,
            }
        told.append(one)
    return {"messages": told, "has_more": "response_metadata" in paging, **paging}


def _of_user(state: SlackState, arguments: Arguments) -> JsonObject:
    types = arguments.get("types", "public_channel").split(",")
    user = arguments.get("user", state.workspace.bot_user_id)
    bot = state.workspace.bot_user_id
    found = [
        channel
        for channel in state.channels.values()
        if user in channel.members
        and _TYPE_OF_KIND[channel.kind] in types
        and (channel.kind == "channel" or bot in channel.members)
        and not (arguments.get("exclude_archived") and channel.archived)
    ]
    for channel in found:
        require_kind_scope(state, channel, "read")
    page, paging = page_of(found, arguments)
    return {"channels": [channel_json(one, state.workspace, viewer=bot) for one in page], **paging}


CONVERSATIONS = (
    Method(
        "conversations.open",
        _open,
        {},
        {"channel": "text", "users": "text", "return_im": "boolean", "prevent_creation": "boolean"},
    ),
    Method(
        "conversations.info",
        _info,
        {"channel": "text"},
        {"include_locale": "boolean", "include_num_members": "boolean"},
    ),
    Method("conversations.members", _members, {"channel": "text"}, _PAGE),
    Method("conversations.history", _history, {"channel": "text"}, _PAGE | _RANGE),
    Method("conversations.replies", _replies, {"channel": "text", "ts": "text"}, _PAGE | _RANGE),
    Method(
        "users.conversations",
        _of_user,
        {},
        _PAGE | {"user": "text", "types": "text", "exclude_archived": "boolean"},
    ),
)
