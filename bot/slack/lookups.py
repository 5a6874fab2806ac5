"""What the bot looks up in Slack to know who asks, and for what.

Raises ``bot.errors`` alone: ``Rejected`` where something is gone or closed to the bot, ``Unavailable`` where
Slack does not answer, ``Misconfigured`` where a scope or the token is wrong.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.errors import Refusal, Rejected, TranscriptionError
from bot.model import Claim
from bot.slack.api_errors import API_FAILURES, translate_question
from bot.slack.files import claim_of, parse_file, parse_id
from bot.slack.memberships import Memberships
from bot.slack.targets import Target, parse_target, records
from bot.translations import Reader

_PAGE = 200
_MOST_A_PAGE = 999
_LOCALE = "en-US"
_LANGUAGE_TIMEOUT_S = 2.0
"""An answer in another language is worth more than one that comes late."""
_RECENT = 100
"""How far back the newest recording is looked for."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of the workspace."""

    id: str
    name: str
    """As people call them; empty where they have none."""
    locale: str
    """Such as ``en-GB``."""
    is_admin: bool
    """Of the workspace, or its owner."""
    is_bot: bool = False
    team_ids: frozenset[str] = frozenset()
    """The workspaces that they belong to; another organisation's where a channel is shared with it."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """A channel as the bot sees it."""

    id: str
    name: str
    """Empty for direct messages."""
    topic: str
    is_member: bool
    """The bot is in it."""
    is_shared_externally: bool


class Lookups:
    """Reads from Slack.

    Args:
        reads: A client for reading, whose retries are harmless.
        clock: Seconds that only grow; injected for tests.
    """

    def __init__(self, reads: AsyncWebClient, clock: Callable[[], float] = time.monotonic) -> None:
        self._reads = reads
        self._memberships = Memberships(clock)

    async def message(self, team_id: str, channel_id: str, ts: str) -> Target:
        """One message, be it in a thread or not.

        Source: https://docs.slack.dev/reference/methods/conversations.replies
        """
        try:
            page = await self._reads.conversations_replies(channel=channel_id, ts=ts, limit=1, inclusive=True)
        except API_FAILURES as failure:
            raise translate_question(failure) from failure
        for message in records(page.get("messages")):
            target = parse_target(team_id, channel_id, message)
            if target is not None and target.message_ts == ts:
                return target
        raise Rejected(Refusal.GONE, "no such message")

    async def file(self, team_id: str, file_id: str) -> list[Target]:
        """The messages that share a file, as far as its own record tells: one target for each channel.

        Source: https://docs.slack.dev/reference/methods/files.info
        """
        return list(_shares(team_id, await self._file(file_id)))

    async def claim(self, file_id: str) -> Claim:
        """What Slack says a file is."""
        return claim_of(await self._file(file_id))

    async def newest_recording(self, team_id: str, channel_id: str) -> Target | None:
        """The newest message of a channel with something that could be transcribed; not in its threads."""
        try:
            page = await self._reads.conversations_history(channel=channel_id, limit=_RECENT)
        except API_FAILURES as failure:
            raise translate_question(failure) from failure
        for message in records(page.get("messages")):
            target = parse_target(team_id, channel_id, message)
            if target is not None and target.transcribable and not message.get("bot_id"):
                return target
        return None

    async def is_member(self, channel_id: str, user_id: str) -> bool:
        """Whether somebody is in a channel, or was a moment ago.

        Source: https://docs.slack.dev/reference/methods/conversations.members
        """
        if self._memberships.knows(channel_id, user_id):
            return True
        page = await self._page("conversations.members", channel=channel_id, limit=_MOST_A_PAGE)
        self._memberships.keep(channel_id, page.get("members") or [])
        if self._memberships.knows(channel_id, user_id):
            return True
        if not _next_cursor(page):
            return False
        return await self._has_channel(user_id, channel_id)

    async def _has_channel(self, user_id: str, channel_id: str) -> bool:
        """The same by somebody's channels: they are in fewer than a big channel has members."""
        # Direct messages hold few people, and need not be asked for.
        async for channel in self._conversations(_MOST_A_PAGE, user=user_id):
            if channel.id == channel_id:
                self._memberships.keep(channel_id, [user_id])
                return True
        return False

    async def members(self, channel_id: str, most: int) -> list[str]:
        """The user ids of a channel's first members."""
        found: list[str] = []
        async for page in self._pages("conversations.members", channel=channel_id, limit=min(most, _PAGE)):
            found += [str(member) for member in page.get("members") or []]
            if len(found) >= most:
                break
        return found[:most]

    async def person(self, user_id: str) -> Person:
        """Who somebody is.

        Source: https://docs.slack.dev/reference/methods/users.info
        """
        try:
            answer = await self._reads.users_info(user=user_id, include_locale=True)
        except API_FAILURES as failure:
            raise translate_question(failure) from failure
        return _person(user_id, answer.get("user") or {})

    async def locale(self, user_id: str) -> str:
        """What somebody reads, such as ``en-GB``; American English where Slack does not say. Never raises."""
        try:
            return (await self.person(user_id)).locale
        except TranscriptionError:
            return _LOCALE

    async def reader(self, user_id: str, otherwise: Reader) -> Reader:
        """The language that somebody reads; the other one where Slack does not say in time. Never raises."""
        try:
            async with asyncio.timeout(_LANGUAGE_TIMEOUT_S):
                return Reader.of((await self.person(user_id)).locale)
        except (TimeoutError, TranscriptionError):
            return otherwise

    async def conversation(self, channel_id: str) -> Conversation:
        """A channel.

        Source: https://docs.slack.dev/reference/methods/conversations.info
        """
        try:
            answer = await self._reads.conversations_info(channel=channel_id)
        except API_FAILURES as failure:
            raise translate_question(failure) from failure
        return _conversation(answer.get("channel") or {})

    async def conversations_with(self, user_id: str) -> list[Conversation]:
        """The public and private channels that both somebody and the bot are in, by name.

        Source: https://docs.slack.dev/reference/methods/users.conversations
        """
        ours = {channel.id: channel async for channel in self._conversations(exclude_archived=True)}
        theirs = {channel.id async for channel in self._conversations(exclude_archived=True, user=user_id)}
        return sorted((ours[id_] for id_ in ours.keys() & theirs), key=lambda channel: channel.name)

    async def _file(self, file_id: str) -> Mapping[str, Any]:
        try:
            answer = await self._reads.files_info(file=file_id)
        except API_FAILURES as failure:
            raise translate_question(failure) from failure
        return answer.get("file") or {}

    async def _conversations(self, limit: int = _PAGE, **which: Any) -> AsyncIterator[Conversation]:
        kinds = "public_channel,private_channel"
        async for page in self._pages("users.conversations", types=kinds, limit=limit, **which):
            for raw in records(page.get("channels")):
                yield _conversation(raw)

    async def _pages(self, method: str, **arguments: Any) -> AsyncIterator[AsyncSlackResponse]:
        cursor = ""
        while True:
            page = await self._page(method, cursor, **arguments)
            yield page
            cursor = _next_cursor(page)
            if not cursor:
                return

    async def _page(self, method: str, cursor: str = "", **arguments: Any) -> AsyncSlackResponse:
        try:
            return await self._reads.api_call(method, http_verb="GET", params=arguments | {"cursor": cursor})
        except API_FAILURES as failure:
            raise translate_question(failure) from failure


