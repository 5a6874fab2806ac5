"""Existing replies: reading the whole text of one, and writing another in its place."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import structlog

from bot.errors import Outage, Refusal, Rejected, TranscriptionError, UnknownRefusal
from bot.machine import machine_trouble
from bot.model import SharedFile
from bot.reply import SharedTranscript
from bot.scratch import workspace
from bot.slack.blockkit.rich_text import fallback, marked_text_of, text_of, unescaped
from bot.slack.client.history import messages_in
from bot.slack.context import HandlerContext
from bot.slack.incoming.fields import objects_in
from bot.slack.incoming.messages import Message
from bot.slack.interactions.presses import Press
from bot.slack.replies.file_names import transcript_file_names
from bot.slack.replies.metadata import is_beside, is_carried_on, with_files
from bot.slack.replies.post import REFUSED_CONTENT
from bot.slack.replies.render import OutgoingMessage
from bot.slack.reply_menu.rewrite_view import as_sent, render_edited, split_pointer
from bot.transcript.edits import parse_marked
from bot.transcript.time_marks import MarkedParagraph
from bot.translations import Reader


@dataclass(frozen=True, slots=True)
class ExistingReplyText:
    """An existing reply: its blocks, its files and its version."""

    version: str
    """Identifies its present state; without white space."""
    blocks: Sequence[Mapping[str, Any]]
    message: Message
    """The reply itself."""
    files: Mapping[str, SharedFile]
    """The files that are shared beside it, by extension; the latest of each."""
    shared: tuple[SharedTranscript, ...]
    """The messages that share these files."""
    is_whole: bool
    """All of its text is in it, or in its text file."""


class Rewrite:
    """Reads and rewrites existing replies.

    Args:
        context: What it works with.
    """

    def __init__(self, context: HandlerContext) -> None:
        self._context = context
        self._log = structlog.get_logger(__name__)

    async def read(self, press: Press) -> ExistingReplyText:
        """The reply as it is now, with the files beside it.

        Raises:
            Rejected: GONE: it is not there any more; or its place is closed to the bot.
            Unavailable: Slack does not answer.
            Misconfigured: a scope or the token is wrong.
        """
        messages = [
            message
            async for message in messages_in(self._context.api, press.place, oldest=press.key.message_ts)
            if self._context.identity.wrote(message)
        ]
        for message in messages:
            if message.ts == press.reply_ts:
                return self._written(press, message, messages)
        raise Rejected(Refusal.GONE, "no such reply")

    async def paragraphs(self, written: ExistingReplyText) -> list[MarkedParagraph]:
        """The whole text of a reply, with the times of its paragraphs where it has time marks.

        Raises:
            Rejected: its file is gone.
            Unavailable: Slack does not answer.
            Misconfigured: Slack answers with its login page.
        """
        file = written.files.get("txt")
        return parse_marked(marked_text_of(written.blocks) if file is None else await self._download(file))

    async def write(
        self,
        press: Press,
        written: ExistingReplyText,
        before: Sequence[MarkedParagraph],
        paragraphs: Sequence[str],
    ) -> None:
        """Write another text in a reply's place: in the message, or in new files beside it.

        Where the old text has time marks, the new one gets them too.

        Raises:
            UploadRefused: it takes files, and Slack does not let the bot share them.
            Rejected: the reply is gone.
            Unavailable: Slack does not answer; some of it may be written.
            Misconfigured: a scope or the token is wrong.
        """
        old = written.files.get("vtt")
        subtitles = await self._download(old) if old is not None else ""
        reader = await self._reader_of(press)
        names = transcript_file_names(reader, await self._recording_name(press), press.key.message_ts)
        # In a thread: matching many words takes longer than the event loop may stand still.
        forms = await asyncio.to_thread(
            lambda: list(render_edited(reader, written.blocks, before, paragraphs, names, subtitles))
        )
        await self._show(press, written, forms)
        await self._remove(press, written.shared)

    async def _show(self, press: Press, written: ExistingReplyText, forms: Sequence[OutgoingMessage]) -> None:
        """Share files where there are some, and edit the reply; smaller where Slack refuses."""
        new = tuple[SharedTranscript, ...]()
        try:
            for message in forms:
                if message.files and not new:
                    new = await self._share(press, written, message)
                file_ids = [file_id for shared in new for file_id in shared.file_ids]
                if await self._update(press, message, with_files(written.message, file_ids)):
                    return
        except (Rejected, UnknownRefusal):
            await self._remove(press, new)
            raise
        await self._remove(press, new)
        raise UnknownRefusal(Outage.SLACK, "every form of the reply was refused")

    async def _share(
        self, press: Press, written: ExistingReplyText, message: OutgoingMessage
    ) -> tuple[SharedTranscript, ...]:
        """Share a message's files, of which the reply as it stands tells before."""
        uploads = await self._context.uploads.send(message.files)
        blocks = as_sent(written.blocks)
        standing = OutgoingMessage(fallback(text_of(blocks)), blocks)
        old_ids = [file_id for shared in written.shared for file_id in shared.file_ids]
        file_ids = [*old_ids, *(upload.id for upload in uploads)]
        await self._update(press, standing, with_files(written.message, file_ids))
        return await self._context.uploads.share(press.channel_id, press.place.thread_ts, uploads)

    async def _remove(self, press: Press, files: Sequence[SharedTranscript]) -> None:
        for shared in files:
            await self._context.uploads.remove(press.channel_id, shared)

    def _written(self, press: Press, reply: Message, messages: Sequence[Message]) -> ExistingReplyText:
        files: dict[str, SharedFile] = {}
        shared: list[SharedTranscript] = []
        for message in sorted(messages, key=lambda message: message.ts):
            ours = [
                file
                for file in (raw.shared_file for raw in message.files)
                if file
                and file.owner_id == self._context.identity.bot_user_id
                and is_beside(reply, file, press.key, press.handle.revision)
            ]
            if ours:
                files |= {file.name.rpartition(".")[2]: file for file in ours}
                shared.append(SharedTranscript(message.ts, tuple(file.id for file in ours)))
        blocks = list(reply.blocks)
        text_file = files.get("txt")
        # A digest says more than Slack's note that a message was edited, which bots' messages may lack.
        digest = hashlib.sha256(text_of(blocks).encode(errors="replace")).hexdigest()[:16]
        version = f"{_handle_of(blocks)}/{digest}/{text_file.id if text_file else ''}"
        is_lost = text_file is None and _points_elsewhere(blocks)
        is_whole = not (is_lost or is_carried_on(messages, press.key))
        return ExistingReplyText(version, blocks, reply, files, tuple(shared), is_whole)

    async def _reader_of(self, press: Press) -> Reader:
        """The reader in whose language the reply is: its one reader, or the default in threads."""
        readers, reader_id = self._context.readers, press.key.reader_id
        return await readers.of(reader_id) if reader_id else readers.default

    async def _recording_name(self, press: Press) -> str:
        """The recording's name; empty where it is gone or closed to the bot."""
        try:
            recording = await self._context.lookups.file_object(press.key.file_id)
        except Rejected:
            return ""
        return recording.name or recording.title

    async def _download(self, file: SharedFile) -> str:
        async with workspace(self._context.scratch) as folder:
            path = folder / "transcript"
            await self._context.files.download(file, path)
            with machine_trouble():
                return await asyncio.to_thread(path.read_text, encoding="utf-8", errors="replace")

    async def _update(
        self, press: Press, message: OutgoingMessage, metadata: Mapping[str, Any] | None
    ) -> bool:
        """Edit the reply, whose metadata stay where there are none; False where Slack refuses its content."""
        try:
            await self._context.api.write(
                "chat.update",
                channel=press.channel_id,
                ts=press.reply_ts,
                text=message.text,
                blocks=message.blocks,
                metadata=metadata,
                parse="none",
                link_names=False,
            )
        except TranscriptionError as error:
            if error.code not in REFUSED_CONTENT:
                raise
            self._log.warning("edit refused", key=str(press.key), error=error.code)
            return False
        return True


def _handle_of(blocks: Sequence[Mapping[str, Any]]) -> str:
    """The id of the block of buttons: another one after the reply was retranscribed."""
    return next((str(block.get("block_id")) for block in blocks if block.get("type") == "actions"), "")


def _points_elsewhere(blocks: Sequence[Mapping[str, Any]]) -> bool:
    """True where the reply says that the rest of its text is in a file."""
    shown = [text_of([block]) for block in blocks]
    shown += [
        unescaped(str(element.get("text")))
        for block in blocks
        for element in objects_in(block.get("elements"))
    ]
    return any(split_pointer(text)[1] for text in shown)
