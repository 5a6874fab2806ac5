"""Servers on this machine that answer as a test wants, and the client that talks to them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer
from pydantic import SecretStr

from bot.asr.dashscope import DashScope
from bot.recording import PreparedAudio

KEY = "sk-0123456789abcdef0123456789abcdef"
PATH = "/api/v1/services/aigc/multimodal-generation/generation"
ANSWER = {
    "request_id": "r-1",
    "output": {
        "choices": [
            {
                "finish_reason": "stop",
                "message": {
                    "role": "assistant",
                    "content": [{"text": "Hello."}],
                    "annotations": [{"type": "audio_info", "language": "en", "emotion": "neutral"}],
                },
            }
        ]
    },
    "usage": {"seconds": 3},
}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Clock:
    """Time that passes only where somebody sleeps, and then at once."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s

    async def sleep(self, wait_s: float) -> None:
        self.now_s += wait_s
        await asyncio.sleep(0)


@asynccontextmanager
async def talking_to(
    handler: Handler | str, *, timeout_s: float = 20.0, key: str = KEY, **changes: Any
) -> AsyncIterator[DashScope]:
    """A client of a server on this machine, or of an address that a test brings along."""
    app = web.Application(client_max_size=0)
    if not isinstance(handler, str):
        app.router.add_post(PATH, handler)
    given: dict[str, Any] = {
        "model": "qwen3-asr-flash",
        "language": None,
        "enable_itn": False,
        "concurrency": 4,
        "requests_per_minute": 1000,
    }
    async with TestServer(app) as server, aiohttp.ClientSession() as session:
        yield DashScope(
            session,
            base_url=handler if isinstance(handler, str) else str(server.make_url("/")),
            api_key=SecretStr(key),
            timeout=aiohttp.ClientTimeout(total=timeout_s, connect=timeout_s),
            **{**given, **changes},
        )


@asynccontextmanager
async def raw_server(answer: bytes, *, read_bytes: int) -> AsyncIterator[str]:
    """A server that reads a little, says its piece and hangs up."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(read_bytes)
        writer.write(answer)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


def audio(tmp_path: Path, contents: bytes = b"RIFFaudio") -> PreparedAudio:
    path = tmp_path / "a.wav"
    path.write_bytes(contents)
    return PreparedAudio(path=path, mime="audio/wav", size_bytes=len(contents), duration_s=1.0)


def answering(status: int = 200, body: object = ANSWER, headers: dict[str, str] | None = None) -> Handler:
    async def answer(request: web.Request) -> web.Response:
        async for _ in request.content.iter_any():
            pass
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return web.Response(status=status, body=raw, headers=headers)

    return answer
