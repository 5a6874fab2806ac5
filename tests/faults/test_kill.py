"""kill -9 around every outside call: whatever the moment, the next start answers, once.

Nothing in the bot helps: the look-alikes hold a call before acting, or after acting and before answering, and
the test kills the real process there. The calls come from a recorded run, so a new one is covered by itself.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.playground.bot_process import BotProcess, bot_running
from bot.playground.dashscope.faults import Hold as DashScopeHold
from bot.playground.slack.faults import Hold as SlackHold
from bot.playground.slack.records import Message
from tests.faults.relay import Relay
from tests.flows.world import Delivery, World, environment, state_of, words, world_at

_NOT_OF_THE_JOB = frozenset({"auth.test", "apps.connections.open", "socket_connect"})
"""Calls of the start, which no accepted job depends on; and the job's own calls come after them."""

# What a run is known to call. The test below fails when a recorded run calls anything else.
CALLS = [
    "socket_ack",
    "files.info",
    "download",
    "assistant.threads.setStatus",
    "recognise",
    "chat.postMessage",
]


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with world_at(tmp_path, "socket") as made:
        yield made


@asynccontextmanager
async def real_bot(
    world: World, tmp_path: Path, delivery: Delivery = "socket", **changes: str
) -> AsyncIterator[BotProcess]:
    """The bot as a process of its own, on the world's data directory."""
    settings = {
        name.upper(): value
        for name, value in (environment(world.slack, world.dashscope, tmp_path, delivery) | changes).items()
    }
    async with bot_running(settings, lambda _line: None) as (bot, ready):
        if delivery == "http":
            world.events_url = f"http://127.0.0.1:{ready['http_port']}/slack/events"
            await world.slack.deliver_to(world.events_url)
        yield bot


def share(world: World) -> Message:
    """A clip whose address comes late, so that ``files.info`` is called too."""
    return world.share(world.clip(2, urls_missing_for=1))


def hold(world: World, method: str, *, after_acting: bool) -> SlackHold | DashScopeHold:
    """Hold the next call of a method; of the recogniser's, that of the clip (the first asks for silence)."""
    if method == "recognise":
        return world.dashscope.faults.hold(
            after_acting=after_acting, when=lambda call: round(call.duration_s or 0) == 2
        )
    return world.slack.faults.hold(method, after_acting=after_acting)


async def kill(bot: BotProcess) -> None:
    os.kill(bot.pid, signal.SIGKILL)


async def answered_once(world: World, message: Message) -> None:
    """Exactly one reply, with the right words, and it stays at that."""
    await world.until(
        lambda: bool(world.replies(message)) and state_of(world.replies(message)[0]) != "waiting"
    )
    await world.slack.settled()
    (reply,) = world.replies(message)
    assert words(reply) == "A clip of 2 seconds."


async def test_a_recorded_run_calls_what_is_covered_here(world: World, tmp_path: Path) -> None:
    async with real_bot(world, tmp_path) as bot:
        done = bot.expect(lambda line: line.get("event") == "job")
        await world.until(lambda: any(call.ended_at for call in world.dashscope.calls))
        recognised_before = len(world.dashscope.calls)
        message = share(world)
        await done
        await answered_once(world, message)
    methods = {call.method for call in world.slack.state.calls} - _NOT_OF_THE_JOB
    assert len(world.dashscope.calls) == recognised_before + 1
    assert methods | {"recognise"} == set(CALLS)


@pytest.mark.parametrize("after_acting", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("method", CALLS)
async def test_killed_at_a_call(world: World, tmp_path: Path, method: str, *, after_acting: bool) -> None:
    async with real_bot(world, tmp_path) as bot:
        held = hold(world, method, after_acting=after_acting)
        message = share(world)
        await held.reached()
        await kill(bot)
    world.slack.faults.clear()
    world.dashscope.faults.clear()
    async with real_bot(world, tmp_path):
        await answered_once(world, message)
    assert len(world.calls("chat.postMessage")) <= 2


async def test_killed_between_storing_and_acknowledging_over_http(world: World, tmp_path: Path) -> None:
    async with real_bot(world, tmp_path, "http") as bot, Relay(world.events_url) as relay:
        await world.slack.deliver_to(relay.url)
        message = share(world)
        # The answer has left the bot and is not delivered: the job is stored, Slack does not know.
        await relay.answered()
        await kill(bot)
        (unacknowledged,) = world.slack.deliveries
    async with real_bot(world, tmp_path, "http"):
        again = world.slack.deliver("events_api", unacknowledged.payload)
        await answered_once(world, message)
    assert again.acked
    assert unacknowledged.attempts[0].status is None


async def test_killed_again_and_again(world: World, tmp_path: Path) -> None:
    message: Message | None = None
    for method in ["download", "recognise", "chat.postMessage"]:
        async with real_bot(world, tmp_path) as bot:
            held = hold(world, method, after_acting=True)
            message = message or share(world)
            await held.reached()
            await kill(bot)
        world.slack.faults.clear()
        world.dashscope.faults.clear()
    assert message is not None
    async with real_bot(world, tmp_path):
        await answered_once(world, message)
        await asyncio.sleep(0.2)  # a doubled reply would come now
    assert len(world.replies(message)) == 1


async def test_a_kill_leaves_no_audio_behind(world: World, tmp_path: Path) -> None:
    async with real_bot(world, tmp_path) as bot:
        held = world.dashscope.faults.hold(when=lambda call: round(call.duration_s or 0) == 2)
        message = share(world)
        await held.reached()
        await kill(bot)
    scratch = tmp_path / "data" / "tmp"
    assert any(scratch.iterdir())
    world.dashscope.faults.clear()
    async with real_bot(world, tmp_path):
        await answered_once(world, message)
        await world.until(lambda: not any(scratch.iterdir()))


async def test_terminating_lets_running_jobs_end(world: World, tmp_path: Path) -> None:
    world.ear.delays_s = {2: 0.5}
    async with real_bot(world, tmp_path) as bot:
        held = world.dashscope.faults.hold(when=lambda call: round(call.duration_s or 0) == 2)
        message = share(world)
        await held.reached()
        os.kill(bot.pid, signal.SIGTERM)
        held.release()
    (reply,) = world.replies(message)
    assert words(reply) == "A clip of 2 seconds."
