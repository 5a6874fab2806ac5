from __future__ import annotations

import asyncio
import base64
import gzip
import io
import json
import logging
import os
import traceback
import tracemalloc
import wave
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from pydantic import SecretStr

from bot.asr.dashscope import DashScope
from bot.errors import Misconfiguration, Misconfigured, Outage, Refusal, Rejected, Unavailable
from bot.model import PreparedAudio

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


@pytest.mark.parametrize("size_bytes", [0, 1, 2, 3, 196_607, 196_608, 196_609, 500_000])
async def test_the_request_is_the_documented_one(tmp_path: Path, size_bytes: int) -> None:
    contents = os.urandom(size_bytes)
    seen: list[web.Request] = []
    bodies: list[bytes] = []

    async def answer(request: web.Request) -> web.Response:
        seen.append(request)
        bodies.append(b"".join([chunk async for chunk in request.content.iter_any()]))
        return web.json_response(ANSWER)

    async with talking_to(answer, enable_itn=True) as recogniser:
        heard = await recogniser.recognise(audio(tmp_path, contents), language="en", context="Threadscribe")
    assert (heard.text, heard.language, heard.billed_s, heard.request_id) == ("Hello.", "en", 3.0, "r-1")
    (request,), (body,) = seen, bodies
    assert request.headers["Authorization"] == f"Bearer {KEY}"
    assert request.headers["Content-Type"] == "application/json"
    assert request.headers.getall("Content-Length") == [str(len(body))]
    assert "Transfer-Encoding" not in request.headers
    assert json.loads(body) == {
        "model": "qwen3-asr-flash",
        "input": {
            "messages": [
                {"role": "system", "content": [{"text": "Threadscribe"}]},
                {
                    "role": "user",
                    "content": [{"audio": f"data:audio/wav;base64,{base64.b64encode(contents).decode()}"}],
                },
            ]
        },
        "parameters": {"asr_options": {"enable_itn": True, "language": "en"}},
    }


async def test_the_default_language_is_for_calls_that_name_none(tmp_path: Path) -> None:
    languages: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        sent = json.loads(await request.content.read())
        languages.append(sent["parameters"]["asr_options"]["language"])
        return web.json_response(ANSWER)

    async with talking_to(answer, language="de") as recogniser:
        await recogniser.recognise(audio(tmp_path))
        await recogniser.recognise(audio(tmp_path), language="fr")
    assert languages == ["de", "fr"]


async def test_seven_megabytes_are_not_held_in_memory(tmp_path: Path) -> None:
    prepared = audio(tmp_path, os.urandom(1000) * 7000)
    async with talking_to(answering()) as recogniser:
        await recogniser.verify()
        tracemalloc.start()
        try:
            await recogniser.recognise(prepared)
            _, peak_bytes = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert peak_bytes < 2_000_000


async def test_verification_is_one_second_of_silence() -> None:
    uris: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        sent = json.loads(b"".join([chunk async for chunk in request.content.iter_any()]))
        uris.append(sent["input"]["messages"][1]["content"][0]["audio"])
        return web.json_response(ANSWER)

    async with talking_to(answer) as recogniser:
        await recogniser.verify()
    kind, _, data = uris[0].partition(",")
    assert kind == "data:audio/wav;base64"
    with wave.open(io.BytesIO(base64.b64decode(data))) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (16_000, 1, 2)
        assert file.readframes(20_000) == bytes(32_000)


async def test_a_model_that_refuses_silence_is_the_wrong_model() -> None:
    async with talking_to(answering(400, {"code": "InvalidParameter"})) as recogniser:
        with pytest.raises(Misconfigured) as caught:
            await recogniser.verify()
    assert caught.value.reason is Misconfiguration.RECOGNISER_MODEL


@pytest.mark.parametrize(
    ("handler", "kind", "reason"),
    [
        (answering(400, {"code": "DataInspectionFailed"}), Rejected, Refusal.CONTENT_BLOCKED),
        (answering(401, {"code": "InvalidApiKey"}), Misconfigured, Misconfiguration.RECOGNISER_KEY),
        (answering(502, b"<html>Bad gateway</html>"), Unavailable, Outage.RECOGNISER),
        (answering(200, b"<html>Sign in to the hotel's network</html>"), Unavailable, Outage.RECOGNISER),
        (answering(302, b"", {"Location": "/elsewhere"}), Unavailable, Outage.RECOGNISER),
        (answering(200, b"not gzip", {"Content-Encoding": "gzip"}), Unavailable, Outage.RECOGNISER),
    ],
)
async def test_answers_that_are_no_recognition(
    tmp_path: Path, handler: Handler, kind: type[Exception], reason: object
) -> None:
    async with talking_to(handler) as recogniser:
        with pytest.raises(kind) as caught:
            await recogniser.recognise(audio(tmp_path))
    assert vars(caught.value)["reason"] is reason


