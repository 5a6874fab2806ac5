"""The look-alike as an HTTP server on this machine."""

from __future__ import annotations

import asyncio
import hmac
import json
import secrets
import time
import uuid
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from bot.playground.dashscope_lookalike import answers
from bot.playground.dashscope_lookalike.calls import Call
from bot.playground.dashscope_lookalike.faults import Alter, Answer, Delay, Drop, Fault, Faults, Hold, Page
from bot.playground.dashscope_lookalike.sound import measure
from bot.playground.dashscope_lookalike.uploads import BUCKET_PATH, UPLOADS_PATH, Bucket
from bot.playground.dashscope_lookalike.wire import (
    DATA_URI_LIMIT_BYTES,
    DURATION_LIMIT_S,
    GENERATION_PATH,
    MODELS,
    AsrRequest,
    DashScopeError,
    illegal_audio,
    invalid,
    parse_data_uri,
    parse_request,
    too_big,
)
from bot.whisper.heard import Heard, NotThatSoundError

Hear = Callable[[bytes, str | None, str], Awaitable[Heard]]
"""Audio bytes, language asked for, context -> what was heard. Must not block the event loop.

Raises ``NotThatSoundError`` where the bytes do not decode after all.
"""

_BODY_LIMIT_BYTES = DATA_URI_LIMIT_BYTES + 1_048_576
"""A data URI and a generous context."""


class _DroppedError(Exception):
    """A rule broke the connection: there is nothing to answer."""


class DashScopeLookalike:
    """Serves recognition on 127.0.0.1 and a free port, from ``async with`` on.

    Attributes:
        api_key: The only key that it takes.
        base_url: ``http://127.0.0.1:<port>``, without a path.
        calls: Every recognition call, in order of arrival.
        faults: What goes wrong, by rules.
    """

    def __init__(
        self,
        hear: Hear,
        *,
        api_key: str | None = None,
        models: frozenset[str] = MODELS,
        silence: answers.Silence = "no_content",
    ) -> None:
        """Prepare a server.

        Args:
            hear: Recognises audio that passed every check.
            api_key: A random one if left out.
            models: The models that the account may use.
            silence: How an empty text is answered.
        """
        self.api_key = api_key or f"sk-{secrets.token_hex(16)}"
        self.base_url = ""
        self.calls: list[Call] = []
        self.faults = Faults()
        self._hear = hear
        self._models = models
        self._silence: answers.Silence = silence
        self._bucket = Bucket()
        app = web.Application(client_max_size=_BODY_LIMIT_BYTES)
        app.router.add_post(GENERATION_PATH, self._generate)
        app.router.add_get(UPLOADS_PATH, self._show_policy)
        app.router.add_post(BUCKET_PATH, self._upload)
        # A client that goes away ends its call, so a held or slow one never wedges the server.
        self._runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.2)

    async def __aenter__(self) -> Self:
        """Listen."""
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.base_url = f"http://{host}:{port}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let held calls go, and close."""
        self.faults.clear()
        await self._runner.cleanup()

    async def _generate(self, request: web.Request) -> web.StreamResponse:
        call = Call(time.time(), str(uuid.uuid4()))
        self.calls.append(call)
        try:
            return await self._answer(request, call)
        except DashScopeError as error:
            body = answers.render_error(error, call.request_id)
            return await _send_json(request, call, error.status, body)
        except _DroppedError:
            if request.transport:
                request.transport.abort()
            return web.Response()
        finally:
            call.ended_at = time.time()

    async def _answer(self, request: web.Request, call: Call) -> web.StreamResponse:
        asked, audio = await self._read(request, call)
        fault = self.faults.match(call)
        call.fault = type(fault).__name__ if fault else None
        match fault:
            case Answer():
                return await _send_fault(request, call, fault)
            case Page():
                call.status = fault.status
                page = web.Response(status=fault.status, text=fault.html, content_type="text/html")
                return await _send(request, call, page)
            case Delay():
                await asyncio.sleep(fault.delay_s)
        await _pass(fault, call)
        call.acted = True
        try:
            heard = await self._hear(audio, asked.language, asked.context)
        except NotThatSoundError as error:
            raise illegal_audio() from error
        await _pass(fault, call)
        body = answers.render_transcript(
            asked, heard, request_id=call.request_id, duration_s=call.duration_s, silence=self._silence
        )
        if isinstance(fault, Alter):
            fault.change(body)
        if call.streamed:
            return await _send_stream(request, call, body, incremental=asked.incremental)
        return await _send_json(request, call, 200, body)

    async def _read(self, request: web.Request, call: Call) -> tuple[AsrRequest, bytes]:
        self._check_key(request)
        call.streamed = request.headers.get("X-DashScope-SSE") == "enable"
        if request.content_length is None:
            raise DashScopeError(411, "InvalidParameter", "Content-Length is required.")
        if request.content_type != "application/json":
            raise invalid("Content-Type must be application/json.")
        try:
            body = await request.read()
        except web.HTTPRequestEntityTooLarge as error:
            raise too_big() from error
        asked = await asyncio.to_thread(parse_request, body, self._models)
        call.model, call.language, call.enable_itn = asked.model, asked.language, asked.enable_itn
        call.context_chars = len(asked.context)
        resolve = request.headers.get("X-DashScope-OssResourceResolve") == "enable"
        if asked.audio.startswith("oss://") and resolve:
            call.mime, audio = self._bucket.get(asked.audio)
        else:
            call.mime, audio = await asyncio.to_thread(parse_data_uri, asked.audio)
        call.audio_bytes = len(audio)
        try:
            call.duration_s = await asyncio.to_thread(measure, call.mime, audio)
        except NotThatSoundError as error:
            raise illegal_audio() from error
        if call.duration_s > DURATION_LIMIT_S:
            raise invalid(f"The audio is too long: at most {DURATION_LIMIT_S} seconds.")
        return asked, audio

    def _check_key(self, request: web.Request) -> None:
        given = request.headers.get("Authorization", "")
        if not hmac.compare_digest(given.encode(), f"Bearer {self.api_key}".encode()):
            raise DashScopeError(401, "InvalidApiKey", "Invalid API-key provided.")

    async def _show_policy(self, request: web.Request) -> web.Response:
        request_id = str(uuid.uuid4())
        try:
            self._check_key(request)
            if request.query.get("action") != "getPolicy":
                raise invalid("action must be getPolicy.")
        except DashScopeError as error:
            return web.json_response(answers.render_error(error, request_id), status=error.status)
        policy = self._bucket.render_policy(self.base_url)
        return web.json_response({"request_id": request_id, "data": policy})

    async def _upload(self, request: web.Request) -> web.Response:
        form = await request.post()
        file = form.get("file")
        if not isinstance(file, web.FileField):
            return web.Response(status=400)
        try:
            self._bucket.put(str(form.get("key", "")), file.file.read())
        except DashScopeError:
            return web.Response(status=403)
        return web.Response()


