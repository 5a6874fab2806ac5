"""One try of a job: to its end, or to what ``retry.decide`` says of its failure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

import structlog

from bot.errors import Misconfigured, Refusal, Rejected, ThreadGone, TranscriptionError
from bot.job.collaborators import Collaborators
from bot.job.current import CurrentJob
from bot.job.deliver import holds_words, is_final
from bot.job.job_log import canonical_line, count, count_failure
from bot.job.opted_out import is_for_asker_alone, refuse_alone
from bot.job.partial import partial_transcript
from bot.job.progress import Progress
from bot.job.retry import (
    AwaitConsent,
    Decision,
    History,
    Ignore,
    Park,
    RetryAfter,
    Say,
    decide,
    decide_unsaid,
)
from bot.model import SUBSCRIBERS, Job, JobState, Outcome
from bot.recording import Transcript
from bot.reply import (
    Broken,
    ConsentRequest,
    GaveUp,
    Refused,
    Reply,
    ReplyState,
    ThreadLookup,
    Waiting,
    state_of,
)


class Attempt:
    """Tries a claimed job once.

    Args:
        job: As it was claimed.
        collaborators: The services it works with.
        work_done: Called when nothing is left but to tell of it, which may wait for Slack.
    """

    def __init__(self, job: Job, collaborators: Collaborators, work_done: Callable[[], None]) -> None:
        self._collaborators = collaborators
        self._work_done = work_done
        self._queue = collaborators.queue
        self._delivery = collaborators.delivery
        self._clock = collaborators.clock
        self._current = CurrentJob.of(job)
        self._progress = Progress(
            self._current, collaborators.replies, collaborators.delivery, collaborators.clock
        )
        self._is_edit = job.intent_at is not None
        """The last word may have been edited into a message that stood."""
        self._log = structlog.get_logger(__name__)

    async def run(self) -> None:
        """Try it."""
        current = self._current
        try:
            # First of all: whatever goes wrong, these words are not to be lost.
            current.parts.remember(await self._queue.parts(current.job))
            found = await self._delivery.find(current)
            if is_final(found, self._current.job):
                # A former process died between posting and noting it.
                self._progress.is_over = True
                await self._end(Outcome(f"{found.state}_before"), found.state)
                return
            if self._current.job.key.audience == SUBSCRIBERS and not await self._present_readers():
                await self._end(Outcome.IGNORED)
                return
            # A reply that tells of its files shows as much; what grows would have it forget them.
            self._progress.is_anew = holds_words(found) or bool(found.file_ids)
            transcript = await self._transcribed()
            with self._current.observed.stage("reply"):
                await self._deliver(transcript, found)
        except Exception as error:  # noqa: BLE001  # decide() tells the expected from the bugs
            await self._follow(error)
        else:
            await self._end(Outcome(state_of(transcript)), state_of(transcript))
        finally:
            self._collaborators.metrics.billed_s.inc(self._current.observed.billed_s)

    async def _transcribed(self) -> Transcript:
        progress = self._progress
        try:
            transcript = await self._collaborators.transcriber.transcribe(self._current, progress.start)
        finally:
            self._work_done()
            await progress.stop()
        progress.is_over = True
        return transcript

    async def _deliver(self, reply: Reply, found: ThreadLookup) -> None:
        """Post the final reply; what is known of the thread may be older than a reply that grew since."""
        job = self._current.job
        if job.intent_at is not None and job.reply_ts is None and found.ts is None:
            found = await self._delivery.find(self._current)
        self._is_edit = job.intent_at is not None
        await self._delivery.deliver(self._current, reply, found)

    async def _follow(self, error: Exception) -> None:
        """Carry out what ``decide`` says of a failure, unless the thread turns out to be gone."""
        job = self._current.job
        self._work_done()
        count_failure(self._collaborators.metrics, error)
        if isinstance(error, Misconfigured):
            self._log.error("operator needed", reason=str(error.reason), detail=error.detail)
        elif isinstance(error, Rejected) and error.reason is Refusal.DECODER_FAILED:
            self._log.error("decoder failed", key=str(job.key), detail=error.detail)
        elif not isinstance(error, TranscriptionError):
            self._log.error("fault", key=str(job.key), exc_info=error)
        try:
            await self._carry_out(decide(error, job.request, self._history()), error)
        except ThreadGone as gone:
            self._close(Outcome.WITHDRAWN, gone)

    def _history(self) -> History:
        job = self._current.job
        return History(
            attempt=job.attempt,
            bugs=job.bugs,
            waited_s=self._age_s(),
            give_up_after_s=self._clock.give_up_after_s,
            jitter=self._clock.jitter(),
            claim=self._current.observed.claim,
            spoken=job.intent_at is not None,
            file_age_s=self._clock.now().timestamp() - job.request.shared_at,
        )

    async def _carry_out(self, decision: Decision, error: Exception) -> None:
        match decision:
            case Say(reply):
                await self._say_last(reply, error)
            case AwaitConsent(duration_s, heard_s):
                cost = self._collaborators.budget.cost(heard_s)
                await self._say_last(ConsentRequest(duration_s, cost), error)
            case Ignore(Outcome.WITHDRAWN):
                self._close(Outcome.WITHDRAWN, error)
            case Ignore(outcome):
                await self._progress.clear()
                await self._end(outcome, error=error)
            case RetryAfter(delay_s, notice):
                await self._notify(notice)
                await self._retry(error, delay_s)
            case Park(notice):
                await self._notify(notice)
                await self._park(error)

    async def _say_last(self, reply: Refused | GaveUp | Broken | ConsentRequest, error: Exception) -> None:
        """Say what a failure leaves to say; where it cannot be said yet, try again after a delay."""
        try:
            with self._current.observed.stage("reply"):
                state = await self._leave(reply)
        except ThreadGone:
            raise
        except Exception as unsaid:  # noqa: BLE001  # decide_unsaid() tells the expected from the bugs
            if not isinstance(unsaid, TranscriptionError):
                self._log.error("fault", key=str(self._current.job.key), exc_info=unsaid)
            match decide_unsaid(unsaid, self._history()):
                case RetryAfter(delay_s):
                    await self._retry(unsaid, delay_s)
                case Park():
                    await self._park(unsaid)
                case Ignore(outcome):
                    await self._end(outcome, error=unsaid)
        else:
            if state is ReplyState.AWAITING_CONSENT:
                await self._hold(error)
            else:
                await self._end(Outcome(state or Outcome.KEPT), state, error=error)

    async def _leave(self, reply: Refused | GaveUp | Broken | ConsentRequest) -> ReplyState | None:
        """Post it, or a partial transcript instead; ``None`` where an older transcript stays as it is."""
        found = await self._delivery.find(self._current)
        if is_final(found, self._current.job):
            return found.state  # its answer was lost on the way
        if isinstance(reply, Refused) and is_for_asker_alone(self._current.job, reply):
            await self._progress.clear()
            return await refuse_alone(self._current, self._collaborators.replies, reply, found)
        if isinstance(reply, ConsentRequest):
            last: Reply = reply
        elif (words := await partial_transcript(self._queue, self._current, reply, found)) is not None:
            last = words
        elif holds_words(found):
            await self._collaborators.replies.explain(self._current.job, reply)
            return None
        else:
            last = reply
        await self._deliver(last, found)
        return state_of(last)

    async def _retry(self, error: Exception, delay_s: float) -> None:
        due = self._clock.now() + timedelta(seconds=delay_s)
        await self._queue.retry_at(self._current.job, due, bug=not isinstance(error, TranscriptionError))
        self._line("retry", error)

    async def _park(self, error: Exception) -> None:
        await self._collaborators.parking.park(self._current.job)
        self._line(JobState.PARKED, error)

    async def _hold(self, error: Exception) -> None:
        await self._queue.hold(self._current.job)
        await self._clear_after_edit()
        self._line(str(ReplyState.AWAITING_CONSENT), error)

    async def _notify(self, notice: Waiting | None) -> None:
        """Show that it takes longer. Worth one try; only a thread that is gone changes anything."""
        job = self._current.job
        if notice is None or job.notice == str(notice.reason):
            return
        if self._progress.is_anew or self._progress.is_over:
            return
        if growing := await self._progress.so_far(notice.reason):
            await self._delivery.grow(self._current, growing)
            return
        try:
            await self._delivery.notify(self._current, notice)
        except ThreadGone:
            raise
        except TranscriptionError as unsaid:
            self._log.warning("notice not posted", key=str(job.key), error=str(unsaid))

    async def _end(
        self, outcome: Outcome, state: ReplyState | None = None, *, error: Exception | None = None
    ) -> None:
        """End the job; ``state`` is that of the reply that it leaves."""
        job = self._current.job
        # The queue makes copies of a key's first transcript alone; of parts that are gone nobody can.
        is_news = state in {ReplyState.TRANSCRIBED, ReplyState.GAPPED} and self._current.parts.count > 0
        copies = await self._readers() if is_news and self._is_for_all() else ()
        await self._queue.finish(job, outcome, has_gaps=state is ReplyState.GAPPED, copies=copies)
        await self._clear_after_edit()
        self._close(outcome, error)

    def _close(self, outcome: Outcome, error: Exception | None) -> None:
        """Count a job that has ended, and log its line; a withdrawn one is stopped at the next ``await``."""
        count(self._collaborators.metrics, self._current.observed, outcome)
        self._line(outcome, error)

    def _is_for_all(self) -> bool:
        """True where the channel's subscribers get copies: not of what somebody has requested alone."""
        request = self._current.job.request
        told_sender_alone = request.key.reader_id == request.user_id and not request.explicit
        return request.key.reader_id is None or told_sender_alone

    async def _clear_after_edit(self) -> None:
        """Only a new message takes the sign of work away by itself."""
        if self._is_edit:
            await self._progress.clear()

    async def _readers(self) -> Sequence[str]:
        """The people who get a copy: the channel's subscribers, but not the person who spoke."""
        request = self._current.job.request
        readers = await self._collaborators.preferences.subscribers(
            request.key.team_id, request.key.channel_id
        )
        return [user_id for user_id in readers if user_id != request.user_id]

    async def _present_readers(self) -> Sequence[str]:
        """Those of them who are in the channel: for nobody else it is worth recognising."""
        return await self._collaborators.replies.members_among(
            self._current.job.key.channel_id, await self._readers()
        )

    def _line(self, outcome: str, error: Exception | None) -> None:
        line = canonical_line(self._current.job, self._current.observed, outcome, self._age_s(), error)
        self._log.info("job", **line)

    def _age_s(self) -> float:
        return (self._clock.now() - self._current.job.accepted_at).total_seconds()
