"""The verbs that a job needs, as protocols, and what it can say. Adapters fill them."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from bot.errors import Misconfiguration, Outage, Refusal
from bot.model import (
    Job,
    JobKey,
    Part,
    PreparedAudio,
    Recognition,
    Removal,
    Segment,
    SharedFile,
    Span,
    Transcript,
    TranscriptionRequest,
)
from bot.preferences import ChannelSettings, Hints, Usage


@dataclass(frozen=True, slots=True)
class Refused:
    """The last word: this file is not transcribed, and why."""

    reason: Refusal
    limit: int | None = None
    """For TOO_LONG and MONTH_USED_UP the most minutes, for TOO_BIG the most megabytes."""


@dataclass(frozen=True, slots=True)
class AskFirst:
    """A question: the job goes on when somebody agrees to what it costs."""

    duration_s: float
    cost: float
    """In US dollars, about."""


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


Reply = Transcript | Refused | Waiting | Growing | AskFirst | GaveUp | Broken
"""What the thread can be told about one file."""


class ReplyState(StrEnum):
    """How far a posted reply is; stands in its message metadata."""

    TRANSCRIBED = "transcribed"
    GAPPED = "gapped"
    """Transcribed but for some parts, which somebody may ask for again."""
    REFUSED = "refused"
    FAILED = "failed"
    WAITING = "waiting"
    ASKING = "asking"
    """It asks whether to transcribe."""

    @property
    def is_final(self) -> bool:
        """Whether nothing follows."""
        return self not in {ReplyState.WAITING, ReplyState.ASKING}


def state_of(reply: Reply) -> ReplyState:
    """The state that a reply leaves its job in."""
    match reply:
        case Transcript():
            return ReplyState.GAPPED if reply.has_gaps else ReplyState.TRANSCRIBED
        case Refused():
            return ReplyState.REFUSED
        case Waiting() | Growing():
            return ReplyState.WAITING
        case AskFirst():
            return ReplyState.ASKING
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

    async def duration_s(self, source: Path) -> float | None:
        """What a recording's container says of its length, in seconds; ``None`` where it does not say.

        Raises:
            Rejected: as ``split``, but for TOO_LONG and EMPTY.
            Unavailable: MACHINE, when this machine could not do it now.
        """


class Recogniser(Protocol):
    """Hears what was said."""

    async def recognise(
        self,
        audio: PreparedAudio,
        *,
        language: str | None = None,
        context: str = "",
        digits: bool | None = None,
        share: str = "",
    ) -> Recognition:
        """Recognise one piece of audio within the provider's limits.

        Args:
            audio: What to hear.
            language: One of ``model.LANGUAGES``; ``None`` where it is unknown or mixed.
            context: Background text or words to expect.
            digits: Write numbers as digits, in the languages that can; ``None`` for the deployment's default.
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
    """Speaks in the thread, or to the one person who asked. Doing it twice shows once.

    Where a job has a ``reader_id`` only that person reads its reply: by an ephemeral message where they look
    now (which may show twice after a crash, and cannot be edited), else by a direct message.
    """

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
            Rejected: the thread or channel is gone or closed to the bot; or to the one reader, who is not a
                member of the recording's channel any more.
            Unavailable: Slack does not answer; the reply may have arrived all the same.
            Misconfigured: the token or a scope is wrong.
        """

    async def explain(self, job: Job, reply: Refused | GaveUp | Broken) -> None:
        """Tell the asker alone why what stands in the thread stays as it is. Never raises."""

    async def present(self, channel_id: str, user_ids: Sequence[str]) -> Sequence[str]:
        """Those of these people who are in a channel now.

        Raises:
            Unavailable: Slack does not answer.
            Misconfigured: the token or a scope is wrong.
        """

    async def withdraw(self, removal: Removal) -> None:
        """Delete what the bot has posted of it: replies, further pieces, files; also in direct messages.

        What is not there, or Slack refuses to delete for good, is passed over.

        Raises:
            Unavailable: Slack does not answer; some of it may be deleted.
            Misconfigured: the token or a scope is wrong.
        """

    async def verify(self) -> None:
        """Ask Slack whether the token is good and holds every scope that a job needs.

        Raises:
            Unavailable: no answer now.
            Misconfigured: the token or a scope is wrong.
        """


class Asked(StrEnum):
    """What becomes of an ask."""

    ACCEPTED = "accepted"
    """It is transcribed, for the first time or anew."""
    UNDER_WAY = "under_way"
    """It is being transcribed already."""
    ANSWERED = "answered"
    """Its transcript stands, and nobody asked for another one."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A reply that somebody points at, for jobs that are forgotten."""

    ts: str
    revision: int


