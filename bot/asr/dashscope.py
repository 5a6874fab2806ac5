"""The HTTP client of DashScope's recogniser: aiohttp around ``wire``."""

from __future__ import annotations

import asyncio
import base64
import io
import os
import time
import wave
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import BinaryIO

import aiohttp
import structlog
from pydantic import SecretStr

from bot.asr.error_codes import legible, message_of
from bot.asr.scheduler import Scheduler
from bot.asr.wire import PATH, RequestBody, decode_response, request_body
from bot.errors import Misconfiguration, Misconfigured, Outage, Rejected, TranscriptionError, Unavailable
from bot.machine import machine_trouble
from bot.recording import PreparedAudio, Recognition

_CHUNK_BYTES = 3 * 64 * 1024
"""A multiple of 3, so that the Base64 of the chunks joins into the Base64 of the whole."""

_MAX_ANSWER_BYTES = 4 * 1024 * 1024
"""Five minutes of speech are a few kilobytes of text."""

TIMEOUT = aiohttp.ClientTimeout(total=180, connect=10)
"""In seconds. Five minutes of audio are recognised in well under one; a slow line has to send 10 MB."""

_VERIFICATION = "verification"
"""The flow of its requests: it is queued fairly beside the jobs, and no job's key looks like it."""


@dataclass(frozen=True, slots=True)
class LastWord:
    """The outcome of the recogniser's last answer, with its time."""

    at_s: float
    """By the client's clock."""
    failure: Outage | Misconfiguration | None
    """``None``: it answered, were it only to refuse a file or to throttle."""


