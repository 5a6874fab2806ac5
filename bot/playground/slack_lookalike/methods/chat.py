"""``chat.*``: posting, changing and deleting messages.

Source: https://docs.slack.dev/reference/methods/chat.postMessage and its neighbours.
"""

from __future__ import annotations

from bot.playground.slack_lookalike.blockkit import holds_rich_text
from bot.playground.slack_lookalike.methods.content import (
    LONGEST_POST,
    LONGEST_UPDATE,
    checked_attachments,
    checked_blocks,
    checked_metadata,
)
from bot.playground.slack_lookalike.methods.conversations import direct_channel
from bot.playground.slack_lookalike.methods.method import (
    Arguments,
    Kind,
    Method,
    SlackRefusal,
    channel_joined,
    channel_seen,
)
from bot.playground.slack_lookalike.records import Channel, JsonObject, Message
from bot.playground.slack_lookalike.state import SlackState

_CONTENT: dict[str, Kind] = {
    "text": "text",
    "blocks": "json",
    "attachments": "json",
    "as_user": "boolean",
    "link_names": "boolean",
    "parse": "text",
    "markdown_text": "text",
}
_LOOKS: dict[str, Kind] = {"icon_emoji": "text", "icon_url": "text", "username": "text", "thread_ts": "text"}
_KEPT_OPTIONS = ("unfurl_links", "unfurl_media", "link_names", "parse", "mrkdwn", "reply_broadcast")


def _post_message(state: SlackState, arguments: Arguments) -> JsonObject:
    channel = _channel_to_post_in(state, arguments["channel"])
    message = _composed(state, channel, arguments)
    metadata = checked_metadata(arguments)
    message.metadata = metadata or None
    state.keep(message)
    told = state.message_json(message, with_metadata=True)
    return {"channel": channel.id, "ts": message.ts, "message": told}


def _post_ephemeral(state: SlackState, arguments: Arguments) -> JsonObject:
    channel = _channel_to_post_in(state, arguments["channel"])
    if arguments["user"] not in channel.members:
        raise SlackRefusal("user_not_in_channel")
    message = _composed(state, channel, arguments)
    message.ephemeral_for = arguments["user"]
    state.keep(message)
    return {"message_ts": message.ts}


def _update(state: SlackState, arguments: Arguments) -> JsonObject:
    channel = channel_joined(state, arguments["channel"])
    message = own_message(state, channel, arguments["ts"], "cant_update_message")
    text = arguments.get("text", arguments.get("markdown_text"))
    if text is not None and len(text) > LONGEST_UPDATE:
        raise SlackRefusal("msg_too_long")
    blocks = checked_blocks(arguments)
    attachments = checked_attachments(arguments)
    metadata = checked_metadata(arguments)
    if not (text or blocks or attachments):
        raise SlackRefusal("no_text")
    if blocks and holds_rich_text(message.blocks) and not holds_rich_text(blocks):
        raise SlackRefusal("block_mismatch")
    if text is not None and blocks is None:
        blocks = []  # a text without blocks takes the place of the blocks
    changes: JsonObject = {"options": _options(arguments)}
    found = {"text": text, "blocks": blocks, "attachments": attachments}
    changes |= {name: value for name, value in found.items() if value is not None}
    if metadata is not None:
        changes["metadata"] = metadata or None
    state.edit(message, **changes)
    told = state.message_json(message, with_metadata=True)
    return {"channel": channel.id, "ts": message.ts, "text": message.text, "message": told}


def _delete(state: SlackState, arguments: Arguments) -> JsonObject:
    channel = channel_joined(state, arguments["channel"])
    message = own_message(state, channel, arguments["ts"], "cant_delete_message")
    state.delete_message(message)
    return {"channel": channel.id, "ts": message.ts}


def _permalink(state: SlackState, arguments: Arguments) -> JsonObject:
    channel = channel_seen(state, arguments["channel"])
    message = state.messages.get((channel.id, arguments["message_ts"]))
    if message is None:
        raise SlackRefusal("message_not_found")
    return {"channel": channel.id, "permalink": state.permalink(message)}


