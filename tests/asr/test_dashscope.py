from __future__ import annotations

import asyncio
import base64
import io
import json
import logging
import os
import time
import traceback
import tracemalloc
import wave
from pathlib import Path

import pytest
from aiohttp import web

from bot.errors import Misconfiguration, Misconfigured, Outage, Unavailable
from tests.asr.stand import ANSWER, KEY, answering, audio, raw_server, talking_to


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
    assert heard.emotion == "neutral"
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


@pytest.mark.parametrize("by_default", [False, True])
async def test_digits_are_the_deployment_s_choice_unless_the_call_says(
    tmp_path: Path, *, by_default: bool
) -> None:
    sent: list[bool] = []

    async def answer(request: web.Request) -> web.Response:
        body = json.loads(await request.content.read())
        sent.append(body["parameters"]["asr_options"]["enable_itn"])
        return web.json_response(ANSWER)

    async with talking_to(answer, enable_itn=by_default) as recogniser:
        for digits in (None, False, True):
            await recogniser.recognise(audio(tmp_path), language="en", digits=digits)
        await recogniser.recognise(audio(tmp_path), language="fr", digits=True)
    assert sent == [by_default, False, True, False], "no digits in French"


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
            answering(429, {"code": "Throttling.RateQuota"}),
        ]
    )
    words: list[object] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        return await next(replies)(request)

    async with talking_to(answer) as recogniser:
        for _ in range(5):
            await asyncio.gather(recogniser.recognise(audio(tmp_path)), return_exceptions=True)
            assert recogniser.last_word
            assert 0 <= time.monotonic() - recogniser.last_word.at_s < 60
            words.append(recogniser.last_word.failure)
    assert words == [None, Outage.RECOGNISER, None, Misconfiguration.RECOGNISER_ACCOUNT, None]


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
