"""The real process is killed or frozen while people share, edit and delete, and Slack gives up meanwhile."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.playground.slack_lookalike.records import Message
from tests.faults.test_kill import kill, real_bot
from tests.flows.harness import BotHarness, bot_harness_at, words

FROZEN_S = 40.0
"""Longer than any routine renewal of a socket."""


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[BotHarness]:
    """Slack gives up after about a second, in the place of six minutes."""
    async with bot_harness_at(tmp_path, "socket", ack_timeout_s=0.3) as made:
        yield made


async def answered(harness: BotHarness, *messages: Message) -> None:
    await harness.until(lambda: all(harness.replies(message) for message in messages))


async def given_up(harness: BotHarness) -> None:
    waiting = [sent for sent in harness.slack.deliveries if not sent.acked]
    assert waiting
    for sent in waiting:
        await sent.settled()


async def test_killed_while_people_go_on(harness: BotHarness, tmp_path: Path) -> None:
    state = harness.slack.state
    async with real_bot(harness, tmp_path) as bot:
        known, deleted, emptied = (harness.share(harness.clip(number)) for number in (2, 3, 4))
        await answered(harness, known, deleted, emptied)
        await harness.until(lambda: bool(harness.calls("users.conversations")))
        await kill(bot)
    missed = [harness.share(harness.clip(number)) for number in (5, 6)]
    state.delete_message(deleted)
    state.delete_file(emptied.files[0])
    await given_up(harness)
    for _ in range(2):
        async with real_bot(harness, tmp_path):
            await answered(harness, *missed)
            await harness.until(lambda: not (harness.replies(deleted) or harness.replies(emptied)))
    said = [words(reply) for message in (known, *missed) for reply in harness.replies(message)]
    assert said == ["A clip of 2 seconds.", "A clip of 5 seconds.", "A clip of 6 seconds."]


@pytest.mark.soak
@pytest.mark.timeout(180)
async def test_frozen_while_people_go_on(harness: BotHarness, tmp_path: Path) -> None:
    async with real_bot(harness, tmp_path) as bot:
        known = harness.share(harness.clip(2))
        await answered(harness, known)
        os.kill(bot.pid, signal.SIGSTOP)
        missed = harness.share(harness.clip(3))
        await given_up(harness)
        await asyncio.sleep(FROZEN_S)
        os.kill(bot.pid, signal.SIGCONT)
        await answered(harness, missed)
    said = [words(reply) for message in (known, missed) for reply in harness.replies(message)]
    assert said == ["A clip of 2 seconds.", "A clip of 3 seconds."]
