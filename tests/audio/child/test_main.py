"""The child process: what it may do, and that it always ends."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

import psutil
import pytest

from bot.audio.child import main as child
from bot.audio.child_exit import ChildExit
from bot.audio.child_process import CHILD_ENVIRONMENT
from bot.audio.child_protocol import SplitReader
from bot.audio.lanes import SMALL_BYTES
from bot.audio.media import Media
from bot.audio.plan import Limits, segment_path
from bot.errors import Outage, Refusal, Rejected, TranscriptionError, Unavailable
from bot.recording import Segment, Span
from tests.audio.samples import TONE_HZ, encode, heard, sparse_wav
from tests.audio.splitting import segments_of

pytestmark = pytest.mark.slow

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
async def splitting(
    tmp_path: Path, media: Media | None = None
) -> AsyncIterator[tuple[asyncio.Task[list[Segment]], psutil.Process]]:
    """A decoding that takes seconds, and its child."""
    source = sparse_wav(tmp_path / "source")
    task = asyncio.create_task(segments_of(media or Media(), source, tmp_path))
    try:
        yield task, await child_of(psutil.Process())
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_child_inherits_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-secret")
    async with splitting(tmp_path) as (_, process):
        assert process.environ() == CHILD_ENVIRONMENT
        assert os.getpgid(process.pid) == process.pid


async def test_cancelling_ends_the_child(tmp_path: Path) -> None:
    async with splitting(tmp_path) as (task, process):
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
    async with splitting(tmp_path) as (task, process):
        process.send_signal(signal_number)
        with pytest.raises(TranscriptionError) as caught:
            await task

    assert isinstance(caught.value, Rejected if isinstance(reason, Refusal) else Unavailable)
    assert str(caught.value).startswith(reason)


async def test_a_file_that_takes_too_much_cpu_time_is_too_costly(tmp_path: Path, workspace: Path) -> None:
    with pytest.raises(Rejected) as caught:
        await segments_of(
            Media(limits=Limits(cpu_s=1, cpu_s_each_s=0)), sparse_wav(tmp_path / "source"), workspace
        )

    assert caught.value.reason is Refusal.TOO_COSTLY


async def test_a_longer_recording_may_take_more_cpu_time(tmp_path: Path, workspace: Path) -> None:
    media = Media(limits=Limits(cpu_s=1, cpu_s_each_s=0.5))

    segments = await segments_of(media, sparse_wav(tmp_path / "source", seconds=120), workspace)

    assert segments[-1].span == Span(0, 120_000)


async def test_a_machine_without_time_is_asked_again_later(tmp_path: Path, workspace: Path) -> None:
    with pytest.raises(Unavailable) as caught:
        await segments_of(Media(limits=Limits(stall_s=0.2)), sparse_wav(tmp_path / "source"), workspace)

    assert caught.value.reason is Outage.MACHINE
    assert not psutil.Process().children()


async def test_a_target_that_cannot_be_written_is_the_machine_s_fault(
    tmp_path: Path, workspace: Path
) -> None:
    with pytest.raises(Unavailable) as caught:
        await segments_of(
            Media(limits=Limits(file_bytes=1_000)), encode(tmp_path / "source", "ipod", "aac"), workspace
        )

    assert caught.value.reason is Outage.MACHINE


async def test_a_source_that_is_gone_is_the_machine_s_fault(tmp_path: Path, media: Media) -> None:
    with pytest.raises(Unavailable):
        await segments_of(media, tmp_path / "nothing", tmp_path)


async def test_an_empty_file_is_empty(tmp_path: Path, media: Media) -> None:
    source = tmp_path / "source"
    source.touch()
    with pytest.raises(Rejected) as caught:
        await segments_of(media, source, tmp_path)

    assert caught.value.reason is Refusal.EMPTY


async def test_big_sources_take_turns(tmp_path: Path) -> None:
    media = Media(children=1)
    async with splitting(tmp_path, media) as (first, process):
        source = sparse_wav(tmp_path / "other", seconds=2)
        assert source.stat().st_size > SMALL_BYTES
        second = asyncio.create_task(segments_of(media, source, tmp_path))
        for _ in range(10):
            assert [one.pid for one in psutil.Process().children()] == [process.pid]
            await asyncio.sleep(0.02)

        first.cancel()

        assert (await second)[-1].span == Span(0, 2_000)


async def test_small_sources_take_turns_among_themselves(tmp_path: Path, workspace: Path) -> None:
    media = Media(children=1)
    source = encode(tmp_path / "source", "ipod", "aac")
    children = 0
    tasks = [asyncio.create_task(segments_of(media, source, workspace)) for _ in range(3)]
    while not all(task.done() for task in tasks):
        children = max(children, len(psutil.Process().children()))
        await asyncio.sleep(0.01)

    assert [len(await task) for task in tasks] == [1, 1, 1]
    assert children == 1


async def test_a_small_source_does_not_wait_behind_big_ones(tmp_path: Path) -> None:
    media = Media(children=1)
    async with splitting(tmp_path, media) as (first, process):
        source = encode(tmp_path / "other", "ipod", "aac")

        segments = await segments_of(media, source, tmp_path)

        assert segments[-1].span.end_ms == pytest.approx(2_000, abs=100)
        assert not first.done()
        assert not is_gone(process)


async def test_the_first_segment_comes_while_the_rest_is_decoded_and_closing_ends_that(
    tmp_path: Path, media: Media
) -> None:
    source = sparse_wav(tmp_path / "source", seconds=3_000, rate_hz=96_000, channels=2)
    async with aclosing(media.split(source, tmp_path)) as segments:
        first = await anext(segments)
        process = await child_of(psutil.Process())

        assert not first.last
        assert not is_gone(process)

    assert is_gone(process)
    assert not psutil.Process().children()


AS_ANOTHER_USER = """
import ctypes, os, runpy, sys
if os.geteuid() == 0:  # root may start threads beyond its limit; nobody may not, but could not read this file
    os.setresuid(65534, 65534, 0)
    ctypes.CDLL(None).setfsuid(0)
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


