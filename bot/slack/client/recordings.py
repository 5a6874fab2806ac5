"""Search for the recording that is meant: the newest of a channel, or the nearest above a reply."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bot.model import FileState
from bot.slack.client.api import SlackApi
from bot.slack.client.api_errors import refusal_means_closed
from bot.slack.client.identity import Identity
from bot.slack.incoming.fields import objects_in
from bot.slack.incoming.messages import Message, SharedMessage

_RECENT = 100
"""Messages of a channel among which the newest recording is looked for."""
_PAGE = 200
_MOST_REPLIES = 1_000
"""Messages of a thread that one look through it reads: five calls."""
_A_DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class Recordings:
    """Finds recordings among messages; the bot's own messages are passed over.

    What is closed to the bot is ``Rejected``; Slack's silence ``Unavailable``, a wrong scope or token
    ``Misconfigured``.
    """

    api: SlackApi
    identity: Identity

    async def newest(self, team_id: str, channel_id: str) -> SharedMessage | None:
        """The newest message of a channel with something that could be transcribed; not in its threads.

        Source: https://docs.slack.dev/reference/methods/conversations.history
        """
        with refusal_means_closed():
            page = await self.api.read("conversations.history", channel=channel_id, limit=_RECENT)
        messages = map(Message.model_validate, objects_in(page.get("messages")))
        return next(self._among(messages, team_id, channel_id), None)

    async def nearest(
        self, team_id: str, channel_id: str, thread_ts: str, before_ts: str
    ) -> SharedMessage | None:
        """The newest message of a thread before one of its replies with something that could be transcribed.

        Slack pages through a thread from its head on, and what is meant mostly stands near: the day before
        the reply is looked through first, and the whole thread only where nothing is found in it. Each look
        reads 1,000 messages at most, oldest first.

        Source: https://docs.slack.dev/reference/methods/conversations.replies
        """
        day_before = _a_day_before(before_ts)
        if day_before > thread_ts:
            messages = await self._replies(channel_id, thread_ts, before_ts, oldest=day_before)
            # The head comes along whatever is asked for: what is older than a day may be nearer.
            recent = [message for message in messages if message.ts > thread_ts]
            if found := self._newest_of(recent, team_id, channel_id):
                return found
        messages = await self._replies(channel_id, thread_ts, before_ts)
        return self._newest_of(messages, team_id, channel_id)

    async def _replies(
        self, channel_id: str, thread_ts: str, before_ts: str, oldest: str | None = None
    ) -> list[Message]:
        """The head of a thread and its replies between two times, as far as one look reads."""
        found: list[Message] = []
        with refusal_means_closed():
            async for page in self.api.pages(
                "conversations.replies",
                channel=channel_id,
                ts=thread_ts,
                oldest=oldest,
                latest=before_ts,
                limit=_PAGE,
            ):
                found += map(Message.model_validate, objects_in(page.get("messages")))
                if len(found) >= _MOST_REPLIES:
                    break
        # Slack's times have one length, and so the order of their text.
        return [message for message in found if message.ts < before_ts]

    def _newest_of(self, messages: Iterable[Message], team_id: str, channel_id: str) -> SharedMessage | None:
        found = self._among(messages, team_id, channel_id)
        return max(found, key=lambda target: target.message_ts, default=None)

    def _among(self, messages: Iterable[Message], team_id: str, channel_id: str) -> Iterator[SharedMessage]:
        ours = {self.identity.bot_user_id, self.identity.bot_id} - {""}
        for message in messages:
            target = message.target(team_id, channel_id)
            if target is None or ours & {message.user, message.bot_id}:
                continue
            # A deleted file leaves a tombstone without a type.
            if any(file.state is not FileState.GONE for file in target.transcribable):
                yield target


def _a_day_before(ts: str) -> str:
    """The time a day before; empty where the first one is none."""
    try:
        return f"{float(ts) - _A_DAY_S:.6f}"
    except ValueError:
        return ""
