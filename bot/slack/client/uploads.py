"""File uploads: shares transcripts as files in a thread, sees that they stand there, and deletes them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import aiohttp
import structlog

from bot.errors import Outage, ThreadGone, TranscriptionError, Unavailable
from bot.model import Place
from bot.reply import SharedTranscript, TextFile
from bot.slack.client.api import SlackApi
from bot.slack.client.api_errors import is_refusal
from bot.slack.incoming.fields import id_in, object_in, objects_in
from bot.slack.incoming.files import FileObject, FileShare

_TIMEOUT = aiohttp.ClientTimeout(total=60)
_PASSING_STATUSES = frozenset({408, 429})
_ALREADY_GONE = frozenset({"file_not_found", "file_deleted", "message_not_found", "channel_not_found"})
_TRY_DELAYS_S = (0.5, 2.0)
"""Between tries of a step that Slack does not answer. After them the files count as refused: it may answer
``internal_error`` for ever, and the words need not wait for that.

Source: https://github.com/slackapi/node-slack-sdk/issues/2301
"""
_LOOK_DELAYS_S = (0.5, 1.0, 2.0, 4.0)
"""Between looks for a share: Slack says that an upload is complete, and shares it later, or never."""

_ANSWER_BYTES = 64
"""Of the answer to an upload: ``OK`` and the number of bytes, or the beginning of a page."""

T = TypeVar("T")


class UploadRefused(Exception):
    """Slack does not let the bot share these files, today or tomorrow."""


class _Unanswered(UploadRefused):
    """Slack does not answer this time."""


class _NotShared(UploadRefused):
    """Slack says that it has shared them, and has not."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file whose bytes Slack has, before it is shared."""

    id: str
    title: str


