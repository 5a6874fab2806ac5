"""kill -9 around every outside call: whatever the moment, the next start answers, once.

Nothing in the bot helps: the look-alikes hold a call before acting, or after acting and before answering, and
the test kills the real process there. The calls come from recorded runs, so a new one is covered by itself.
"""

from __future__ import annotations

import os
import signal
import sqlite3
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.playground.bot_process import BotProcess, bot_running
from bot.playground.dashscope_lookalike.calls import Call as DashScopeCall
from bot.playground.dashscope_lookalike.faults import Answer
from bot.playground.dashscope_lookalike.faults import Hold as DashScopeHold
from bot.playground.slack_lookalike.faults import Hold as SlackHold
from bot.playground.slack_lookalike.records import Message
from tests.faults.relay import Relay
from tests.flows.world import Delivery, World, environment, words, world_at

AT_START = frozenset({"auth.test", "apps.connections.open", "socket_connect"})
READS = frozenset({"auth.test", "conversations.replies", "download", "files.info"})
"""They leave nothing that outlasts the process: whoever dies after them has died before them."""


@dataclass(frozen=True)
class Scene:
    """One way of a recording to its reply."""

    text: str
    """What the recogniser hears."""
    expired_key: bool = False
    """The key is refused once, so that the reply begins as a notice."""
    calls: frozenset[str] = frozenset({"download", "recognise", "chat.postMessage"})
    """What it is played for; a run that does not call these plays another scene."""


SCENES = {
    "short": Scene("A clip of 2 seconds."),
    "long": Scene(
        " ".join(f"word{number}" for number in range(1_500)),
        calls=frozenset({"files.getUploadURLExternal", "upload", "files.completeUploadExternal"}),
    ),
    "parked": Scene(
        "A clip of 2 seconds.",
        expired_key=True,
        calls=frozenset({"auth.test", "conversations.replies", "chat.update"}),
    ),
}


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


def play(world: World, scene: Scene) -> Message:
    """Share a clip whose address comes late, so that ``files.info`` is called in every scene."""
    world.ear.text = scene.text
    if scene.expired_key:
        world.dashscope.faults.add(Answer(401, "InvalidApiKey"), when=is_clip)
    return world.share(world.clip(2, urls_missing_for=1))


def is_clip(call: DashScopeCall) -> bool:
    """Not the verification, which is one second of silence."""
    return round(call.duration_s or 0) == 2


def hold(world: World, method: str, *, after_acting: bool) -> SlackHold | DashScopeHold:
    """Hold the next call of a method; of the recogniser's, that of the clip (the first asks for silence)."""
    if method == "recognise":
        return world.dashscope.faults.hold(after_acting=after_acting, when=is_clip)
    return world.slack.faults.hold(method, after_acting=after_acting)


async def kill(bot: BotProcess) -> None:
    os.kill(bot.pid, signal.SIGKILL)


async def answered_once(
    world: World, message: Message, scene: Scene = SCENES["short"], *, jobs: int = 1
) -> None:
    """When the bot has nothing left to do: one reply with the right words, its files shared at most once.

    Args:
        world: The look-alikes and the bot's settings.
        message: What was shared.
        scene: What is heard.
        jobs: How many were accepted in all.
    """
    await world.until(lambda: has_ended(world.settings.data_dir, jobs))
    await world.slack.settled()
    said = [reply for reply in world.replies(message) if not reply.files]
    shared = [file for reply in world.replies(message) for file in reply.files]
    assert len(said) == 1
    if shared:
        assert [file.name.rpartition(".")[2] for file in shared] == ["txt", "srt", "vtt"]
        assert shared[0].content == f"{scene.text}\n".encode()
    else:
        assert words(said[0]) == scene.text


def has_ended(data_dir: Path, jobs: int = 1) -> bool:
    """Whether all jobs have ended, of which so many were accepted; read beside the bot that writes."""
    with closing(sqlite3.connect(f"file:{data_dir / 'threadscribe.db'}?mode=ro", uri=True)) as database:
        states = database.execute("SELECT state FROM job").fetchall()
    return states == [("ended",)] * jobs


async def verified(world: World, known: int) -> None:
    """When a bot that has just started has asked the recogniser for silence, after ``known`` other calls."""
    await world.until(
        lambda: any(call.ended_at and not is_clip(call) for call in world.dashscope.calls[known:])
    )


