"""Message history of a thread or a conversation, and opening a direct message with somebody."""

from __future__ import annotations

from collections.abc import AsyncIterator

from bot.errors import Refusal, Rejected, TranscriptionError
from bot.model import Place
from bot.slack.client.api import SlackApi
from bot.slack.client.api_errors import is_refusal
from bot.slack.incoming.fields import object_in, objects_in
from bot.slack.incoming.interactions import Reference
from bot.slack.incoming.messages import Message

_PAGE = 200


async def messages_in(api: SlackApi, place: Place, oldest: str) -> AsyncIterator[Message]:
    """The messages of a thread, or of a conversation outside its threads, since a time; with metadata.

    Sources: https://docs.slack.dev/reference/methods/conversations.replies and
    https://docs.slack.dev/reference/methods/conversations.history

    Raises:
        Rejected: it is gone or closed to the bot.
        Unavailable: Slack does not answer.
        Misconfigured: the token or a scope is wrong.
    """
    pages = api.pages(
        "conversations.history" if place.thread_ts is None else "conversations.replies",
        channel=place.channel_id,
        ts=place.thread_ts,
        oldest=oldest,
        include_all_metadata=True,
        limit=_PAGE,
    )
    async for page in pages:
        for message in objects_in(page.get("messages")):
            yield Message.model_validate(message)


async def message_at(api: SlackApi, channel_id: str, ts: str) -> Message | None:
    """One message, be it in a thread or not; ``None`` where there is none that the bot may see.

    Source: https://docs.slack.dev/reference/methods/conversations.replies

    Raises:
        Unavailable: Slack does not answer.
        Misconfigured: the token or a scope is wrong.
    """
    try:
        page = await api.read(
            "conversations.replies",
            channel=channel_id,
            ts=ts,
            inclusive=True,
            limit=1,
            include_all_metadata=True,
        )
    except TranscriptionError as error:
        if is_refusal(error):
            return None
        raise
    found = map(Message.model_validate, objects_in(page.get("messages")))
    return next((message for message in found if message.ts == ts), None)


async def open_direct(api: SlackApi, user_id: str) -> Place:
    """The direct message of the bot and one person, opened where there is none yet.

    Source: https://docs.slack.dev/reference/methods/conversations.open

    Raises:
        Rejected: nobody is there to talk to.
        Unavailable: Slack does not answer.
        Misconfigured: the token or the scope ``im:write`` is wrong.
    """
    try:
        answer = await api.write("conversations.open", users=user_id)
    except TranscriptionError as error:
        if is_refusal(error):
            raise Rejected(Refusal.FORBIDDEN, error.code) from error
        raise
    return Place(Reference.model_validate(object_in(answer.get("channel"))).id)
