from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp
import pytest

from bot.playground.dashscope_lookalike.server import DashScopeLookalike
from bot.playground.dashscope_lookalike.wire import GENERATION_PATH
from bot.whisper.heard import Heard, NotThatSoundError

MakeBody = Callable[..., dict[str, Any]]
MakeWav = Callable[..., bytes]


async def test_answer_has_the_documented_shape(service: Any, wav: MakeWav, body: MakeBody) -> None:
    status, answer = await service.post(body(wav(1.2)))
    assert status == 200
    assert answer.pop("request_id")
    assert answer == {
        "output": {
            "choices": [
                {
                    "finish_reason": "stop",
                    "message": {
                        "role": "assistant",
                        "content": [{"text": "hello there"}],
                        "annotations": [{"type": "audio_info", "language": "en", "emotion": "neutral"}],
                    },
                }
            ]
        },
        "usage": {
            "input_tokens_details": {"text_tokens": 0},
            "output_tokens_details": {"text_tokens": 3},
            "seconds": 2,
        },
    }


async def test_recogniser_gets_what_was_sent(service: Any, script: Any, mp3: bytes, body: MakeBody) -> None:
    status, answer = await service.post(body(mp3, "audio/mpeg", "Qwen", {"language": "fil"}))
    assert status == 200
    assert script.asked == [(len(mp3), "fil", "Qwen")]
    assert answer["output"]["choices"][0]["message"]["annotations"][0]["language"] == "fil"


async def test_calls_are_recorded_without_what_was_said(service: Any, wav: MakeWav, body: MakeBody) -> None:
    await service.post(body(wav(), context="a secret", options={"language": "en"}))
    await service.post(body(wav(), options={"language": "xx"}))
    good, bad = service.lookalike.calls
    assert (good.model, good.mime, good.audio_bytes) == ("qwen3-asr-flash", "audio/wav", 16044)
    assert (good.duration_s, good.language, good.context_chars) == (1.0, "en", 8)
    assert (good.status, good.code, good.acted, good.answered) == (200, None, True, True)
    assert good.at <= good.ended_at <= bad.at
    assert (bad.status, bad.code, bad.acted, bad.answered) == (400, "InvalidParameter", False, True)
    assert "secret" not in repr(good)
    assert "hello" not in repr(good)


@pytest.mark.parametrize(
    "key", ["", "Bearer wrong", "bearer {}", "{}", "Bearer {} ", "Bearer  {}", "Basic {}"]
)
async def test_wrong_key(service: Any, wav: MakeWav, body: MakeBody, key: str) -> None:
    given = key.format(service.lookalike.api_key)
    if given.endswith(" "):
        given += "x"
    status, answer = await service.post(body(wav()), Authorization=given)
    assert status == 401
    assert answer["code"] == "InvalidApiKey"
    assert answer["message"]
    assert answer["request_id"]


async def test_body_of_unknown_length(service: Any, script: Any, wav: MakeWav, body: MakeBody) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield json.dumps(body(wav())).encode()

    headers = {**service.headers, "Content-Type": "application/json"}
    async with service.session.post(service.url, data=chunks(), headers=headers) as response:
        assert response.status == 411
    assert not script.asked


async def test_other_content_type(service: Any, wav: MakeWav, body: MakeBody) -> None:
    data = json.dumps(body(wav())).encode()
    headers = {**service.headers, "Content-Type": "text/plain"}
    async with service.session.post(service.url, data=data, headers=headers) as response:
        assert response.status == 400


@pytest.mark.parametrize(("mime", "is_wav"), [("audio/wav", False), ("audio/mpeg", True)])
async def test_wrong_type(
    service: Any, script: Any, wav: MakeWav, mp3: bytes, body: MakeBody, mime: str, *, is_wav: bool
) -> None:
    status, answer = await service.post(body(wav() if is_wav else mp3, mime))
    assert status == 400
    assert answer["message"] == "The audio format is illegal and cannot be opened"
    assert not script.asked


@pytest.mark.parametrize(("duration_s", "status"), [(300.0, 200), (300.1, 400)])
async def test_five_minutes(
    service: Any, wav: MakeWav, body: MakeBody, duration_s: float, status: int
) -> None:
    assert (await service.post(body(wav(duration_s))))[0] == status


