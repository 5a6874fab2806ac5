"""Posting and editing replies (``chat.postMessage``, ``chat.update``), in whatever form Slack takes."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import structlog

from bot.errors import Outage, TranscriptionError, UnknownRefusal
from bot.model import Job, Place
from bot.recording import Transcript
from bot.reply import Reply, ReplyState, SharedTranscript, ThreadLookup, state_of
from bot.slack.blockkit.elements import Block
from bot.slack.client.api import SlackApi
from bot.slack.client.uploads import Upload, UploadRefused, Uploads
from bot.slack.incoming.fields import id_in
from bot.slack.replies.metadata import render_metadata
from bot.slack.replies.render import OutgoingMessage, render_in_pieces, render_reply
from bot.translations import Reader

REFUSED_CONTENT = frozenset(
    {"msg_blocks_too_long", "msg_too_long", "invalid_blocks", "invalid_blocks_format"}
)
_REPLY_GONE = frozenset({"message_not_found", "cant_update_message", "edit_window_closed"})


@dataclass(frozen=True, slots=True)
class _Sheet:
    """The fixed circumstances of one reply: its reader, its job and its place."""

    reader: Reader
    job: Job
    place: Place
    standing_ts: str | None
    """The existing reply, to be edited."""
    above: Sequence[Block]
    """The blocks that its first message begins with."""
    file_ids: Sequence[str]
    """The files that are shared beside it, or are about to be."""
    outdated_ids: Sequence[str]
    """Those of earlier revisions; their ids stay, as Slack may not let one go."""

    def metadata(self, state: ReplyState, piece: int = 0) -> dict[str, Any]:
        """The metadata of a message of it."""
        return render_metadata(self.job, state, piece, file_ids=self.file_ids, outdated_ids=self.outdated_ids)


class Posting:
    """Posts replies and edits them.

    Args:
        api: Of Slack.
        uploads: For what does not fit a message.
    """

    def __init__(self, api: SlackApi, uploads: Uploads) -> None:
        self._api = api
        self._uploads = uploads
        self._log = structlog.get_logger(__name__)

    async def publish(
        self,
        reader: Reader,
        job: Job,
        reply: Reply,
        found: ThreadLookup,
        place: Place,
        above: Sequence[Block] = (),
    ) -> str:
        """Update or post, with files where the transcript is long; smaller where Slack refuses.

        The reply tells of its files before they are shared, and points to them after that.

        Args:
            reader: In whose language.
            job: Whose reply it is.
            reply: What it says.
            found: The lookup of what stands there already.
            place: A thread, or somebody's direct messages.
            above: Blocks that it begins with, the first of them rich text.

        Returns:
            The reply's ``ts``.

        Raises:
            ThreadGone: the place is a thread that is gone; nothing of this stands.
            Rejected: the place is gone or closed to the bot.
            Unavailable: Slack does not answer; the reply may have arrived all the same.
            Misconfigured: the token or a scope is wrong.
        """
        sheet = _Sheet(
            reader, job, place, found.ts or job.reply_ts, above, found.file_ids, found.outdated_ids
        )
        uploads, shared = tuple[Upload, ...](), found.file_shared
        refused: TranscriptionError | None = None
        if isinstance(reply, Transcript) and found.pieces:
            # No file was taken the last time either.
            return await self._say_in_pieces(sheet, reply, found)
        forms = render_reply(reader, job.request, reply, job.revision)
        # In a thread: subtitles of a long recording take longer than the event loop may stand still.
        for message in await asyncio.to_thread(list, forms):
            try:
                if message.files and not shared:
                    uploads = uploads or await self._send(message, found)
                    sheet = await self._announce(sheet, message, uploads)
                    sheet = await self._share(sheet, uploads)
                    shared = True
                if isinstance(reply, Transcript):
                    await self._remove_outdated(place, found)
                return await self._say(sheet, message, sheet.metadata(state_of(reply)))
            except TranscriptionError as error:
                if error.code not in REFUSED_CONTENT:
                    raise
                self._log.warning("reply refused", key=str(job.key), error=error.code)
                refused = error
            except UploadRefused as refusal:
                self._log.warning("files refused", key=str(job.key), error=str(refusal))
                if isinstance(reply, Transcript):  # nothing else comes with files
                    return await self._say_in_pieces(sheet, reply, found)
        raise UnknownRefusal(Outage.SLACK, "every form of the reply was refused") from refused

    async def _send(self, message: OutgoingMessage, found: ThreadLookup) -> tuple[Upload, ...]:
        """Send the bytes of a message's files. Those of an earlier try may not be shared any more."""
        await self._uploads.remove_files(found.file_ids)
        return await self._uploads.send(message.files)

    async def _announce(self, sheet: _Sheet, message: OutgoingMessage, uploads: Sequence[Upload]) -> _Sheet:
        """Have the reply tell of its files first: whoever finds them in the thread knows whose they are."""
        sheet = replace(sheet, file_ids=[upload.id for upload in uploads])
        ts = await self._say(sheet, message.without_files, sheet.metadata(ReplyState.WAITING))
        return replace(sheet, standing_ts=ts)

    async def _share(self, sheet: _Sheet, uploads: Sequence[Upload]) -> _Sheet:
        place = sheet.place
        shared = await self._uploads.share(place.channel_id, place.thread_ts, uploads)
        return replace(sheet, file_ids=[file_id for message in shared for file_id in message.file_ids])

    async def _say_in_pieces(self, sheet: _Sheet, transcript: Transcript, found: ThreadLookup) -> str:
        """Post the whole transcript as messages one after the other; existing ones are left alone."""
        job, state = sheet.job, state_of(transcript)
        sheet = replace(sheet, file_ids=())
        first, *rest = render_in_pieces(sheet.reader, job.request, transcript, job.revision)
        await self._remove_outdated(sheet.place, found)
        # Not the last word before all of it stands.
        ts = await self._say(sheet, first, sheet.metadata(ReplyState.WAITING))
        for number, piece in enumerate(rest, start=2):
            if number not in found.pieces:
                await self._post(sheet.place, piece, render_metadata(job, state, number))
        return await self._say(replace(sheet, standing_ts=ts), first, sheet.metadata(state))

    async def _remove_outdated(self, place: Place, found: ThreadLookup) -> None:
        for shared in found.outdated:
            await self._uploads.remove(place.channel_id, shared)

    async def _say(self, sheet: _Sheet, message: OutgoingMessage, metadata: dict[str, Any]) -> str:
        """Edit the existing reply, or post one."""
        message = replace(message, blocks=[*sheet.above, *message.blocks])
        ts = sheet.standing_ts
        if ts is not None and await self._update(sheet.place, ts, message, metadata):
            return ts
        return await self._post(sheet.place, message, metadata)

    async def _post(self, place: Place, message: OutgoingMessage, metadata: dict[str, Any]) -> str:
        """Post a message; what Slack posts outside its thread is deleted at once."""
        answer = await self._api.write(
            "chat.postMessage",
            channel=place.channel_id,
            thread_ts=place.thread_ts,
            text=message.text,
            blocks=message.blocks,
            metadata=metadata,
            unfurl_links=False,
            unfurl_media=False,
            parse="none",
            link_names=False,
            mrkdwn=False,
        )
        ts, posted = id_in(answer.get("ts")), answer.get("message")
        if place.thread_ts and isinstance(posted, dict) and not posted.get("thread_ts"):
            raise await self._uploads.take_back(place.channel_id, SharedTranscript(ts, ()))
        return ts

    async def _update(
        self, place: Place, ts: str, message: OutgoingMessage, metadata: dict[str, Any]
    ) -> bool:
        """Edit the reply; False where it is gone and has to be posted again."""
        try:
            await self._api.write(
                "chat.update",
                channel=place.channel_id,
                ts=ts,
                text=message.text,
                blocks=message.blocks,
                metadata=metadata,
                parse="none",
                link_names=False,
            )
        except TranscriptionError as error:
            if error.code in _REPLY_GONE:
                return False
            raise
        return True
