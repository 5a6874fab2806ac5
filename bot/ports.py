"""The verbs that a job needs, as protocols, and what it can say. Adapters fill them."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from bot.errors import Misconfiguration, Outage, Refusal
from bot.model import (
    Job,
    Part,
    PreparedAudio,
    Recognition,
    Segment,
    SharedFile,
    Span,
    Transcript,
    TranscriptionRequest,
)


@dataclass(frozen=True, slots=True)
class Refused:
    """The last word: this file is not transcribed, and why."""

    reason: Refusal
    limit: int | None = None
    """For TOO_LONG the most minutes, for TOO_BIG the most megabytes."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A word on the way: the job goes on when the cause is mended."""

    reason: Outage | Misconfiguration


@dataclass(frozen=True, slots=True)
class Growing:
    """A word on the way: what is ready of a long recording, from its beginning on."""

    transcript: Transcript
    done: int
    """Parts that are recognised, also behind those that are shown."""
    total: int | None
    """Parts in all; ``None`` while the recording is still being cut."""
    delayed_by: Outage | Misconfiguration | None = None


@dataclass(frozen=True, slots=True)
class GaveUp:
    """The last word: the cause lasted longer than the bot waits."""

    reason: Outage | Misconfiguration


@dataclass(frozen=True, slots=True)
class Broken:
    """The last word: a fault of the bot's own."""

    reference: str
    """What the operator finds in the log."""


Reply = Transcript | Refused | Waiting | Growing | GaveUp | Broken
"""What the thread can be told about one file."""


class ReplyState(StrEnum):
    """How far a posted reply is; stands in its message metadata."""

    TRANSCRIBED = "transcribed"
    GAPPED = "gapped"
    """Transcribed but for some parts, which somebody may ask for again."""
    REFUSED = "refused"
    FAILED = "failed"
    WAITING = "waiting"

    @property
    def is_final(self) -> bool:
        """Whether nothing follows."""
        return self is not ReplyState.WAITING


def state_of(reply: Reply) -> ReplyState:
    """The state that a reply leaves its job in."""
    match reply:
        case Transcript():
            return ReplyState.GAPPED if reply.has_gaps else ReplyState.TRANSCRIBED
        case Refused():
            return ReplyState.REFUSED
        case Waiting() | Growing():
            return ReplyState.WAITING
        case GaveUp() | Broken():
            return ReplyState.FAILED


@dataclass(frozen=True, slots=True)
class SharedTranscript:
    """A message of the bot's that shares a transcript as files."""

    ts: str
    file_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """What already stands in the thread for a job."""

    ts: str | None = None
    """The reply's ``ts``, if it was posted."""
    state: ReplyState | None = None
    """How far that reply is."""
    revision: int = 0
    """Of that reply; a lower one than the job's still has the gaps that are being filled."""
    file_shared: bool = False
    """Whether the files of the job's revision were shared."""
    outdated: tuple[SharedTranscript, ...] = ()
    """Files of earlier revisions."""
    pieces: frozenset[int] = frozenset()
    """Numbers of the messages that stand and carry the reply on, where no file could be shared."""


class Files(Protocol):
    """Reads files that people shared."""

    async def info(self, file_id: str) -> SharedFile:
        """Ask Slack about a file, again for a few seconds while it has no address.

        Raises:
            Rejected: gone, hidden or forbidden.
            Unavailable: Slack does not answer, or the address does not come.
            Misconfigured: a scope or the token is wrong.
        """

    async def download(self, file: SharedFile, destination: Path) -> int:
        """Stream a file's bytes to ``destination`` (created, mode 0600) and return how many there were.

        Raises:
            Rejected: too big, empty, gone, or an address away from Slack.
            Unavailable: Slack does not answer, or the stream broke off.
            Misconfigured: Slack answered with its login page.
        """


class Audio(Protocol):
    """Turns whatever people share into what the recogniser takes."""

    def split(self, source: Path, workspace: Path, done: Sequence[Span] = ()) -> AsyncGenerator[Segment]:
        """Decode ``source`` once, and yield each segment as soon as it is cut, in order.

        Segments lie side by side, and each fits one request. What is made lies in ``workspace``, which the
        caller deletes; close the generator to end the decoding.

        Args:
            source: The recording.
            workspace: A private folder.
            done: Stretches, in order, of which the caller needs nothing more. Cuts fall on their ends, and no
                segment is yielded for them.

        Raises:
            Rejected: NOT_AUDIO, NO_AUDIO_TRACK, TOO_LONG, PROTECTED, TOO_COSTLY or EMPTY.
            Unavailable: MACHINE, when this machine could not do it now.
        """


