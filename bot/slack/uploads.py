"""Sharing transcripts as files in a thread, and taking them away again."""

from __future__ import annotations

from collections.abc import Sequence

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import Misconfigured, Outage, Unavailable
from bot.ports import SharedTranscript
from bot.slack.api_errors import API_FAILURES, error_code, translate
from bot.slack.blocks import TextFile

_TIMEOUT = aiohttp.ClientTimeout(total=60)
_PASSING = frozenset(
    {
        *("", "ratelimited", "rate_limited", "internal_error", "fatal_error", "service_unavailable"),
        *("request_timeout", "team_added_to_org"),
    }
)
"""Errors that say nothing about files. Any other one is a refusal: a plan's, an admin's, a full storage's."""
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

    async def share(self, channel_id: str, thread_ts: str, files: Sequence[TextFile]) -> None:
        """Share files in one message of a thread: all of them, or none.

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
            error = translate(failure)
            if isinstance(failure, SlackApiError) and error_code(failure) not in _PASSING:
                if isinstance(error, Misconfigured):
                    raise error from failure
                raise UploadRefused(error_code(failure)) from failure
            raise error from failure

    async def remove(self, channel_id: str, shared: SharedTranscript) -> None:
        """Delete files and the message that shares them. What Slack refuses to delete stays.

        Raises:
            Unavailable: Slack does not answer.
        """
        for file_id in shared.file_ids:
            await self._delete("files.delete", file=file_id)
        await self._delete("chat.delete", channel=channel_id, ts=shared.ts)

    async def _delete(self, method: str, **arguments: str) -> None:
        try:
            await self._writes.api_call(method, json=arguments)
        except API_FAILURES as failure:
            if not isinstance(failure, SlackApiError) or error_code(failure) in _PASSING:
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
