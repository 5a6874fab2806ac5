"""An operator forgets somebody beside the running bot: what it was working on is not said any more."""

from __future__ import annotations

import asyncio

import pytest

from bot.__main__ import main
from tests.flows.harness import BotHarness


@pytest.mark.parametrize("kind", ["user", "channel", "team"])
async def test_what_is_forgotten_while_it_is_transcribed_is_never_said(
    socket_harness: BotHarness, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    harness = socket_harness
    whom = {
        "user": harness.ada.id,
        "channel": harness.channel.id,
        "team": harness.slack.state.workspace.team_id,
    }
    monkeypatch.setenv("DATA_DIR", str(harness.settings.data_dir))
    async with harness.bot_running():
        held = harness.slack.faults.hold("download")
        message = harness.share(harness.clip(2))
        await held.reached()
        assert await asyncio.to_thread(main, ["forget", f"--{kind}", whom[kind]]) == 0
        held.release()
        await harness.idle()
        later = harness.share(harness.clip(3))
        await harness.answered(later)
    assert harness.replies(message) == []
