"""The system's clock is set while recordings wait: they are answered when they would have been."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.playground.dashscope_lookalike import faults as dashscope
from tests.faults.test_kill import is_clip, kill, real_bot
from tests.flows.harness import BotHarness, bot_harness_at, state_of, words

ROOT = Path(__file__).parents[2]
HOUR_S, DAY_S = 3600, 86_400

SET_CLOCK = """
import datetime, pathlib

_FILE = pathlib.Path({path!r})

class _SetClock(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return super().now(tz) + datetime.timedelta(seconds=float(_FILE.read_text()))

datetime.datetime = _SetClock
"""
"""Makes the clock of a process, as ``datetime`` reads it, differ by as many seconds as a file says."""


class SystemClock:
    """The clock of the bot's process alone."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self._file = folder / "ahead_s"
        self.set(0)
        (folder / "sitecustomize.py").write_text(SET_CLOCK.format(path=str(self._file)))
        self.path = f"{folder}:{ROOT}"

    def set(self, ahead_s: float) -> None:
        self._file.write_text(str(ahead_s))


@pytest.fixture
def clock(tmp_path: Path) -> SystemClock:
    return SystemClock(tmp_path / "clock")


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[BotHarness]:
    async with bot_harness_at(tmp_path, "socket") as made:
        yield made


@pytest.mark.parametrize("ahead_s", [-HOUR_S, -DAY_S, HOUR_S, DAY_S])
async def test_a_recording_that_waits_is_tried_again_in_time(
    harness: BotHarness, tmp_path: Path, clock: SystemClock, ahead_s: float
) -> None:
    harness.dashscope.faults.add(dashscope.Answer(500, "InternalError"), when=is_clip, times=2)
    async with real_bot(harness, tmp_path, PYTHONPATH=clock.path) as bot:
        tried = bot.expect(lambda line: line.get("event") == "job" and line.get("outcome") == "retry")
        message = harness.share(harness.clip())
        await tried
        clock.set(ahead_s)
        async with asyncio.timeout(30):
            (reply,) = await harness.answered(message)
    assert words(reply) == "A clip of 2 seconds."


async def test_a_call_that_fails_after_the_clock_was_set_ahead_is_not_the_last(
    harness: BotHarness, tmp_path: Path, clock: SystemClock
) -> None:
    held = harness.dashscope.faults.hold(when=is_clip)
    async with real_bot(harness, tmp_path, PYTHONPATH=clock.path):
        message = harness.share(harness.clip())
        await held.reached()
        clock.set(DAY_S)
        held.drop()
        (reply,) = await harness.answered(message)
    assert (words(reply), state_of(reply)) == ("A clip of 2 seconds.", "transcribed")


@pytest.mark.parametrize("ahead_s", [HOUR_S, DAY_S])
async def test_what_was_written_while_the_clock_was_ahead_is_due_at_the_next_start(
    harness: BotHarness, tmp_path: Path, clock: SystemClock, ahead_s: float
) -> None:
    harness.dashscope.faults.add(dashscope.Answer(500, "InternalError"), when=is_clip)
    clock.set(ahead_s)
    async with real_bot(harness, tmp_path, PYTHONPATH=clock.path) as bot:
        tried = bot.expect(lambda line: line.get("event") == "job" and line.get("outcome") == "retry")
        message = harness.share(harness.clip())
        await tried
    clock.set(0)
    ages: list[float] = []
    async with real_bot(harness, tmp_path, PYTHONPATH=clock.path) as bot:
        ended = bot.expect(lambda line: line.get("event") == "job")
        (reply,) = await harness.answered(message)
        ages.append((await ended)["total_s"])
    assert words(reply) == "A clip of 2 seconds."
    assert 0 <= ages[0] < 60, "a recording from the future is as old as this start"


async def test_a_reply_that_was_posted_while_the_clock_was_ahead_is_not_posted_again(
    harness: BotHarness, tmp_path: Path, clock: SystemClock
) -> None:
    held = harness.slack.faults.hold("chat.postMessage", after_acting=True)
    clock.set(DAY_S)
    async with real_bot(harness, tmp_path, PYTHONPATH=clock.path) as bot:
        message = harness.share(harness.clip())
        await held.reached()
        await kill(bot)
    held.drop()
    clock.set(0)
    async with real_bot(harness, tmp_path, PYTHONPATH=clock.path) as bot:
        await bot.expect(lambda line: line.get("event") == "job")
    (reply,) = harness.slack.state.replies(message)
    assert words(reply) == "A clip of 2 seconds."


async def test_what_was_shared_meanwhile_is_heard_though_the_clock_had_been_ahead(
    tmp_path: Path, clock: SystemClock
) -> None:
    async with bot_harness_at(tmp_path, "socket", ack_timeout_s=0.3) as harness:
        clock.set(DAY_S)
        async with real_bot(harness, tmp_path, PYTHONPATH=clock.path):
            await harness.answered(harness.share(harness.clip()))
        clock.set(0)
        missed = harness.share(harness.clip())
        await harness.slack.settled()
        async with real_bot(harness, tmp_path, PYTHONPATH=clock.path), asyncio.timeout(30):
            (reply,) = await harness.answered(missed)
    assert words(reply) == "A clip of 2 seconds."
