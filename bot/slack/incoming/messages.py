"""Messages of events, shortcuts and histories parsed, and their recordings -> requests. Pure.

Source: https://docs.slack.dev/reference/events/message/file_share
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice
from typing import Annotated, Any

from pydantic import BeforeValidator

from bot.model import THREAD, Claim, JobKey, Place, SharedFile, TranscriptionRequest
from bot.slack.incoming.fields import (
    Flag,
    Id,
    Number,
    Object,
    Objects,
    Payload,
    Text,
    Truthy,
    Word,
    ids_in,
    objects_in,
)
from bot.slack.incoming.files import FileObject

TRANSCRIBABLE = frozenset(
    {Claim.VOICE_CLIP, Claim.VIDEO_CLIP, Claim.AUDIO, Claim.EITHER, Claim.VIDEO, Claim.UNKNOWN}
)
"""The claims of files that may be transcribed where somebody asks for it."""
_MOST_FILES = 50
"""Slack lets a message hold 10; a forwarded one adds its own. A forged payload may hold any number."""
_FORWARDS = 5
"""How often a forwarded message may have been forwarded before."""


@dataclass(frozen=True, slots=True)
class SharedMessage:
    """A message with recordings."""

    team_id: str
    channel_id: str
    message_ts: str
    thread_ts: str
    """The thread for replies to it: its own thread, or the message itself."""
    user_id: str
    """The user who shared it; empty where Slack does not say."""
    files: tuple[SharedFile, ...]
    """All of its files, in its order."""

    @property
    def transcribable(self) -> tuple[SharedFile, ...]:
        """Those that could be transcribed. A file has its place among these, wanted or not."""
        return tuple(file for file in self.files if file.claim in TRANSCRIBABLE)

    @property
    def recordings(self) -> tuple[SharedFile, ...]:
        """The files that somebody means who asks for its transcript.

        Where nothing in it could be transcribed, its files are asked for all the same: the refusal is the
        answer.
        """
        return self.transcribable or self.files

    @property
    def where_seen(self) -> Place:
        """The place for ephemeral messages to somebody who looks at it: its thread, else its channel."""
        in_thread = self.thread_ts != self.message_ts
        return Place(self.channel_id, self.thread_ts if in_thread else None)


class Attachment(Payload):
    """An attachment below a message: a forwarded message, or a preview of a link."""

    is_share: Flag = False
    """It is a message that somebody passes on.

    Slack previews a linked message, too, as the poster may read it: its files are not for whoever reads the
    link.
    """
    bot_id: Truthy = False
    """A bot wrote it."""
    files: Annotated[tuple[FileObject, ...], Objects] = ()


def _attachments_in(value: object, depth: int = _FORWARDS) -> Iterator[dict[str, Any]]:
    """A message's attachments, each before those that the message in it has forwarded."""
    for attachment in objects_in(value):
        yield attachment
        if depth and attachment.get("is_share") is True:
            yield from _attachments_in(attachment.get("attachments"), depth - 1)


class ReplyMetadata(Payload):
    """The payload that the bot attaches to its own replies; of other apps' messages all of it is empty."""

    key: Text = ""
    state: Text = ""
    revision: Number = None
    piece: Number = None
    files: Annotated[tuple[str, ...], BeforeValidator(ids_in)] = ()
    """The ids of the files that are shared beside it, or are about to be."""
    outdated_files: Annotated[tuple[str, ...], BeforeValidator(ids_in)] = ()
    """The ids of those of earlier revisions, which go."""


class MessageMetadata(Payload):
    """Message metadata: unseen data that an app has attached to its message.

    Source: https://docs.slack.dev/messaging/message-metadata/
    """

    event_type: Text = ""
    event_payload: Annotated[ReplyMetadata, Object] = ReplyMetadata()


