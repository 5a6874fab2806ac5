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
    revision: int = 0
    """How often somebody has asked to fill the gaps of its reply."""

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
class Span:
    """A stretch of a recording, in milliseconds from its beginning."""

    start_ms: int
    end_ms: int

    @property
    def duration_ms(self) -> int:
        """Its length."""
        return self.end_ms - self.start_ms


@dataclass(frozen=True, slots=True)
class PreparedAudio:
    """Audio that the recogniser takes as it is, in one request."""

    path: Path
    """Belongs to the job's workspace, which deletes it."""
    mime: AudioMime
    size_bytes: int
    duration_s: float
    """Decoded seconds, counted and not read from a header."""
    has_video: bool = False
    """The recording holds moving pictures beside the sound; cover art does not count."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of a recording between two cuts, made ready for one request."""

    span: Span
    sounds: tuple[Span, ...]
    """Where there is sound, between pauses; empty where there is none but a bare noise floor."""
    last: bool
    """The recording ends here."""
    audio: PreparedAudio | None
    """``None`` where nothing is worth sending. May leave out silence at both ends of ``span``."""


@dataclass(frozen=True, slots=True)
class Recognition:
    """What the recogniser heard in one request."""

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
class Part:
    """A segment whose fate is known. Kept until the reply is out, so that nothing is paid for twice."""

    span: Span
    sounds: tuple[Span, ...]
    last: bool
    recognition: Recognition | None = None
    """``None`` for silence, which is not sent, and for a failure."""
    failed: bool = False
    """It could not be recognised, for good."""


@dataclass(frozen=True, slots=True)
class Utterance:
    """Words that were said in one go, between two pauses."""

    text: str
    span: Span


@dataclass(frozen=True, slots=True)
class Paragraph:
    """What was said between two long pauses."""

    text: str
    utterances: tuple[Utterance, ...]
    """The same text in pieces, in order, each with its time; without the spaces between them."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch that could not be transcribed."""

    span: Span


@dataclass(frozen=True, slots=True)
class LanguageHeard:
    """A language, and where it was first heard."""

    code: str | None
    """The recogniser's code; ``None`` where it did not say."""
    from_ms: int


@dataclass(frozen=True, slots=True)
class Transcript:
    """What goes under a recording."""

    passages: tuple[Paragraph | Gap, ...]
    """In the order of the recording."""
    languages: tuple[LanguageHeard, ...]
    """Each once, in the order in which they were first heard; empty where no word was."""
    duration_s: float
    complete: bool
    """False when the recogniser stopped before the end of a request."""

    @property
    def has_gaps(self) -> bool:
        """Whether some of it could not be transcribed."""
        return any(isinstance(passage, Gap) for passage in self.passages)