def own_message(state: SlackState, channel: Channel, ts: str, refusal: str) -> Message:
    """A message of the bot's own.

    Raises:
        SlackRefusal: ``message_not_found``, or ``refusal`` where someone else wrote it.
    """
    message = state.messages.get((channel.id, ts))
    if message is None or message.tombstone or message.ephemeral_for is not None:
        raise SlackRefusal("message_not_found")
    if message.bot_id != state.workspace.bot_id:
        raise SlackRefusal(refusal)
    return message


def thread_to_reply_in(state: SlackState, channel: Channel, thread_ts: str | None) -> str | None:
    """The thread that a new message joins; ``None`` for the top level of the channel.

    Slack does not refuse a thread whose head is gone: it posts at the top level, and the only sign is that
    the answer's message has no ``thread_ts``. A tombstone is a head like any other.

    Raises:
        SlackRefusal: ``cannot_reply_to_message`` for the ``ts`` of a reply.

    Sources: https://github.com/slack-go/slack/issues/1571 and
    https://github.com/slackapi/python-slack-events-api/issues/87
    """
    if thread_ts is None:
        return None
    parent = state.messages.get((channel.id, thread_ts))
    if parent is None:
        return None
    if parent.thread_ts is not None or parent.ephemeral_for is not None:
        raise SlackRefusal("cannot_reply_to_message")
    return thread_ts


def _channel_to_post_in(state: SlackState, channel_id: str) -> Channel:
    if channel_id in state.users:
        return direct_channel(state, [channel_id])
    channel = channel_joined(state, channel_id)
    if channel.archived:
        raise SlackRefusal("is_archived")
    return channel


def _composed(state: SlackState, channel: Channel, arguments: Arguments) -> Message:
    text = arguments.get("text", arguments.get("markdown_text", ""))
    blocks, attachments = checked_blocks(arguments), checked_attachments(arguments)
    if not (text or blocks or attachments):
        raise SlackRefusal("no_text")
    thread_ts = thread_to_reply_in(state, channel, arguments.get("thread_ts"))
    return Message(
        ts=state.next_ts(),
        channel_id=channel.id,
        user=state.workspace.bot_user_id,
        text=text[:LONGEST_POST],
        bot_id=state.workspace.bot_id,
        blocks=blocks or [],
        attachments=attachments or [],
        thread_ts=thread_ts,
        options=_options(arguments),
    )


def _options(arguments: Arguments) -> JsonObject:
    return {name: arguments[name] for name in _KEPT_OPTIONS if name in arguments}


CHAT = (
    Method(
        "chat.postMessage",
        _post_message,
        {"channel": "text"},
        _CONTENT
        | _LOOKS
        | {
            "metadata": "json",
            "mrkdwn": "boolean",
            "reply_broadcast": "boolean",
            "unfurl_links": "boolean",
            "unfurl_media": "boolean",
        },
        ("chat:write",),
    ),
    Method(
        "chat.postEphemeral",
        _post_ephemeral,
        {"channel": "text", "user": "text"},
        _CONTENT | _LOOKS,
        ("chat:write",),
    ),
    Method(
        "chat.update",
        _update,
        {"channel": "text", "ts": "text"},
        # The reference does not list the two unfurl arguments, but the official clients pass on whatever
        # they are given and the method takes them.
        _CONTENT
        | {
            "metadata": "json",
            "file_ids": "text",
            "reply_broadcast": "boolean",
            "unfurl_links": "boolean",
            "unfurl_media": "boolean",
        },
        ("chat:write",),
    ),
    Method(
        "chat.delete",
        _delete,
        {"channel": "text", "ts": "text"},
        {"as_user": "boolean"},
        ("chat:write",),
    ),
    Method("chat.getPermalink", _permalink, {"channel": "text", "message_ts": "text"}),
)
