"""Look-ups in Slack: messages, files, members, people, locales, channels. Memberships and locales are cached.

Raises ``bot.errors`` alone: ``Rejected`` where something is gone or closed to the bot, ``Unavailable`` where
Slack does not answer, ``Misconfigured`` where a scope or the token is wrong.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from cachetools import TTLCache

from bot.errors import Refusal, Rejected, TranscriptionError
from bot.slack.client.api import Answer, SlackApi
from bot.slack.client.api_errors import refusal_means_closed
from bot.slack.client.objects import Conversation, ConversationObject, Person, UserObject
from bot.slack.incoming.fields import ids_in, object_in, objects_in
from bot.slack.incoming.files import FileObject
from bot.slack.incoming.messages import TRANSCRIBABLE, Message, SharedMessage

_PAGE = 200
_MOST_A_PAGE = 999
_MEMBERSHIPS_FRESH_FOR_S = 10.0
"""Long enough that one action of somebody's costs one call."""
_LOCALES_FRESH_FOR_S = 3600.0
_MOST_CACHED = 5_000


class Lookups:
    """Reads messages, files, members, people and channels from Slack.

    Args:
        api: Of Slack.
        clock: Seconds that only grow; injected for tests.
    """

    def __init__(self, api: SlackApi, clock: Callable[[], float] = time.monotonic) -> None:
        self._api = api
        self._memberships: TTLCache[tuple[str, str], None] = TTLCache(
            _MOST_CACHED, _MEMBERSHIPS_FRESH_FOR_S, clock
        )
        """By channel and person. Who is not in a channel may join at any time, and is looked up again."""
        self._locales: TTLCache[str, str] = TTLCache(_MOST_CACHED, _LOCALES_FRESH_FOR_S, clock)
        """By person."""

    async def message(self, team_id: str, channel_id: str, ts: str) -> SharedMessage:
        """One message, be it in a thread or not.

        Source: https://docs.slack.dev/reference/methods/conversations.replies
        """
        target = (await self.one_message(channel_id, ts)).target(team_id, channel_id)
        if target is None:
            raise Rejected(Refusal.GONE, "no such message")
        return target

    async def one_message(self, channel_id: str, ts: str) -> Message:
        """The same with all that it says."""
        page = await self._read("conversations.replies", channel=channel_id, ts=ts, limit=1, inclusive=True)
        for message in map(Message.model_validate, objects_in(page.get("messages"))):
            if message.ts == ts:
                return message
        raise Rejected(Refusal.GONE, "no such message")

    async def file(self, team_id: str, file_id: str) -> list[SharedMessage]:
        """The messages that share a file, as far as its own record tells: one for each channel.

        Source: https://docs.slack.dev/reference/methods/files.info
        """
        raw = await self.file_object(file_id)
        file = raw.shared_file
        first = {share.channel_id: share for share in reversed(raw.shares)}
        messages = (
            Message(ts=share.ts, thread_ts=share.thread_ts, user=share.share_user_id).target(
                team_id, share.channel_id
            )
            for share in reversed(first.values())
        )
        return [replace(message, files=(file,)) for message in messages if message and file]

    async def file_object(self, file_id: str) -> FileObject:
        """A file's own record, with the messages that share it."""
        answer = await self._read("files.info", file=file_id)
        return FileObject.model_validate(object_in(answer.get("file")))

    async def owner_id(self, file_id: str) -> str:
        """The user who recorded or uploaded a file; empty where Slack does not say."""
        return (await self.file_object(file_id)).user

    async def is_member(self, channel_id: str, user_id: str) -> bool:
        """True where somebody is in a channel, or was 10 s ago at most."""
        return (channel_id, user_id) in self._memberships or bool(
            await self.members_among(channel_id, [user_id])
        )

    async def members_among(self, channel_id: str, user_ids: Sequence[str]) -> list[str]:
        """Those of some people who are in a channel now, by Slack and not by the cache.

        Source: https://docs.slack.dev/reference/methods/conversations.members
        """
        if not user_ids:
            return []
        page = await self._read("conversations.members", channel=channel_id, limit=_MOST_A_PAGE)
        shown = set(ids_in(page.get("members")))
        found = [
            user_id
            for user_id in user_ids
            if user_id in shown or (page.next_cursor and await self._has_channel(user_id, channel_id))
        ]
        for user_id in user_ids:
            self._memberships.pop((channel_id, user_id), None)
        self._memberships.update(((channel_id, user_id), None) for user_id in shown.union(found))
        return found

    async def _has_channel(self, user_id: str, channel_id: str) -> bool:
        """True where a channel is among somebody's own: they are in fewer than a big one has members."""
        channel_id = await self._api.channel_now(channel_id)
        # Direct messages hold few people, and need not be asked for.
        async for channel in self._conversations(_MOST_A_PAGE, user=user_id):
            if channel.id == channel_id:
                return True
        return False

    async def members(self, channel_id: str, most: int) -> list[str]:
        """The user ids of a channel's first members."""
        found: list[str] = []
        async for page in self._pages("conversations.members", channel=channel_id, limit=min(most, _PAGE)):
            found += ids_in(page.get("members"))
            if len(found) >= most:
                break
        return found[:most]

    async def person(self, user_id: str) -> Person:
        """A user of Slack.

        Source: https://docs.slack.dev/reference/methods/users.info
        """
        answer = await self._read("users.info", user=user_id, include_locale=True)
        person = UserObject.model_validate(object_in(answer.get("user"))).person(user_id)
        self._locales[user_id] = person.locale
        return person

    async def locale(self, user_id: str) -> str:
        """The locale that somebody reads, such as ``en-GB``; empty where Slack does not say. Never raises.

        What Slack said counts for an hour; what it did not say is asked again.
        """
        if known := self.known_locale(user_id):
            return known
        try:
            return (await self.person(user_id)).locale
        except TranscriptionError:
            return ""

    def known_locale(self, user_id: str) -> str:
        """The same from the cache, without a call; empty where it is not there."""
        return self._locales.get(user_id, "")

    async def conversation(self, channel_id: str) -> Conversation:
        """A channel or a direct message, as the bot sees it.

        Source: https://docs.slack.dev/reference/methods/conversations.info
        """
        answer = await self._read("conversations.info", channel=channel_id)
        return ConversationObject.model_validate(object_in(answer.get("channel"))).conversation

    async def conversations_with(self, user_id: str) -> list[Conversation]:
        """The public and private channels that both somebody and the bot are in, by name.

        Source: https://docs.slack.dev/reference/methods/users.conversations
        """
        ours = {channel.id: channel async for channel in self._conversations(exclude_archived=True)}
        theirs = {channel.id async for channel in self._conversations(exclude_archived=True, user=user_id)}
        return sorted((ours[id_] for id_ in ours.keys() & theirs), key=lambda channel: channel.name)

    async def conversations_of_bot(self) -> list[Conversation]:
        """Every conversation that the bot is in, direct messages too."""
        kinds = "public_channel,private_channel,mpim,im"
        return [channel async for channel in self._conversations(_MOST_A_PAGE, kinds, exclude_archived=True)]

    async def new_recordings(self, since: datetime) -> dict[str, list[str]]:
        """The ids of what may be recordings, shared since a time, by channel; the newest first in both.

        One call for all channels. It tells where to look first, and no more: that every file is listed, those
        of other organisations' people too, is promised nowhere.

        Source: https://docs.slack.dev/reference/methods/files.list
        """
        page = await self._read("files.list", ts_from=str(int(since.timestamp())), count=_MOST_A_PAGE)
        files = [FileObject.model_validate(raw) for raw in objects_in(page.get("files"))]
        files.sort(key=lambda file: file.created or 0.0, reverse=True)
        found: dict[str, list[str]] = {}
        for file in files:
            for channel_id in file.channel_ids if file.claim in TRANSCRIBABLE else ():
                found.setdefault(channel_id, []).append(file.id)
        return found

    async def _conversations(
        self, limit: int = _PAGE, kinds: str = "public_channel,private_channel", **which: Any
    ) -> AsyncIterator[Conversation]:
        async for page in self._pages("users.conversations", types=kinds, limit=limit, **which):
            for raw in objects_in(page.get("channels")):
                yield ConversationObject.model_validate(raw).conversation

    async def _read(self, method: str, **arguments: Any) -> Answer:
        with refusal_means_closed():
            return await self._api.read(method, **arguments)

    async def _pages(self, method: str, **arguments: Any) -> AsyncIterator[Answer]:
        with refusal_means_closed():
            async for page in self._api.pages(method, **arguments):
                yield page
