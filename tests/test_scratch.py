"""Folders for temporary audio go with their block, and what does not go is told and tried again."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from pathlib import Path

import pytest
import structlog

from bot.scratch import workspace
from tests.store.opening import closed_to_us


def contents(folder: Path) -> list[Path]:
    return list(folder.iterdir())


async def until_empty(folder: Path) -> None:
    async with asyncio.timeout(10):
        while contents(folder):  # noqa: ASYNC110  # a folder tells no one what goes
            await asyncio.sleep(0.01)


async def test_a_folder_goes_with_its_block(tmp_path: Path) -> None:
    with structlog.testing.capture_logs() as lines:
        async with workspace(tmp_path) as folder:
            (folder / "clip").mkdir()
            (folder / "clip" / "1.wav").write_bytes(b"a voice")
    assert contents(tmp_path) == []
    assert lines == []


@pytest.mark.parametrize("is_cancelled", [False, True])
async def test_a_folder_that_cannot_be_deleted_is_told_and_tried_again(
    tmp_path: Path, *, is_cancelled: bool
) -> None:
    async def work(closed: ExitStack) -> None:
        async with workspace(tmp_path, again_after_s=0.02) as folder:
            (folder / "1.wav").write_bytes(b"a voice")
            closed.enter_context(closed_to_us(tmp_path))
            if is_cancelled:
                raise asyncio.CancelledError

    with structlog.testing.capture_logs() as lines:
        with ExitStack() as closed:
            await asyncio.gather(asyncio.create_task(work(closed)), return_exceptions=True)
            async with asyncio.timeout(10):
                while len(lines) < 2:  # noqa: ASYNC110  # nor does the log
                    await asyncio.sleep(0.01)
        await until_empty(tmp_path)
    assert {(line["event"], line["log_level"], line["error"]) for line in lines} == {
        ("temporary audio not deleted", "warning", "Permission denied")
    }
    assert "voice" not in str(lines)
