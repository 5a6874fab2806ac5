"""Stopping keeps its promise, also while another process has locked the database."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bot import app
from tests.flows.harness import BotHarness, words
from tests.store.opening import locked_beside


@pytest.mark.parametrize("is_working", [False, True])
async def test_a_locked_database_does_not_hold_up_a_bot_that_stops(
    socket_harness: BotHarness, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_working: bool
) -> None:
    monkeypatch.setattr(app, "DRAIN_PATIENCE_S", 1.0)
    harness = socket_harness
    bot = app.running(harness.settings)
    await bot.__aenter__()
    held = harness.dashscope.faults.hold(when=lambda call: round(call.duration_s or 0) == 2)
    if is_working:
        harness.share(harness.clip())
        await held.reached()
    async with locked_beside(tmp_path / "data") as other:
        # It waits for the database now: for what to claim next, or to keep what was heard.
        unheard = harness.share(harness.clip(3))
        held.drop()
        await asyncio.sleep(0.3)
        async with asyncio.timeout(10):
            await bot.__aexit__(None, None, None)
        other.execute("ROLLBACK")
    async with harness.bot_running():
        (reply,) = await harness.answered(unheard)
    assert words(reply) == "A clip of 3 seconds."


async def test_jobs_and_background_tasks_share_one_patience(
    socket_harness: BotHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "DRAIN_PATIENCE_S", 0.5)
    harness = socket_harness
    held = harness.dashscope.faults.hold(when=lambda call: round(call.duration_s or 0) == 2)
    bot = app.running(harness.settings)
    running = await bot.__aenter__()
    harness.share(harness.clip())
    await held.reached()
    errand = asyncio.Event()
    running.background.start(errand.wait())
    async with asyncio.timeout(4):
        await bot.__aexit__(None, None, None)
    held.drop()
