"""How the bot starts: what is wrong is said at once, and waiting for Slack does not look dead."""

from __future__ import annotations

import asyncio
import errno
import io
import os
import shutil
import sqlite3
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager, closing, suppress
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import structlog
from pydantic import SecretStr

from bot.app import Bot, running
from bot.audio.media import Media
from bot.errors import Misconfiguration, Misconfigured
from bot.model import JobState
from bot.playground.slack_lookalike import faults as slack
from bot.store.data_dir import DataDirUnusable
from bot.telemetry import configure_logging
from tests.audio.lacking import python_without_confinement
from tests.flows.harness import BotHarness, bot_harness_at, words
from tests.store.opening import locked, no_file_longer_than


async def test_a_wrong_bot_token_stops_the_start(harness: BotHarness) -> None:
    with pytest.raises(Misconfigured) as caught:
        async with harness.bot_running(slack_bot_token=SecretStr("xoxb-wrong")):
            pass
    assert caught.value.reason is Misconfiguration.SLACK_TOKEN


async def test_a_wrong_app_token_stops_the_start_and_is_named(socket_harness: BotHarness) -> None:
    with pytest.raises(Misconfigured) as caught:
        async with socket_harness.bot_running(slack_app_token=SecretStr("xapp-wrong")):
            pass
    assert "SLACK_APP_TOKEN" in caught.value.detail


async def test_a_bot_that_waits_for_slack_is_healthy_and_not_ready(
    socket_harness: BotHarness, unused_tcp_port: int
) -> None:
    harness = socket_harness
    held = harness.slack.faults.hold("auth.test")
    bot = running(harness.settings.model_copy(update={"http_port": unused_tcp_port}))
    starting = asyncio.create_task(bot.__aenter__())
    await held.reached()
    async with aiohttp.ClientSession(f"http://127.0.0.1:{unused_tcp_port}") as session:
        async with session.get("/healthz") as health, session.get("/readyz") as ready:
            waiting = (health.status, ready.status, (await ready.json())["checks"]["slack"])
        async with session.get("/metrics") as metrics:
            assert 'threadscribe_ready{part="slack"} 0.0' in await metrics.text()
        held.release()
        await starting
        async with session.get("/readyz") as ready:
            assert (await ready.json())["checks"]["slack"] == "ok"
        async with session.get("/metrics") as metrics:
            assert 'threadscribe_ready{part="slack"} 1.0' in await metrics.text()
    await bot.__aexit__(None, None, None)
    assert waiting == (200, 503, "not reached yet")


@pytest.mark.parametrize("is_link", [False, True])
async def test_what_a_killed_process_left_goes_before_slack_is_reached(
    socket_harness: BotHarness, tmp_path: Path, *, is_link: bool
) -> None:
    harness, disk = socket_harness, tmp_path / "disk"
    scratch = harness.settings.data_dir / "tmp"
    scratch.parent.mkdir(parents=True, exist_ok=True)
    if is_link:
        scratch.symlink_to(disk)
    for folder in (disk, scratch) if is_link else (scratch,):
        folder.mkdir(exist_ok=True)
    (scratch / "threadscribe-abcdefgh").mkdir()
    (scratch / "threadscribe-abcdefgh" / "clip.m4a").write_text("a voice")
    (scratch / "of others").write_text("precious")
    held = harness.slack.faults.hold("auth.test")
    bot = running(harness.settings)
    starting = asyncio.create_task(bot.__aenter__())
    await held.reached()
    assert [path.name for path in scratch.iterdir()] == (["of others"] if is_link else [])
    assert scratch.is_symlink() == is_link
    held.release()
    await starting
    await bot.__aexit__(None, None, None)


async def test_a_folder_that_cannot_be_emptied_is_named(socket_harness: BotHarness) -> None:
    data_dir = socket_harness.settings.data_dir
    data_dir.mkdir(parents=True, exist_ok=True)
    (data_dir / "tmp").write_text("no folder")
    with pytest.raises(DataDirUnusable, match=r"temporary audio .*/tmp cannot be emptied: File exists"):
        async with socket_harness.bot_running():
            pass


