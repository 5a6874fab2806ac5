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
from tests.flows.harness import BotHarness, Delivery, bot_harness_at, environment, words

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
async def harness(tmp_path: Path) -> AsyncIterator[BotHarness]:
    async with bot_harness_at(tmp_path, "socket") as made:
        yield made


@asynccontextmanager
async def real_bot(
    harness: BotHarness, tmp_path: Path, delivery: Delivery = "socket", **changes: str
) -> AsyncIterator[BotProcess]:
    """The bot as a process of its own, on the harness's data directory."""
    settings = {
        name.upper(): value
        for name, value in (
            environment(harness.slack, harness.dashscope, tmp_path, delivery) | changes
        ).items()
    }
    async with bot_running(settings, lambda _line: None) as (bot, ready):
        if delivery == "http":
            harness.events_url = f"http://127.0.0.1:{ready['http_port']}/slack/events"
            await harness.slack.deliver_to(harness.events_url)
        yield bot


def play(harness: BotHarness, scene: Scene) -> Message:
    """Share a clip whose address comes late, so that ``files.info`` is called in every scene."""
    harness.ear.text = scene.text
    if scene.expired_key:
        harness.dashscope.faults.add(Answer(401, "InvalidApiKey"), when=is_clip)
    return harness.share(harness.clip(2, urls_missing_for=1))


def is_clip(call: DashScopeCall) -> bool:
    """Not the verification, which is one second of silence."""
    return round(call.duration_s or 0) == 2


def hold(harness: BotHarness, method: str, *, after_acting: bool) -> SlackHold | DashScopeHold:
    """Hold the next call of a method; of the recogniser's, that of the clip (the first asks for silence)."""
    if method == "recognise":
        return harness.dashscope.faults.hold(after_acting=after_acting, when=is_clip)
    return harness.slack.faults.hold(method, after_acting=after_acting)


async def kill(bot: BotProcess) -> None:
    os.kill(bot.pid, signal.SIGKILL)


async def answered_once(
    harness: BotHarness, message: Message, scene: Scene = SCENES["short"], *, jobs: int = 1
) -> None:
    """When the bot has nothing left to do: one reply with the right words, its files shared at most once.

    Args:
        harness: The look-alikes and the bot's settings.
        message: What was shared.
        scene: What is heard.
        jobs: How many were accepted in all.
    """
    await harness.until(lambda: has_ended(harness.settings.data_dir, jobs))
    await harness.slack.settled()
    said = [reply for reply in harness.replies(message) if not reply.files]
    shared = [file for reply in harness.replies(message) for file in reply.files]
    assert len(said) == 1
    if shared:
        assert [file.name.rpartition(".")[2] for file in shared] == ["txt", "srt", "vtt"]
        text = shared[0].content
        # It stands in paragraphs there.
        assert isinstance(text, bytes)
        assert text.decode().split() == scene.text.split()
    else:
        assert words(said[0]) == scene.text


def has_ended(data_dir: Path, jobs: int = 1) -> bool:
    """Whether all jobs have ended, of which so many were accepted; read beside the bot that writes."""
    with closing(sqlite3.connect(f"file:{data_dir / 'threadscribe.db'}?mode=ro", uri=True)) as database:
        states = database.execute("SELECT state FROM job").fetchall()
    return states == [("ended",)] * jobs


async def verified(harness: BotHarness, known: int) -> None:
    """When a bot that has just started has asked the recogniser for silence, after ``known`` other calls."""
    await harness.until(
        lambda: any(call.ended_at and not is_clip(call) for call in harness.dashscope.calls[known:])
    )


