"""The look-alike as a server on this machine: start it, point the official clients at it, read its state."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from types import TracebackType
from typing import Self

from aiohttp import web

from bot.playground.slack_lookalike.answering import Answering
from bot.playground.slack_lookalike.delivery import Delivery, DeliveryKind, RetrySchedule
from bot.playground.slack_lookalike.events_api import EventsApi
from bot.playground.slack_lookalike.faults import Faults
from bot.playground.slack_lookalike.file_server import FileServer
from bot.playground.slack_lookalike.records import JsonObject
from bot.playground.slack_lookalike.response_urls import ResponseUrls
from bot.playground.slack_lookalike.socket_mode import SocketMode
from bot.playground.slack_lookalike.state import SlackState
from bot.playground.slack_lookalike.web_api import WebApi

_LARGEST_BODY_BYTES = 1024**3


class SlackLookalike:
    """A workspace on ``127.0.0.1``, as an async context manager.

    It outlives the bot: deliveries wait while no connection is open, and what was not acknowledged is
    delivered again.

    Args:
        state: The workspace; a new one by default.
        schedule: When deliveries are tried again; Slack's own by default.
        port: 0 for any free one.

    Attributes:
        state: What is in the workspace.
        faults: What goes wrong, and the holds.
        deliveries: Everything that was sent to the app, in order.
        socket_mode: The connections of Socket Mode.
        events_api: Delivery over HTTP, once :meth:`deliver_to` chose it.
        bot_token: For the Web API and downloads.
        app_token: For Socket Mode.
        signing_secret: Signs what is delivered over HTTP.
    """

    def __init__(
        self, state: SlackState | None = None, schedule: RetrySchedule | None = None, *, port: int = 0
    ) -> None:
        self.state = state or SlackState()
        self.faults = Faults()
        self.deliveries: list[Delivery] = []
        self.bot_token = f"xoxb-lookalike-{secrets.token_hex(12)}"
        self.app_token = f"xapp-1-lookalike-{secrets.token_hex(12)}"
        self.signing_secret = secrets.token_hex(16)
        self._schedule = schedule or RetrySchedule()
        self._port = port
        answering = Answering(self.state, self.faults)
        self.socket_mode = SocketMode(self.state, answering, self._schedule)
        self.events_api: EventsApi | None = None
        self._runner = web.AppRunner(
            self._routes(answering),
            # A call that is held ends with its client, as if the line had broken before Slack acted.
            handler_cancellation=True,
            access_log=None,
            shutdown_timeout=1.0,
        )
        self.origin = ""

    @property
    def api_url(self) -> str:
        """What the official clients take as their base address."""
        return f"{self.origin}/api/"

    async def __aenter__(self) -> Self:
        """Start listening."""
        self._loop = asyncio.get_running_loop()
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        await site.start()
        self.origin = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        self.state.origin = self.origin
        self.state.sinks.append(self._deliver_event)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let held calls go, end deliveries and stop."""
        self.state.sinks.remove(self._deliver_event)
        await asyncio.sleep(0)  # what was sent last is under way now, and ends with the rest
        self.faults.clear()
        if self.events_api is not None:
            await self.events_api.close()
        await self.socket_mode.close()
        await self._runner.cleanup()

    async def deliver_to(self, url: str | None) -> None:
        """Deliver over HTTP to this address from now on, also what is under way; ``None``: Socket Mode."""
        if self.events_api is not None and url is not None:
            self.events_api.url = url
            return
        if self.events_api is not None:
            await self.events_api.close()
        self.events_api = (
            None if url is None else EventsApi(self.state, url, self.signing_secret, self._schedule)
        )

    def deliver(
        self, kind: DeliveryKind, payload: JsonObject, on_ack: Callable[[JsonObject], None] | None = None
    ) -> Delivery:
        """Send something to the app.

        Args:
            kind: What it is.
            payload: As the app will see it.
            on_ack: Told what the acknowledgement carried.
        """
        delivery = Delivery(kind, payload)
        if on_ack is not None:
            delivery.on_ack = on_ack
        self.deliveries.append(delivery)
        # Not at once, so that code outside the event loop (a fixture, a console) can cause events too.
        self._loop.call_soon_threadsafe(self._send, delivery)
        return delivery

    async def settled(self, timeout_s: float = 10.0) -> None:
        """Wait until everything sent so far was acknowledged or given up.

        Raises:
            TimeoutError: Something was neither.
        """
        for delivery in list(self.deliveries):
            await delivery.settled(timeout_s)

    def _send(self, delivery: Delivery) -> None:
        (self.events_api or self.socket_mode).deliver(delivery)

    def _deliver_event(self, payload: JsonObject) -> None:
        self.deliver("events_api", payload)

    def _routes(self, answering: Answering) -> web.Application:
        app = web.Application(client_max_size=_LARGEST_BODY_BYTES)
        web_api = WebApi(self.state, answering, self.bot_token, self.app_token)
        files = FileServer(self.state, answering, self.bot_token)
        responses = ResponseUrls(self.state, answering)
        app.add_routes(
            [
                web.route("*", "/api/{method}", web_api.handle),
                web.get("/files-{family:pri|tmb}/{key}/{rest:(?s:.+)}", files.download, allow_head=False),
                web.post("/upload/v1/{file_id}", files.upload),
                web.post("/response/{id}", responses.handle),
                web.get("/link/", self.socket_mode.handle),
            ]
        )
        return app
