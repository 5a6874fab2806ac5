from __future__ import annotations

import asyncio
import gzip
import os
from pathlib import Path

import pytest
import structlog
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.errors import Misconfiguration, Misconfigured, Outage, Refusal, Rejected, Unavailable
from tests.asr.stand import ANSWER, Handler, answering, audio, raw_server, talking_to


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


async def test_a_refusal_that_repeats_the_vocabulary_leaves_none_of_it_in_the_log(tmp_path: Path) -> None:
    said = {"code": "InvalidParameter", "message": "Bad text: Wolpertinger, Ada", "request_id": "r-1"}
    with structlog.testing.capture_logs() as lines:
        async with talking_to(answering(400, said)) as recogniser:
            with pytest.raises(Rejected) as caught:
                await recogniser.recognise(audio(tmp_path), context="Ada\nWolpertinger")
    assert str(caught.value) == "unsupported_by_recogniser: HTTP 400 InvalidParameter (request r-1)"
    (line,) = lines
    assert line == {
        "event": "recogniser refused",
        "log_level": "debug",
        "status": 400,
        "message": "Bad text: [what was sent]",
    }


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
    assert caught.value.reason is Outage.RECOGNISER_BUSY
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
