"""Speaking in threads, so that a reply shows once, whatever breaks in between."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot import sentences
from bot.errors import Misconfiguration, Misconfigured, Outage, Unavailable
from bot.model import Job, Transcript, TranscriptionRequest
from bot.ports import Found, Reply, ReplyState, state_of
from bot.slack.api_errors import API_FAILURES, error_code, translate
from bot.slack.blocks import Message, render_in_pieces, render_reply
from bot.slack.identity import SCOPES_OF_JOBS, identify
from bot.slack.thread import note_message, render_metadata
from bot.slack.uploads import UploadRefused, Uploads

_CLOCK_MARGIN = timedelta(minutes=5)
"""Slack's clock and ours may differ; looking further back costs nothing."""
_STATUS_TIMEOUT_S = 3.0
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
        self._uploads = Uploads(writes, session)
        self._log = structlog.get_logger(__name__)

    async def show_working(
        self, request: TranscriptionRequest, done: int = 0, total: int | None = None
    ) -> None:
        """``assistant.threads.setStatus``; a workspace may refuse it."""
        await self._set_status(request, sentences.working(done, total))

    async def clear_working(self, request: TranscriptionRequest) -> None:
        """An empty status takes it away."""
        await self._set_status(request, "")

    async def find(self, job: Job) -> Found:
        """Page through the thread's replies since the intent."""
        oldest = (job.intent_at or job.accepted_at) - _CLOCK_MARGIN
        found = Found()
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
                found = note_message(found, message, job)
            cursor = (page.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                return found

    async def publish(self, job: Job, reply: Reply, found: Found) -> str:
        """Share files where the transcript is long, then update or post; smaller where Slack refuses."""
        metadata = render_metadata(job, state_of(reply))
        shared = found.file_shared
        refused: SlackApiError | None = None
        # In a thread: subtitles of a long recording take longer than the event loop may stand still.
        for message in await asyncio.to_thread(list, render_reply(job.request, reply, job.revision)):
            try:
                if message.files and not shared:
                    await self._uploads.share(job.key.channel_id, job.request.thread_ts, message.files)
                    shared = True
                if isinstance(reply, Transcript):
                    await self._remove_outdated(job, found)
                return await self._say(job, found.ts or job.reply_ts, message, metadata)
            except API_FAILURES as failure:
                if not isinstance(failure, SlackApiError) or error_code(failure) not in _REFUSED_CONTENT:
                    raise translate(failure) from failure
                self._log.warning("reply refused", key=str(job.key), error=error_code(failure))
                refused = failure
            except UploadRefused as refusal:
                self._log.warning("files refused", key=str(job.key), error=str(refusal))
                if isinstance(reply, Transcript):  # nothing else comes with files
                    return await self._say_in_pieces(job, reply, found)
        raise Unavailable(Outage.SLACK, "every form of the reply was refused") from refused

    async def _say_in_pieces(self, job: Job, transcript: Transcript, found: Found) -> str:
        """Post the whole transcript as messages one after the other; those that stand are left alone."""
        first, *rest = render_in_pieces(job.request, transcript)
        state = state_of(transcript)
        try:
            await self._remove_outdated(job, found)
            # Not the last word before all of it stands.
            on_the_way = render_metadata(job, ReplyState.WAITING)
            ts = await self._say(job, found.ts or job.reply_ts, first, on_the_way)
            for number, piece in enumerate(rest, start=2):
                if number not in found.pieces:
                    await self._say(job, None, piece, render_metadata(job, state, number))
            return await self._say(job, ts, first, render_metadata(job, state))
        except API_FAILURES as failure:
            raise translate(failure) from failure

    async def _remove_outdated(self, job: Job, found: Found) -> None:
        for shared in found.outdated:
            await self._uploads.remove(job.key.channel_id, shared)

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

    async def _set_status(self, request: TranscriptionRequest, status: str) -> None:
        try:
            async with asyncio.timeout(_STATUS_TIMEOUT_S):
                await self._writes.assistant_threads_setStatus(
                    channel_id=request.key.channel_id, thread_ts=request.thread_ts, status=status
                )
        except API_FAILURES as failure:
            code = error_code(failure) if isinstance(failure, SlackApiError) else type(failure).__name__
            self._log.debug("status not shown", error=code)
