from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.channel_settings import Automatic, ChannelSettings
from bot.model import JobKey
from bot.playground.slack_lookalike.records import Channel
from tests.slack.harness import SlackHarness, slack_harness
from tests.slack.payloads import request

DECIDED = ChannelSettings(Automatic.VIDEO, language="de")


class FullDisk:
    """A store that cannot write."""

    def __getattr__(self, name: str) -> Any:
        async def fail(*_: str) -> None:
            raise OSError(28, f"No space left on device: {name}")

        return fail


@asynccontextmanager
async def harness(preferences: object = None) -> AsyncIterator[SlackHarness]:
    async with slack_harness(
        lambda handlers: [handlers.channel_lifecycle, handlers.app_removal],
        ack_timeout_s=0.3,
        stored=lambda kept: preferences or kept,
    ) as made:
        yield made


async def decided(here: SlackHarness, *channels: Channel) -> None:
    """Each channel has settings, a greeting, a subscriber and a job."""
    await here.preferences.opt_out(here.team_id, "U1", out=True)
    await here.preferences.subscribe(here.team_id, "U1", [channel.id for channel in channels])
    for channel in channels:
        await here.preferences.change_channel(here.team_id, channel.id, lambda _: DECIDED)
        await here.preferences.greet(here.team_id, channel.id)
        key = JobKey(here.team_id, channel.id, "1.0", "F1")
        await here.jobs.accept([replace(request(), key=key)])


async def known(here: SlackHarness, channel_id: str) -> tuple[ChannelSettings, list[str], list[str]]:
    jobs = [key.file_id for key in here.jobs.rows if key.channel_id == channel_id]
    subscribers = list(await here.preferences.subscribers(here.team_id, channel_id))
    return await here.preferences.channel(here.team_id, channel_id), subscribers, jobs


NOTHING: tuple[ChannelSettings, list[str], list[str]] = (ChannelSettings(), [], [])
ALL = (DECIDED, ["U1"], ["F1"])


@pytest.mark.parametrize("kind", ["channel", "group"])
@pytest.mark.parametrize("gone", ["left", "deleted"])
async def test_what_is_stored_of_a_channel_goes_with_it(kind: Any, gone: str) -> None:
    async with harness() as here:
        channel = here.slack.state.add_channel("general", kind=kind)
        other = here.slack.state.add_channel("news")
        await decided(here, channel, other)

        leave = here.comings.remove_bot if gone == "left" else here.comings.delete_channel
        leave(channel)
        await here.settled()

        assert await known(here, channel.id) == NOTHING
        assert await known(here, other.id) == ALL
        assert here.stopped == [(here.team_id, channel.id)]
        assert await here.preferences.greet(here.team_id, channel.id)
        assert not await here.preferences.greet(here.team_id, other.id)


@pytest.mark.parametrize("kind", ["channel", "group"])
async def test_who_leaves_a_channel_reads_it_no_more(kind: Any) -> None:
    async with harness() as here:
        channel = here.slack.state.add_channel("general", "U1", "U2", kind=kind)
        other = here.slack.state.add_channel("news", "U1")
        await decided(here, channel, other)
        await here.preferences.subscribe(here.team_id, "U2", [channel.id])

        here.comings.leave(channel, "U1")
        await here.settled()

        assert await known(here, channel.id) == (DECIDED, ["U2"], ["F1"])
        assert await known(here, other.id) == ALL

        here.comings.leave(channel, "U2")
        await here.settled()
        assert (await known(here, channel.id))[1] == []


async def test_who_reads_nothing_may_leave() -> None:
    async with harness() as here:
        channel = here.slack.state.add_channel("general", "U2")
        await decided(here, channel)

        here.comings.leave(channel, "U2")
        await here.settled()

        assert here.slack.deliveries[-1].acked
        assert await known(here, channel.id) == ALL


async def test_an_archived_channel_keeps_it() -> None:
    async with harness() as here:
        channel = here.slack.state.add_channel("general")
        await decided(here, channel)

        here.slack.state.emit_event({"type": "channel_archive", "channel": channel.id, "user": "U1"})
        await here.settled()

        assert await known(here, channel.id) == ALL


async def test_it_moves_with_a_channel_that_gets_another_id() -> None:
    async with harness() as here:
        channel = here.slack.state.add_channel("general")
        await decided(here, channel)
        old_id = channel.id

        here.comings.change_id(channel, "C0SHARED001")
        await here.settled()

        assert (await known(here, "C0SHARED001"))[:2] == ALL[:2]
        assert (await known(here, old_id))[:2] == NOTHING[:2]


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


@pytest.mark.parametrize(
    "event",
    [
        {"type": "channel_left"},
        {"type": "group_deleted", "channel": {"id": "C1"}},
        {"type": "channel_id_changed", "old_channel_id": "C1"},
        {"type": "channel_id_changed", "new_channel_id": "<!channel>", "old_channel_id": "C1"},
    ],
)
async def test_an_event_without_a_channel_forgets_nothing(event: dict[str, Any]) -> None:
    async with harness(FullDisk()) as here:
        here.slack.state.emit_event(event)
        await here.settled()

        assert here.slack.deliveries[-1].acked


@pytest.mark.parametrize(
    "event",
    [
        {"type": "channel_left", "channel": "C1"},
        {"type": "channel_id_changed", "old_channel_id": "C1", "new_channel_id": "C2"},
        {"type": "app_uninstalled"},
        {"type": "member_left_channel", "channel": "C1", "user": "U1"},
    ],
)
async def test_what_could_not_be_purged_is_delivered_again(event: dict[str, Any]) -> None:
    async with harness(FullDisk()) as here:
        here.slack.state.emit_event(event)
        await here.settled()

        assert not here.slack.deliveries[-1].acked