class Message(Payload):
    """A message of any subtype."""

    subtype: Word = ""
    ts: Id = ""
    thread_ts: Id = ""
    user: Id = ""
    text: Text = ""
    bot_id: Word = ""
    bot_profile: Truthy = False
    hidden: Truthy = False
    edited: Truthy = False
    """Somebody changed its text; what Slack adds to it, such as a link's preview, does not count."""
    files: Annotated[tuple[FileObject, ...], Objects] = ()
    attachments: Annotated[tuple[Attachment, ...], BeforeValidator(lambda raw: [*_attachments_in(raw)])] = ()
    """Those inside forwarded messages too."""
    metadata: Annotated[MessageMetadata, Object] = MessageMetadata()
    blocks: Annotated[tuple[dict[str, Any], ...], Objects] = ()
    """Block Kit, as Slack gives it back."""
    latest_reply: Id = ""
    """Of the head of a thread, in a history: when its last reply was posted."""
    reply_users: Annotated[tuple[str, ...], BeforeValidator(ids_in)] = ()
    """The first few of those who replied."""
    reply_users_count: Number = None

    @property
    def is_from_app(self) -> bool:
        """True where an app posted it: a bot, or somebody's own app in their name.

        Source: https://docs.slack.dev/authentication/tokens/#user
        """
        return bool(self.bot_id) or self.bot_profile

    @property
    def bots_file_ids(self) -> frozenset[str]:
        """The files that are in it because somebody passes on what a bot wrote."""
        forwarded = [attachment for attachment in self.attachments if attachment.is_share]
        of_bots = [file for attachment in forwarded if attachment.bot_id for file in attachment.files]
        of_people = [file for attachment in forwarded if not attachment.bot_id for file in attachment.files]
        return frozenset(file.id for file in of_bots) - {file.id for file in (*self.files, *of_people)}

    def mentions(self, user_id: str) -> bool:
        """True where its text mentions a user; angle brackets that somebody typed stand escaped in it.

        Source: https://docs.slack.dev/messaging/formatting-message-text#mentioning-users
        """
        return bool(user_id) and re.search(rf"<@{re.escape(user_id)}(\|[^<>]*)?>", self.text) is not None

    def target(self, team_id: str, channel_id: str) -> SharedMessage | None:
        """The message with its recordings; ``None`` where it is no message of a channel."""
        if not (team_id and channel_id and self.ts):
            return None
        return SharedMessage(
            team_id=team_id,
            channel_id=channel_id,
            message_ts=self.ts,
            thread_ts=self.thread_ts or self.ts,
            user_id=self.user,
            files=self.shared_files,
        )

    @property
    def shared_files(self) -> tuple[SharedFile, ...]:
        """The message's own files, then those of messages that it forwards; each once."""
        forwarded = (attachment.files for attachment in self.attachments if attachment.is_share)
        files = (raw.shared_file for raw in chain(self.files, *forwarded))
        by_id: dict[str, SharedFile] = {}
        for file in files:
            if file is not None:
                by_id.setdefault(file.id, file)
        return tuple(islice(by_id.values(), _MOST_FILES))


@dataclass(frozen=True, slots=True)
class ManualRequest:
    """A person's request to transcribe a message: the asker, the audience and the language."""

    by: str
    """The asker's user id."""
    id: str
    """Identifies the request, however often it is delivered."""
    audience: str = THREAD
    """``THREAD``, or the asker's user id."""
    language: str | None = None
    whisper_in: Place | None = None
    """The asker's place now, for an ephemeral answer; ``None`` for the thread or a direct message."""


def asked_requests(target: SharedMessage, ask: ManualRequest) -> list[TranscriptionRequest]:
    """One request for each recording of a message that somebody asks for."""
    files = target.recordings
    return [
        TranscriptionRequest(
            key=JobKey(target.team_id, target.channel_id, target.message_ts, file.id, ask.audience),
            file=file,
            thread_ts=target.thread_ts,
            user_id=target.user_id,
            position=position,
            siblings=len(files),
            explicit=True,
            asked_by=ask.by,
            ask_id=ask.id,
            language=ask.language,
            whisper_in=ask.whisper_in,
        )
        for position, file in enumerate(files)
    ]