class Jobs(Protocol):
    """Keeps what was accepted until it is answered, and each key for a week longer at least."""

    async def accept(self, requests: Sequence[TranscriptionRequest]) -> int:
        """Store the requests in one transaction; return how many were new. Durable on return."""

    async def ask(
        self, request: TranscriptionRequest, *, anew: bool = False, standing: Standing | None = None
    ) -> Asked:
        """Store what somebody asks for by hand. Durable on return; the same ``ask_id`` again changes nothing.

        An unknown key begins at its first revision, or after ``standing``. One whose job has ended begins
        anew with this request, one revision later and without its parts, where ``anew`` or a language is
        given, or no transcript came of it; its reply is edited. The intent of such a job counts from now on
        at the latest, so that its reply is looked for.
        """

    async def agree(self, key: JobKey) -> bool:
        """Make a job that asks first due, as confirmed; False where it does not wait for that (any more)."""

    async def withdraw_message(
        self, team_id: str, channel_id: str, message_ts: str, *, thread_ts: str, file_id: str | None = None
    ) -> None:
        """Have everything go that stands of a message's recordings, or of one of them. Durable on return.

        Whoever asks again is heard, but such a job is not claimed before the removal is done.
        """

    async def withdraw_file(self, team_id: str, file_id: str) -> int:
        """The same for a file, wherever jobs know it from; return in how many messages."""

    async def withdraw_reply(self, key: JobKey, *, thread_ts: str) -> None:
        """The same for what one job has said, to whomever."""

    async def wait_for_removal(self) -> None:
        """Return when a removal may be due: one was written, or came to its time."""

    async def claim_removal(self) -> Removal | None:
        """Take the next removal that is due; its jobs have ended by then, whatever they were doing.

        It is due again at the next start unless ``removed`` or ``remove_later`` is called.
        """

    async def remove_later(self, removal: Removal, due: datetime) -> None:
        """Give a claimed removal back, one attempt older."""

    async def removed(self, removal: Removal) -> None:
        """Forget a removal that is done."""

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
        """Note, durably, that the bot is about to post this job's reply.

        Raises:
            Forgotten: nothing is known of the job any more.
        """

    async def record_reply(self, job: Job, ts: str, notice: str | None) -> Job:
        """Note where the reply stands and which notice it shows (``None``: the final reply)."""

    async def keep(self, job: Job, part: Part, *, billed_s: float = 0.0) -> None:
        """Keep a part of a claimed job until the job ends, and count what it cost. Durable on return.

        Raises:
            Forgotten: nothing is known of the job any more.
        """

    async def parts(self, job: Job) -> list[Part]:
        """The parts that are kept, in the order of the recording."""

    async def finish(
        self, job: Job, outcome: str, *, has_gaps: bool = False, copies: Sequence[str] = ()
    ) -> None:
        """End a job; its key stays, its contents go: a day later where its reply has gaps.

        Args:
            job: Which.
            outcome: For its row; ``transcribed`` and ``gapped`` (``_before`` too) count as a clip
                of the month, once a key.
            has_gaps: Its gaps may be filled for a day.
            copies: People who get a copy each by direct message: jobs of their own with the same parts, for
                those whose key is not known yet.
        """

    async def hold(self, job: Job) -> None:
        """Set a claimed job aside until somebody agrees to its cost; for a day."""

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
        """Forget keys and months that were kept for long enough, and gaps that nobody filled for a day.

        Returns:
            How many keys.
        """


class Preferences(Protocol):
    """Keeps what people have decided, and for whom the bot is installed."""

    async def channel(self, team_id: str, channel_id: str) -> ChannelSettings:
        """A channel's settings; the defaults where nobody has decided anything."""

    async def channels(self, team_id: str) -> Mapping[str, ChannelSettings]:
        """The settings of every channel of a workspace that has some, by channel id."""

    async def change_channel(
        self, team_id: str, channel_id: str, change: Callable[[ChannelSettings], ChannelSettings]
    ) -> ChannelSettings:
        """Replace a channel's settings by what ``change`` makes of them, in one transaction."""

    async def greet(self, team_id: str, channel_id: str) -> bool:
        """Note that the bot greets a channel; True the first time since it was last forgotten."""

    async def is_opted_out(self, team_id: str, user_id: str) -> bool:
        """Whether somebody never wants to be transcribed."""

    async def opt_out(self, team_id: str, user_id: str, *, out: bool) -> None:
        """Note that they do not, or do again."""

    async def subscribers(self, team_id: str, channel_id: str) -> Sequence[str]:
        """Who wants a channel's transcripts by direct message."""

    async def subscriptions(self, team_id: str, user_id: str) -> Sequence[str]:
        """The channels whose transcripts somebody wants by direct message."""

    async def subscribe(self, team_id: str, user_id: str, channel_ids: Sequence[str]) -> None:
        """Replace these."""

    async def move_channel(self, team_id: str, old_id: str, new_id: str) -> None:
        """Take a channel's settings and subscriptions along to its new id."""

    async def forget_channel(self, team_id: str, channel_id: str) -> None:
        """Purge a channel: settings, subscriptions, jobs, parts. What it used counts for the workspace."""

    async def forget_team(self, team_id: str) -> None:
        """Purge a workspace: everything."""


class Ledger(Protocol):
    """Counts what was transcribed: seconds and clips, never words or names. Jobs write it."""

    async def used(self, team_id: str, month: date) -> Usage:
        """By a workspace in the month that holds this day, in UTC."""

    async def used_by_channel(self, team_id: str, month: date) -> Mapping[str, Usage]:
        """The same by channel id; the empty id stands for channels that are forgotten."""


class Hinting(Protocol):
    """Knows what helps to hear a request's recording right."""

    async def hints(self, request: TranscriptionRequest) -> Hints:
        """What the channel has decided, and what it expects to hear. Slack's silence costs names, no more."""
