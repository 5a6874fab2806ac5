"""Node's @slack/bolt, over Socket Mode, judges the Slack look-alike."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.playground.slack_lookalike.server import SlackLookalike
from tests.npm import NODE, install, needs_npm

_SOURCE = Path(__file__).parent / "node"
pytestmark = [needs_npm, pytest.mark.slow]


@pytest.fixture(scope="module")
def installed_app() -> Path:
    """The app with its locked packages."""
    install(_SOURCE)
    return _SOURCE / "app.js"


@asynccontextmanager
async def bolt(app: Path, slack: SlackLookalike) -> AsyncIterator[asyncio.subprocess.Process]:
    known = {"SLACK_API_URL": slack.api_url, "SLACK_BOT_TOKEN": slack.bot_token}
    environment = {"PATH": os.environ["PATH"], "SLACK_APP_TOKEN": slack.app_token, **known}
    process = await asyncio.create_subprocess_exec(
        str(NODE), str(app), stdout=asyncio.subprocess.PIPE, env=environment
    )
    try:
        yield process
    finally:
        process.terminate()
        await process.wait()


async def said(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    async with asyncio.timeout(20):
        while line := (await process.stdout.readline()).decode().strip():
            if line in {"ready", "replied"}:
                return line
    return "ended"


async def test_a_bolt_app_hears_a_voice_clip_and_replies_in_the_thread(installed_app: Path) -> None:
    async with SlackLookalike() as slack, bolt(installed_app, slack) as process:
        ann = slack.state.add_user("ann")
        channel = slack.state.add_channel("general", ann.id)
        assert await said(process) == "ready"
        await slack.socket_mode.connected()

        clip = slack.state.add_file(
            b"\0" * 70_000, "audio_message.m4a", user=ann.id, as_voice_clip=True, duration_ms=6_899
        )
        message = slack.state.post_as_user(channel.id, ann.id, files=[clip])
        assert await said(process) == "replied"
        await slack.settled()

        (reply,) = slack.state.replies(message)
        assert reply.text == "audio_message.m4a: 70000 bytes, 6899 ms"
        assert reply.thread_ts == message.ts
        assert all(len(delivery.attempts) == 1 for delivery in slack.deliveries)


async def test_a_bolt_app_comes_back_after_a_disconnect_frame(installed_app: Path) -> None:
    async with SlackLookalike() as slack, bolt(installed_app, slack) as process:
        ann = slack.state.add_user("ann")
        channel = slack.state.add_channel("general", ann.id)
        assert await said(process) == "ready"
        await slack.socket_mode.connected()
        await slack.socket_mode.disconnect("refresh_requested")

        clip = slack.state.add_file(b"abc", "audio_message.m4a", user=ann.id, as_voice_clip=True)
        message = slack.state.post_as_user(channel.id, ann.id, files=[clip])
        assert await said(process) == "replied"
        assert len(slack.state.replies(message)) == 1