@pytest.mark.parametrize(
    "handler",
    [
        answering(200, bytes(4_200_000)),
        answering(200, gzip.compress(bytes(20_000_000)), {"Content-Encoding": "gzip"}),
    ],
)
async def test_an_endless_answer_is_left_unread(tmp_path: Path, handler: Handler) -> None:
    async with talking_to(handler) as recogniser:
        with pytest.raises(Unavailable, match="endless"):
            await recogniser.recognise(audio(tmp_path))


async def test_a_redirect_is_not_followed(tmp_path: Path) -> None:
    async def elsewhere(_request: web.Request) -> web.Response:
        pytest.fail("the key was carried elsewhere")

    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", elsewhere)
    async with TestServer(app) as other:
        handler = answering(307, b"", {"Location": str(other.make_url("/x"))})
        async with talking_to(handler) as recogniser:
            with pytest.raises(Unavailable, match="307"):
                await recogniser.recognise(audio(tmp_path))


async def test_the_wait_asked_for_comes_along_and_nothing_is_tried_again(tmp_path: Path) -> None:
    calls = 0

    async def answer(request: web.Request) -> web.StreamResponse:
        nonlocal calls
        calls += 1
        return await answering(429, {"code": "Throttling.RateQuota"}, {"Retry-After": "12"})(request)

    async with talking_to(answer) as recogniser:
        with pytest.raises(Unavailable) as caught:
            await recogniser.recognise(audio(tmp_path))
    assert caught.value.retry_after_s == 12.0
    assert calls == 1


async def test_no_answer_in_time(tmp_path: Path) -> None:
    released = asyncio.Event()

    async def wait(_request: web.Request) -> web.Response:
        await released.wait()
        return web.Response()

    async with talking_to(wait, timeout_s=0.05) as recogniser:
        with pytest.raises(Unavailable) as caught:
            await recogniser.recognise(audio(tmp_path))
        released.set()
    assert caught.value.reason is Outage.RECOGNISER


