"""Records of a job: a shared file, the request for its transcript, and how far the job has come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Claim(StrEnum):
    """The kind of file that a shared file claims to be. Only decoding its bytes tells what it is."""

    VOICE_CLIP = "voice_clip"
    """A clip recorded inside Slack."""
    AUDIO = "audio"
    """A file whose name or type says audio."""
    VIDEO_CLIP = "video_clip"
    """A clip recorded with a camera inside Slack."""
    VIDEO = "video"
    """An uploaded video: transcribed on request, or where a channel wants videos too."""
    EITHER = "either"
    """A container that holds audio or video (WebM, 3GP) under a video label."""
    UNKNOWN = "unknown"
    """Nothing says what it is: a stub (Slack Connect), or a name without an extension."""
    OTHER = "other"
    """Neither audio nor video."""


class FileState(StrEnum):
    """The state of a shared file: if it can be read, and why not."""

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
    """The address of its bytes; ``None`` until Slack has them ready."""
    size_bytes: int | None
    """Of the original: the bytes served can differ."""
    duration_s: float | None
    owner_id: str = ""
    """The id of the person who recorded or uploaded it; empty where Slack does not say."""
    is_described: bool = True
    """Slack has looked at it, and names a type; until then its claim is a guess by its name."""
    other_url: str | None = None
    """A second address of its bytes, where there is one."""
    created_at: float | None = None
    """Seconds since the epoch; ``None`` where Slack does not say."""


THREAD = "thread"
"""The audience of a reply that everybody in the thread reads."""
SUBSCRIBERS = "subscribers"
"""The audience of a job that says nothing itself: people who asked for a channel's transcripts get copies."""


@dataclass(frozen=True, slots=True)
class JobKey:
    """The key of a job: the same for the same recording and audience, however often Slack delivers it."""

    team_id: str
    channel_id: str
    message_ts: str
    file_id: str
    audience: str = THREAD
    """``THREAD``, ``SUBSCRIBERS``, or the id of the one person who gets the answer."""

    @property
    def reader_id(self) -> str | None:
        """The one person who may read the answer; ``None`` where it is for everybody, or for nobody."""
        return None if self.audience in {THREAD, SUBSCRIBERS} else self.audience

    def __str__(self) -> str:
        """The key as it stands in message metadata, in the database and in logs."""
        return f"{self.team_id}:{self.channel_id}:{self.message_ts}:{self.file_id}:{self.audience}"

    @classmethod
    def parse(cls, text: str) -> JobKey:
        """Read what ``str`` wrote, or an older version with a number at its end.

        Raises:
            ValueError: it is no key.
        """
        team_id, channel_id, message_ts, file_id, audience, *rest = text.split(":")
        if len(rest) > 1 or not all((team_id, channel_id, message_ts, file_id, audience)):
            raise ValueError("not a key")
        return cls(team_id, channel_id, message_ts, file_id, audience)


@dataclass(frozen=True, slots=True)
class Place:
    """The conversation in which somebody asked, and so sees what only they can see."""

    channel_id: str
    thread_ts: str | None = None


@dataclass(frozen=True, slots=True)
class TranscriptionRequest:
    """One file that someone shared, and where its reply belongs."""

    key: JobKey
    file: SharedFile
    thread_ts: str
    """The thread of the reply: the message's own thread, or the message itself."""
    user_id: str
    """The id of the person who shared it; empty where Slack does not say."""
    position: int
    """Place among the message's files that could be transcribed, from 0."""
    siblings: int
    """The number of files of the message that could be transcribed, this one included."""
    explicit: bool
    """Somebody asked for it by name, so a refusal is said aloud."""
    asked_by: str = ""
    """The id of the person who asked for it; empty where it is transcribed by itself."""
    ask_id: str = ""
    """An id that tells this request from another one for the same file, however often it is delivered."""
    language: str | None = None
    """The language that the asker says is spoken; ``None`` leaves it to the channel's settings."""
    wants_video: bool = False
    """An uploaded video is wanted too, although nobody asked for it by name."""
    again_by: str = ""
    """The id of the person who asked to retranscribe it: hears why a reply stays as it is, and may change
    it no more than before."""
    whisper_in: Place | None = None
    """The place where the one reader looks now; ``None``: a direct message is where they will find it."""
    wanted: frozenset[Claim] | None = None
    """The kinds of files that its audience gets unasked: what turns out to be another ends without a word.
    ``None`` where somebody asked for it, and in rows of older versions."""

    @property
    def shared_at(self) -> float:
        """Seconds since the epoch when its file came: with its message, or later by an edit."""
        try:
            posted_at = float(self.key.message_ts)
        except ValueError:
            posted_at = 0.0
        return max(posted_at, self.file.created_at or 0.0)


