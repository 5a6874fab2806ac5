"""The child process: what it may do, and that it always ends."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import pytest

from bot.audio import child
from bot.audio.media import CHILD_ENVIRONMENT, Media
from bot.audio.plan import Limits
from bot.errors import Outage, Refusal, Rejected, TranscriptionError, Unavailable
from bot.model import PreparedAudio
from tests.audio.samples import encode, sparse_wav

PATIENCE_S = 20


async def child_of(parent: psutil.Process) -> psutil.Process:
    """Wait until a process has a decoding child."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            for one in parent.children():
                if child.__file__ in one.cmdline():
                    return one
            await asyncio.sleep(0.01)


def is_gone(process: psutil.Process) -> bool:
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


@asynccontextmanager
async def preparing(
    tmp_path: Path, media: Media | None = None
) -> AsyncIterator[tuple[asyncio.Task[PreparedAudio], psutil.Process]]:
    """A decoding that takes seconds, and its child."""
    source = sparse_wav(tmp_path / "source")
    task = asyncio.create_task((media or Media()).prepare(source, tmp_path))
    try:
        yield task, await child_of(psutil.Process())
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_child_inherits_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-secret")
    async with preparing(tmp_path) as (_, process):
        assert process.environ() == CHILD_ENVIRONMENT
        assert os.getpgid(process.pid) == process.pid


async def test_cancelling_ends_the_child(tmp_path: Path) -> None:
    async with preparing(tmp_path) as (task, process):
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

        assert is_gone(process)


@pytest.mark.parametrize(
    ("signal_number", "reason"),
    [
        (signal.SIGKILL, Outage.MACHINE),
        (signal.SIGTERM, Outage.MACHINE),
        (signal.SIGSEGV, Refusal.NOT_AUDIO),
        (signal.SIGXCPU, Refusal.TOO_COSTLY),
    ],
)
async def test_a_signal_is_read_for_what_it_means(
    signal_number: int, reason: Refusal | Outage, tmp_path: Path
) -> None:
    async with preparing(tmp_path) as (task, process):
        process.send_signal(signal_number)
        with pytest.raises(TranscriptionError) as caught:
            await task

    assert isinstance(caught.value, Rejected if isinstance(reason, Refusal) else Unavailable)
    assert str(caught.value).startswith(reason)


async def test_a_file_that_takes_too_much_cpu_time_is_too_costly(tmp_path: Path, workspace: Path) -> None:
    with pytest.raises(Rejected) as caught:
        await Media(limits=Limits(cpu_s=1)).prepare(sparse_wav(tmp_path / "source"), workspace)

    assert caught.value.reason is Refusal.TOO_COSTLY


async def test_a_machine_without_time_is_asked_again_later(tmp_path: Path, workspace: Path) -> None:
    with pytest.raises(Unavailable) as caught:
        await Media(limits=Limits(wall_s=0.2)).prepare(sparse_wav(tmp_path / "source"), workspace)

    assert caught.value.reason is Outage.MACHINE
    assert not psutil.Process().children()


async def test_a_target_that_cannot_be_written_is_the_machine_s_fault(
    tmp_path: Path, workspace: Path
) -> None:
    with pytest.raises(Unavailable) as caught:
        await Media(limits=Limits(file_bytes=1_000)).prepare(
            encode(tmp_path / "source", "ipod", "aac"), workspace
        )

    assert caught.value.reason is Outage.MACHINE


async def test_a_source_that_is_gone_is_the_machine_s_fault(tmp_path: Path, media: Media) -> None:
    with pytest.raises(Unavailable):
        await media.prepare(tmp_path / "nothing", tmp_path)


async def test_an_empty_file_is_empty(tmp_path: Path, media: Media) -> None:
    source = tmp_path / "source"
    source.touch()
    with pytest.raises(Rejected) as caught:
        await media.prepare(source, tmp_path)

    assert caught.value.reason is Refusal.EMPTY


async def test_children_take_turns(tmp_path: Path) -> None:
    media = Media(children=1)
    async with preparing(tmp_path, media) as (first, process):
        source = encode(tmp_path / "other", "ipod", "aac")
        second = asyncio.create_task(media.prepare(source, tmp_path))
        for _ in range(10):
            assert [one.pid for one in psutil.Process().children()] == [process.pid]
            await asyncio.sleep(0.02)

        first.cancel()

        assert (await second).duration_s == pytest.approx(2.0, abs=0.1)


async def test_the_child_ends_when_the_bot_is_killed(tmp_path: Path) -> None:
    source = sparse_wav(tmp_path / "source")
    program = (
        "import asyncio, pathlib, sys; from bot.audio.media import Media;"
        "asyncio.run(Media().prepare(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])))"
    )
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", program, source, tmp_path)
    process = await child_of(psutil.Process(parent.pid))
    parent.kill()
    await parent.wait()

    deadline = time.monotonic() + PATIENCE_S
    while not is_gone(process):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)


def test_the_bot_s_own_process_loads_no_decoder() -> None:
    program = "import sys, bot.audio.media; sys.exit('av' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
