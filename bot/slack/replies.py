"""Speaking in threads, so that a reply shows once, whatever breaks in between."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import Misconfiguration, Misconfigured, Outage, Unavailable
from bot.model import Job, TranscriptionRequest
from bot.ports import Found, Reply, ReplyState, state_of
from bot import sentences
from bot.slack.api_errors import API_FAILURES, error_code, translate
from bot.slack.blocks import Message, render_reply, transcript_file_name
from bot.slack.identity import SCOPES_OF_JOBS, identify

EVENT_TYPE = "threadscribe_reply"
_CLOCK_MARGIN = timedelta(minutes=5)
"""Slack's clock and ours may differ; looking further back costs nothing."""
_STATUS_TIMEOUT_S = 3.0
_UPLOAD_TIMEOUT = aiohttp.ClientTimeout(total=60)
_REFUSED_CONTENT = frozenset(
    {"msg_blocks_too_long", "msg_too_long", "invalid_blocks", "invalid_blocks_format"}
)
_REPLY_GONE = frozenset({"message_not_found", "cant_update_message", "edit_window_closed"})


class SlackReplies:
    """``bot.ports.Replies``.

    Args:
        reads: A client for reading, whose retries are harmless.
        writes: A client that never repeats a call that may have reached Slack.
        session: For the bytes of files that the bot uploads.
    """

    def __init__(self, reads: AsyncWebClient, writes: AsyncWebClient, session: aiohttp.ClientSession) -> None:
        self._reads = reads
        self._writes = writes
        self._session = session
        self._log = structlog.get_logger(__name__)

    async def show_working(self, request: TranscriptionRequest) -> None:
        """``assistant.threads.setStatus``; a workspace may refuse it."""
        await self._set_status(request, sentences.WORKING)

    async def clear_working(self, request: TranscriptionRequest) -> None:
        """An empty status takes it away."""
        await self._set_status(request, "")

    async def find(self, job: Job) -> Found:
        """Page through the thread's replies since the intent."""
        oldest = (job.intent_at or job.accepted_at) - _CLOCK_MARGIN
        ts: str | None = None
        state: ReplyState | None = None
        file_shared = False
        cursor: str | None = None
        while True:
            try:
                page = await self._reads.conversations_replies(
                    channel=job.key.channel_id,
                    ts=job.request.thread_ts,
                    oldest=f"{oldest.timestamp():.6f}",
                    include_all_metadata=True,
                    limit=200,
                    cursor=cursor,
                )
            except API_FAILURES as failure:
                raise translate(failure) from failure
            for message in page.get("messages") or []:
                found = _state_in(message, job)
                if found is not None:
                    ts, state = message["ts"], found
                file_shared = file_shared or _holds_file(message, transcript_file_name(job.key))
            cursor = (page.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                return Found(ts, state, file_shared)

    async def publish(self, job: Job, reply: Reply, found: Found) -> str:
        """Upload the whole transcript where it is long, then update or post; smaller where Slack refuses."""
        metadata = {
            "event_type": EVENT_TYPE,
            "event_payload": {"key": str(job.key), "state": str(state_of(reply))},
        }
        file_shared = found.file_shared
        refused: SlackApiError | None = None
        for message in render_reply(job.request, reply):
            try:
                if message.whole_text is not None and not file_shared:
                    await self._upload(job, message.whole_text)
                    file_shared = True
                return await self._say(job, found.ts or job.reply_ts, message, metadata)
            except API_FAILURES as failure:
                if not isinstance(failure, SlackApiError) or error_code(failure) not in _REFUSED_CONTENT:
                    raise translate(failure) from failure
                self._log.warning("reply refused", key=str(job.key), error=error_code(failure))
                refused = failure
        raise Unavailable(Outage.SLACK, "every form of the reply was refused") from refused

    async def verify(self) -> None:
        """``auth.test``: its headers list the scopes. One that no job needs must not keep jobs parked."""
        missing = (await identify(self._reads)).missing_scopes & SCOPES_OF_JOBS
        if missing:
            raise Misconfigured(Misconfiguration.SLACK_SCOPE, f"not granted: {', '.join(sorted(missing))}")

    async def _say(self, job: Job, ts: str | None, message: Message, metadata: dict[str, Any]) -> str:
        """Edit the reply that stands, or post one."""
        if ts is not None and await self._update(job, ts, message, metadata):
            return ts
        response = await self._writes.chat_postMessage(
            channel=job.key.channel_id,
            thread_ts=job.request.thread_ts,
            text=message.text,
            blocks=message.blocks,
            metadata=metadata,
            unfurl_links=False,
            unfurl_media=False,
            parse="none",
            link_names=False,
            mrkdwn=False,
        )
        return str(response["ts"])

    async def _update(self, job: Job, ts: str, message: Message, metadata: dict[str, Any]) -> bool:
        """Edit the reply; False where it is gone and has to be posted anew."""
        try:
            await self._writes.chat_update(
                channel=job.key.channel_id,
                ts=ts,
                text=message.text,
                blocks=message.blocks,
                metadata=metadata,
                parse="none",
                link_names=False,
            )
        except SlackApiError as failure:
            if error_code(failure) in _REPLY_GONE:
                return False
            raise
        return True

    async def _upload(self, job: Job, text: str) -> None:
        """Share the transcript as a file in the thread.

        ``files_upload_v2`` does the same three calls, but none of them may be repeated by a retry handler.
        Source: https://docs.slack.dev/messaging/working-with-files#upload
        """
        data = text.encode()
        name = transcript_file_name(job.key)
        slot = await self._writes.files_getUploadURLExternal(filename=name, length=len(data))
        async with self._session.post(
            slot["upload_url"], data=data, allow_redirects=False, timeout=_UPLOAD_TIMEOUT
        ) as response:
            if response.status != 200:
                raise Unavailable(Outage.SLACK, f"upload answered {response.status}")
        await self._writes.files_completeUploadExternal(
            files=[{"id": slot["file_id"], "title": name}],
            channel_id=job.key.channel_id,
            thread_ts=job.request.thread_ts,
        )

    async def _set_status(self, request: TranscriptionRequest, status: str) -> None:
        try:
            async with asyncio.timeout(_STATUS_TIMEOUT_S):
                await self._writes.assistant_threads_setStatus(
                    channel_id=request.key.channel_id, thread_ts=request.thread_ts, status=status
                )
        except API_FAILURES as failure:
            code = error_code(failure) if isinstance(failure, SlackApiError) else type(failure).__name__
            self._log.debug("status not shown", error=code)


def _holds_file(message: dict[str, Any], name: str) -> bool:
    return any(file.get("name") == name for file in message.get("files") or [] if isinstance(file, dict))


def _state_in(message: dict[str, Any], job: Job) -> ReplyState | None:
    metadata = message.get("metadata") or {}
    payload = metadata.get("event_payload") or {}
    if metadata.get("event_type") != EVENT_TYPE or payload.get("key") != str(job.key):
        return None
    try:
        return ReplyState(str(payload.get("state")))
    except ValueError:
        return ReplyState.WAITING
