"""Reading what was said in a thread or a direct message, and finding somebody's direct messages."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import Refusal, Rejected
from bot.model import Place
from bot.slack.api_errors import API_FAILURES, error_code, is_refusal, translate
from bot.slack.targets import records

_PAGE = 200


async def messages_in(reads: AsyncWebClient, place: Place, oldest: str) -> AsyncIterator[Mapping[str, Any]]:
    """The messages of a thread, or of a conversation outside its threads, since a time; with metadata.

    Sources: https://docs.slack.dev/reference/methods/conversations.replies and
    https://docs.slack.dev/reference/methods/conversations.history

    Raises:
        Rejected: it is gone or closed to the bot.
        Unavailable: Slack does not answer.
        Misconfigured: the token or a scope is wrong.
    """
    cursor: str | None = None
    while True:
        asked: dict[str, Any] = {
            "channel": place.channel_id,
            "oldest": oldest,
            "include_all_metadata": True,
            "limit": _PAGE,
            "cursor": cursor,
        }
        try:
            if place.thread_ts is None:
                page = await reads.conversations_history(**asked)
            else:
                page = await reads.conversations_replies(ts=place.thread_ts, **asked)
        except API_FAILURES as failure:
            raise translate(failure) from failure
        for message in records(page.get("messages")):
            yield message
        cursor = (page.get("response_metadata") or {}).get("next_cursor")
        if not cursor:
            return


async def open_direct(writes: AsyncWebClient, user_id: str) -> Place:
    """Where the bot and one person talk alone.

    Source: https://docs.slack.dev/reference/methods/conversations.open

    Raises:
        Rejected: nobody is there to talk to.
        Unavailable: Slack does not answer.
        Misconfigured: the token or the scope ``im:write`` is wrong.
    """
    try:
        answer = await writes.conversations_open(users=user_id)
    except API_FAILURES as failure:
        if is_refusal(failure):
            raise Rejected(Refusal.FORBIDDEN, error_code(failure)) from failure
        raise translate(failure) from failure
    return Place(str((answer.get("channel") or {}).get("id", "")))