@pytest.mark.parametrize("size_bytes", [8_000_000, 16_000_000])
async def test_too_big(service: Any, body: MakeBody, size_bytes: int) -> None:
    status, answer = await service.post(body(bytes(size_bytes)))
    assert (status, answer["code"]) == (400, "InvalidParameter")
    assert answer["message"] == "Exceeded limit on max bytes per data-uri item : 10485760"


@pytest.mark.parametrize(("silence", "content"), [("no_content", []), ("empty_text", [{"text": ""}])])
async def test_silence(
    script: Any, wav: MakeWav, body: MakeBody, silence: Any, content: list[dict[str, str]]
) -> None:
    script.heard = Heard("", None, 1.0)
    async with (
        DashScopeLookalike(script.hear, silence=silence) as lookalike,
        aiohttp.ClientSession() as session,
    ):
        url = lookalike.base_url + GENERATION_PATH
        headers = {"Authorization": f"Bearer {lookalike.api_key}"}
        async with session.post(url, json=body(wav()), headers=headers) as response:
            message = (await response.json())["output"]["choices"][0]["message"]
    assert message["content"] == content
    assert message["annotations"] == [{"type": "audio_info", "emotion": "neutral"}]


async def test_what_the_recogniser_cannot_open(wav: MakeWav, body: MakeBody) -> None:
    async def hear(audio: bytes, language: str | None, context: str) -> Heard:
        raise NotThatSoundError(f"{len(audio)} {language} {context}")

    async with DashScopeLookalike(hear) as lookalike, aiohttp.ClientSession() as session:
        url = lookalike.base_url + GENERATION_PATH
        headers = {"Authorization": f"Bearer {lookalike.api_key}"}
        async with session.post(url, json=body(wav()), headers=headers) as response:
            assert response.status == 400
            assert "cannot be opened" in (await response.json())["message"]


async def frames_of(service: Any, body: dict[str, Any]) -> list[dict[str, Any]]:
    headers = {**service.headers, "X-DashScope-SSE": "enable", "Accept": "text/event-stream"}
    async with service.session.post(service.url, json=body, headers=headers) as response:
        assert response.content_type == "text/event-stream"
        blocks = (await response.text()).strip().split("\n\n")
    parsed = []
    for number, block in enumerate(blocks, start=1):
        lines = block.split("\n")
        assert lines[:3] == [f"id:{number}", "event:result", ":HTTP_STATUS/200"]
        parsed.append(json.loads(lines[3].removeprefix("data:")))
    return parsed


@pytest.mark.parametrize("incremental", [True, False])
async def test_stream(service: Any, script: Any, wav: MakeWav, body: MakeBody, *, incremental: bool) -> None:
    script.heard = Heard("one two three four five\nsix seven", "en", 1.0)
    frames = await frames_of(service, body(wav(), incremental_output=incremental))
    choices = [frame["output"]["choices"][0] for frame in frames]
    assert [choice["finish_reason"] for choice in choices] == ["null"] * (len(choices) - 1) + ["stop"]
    texts = ["".join(part["text"] for part in choice["message"]["content"]) for choice in choices]
    assert len(texts) > 2
    assert ("".join(texts) if incremental else texts[-1]) == script.heard.text


async def test_stream_of_silence(service: Any, script: Any, wav: MakeWav, body: MakeBody) -> None:
    script.heard = Heard("", None, 1.0)
    (frame,) = await frames_of(service, body(wav()))
    assert frame["output"]["choices"][0]["message"]["content"] == []


async def test_uploads_need_the_key_and_stay_in_their_directory(service: Any, body: MakeBody) -> None:
    url = service.lookalike.base_url + "/api/v1/uploads?action=getPolicy&model=qwen3-asr-flash"
    async with service.session.get(url) as response:
        assert response.status == 401
    async with service.session.get(url, headers=service.headers) as response:
        policy = (await response.json())["data"]
    form = aiohttp.FormData({"key": "elsewhere/a.wav"})
    form.add_field("file", b"x", filename="a.wav")
    async with service.session.post(policy["upload_host"], data=form) as response:
        assert response.status == 403
    status, _ = await service.post(
        body(f"oss://{policy['upload_dir']}/a.wav"), **{"X-DashScope-OssResourceResolve": "enable"}
    )
    assert status == 400
