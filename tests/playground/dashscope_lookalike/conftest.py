from __future__ import annotations

import base64
import io
import json
import struct
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import av
import pytest

from bot.playground.dashscope_lookalike.server import DashScopeLookalike
from bot.playground.dashscope_lookalike.wire import GENERATION_PATH
from bot.whisper.heard import Heard


def make_wav(duration_s: float = 1.0, rate_hz: int = 8000, tag: int = 1, tail: bytes = b"") -> bytes:
    data = bytes(int(duration_s * rate_hz) * 2)
    fmt = struct.pack("<HHIIHH", tag, 1, rate_hz, rate_hz * 2, 2, 16)
    chunks = b"fmt " + struct.pack("<I", 16) + fmt + b"data" + struct.pack("<I", len(data)) + data + tail
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


def make_mp3(duration_s: float = 1.0, rate_hz: int = 16000) -> bytes:
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp3") as container:
        stream = container.add_stream("mp3", rate=rate_hz, layout="mono")
        for start in range(0, int(duration_s * rate_hz), 576):
            frame = av.AudioFrame(format="s16p", layout="mono", samples=576)
            frame.planes[0].update(bytes(frame.planes[0].buffer_size))
            frame.sample_rate, frame.pts = rate_hz, start
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return buffer.getvalue()


def make_body(
    audio: bytes | str, mime: str = "audio/wav", context: str = "", options: Any = None, **parameters: Any
) -> dict[str, Any]:
    uri = audio if isinstance(audio, str) else f"data:{mime};base64,{base64.b64encode(audio).decode()}"
    return {
        "model": "qwen3-asr-flash",
        "input": {
            "messages": [
                {"role": "system", "content": [{"text": context}]},
                {"role": "user", "content": [{"audio": uri}]},
            ]
        },
        "parameters": {
            "asr_options": options if options is not None else {"enable_itn": False},
            **parameters,
        },
    }


@dataclass
class Script:
    """A recogniser that answers at once what it was told to."""

    heard: Heard = field(default_factory=lambda: Heard("hello there", "en", 1.0))
    asked: list[tuple[int, str | None, str]] = field(default_factory=list)

    async def hear(self, audio: bytes, language: str | None, context: str) -> Heard:
        self.asked.append((len(audio), language, context))
        return self.heard


@dataclass
class Service:
    lookalike: DashScopeLookalike
    session: aiohttp.ClientSession

    @property
    def url(self) -> str:
        return self.lookalike.base_url + GENERATION_PATH

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.lookalike.api_key}"}

    async def post(self, body: Any, **headers: str) -> tuple[int, Any]:
        """Status, and the JSON of the answer."""
        headers = {**self.headers, "Content-Type": "application/json", **headers}
        data = io.BytesIO(json.dumps(body).encode())
        async with self.session.post(self.url, data=data, headers=headers) as response:
            return response.status, await response.json()


@pytest.fixture
def script() -> Script:
    return Script()


@pytest.fixture
async def service(script: Script) -> AsyncIterator[Service]:
    async with DashScopeLookalike(script.hear) as lookalike, aiohttp.ClientSession() as session:
        yield Service(lookalike, session)


@pytest.fixture
def wav() -> Callable[..., bytes]:
    return make_wav


@pytest.fixture(scope="session")
def mp3() -> bytes:
    return make_mp3()


@pytest.fixture
def body() -> Callable[..., dict[str, Any]]:
    return make_body
