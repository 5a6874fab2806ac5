"""A thread under a shared clip, and the bot's voice in it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
from pydantic import SecretStr

from bot.clients import build_clients
from bot.model import Job
from bot.playground.slack_lookalike.records import Channel, Message
from bot.playground.slack_lookalike.server import SlackLookalike
from bot.reply import ThreadLookup
from bot.settings.settings import Settings
from bot.slack.client.api import SlackApi, build_api
from bot.slack.client.ephemeral import EphemeralMessages
from bot.slack.client.lookups import Lookups
from bot.slack.client.readers import Readers
from bot.slack.client.uploads import Uploads
from bot.slack.replies.replies import SlackReplies
from bot.translations import ENGLISH, Reader
from tests.slack import payloads
from tests.transcripts import said

NOTHING = ThreadLookup()
HELLO = said("Hello <!channel>, *everybody*.", duration_s=11.4)
LONG_TEXT = " ".join(f"word{number}" for number in range(2_000))
LONG = said(LONG_TEXT, duration_s=700.0)


@dataclass
class Scene:
    """A thread under a shared clip, and the bot's voice in it, wired as the bot wires it."""

    slack: SlackLookalike
    replies: SlackReplies
    channel: Channel
    head: Message
    job: Job
    session: aiohttp.ClientSession

    def speaking(self, thread_reader: Reader, **more: Any) -> SlackReplies:
        """The same with threads in another language."""
        api = build_api(self.session, self.slack.api_url, SecretStr(self.slack.bot_token))
        return replies_with(api, self.session, thread_reader, **more)

    def said(self) -> list[Message]:
        """The bot's messages without files."""
        return [message for message in self.slack.state.replies(self.head) if not message.files]

    def shared(self) -> list[Message]:
        """The bot's messages with files."""
        return [message for message in self.slack.state.replies(self.head) if message.files]

    def calls(self, method: str) -> list[dict[str, Any]]:
        return [dict(call.arguments) for call in self.slack.state.calls if call.method == method]

    async def found(self) -> ThreadLookup:
        return await self.replies.find(self.job)


@asynccontextmanager
async def scene_at(tmp_path: Path) -> AsyncIterator[Scene]:
    """A workspace with one message to answer."""
    async with SlackLookalike() as slack, aiohttp.ClientSession() as session:
        anne = slack.state.add_user("anne")
        channel = slack.state.add_channel("general", anne.id)
        head = slack.state.post_as_user(channel.id, anne.id, "listen")
        settings = Settings(
            _env_file=None,  # type: ignore[call-arg]  # pydantic-settings takes it
            slack_bot_token=slack.bot_token,  # type: ignore[arg-type]  # parsed as from outside
            slack_signing_secret=slack.signing_secret,  # type: ignore[arg-type]  # the same
            slack_api_url=slack.api_url,
            dashscope_api_key="sk-unused",  # type: ignore[arg-type]  # the same
            data_dir=tmp_path,
        )
        replies = replies_with(build_clients(settings, session).api, session)
        file = payloads.shared_file(name="Weekly sync.m4a")
        job = payloads.job(payloads.request(channel_id=channel.id, ts=head.ts, file=file))
        yield Scene(slack, replies, channel, head, job, session)


def replies_with(
    api: SlackApi, session: aiohttp.ClientSession, thread_reader: Reader = ENGLISH, **more: Any
) -> SlackReplies:
    """The bot's voice, as it is wired, with threads in a language."""
    lookups = Lookups(api)
    readers = Readers(lookups, thread_reader)
    uploads = Uploads(api, session, at_once)
    return SlackReplies(api, uploads, EphemeralMessages(api), lookups, readers, **more)


async def at_once(_: float) -> None:
    """A sleep that takes no time."""


def text_in(message: Message) -> str:
    """All of its rich text; blocks are divided at white space."""
    texts = [
        block["elements"][0]["elements"][0]["text"]
        for block in message.blocks
        if block["type"] == "rich_text"
    ]
    return " ".join(texts)