async def _pass(fault: Fault | None, call: Call) -> None:
    """Drop or hold the call here if its fault says so; called before acting and after."""
    match fault:
        case Drop() if fault.after_acting == call.acted:
            raise _DroppedError
        case Hold() if fault.after_acting == call.acted and not await fault.wait(call):
            raise _DroppedError


async def _send_fault(request: web.Request, call: Call, fault: Answer) -> web.StreamResponse:
    error = DashScopeError(fault.status, fault.code, fault.message)
    headers = {} if fault.retry_after_s is None else {"Retry-After": str(fault.retry_after_s)}
    return await _send_json(
        request, call, fault.status, answers.render_error(error, call.request_id), headers
    )


async def _send_json(
    request: web.Request,
    call: Call,
    status: int,
    body: dict[str, Any],
    headers: dict[str, str] | None = None,
) -> web.StreamResponse:
    call.status, call.code = status, body.get("code")
    text = json.dumps(body, ensure_ascii=False)
    response = web.Response(status=status, text=text, content_type="application/json", headers=headers)
    return await _send(request, call, response)


async def _send(request: web.Request, call: Call, response: web.Response) -> web.StreamResponse:
    await response.prepare(request)
    await response.write_eof()
    call.answered = True
    return response


async def _send_stream(
    request: web.Request, call: Call, body: dict[str, Any], *, incremental: bool
) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream;charset=UTF-8"})
    call.status = 200
    await response.prepare(request)
    for frame in answers.render_frames(body, incremental=incremental):
        await response.write(frame)
    await response.write_eof()
    call.answered = True
    return response
