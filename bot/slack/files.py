"""Slack's file objects -> ``SharedFile``. Pure.

Source: https://docs.slack.dev/reference/objects/file-object
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from bot.model import Claim, FileState, SharedFile

_AUDIO_KINDS = frozenset(
    "aac aif aifc aiff amr awb caf flac m4a m4b m4r mka mp2 mp3 mpga oga ogg opus ra spx wav wave wma".split()  # noqa: SIM905  # a list of words
)
_EITHER_KINDS = frozenset({"webm", "3gp", "3gpp", "3g2"})
_VIDEO_KINDS = frozenset("asf avi flv m4v mkv mov mp4 mpeg mpg ogv wmv".split())  # noqa: SIM905  # a list of words
_UNTYPED = ({"", "application/octet-stream", "binary/octet-stream"}, {"", "binary"})
"""MIME types and file types that say nothing."""

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
_ID = re.compile(r"[A-Za-z0-9.]{1,64}")


def parse_file(raw: Mapping[str, Any]) -> SharedFile | None:
    """A file object, or ``None`` where it has no id. Unknown fields and odd types are passed over."""
    file_id = parse_id(raw, "id")
    if not file_id:
        return None
    mode, access = _text(raw, "mode"), _text(raw, "file_access")
    state = _STATE_BY_MODE.get(mode) or _STATE_BY_ACCESS.get(access) or FileState.AVAILABLE
    if raw.get("is_external") is True:
        state = FileState.EXTERNAL
    duration_ms = _number(raw, "duration_ms")
    size_bytes = _number(raw, "size")
    return SharedFile(
        id=file_id,
        name=(_text(raw, "name") or _text(raw, "title"))[:_NAME_LIMIT],
        claim=claim_of(raw),
        state=state,
        # Of an upload, url_private may already be a transcode.
        url=_text(raw, "url_private_download") or _text(raw, "url_private") or None,
        size_bytes=None if size_bytes is None else int(size_bytes),
        duration_s=None if duration_ms is None else duration_ms / 1000,
        owner_id=parse_id(raw, "user"),
    )


def claim_of(raw: Mapping[str, Any]) -> Claim:
    """What a file object says its file is.

    Types are often wrong or empty: voice clips come as ``video/mp4``, or with no type at all. So the
    clip's own subtype counts first, then anything that says audio, then the rest.
    """
    subtype, mime = _text(raw, "subtype"), _text(raw, "mimetype").lower()
    filetype = _text(raw, "filetype").lower()
    kinds = {filetype, PurePosixPath(_text(raw, "name").lower()).suffix.lstrip(".")}
    if subtype in _CLAIM_BY_SUBTYPE:
        return _CLAIM_BY_SUBTYPE[subtype]
    if mime.startswith("text/"):
        # A web page named x.mp3 is served as text/html, which a download takes for the login page.
        return Claim.OTHER
    if mime.startswith("audio/") or kinds & _AUDIO_KINDS or _text(raw, "media_display_type") == "audio":
        return Claim.AUDIO
    if kinds & _EITHER_KINDS:
        return Claim.EITHER
    if mime.startswith("video/") or kinds & _VIDEO_KINDS:
        return Claim.VIDEO
    return Claim.UNKNOWN if mime in _UNTYPED[0] and filetype in _UNTYPED[1] else Claim.OTHER


def parse_id(raw: Mapping[str, Any], name: str) -> str:
    """An id or timestamp; empty where it is missing or no such thing."""
    value = raw.get(name)
    return value if isinstance(value, str) and _ID.fullmatch(value) else ""


def _text(raw: Mapping[str, Any], name: str) -> str:
    """A string; halves of surrogate pairs, which JSON can carry and UTF-8 cannot, become question marks."""
    value = raw.get(name)
    return value.encode(errors="replace").decode() if isinstance(value, str) else ""


def _number(raw: Mapping[str, Any], name: str) -> float | None:
    value = raw.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if 0 <= value < 2**53 else None
