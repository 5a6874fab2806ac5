from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import Rejected, Unavailable
from bot.playground.slack_lookalike.faults import SlackError
from bot.playground.slack_lookalike.records import Channel, Message, User
from bot.playground.slack_lookalike.server import SlackLookalike
from bot.slack.client.api import SlackApi
from bot.slack.client.identity import Identity
from bot.slack.client.recordings import Recordings

TEAM = "T1"


@dataclass
class Conversation:
    """A channel whose time passes as a test wants."""

    slack: SlackLookalike
    channel: Channel
    anne: User
    recordings: Recordings
    now_s: float = 1_700_000_000.0

    def pass_days(self, days: float) -> None:
        self.now_s += days * 86_400

    def say(self, head: Message | None = None, **more: Any) -> Message:
        thread_ts = head.ts if head else None
        return self.slack.state.post_as_user(self.channel.id, self.anne.id, "hm", thread_ts=thread_ts, **more)

    def share(self, head: Message | None = None, **more: Any) -> Message:
        clip = self.slack.state.add_file(b"sound", "a.m4a", user=self.anne.id, as_voice_clip=True)
        return self.say(head, files=[clip], **more)

    async def nearest(self, head: Message) -> str | None:
        """The ``ts`` of what is found above a reply that is written now."""
        ask = self.say(head)
        self.share(head)  # below it
        found = await self.recordings.nearest(TEAM, self.channel.id, head.ts, ask.ts)
        return found.message_ts if found else None

    async def newest(self) -> str | None:
        found = await self.recordings.newest(TEAM, self.channel.id)
        return found.message_ts if found else None

    def calls(self) -> int:
        return len(self.slack.state.calls)


@pytest.fixture
async def talk() -> AsyncIterator[Conversation]:
    async with SlackLookalike() as slack:
        client = AsyncWebClient(slack.bot_token, base_url=slack.api_url, retry_handlers=[])
        workspace = slack.state.workspace
        identity = Identity(TEAM, workspace.bot_id, workspace.bot_user_id, frozenset())
        anne = slack.state.add_user("anne")
        channel = slack.state.add_channel("general", anne.id)
        made = Conversation(slack, channel, anne, Recordings(SlackApi(client, client), identity))
        slack.state.clock = lambda: made.now_s
        yield made


async def test_the_nearest_above_it_is_found_with_one_call(talk: Conversation) -> None:
    head = talk.share()
    talk.share(head)
    nearest = talk.share(head)
    talk.say(head)

    assert await talk.nearest(head) == nearest.ts
    assert talk.calls() == 1


async def test_the_head_is_found_where_nothing_is_nearer(talk: Conversation) -> None:
    head = talk.share()
    talk.say(head)

    assert await talk.nearest(head) == head.ts


async def test_what_is_nearer_than_the_head_may_be_older_than_a_day(talk: Conversation) -> None:
    head = talk.share()
    nearer = talk.share(head)
    talk.pass_days(3)
    talk.say(head)

    assert await talk.nearest(head) == nearer.ts
    assert talk.calls() == 2


async def test_in_a_long_thread_the_last_day_is_looked_through_first(talk: Conversation) -> None:
    head = talk.share()
    for _ in range(1_500):
        talk.say(head)
    talk.pass_days(2)
    nearest = talk.share(head)
    for _ in range(300):
        talk.say(head)

    assert await talk.nearest(head) == nearest.ts
    assert talk.calls() == 2, "pages of the last day"


async def test_no_thread_costs_more_than_two_looks(talk: Conversation) -> None:
    head = talk.share()
    early = talk.share(head)
    for _ in range(1_500):
        talk.say(head)
    talk.share(head)
    talk.pass_days(2)
    for _ in range(1_500):
        talk.say(head)

    assert await talk.nearest(head) == early.ts, "the newest among the first thousand"
    assert talk.calls() == 10


async def test_nothing_is_found_where_nothing_is(talk: Conversation) -> None:
    assert await talk.newest() is None
    assert await talk.nearest(talk.say()) is None


async def test_the_bots_own_messages_and_deleted_files_are_passed_over(talk: Conversation) -> None:
    workspace, head = talk.slack.state.workspace, talk.share()
    deleted = talk.share(head)
    talk.slack.state.delete_file(deleted.files[0])
    for where in (head, None):
        clip = talk.slack.state.add_file(b"sound", "a.m4a", user=workspace.bot_user_id, as_voice_clip=True)
        thread_ts = where.ts if where else None
        for bot_id in (workspace.bot_id, None):
            talk.slack.state.post_as_user(
                talk.channel.id, workspace.bot_user_id, files=[clip], thread_ts=thread_ts, bot_id=bot_id
            )

    assert await talk.newest() == head.ts
    assert await talk.nearest(head) == head.ts


async def test_what_apps_and_peoples_tokens_posted_is_found(talk: Conversation) -> None:
    talk.share()
    voicemail = talk.share(bot_id="B0PHONE0001", subtype="bot_message")

    assert await talk.newest() == voicemail.ts


async def test_a_time_that_is_none_is_left_to_slack(talk: Conversation) -> None:
    head = talk.share()

    with pytest.raises(Rejected):
        await talk.recordings.nearest(TEAM, talk.channel.id, head.ts, "9.x")


@pytest.mark.parametrize(("code", "error"), [("thread_not_found", Rejected), ("internal_error", Unavailable)])
async def test_a_no_is_a_no_and_silence_is_silence(
    talk: Conversation, code: str, error: type[Exception]
) -> None:
    talk.slack.faults.add("conversations.replies", SlackError(code))

    with pytest.raises(error):
        await talk.nearest(talk.say())
