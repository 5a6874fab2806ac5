"""The nouns: frozen records that every room shares, each field with its meaning and unit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Literal


class Claim(StrEnum):
    """What a shared file says it is. Only decoding its bytes tells what it is."""

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
    owner_id: str = ""
    """Who recorded or uploaded it; empty where Slack does not say."""


THREAD = "thread"
"""The audience of a reply that everybody in the thread reads."""
SUBSCRIBERS = "subscribers"
"""The audience of a job that says nothing itself: people who asked for a channel's transcripts get copies."""


@dataclass(frozen=True, slots=True)
class JobKey:
    """What makes a job the same job, however often Slack delivers it."""

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
    """Where somebody stood when they asked, and so where they see what only they can see."""

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
    """Who shared it; empty where Slack does not say."""
    position: int
    """Place among the message's files that could be transcribed, from 0."""
    siblings: int
    """How many files of the message could be transcribed, this one included."""
    explicit: bool
    """Somebody asked for it by name, so a refusal is said aloud."""
    asked_by: str = ""
    """Who asked for it; empty where it is transcribed by itself."""
    ask_id: str = ""
    """What tells this ask from another one for the same file, however often it is delivered."""
    language: str | None = None
    """What the asker says is spoken; ``None`` leaves it to the channel's settings."""
    wants_video: bool = False
    """An uploaded video is wanted too, although nobody asked for it by name."""
    again_by: str = ""
    """Who asked for it anew: hears why a reply stays as it is, and may change it no more than before."""
    whisper_in: Place | None = None
    """Where the one reader looks now; ``None``: a direct message is where they will find it."""


@dataclass(frozen=True, slots=True)
class Removal:
    """What stands in Slack of a recording, or of all recordings of a message, has to go."""

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

    def covers(self, key: JobKey) -> bool:
        """Whether a job is among what has to go."""
        return (
            (key.team_id, key.channel_id, key.message_ts) == (self.team_id, self.channel_id, self.message_ts)
            and self.file_id in {None, key.file_id}
            and self.audience in {None, key.audience}
        )


class JobState(StrEnum):
    """How far a job is, as its row in the database says."""

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
    """How a job ends, as its row in the database and the metric ``threadscribe_jobs`` say.

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
    """How often it was tried to an end before, 0 on the first try."""
    intent_at: datetime | None
    """When the bot first set out to post its reply; it may or may not have arrived."""
    reply_ts: str | None
    """The reply's ``ts``, once known."""
    notice: str | None
    """Code of the notice that the reply shows now, if it is not the final one."""
    bugs: int = 0
    """How many of its tries ended by a fault of the bot's own."""
    revision: int = 0
    """How often somebody has asked for it anew: to fill its gaps, or to hear it in another language."""
    is_confirmed: bool = False
    """Somebody has agreed to what it costs."""
    fills_gaps: bool = False
    """Its reply stands but for some parts, and only those are wanted."""

    @property
    def key(self) -> JobKey:
        """The request's key."""
        return self.request.key


EMOTIONS = ("surprised", "neutral", "happy", "sad", "disgusted", "angry", "fearful")
"""What the recogniser says of a voice, in the vendor's order."""

LANGUAGES = (
    *("zh", "yue", "en", "ja", "de", "ko", "ru", "fr", "pt", "ar", "it", "es", "hi", "id"),
    *("th", "tr", "uk", "vi", "cs", "da", "fil", "fi", "is", "ms", "no", "pl", "sv"),
)
"""The codes that the recogniser takes and answers, in the vendor's order."""

DIGIT_LANGUAGES = frozenset({"zh", "en"})
"""Where "twenty five" can be written as "25" (inverse text normalisation)."""

MOST_CONTEXT_BYTES = 10_000
"""Of UTF-8. The recogniser takes 10,000 tokens of context, and no token is shorter than a byte."""

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
    emotion: str | None = None
    """One of ``EMOTIONS``; ``None`` where it did not say."""


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
    emotion: str | None = None
    """How most of it sounded, where that is to be told; one of ``EMOTIONS``."""
    month_used: float | None = None
    """How much of the month's minutes are used, where that is worth a word; 1 is all."""

    @property
    def has_gaps(self) -> bool:
        """Whether some of it could not be transcribed."""
        return any(isinstance(passage, Gap) for passage in self.passages)


@dataclass(frozen=True, slots=True)
class RecognitionContext:
    """What helps to hear a recording right, and what is told of it."""

    language: str | None = None
    context: str = ""
    """Names and terms to expect; at most ``MOST_CONTEXT_BYTES``."""
    digits: bool | None = None
    """``None``: the deployment's default."""
    emotion: bool = False


@dataclass(frozen=True, slots=True)
class Usage:
    """What was transcribed, in some month."""

    clips: int = 0
    seconds: float = 0.0
    """As the provider billed them."""
