"""Presses verified: what a payload says of a reply and its recording is what stands in Slack.

Buttons and modals carry the ids that they concern, and come back with them. Whoever can sign payloads could
put others in their place, and have another channel's words read or posted.
"""

from __future__ import annotations

from dataclasses import replace

from bot.errors import Rejected
from bot.slack.client.history import message_at
from bot.slack.context import HandlerContext
from bot.slack.incoming.messages import Message
from bot.slack.interactions.presses import Press
from bot.slack.replies.handle import ReplyHandle


async def verified_press(context: HandlerContext, press: Press) -> Press | None:
    """The press, with what its reply carries in Slack; ``None`` where it is no reply of the bot's to its job.

    Raises:
        Unavailable: Slack does not answer.
        Misconfigured: a scope or the token is wrong.
    """
    found = await verified_reply(context, press)
    return found and found[0]


async def verified_reply(context: HandlerContext, press: Press) -> tuple[Press, Message] | None:
    """The same with the reply; an ephemeral one is never found."""
    reply = await message_at(context.api, press.channel_id, press.reply_ts)
    if reply is None or not context.identity.wrote(reply):
        return None
    standing = next(
        (
            handle
            for block in reply.blocks
            if (handle := ReplyHandle.parse(block.get("block_id"), press.channel_id)) is not None
        ),
        None,
    )
    if standing is None or standing.key != press.key:
        return None
    return replace(press, handle=standing, thread_ts=reply.thread_ts), reply


async def verified_recording(context: HandlerContext, press: Press) -> Press | None:
    """The press, with what Slack says of its recording; ``None`` where that message does not hold the file.

    For replies that are ephemeral messages, which cannot be looked up.

    Raises:
        Unavailable: Slack does not answer.
        Misconfigured: a scope or the token is wrong.
    """
    key = press.key
    try:
        message = await context.lookups.message(key.team_id, key.channel_id, key.message_ts)
    except Rejected:
        return None
    file_ids = [file.id for file in message.recordings]
    if key.file_id not in file_ids:
        return None
    handle = replace(
        press.handle,
        sender_id=message.user_id,
        asked_by="",
        position=file_ids.index(key.file_id),
        siblings=len(file_ids),
        thread_ts=message.thread_ts,
    )
    return replace(press, handle=handle)