def _next_cursor(page: AsyncSlackResponse) -> str:
    """What leads to the next page; empty on the last."""
    return (page.get("response_metadata") or {}).get("next_cursor") or ""


def _person(user_id: str, raw: Mapping[str, Any]) -> Person:
    profile = raw.get("profile") or {}
    names = (profile.get("display_name"), profile.get("real_name"), raw.get("real_name"), raw.get("name"))
    return Person(
        id=user_id,
        name=next((str(name) for name in names if name), ""),
        locale=str(raw.get("locale") or _LOCALE),
        is_admin=bool(raw.get("is_admin") or raw.get("is_owner")),
        is_bot=bool(raw.get("is_bot")),
        team_ids=frozenset(_team_ids(raw)),
    )


def _team_ids(raw: Mapping[str, Any]) -> Iterator[str]:
    """Of an organisation's people Slack names one workspace, and beside it all that they belong to.

    Source: https://docs.slack.dev/reference/objects/user-object/
    """
    enterprise_user = raw.get("enterprise_user")
    teams = enterprise_user.get("teams") if isinstance(enterprise_user, Mapping) else None
    yield parse_id(raw, "team_id")
    yield from (str(team) for team in (teams if isinstance(teams, list) else []))


def _conversation(raw: Mapping[str, Any]) -> Conversation:
    topic = raw.get("topic") or {}
    return Conversation(
        id=parse_id(raw, "id"),
        name=str(raw.get("name") or ""),
        topic=str(topic.get("value") or "") if isinstance(topic, Mapping) else "",
        # Direct messages, of two or of more, are seen by those alone who are in them.
        is_member=bool(raw.get("is_member") or raw.get("is_im") or raw.get("is_mpim")),
        is_shared_externally=bool(raw.get("is_ext_shared")),
    )


def _shares(team_id: str, raw: Mapping[str, Any]) -> Iterator[Target]:
    """Where a file was shared: its first share in each channel."""
    file = parse_file(raw)
    shares = raw.get("shares")
    if file is None or not isinstance(shares, Mapping):
        return
    # An empty object can arrive as [].
    for held in (kind for kind in shares.values() if isinstance(kind, Mapping)):
        for channel_id, found in held.items():
            first = min(records(found), key=lambda share: parse_id(share, "ts"), default={})
            target = parse_target(team_id, channel_id, first)
            if target is not None:
                yield replace(target, user_id=parse_id(first, "share_user_id"), files=(file,))