@pytest.mark.parametrize(
    ("answer", "read_bytes"),
    [
        (b"", 1),
        (b"", 300_000),
        (b"SSH-2.0-OpenSSH_9.2\r\n", 100),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{", 100),
        (b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n{}", 100),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", 100),
    ],
)
async def test_a_server_that_hangs_up_or_speaks_no_http(
    tmp_path: Path, answer: bytes, read_bytes: int
) -> None:
    async with raw_server(answer, read_bytes=read_bytes) as address, talking_to(address) as recogniser:
        with pytest.raises(Unavailable) as caught:
            await recogniser.recognise(audio(tmp_path, bytes(3_000_000)))
    assert caught.value.reason is Outage.RECOGNISER


async def test_nobody_at_the_address(tmp_path: Path) -> None:
    async with raw_server(b"", read_bytes=1) as address:
        pass
    async with talking_to(address) as recogniser:
        with pytest.raises(Unavailable) as caught:
            await recogniser.recognise(audio(tmp_path))
    assert caught.value.reason is Outage.RECOGNISER
    assert caught.value.detail.startswith("ClientConnectorError: Cannot connect to host 127.0.0.1")


async def test_a_file_that_vanished_is_our_machines_fault(tmp_path: Path) -> None:
    prepared = audio(tmp_path)
    prepared.path.unlink()
    async with talking_to(answering()) as recogniser:
        with pytest.raises(Unavailable) as caught:
            await recogniser.recognise(prepared)
        assert recogniser.last_word is None
    assert caught.value.reason is Outage.MACHINE


async def test_a_file_that_became_shorter_is_our_machines_fault(tmp_path: Path) -> None:
    prepared = audio(tmp_path, bytes(7_000_000))

    async def answer(request: web.Request) -> web.Response:
        await request.content.readany()
        os.truncate(prepared.path, 10)
        async for _ in request.content.iter_any():
            pass
        return web.json_response(ANSWER)

    async with talking_to(answer) as recogniser:
        with pytest.raises(Unavailable) as caught:
            await recogniser.recognise(prepared)
        assert recogniser.last_word is None
    assert caught.value.reason is Outage.MACHINE


async def test_an_answer_before_the_audio_was_sent_counts(tmp_path: Path) -> None:
    async def refuse(_request: web.Request) -> web.Response:
        return web.json_response({"code": "InvalidApiKey"}, status=401)

    async with talking_to(refuse) as recogniser:
        # The server then hangs up amid the upload, which may be noticed first.
        with pytest.raises((Misconfigured, Unavailable)):
            await recogniser.recognise(audio(tmp_path, bytes(7_000_000)))


async def test_cancelling_frees_the_slot_and_the_file(tmp_path: Path) -> None:
    begun, released = asyncio.Event(), asyncio.Event()

    async def answer(request: web.Request) -> web.StreamResponse:
        if not begun.is_set():
            begun.set()
            await released.wait()
        return await answering()(request)

    async with talking_to(answer, concurrency=1) as recogniser:
        asking = asyncio.create_task(recogniser.recognise(audio(tmp_path, bytes(7_000_000))))
        await begun.wait()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        released.set()
        await recogniser.verify()


async def test_requests_keep_to_the_limits(tmp_path: Path) -> None:
    running = most = 0

    async def answer(request: web.Request) -> web.StreamResponse:
        nonlocal running, most
        running += 1
        most = max(most, running)
        response = await answering()(request)
        await asyncio.sleep(0.002)
        running -= 1
        return response

    prepared = audio(tmp_path)
    async with talking_to(answer, concurrency=3, requests_per_minute=9) as recogniser:
        asked = [asyncio.create_task(recogniser.recognise(prepared)) for _ in range(12)]
        await asyncio.wait(asked[:9])
        await asyncio.sleep(0.01)
        assert [task.done() for task in asked] == [True] * 9 + [False] * 3
        for task in asked:
            task.cancel()
        await asyncio.gather(*asked, return_exceptions=True)
    assert most == 3


async def test_the_last_word_tells_how_the_recogniser_is(tmp_path: Path) -> None:
    replies = iter(
        [
            answering(),
            answering(503, {"code": "ModelUnavailable"}),
            answering(400, {"code": "InvalidParameter"}),
            answering(400, {"code": "Arrearage"}),
        ]
    )
    words: list[object] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        return await next(replies)(request)

    async with talking_to(answer) as recogniser:
        for _ in range(4):
            await asyncio.gather(recogniser.recognise(audio(tmp_path)), return_exceptions=True)
            assert recogniser.last_word
            assert timedelta(0) <= datetime.now(UTC) - recogniser.last_word.at < timedelta(seconds=60)
            words.append(recogniser.last_word.failure)
    assert words == [None, Outage.RECOGNISER, None, Misconfiguration.RECOGNISER_ACCOUNT]


@pytest.mark.parametrize("key", ["", " \n", "sk-with\nbreak", "sk-ключ"])
async def test_a_key_that_no_header_can_carry(tmp_path: Path, key: str) -> None:
    async with talking_to(answering(), key=key) as recogniser:
        with pytest.raises(Misconfigured) as caught:
            await recogniser.recognise(audio(tmp_path))
    assert caught.value.reason is Misconfiguration.RECOGNISER_KEY


async def test_blanks_around_the_key_are_forgiven(tmp_path: Path) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        assert request.headers["Authorization"] == f"Bearer {KEY}"
        return await answering()(request)

    async with talking_to(answer, key=f"{KEY}\n") as recogniser:
        await recogniser.recognise(audio(tmp_path))


def everything_shown(error: BaseException) -> str:
    """Whatever a log may show of an error and of its chain."""
    shown = "".join(traceback.format_exception(error)) + repr(error) + repr(vars(error))
    return shown + (everything_shown(error.__cause__) if error.__cause__ else "")


async def test_the_key_is_shown_nowhere(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    echo = {"code": "InvalidApiKey", "message": f"Incorrect key {KEY} (Authorization: Bearer {KEY})"}
    async with talking_to(answering(401, echo)) as recogniser:
        with pytest.raises(Misconfigured) as refused:
            await recogniser.recognise(audio(tmp_path))
        shown = everything_shown(refused.value) + repr(recogniser) + repr(vars(recogniser))
    for answer in (b"SSH-2.0-OpenSSH_9.2\r\n", b""):
        async with raw_server(answer, read_bytes=100) as address, talking_to(address) as recogniser:
            with pytest.raises(Unavailable) as unanswered:
                await recogniser.recognise(audio(tmp_path))
        shown += everything_shown(unanswered.value)
    assert KEY not in shown
    assert KEY not in caplog.text
