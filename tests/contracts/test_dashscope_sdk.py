"""The official SDK as the judge of the look-alike. It blocks, so it runs in a thread."""

from __future__ import annotations

import asyncio
import base64
import io
import wave
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import dashscope
import pytest

from bot.playground.dashscope_lookalike.faults import Answer, Page
from bot.playground.dashscope_lookalike.server import DashScopeLookalike
from bot.whisper.heard import Heard

TEXT = "one two three four five six seven"


async def hear(audio: bytes, language: str | None, context: str) -> Heard:
    assert audio
    assert context == "numbers"
    return Heard(TEXT, language or "en", 1.0)


@pytest.fixture
async def lookalike(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[DashScopeLookalike]:
    async with DashScopeLookalike(hear) as running:
        monkeypatch.setattr(dashscope, "base_http_api_url", running.base_url + "/api/v1")
        yield running


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16000)
        file.writeframes(bytes(32000))
    path = tmp_path / "clip.wav"
    path.write_bytes(buffer.getvalue())
    return path


@pytest.fixture
def uri(clip: Path) -> str:
    return f"data:audio/wav;base64,{base64.b64encode(clip.read_bytes()).decode()}"


Ask = Callable[..., Any]


@pytest.fixture
def ask(lookalike: DashScopeLookalike) -> Ask:
    async def call(audio: str, **options: Any) -> Any:
        messages = [
            {"role": "system", "content": [{"text": "numbers"}]},
            {"role": "user", "content": [{"audio": audio}]},
        ]
        arguments = {
            "model": "qwen3-asr-flash",
            "messages": messages,
            "api_key": lookalike.api_key,
            "result_format": "message",
            "asr_options": {"enable_itn": False, "enable_lid": True},
            **options,
        }

        def block() -> Any:
            answer: Any = dashscope.MultiModalConversation.call(**arguments)
            return list(answer) if options.get("stream") else answer

        return await asyncio.to_thread(block)

    return call


async def test_data_uri(ask: Ask, uri: str, lookalike: DashScopeLookalike) -> None:
    answer = await ask(uri)
    assert (answer.status_code, answer.code) == (200, "")
    assert answer.request_id == lookalike.calls[0].request_id
    choice = answer.output.choices[0]
    assert choice.finish_reason == "stop"
    assert choice.message.content == [{"text": TEXT}]
    assert choice.message.annotations == [{"type": "audio_info", "language": "en", "emotion": "neutral"}]
    assert answer.usage["seconds"] == 1


async def test_language_is_echoed(ask: Ask, uri: str) -> None:
    answer = await ask(uri, asr_options={"language": "fil"})
    assert answer.output.choices[0].message.annotations[0]["language"] == "fil"


async def test_local_file(ask: Ask, clip: Path, lookalike: DashScopeLookalike) -> None:
    answer = await ask(f"file://{clip}")
    assert answer.output.choices[0].message.content == [{"text": TEXT}]
    assert lookalike.calls[0].audio_bytes == 32044


@pytest.mark.parametrize("incremental", [True, False])
async def test_stream(ask: Ask, uri: str, *, incremental: bool) -> None:
    frames = await ask(uri, stream=True, incremental_output=incremental)
    assert [frame.status_code for frame in frames] == [200] * len(frames)
    choices = [frame.output.choices[0] for frame in frames]
    assert [choice.finish_reason for choice in choices] == ["null"] * (len(choices) - 1) + ["stop"]
    texts = ["".join(part["text"] for part in choice.message.content) for choice in choices]
    assert len(texts) > 2
    assert ("".join(texts) if incremental else texts[-1]) == TEXT


@pytest.mark.parametrize("stream", [True, False])
async def test_refusals(ask: Ask, uri: str, *, stream: bool) -> None:
    async def refused(**options: Any) -> tuple[int, str]:
        answer = await ask(uri, stream=stream, **options)
        answer = answer[0] if stream else answer
        assert answer.message
        return answer.status_code, answer.code

    assert await refused(api_key="sk-other") == (401, "InvalidApiKey")
    assert await refused(model="qwen3-asr-flush") == (404, "ModelNotFound")
    assert await refused(asr_options={"language": "tlh"}) == (400, "InvalidParameter")


async def test_faults(ask: Ask, uri: str, lookalike: DashScopeLookalike) -> None:
    lookalike.faults.add(Answer(429, "Throttling.RateQuota", "Slow down.", retry_after_s=3))
    lookalike.faults.add(Page())
    throttled = await ask(uri)
    assert (throttled.status_code, throttled.code) == (429, "Throttling.RateQuota")
    assert throttled.message == "Slow down."
    assert throttled.headers["Retry-After"] == "3"
    broken = await ask(uri)
    assert (broken.status_code, broken.code) == (502, "Unknown")
    assert "Bad Gateway" in broken.message
