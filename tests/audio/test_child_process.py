"""Children that do not behave: they are heard for a while, and always ended."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psutil
import pytest

from bot.audio.child_exit import ChildError, ChildExit
from bot.audio.child_process import Child, running_child
from bot.audio.child_protocol import LINE_BYTES


@asynccontextmanager
async def child_that_runs(program: str, stall_s: float = 20.0) -> AsyncIterator[Child]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-c", program),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        limit=LINE_BYTES,
    )
    try:
        yield Child(process, stall_s)
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def test_lines_come_one_by_one_and_then_the_end() -> None:
    program = "import sys; print('a'); print('b' * 10_000); sys.stderr.write('why'); sys.exit(3)"
    async with child_that_runs(program) as child:
        assert await child.line() == b"a\n"
        assert await child.line() == b"b" * 10_000 + b"\n"
        assert await child.line() is None
        assert await child.ended() == ChildExit(3, b"why")


async def test_a_line_that_is_too_long_is_a_bug() -> None:
    async with child_that_runs(f"print('a' * {LINE_BYTES + 1}); print('b')") as child:
        with pytest.raises(ChildError):
            await child.line()


async def test_an_endless_line_is_a_bug() -> None:
    async with child_that_runs("while True: print('a', end='')") as child:
        with pytest.raises(ChildError):
            await child.line()


async def test_half_a_line_is_none() -> None:
    async with child_that_runs("print('{\"start_ms\"', end='')") as child:
        assert await child.line() is None
        assert await child.ended() == ChildExit(0, b"")


async def test_a_child_without_a_word_has_stalled() -> None:
    async with child_that_runs("import sys; sys.stdin.read()", stall_s=0.1) as child:
        assert await child.line() is None
        assert (await child.ended()).returncode is None


async def test_a_child_that_hangs_up_and_goes_on_has_stalled() -> None:
    async with child_that_runs("import os, sys; os.close(1); sys.stdin.read()", stall_s=0.5) as child:
        assert await child.line() is None
        assert (await child.ended()).returncode is None


async def test_of_a_flood_of_complaints_the_last_is_kept() -> None:
    program = "import os, sys; os.close(1); sys.stderr.write('x' * 300_000 + 'last'); os._exit(1)"
    async with child_that_runs(program) as child:
        assert await child.line() is None
        ended = await child.ended()

    assert ended.returncode == 1
    assert ended.stderr_tail.endswith(b"xlast")
    assert len(ended.stderr_tail) == LINE_BYTES


async def test_a_caller_s_failure_ends_the_child() -> None:
    async def fail() -> None:
        async with running_child(("split", "source", "workspace", "1", "1", "1", "1", "1", "[]"), 20):
            assert psutil.Process().children()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert not psutil.Process().children()