class Trouble:
    """Something that keeps a bot from a data directory that was used before, and passes."""

    def __init__(self, stack: ExitStack, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._stack = stack
        self._data_dir = data_dir
        self._monkeypatch = monkeypatch

    def locked(self) -> None:
        self._stack.enter_context(locked(self._data_dir))

    def full(self) -> None:
        # More to be resumed than there is room for. Nothing can be read of them, so nothing comes of them.
        columns = "team_id, channel_id, message_ts, file_id, audience, position, attempt, faults"
        times = "state, accepted_at, due_at"
        with closing(sqlite3.connect(self._data_dir / "threadscribe.db")) as database, database:
            for number in range(400):
                database.execute(
                    f"INSERT INTO job (key, {columns}, {times}) "  # noqa: S608  # both are ours
                    f"SELECT {number}, {columns}, 'running', 0, 0 FROM job LIMIT 1"
                )
        # Room for the log's index, and for no more than a few pages of the log.
        self._stack.enter_context(no_file_longer_than(32_768))

    def read_only(self) -> None:
        opened = os.open

        def refuse(path: Any, flags: int, *more: Any, **options: Any) -> int:
            if self._data_dir in Path(os.fsdecode(path)).parents and flags & os.O_RDWR:
                raise OSError(errno.EROFS, os.strerror(errno.EROFS))
            return opened(path, flags, *more, **options)

        self._stack.enter_context(self._monkeypatch.context()).setattr(os, "open", refuse)

    def not_emptied(self) -> None:
        left = self._data_dir / "tmp" / "threadscribe-abcdefgh"
        left.mkdir()
        remove = shutil.rmtree

        def refuse(path: Path, **options: Any) -> None:
            if path == left:
                raise OSError(errno.ENOTEMPTY, os.strerror(errno.ENOTEMPTY))
            remove(path, **options)

        self._stack.enter_context(self._monkeypatch.context()).setattr(shutil, "rmtree", refuse)


@pytest.mark.parametrize(
    ("how", "word"),
    [
        (Trouble.locked, "cannot be used: database is locked"),
        (Trouble.full, "cannot be used: "),
        (Trouble.not_emptied, "cannot be emptied: Directory not empty"),
        (Trouble.read_only, "cannot be written: Read-only file system"),
    ],
)
async def test_trouble_that_passes_is_waited_for_and_told(
    socket_harness: BotHarness,
    unused_tcp_port: int,
    monkeypatch: pytest.MonkeyPatch,
    how: Callable[[Trouble], None],
    word: str,
) -> None:
    harness = socket_harness
    async with harness.bot_running():
        await harness.answered(harness.share(harness.clip()))
    harness.slack.state.calls.clear()
    with structlog.testing.capture_logs() as lines:
        async with starting(harness, http_port=unused_tcp_port) as started:
            with ExitStack() as stack:
                # Nothing of the bot has run yet: this task has not waited for anything.
                how(Trouble(stack, harness.settings.data_dir, monkeypatch))
                async with aiohttp.ClientSession(f"http://127.0.0.1:{unused_tcp_port}") as session:
                    found = await told(session, word)
                    async with session.get("/healthz") as health, session.get("/metrics") as metrics:
                        assert (health.status, metrics.status) == (200, 200)
                        assert 'threadscribe_ready{part="database"} 0.0' in await metrics.text()
                assert not started.is_set()
                assert harness.calls("auth.test") == []
            await started.wait()
            (reply,) = await harness.answered(harness.share(harness.clip(7)))
    assert words(reply) == "A clip of 7 seconds."
    warnings = [line for line in lines if line["log_level"] == "warning" and "confined" not in line["event"]]
    assert [(line["event"], line["error"]) for line in warnings] == [("data directory not usable yet", found)]


@asynccontextmanager
async def starting(harness: BotHarness, **changes: Any) -> AsyncIterator[asyncio.Event]:
    """The bot in a task of its own; yields what is set when it is ready."""
    started = asyncio.Event()

    async def run() -> None:
        async with harness.bot_running(**changes):
            started.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(run())
    try:
        yield started
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def told(session: aiohttp.ClientSession, word: str) -> str:
    """What readiness says of the database, once it says such a thing."""
    async with asyncio.timeout(15):
        while True:
            with suppress(aiohttp.ClientConnectionError):
                async with session.get("/readyz") as ready:
                    found = str((await ready.json())["checks"]["database"])
                    if word in found:
                        assert ready.status == 503
                        return found
            await asyncio.sleep(0.05)


async def test_slack_may_be_away_at_the_start(socket_harness: BotHarness) -> None:
    harness = socket_harness
    harness.slack.faults.add("auth.test", slack.Answer(500), times=3)
    async with harness.bot_running():
        (reply,) = await harness.answered(harness.share(harness.clip()))
    assert words(reply) == "A clip of 2 seconds."


async def test_a_scope_that_no_job_needs_does_not_keep_jobs_parked(socket_harness: BotHarness) -> None:
    harness = socket_harness
    scopes = harness.slack.state.workspace.scopes
    scopes.discard("mpim:history")
    scopes.discard("chat:write")
    async with harness.bot_running() as bot:
        message = harness.share(harness.clip())
        await harness.until_async(lambda: _parked(bot))
        scopes.add("chat:write")
        (reply,) = await harness.answered(message)
    assert words(reply) == "A clip of 2 seconds."


async def _parked(bot: Bot) -> bool:
    return (await bot.store.requests.depth())[JobState.PARKED] == 1


async def test_a_badly_signed_event_leaves_none_of_its_words_in_the_log(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    async with bot_harness_at(tmp_path, "http") as harness:
        configure_logging("DEBUG", pretty=False)
        async with harness.bot_running(slack_signing_secret=SecretStr("another")):
            message = harness.share(harness.clip(name="salary talk.wav"), text="my private words")
            await harness.slack.settled(30)
    logged = capfd.readouterr().err
    assert all(delivery.lost for delivery in harness.slack.deliveries)
    assert harness.replies(message) == []
    assert '"reason": "signature"' in logged
    for secret in ("my private words", "salary talk", "verification-token", harness.slack.bot_token):
        assert secret not in logged


@pytest.mark.parametrize("junk", [b"[]", b"null", b"\xff\xfe", b"[" * 100_000, b"payload=[]"])
async def test_junk_from_strangers_is_turned_away_quietly(tmp_path: Path, junk: bytes) -> None:
    async with (
        bot_harness_at(tmp_path, "http") as harness,
        harness.bot_running(),
        aiohttp.ClientSession() as session,
        session.post(harness.events_url, data=io.BytesIO(junk)) as answer,
    ):
        assert answer.status == 401


async def test_a_shut_out_app_is_told_by_its_token(socket_harness: BotHarness) -> None:
    socket_harness.slack.faults.add("auth.test", slack.SlackError("access_denied"), times=None)
    with pytest.raises(Misconfigured, match="access_denied"):
        async with socket_harness.bot_running():
            pass


async def test_a_start_tells_what_confines_the_decoders(socket_harness: BotHarness) -> None:
    confinement = await Media().confinement()
    with structlog.testing.capture_logs() as lines:
        async with socket_harness.bot_running():
            await socket_harness.until(lambda: any("confined" in line["event"] for line in lines))

    (line,) = (line for line in lines if "confined" in line["event"])
    if confinement.missing:
        assert line == {
            "event": "decoder not confined",
            "missing": confinement.missing,
            "log_level": "warning",
        }
    else:
        told = {"landlock": confinement.landlock, "seccomp": True}
        assert line == {"event": "decoder confined", **told, "log_level": "info"}


async def test_a_start_tells_what_does_not_confine_the_decoders(
    socket_harness: BotHarness, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", python_without_confinement(tmp_path, errno.EPERM))
    with structlog.testing.capture_logs() as lines:
        async with socket_harness.bot_running():
            await socket_harness.until(lambda: any("confined" in line["event"] for line in lines))

    (line,) = (line for line in lines if "confined" in line["event"])
    assert line == {
        "event": "decoder not confined",
        "missing": ("landlock", "seccomp"),
        "log_level": "warning",
    }