async def recorded(folder: Path, delivery: Delivery, *scenes: Scene) -> list[list[str]]:
    """The outside calls of each scene, played one after the other: each call once, in their order."""
    runs: list[list[str]] = []
    async with world_at(folder, delivery) as world, real_bot(world, folder, delivery) as bot:
        await verified(world, 0)
        for scene in scenes:
            before = len(world.slack.state.calls)
            ended = bot.expect(
                lambda line: line.get("event") == "job" and line.get("outcome") == "transcribed"
            )
            message = play(world, scene)
            await ended
            await answered_once(world, message, scene, jobs=len(runs) + 1)
            methods = [call.method for call in world.slack.state.calls[before:]]
            assert not set(methods) & (AT_START - {"auth.test"})
            assert scene.calls <= {*methods, "recognise"}
            runs.append(list(dict.fromkeys([*methods, "recognise"])))
    return runs


Moment = tuple[str, bool]
"""A call, and whether the bot dies after it was acted on (and not answered) or before."""


def around(methods: Iterable[str]) -> list[Moment]:
    """Before and after each call."""
    return [(method, after_acting) for method in methods for after_acting in (False, True)]


@pytest.mark.timeout(400)
@pytest.mark.parametrize("name", SCENES)
async def test_killed_at_some_calls(tmp_path: Path, name: str) -> None:
    scenes = {"short": SCENES["short"], name: SCENES[name]}
    *known, methods = await recorded(tmp_path / "recorded", "socket", *scenes.values())
    # What the short scene calls too is held there; the reply itself is always worth it.
    repeated = {method for run in known for method in run} - {"chat.postMessage"}
    moments = around(method for method in methods if method not in repeated)
    worthwhile = [moment for moment in moments if moment not in {(method, True) for method in READS}]
    # Each third: before some calls and after others. All of them are for `make soak`.
    await killed_at_each(tmp_path, SCENES[name], "socket", worthwhile[::-3])


async def test_killed_at_the_reply_to_what_came_over_http(tmp_path: Path) -> None:
    await killed_at_each(tmp_path, SCENES["short"], "http", around(["chat.postMessage"]))


@pytest.mark.soak
@pytest.mark.timeout(400)
@pytest.mark.parametrize("delivery", ["socket", "http"])
@pytest.mark.parametrize("name", SCENES)
async def test_killed_at_every_call_of_every_scene(tmp_path: Path, name: str, delivery: Delivery) -> None:
    (methods,) = await recorded(tmp_path / "recorded", delivery, SCENES[name])
    await killed_at_each(tmp_path, SCENES[name], delivery, around(methods))


async def killed_at_each(folder: Path, scene: Scene, delivery: Delivery, moments: list[Moment]) -> None:
    """Kill the bot at each moment; whoever comes after it answers, and is killed at the next one."""
    async with world_at(folder, delivery) as world:
        message: Message | None = None
        for number, moment in enumerate(moments):
            known = len(world.dashscope.calls)
            async with real_bot(world, folder, delivery) as bot:
                if message is not None:
                    await answered_after(moments[number - 1], world, message, scene, number)
                await verified(world, known)
                message = await killed_at(moment, world, bot, scene)
        async with real_bot(world, folder, delivery):
            assert message is not None
            await answered_after(moments[-1], world, message, scene, len(moments))


async def killed_at(moment: Moment, world: World, bot: BotProcess, scene: Scene) -> Message:
    """Kill the bot while a call is held."""
    method, after_acting = moment
    held = hold(world, method, after_acting=after_acting)
    message = play(world, scene)
    await held.reached(timeout_s=30)
    await kill(bot)
    world.slack.faults.clear()
    world.dashscope.faults.clear()
    return message


async def answered_after(moment: Moment, world: World, message: Message, scene: Scene, jobs: int) -> None:
    """One reply, or an error that names the moment of the death before."""
    method, after_acting = moment
    try:
        await answered_once(world, message, scene, jobs=jobs)
    except (AssertionError, TimeoutError) as error:
        raise AssertionError(f"killed {'after' if after_acting else 'before'} {method}") from error


async def test_killed_between_storing_and_acknowledging_over_http(world: World, tmp_path: Path) -> None:
    async with real_bot(world, tmp_path, "http") as bot, Relay(world.events_url) as relay:
        await world.slack.deliver_to(relay.url)
        message = play(world, SCENES["short"])
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
            message = message or play(world, SCENES["short"])
            await held.reached()
            await kill(bot)
        world.slack.faults.clear()
        world.dashscope.faults.clear()
    assert message is not None
    async with real_bot(world, tmp_path):
        await answered_once(world, message)


async def test_a_kill_leaves_no_audio_behind(world: World, tmp_path: Path) -> None:
    async with real_bot(world, tmp_path) as bot:
        held = world.dashscope.faults.hold(when=is_clip)
        message = play(world, SCENES["short"])
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
        held = world.dashscope.faults.hold(when=is_clip)
        message = play(world, SCENES["short"])
        await held.reached()
        os.kill(bot.pid, signal.SIGTERM)
        held.release()
    (reply,) = world.replies(message)
    assert words(reply) == "A clip of 2 seconds."
