from __future__ import annotations

from typing import Any

import pytest

from tests.slack.lifecycle.stored import ALL, DECIDED, NOTHING, FullDisk, decided, harness, known


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

        assert await known(here, "C0SHARED001") == ALL
        assert await here.preferences.channel_now(old_id) == "C0SHARED001"
        assert set(await here.preferences.channels(here.team_id)) == {"C0SHARED001"}
        assert here.stopped == []


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
