"""A relay on 127.0.0.1 that passes requests on and keeps the answers."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit


class Relay:
    """Stands between the look-alike and the bot's HTTP endpoint.

    Attributes:
        url: What the look-alike delivers to.
    """

    def __init__(self, target: str) -> None:
        self._target = urlsplit(target)
        self._answered = asyncio.Event()
        self._server: asyncio.Server | None = None
        self.url = ""

    async def answered(self, timeout_s: float = 10.0) -> None:
        """Wait until the bot has answered a request."""
        async with asyncio.timeout(timeout_s):
            await self._answered.wait()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._pass_on, "127.0.0.1", 0)
        port = self._server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}{self._target.path}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.close()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(self._target.hostname, self._target.port)
        passing = asyncio.create_task(_copy(reader, far_writer))
        try:
            if await far_reader.read(1):
                self._answered.set()
            await far_reader.read()
        except ConnectionError:
            pass
        finally:
            passing.cancel()
            writer.transport.abort()
            far_writer.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while chunk := await reader.read(65536):
        writer.write(chunk)
        await writer.drain()
