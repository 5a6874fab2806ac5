"""File uploads: shares transcripts as files in a thread, and deletes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import aiohttp
import structlog

from bot.errors import Outage, TranscriptionError, Unavailable
from bot.reply import SharedTranscript, TextFile
from bot.slack.client.api import SlackApi
from bot.slack.client.api_errors import is_refusal
from bot.slack.incoming.fields import id_in

_TIMEOUT = aiohttp.ClientTimeout(total=60)
_PASSING_STATUSES = frozenset({408, 429})
_ALREADY_GONE = frozenset({"file_not_found", "file_deleted", "message_not_found"})


class UploadRefused(Exception):
    """Slack does not let the bot share these files, today or tomorrow."""


class Uploads:
    """Shares files in threads and conversations, and deletes them.

    Args:
        api: Of Slack.
        session: For the bytes.
    """

    def __init__(self, api: SlackApi, session: aiohttp.ClientSession) -> None:
        self._api = api
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
            await self._api.write(
                "files.completeUploadExternal", files=sent, channel_id=channel_id, thread_ts=thread_ts
            )
        except TranscriptionError as error:
            if is_refusal(error):
                raise UploadRefused(error.code) from error
            raise

    async def remove(self, channel_id: str, shared: SharedTranscript) -> None:
        """Delete files and the message that shares them. What Slack refuses to delete stays.

        Raises:
            Unavailable: Slack does not answer.
            Misconfigured: the token or the scope ``files:write`` is wrong.
        """
        for file_id in shared.file_ids:
            await self._delete("files.delete", file=file_id)
        await self._delete("chat.delete", channel=channel_id, ts=shared.ts)

    async def _delete(self, method: str, **arguments: Any) -> None:
        try:
            await self._api.write(method, **arguments)
        except TranscriptionError as error:
            if not is_refusal(error):
                raise
            if error.code not in _ALREADY_GONE:
                self._log.warning("not deleted", method=method, error=error.code)

    async def _send(self, file: TextFile) -> str:
        """Upload a file's bytes; return its id."""
        data = file.content.encode()
        slot = await self._api.write("files.getUploadURLExternal", filename=file.name, length=len(data))
        status = await self._put(str(slot.get("upload_url")), data)
        if 400 <= status < 500 and status not in _PASSING_STATUSES:
            raise UploadRefused(f"status {status}")
        if status != 200:
            raise Unavailable(Outage.SLACK, f"upload answered {status}")
        return id_in(slot.get("file_id"))

    async def _put(self, address: str, data: bytes) -> int:
        """Send a file's bytes to the address that Slack gave for them; return the answer's status."""
        try:
            async with self._session.post(
                address, data=data, allow_redirects=False, timeout=_TIMEOUT
            ) as response:
                return response.status
        except (aiohttp.ClientError, TimeoutError) as failure:
            raise Unavailable(Outage.SLACK, type(failure).__name__) from failure