async def recorded(folder: Path, delivery: Delivery, *scenes: Scene) -> list[list[str]]:
    """The outside calls of each scene, played one after the other: each call once, in their order."""
    runs: list[list[str]] = []
    async with bot_harness_at(folder, delivery) as harness, real_bot(harness, folder, delivery) as bot:
        await verified(harness, 0)
        for scene in scenes:
            before = len(harness.slack.state.calls)
            ended = bot.expect(
                lambda line: line.get("event") == "job" and line.get("outcome") == "transcribed"
            )
            message = play(harness, scene)
            await ended
            await answered_once(harness, message, scene, jobs=len(runs) + 1)
            methods = [call.method for call in harness.slack.state.calls[before:]]
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
    async with bot_harness_at(folder, delivery) as harness:
        message: Message | None = None
        for number, moment in enumerate(moments):
            known = len(harness.dashscope.calls)
            async with real_bot(harness, folder, delivery) as bot:
                if message is not None:
                    await answered_after(moments[number - 1], harness, message, scene, number)
                await verified(harness, known)
                message = await killed_at(moment, harness, bot, scene)
        async with real_bot(harness, folder, delivery):
            assert message is not None
            await answered_after(moments[-1], harness, message, scene, len(moments))


async def killed_at(moment: Moment, harness: BotHarness, bot: BotProcess, scene: Scene) -> Message:
    """Kill the bot while a call is held."""
    method, after_acting = moment
    held = hold(harness, method, after_acting=after_acting)
    message = play(harness, scene)
    await held.reached(timeout_s=30)
    await kill(bot)
    harness.slack.faults.clear()
    harness.dashscope.faults.clear()
    return message


async def answered_after(
    moment: Moment, harness: BotHarness, message: Message, scene: Scene, jobs: int
) -> None:
    """One reply, or an error that names the moment of the death before."""
    method, after_acting = moment
    try:
        await answered_once(harness, message, scene, jobs=jobs)
    except (AssertionError, TimeoutError) as error:
        raise AssertionError(f"killed {'after' if after_acting else 'before'} {method}") from error


async def test_killed_between_storing_and_acknowledging_over_http(
    harness: BotHarness, tmp_path: Path
) -> None:
    async with real_bot(harness, tmp_path, "http") as bot, Relay(harness.events_url) as relay:
        await harness.slack.deliver_to(relay.url)
        message = play(harness, SCENES["short"])
        # The answer has left the bot and is not delivered: the job is stored, Slack does not know.
        await relay.answered()
        await kill(bot)
        unacknowledged = harness.slack.deliveries[0]
    async with real_bot(harness, tmp_path, "http"):
        again = harness.slack.deliver("events_api", unacknowledged.payload)
        await answered_once(harness, message)
    assert again.acked
    assert unacknowledged.attempts[0].status is None


async def test_killed_again_and_again(harness: BotHarness, tmp_path: Path) -> None:
    message: Message | None = None
    for method in ["download", "recognise", "chat.postMessage"]:
        async with real_bot(harness, tmp_path) as bot:
            held = hold(harness, method, after_acting=True)
            message = message or play(harness, SCENES["short"])
            await held.reached()
            await kill(bot)
        harness.slack.faults.clear()
        harness.dashscope.faults.clear()
    assert message is not None
    async with real_bot(harness, tmp_path):
        await answered_once(harness, message)


async def test_a_kill_leaves_no_audio_behind(harness: BotHarness, tmp_path: Path) -> None:
    async with real_bot(harness, tmp_path) as bot:
        held = harness.dashscope.faults.hold(when=is_clip)
        message = play(harness, SCENES["short"])
        await held.reached()
        await kill(bot)
    scratch = tmp_path / "data" / "tmp"
    assert any(scratch.iterdir())
    harness.dashscope.faults.clear()
    async with real_bot(harness, tmp_path):
        await answered_once(harness, message)
        await harness.until(lambda: not any(scratch.iterdir()))


async def test_terminating_lets_running_jobs_end(harness: BotHarness, tmp_path: Path) -> None:
    harness.ear.delays_s = {2: 0.5}
    async with real_bot(harness, tmp_path) as bot:
        held = harness.dashscope.faults.hold(when=is_clip)
        message = play(harness, SCENES["short"])
        await held.reached()
        os.kill(bot.pid, signal.SIGTERM)
        held.release()
    (reply,) = harness.replies(message)
    assert words(reply) == "A clip of 2 seconds."
