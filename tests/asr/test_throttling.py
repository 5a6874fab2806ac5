from __future__ import annotations

import asyncio
import io
import wave
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from pydantic import SecretStr

from bot.asr.dashscope import DashScope
from bot.errors import Outage, Unavailable
from bot.playground.dashscope_lookalike.faults import Answer
from bot.playground.dashscope_lookalike.server import DashScopeLookalike
from bot.recording import PreparedAudio
from bot.whisper.heard import Heard
from tests.asr.stand import Clock, audio

THROTTLING = Answer(429, "Throttling.RateQuota", "Requests rate limit exceeded, please try again later.")
AT_ONCE = 8


class Line:
    """A recogniser that may ask eight things at once, and the service at the other end."""

    def __init__(self, clip: PreparedAudio) -> None:
        self.clip = clip
        self.clock = Clock()
        self.service = DashScopeLookalike(self._hear)
        self.running = 0
        self.most_running = 0
        self.recogniser: DashScope

    async def _hear(self, _audio: bytes, _language: str | None, _context: str) -> Heard:
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        # Long enough for others to come meanwhile, if they were let.
        await asyncio.sleep(0.005)
        self.running -= 1
        return Heard(text="Bring the ladder.", language="en", duration_s=1.0)

    async def ask(self, requests: int, flow: str = "long") -> list[Outage | None]:
        """What became of so many requests made together: ``None`` where it was heard."""
        return await asyncio.gather(*(self._ask(flow) for _ in range(requests)))

    async def _ask(self, flow: str) -> Outage | None:
        try:
            await self.recogniser.recognise(self.clip, language="en", flow=flow)
        except Unavailable as error:
            return error.reason
        return None


@pytest.fixture
async def line(tmp_path: Path) -> AsyncIterator[Line]:
    second = io.BytesIO()
    with wave.open(second, "wb") as file:
        file.setparams((1, 2, 16_000, 0, "NONE", "NONE"))
        file.writeframes(bytes(32_000))
    line = Line(audio(tmp_path, second.getvalue()))
    async with line.service, aiohttp.ClientSession() as session:
        line.recogniser = DashScope(
            session,
            base_url=line.service.base_url,
            api_key=SecretStr(line.service.api_key),
            model="qwen3-asr-flash",
            language=None,
            enable_itn=False,
            concurrency=AT_ONCE,
            requests_per_minute=10_000,
            clock=line.clock,
            sleep=line.clock.sleep,
        )
        yield line


async def test_one_throttled_burst_halves_the_limit_once_and_answers_raise_it_again(line: Line) -> None:
    line.service.faults.add(THROTTLING, times=AT_ONCE)
    assert await line.ask(AT_ONCE) == [Outage.RECOGNISER_BUSY] * AT_ONCE
    assert line.recogniser.limit == 4
    assert line.recogniser.last_word is not None
    assert line.recogniser.last_word.failure is None, "it answered"
    assert await line.ask(4) == [None] * 4
    assert line.most_running <= 4
    assert await line.ask(60) == [None] * 60
    assert line.recogniser.limit == AT_ONCE
    assert 4 < line.most_running <= AT_ONCE
    assert len(line.service.calls) == AT_ONCE + 64, "it must not try again by itself: each call is billed"


async def test_throttled_again_and_again_it_asks_one_thing_at_a_time(line: Line) -> None:
    line.service.faults.add(THROTTLING, times=4)
    limits = []
    for _ in range(4):
        assert await line.ask(1) == [Outage.RECOGNISER_BUSY]
        limits.append(line.recogniser.limit)
    assert limits == [4, 2, 1, 1]
    assert await line.ask(1) == [None]
    assert line.recogniser.limit == 2


async def test_it_settles_where_the_provider_lets_it(line: Line) -> None:
    calls = line.service.calls
    line.service.faults.add(
        THROTTLING, times=None, when=lambda _call: sum(call.ended_at is None for call in calls) > 3
    )
    left = 100
    throttled = 0
    while left:
        outcomes = await line.ask(left)
        left = len(outcomes) - outcomes.count(None)
        throttled += left
        assert set(outcomes) <= {None, Outage.RECOGNISER_BUSY}
    assert throttled < 60


async def test_a_wait_that_the_provider_asks_for_holds_back_everyone(line: Line) -> None:
    line.service.faults.add(Answer(429, "Throttling.RateQuota", retry_after_s=20))
    began_s = line.clock.now_s
    assert await line.ask(1) == [Outage.RECOGNISER_BUSY]
    assert line.clock.now_s == began_s
    await line.recogniser.verify()
    assert line.clock.now_s == began_s + 20


async def test_another_outage_slows_nothing_down(line: Line) -> None:
    line.service.faults.add(Answer(503, "ModelUnavailable", retry_after_s=20))
    began_s = line.clock.now_s
    assert await line.ask(1) == [Outage.RECOGNISER]
    assert await line.ask(1, "clip") == [None]
    assert line.recogniser.limit == AT_ONCE
    assert line.clock.now_s == began_s


async def test_a_clip_and_a_verification_take_turns_with_a_long_recording(line: Line) -> None:
    holds = [line.service.faults.hold() for _ in range(AT_ONCE)]
    long = asyncio.create_task(line.ask(60))
    for hold in holds:
        await hold.reached()
    clip = asyncio.create_task(line.recogniser.recognise(line.clip, language="de", flow="clip"))
    verification = asyncio.create_task(line.recogniser.verify())
    await asyncio.sleep(0)
    holds[0].release()
    await clip
    await verification
    languages = [call.language for call in line.service.calls]
    assert languages[: AT_ONCE + 2] == ["en"] * AT_ONCE + ["de", None]
    for hold in holds:
        hold.release()
    assert await long == [None] * 60
