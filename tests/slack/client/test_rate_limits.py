from __future__ import annotations

import asyncio

import pytest

from bot.errors import Unavailable
from bot.slack.client.rate_limits import RateLimits
from tests.job.virtual import VirtualTime

POST = "chat.postMessage"


class Calls:
    """Calls that wait for the limits, and when they were made."""

    def __init__(self) -> None:
        self.time = VirtualTime()
        self.limits = RateLimits(lambda: self.time.passed_s, self.time.sleep)
        self.made: list[tuple[str, float]] = []

    def start(self, name: str, channel: str = "C1", method: str = POST) -> asyncio.Task[None]:
        return asyncio.create_task(self._call(name, channel, method))

    async def _call(self, name: str, channel: str, method: str) -> None:
        await self.limits.wait(method, {"channel": channel}, None)
        self.made.append((name, self.time.passed_s))


async def test_posts_in_a_channel_go_one_after_the_other_after_a_burst_in_their_order() -> None:
    calls = Calls()
    for number in range(6):
        calls.start(str(number))
    calls.start("elsewhere", "C2")
    await calls.time.run(100)
    made = dict(calls.made)
    assert made.pop("elsewhere") == 0
    assert list(made) == ["0", "1", "2", "3", "4", "5"]
    assert list(made.values()) == pytest.approx([0, 0, 0, 0.3, 0.6, 0.9])


async def test_a_429_of_a_post_pauses_its_channel_and_its_own_repeat_goes_first() -> None:
    calls = Calls()

    async def refused() -> None:
        await calls.limits.pause(POST, {"channel": "C1"}, 10, None)
        calls.made.append(("repeat", calls.time.passed_s))

    again = asyncio.create_task(refused())
    await calls.time.settle()
    waiting = [calls.start("1"), calls.start("2"), calls.start("elsewhere", "C2")]
    await calls.time.run(100)
    await asyncio.gather(again, *waiting)
    assert calls.made == [("elsewhere", 0), ("repeat", 10), ("1", 11), ("2", 12)]


async def test_a_429_of_any_other_method_pauses_it_in_all_channels() -> None:
    calls = Calls()
    again = asyncio.create_task(calls.limits.pause("chat.update", {"channel": "C1"}, 10, None))
    await calls.time.settle()
    waiting = [
        calls.start("update", "C2", "chat.update"),
        calls.start("read", "C2", "conversations.info"),
        calls.start("post", "C1"),
    ]
    await calls.time.run(100)
    await asyncio.gather(again, *waiting)
    assert sorted(calls.made) == [("post", 0), ("read", 0), ("update", 10)]


async def test_a_long_pause_is_the_callers_to_wait_for() -> None:
    calls = Calls()
    with pytest.raises(Unavailable) as refused:
        await calls.limits.pause(POST, {"channel": "C1"}, 600, None)
    assert refused.value.retry_after_s == 600
    with pytest.raises(Unavailable) as waiting:
        await calls.limits.wait(POST, {"channel": "C1"}, None)
    assert waiting.value.retry_after_s == 600
    assert calls.time.passed_s == 0
    with pytest.raises(Unavailable):
        await calls.limits.pause(POST, {"channel": "C2"}, 5, 3.0)


async def test_what_is_known_of_many_quiet_channels_is_dropped() -> None:
    calls = Calls()
    for number in range(3000):
        calls.time.passed_s += 5
        await calls.limits.wait(POST, {"channel": f"C{number}"}, None)
    assert len(calls.limits._limits) <= 1000
