"""Downloads of shared files, and ``files.info``; the token is sent to Slack and configured origins only."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import BinaryIO, TypeVar

import aiohttp
from cachetools import TTLCache
from pydantic import SecretStr
from yarl import URL

from bot.errors import Misconfiguration, Misconfigured, NotReady, Outage, Refusal, Rejected, Unavailable
from bot.machine import machine_trouble
from bot.model import FileState, SharedFile
from bot.slack.client.api import Answer, SlackApi
from bot.slack.client.api_errors import parse_retry_after_s
from bot.slack.client.identity import identify
from bot.slack.incoming.fields import object_in
from bot.slack.incoming.files import FileObject
from bot.slack.incoming.hosts import is_slack_host

_ADDRESS_DELAYS_S = (0.5, 1.0, 2.0)
"""A fresh file has no address for a second or two."""
_CHUNK_BYTES = 256 * 1024
_MB = 1024 * 1024
_MOST_REDIRECTS = 5
_TIMEOUT = aiohttp.ClientTimeout(total=900, sock_connect=10, sock_read=60)
_SCOPE = "files:read"
_SCOPES_FRESH_FOR_S = 10.0
"""Long enough that many files that answer the login page cost one question."""

T = TypeVar("T")


class SlackFiles:
    """``bot.ports.outside.Files``: file objects and downloads from Slack.

    Args:
        api: Of Slack.
        session: A pooled session for the bytes.
        token: The bot token.
        origins: Further origins that may see the token (``SLACK_FILE_ORIGINS``).
        most_bytes: The largest download.
        sleep: Waits; injected for tests.
    """

    def __init__(
        self,
        api: SlackApi,
        session: aiohttp.ClientSession,
        token: SecretStr,
        *,
        origins: tuple[str, ...],
        most_bytes: int,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._api = api
        self._session = session
        self._token = token
        self._origins = origins
        self._most_bytes = most_bytes
        self._sleep = sleep
        self._may_read: TTLCache[str, bool] = TTLCache(1, _SCOPES_FRESH_FOR_S)
        """By scope: the bot has it."""

    async def info(self, file_id: str) -> SharedFile:
        """Ask ``files.info``, again while the address is missing."""
        for delay_s in (*_ADDRESS_DELAYS_S, None):
            answer = await self._describe(file_id)
            file = FileObject.model_validate(object_in(answer.get("file"))).shared_file
            if file is None:
                raise Unavailable(Outage.SLACK, "files.info without a file")
            if file.url is not None or file.state is not FileState.AVAILABLE:
                return file
            if delay_s is not None:
                await self._sleep(delay_s)
        raise Unavailable(Outage.FILE, "no address yet")

    async def _describe(self, file_id: str) -> Answer:
        try:
            return await self._api.read("files.info", file=file_id)
        except Rejected as unknown:
            # Of one that was deleted Slack may say so: file_deleted.
            if unknown.code != "file_not_found":
                raise
            raise NotReady(unknown.reason, unknown.code) from unknown

    async def download(self, file: SharedFile, destination: Path) -> int:
        """Fetch from its address or, where that answers nothing, from its other one."""
        if file.size_bytes is not None and file.size_bytes > self._most_bytes:
            raise self._too_big(f"declared {file.size_bytes} bytes")
        if file.url is None:
            raise Unavailable(Outage.FILE, "no address")
        try:
            return await self._fetch(file.url, destination)
        except NotReady:
            if file.other_url is None:
                raise
        return await self._fetch(file.other_url, destination)

    async def _fetch(self, address: str, destination: Path) -> int:
        """Follow redirects by hand, and stream the bytes of the last answer to disk."""
        url = _read_address(address)
        for _ in range(_MOST_REDIRECTS + 1):
            self._check_address(url)
            try:
                async with self._session.get(
                    url,
                    headers={
                        "Authorization": f"Bearer {self._token.get_secret_value()}",
                        # Compression gains nothing with audio, and without it there is no decompression bomb.
                        "Accept-Encoding": "identity",
                    },
                    allow_redirects=False,
                    timeout=_TIMEOUT,
                ) as response:
                    if response.status in {301, 302, 303, 307, 308}:
                        url = url.join(_read_address(response.headers.get("Location", "")))
                        continue
                    _check_status(response)
                    if response.content_type == "text/html":
                        raise await self._login_page()
                    return await self._save(response, destination)
            except (aiohttp.ClientError, TimeoutError) as failure:
                raise Unavailable(Outage.FILE, type(failure).__name__) from failure
        raise Rejected(Refusal.UNSAFE_ADDRESS, "too many redirects")

    async def _login_page(self) -> NotReady | Misconfigured:
        """The error that Slack's login page stands for: its answer, with 200, to whoever may not download.

        Some files are closed to apps, and new ones may not be ready. Only without the scope it concerns all.

        Raises:
            Unavailable: Slack does not say what the bot may do.
            Misconfigured: SLACK_TOKEN: the token is wrong.
        """
        may_read = self._may_read.get(_SCOPE)
        if may_read is None:
            may_read = self._may_read[_SCOPE] = _SCOPE not in (await identify(self._api)).missing_scopes
        if may_read:
            return NotReady(Refusal.NOT_HANDED_OUT, f"the login page, though {_SCOPE} is granted")
        return Misconfigured(Misconfiguration.SLACK_LOGIN_PAGE, "text/html instead of the file")

    def _check_address(self, url: URL) -> None:
        """Refuse an address that the token may not be sent to.

        Raises:
            Rejected: UNSAFE_ADDRESS.
        """
        # raw_host is what is looked up: lower case, and punycode where it was not ASCII.
        host = url.raw_host or ""
        ours = url.scheme == "https" and url.explicit_port in {None, 443} and is_slack_host(host)
        configured = bool(host) and url.scheme in {"http", "https"} and str(url.origin()) in self._origins
        if url.user is not None or url.password is not None or not (ours or configured):
            raise Rejected(Refusal.UNSAFE_ADDRESS, f"host {host[:100]}")

    def _too_big(self, detail: str) -> Rejected:
        return Rejected(Refusal.TOO_BIG, detail, self._most_bytes // _MB)

    async def _save(self, response: aiohttp.ClientResponse, destination: Path) -> int:
        handle = await _on_disk(lambda: _create(destination))
        try:
            saved = 0
            async for chunk in response.content.iter_chunked(_CHUNK_BYTES):
                if saved == 0:
                    _refuse_page(chunk)
                saved += len(chunk)
                if saved > self._most_bytes:
                    raise self._too_big(f"more than {self._most_bytes} bytes")
                await _on_disk(lambda: handle.write(chunk))  # noqa: B023  # awaited before the next chunk
        finally:
            await _on_disk(handle.close)
        if saved == 0:
            raise Rejected(Refusal.EMPTY)
        return saved


def _read_address(address: str) -> URL:
    """Parse a URL, absolute or not.

    Raises:
        Rejected: UNSAFE_ADDRESS: it cannot be read.
    """
    try:
        return URL(address)
    except (ValueError, IndexError) as failure:  # yarl 1.25 stumbles over "https://[]@?"
        raise Rejected(Refusal.UNSAFE_ADDRESS, "unreadable address") from failure


async def _on_disk(work: Callable[[], T]) -> T:
    """Do blocking file work in a thread.

    Raises:
        Unavailable: MACHINE.
    """
    with machine_trouble():
        return await asyncio.to_thread(work)


def _create(path: Path) -> BinaryIO:
    # O_EXCL: neither a file nor a link that somebody put there first is written to.
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def _check_status(response: aiohttp.ClientResponse) -> None:
    status = response.status
    match status:
        case 200:
            return
        case 404 | 410:
            raise NotReady(Refusal.GONE, f"status {status}")
        case 401 | 403:
            raise Rejected(Refusal.FORBIDDEN, f"status {status}")
        case _:
            retry_after_s = parse_retry_after_s(response.headers)
            raise Unavailable(Outage.FILE, f"status {status}", retry_after_s)


def _refuse_page(beginning: bytes) -> None:
    """Refuse HTML under another type: it is what somebody uploaded, and not Slack's login page."""
    start = beginning.lstrip(b"\xef\xbb\xbf \t\r\n")[:15].lower()
    if start.startswith((b"<!doctype", b"<html")):
        raise Rejected(Refusal.NOT_AUDIO, "HTML")
