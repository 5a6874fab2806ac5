"""File objects of Slack parsed into ``SharedFile``: claimed kind, availability, address. Pure.

Source: https://docs.slack.dev/reference/objects/file-object
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Annotated, Any

from pydantic import BeforeValidator

from bot.model import Claim, FileState, SharedFile
from bot.slack.incoming.fields import Flag, Id, Number, Payload, Text, ids_in, object_in, objects_in

AUDIO_KINDS = frozenset(
    "3ga aac ac3 aif aifc aiff amr au awb caf ds2 dss eac3 ec3 f4a flac m4a m4b m4p m4r mka mp2".split()  # noqa: SIM905  # a list of words
) | frozenset("mp3 mpga oga ogg opus qta ra snd spx tta voc w64 wav wave wma wv".split())  # noqa: SIM905  # another
"""Extensions and file types of recordings. Some are not read: who shares one hears what to export it as."""
EITHER_KINDS = frozenset({"webm", "3gp", "3gpp", "3g2"})
_EITHER_MIMES = frozenset({"application/ogg", "application/mp4", "application/mxf"})
VIDEO_KINDS = frozenset(
    "asf avi f4v flv m2t m2ts m4v mkv mov mp4 mpe mpeg mpg mts mxf ogm ogv qt vob wmv".split()  # noqa: SIM905  # a list of words
)
"""Without "ts": it is TypeScript's too."""
_UNTYPED_MIMES = frozenset({"", "application/octet-stream", "binary/octet-stream"})
_UNTYPED_KINDS = frozenset({"", "binary"})
"""File types that say nothing, like the MIME types above."""

_CLAIM_BY_SUBTYPE = {"slack_audio": Claim.VOICE_CLIP, "slack_video": Claim.VIDEO_CLIP}
_STATE_BY_MODE = {
    "tombstone": FileState.GONE,
    "hidden_by_limit": FileState.HIDDEN_BY_LIMIT,
    "external": FileState.EXTERNAL,
}
_STATE_BY_ACCESS = {
    "check_file_info": FileState.STUB,
    "access_denied": FileState.FORBIDDEN,
    "file_not_found": FileState.GONE,
}
_NAME_LIMIT = 255


class FileShare(Payload):
    """One message that shares a file, as the file's own record tells."""

    channel_id: Id = ""
    ts: Id = ""
    thread_ts: Id = ""
    share_user_id: Id = ""


def _shares_in(value: object) -> list[dict[str, Any]]:
    """The shares, channel by channel, of ``{"public": {channel: [share…]}, "private": …}``."""
    # An empty object can arrive as [].
    kinds = (object_in(kind) for kind in object_in(value).values())
    by_channel = ((channel_id, objects_in(shares)) for kind in kinds for channel_id, shares in kind.items())
    return [
        share | {"channel_id": channel_id}
        for channel_id, shares in by_channel
        for share in sorted(shares, key=lambda share: FileShare.model_validate(share).ts)
    ]


class FileObject(Payload):
    """A file as Slack describes it. Types are often wrong or empty."""

    id: Id = ""
    name: Text = ""
    title: Text = ""
    mode: Text = ""
    file_access: Text = ""
    is_external: Flag = False
    subtype: Text = ""
    mimetype: Text = ""
    filetype: Text = ""
    media_display_type: Text = ""
    url_private: Text = ""
    url_private_download: Text = ""
    size: Number = None
    duration_ms: Number = None
    user: Id = ""
    created: Number = None
    """Seconds since the epoch."""
    channels: Annotated[tuple[str, ...], BeforeValidator(ids_in)] = ()
    groups: Annotated[tuple[str, ...], BeforeValidator(ids_in)] = ()
    ims: Annotated[tuple[str, ...], BeforeValidator(ids_in)] = ()
    shares: Annotated[tuple[FileShare, ...], BeforeValidator(_shares_in)] = ()
    """Those of one channel from the first to the newest."""

    @property
    def claim(self) -> Claim:
        """The kind of recording that the file says it is.

        Voice clips come as ``video/mp4``, or with no type at all. So the clip's own subtype counts first,
        then anything that says audio, then the rest. An extension alone never says that it is no recording,
        nor does a file type that repeats it.
        """
        mime, filetype = self.mimetype.lower(), self.filetype.lower()
        extension = PurePosixPath(self.name.lower()).suffix.lstrip(".")
        kinds = {filetype, extension}
        if self.subtype in _CLAIM_BY_SUBTYPE:
            return _CLAIM_BY_SUBTYPE[self.subtype]
        if mime.startswith("text/"):
            # A web page named x.mp3 is served as text/html, which a download takes for the login page.
            return Claim.OTHER
        if mime.startswith("audio/") or kinds & AUDIO_KINDS or self.media_display_type == "audio":
            return Claim.AUDIO
        if kinds & EITHER_KINDS or mime in _EITHER_MIMES:
            return Claim.EITHER
        if mime.startswith("video/") or kinds & VIDEO_KINDS:
            return Claim.VIDEO
        says_nothing = mime in _UNTYPED_MIMES and filetype in _UNTYPED_KINDS | {extension}
        return Claim.UNKNOWN if says_nothing else Claim.OTHER

    @property
    def state(self) -> FileState:
        """Its availability: readable, or why Slack says that it is not."""
        if self.is_external:
            return FileState.EXTERNAL
        return _STATE_BY_MODE.get(self.mode) or _STATE_BY_ACCESS.get(self.file_access) or FileState.AVAILABLE

    @property
    def channel_ids(self) -> tuple[str, ...]:
        """The conversations in which it was shared, as far as this record tells."""
        return (*self.channels, *self.groups, *self.ims)

    @property
    def shared_file(self) -> SharedFile | None:
        """The file as a ``SharedFile``; ``None`` where it has no id."""
        if not self.id:
            return None
        urls = [url for url in dict.fromkeys((self.url_private_download, self.url_private)) if url]
        return SharedFile(
            id=self.id,
            name=(self.name or self.title)[:_NAME_LIMIT],
            claim=self.claim,
            state=self.state,
            # Of an upload, url_private may already be a transcode.
            url=next(iter(urls), None),
            size_bytes=None if self.size is None else int(self.size),
            duration_s=None if self.duration_ms is None else self.duration_ms / 1000,
            owner_id=self.user,
            is_described=bool(self.subtype or self.mimetype or self.filetype or self.media_display_type),
            other_url=next(iter(urls[1:]), None),
            created_at=self.created,
        )


def stub(file_id: str) -> SharedFile:
    """A file of which only the id is known: its job asks Slack."""
    return SharedFile(
        id=file_id,
        name="",
        claim=Claim.UNKNOWN,
        state=FileState.STUB,
        url=None,
        size_bytes=None,
        duration_s=None,
        is_described=False,
    )
