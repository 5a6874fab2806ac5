from __future__ import annotations

from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.slack.lifecycle.stored import ALL, NOTHING, decided, harness, known


async def test_everything_goes_when_the_app_is_removed() -> None:
    async with harness() as here:
        channels = [here.slack.state.add_channel(name) for name in ("general", "news")]
        await decided(here, *channels)

        with capture_logs() as logged:
            here.comings.uninstall()
            await here.settled()

        assert {line["log_level"] for line in logged if line["event"] == "workspace forgotten"} == {"error"}
        for channel in channels:
            assert await known(here, channel.id) == NOTHING
        assert not await here.preferences.is_opted_out(here.team_id, "U1")
        assert {*here.stopped} == {(here.team_id, None)}


@pytest.mark.parametrize(
    ("tokens", "kept"),
    [
        ({"bot": ["U0BOT000001"]}, False),
        ({"oauth": ["U1"]}, True),
        ({"bot": []}, True),
        ([], True),
        (None, True),
    ],
)
async def test_the_bots_own_token_counts_and_nobody_elses(tokens: Any, kept: bool) -> None:  # noqa: FBT001  # a parameter of the test
    async with harness() as here:
        channel = here.slack.state.add_channel("general")
        await decided(here, channel)

        here.slack.state.emit_event({"type": "tokens_revoked", "tokens": tokens})
        await here.settled()

        assert await known(here, channel.id) == (ALL if kept else NOTHING)
