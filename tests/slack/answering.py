"""A server on this machine that answers as a test says and remembers what it was asked."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Asked:
    """A running server.

    Attributes:
        origin: Scheme, host and port.
        tokens: What each request carried as authorization, in order; ``None`` for nothing.
        paths: What each request asked for.
    """

    origin: str = ""
    tokens: list[str | None] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)


@asynccontextmanager
async def answering(answer: Answer) -> AsyncIterator[Asked]:
    """Serve every path with ``answer`` while inside."""
    asked = Asked()

    async def handle(request: web.Request) -> web.StreamResponse:
        asked.tokens.append(request.headers.get("Authorization"))
        asked.paths.append(request.path_qs)
        return await answer(request)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        asked.origin = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield asked
    finally:
        await runner.cleanup()


def always(response: Callable[[], web.Response]) -> Answer:
    """The same answer to every request."""

    async def answer(_request: web.Request) -> web.Response:
        return response()

    return answer
