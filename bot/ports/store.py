"""Ports to the store: waiting events, requests, the queue of jobs, removals."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from bot.model import Job, JobKey, JobState, Outcome, Removal, TranscriptionRequest
from bot.recording import Part


class RequestOutcome(StrEnum):
    """The outcome of a request by hand."""

    ACCEPTED = "accepted"
    """It is transcribed, for the first time or again."""
    UNDER_WAY = "under_way"
    """It is being transcribed already."""
    ANSWERED = "answered"
    """Its transcript stands, and no other one was requested."""


@dataclass(frozen=True, slots=True)
class ExistingReply:
    """A reply that somebody points at, for jobs that are forgotten."""

    ts: str
    revision: int


@dataclass(frozen=True, slots=True)
class KnownRecording:
    """A recording that a job is known of, ended or not."""

    message_ts: str
    thread_ts: str
    file_id: str


@dataclass(frozen=True, slots=True)
class WaitingEvent:
    """An event of Slack that is acknowledged, but not handled yet."""

    number: int
    """In the order of their arrival."""
    body: str
    """JSON."""
    attempt: int
    """The number of tries that failed."""
    received_at: datetime


class WaitingEvents(Protocol):
    """Events that are handled later: durable on return, each once, in the order of their arrival."""

    async def keep(self, event_id: str, body: str) -> None:
        """Add an event at the end; one whose id waits already changes nothing. Durable on return.

        Args:
            event_id: Slack's; empty where there is none.
            body: JSON.
        """

    async def due(self, most: int, besides: Collection[int] = ()) -> list[WaitingEvent]:
        """The first of those that are due, but for the numbers in ``besides``."""

    async def next_due_s(self, besides: Collection[int] = ()) -> float | None:
        """The time until one of the others is due, 0 where one is; ``None``: none waits."""

    async def delay(self, event: WaitingEvent, delay_s: float) -> None:
        """Have an event wait for its next try."""

    async def drop(self, event: WaitingEvent) -> None:
        """Delete an event."""


class Requests(Protocol):
    """Requests of people: durable on return, and each key known for a week after its end at least."""

    async def accept(self, requests: Sequence[TranscriptionRequest]) -> int:
        """Store the requests in one transaction; return how many were new. Durable on return."""

    async def ask(
        self,
        requests: Sequence[TranscriptionRequest],
        *,
        retranscribe: bool = False,
        existing: Mapping[JobKey, ExistingReply] | None = None,
        words_of: JobKey | None = None,
    ) -> list[RequestOutcome]:
        """Store requests by hand, all of them or none. Durable on return.

        The same ``ask_id`` again changes nothing. An unknown key begins at its first revision, or after the
        reply in ``existing``. One whose job has ended starts over with its request, one revision later and
        without its parts, where ``retranscribe`` or a language is given, or no transcript came of it; its
        reply is edited. The intent of such a job counts from now on at the latest: its reply is looked for.

        Args:
            requests: By hand, each with its key.
            retranscribe: A transcript that stands does not do.
            existing: Replies that somebody points at.
            words_of: A private answer to the same recording: what is accepted begins with its words, as long
                as they are kept.

        Returns:
            What becomes of each request, in their order.
        """

    async def consent(self, key: JobKey) -> bool:
        """Make a job that waits for consent due, as confirmed; False where it does not (any more) wait."""

    async def remove_message(
        self,
        team_id: str,
        channel_id: str,
        message_ts: str,
        *,
        thread_ts: str | None,
        file_id: str | None = None,
    ) -> bool:
        """Have everything go that stands of a message's recordings, or of one of them. Durable on return.

        A later request is accepted, but its job is not claimed before the removal is done.

        Args:
            team_id: The installation's.
            channel_id: Where the message stood.
            message_ts: Which.
            thread_ts: The thread of its replies. ``None``: the one that jobs know, and nothing goes where
                there is none that was not withdrawn before.
            file_id: One of its files; ``None`` for all.

        Returns:
            Whether anything goes.
        """

    async def remove_file(self, team_id: str, file_id: str) -> int:
        """Have all replies to a file go, wherever jobs know it from; return in how many messages."""

    async def remove_reply(self, key: JobKey, *, thread_ts: str, reply_ts: str | None = None) -> None:
        """Have everything go that one job has said, to whomever; ``reply_ts`` where somebody points at it."""

    async def fill_gaps(self, key: str) -> bool:
        """Make a job, given its whole key, whose reply has gaps due again, without its failed parts.

        It is one revision later then.

        Returns:
            Whether it is, or was already, under way; False where its contents are gone.
        """

    async def depth(self) -> dict[JobState, int]:
        """The number of jobs in each state that goes on by itself: READY, RUNNING and PARKED."""

    async def recordings_since(self, team_id: str, since: datetime) -> Mapping[str, Sequence[KnownRecording]]:
        """The recordings shared since a time that nothing has removed yet, by channel id."""


class Queue(Protocol):
    """Jobs that were accepted, for the one worker that claims them, until they have ended."""

    async def claim(self, full_channels: Collection[str] = ()) -> Job | None:
        """Take the next job that is due, if there is one; none of the channels with these ids."""

    async def wait_for_work(self, full_channels: Collection[str] = ()) -> None:
        """Return when a job may be due: one was accepted, released, or came to its time.

        Those of the channels with these ids do not count, but for news of them.
        """

    async def retry_at(self, job: Job, due: datetime, *, bug: bool = False) -> None:
        """Give a claimed job back, to be claimed again when ``due``; ``bug`` counts one of ours."""

    async def park(self, job: Job) -> None:
        """Set a claimed job aside until ``release_parked``."""

    async def has_parked(self) -> bool:
        """True where a job waits for its release."""

    async def release_parked(self, accepted_before: datetime | None = None) -> int:
        """Make parked jobs (those accepted before a time) due now; return how many there were."""

    async def write_intent(self, job: Job) -> Job:
        """Note, durably, that the bot is about to post this job's reply.

        Raises:
            Forgotten: nothing is known of the job any more, or it was not this process's to post any more.
        """

    async def record_reply(self, job: Job, ts: str, notice: str | None) -> Job:
        """Note where the reply stands and which notice it shows (``None``: the final reply)."""

    async def reserve(self, job: Job, seconds: float, *, most_s: float, anew: bool = False) -> bool:
        """Set seconds of the workspace's month aside for a claimed job. Durable on return.

        They stay so until they are billed (see ``keep``) or the job goes on by itself no more.

        Args:
            job: Which.
            seconds: To be billed at most, beside what is set aside for it already.
            most_s: What the workspace may be billed for in a month.
            anew: In place of what was set aside for it by an earlier try.

        Returns:
            False, with nothing changed, where this and what was used and set aside for others is more than
            ``most_s``.

        Raises:
            Forgotten: nothing is known of the job any more, or it is not this process's any more.
        """

    async def keep(self, job: Job, part: Part, *, billed_s: float = 0.0) -> None:
        """Keep a part of a claimed job until the job ends, and count what it cost. Durable on return.

        What was billed is taken from what is set aside for the job.

        Raises:
            Forgotten: nothing is known of the job any more.
        """

    async def parts(self, job: Job) -> list[Part]:
        """The parts that are kept, in the order of the recording."""

    async def finish(
        self, job: Job, outcome: Outcome, *, has_gaps: bool = False, copies: Sequence[str] = ()
    ) -> None:
        """End a job; its key stays, its contents go: a day later where its reply has gaps.

        The words of a transcript for one person stay for half an hour, to be shared: see ``Requests.ask``.

        Args:
            job: Which.
            outcome: For its row; TRANSCRIBED and GAPPED (``…_BEFORE`` too) count as a clip of the month,
                once a key.
            has_gaps: Its gaps may be filled for a day.
            copies: People who get a copy each by direct message: jobs of their own with the same parts, for
                those whose key is not known yet.
        """

    async def hold(self, job: Job) -> None:
        """Set a claimed job aside until somebody consents to its cost; for a day."""

    async def withdraw(self, job: Job) -> None:
        """End a claimed job whose message is gone, and all jobs of that message; what stands of it goes.

        As ``Requests.remove_message`` does. Durable on return.
        """

    async def wait_for_earlier_files(self, job: Job, patience_s: float) -> bool:
        """Return when patience ends, or no earlier file of the message lacks its place in the thread.

        A notice holds the place: the final reply is edited into it.

        Returns:
            True where no earlier file lacks its place.
        """

    async def sweep(self) -> int:
        """Forget keys and months that were kept for long enough, and gaps that nobody filled for a day.

        Returns:
            How many keys.
        """


class Removals(Protocol):
    """Removals: what is to be deleted from Slack, for the runner that deletes it."""

    async def wait_for_removal(self) -> None:
        """Return when a removal may be due: one was written, or came to its time."""

    async def claim_removal(self) -> Removal | None:
        """Take the next removal that is due; its jobs have ended by then, whatever they were doing.

        It is due again at the next start unless ``removed`` or ``remove_later`` is called.
        """

    async def remove_later(self, removal: Removal, due: datetime) -> None:
        """Give a claimed removal back, one attempt older."""

    async def removed(self, removal: Removal) -> None:
        """Forget a removal that is done; whoever asks for one of its jobs from now on gets a new reply."""
