"""slack_sdk's Socket Mode client, and Bolt over Socket Mode and HTTP, judge the look-alike's deliveries."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import WSMsgType, web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground.slack_lookalike.delivery import RetrySchedule
from bot.playground.slack_lookalike.records import Channel, User
from bot.playground.slack_lookalike.server import SlackLookalike

Listener = Callable[[AsyncBaseSocketModeClient, SocketModeRequest], Awaitable[None]]
_SOON = (0.0, 0.02, 0.05)
_PATIENT, _IMPATIENT = RetrySchedule(delays_s=_SOON), RetrySchedule(ack_timeout_s=0.25, delays_s=_SOON)


@pytest.fixture
async def slack() -> AsyncIterator[SlackLookalike]:
    async with SlackLookalike(schedule=_PATIENT) as running:
        yield running


@pytest.fixture
def ann(slack: SlackLookalike) -> User:
    return slack.state.add_user("ann", locale="de-DE", is_admin=True)


@pytest.fixture
def general(slack: SlackLookalike, ann: User) -> Channel:
    return slack.state.add_channel("general", ann.id)


# -- Socket Mode ---------------------------------------------------------------------------------------------


async def acknowledge(client: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
    await client.send_socket_mode_response(SocketModeResponse(envelope_id=request.envelope_id))


@asynccontextmanager
async def socket_client(slack: SlackLookalike, *listeners: Listener) -> AsyncIterator[SocketModeClient]:
    web_client = AsyncWebClient(base_url=slack.api_url)
    client = SocketModeClient(slack.app_token, web_client=web_client, ping_interval=0.1)
    client.socket_mode_request_listeners.extend(listeners)
    await client.connect()  # type: ignore[no-untyped-call]  # the SDK's
    try:
        await slack.socket_mode.connected()
        yield client
    finally:
        await client.close()  # type: ignore[no-untyped-call]  # the SDK's


async def test_an_event_is_delivered_and_acknowledged(
    slack: SlackLookalike, general: Channel, ann: User
) -> None:
    heard: list[SocketModeRequest] = []

    async def listen(client: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        heard.append(request)
        await acknowledge(client, request)

    async with socket_client(slack, listen):
        slack.state.post_as_user(general.id, ann.id, "hello")
        await slack.settled()
    assert (heard[0].type, heard[0].retry_attempt) == ("events_api", 0)
    assert heard[0].payload["event"]["text"] == "hello"
    assert slack.deliveries[0].attempts[0].ack_after_s is not None


async def test_pings_are_echoed(slack: SlackLookalike) -> None:
    async with socket_client(slack) as client:
        session = client.current_session
        assert session is not None
        assert client.message_receiver is not None
        client.message_receiver.cancel()  # so that the pong comes here
        await session.ping(b"sdk-ping-pong:1.5")
        while (frame := await session.receive(timeout=5)).data != b"sdk-ping-pong:1.5":
            assert frame.type in {WSMsgType.PONG, WSMsgType.TEXT}
        assert frame.type is WSMsgType.PONG


async def test_an_event_without_an_ack_is_delivered_again_and_then_given_up() -> None:
    heard: list[tuple[int | None, str | None]] = []

    async def listen(client: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        heard.append((request.retry_attempt, request.retry_reason))
        if request.payload["event"]["text"] == "second time" and request.retry_attempt == 1:
            await acknowledge(client, request)

    async with SlackLookalike(schedule=_IMPATIENT) as slack, socket_client(slack, listen):
        ann = slack.state.add_user("ann")
        general = slack.state.add_channel("general", ann.id)
        slack.state.post_as_user(general.id, ann.id, "second time")
        await slack.settled()
        assert heard == [(0, ""), (1, "timeout")]
        slack.state.post_as_user(general.id, ann.id, "never")
        await slack.settled()
    again, never = slack.deliveries
    assert again.acked
    assert never.lost
    assert [attempt.number for attempt in never.attempts] == [0, 1, 2, 3]


async def test_the_client_reconnects_after_a_disconnect_frame(
    slack: SlackLookalike, general: Channel, ann: User
) -> None:
    async with socket_client(slack, acknowledge):
        await slack.socket_mode.disconnect("refresh_requested")
        slack.state.post_as_user(general.id, ann.id, "waits for the new connection")
        await slack.settled()
    assert [call.method for call in slack.state.calls].count("socket_connect") == 2
    assert len(slack.deliveries[0].attempts) == 1


async def test_the_client_reconnects_after_a_dropped_socket(
    slack: SlackLookalike, general: Channel, ann: User
) -> None:
    async with socket_client(slack, acknowledge):
        slack.socket_mode.drop_connections()
        slack.state.post_as_user(general.id, ann.id, "waits for the new connection")
        await slack.settled()
    assert slack.deliveries[0].acked


async def test_events_wait_for_a_bot_that_is_not_there_yet(
    slack: SlackLookalike, general: Channel, ann: User
) -> None:
    for number in range(3):
        slack.state.post_as_user(general.id, ann.id, str(number))
    heard: list[str] = []

    async def listen(client: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        heard.append(request.payload["event"]["text"])
        await acknowledge(client, request)

    async with socket_client(slack, listen):
        await slack.settled()
    assert sorted(heard) == ["0", "1", "2"]


async def test_any_of_several_connections_gets_an_event(
    slack: SlackLookalike, general: Channel, ann: User
) -> None:
    heard: dict[str, int] = {"first": 0, "second": 0}

    def listener(name: str) -> Listener:
        async def listen(client: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
            heard[name] += 1
            await acknowledge(client, request)

        return listen

    async with socket_client(slack, listener("first")), socket_client(slack, listener("second")):
        for number in range(4):
            slack.state.post_as_user(general.id, ann.id, str(number))
            await slack.settled()
    assert heard == {"first": 2, "second": 2}


async def test_bolt_replies_over_socket_mode(slack: SlackLookalike, general: Channel, ann: User) -> None:
    app = AsyncApp(client=AsyncWebClient(slack.bot_token, base_url=slack.api_url))

    @app.event("message")
    async def answer(event: dict[str, Any], client: AsyncWebClient) -> None:
        await client.chat_postMessage(
            channel=event["channel"], thread_ts=event["ts"], text=event["files"][0]["subtype"]
        )

    handler = AsyncSocketModeHandler(
        app, slack.app_token, web_client=AsyncWebClient(base_url=slack.api_url), ping_interval=0.1
    )
    await handler.connect_async()  # type: ignore[no-untyped-call]  # the SDK's
    posted = slack.faults.hold("chat.postMessage", after_acting=True)
    slack.state.share_events = ("message",)  # Bolt acknowledges nothing that has no listener
    clip = slack.state.add_file(b"abc", "audio_message.m4a", user=ann.id, as_voice_clip=True)
    shared = slack.state.post_as_user(general.id, ann.id, files=[clip])
    await posted.reached()
    posted.release()
    await slack.settled()
    await handler.close_async()  # type: ignore[no-untyped-call]  # the SDK's
    assert [reply.text for reply in slack.state.replies(shared)] == ["slack_audio"]


# -- the Events API ------------------------------------------------------------------------------------------


@asynccontextmanager
async def bolt_over_http(slack: SlackLookalike, app: AsyncApp) -> AsyncIterator[str]:
    async def handle(request: web.Request) -> web.Response:
        return await to_aiohttp_response(await app.async_dispatch(await to_bolt_request(request)))

    site = web.Application()
    site.router.add_post("/slack/events", handle)
    runner = web.AppRunner(site)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"
    await slack.deliver_to(url)
    try:
        yield url
    finally:
        await slack.deliver_to(None)
        await runner.cleanup()


def signed_app(slack: SlackLookalike) -> AsyncApp:
    return AsyncApp(
        client=AsyncWebClient(slack.bot_token, base_url=slack.api_url),
        signing_secret=slack.signing_secret,
        process_before_response=True,
    )


async def test_bolt_takes_signed_events_over_http(slack: SlackLookalike, general: Channel, ann: User) -> None:
    app = signed_app(slack)
    heard: list[str] = []

    @app.event("message")
    async def listen(event: dict[str, Any]) -> None:
        heard.append(event["text"])

    async with bolt_over_http(slack, app):
        assert slack.events_api is not None
        assert await slack.events_api.verify_url()
        slack.state.post_as_user(general.id, ann.id, "Grüße")
        await slack.settled()
    assert heard == ["Grüße"]
    assert slack.deliveries[0].attempts[0].status == 200


async def test_bolt_refuses_a_wrong_signature(slack: SlackLookalike, general: Channel, ann: User) -> None:
    async with bolt_over_http(slack, signed_app(slack)):
        assert slack.events_api is not None
        slack.events_api.signing_secret = "another"
        slack.state.post_as_user(general.id, ann.id, "hello")
        await slack.settled()
    assert slack.deliveries[0].lost
    assert {attempt.status for attempt in slack.deliveries[0].attempts} == {401}


async def test_an_error_in_a_listener_is_retried_over_http(
    slack: SlackLookalike, general: Channel, ann: User
) -> None:
    app = signed_app(slack)
    retries: list[str | None] = []

    @app.event("message")
    async def listen(request: Any) -> None:
        retries.append((request.headers.get("x-slack-retry-num") or [None])[0])
        if len(retries) < 3:
            raise RuntimeError("the database is away")

    async with bolt_over_http(slack, app):
        slack.state.post_as_user(general.id, ann.id, "hello")
        await slack.settled()
    assert retries == [None, "1", "2"]
    assert [attempt.reason for attempt in slack.deliveries[0].attempts] == ["", "http_error", "http_error"]
