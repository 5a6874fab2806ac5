"""The look-alike outlives the bot: acknowledgements that get lost, and a process that is killed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground.slack_lookalike.delivery import RetrySchedule
from bot.playground.slack_lookalike.faults import Answer, Drop, Fault
from bot.playground.slack_lookalike.records import Channel
from bot.playground.slack_lookalike.server import SlackLookalike


@pytest.fixture
async def slack() -> AsyncIterator[SlackLookalike]:
    async with SlackLookalike(schedule=RetrySchedule(0.3, (0.0, 0.02, 0.05))) as running:
        yield running


@pytest.fixture
def general(slack: SlackLookalike) -> Channel:
    return slack.state.add_channel("general", slack.state.add_user("ann").id)


@asynccontextmanager
async def connection(slack: SlackLookalike) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    client = AsyncWebClient(base_url=slack.api_url)
    address = (await client.apps_connections_open(app_token=slack.app_token))["url"]
    async with aiohttp.ClientSession() as session, session.ws_connect(address) as socket:
        assert (await socket.receive_json())["type"] == "hello"
        yield socket


async def event(socket: aiohttp.ClientWebSocketResponse) -> dict[str, Any]:
    found = await socket.receive_json(timeout=5)
    assert isinstance(found, dict)
    return found


async def test_an_ack_that_was_lost_on_the_way_means_another_delivery(
    slack: SlackLookalike, general: Channel
) -> None:
    slack.faults.add("socket_ack", Drop())
    slack.state.post_as_user(general.id, general.members[0], "hello")
    async with connection(slack) as socket:
        first = await event(socket)
        await socket.send_json({"envelope_id": first["envelope_id"]})
        assert (await socket.receive()).type in {aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR}
    assert not slack.deliveries[0].acked
    async with connection(slack) as socket:
        second = await event(socket)
        assert second["payload"] == first["payload"]
        assert (second["retry_attempt"], second["retry_reason"]) == (1, "timeout")
        await socket.send_json({"envelope_id": second["envelope_id"]})
        await slack.settled()
    assert slack.deliveries[0].acked


@pytest.mark.parametrize("reason", ["refresh_requested", "link_disabled", "too_many_websockets"])
async def test_who_is_told_to_go_gets_nothing_new_and_is_closed_a_while_later(
    slack: SlackLookalike, general: Channel, reason: Any
) -> None:
    slack.socket_mode.close_after_s = 0.2
    async with connection(slack) as old:
        await slack.socket_mode.disconnect(reason)
        assert (await event(old))["reason"] == reason
        slack.state.post_as_user(general.id, general.members[0], "hello")
        async with connection(slack) as new:
            envelope = await event(new)
            assert (await old.receive(timeout=5)).type is aiohttp.WSMsgType.CLOSE
            await new.send_json({"envelope_id": envelope["envelope_id"]})
            await slack.settled()
            assert slack.socket_mode.connections == 1


async def test_a_warning_comes_some_time_before(slack: SlackLookalike, general: Channel) -> None:
    slack.socket_mode.close_after_s = 0.2
    async with connection(slack) as old:
        await slack.socket_mode.disconnect("warning")
        slack.state.post_as_user(general.id, general.members[0], "hello")
        assert (await event(old))["reason"] == "warning"
        await old.send_json({"envelope_id": (await event(old))["envelope_id"]})
        await slack.settled()
        assert (await event(old))["reason"] == "refresh_requested"
        assert (await old.receive(timeout=5)).type is aiohttp.WSMsgType.CLOSE


async def test_who_goes_when_told_is_not_closed(slack: SlackLookalike) -> None:
    slack.socket_mode.close_after_s = 0.05
    async with connection(slack) as old:
        await slack.socket_mode.disconnect()
        await event(old)
    async with connection(slack) as new:
        await asyncio.sleep(0.1)
        assert not new.closed


async def test_an_ack_that_arrived_before_the_line_broke_counts(
    slack: SlackLookalike, general: Channel
) -> None:
    hold = slack.faults.hold("socket_ack", after_acting=True)
    slack.state.post_as_user(general.id, general.members[0], "hello")
    async with connection(slack) as socket:
        await socket.send_json({"envelope_id": (await event(socket))["envelope_id"]})
        await hold.reached()
    await hold.ended()
    assert slack.deliveries[0].acked


async def test_an_ack_right_before_goodbye_counts(slack: SlackLookalike, general: Channel) -> None:
    slack.state.post_as_user(general.id, general.members[0], "hello")
    async with connection(slack) as socket:
        await socket.send_json({"envelope_id": (await event(socket))["envelope_id"]})
    await slack.settled()
    assert len(slack.deliveries[0].attempts) == 1


@pytest.mark.parametrize(("fault", "status"), [(Answer(503), 503), (Drop(), None)])
async def test_a_connection_that_is_refused_can_be_tried_again(
    slack: SlackLookalike, fault: Fault, status: int | None
) -> None:
    slack.faults.add("socket_connect", fault, times=None)
    with pytest.raises(aiohttp.ClientError):
        async with connection(slack):
            pass
    assert slack.state.calls[-1].status == status
    slack.faults.clear()
    async with connection(slack):
        assert slack.socket_mode.connections == 1


async def test_a_bot_that_dies_before_its_ack_gets_the_event_again(
    slack: SlackLookalike, general: Channel
) -> None:
    hold = slack.faults.hold("socket_ack")
    slack.state.post_as_user(general.id, general.members[0], "hello")
    async with connection(slack) as socket:
        await socket.send_json({"envelope_id": (await event(socket))["envelope_id"]})
        await hold.reached()
    await hold.ended()
    assert not slack.deliveries[0].acked
    async with connection(slack) as socket:
        assert (await event(socket))["retry_attempt"] == 1


async def test_an_address_opens_one_connection(slack: SlackLookalike) -> None:
    client = AsyncWebClient(base_url=slack.api_url)
    address = (await client.apps_connections_open(app_token=slack.app_token))["url"]
    async with aiohttp.ClientSession() as session:
        async with session.ws_connect(address):
            pass
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await session.ws_connect(address)


async def test_leaving_right_after_an_event_leaves_nothing_behind() -> None:
    async with SlackLookalike() as slack:
        ann = slack.state.add_user("ann")
        slack.state.post_as_user(slack.state.add_channel("general", ann.id).id, ann.id, "hello")
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_frames_that_make_no_sense_are_ignored(slack: SlackLookalike, general: Channel) -> None:
    slack.state.post_as_user(general.id, general.members[0], "hello")
    async with connection(slack) as socket:
        for nonsense in ("", "[]", "{", '{"envelope_id": "unknown"}', '{"envelope_id": []}'):
            await socket.send_str(nonsense)
        await socket.send_str(json.dumps({"envelope_id": (await event(socket))["envelope_id"]}))
        await slack.settled()
    assert slack.deliveries[0].acked


async def test_deliveries_to_a_port_that_nobody_holds_are_given_up(
    slack: SlackLookalike, general: Channel
) -> None:
    server = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    await slack.deliver_to(f"http://127.0.0.1:{port}/slack/events")
    slack.state.post_as_user(general.id, general.members[0], "hello")
    await slack.settled()
    assert [attempt.reason for attempt in slack.deliveries[0].attempts] == ["", *["connection_failed"] * 3]
