"""An operator forgets somebody beside the running bot: what it was working on is not said any more."""

from __future__ import annotations

import asyncio

import pytest

from bot.__main__ import main
from tests.flows.world import World


@pytest.mark.parametrize("kind", ["user", "channel", "team"])
async def test_what_is_forgotten_while_it_is_transcribed_is_never_said(
    socket_world: World, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = socket_world
    whom = {"user": world.ada.id, "channel": world.channel.id, "team": world.slack.state.workspace.team_id}
    monkeypatch.setenv("DATA_DIR", str(world.settings.data_dir))
    async with world.bot_running():
        held = world.slack.faults.hold("download")
        message = world.share(world.clip(2))
        await held.reached()
        assert await asyncio.to_thread(main, ["forget", f"--{kind}", whom[kind]]) == 0
        held.release()
        await world.idle()
        later = world.share(world.clip(3))
        await world.answered(later)
    assert world.replies(message) == []
