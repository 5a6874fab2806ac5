"""The whole bot for the flow tests: between its look-alikes, with people who share recordings."""

from __future__ import annotations

import asyncio
import io
import math
import struct
import wave
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import av
import pytest

from bot.app import Bot, running
from bot.model import JobState
from bot.playground.dashscope_lookalike.server import DashScopeLookalike
from bot.playground.slack_lookalike.comings import Comings
from bot.playground.slack_lookalike.delivery import Delivery as Sent
from bot.playground.slack_lookalike.delivery import RetrySchedule
from bot.playground.slack_lookalike.interactions import Interactions
from bot.playground.slack_lookalike.records import Channel, File, Message, User, View
from bot.playground.slack_lookalike.server import SlackLookalike
from bot.settings.settings import Settings
from bot.whisper.heard import Heard

Delivery = Literal["socket", "http"]
PATIENCE_S = 40.0

at_the_door = pytest.mark.parametrize("delivery", ["socket", "http"], indirect=True)
"""For one flow of each kind of request: over Socket Mode and over the HTTP Events API, each time."""


def tone(seconds: float, *, rate_hz: int = 16_000, channels: int = 1) -> bytes:
    """A WAV file of a quiet hum: PCM s16le."""
    target = io.BytesIO()
    with wave.open(target, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        one = [round(3000 * math.sin(2 * math.pi * 220 * n / rate_hz)) for n in range(rate_hz // 220 * 20)]
        frames = b"".join(struct.pack("<h", value) * channels for value in one)
        wanted = round(seconds * rate_hz) * channels * 2
        file.writeframes((frames * (wanted // len(frames) + 1))[:wanted])
    return target.getvalue()


@dataclass
class Ear:
    """A recogniser that says how long the audio is that it received: each clip has words of its own."""

    language: str | None = "en"
    text: str | None = None
    """Said instead, where a test wants certain words."""
    texts: dict[int, str] = field(default_factory=dict)
    """The same, by the clip's whole seconds."""
    delays_s: dict[int, float] = field(default_factory=dict)
    """How long it takes, by the clip's whole seconds."""
    languages: list[str | None] = field(default_factory=list)
    """What it was told is spoken, clip by clip; the bot's verification at start counts too."""
    contexts: list[str] = field(default_factory=list)
    """What it was told to expect."""

    async def hear(self, audio: bytes, language: str | None, context: str) -> Heard:
        self.languages.append(language)
        self.contexts.append(context)
        with av.open(io.BytesIO(audio), "r") as container:
            frames = list(container.decode(audio=0))
            seconds = sum(frame.samples for frame in frames) / frames[0].sample_rate
        await asyncio.sleep(self.delays_s.get(round(seconds), 0.0))
        text = self.text
        if text is None:
            text = self.texts.get(round(seconds), f"A clip of {round(seconds)} seconds.")
        return Heard(text, language or self.language, seconds)


@dataclass
class BotHarness:
    """Everything that a flow test touches."""

    slack: SlackLookalike
    dashscope: DashScopeLookalike
    ear: Ear
    ada: User
    channel: Channel
    settings: Settings
    delivery: Delivery = "socket"
    bot: Bot | None = None
    events_url: str = ""
    """Where the bot takes events in HTTP mode."""

    def clip(self, seconds: float = 2, name: str = "audio_message.wav", **described: Any) -> File:
        """A voice clip of Ada's."""
        return self.slack.state.add_file(
            tone(seconds),
            name,
            **{"user": self.ada.id, "mimetype": "audio/wav", "as_voice_clip": True, **described},
        )

    def share(self, *files: File, text: str = "", **more: Any) -> Message:
        """Ada posts files in the channel."""
        channel = more.pop("channel", self.channel)
        return self.slack.state.post_as_user(channel.id, self.ada.id, text, files=files, **more)

    def replies(self, message: Message) -> list[Message]:
        """What the bot has said in the message's thread."""
        return self.slack.state.replies(message)

    @property
    def people(self) -> Interactions:
        """What people do besides writing."""
        return Interactions(self.slack)

    @property
    def comings(self) -> Comings:
        """People and the bot come and go."""
        return Comings(self.slack.state)

    def whispers(self, user: User | None = None) -> list[Message]:
        """What the bot has told one person in channels, unseen by others."""
        who = user or self.ada
        return [m for m in self.slack.state.messages.values() if m.ephemeral_for == who.id]

    def direct(self, user: User | None = None) -> list[Message]:
        """What the bot has told one person by direct message."""
        who, bot = user or self.ada, self.slack.state.workspace
        return [
            message
            for message in self.slack.state.messages.values()
            if message.bot_id == bot.bot_id
            and message.ephemeral_for is None
            and set(self.slack.state.channels[message.channel_id].members) == {who.id, bot.bot_user_id}
        ]

    def modal(self, user: User | None = None) -> View:
        """The modal that somebody sees."""
        who = user or self.ada
        return next(
            view
            for view in reversed(self.slack.state.views.values())
            if view.user == who.id and not view.closed
        )

    async def command(
        self, text: str = "", *, user: User | None = None, channel: Channel | None = None
    ) -> str:
        """Type ``/transcribe``; what it answers at once."""
        known = len(self.whispers(user))
        where, who = (channel or self.channel).id, (user or self.ada).id
        await self.done(self.people.slash_command(where, who, "/transcribe", text))
        answers = self.whispers(user)[known:]
        return answers[0].text if answers else ""

    async def done(self, sent: Sent) -> None:
        """Wait until the bot has acknowledged something, which it must, and done what follows."""
        await sent.settled()
        assert sent.acked, sent.payload.get("type", sent.kind)
        if self.bot is not None:
            await self.bot.background.done()

    async def answered(self, message: Message, replies: int = 1) -> list[Message]:
        """Wait for this many final replies, and return all."""
        await self.until(lambda: sum(is_final(reply) for reply in self.replies(message)) >= replies)
        await self.idle()
        return self.replies(message)

    async def noticed(self, message: Message) -> Message:
        """Wait for a word that is not the last."""
        await self.until(lambda: bool(self.replies(message)))
        return self.replies(message)[0]

    async def idle(self) -> None:
        """Wait until every delivery is acknowledged and the bot has nothing left to do."""
        await self.slack.settled()
        if self.bot is not None:
            await self.bot.background.done()
            jobs = self.bot.store.requests
            await self.until_async(lambda: _is_empty(jobs.depth))

    async def idle_jobs(self) -> None:
        """Wait until the bot has nothing left to do, whatever is still delivered."""
        assert self.bot is not None
        jobs = self.bot.store.requests
        await self.until_async(lambda: _is_empty(jobs.depth))

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait for something to become true.

        Raises:
            TimeoutError: it did not.
        """
        async with asyncio.timeout(PATIENCE_S):
            while not condition():  # noqa: ASYNC110  # the state of a server tells no one
                await asyncio.sleep(0.01)

    async def until_async(self, condition: Callable[[], Awaitable[bool]]) -> None:
        """The same for a question that has to be awaited."""
        async with asyncio.timeout(PATIENCE_S):
            while not await condition():  # noqa: ASYNC110  # the same
                await asyncio.sleep(0.01)

    def calls(self, method: str) -> list[dict[str, Any]]:
        """Arguments of the bot's calls of a method, in order."""
        return [dict(call.arguments) for call in self.slack.state.calls if call.method == method]

    @asynccontextmanager
    async def bot_running(self, **changes: Any) -> AsyncIterator[Bot]:
        """The bot in this process, with some settings changed."""
        async with running(self.settings.model_copy(update=changes)) as bot:
            self.bot = bot
            if self.delivery == "http":
                self.events_url = f"http://127.0.0.1:{bot.http_port}/slack/events"
                await self.slack.deliver_to(self.events_url)
            try:
                yield bot
            finally:
                self.bot = None


async def _is_empty(depth: Callable[[], Awaitable[dict[JobState, int]]]) -> bool:
    return not any((await depth()).values())


def is_final(reply: Message) -> bool:
    """Whether a reply of the bot is its last word."""
    return state_of(reply) in {"transcribed", "gapped", "refused", "failed"}


def state_of(reply: Message) -> str:
    """The state that a reply's metadata tells."""
    metadata = reply.metadata or {}
    return str(metadata.get("event_payload", {}).get("state", ""))


def words(reply: Message) -> str:
    """The rich text of a reply, as plain characters, without time marks; divided at white space."""
    blocks = [block for block in reply.blocks if block["type"] == "rich_text"]
    assert reply.blocks[: len(blocks)] == blocks
    sections = [section for block in blocks for section in block["elements"]]
    elements = [element for section in sections for element in section["elements"]]
    assert all(element["type"] == "text" for element in elements)
    return " ".join(
        "".join(element["text"] for element in section["elements"] if "style" not in element)
        for section in sections
    )


def time_marks(reply: Message) -> list[str]:
    """The time marks in the rich text of a reply."""
    sections = [
        section for block in reply.blocks if block["type"] == "rich_text" for section in block["elements"]
    ]
    elements = [element for section in sections for element in section["elements"]]
    return [element["text"].strip() for element in elements if "style" in element]


def context(reply: Message) -> str:
    """The quiet line under a reply."""
    return "".join(
        element["text"]
        for block in reply.blocks
        if block["type"] == "context"
        for element in block["elements"]
    )


@asynccontextmanager
async def bot_harness_at(
    path: Path, delivery: Delivery, *, ack_timeout_s: float = 3.0
) -> AsyncIterator[BotHarness]:
    """The look-alikes with Ada and her channel; the bot is started by the test."""
    ear = Ear()
    schedule = RetrySchedule(ack_timeout_s=ack_timeout_s, delays_s=(0.05, 0.1, 0.5))
    async with SlackLookalike(schedule=schedule) as slack, DashScopeLookalike(ear.hear) as dashscope:
        ada = slack.state.add_user("ada")
        channel = slack.state.add_channel("voice-notes", ada.id)
        settings = Settings(
            _env_file=None,  # type: ignore[call-arg]  # pydantic-settings takes it
            **environment(slack, dashscope, path, delivery),  # type: ignore[arg-type]  # parsed as from outside
        )
        yield BotHarness(slack, dashscope, ear, ada, channel, settings, delivery)


def environment(
    slack: SlackLookalike, dashscope: DashScopeLookalike, path: Path, delivery: Delivery
) -> dict[str, str]:
    """The bot's settings, in lower case, pointed at the look-alikes."""
    values = {
        "slack_bot_token": slack.bot_token,
        "slack_signing_secret": slack.signing_secret,
        "slack_api_url": slack.api_url,
        "slack_file_origins": slack.origin,
        "dashscope_api_key": dashscope.api_key,
        "dashscope_base_url": dashscope.base_url,
        "data_dir": str(path / "data"),
        "http_port": "0",
    }
    if delivery == "socket":
        values["slack_app_token"] = slack.app_token
    return values
