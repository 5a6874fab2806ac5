"""The replies that can be posted for a file, and what already stands in its thread. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bot.errors import Misconfiguration, Outage, Refusal
from bot.recording import Transcript


@dataclass(frozen=True, slots=True)
class Refused:
    """A final reply: this file is not transcribed, and why."""

    reason: Refusal
    limit: int | None = None
    """For TOO_LONG and MONTH_USED_UP the most minutes, for TOO_BIG the most megabytes."""
    format_name: str | None = None
    """For FORMAT_NOT_READ its name, where it is known."""


@dataclass(frozen=True, slots=True)
class ConsentRequest:
    """A request for consent: the job goes on when somebody agrees to what it costs."""

    duration_s: float
    cost: float
    """In US dollars, about."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A notice: the job goes on when the cause is mended."""

    reason: Outage | Misconfiguration


@dataclass(frozen=True, slots=True)
class Growing:
    """A partial transcript: what is ready of a long recording, from its beginning on."""

    transcript: Transcript
    done: int
    """Parts that are recognised, also behind those that are shown."""
    total: int | None
    """Parts in all; ``None`` while the recording is still being cut."""
    delayed_by: Outage | Misconfiguration | None = None


@dataclass(frozen=True, slots=True)
class GaveUp:
    """A final reply: the cause lasted longer than the bot waits."""

    reason: Outage | Misconfiguration


@dataclass(frozen=True, slots=True)
class Broken:
    """A final reply: a bug of ours."""

    reference: str
    """The id that the operator finds in the log."""


Reply = Transcript | Refused | Waiting | Growing | ConsentRequest | GaveUp | Broken
"""Everything that can be posted for one file."""


class ReplyState(StrEnum):
    """The state of a posted reply; stands in its message metadata."""

    TRANSCRIBED = "transcribed"
    GAPPED = "gapped"
    """Transcribed but for some parts, which somebody may request again."""
    REFUSED = "refused"
    FAILED = "failed"
    WAITING = "waiting"
    AWAITING_CONSENT = "asking"
    """It asks for consent to transcribe."""

    @property
    def is_final(self) -> bool:
        """True where nothing follows."""
        return self not in {ReplyState.WAITING, ReplyState.AWAITING_CONSENT}


def state_of(reply: Reply) -> ReplyState:
    """The state that a reply leaves its job in."""
    match reply:
        case Transcript():
            return ReplyState.GAPPED if reply.has_gaps else ReplyState.TRANSCRIBED
        case Refused():
            return ReplyState.REFUSED
        case Waiting() | Growing():
            return ReplyState.WAITING
        case ConsentRequest():
            return ReplyState.AWAITING_CONSENT
        case GaveUp() | Broken():
            return ReplyState.FAILED


@dataclass(frozen=True, slots=True)
class SharedTranscript:
    """A message of the bot's that shares a transcript as files."""

    ts: str
    file_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ThreadLookup:
    """The reply and the files that already stand in the thread for a job."""

    ts: str | None = None
    """The reply's ``ts``, if it was posted."""
    state: ReplyState | None = None
    """The state of that reply."""
    revision: int = 0
    """Of that reply; a lower one than the job's still has the gaps that are being filled."""
    file_shared: bool = False
    """True where the files of the job's revision were shared."""
    file_ids: tuple[str, ...] = ()
    """The files of the job's revision that were shared, or were about to be; that with the text first."""
    outdated: tuple[SharedTranscript, ...] = ()
    """Files of earlier revisions that stand."""
    outdated_ids: tuple[str, ...] = ()
    """The files of earlier revisions that the reply tells of."""
    pieces: frozenset[int] = frozenset()
    """Numbers of the messages that stand and carry the reply on, where no file could be shared."""


@dataclass(frozen=True, slots=True)
class TextFile:
    """A file that is shared beside a reply."""

    name: str
    content: str