class Recogniser(Protocol):
    """Hears what was said."""

    async def recognise(
        self, audio: PreparedAudio, *, language: str | None = None, context: str = "", share: str = ""
    ) -> Recognition:
        """Recognise one piece of audio within the provider's limits.

        Args:
            audio: What to hear.
            language: One of ``model.LANGUAGES``; ``None`` where it is unknown or mixed.
            context: Background text or words to expect.
            share: On whose behalf (a job's key, say). Requests of different shares take turns.

        Raises:
            Rejected: CONTENT_BLOCKED or UNSUPPORTED_BY_RECOGNISER.
            Unavailable: RECOGNISER or RECOGNISER_BUSY, with ``retry_after_s`` where it said; MACHINE.
            Misconfigured: RECOGNISER_KEY, RECOGNISER_ACCOUNT or RECOGNISER_MODEL.
        """

    async def verify(self) -> None:
        """Ask one cheap question that only a working key, account and model can answer.

        Raises:
            Unavailable: no answer now.
            Misconfigured: the key, the account or the model is wrong.
        """


class Replies(Protocol):
    """Speaks in the thread. Every call names the job, so that doing it twice shows once."""

    async def show_working(
        self, request: TranscriptionRequest, done: int = 0, total: int | None = None
    ) -> None:
        """Show in the thread that the bot is at work, and how many parts are done. Never raises.

        A reply takes it away, and so does Slack after two minutes.
        """

    async def clear_working(self, request: TranscriptionRequest) -> None:
        """Take that sign away where no reply does. Never raises."""

    async def find(self, job: Job) -> Found:
        """Look in the thread, from the job's intent on, for what was posted with its key.

        Raises:
            Rejected: the thread is gone or closed to the bot.
            Unavailable: Slack does not answer.
            Misconfigured: the token or a scope is wrong.
        """

    async def publish(self, job: Job, reply: Reply, found: Found) -> str:
        """Post the reply, or edit it into the one that stands; return its ``ts``.

        Raises:
            Rejected: the thread or channel is gone or closed to the bot.
            Unavailable: Slack does not answer; the reply may have arrived all the same.
            Misconfigured: the token or a scope is wrong.
        """

    async def verify(self) -> None:
        """Ask Slack whether the token is good and holds every scope that a job needs.

        Raises:
            Unavailable: no answer now.
            Misconfigured: the token or a scope is wrong.
        """


class Jobs(Protocol):
    """Keeps what was accepted until it is answered, and each key for a week longer."""

    async def accept(self, requests: Sequence[TranscriptionRequest]) -> int:
        """Store the requests in one transaction; return how many were new. Durable on return."""

    async def claim(self) -> Job | None:
        """Take the next job that is due, if there is one."""

    async def wait_for_work(self) -> None:
        """Return when a job may be due: one was accepted, released, or came to its time."""

    async def retry_at(self, job: Job, due: datetime, *, fault: bool = False) -> None:
        """Give a claimed job back, to be claimed again when ``due``; ``fault`` counts one of ours."""

    async def park(self, job: Job) -> None:
        """Set a claimed job aside until ``release_parked``."""

    async def release_parked(self, accepted_before: datetime | None = None) -> int:
        """Make parked jobs (those accepted before a time) due now; return how many there were."""

    async def write_intent(self, job: Job) -> Job:
        """Note, durably, that the bot is about to post this job's reply."""

    async def record_reply(self, job: Job, ts: str, notice: str | None) -> Job:
        """Note where the reply stands and which notice it shows (``None``: the final reply)."""

    async def keep(self, job: Job, part: Part) -> None:
        """Keep a part of a claimed job until the job ends. Durable on return."""

    async def parts(self, job: Job) -> list[Part]:
        """The parts that are kept, in the order of the recording."""

    async def finish(self, job: Job, outcome: str, *, has_gaps: bool = False) -> None:
        """End a job; its key stays, its contents go: a day later where its reply has gaps."""

    async def fill_gaps(self, key: str) -> bool:
        """Make a job whose reply has gaps due again, one revision later, without its failed parts.

        Returns:
            Whether it is, or was already, under way; False where its contents are gone.
        """

    async def wait_for_turn(self, job: Job, patience_s: float) -> bool:
        """Return when patience ends, or no earlier file of the message lacks its place in the thread.

        A notice holds the place: the final reply is edited into it.

        Returns:
            Whether it is the job's turn.
        """

    async def depth(self) -> dict[str, int]:
        """How many jobs are in each unfinished state."""

    async def sweep(self) -> int:
        """Forget keys of jobs that ended more than a week ago, and gaps that nobody filled for a day.

        Returns:
            How many keys.
        """
