"""The server's connections: how many may wait for a request, and for how long.

aiohttp limits neither. A connection that has not brought a whole request is worth little: where too many
wait, the one that has waited for longest goes. So a flood of unfinished requests uses up neither the
descriptors nor the memory, and a whole request (an event, a health check) is answered in the middle of it.
"""

from __future__ import annotations

import asyncio
import resource
from dataclasses import dataclass, field

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

_MOST_WAITING = 256
"""Each may have sent a megabyte."""
ACCEPTED_AT_ONCE = 64
"""Fewer than may wait: a whole request that comes with so many others is read before its turn to go."""


def _most_waiting() -> int:
    """A quarter of the descriptors: downloads, the recogniser and decoders need them too."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return _MOST_WAITING if soft == resource.RLIM_INFINITY else min(_MOST_WAITING, soft // 4)


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of connections that wait for a whole request."""

    most_waiting: int = field(default_factory=_most_waiting)
    request_s: float = 5.0
    """From opening a connection to its first request's last byte. Slack gives up after 3 s."""
    idle_s: float = 130.0
    """The same for each further request, from the last answer on. Proxies close unused connections before."""


class Connections:
    """Knows which connections wait for a whole request, and closes those that wait for too long."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._waiting: dict[asyncio.BaseTransport, asyncio.TimerHandle] = {}
        """In the order in which they began to wait."""

    def watched(self, inner: asyncio.Protocol) -> asyncio.Protocol:
        """The protocol of a new connection, whose requests ``inner`` reads and answers."""
        return _WatchedProtocol(inner, self)

    @property
    def middleware(self) -> Middleware:
        """The aiohttp middleware that hands on whole requests only."""

        @web.middleware
        async def hand_on_whole(request: web.Request, handler: Handler) -> web.StreamResponse:
            try:
                await request.read()
            except (web.RequestPayloadError, ConnectionError):
                # A broken body, or a connection that is gone: aiohttp would take them for bugs of ours.
                raise web.HTTPBadRequest from None
            transport = request.transport
            if transport is None:
                return await handler(request)
            self.ended(transport)
            try:
                return await handler(request)
            finally:
                if not transport.is_closing():
                    self.began(transport, self._limits.idle_s)

        return hand_on_whole

    def opened(self, transport: asyncio.BaseTransport) -> None:
        """Wait for the first request of a new connection."""
        self.began(transport, self._limits.request_s)

    def began(self, transport: asyncio.BaseTransport, patience_s: float) -> None:
        """Wait for a whole request so long; where too many wait, close the one that began first."""
        self.ended(transport)
        timer = asyncio.get_running_loop().call_later(patience_s, _abort, transport)
        self._waiting[transport] = timer
        if len(self._waiting) > self._limits.most_waiting:
            oldest = next(iter(self._waiting))
            self.ended(oldest)
            _abort(oldest)

    def ended(self, transport: asyncio.BaseTransport) -> None:
        """Wait no longer: the request is whole, or the connection closed."""
        if timer := self._waiting.pop(transport, None):
            timer.cancel()


def _abort(transport: asyncio.BaseTransport) -> None:
    if isinstance(transport, asyncio.WriteTransport):
        transport.abort()


class _WatchedProtocol(asyncio.Protocol):
    """Hands everything on to another protocol, and tells when the connection opens and closes."""

    def __init__(self, inner: asyncio.Protocol, connections: Connections) -> None:
        self._inner = inner
        self._connections = connections
        self._transport: asyncio.BaseTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._connections.opened(transport)
        self._inner.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        self._inner.data_received(data)

    def eof_received(self) -> bool | None:
        return self._inner.eof_received()

    def pause_writing(self) -> None:
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        self._inner.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._transport is not None:
            self._connections.ended(self._transport)
        self._inner.connection_lost(exc)