@dataclass(frozen=True, slots=True)
class Removal:
    """A removal: everything in Slack about a recording, or about all recordings of a message, has to go."""

    id: int
    team_id: str
    channel_id: str
    thread_ts: str
    message_ts: str
    file_id: str | None
    """``None``: all of the message's."""
    audience: str | None
    """``None``: for whomever; else only what this audience reads."""
    attempt: int
    keys: tuple[JobKey, ...]
    """Jobs that are known of it, ended or not; older ones leave their trace in the thread alone."""
    replies: tuple[tuple[JobKey, str], ...] = ()
    """The ``ts`` of the reply of each of these jobs, as far as it is known."""
    posts_since: datetime | None = None
    """The time from which something may have been posted for the thread without being noted; ``None`` where
    no job posted there."""

    def covers(self, key: JobKey) -> bool:
        """True where a job is among what has to go."""
        return (
            (key.team_id, key.channel_id, key.message_ts) == (self.team_id, self.channel_id, self.message_ts)
            and self.file_id in {None, key.file_id}
            and self.audience in {None, key.audience}
        )


class JobState(StrEnum):
    """The state of a job, as its row in the database says."""

    READY = "ready"
    """It waits to be claimed, for the first time or again."""
    RUNNING = "running"
    PARKED = "parked"
    """It waits for the operator."""
    HELD = "held"
    """It waits until somebody agrees to its cost."""
    GAPPED = "gapped"
    """It has ended, but the gaps of its reply may be filled."""
    ENDED = "ended"


class Outcome(StrEnum):
    """The end of a job, as its row in the database and the metric ``threadscribe_jobs`` say.

    ``…_before``: a former process had replied, and died before noting it.
    """

    TRANSCRIBED = "transcribed"
    GAPPED = "gapped"
    """Transcribed but for some parts."""
    REFUSED = "refused"
    FAILED = "failed"
    TRANSCRIBED_BEFORE = "transcribed_before"
    GAPPED_BEFORE = "gapped_before"
    REFUSED_BEFORE = "refused_before"
    FAILED_BEFORE = "failed_before"
    KEPT = "kept"
    """It failed where an older transcript stands."""
    IGNORED = "ignored"
    """Nobody waited for a word."""
    WITHDRAWN = "withdrawn"
    """Its words have to go."""
    UNDELIVERABLE = "undeliverable"
    UNREADABLE = "unreadable"
    """Its row could not be read; in the database alone."""
    UNANSWERED = "unanswered"
    """Nobody agreed to its cost in time; in the database alone."""


@dataclass(frozen=True, slots=True)
class Job:
    """A durable request, and how far it has come."""

    request: TranscriptionRequest
    accepted_at: datetime
    attempt: int
    """The number of tries before this one, 0 on the first try."""
    intent_at: datetime | None
    """When the bot first set out to post its reply; it may or may not have arrived."""
    reply_ts: str | None
    """The reply's ``ts``, once known."""
    notice: str | None
    """Code of the notice that the reply shows now, if it is not the final one."""
    bugs: int = 0
    """The number of its tries that ended by a bug of the bot."""
    revision: int = 0
    """The times that somebody asked to retranscribe it, to fill its gaps, or in another language."""
    is_confirmed: bool = False
    """Somebody has agreed to what it costs."""
    fills_gaps: bool = False
    """Its reply stands but for some parts, and only those are wanted."""

    @property
    def key(self) -> JobKey:
        """The request's key."""
        return self.request.key


@dataclass(frozen=True, slots=True)
class Usage:
    """The recordings transcribed in some month."""

    clips: int = 0
    seconds: float = 0.0
    """As the provider billed them."""
