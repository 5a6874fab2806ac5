"""The test stand: the real bot as a child process between two look-alikes that run in this process."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Literal

import aiohttp
import psutil
from prometheus_client.parser import text_string_to_metric_families

from benchmarks.clips import Clip
from bot.playground.bot_process import BotProcess, LogLine, bot_running
from bot.playground.dashscope_lookalike.server import DashScopeLookalike
from bot.playground.slack_lookalike.delivery import Delivery
from bot.playground.slack_lookalike.post_limits import PostLimits
from bot.playground.slack_lookalike.records import File, JsonObject, Message
from bot.playground.slack_lookalike.server import SlackLookalike
from bot.whisper.heard import Heard

DeliveryMode = Literal["socket", "http"]
_VERIFY_PATIENCE_S = 10.0


@dataclass
class Ear:
    """A recogniser that takes the same time for whatever it gets."""

    latency_s: float = 0.0
    slept_s: list[float] = field(default_factory=list)
    """How long each call took in truth, in order of ending."""

    async def recognise(self, _audio: bytes, _language: str | None, _context: str) -> Heard:
        """Sleep, then say a sentence."""
        started = time.perf_counter()
        await asyncio.sleep(self.latency_s)
        self.slept_s.append(time.perf_counter() - started)
        return Heard("And so, my fellow Americans, ask not what your country can do for you.", "en", 15.0)


@dataclass
class Stand:
    """Everything that a measurement touches."""

    slack: SlackLookalike
    dashscope: DashScopeLookalike
    ear: Ear
    bot: BotProcess
    process: psutil.Process
    """The bot's, from outside."""
    start_s: float
    """From starting the process until it took events."""
    http_port: int
    person: str
    channel: str
    replied_at: dict[str, float]
    """When the bot's first reply stood in a thread, in epoch seconds, by the thread's ``ts``."""

    def upload(self, clip: Clip) -> File:
        """A file of its own."""
        return self.slack.state.add_file(
            clip.path, clip.path.name, user=self.person, mimetype=clip.mimetype, as_voice_clip=True
        )

    def post(self, file: File) -> tuple[Message, Delivery]:
        """Share a file; how the bot hears of it comes along."""
        number = len(self.slack.deliveries)
        message = self.slack.state.post_as_user(self.channel, self.person, files=[file])
        return message, self.slack.deliveries[number]

    def ended(self, file: File) -> asyncio.Future[LogLine]:
        """The canonical log line of the file's job; call it before the file is posted."""
        return self.bot.expect(lambda line: line.get("event") == "job" and line.get("file_id") == file.id)

    async def depth(self) -> dict[str, int]:
        """Unfinished jobs by state, as the bot's metrics say."""
        url = f"http://127.0.0.1:{self.http_port}/metrics"
        async with aiohttp.ClientSession() as session, session.get(url) as response:
            text = await response.text()
        return {
            sample.labels["state"]: int(sample.value)
            for family in text_string_to_metric_families(text)
            for sample in family.samples
            if sample.name == "threadscribe_queue_depth"
        }


@asynccontextmanager
async def standing(delivery: DeliveryMode, latency_s: float) -> AsyncIterator[Stand]:
    """A fresh bot with an empty database that is connected and verified, until the block ends.

    Args:
        delivery: How events reach it.
        latency_s: How long the recogniser takes, once it was verified.

    Raises:
        BotDied: it did not come up.
    """
    ear = Ear()
    async with SlackLookalike() as slack, DashScopeLookalike(ear.recognise) as dashscope:
        # Measured is the bot: clips come faster, one after the other in one channel, than Slack takes posts.
        slack.state.post_limits = PostLimits(burst=1_000_000)
        person = slack.state.add_user("ada").id
        channel = slack.state.add_channel("voice-notes", person).id
        replied_at: dict[str, float] = {}

        def note_reply(payload: JsonObject) -> None:
            event = payload["event"]
            if event.get("bot_id") and event.get("thread_ts"):
                replied_at.setdefault(event["thread_ts"], slack.state.clock())

        slack.state.sinks.append(note_reply)
        verified: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def watch(line: LogLine) -> None:
            if line.get("event") == "verified" and not verified.done():
                verified.set_result(None)

        started = time.perf_counter()
        async with bot_running(_environment(slack, dashscope, delivery), watch) as (bot, ready):
            start_s = time.perf_counter() - started
            async with asyncio.timeout(_VERIFY_PATIENCE_S):
                await verified
            ear.latency_s = latency_s
            port = int(ready["http_port"])
            if delivery == "http":
                await slack.deliver_to(f"http://127.0.0.1:{port}/slack/events")
            process = psutil.Process(bot.pid)
            yield Stand(
                *(slack, dashscope, ear, bot, process, start_s, port, person, channel),
                replied_at=replied_at,
            )


def _environment(
    slack: SlackLookalike, dashscope: DashScopeLookalike, delivery: DeliveryMode
) -> dict[str, str]:
    environment = {
        "SLACK_BOT_TOKEN": slack.bot_token,
        "SLACK_SIGNING_SECRET": slack.signing_secret,
        "SLACK_API_URL": slack.api_url,
        "SLACK_FILE_ORIGINS": slack.origin,
        "DASHSCOPE_API_KEY": dashscope.api_key,
        "DASHSCOPE_BASE_URL": dashscope.base_url,
        # Else the account's limit would be what is measured.
        "ASR_REQUESTS_PER_MINUTE": "100000",
    }
    if delivery == "socket":
        environment["SLACK_APP_TOKEN"] = slack.app_token
    return environment