class DashScope:
    """A ``Recogniser`` over HTTP. It never retries by itself: each call is billed, and the job decides.

    Args:
        session: Pooled connections; the caller closes it.
        base_url: The region's or workspace's origin, ``https://dashscope-intl.aliyuncs.com``.
        api_key: A key of that region.
        model: ``qwen3-asr-flash`` or one that takes the same body.
        language: For calls that name none; ``None`` lets the recogniser find out.
        enable_itn: Write numbers as digits, in the languages that can, for calls that do not say.
        concurrency: Requests at once, at most; throttling lowers it for a while.
        requests_per_minute: The account's limit.
        timeout: For each call.
        clock: Seconds that never go backwards.
        sleep: Waits so many seconds.

    Attributes:
        last_word: The recogniser's last answer, or that it gave none; ``None`` before the first call.
    """

    def __init__(  # noqa: PLR0913  # each is named at the call; a record around them would say no more
        self,
        session: aiohttp.ClientSession,
        *,
        base_url: str,
        api_key: SecretStr,
        model: str,
        language: str | None,
        enable_itn: bool,
        concurrency: int,
        requests_per_minute: int,
        timeout: aiohttp.ClientTimeout = TIMEOUT,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._session = session
        self._url = base_url.rstrip("/") + PATH
        self._api_key = api_key
        self._model = model
        self._language = language
        self._enable_itn = enable_itn
        self._timeout = timeout
        self._clock = clock
        self._scheduler = Scheduler(
            concurrency=concurrency, requests_per_minute=requests_per_minute, clock=clock, sleep=sleep
        )
        self.last_word: LastWord | None = None
        self._log = structlog.get_logger(__name__)

    @property
    def limit(self) -> int:
        """Requests that may run at once now."""
        return self._scheduler.limit

    async def recognise(
        self,
        audio: PreparedAudio,
        *,
        language: str | None = None,
        context: str = "",
        digits: bool | None = None,
        flow: str = "",
    ) -> Recognition:
        """Recognise one piece of audio within the provider's limits.

        Args:
            audio: What to recognise.
            language: One of ``LANGUAGES``; ``None`` for the default.
            context: Background text or words to expect.
            digits: Write numbers as digits, in the languages that can; ``None`` for the default.
            flow: On whose behalf. Flows are queued fairly.

        Raises:
            Rejected: CONTENT_BLOCKED or UNSUPPORTED_BY_RECOGNISER.
            Unavailable: RECOGNISER or RECOGNISER_BUSY; MACHINE when the audio cannot be read.
            Misconfigured: RECOGNISER_KEY, RECOGNISER_ACCOUNT or RECOGNISER_MODEL.
        """
        body = request_body(
            model=self._model,
            mime=audio.mime,
            language=language or self._language,
            enable_itn=self._enable_itn if digits is None else digits,
            context=context,
        )
        with machine_trouble():
            # Opening and closing a local file takes microseconds; reading it does not.
            source = audio.path.open("rb")
        with source:
            return await self._ask(flow, source, body)

    async def verify(self) -> None:
        """Have one second of silence recognised, for $0.000035.

        Raises:
            Unavailable: no answer now.
            Misconfigured: the key, the account or the model is wrong.
        """
        body = request_body(
            model=self._model, mime="audio/wav", language=None, enable_itn=self._enable_itn, context=""
        )
        try:
            await self._ask(_VERIFICATION, io.BytesIO(_silence()), body)
        except Rejected as error:
            # Nothing is wrong with this WAV: so the model is one that takes another kind of body.
            raise Misconfigured(Misconfiguration.RECOGNISER_MODEL, error.detail) from error

    async def _ask(self, flow: str, source: BinaryIO, body: RequestBody) -> Recognition:
        async with self._scheduler.slot(flow) as slot:
            try:
                recognition = await self._exchange(source, body)
            except TranscriptionError as error:
                if isinstance(error, Unavailable) and error.reason is Outage.RECOGNISER_BUSY:
                    self._scheduler.throttled(slot, error.retry_after_s)
                self._note_failure(error)
                raise
            self._scheduler.succeeded()
        self._note(None)
        return recognition

    def _authorization(self) -> str:
        key = self._api_key.get_secret_value().strip()
        if not key or not key.isascii() or not key.isprintable():
            raise Misconfigured(Misconfiguration.RECOGNISER_KEY, "no HTTP header can carry that key")
        return f"Bearer {key}"

    def _note_failure(self, error: TranscriptionError) -> None:
        match error:
            case Unavailable(reason=Outage.MACHINE):
                pass  # it was never asked
            case Unavailable(reason=Outage.RECOGNISER) | Misconfigured():
                self._note(error.reason)
            case _:
                self._note(None)

    def _note(self, failure: Outage | Misconfiguration | None) -> None:
        self.last_word = LastWord(self._clock(), failure)

    async def _exchange(self, source: BinaryIO, body: RequestBody) -> Recognition:
        """Send one request and read its answer.

        Raises:
            TranscriptionError: see ``recognise``.
        """
        size_bytes = source.seek(0, os.SEEK_END)
        source.seek(0)
        headers = {
            "Authorization": self._authorization(),
            "Content-Type": "application/json",
            # Without it aiohttp would send the body in chunks, of a length that nobody is told.
            "Content-Length": str(body.content_length(size_bytes)),
        }
        try:
            async with self._session.post(
                self._url,
                data=_encoded(source, size_bytes, body),
                headers=headers,
                allow_redirects=False,
                timeout=self._timeout,
            ) as response:
                answer = await _read(response)
        except aiohttp.ClientResponseError as error:
            # Its repr holds the request's headers, the key among them: it must not travel along.
            raise Unavailable(Outage.RECOGNISER, f"not an HTTP answer ({type(error).__name__})") from None
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            if isinstance(error.__cause__, Unavailable):
                raise error.__cause__ from error.__cause__.__cause__
            raise Unavailable(Outage.RECOGNISER, legible(f"{type(error).__name__}: {error}", 200)) from error
        try:
            return decode_response(response.status, response.headers, answer)
        except TranscriptionError:
            message = message_of(answer, body.context)
            self._log.debug("recogniser refused", status=response.status, message=message)
            raise


async def _encoded(source: BinaryIO, size_bytes: int, body: RequestBody) -> AsyncIterator[bytes]:
    """Yield the request's bytes, reading and encoding the audio in a worker thread.

    Raises:
        Unavailable: MACHINE: the audio cannot be read, or became shorter than was announced.
    """
    yield body.prefix
    left_bytes = size_bytes
    while left_bytes:
        wanted_bytes = min(left_bytes, _CHUNK_BYTES)
        with machine_trouble():
            chunk = await asyncio.to_thread(_read_encoded, source, wanted_bytes)
        yield chunk
        left_bytes -= wanted_bytes
    yield body.suffix


def _read_encoded(source: BinaryIO, size_bytes: int) -> bytes:
    chunk = source.read(size_bytes)
    if len(chunk) != size_bytes:
        raise OSError("the file became shorter")
    return base64.b64encode(chunk)


async def _read(response: aiohttp.ClientResponse) -> bytes:
    """Read an answer's body, up to a limit that no honest one comes near."""
    answer = bytearray()
    async for chunk in response.content.iter_chunked(64 * 1024):
        answer += chunk
        if len(answer) > _MAX_ANSWER_BYTES:
            raise Unavailable(Outage.RECOGNISER, f"HTTP {response.status}: an endless answer")
    return bytes(answer)


def _silence() -> bytes:
    """One second of PCM s16le, mono, 16 kHz, as a WAV file."""
    target = io.BytesIO()
    with wave.open(target, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(bytes(2 * 16_000))
    return target.getvalue()