class Uploads:
    """Shares files in threads and conversations, and deletes them.

    Args:
        api: Of Slack.
        session: For the bytes.
        sleep: Waits; injected for tests.
    """

    def __init__(
        self,
        api: SlackApi,
        session: aiohttp.ClientSession,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._api = api
        self._session = session
        self._sleep = sleep
        self._log = structlog.get_logger(__name__)

    async def send(self, files: Sequence[TextFile]) -> tuple[Upload, ...]:
        """Send the bytes of files, which nobody sees before they are shared. The first is always among them.

        ``files_upload_v2`` does the same calls, but none of them may be repeated by a retry handler.
        Source: https://docs.slack.dev/messaging/working-with-files#upload

        Errors are as of ``share``.
        """
        uploads: list[Upload] = []
        for file in files:
            try:
                uploads.append(await self._send_patiently(file))
            except UploadRefused as refusal:
                self._leave_out(refusal, is_first=not uploads)
        return tuple(uploads)

    async def share(
        self, channel_id: str, thread_ts: str | None, uploads: Sequence[Upload]
    ) -> tuple[SharedTranscript, ...]:
        """Share files in one message, of a thread where one is given, and see that it stands.

        Where Slack refuses them together, each by itself: it may refuse one kind of file alone. The first
        file is always among those that are shared.

        Returns:
            The messages that share them.

        Raises:
            UploadRefused: Slack does not take them, or has not shared them. None of them stands.
            ThreadGone: there is no such thread any more. None of them stands.
            Unavailable: Slack does not answer; they may be shared all the same.
            Misconfigured: the token or the scope ``files:write`` is wrong.
        """
        place = Place(channel_id, thread_ts)
        try:
            return (await self._share_together(place, uploads, _TRY_DELAYS_S),)
        except UploadRefused as refusal:
            if len(uploads) == 1 or isinstance(refusal, _NotShared):
                await self.remove_files([upload.id for upload in uploads])
                raise
        shared: list[SharedTranscript] = []
        for upload in uploads:
            try:
                shared.append(await self._share_together(place, [upload], ()))
            except UploadRefused as refusal:
                await self.remove_files([upload.id])
                self._leave_out(refusal, is_first=not shared)
        return tuple(shared)

    async def remove(self, channel_id: str, shared: SharedTranscript) -> None:
        """Delete files and the message that shares them. What Slack refuses to delete stays.

        Raises:
            Unavailable: Slack does not answer.
            Misconfigured: the token or the scope ``files:write`` is wrong.
        """
        await self.remove_files(shared.file_ids)
        await self._delete("chat.delete", channel=channel_id, ts=shared.ts)

    async def take_back(self, channel_id: str, posted: SharedTranscript) -> ThreadGone:
        """Delete at once what Slack has posted at the top level of a channel, as its thread is gone.

        Returns:
            The error to raise. It has the message's removal written, which deletes what could not be deleted
            here.

        Source: https://github.com/slack-go/slack/issues/1571
        """
        try:
            await self.remove(channel_id, posted)
        except TranscriptionError as error:
            self._log.warning("not deleted", method="chat.delete", error=error.code or str(error))
        return ThreadGone("posted outside its thread")

    def _leave_out(self, refusal: UploadRefused, *, is_first: bool) -> None:
        """Go on without a file, unless it is the first one: that holds all of the text."""
        if is_first:
            raise refusal
        self._log.warning("files refused", error=str(refusal))

    async def _share_together(
        self, place: Place, uploads: Sequence[Upload], delays_s: tuple[float, ...]
    ) -> SharedTranscript:
        """Share uploads in one message that is seen to stand in its place."""
        file_ids = tuple(upload.id for upload in uploads)
        share = await self._complete(place, uploads, delays_s)
        for delay_s in (0.0, *_LOOK_DELAYS_S):
            if share is None:
                await self._sleep(delay_s)
                share = await self._find_share(file_ids[0], place.channel_id)
        if share is None:
            raise _NotShared("complete, but not shared")
        shared = SharedTranscript(share.ts, file_ids)
        if share.thread_ts in {"", share.ts} and await self._is_gone(place):
            raise await self.take_back(place.channel_id, shared)
        return shared

    async def _complete(
        self, place: Place, uploads: Sequence[Upload], delays_s: tuple[float, ...]
    ) -> FileShare | None:
        """Have uploads shared; ``None`` where Slack does not say yet where they are.

        An unanswered call may have shared them all the same, and none may be called again after that.
        """
        for delay_s in (*delays_s, None):
            try:
                return await self._once(partial(self._call_complete, place, uploads))
            except _Unanswered:
                share = await self._find_share(uploads[0].id, place.channel_id)
                if share is not None:
                    return share
                if delay_s is None:
                    raise
                await self._sleep(delay_s)
        raise AssertionError("the last try decides")

    async def _call_complete(self, place: Place, uploads: Sequence[Upload]) -> FileShare | None:
        """Have uploads shared, in one call; the answer may tell where they are.

        Source: https://docs.slack.dev/reference/methods/files.completeUploadExternal
        """
        files = [{"id": upload.id, "title": upload.title} for upload in uploads]
        answer = await self._api.write(
            "files.completeUploadExternal",
            files=files,
            channel_id=place.channel_id,
            thread_ts=place.thread_ts,
        )
        told = objects_in(answer.get("files"))
        return _share_in(told[0], place.channel_id) if told else None

    async def _find_share(self, file_id: str, channel_id: str) -> FileShare | None:
        """The message of a channel that shares a file; ``None`` where Slack knows none, or no such file."""
        try:
            answer = await self._api.read("files.info", file=file_id)
        except TranscriptionError as error:
            if is_refusal(error):
                return None
            raise
        return _share_in(answer.get("file"), channel_id)

    async def _is_gone(self, place: Place) -> bool:
        """True where a thread is gone. A file's record need not name the thread of its share."""
        if place.thread_ts is None:
            return False
        try:
            await self._api.read(
                "conversations.replies", channel=place.channel_id, ts=place.thread_ts, limit=1
            )
        except ThreadGone:
            return True
        return False

    async def remove_files(self, file_ids: Sequence[str]) -> None:
        """Delete files, so that they are not shared later either; errors are as of ``remove``."""
        for file_id in file_ids:
            await self._delete("files.delete", file=file_id)

    async def _delete(self, method: str, **arguments: Any) -> None:
        try:
            await self._api.write(method, **arguments)
        except TranscriptionError as error:
            if not is_refusal(error):
                raise
            if error.code not in _ALREADY_GONE:
                self._log.warning("not deleted", method=method, error=error.code)

    async def _once(self, step: Callable[[], Awaitable[T]]) -> T:
        """Do a step of an upload.

        Raises:
            UploadRefused: Slack refuses it; ``_Unanswered`` where it does not answer.
            Unavailable: Slack asks to wait.
            Misconfigured: the token or the scope ``files:write`` is wrong.
        """
        try:
            return await step()
        except TranscriptionError as error:
            if is_refusal(error):
                raise UploadRefused(error.code) from error
            if isinstance(error, Unavailable) and error.retry_after_s is None:
                raise _Unanswered(error.code or str(error)) from error
            raise

    async def _send_patiently(self, file: TextFile) -> Upload:
        """Upload a file's bytes, again where Slack does not answer."""
        for delay_s in _TRY_DELAYS_S:
            with suppress(_Unanswered):
                return await self._once(partial(self._send, file))
            await self._sleep(delay_s)
        return await self._once(partial(self._send, file))

    async def _send(self, file: TextFile) -> Upload:
        """Upload a file's bytes."""
        data = file.content.encode()
        slot = await self._api.write("files.getUploadURLExternal", filename=file.name, length=len(data))
        status, body = await self._put(str(slot.get("upload_url")), data)
        if 400 <= status < 500 and status not in _PASSING_STATUSES:
            raise UploadRefused(f"status {status}")
        # A proxy's page is no answer of Slack's, whatever its status: the bytes need not have arrived.
        if status != 200 or body.lstrip().startswith(b"<"):
            raise Unavailable(Outage.SLACK, f"upload answered {status}")
        return Upload(id_in(slot.get("file_id")), file.name)

    async def _put(self, address: str, data: bytes) -> tuple[int, bytes]:
        """Send a file's bytes to the address that Slack gave; return the answer's status and beginning."""
        try:
            async with self._session.post(
                address, data=data, allow_redirects=False, timeout=_TIMEOUT
            ) as response:
                return response.status, await response.content.read(_ANSWER_BYTES)
        except (aiohttp.ClientError, TimeoutError) as failure:
            raise Unavailable(Outage.SLACK, type(failure).__name__) from failure


def _share_in(file: object, channel_id: str) -> FileShare | None:
    """The message of a channel that shares a file, as the file's record tells."""
    shares = FileObject.model_validate(object_in(file)).shares
    return next((share for share in shares if share.channel_id == channel_id and share.ts), None)
