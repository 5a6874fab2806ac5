"""Socket Mode: frames over WebSockets, acknowledgements, redelivery, and connections that come and go.

Source: https://docs.slack.dev/apis/events-api/using-socket-mode
"""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Callable, Coroutine
from typing import Any, Literal

from aiohttp import WSMsgType, web

from bot.playground.slack_lookalike.answering import (
    Answering,
    Reply,
    dropped,
    is_broken,
    meet_after,
    meet_before,
)
from bot.playground.slack_lookalike.calls import Call
from bot.playground.slack_lookalike.delivery import Attempt, Delivery, RetrySchedule
from bot.playground.slack_lookalike.faults import Fault
from bot.playground.slack_lookalike.records import JsonObject
from bot.playground.slack_lookalike.state import SlackState

DisconnectReason = Literal["warning", "refresh_requested", "link_disabled", "too_many_websockets"]
MOST_CONNECTIONS = 10
MOST_WAITING = 10_000
"""Deliveries that wait for a connection at once; later ones are lost."""


class _Connection:
    """One open WebSocket."""

    def __init__(self, socket: web.WebSocketResponse, request: web.Request) -> None:
        self.socket = socket
        self.request = request
        self.retiring = False
        """Told to disconnect: gets nothing new."""
        self.tasks: set[asyncio.Task[None]] = set()
        """Acknowledgements that meet a fault, and the end that it was told of; they end with it."""

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something that ends with the connection."""
        task = asyncio.get_running_loop().create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    def abort(self) -> None:
        """Break the connection without a word."""
        if self.request.transport is not None:
            self.request.transport.abort()


async def _act_with_fault(connection: _Connection, call: Call, fault: Fault, act: Callable[[], None]) -> None:
    refused = await meet_before(call, fault)
    if refused is None:
        act()
    if is_broken(refused) or (refused is None and not await meet_after(call, fault)):
        connection.abort()


class SocketMode:
    """Delivers over whichever connection is open; without one, nothing is kept for long.

    Args:
        state: The workspace.
        answering: Records connections and acknowledgements as calls, and finds their faults.
        schedule: When an event that was not acknowledged is delivered again.

    Attributes:
        close_after_s: How long a connection that was told to go is left open; Slack takes some ten seconds.
    """

    def __init__(self, state: SlackState, answering: Answering, schedule: RetrySchedule) -> None:
        self._state = state
        self._answering = answering
        self._schedule = schedule
        self._connections: list[_Connection] = []
        self._open = asyncio.Event()
        self._waiting = 0
        self._envelopes: dict[str, tuple[Delivery, Attempt]] = {}
        self._deliveries: set[asyncio.Task[None]] = set()
        self.close_after_s = 1.0

    @property
    def connections(self) -> int:
        """How many connections take deliveries now."""
        return len([one for one in self._connections if not one.retiring])

    def deliver(self, delivery: Delivery) -> None:
        """Send this, and again until it is acknowledged; without a connection no try succeeds.

        Source: https://docs.slack.dev/apis/events-api/#retries
        """
        task = asyncio.get_running_loop().create_task(self._deliver(delivery))
        self._deliveries.add(task)
        task.add_done_callback(self._deliveries.discard)

    async def connected(self, timeout_s: float = 10.0) -> None:
        """Wait until a connection takes deliveries.

        Raises:
            TimeoutError: None came.
        """
        async with asyncio.timeout(timeout_s):
            await self._open.wait()

    async def disconnect(self, reason: DisconnectReason = "refresh_requested") -> None:
        """Tell every connection to go, and close those that are still there a while later.

        Deliveries wait for new ones. After a ``warning`` they go on until then: it only comes before.
        """
        for connection in list(self._connections):
            await self._tell_to_go(connection, reason)
            connection.start(self._close_later(connection, reason))

    async def _tell_to_go(self, connection: _Connection, reason: DisconnectReason) -> None:
        connection.retiring = connection.retiring or reason != "warning"
        self._note_open()
        frame = {"type": "disconnect", "reason": reason, **self._about()}
        await connection.socket.send_str(json.dumps(frame))

    async def _close_later(self, connection: _Connection, reason: DisconnectReason) -> None:
        await asyncio.sleep(self.close_after_s)
        if reason == "warning":
            await self._tell_to_go(connection, "refresh_requested")
        await connection.socket.close()

    def drop_connections(self) -> None:
        """Break every connection without a word."""
        for connection in list(self._connections):
            connection.retiring = True
            connection.abort()
        self._note_open()

    async def close(self) -> None:
        """End deliveries and connections."""
        for task in list(self._deliveries):
            task.cancel()
        await asyncio.gather(*self._deliveries, return_exceptions=True)
        for connection in list(self._connections):
            await connection.socket.close()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """One WebSocket, from hello to goodbye."""
        ticket = request.query.get("ticket", "")
        call, fault = self._answering.arrive("socket_connect", {})
        refused = await meet_before(call, fault)
        if is_broken(refused):
            return dropped(request)
        if refused is None and ticket not in self._state.socket_tickets:
            refused = Reply(text="unknown ticket", status=403)
        if refused is None and len(self._connections) >= MOST_CONNECTIONS:
            refused = Reply(text="too many connections", status=429)
        if refused is not None:
            call.status = refused.status
            return refused.response()
        self._state.socket_tickets.discard(ticket)
        socket = web.WebSocketResponse(autoping=False, timeout=1.0)
        await socket.prepare(request)
        call.acted = call.answered = True
        call.status, call.ended_at = socket.status, self._state.clock()
        connection = _Connection(socket, request)
        self._connections.append(connection)
        try:
            await socket.send_str(json.dumps({"type": "hello", **self._about()}))
            self._note_open()
            await self._listen(connection)
        finally:
            self._connections.remove(connection)
            self._note_open()
            for task in list(connection.tasks):
                task.cancel()
        return socket

    async def _listen(self, connection: _Connection) -> None:
        async for message in connection.socket:
            if message.type is WSMsgType.PING:
                await connection.socket.pong(message.data)
            elif message.type is WSMsgType.TEXT:
                self._hear(connection, message.data)

    def _hear(self, connection: _Connection, text: str) -> None:
        try:
            frame: Any = json.loads(text)
            delivery, attempt = self._envelopes[frame["envelope_id"]]
        except (ValueError, KeyError, TypeError):
            return
        call, fault = self._answering.arrive("socket_ack", {"envelope_id": frame["envelope_id"]})

        def act() -> None:
            attempt.ack_after_s = self._state.clock() - attempt.sent_at
            answer = frame.get("payload")
            call.acted = call.answered = True
            delivery.acknowledge(answer if isinstance(answer, dict) else {})

        if fault is None:
            act()  # at once: the connection may be closed right behind it
            return
        connection.start(_act_with_fault(connection, call, fault, act))

    async def _deliver(self, delivery: Delivery) -> None:
        if self._waiting >= MOST_WAITING:
            delivery.give_up()
            return
        again = self._schedule.delays_s if delivery.kind == "events_api" else ()
        for number, delay_s in enumerate((0.0, *again)):
            if delay_s:
                await asyncio.sleep(delay_s)
            if not delivery.acked and not await self._is_sent(delivery, number):
                continue
            try:
                await delivery.settled(self._schedule.ack_timeout_s)
            except TimeoutError:
                continue
            return
        delivery.give_up()

    async def _is_sent(self, delivery: Delivery, number: int) -> bool:
        """Send it; False where no connection was open for as long as an acknowledgement may take."""
        try:
            async with asyncio.timeout(self._schedule.ack_timeout_s):
                await self._send(delivery, number)
        except TimeoutError:
            return False
        return True

    async def _send(self, delivery: Delivery, number: int) -> None:
        envelope_id = str(uuid.uuid4())
        frame: JsonObject = {"envelope_id": envelope_id, "type": delivery.kind, "payload": delivery.payload}
        frame["accepts_response_payload"] = delivery.kind != "events_api"
        reason = "timeout" if number else ""
        if delivery.kind == "events_api":
            frame |= {"retry_attempt": number, "retry_reason": reason}
        text = json.dumps(frame)
        while True:
            connection = await self._a_connection()
            attempt = Attempt(number, reason, self._state.clock())
            self._envelopes[envelope_id] = (delivery, attempt)
            try:
                await connection.socket.send_str(text)
            except ConnectionError:
                connection.retiring = True
                self._note_open()
                continue
            delivery.attempts.append(attempt)
            return

    async def _a_connection(self) -> _Connection:
        while True:
            ready = [one for one in self._connections if not one.retiring and not one.socket.closed]
            if ready:
                # Any connection may get the next event: the one that waited longest does.
                chosen = ready[0]
                self._connections.remove(chosen)
                self._connections.append(chosen)
                return chosen
            self._open.clear()
            self._waiting += 1
            try:
                await self._open.wait()
            finally:
                self._waiting -= 1

    def _note_open(self) -> None:
        if self.connections:
            self._open.set()
        else:
            self._open.clear()

    def _about(self) -> JsonObject:
        return {
            "num_connections": len(self._connections),
            "debug_info": {
                "host": "applink-lookalike",
                "build_number": 1,
                "approximate_connection_time": 18060,
            },
            "connection_info": {"app_id": self._state.workspace.app_id},
        }
