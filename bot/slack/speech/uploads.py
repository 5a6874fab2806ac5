"""Sharing transcripts as files in a thread, and taking them away again."""

from __future__ import annotations

from collections.abc import Sequence

import aiohttp
import structlog
from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import Outage, Unavailable
from bot.reply import SharedTranscript
from bot.slack.api_errors import API_FAILURES, error_code, is_refusal, translate
from bot.slack.speech.blocks import TextFile

_TIMEOUT = aiohttp.ClientTimeout(total=60)
_PASSING_STATUSES = frozenset({408, 429})
_ALREADY_GONE = frozenset({"file_not_found", "file_deleted", "message_not_found"})


class UploadRefused(Exception):
    """Slack does not let the bot share these files, today or tomorrow."""


class Uploads:
    """Shares files.

    Args:
        writes: A client that never repeats a call that may have reached Slack.
        session: For the bytes.
    """

    def __init__(self, writes: AsyncWebClient, session: aiohttp.ClientSession) -> None:
        self._writes = writes
        self._session = session
        self._log = structlog.get_logger(__name__)

    async def share(self, channel_id: str, thread_ts: str | None, files: Sequence[TextFile]) -> None:
        """Share files in one message, of a thread where one is given: all of them, or none.

        ``files_upload_v2`` does the same calls, but none of them may be repeated by a retry handler.
        Source: https://docs.slack.dev/messaging/working-with-files#upload

        Raises:
            UploadRefused: Slack does not take them.
            Unavailable: Slack does not answer; they may be shared all the same.
            Misconfigured: the token or the scope ``files:write`` is wrong.
        """
        try:
            sent: list[dict[str, str | None]] = [
                {"id": await self._send(file), "title": file.name} for file in files
            ]
            await self._writes.files_completeUploadExternal(
                files=sent, channel_id=channel_id, thread_ts=thread_ts
            )
        except API_FAILURES as failure:
            if is_refusal(failure):
                raise UploadRefused(error_code(failure)) from failure
            raise translate(failure) from failure

    async def remove(self, channel_id: str, shared: SharedTranscript) -> None:
        """Delete files and the message that shares them. What Slack refuses to delete stays.

        Raises:
            Unavailable: Slack does not answer.
            Misconfigured: the token or the scope ``files:write`` is wrong.
        """
        for file_id in shared.file_ids:
            await self._delete("files.delete", file=file_id)
        await self._delete("chat.delete", channel=channel_id, ts=shared.ts)

    async def _delete(self, method: str, **arguments: str) -> None:
        try:
            await self._writes.api_call(method, json=arguments)
        except API_FAILURES as failure:
            if not is_refusal(failure):
                raise translate(failure) from failure
            if error_code(failure) not in _ALREADY_GONE:
                self._log.warning("not deleted", method=method, error=error_code(failure))

    async def _send(self, file: TextFile) -> str:
        """Hand over a file's bytes; return its id."""
        data = file.content.encode()
        slot = await self._writes.files_getUploadURLExternal(filename=file.name, length=len(data))
        async with self._session.post(
            slot["upload_url"], data=data, allow_redirects=False, timeout=_TIMEOUT
        ) as response:
            status = response.status
        if 400 <= status < 500 and status not in _PASSING_STATUSES:
            raise UploadRefused(f"status {status}")
        if status != 200:
            raise Unavailable(Outage.SLACK, f"upload answered {status}")
        return str(slot["file_id"])
