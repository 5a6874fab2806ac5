"""The nouns: frozen records that every room shares, each field with its meaning and unit."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Literal


class Claim(StrEnum):
    """What a shared file says it is. Only decoding its bytes tells what it is."""

    AUDIO = "audio"
    """A voice clip, or a file whose name or type says audio."""
    VIDEO_CLIP = "video_clip"
    """A clip recorded with a camera inside Slack."""
    VIDEO = "video"
    """An uploaded video: transcribed on request only."""
    EITHER = "either"
    """A container that holds audio or video (WebM, 3GP) under a video label."""
    UNKNOWN = "unknown"
    """A stub without a type (Slack Connect): ask Slack before deciding."""
    OTHER = "other"
    """Neither audio nor video."""


class FileState(StrEnum):
    """Whether Slack says that a file can be read."""

    AVAILABLE = "available"
    STUB = "stub"
    """Only the id is known: ask ``files.info``."""
    GONE = "gone"
    HIDDEN_BY_LIMIT = "hidden_by_limit"
    """Kept back by the limit of a free plan."""
    FORBIDDEN = "forbidden"
    EXTERNAL = "external"
    """Stored outside Slack (a Google Drive link, say)."""


@dataclass(frozen=True, slots=True)
class SharedFile:
    """A file as Slack describes it. Every field is a claim."""

    id: str
    name: str
    claim: Claim
    state: FileState
    url: str | None
    """Where its bytes are; ``None`` until Slack has them ready."""
    size_bytes: int | None
    """Of the original: the bytes served can differ."""
    duration_s: float | None


@dataclass(frozen=True, slots=True)
class JobKey:
    """What makes a job the same job, however often Slack delivers it."""

    team_id: str
    channel_id: str
    message_ts: str
    file_id: str
    audience: str = "thread"
    """``thread``, or the id of the one person who asked."""
    run: int = 0
    """0 for events; each later explicit request has a number of its own."""

    def __str__(self) -> str:
        """The key as it stands in message metadata, in the database and in logs."""
        return f"{self.team_id}:{self.channel_id}:{self.message_ts}:{self.file_id}:{self.audience}:{self.run}"


@dataclass(frozen=True, slots=True)
class TranscriptionRequest:
    """One file that someone shared, and where its reply belongs."""

    key: JobKey
    file: SharedFile
    thread_ts: str
    """The thread of the reply: the message's own thread, or the message itself."""
    user_id: str
    """Who shared it; empty where Slack does not say."""
    position: int
    """Place among the message's files that could be transcribed, from 0."""
    siblings: int
    """How many files of the message could be transcribed, this one included."""
    explicit: bool
    """Somebody asked for it by name, so a refusal is said aloud."""


@dataclass(frozen=True, slots=True)
class Job:
    """A durable request, and how far it has come."""

    request: TranscriptionRequest
    accepted_at: datetime
    attempt: int
    """How often it was tried to an end before, 0 on the first try."""
    intent_at: datetime | None
    """When the bot first set out to post its reply; it may or may not have arrived."""
    reply_ts: str | None
    """The reply's ``ts``, once known."""
    notice: str | None
    """Code of the notice that the reply shows now, if it is not the final one."""
    faults: int = 0
    """How many of its tries ended by a fault of the bot's own."""

    @property
    def key(self) -> JobKey:
        """The request's key."""
        return self.request.key

    def having(self, **changes: object) -> Job:
        """A copy with some fields changed."""
        return replace(self, **changes)  # type: ignore[arg-type]  # checked by dataclass


LANGUAGES = (
    *("zh", "yue", "en", "ja", "de", "ko", "ru", "fr", "pt", "ar", "it", "es", "hi", "id"),
    *("th", "tr", "uk", "vi", "cs", "da", "fil", "fi", "is", "ms", "no", "pl", "sv"),
)
"""The codes that the recogniser takes and answers, in the vendor's order."""

AudioMime = Literal["audio/wav", "audio/mpeg"]
"""The two MIME types that the recogniser documents for data URIs."""


@dataclass(frozen=True, slots=True)
class PreparedAudio:
    """Audio that the recogniser takes as it is."""

    path: Path
    """Belongs to the job's workspace, which deletes it."""
    mime: AudioMime
    size_bytes: int
    duration_s: float
    """Decoded seconds, counted and not read from a header."""
    has_video: bool = False
    """The file holds moving pictures beside the sound; cover art does not count."""


@dataclass(frozen=True, slots=True)
class Recognition:
    """What the recogniser heard."""

    text: str
    """Empty when no speech was heard."""
    language: str | None
    """The recogniser's code (``en``, ``yue``, ``fil``); ``None`` where it did not say."""
    billed_s: float
    """Seconds that the provider counted; 0 where it did not say."""
    complete: bool
    """False when the recogniser stopped before the end."""
    request_id: str
    """The provider's reference for this call; empty where it gave none."""


@dataclass(frozen=True, slots=True)
class Transcript:
    """What goes under a clip."""

    text: str
    language: str | None
    duration_s: float
    complete: bool
