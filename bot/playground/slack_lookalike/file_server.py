"""The bytes of files: downloads with the bot's token, and uploads.

Source: https://docs.slack.dev/messaging/working-with-files/
"""

from __future__ import annotations

import asyncio

from aiohttp import web

from bot.playground.slack_lookalike.answering import (
    LOGIN_PAGE,
    Answering,
    Reply,
    dropped,
    is_broken,
    meet_after,
    meet_before,
)
from bot.playground.slack_lookalike.calls import Call
from bot.playground.slack_lookalike.faults import Fault
from bot.playground.slack_lookalike.methods.files import is_unknown_yet, is_visible_to_bot
from bot.playground.slack_lookalike.records import File
from bot.playground.slack_lookalike.state import SlackState

_CHUNK_BYTES = 16 * 1024


class FileServer:
    """Answers the addresses in file objects and the upload address.

    Args:
        state: The workspace.
        answering: Records calls and finds their faults.
        bot_token: What a download must show.
    """

    def __init__(self, state: SlackState, answering: Answering, bot_token: str) -> None:
        self._state = state
        self._answering = answering
        self._authorization = f"Bearer {bot_token}"

    async def download(self, request: web.Request) -> web.StreamResponse:
        """A file's bytes, or what its :class:`Served` says instead."""
        file_id = request.match_info["key"].split("-")[1]
        arguments = {
            "file": file_id,
            "path": request.path,
            "authorized": request.headers.get("Authorization") == self._authorization,
        }
        call, fault = self._answering.arrive("download", arguments)
        try:
            return await self._send(request, file_id, call, fault)
        finally:
            call.ended_at = self._state.clock()

    async def _send(
        self, request: web.Request, file_id: str, call: Call, fault: Fault | None
    ) -> web.StreamResponse:
        refused = await meet_before(call, fault)
        if is_broken(refused):
            return dropped(request)
        found = refused or self._found(
            file_id,
            authorized=call.arguments["authorized"] is True,
            is_download="/download/" in request.path,
        )
        if isinstance(found, Reply):
            call.status, call.answered = found.status, True
            return found.response()
        content = found.read()
        response = await self._start(request, found, len(content))
        call.acted, call.status = True, response.status
        cut = found.served.cut_after_bytes
        # A fault "after acting" strikes in the middle of the stream.
        middle = len(content) // 2
        await _stream(response, content[:middle] if cut is None else content[:cut], found)
        if cut is not None or not await meet_after(call, fault):
            return dropped(request)
        await _stream(response, content[middle:], found)
        await response.write_eof()
        call.answered = True
        return response

    async def upload(self, request: web.Request) -> web.Response:
        """The bytes of an upload, as the body or as a form's file."""
        upload = self._state.uploads.get(request.match_info["file_id"])
        content = b""
        if request.content_type == "multipart/form-data":
            for value in (await request.post()).values():
                if isinstance(value, web.FileField):
                    content = value.file.read()
        else:
            content = await request.read()

        def act() -> Reply:
            if upload is None:
                return Reply(text="unknown upload", status=404)
            if len(content) != upload.length:
                return Reply(text="length differs from the one announced", status=400)
            upload.content = content
            return Reply(text=f"OK - {len(content)}")

        arguments = {"file": request.match_info["file_id"], "length": len(content)}
        return await self._answering.answer(request, "upload", arguments, act)

    def _found(self, file_id: str, *, authorized: bool, is_download: bool) -> File | Reply:
        workspace = self._state.workspace
        if not authorized or workspace.login_page_for_downloads or "files:read" not in workspace.scopes:
            return Reply(text=LOGIN_PAGE)
        file = self._state.files.get(file_id)
        if file is None or file.deleted or not is_visible_to_bot(self._state, file) or is_unknown_yet(file):
            return Reply(text="not found", status=404)
        return _in_place_of(file, is_download=is_download) or file

    async def _start(self, request: web.Request, file: File, length: int) -> web.StreamResponse:
        kind = file.served.content_type or file.mimetype or "application/octet-stream"
        response = web.StreamResponse(headers={"Content-Type": kind})
        response.content_length = length
        await response.prepare(request)
        return response


def _in_place_of(file: File, *, is_download: bool) -> Reply | None:
    """What answers in place of the bytes of a file that is there."""
    if file.login_page_for > 0:
        file.login_page_for -= 1
        return Reply(text=LOGIN_PAGE)
    if file.served.only_played and is_download:
        return Reply(text="not found", status=404)
    if file.served.html is not None:
        return Reply(text=file.served.html, status=file.served.status)
    if file.served.redirect_to is not None:
        return Reply(status=302, headers={"Location": file.served.redirect_to})
    return Reply(text="no", status=file.served.status) if file.served.status != 200 else None


async def _stream(response: web.StreamResponse, content: bytes, file: File) -> None:
    for start in range(0, len(content), _CHUNK_BYTES):
        if file.served.chunk_delay_s:
            await asyncio.sleep(file.served.chunk_delay_s)
        await response.write(content[start : start + _CHUNK_BYTES])
