"""A forward proxy on 127.0.0.1 that notes what it is asked for."""

from __future__ import annotations

import asyncio
import re
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

_REQUEST = re.compile(rb"(?m)^([A-Z]+) (\S+) HTTP/1\.1\r$")


class LittleProxy:
    """Passes on plain HTTP, WebSockets too; to ``CONNECT`` it answers that nobody is there.

    Attributes:
        asked: The method and target of each request, in order of arrival.
        url: For ``HTTP_PROXY`` and ``HTTPS_PROXY``.
    """

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self.url = ""

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()

    def hosts(self) -> set[str]:
        """The hosts and ports that were asked."""
        return {urlsplit(target).netloc for _, target in self.asked}

    def paths(self) -> set[str]:
        """The first parts of the paths that were asked for."""
        return {"/" + urlsplit(target).path.split("/")[1] for _, target in self.asked}

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = await reader.readline()
        self._note(line)
        method, target, _ = line.decode().split(" ", 2)
        if method == "CONNECT":
            writer.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            writer.close()
            return
        address = urlsplit(target)
        far_reader, far_writer = await asyncio.open_connection(address.hostname, address.port)
        far_writer.write(line)
        await asyncio.gather(
            self._copy(reader, far_writer, note=True),
            self._copy(far_reader, writer, note=False),
            return_exceptions=True,
        )

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, note: bool) -> None:
        try:
            while chunk := await reader.read(65536):
                if note:
                    self._note(chunk)
                writer.write(chunk)
                await writer.drain()
        finally:
            writer.close()

    def _note(self, chunk: bytes) -> None:
        """Note the requests that begin in what a client sends."""
        found = _REQUEST.findall(chunk)
        self.asked += [(method.decode(), target.decode()) for method, target in found]