async def test_a_user_other_than_root_can_encode_too(tmp_path: Path, workspace: Path) -> None:
    source, limits = encode(tmp_path / "source", "ipod", "aac"), Limits()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-c", AS_ANOTHER_USER, child.__file__, "split", source, workspace),
        *(str(limits.memory_bytes), str(limits.file_bytes), "30", "0.1", "180", "fast", "[]"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=CHILD_ENVIRONMENT,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    lines = (await process.stdout.read()).splitlines()

    assert (await process.wait(), await process.stderr.read()) == (0, b"")
    account = SplitReader((), 180)
    cut = account.feed(lines[0])
    assert cut is not None
    made = segment_path(workspace, source, cut.span, "audio/mpeg")
    assert heard(made)[1] == pytest.approx(TONE_HZ, rel=0.02)
    assert account.feed(lines[1]) is None
    account.finish(ChildExit(0, b""))


async def test_the_child_ends_when_the_bot_is_killed(tmp_path: Path) -> None:
    source = sparse_wav(tmp_path / "source")
    program = (
        "import asyncio, pathlib, sys; from bot.audio.media import Media;"
        "asyncio.run(anext(Media().split(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))))"
    )
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", program, source, tmp_path)
    process = await child_of(psutil.Process(parent.pid))
    parent.kill()
    await parent.wait()

    deadline = time.monotonic() + PATIENCE_S
    while not is_gone(process):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)


def test_whatever_nobody_foresaw_is_the_file_s_fault_and_leaves_its_place_but_no_words() -> None:
    def decode() -> None:
        raise ValueError("the words of a tag")

    verdict, detail = child.outcome_of(decode)

    assert verdict == Refusal.DECODER_FAILED
    assert re.fullmatch(r"ValueError at test_main\.py:\d+ < main\.py:\d+", detail)


def test_the_bot_s_own_process_loads_no_decoder() -> None:
    program = "import sys, bot.audio.media; sys.exit('av' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
