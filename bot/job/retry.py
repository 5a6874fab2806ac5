"""The retry policy: an error and its history -> what happens next. Pure: outcomes are values."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from bot.errors import (
    ConsentNeeded,
    Forgotten,
    Misconfigured,
    NotReady,
    Outage,
    Refusal,
    Rejected,
    ThreadGone,
    TranscriptionError,
    Unavailable,
    Undeliverable,
    UnknownRefusal,
)
from bot.model import SUBSCRIBERS, Claim, Outcome, TranscriptionRequest
from bot.reply import Broken, GaveUp, Refused, Waiting

FIRST_DELAY_S = 2.0
LONGEST_DELAY_S = 600.0
PATIENCE_S = 60.0
"""A person who has waited this long hears that it takes longer."""
MOVE_PATIENCE_S = 600.0
"""A channel that Slack does not know may go by another id: the event that tells so comes six minutes later at
most, with the last of its redeliveries."""
LAST_WORD_PATIENCE_S = 3600.0
"""Past the deadline, for the last word alone."""
NEW_FOR_S = 60.0
"""For so long after it was shared, a file that Slack does not have yet may come."""
TYPED_WITHIN_S = 30.0
"""For so long after it was shared, a file that has no type may get one: Slack has taken up to 20 s."""
FEWEST_TRIES = 4
"""Before a job is given up for its age, which grows while the bot is down too, and by a clock that was wrong
when it began. With the delays between them they take seven seconds or more."""
MOST_BUGS = 3
"""The number of failures by bugs of ours that end a job."""
MOST_REFUSALS = 5
"""The number of tries after which an unknown refusal is believed: they take half a minute."""

_SILENT_ENDS: Mapping[type[TranscriptionError], Outcome] = {
    ThreadGone: Outcome.WITHDRAWN,
    Undeliverable: Outcome.UNDELIVERABLE,
    Forgotten: Outcome.IGNORED,
}
"""The errors after which nothing is said, and how the job ends."""
_UNCLAIMED = frozenset({Claim.UNKNOWN, Claim.EITHER, Claim.VIDEO, Claim.OTHER})
"""Files that never said they were audio: where nobody asked, only a transcript is worth a word."""


@dataclass(frozen=True, slots=True)
class Say:
    """The job ends with this reply."""

    reply: Refused | GaveUp | Broken


@dataclass(frozen=True, slots=True)
class AwaitConsent:
    """The job waits until somebody agrees to what it costs."""

    duration_s: float
    heard_s: float


@dataclass(frozen=True, slots=True)
class Ignore:
    """The job ends without a word."""

    outcome: Outcome = Outcome.IGNORED


@dataclass(frozen=True, slots=True)
class RetryAfter:
    """The job is tried again."""

    delay_s: float
    notice: Waiting | None
    """The notice that the thread shows meanwhile, if any."""


@dataclass(frozen=True, slots=True)
class Park:
    """The job waits until verification succeeds."""

    notice: Waiting | None
    """The notice that the thread shows meanwhile, if any."""


Decision = Say | AwaitConsent | Ignore | RetryAfter | Park


@dataclass(frozen=True, slots=True)
class History:
    """The circumstances of a try that the decision depends on, besides the error."""

    attempt: int
    """The number of earlier tries, 0 on the first one."""
    bugs: int
    """The number of those tries that ended by a bug of ours."""
    waited_s: float
    """Since the job was accepted."""
    give_up_after_s: float
    jitter: float
    """Drawn from [0, 1) by the caller."""
    claim: Claim
    """The kind of file that it turned out to claim: of a stub, only Slack's answer tells."""
    spoken: bool
    """The bot has set out to speak of this file before, so it must not fall silent now."""
    file_age_s: float = math.inf
    """Since the file was shared."""

    @property
    def left_s(self) -> float:
        """The time until the job is given up; 0 or less: this try was the last."""
        left_s = self.give_up_after_s - self.waited_s
        return left_s if left_s > 0 or self.attempt + 1 >= FEWEST_TRIES else LONGEST_DELAY_S


def decide(error: Exception, request: TranscriptionRequest, history: History) -> Decision:
    """Choose what follows an error."""
    if _may_have_moved(error, history.waited_s):
        error = Unavailable(Outage.SLACK, "channel_not_found")
    decision = _judge(error, request, history)
    if isinstance(decision, AwaitConsent) and request.key.audience == SUBSCRIBERS:
        return Ignore()  # nobody is there to agree
    is_unwanted = request.wanted is not None and history.claim not in request.wanted
    if request.explicit or history.spoken or not (is_unwanted or _is_unasked(error, request, history.claim)):
        return decision
    return _hush(decision)


def decide_unsaid(error: Exception, history: History) -> Ignore | RetryAfter | Park:
    """Choose what follows where the last word of a job could not be said.

    Slack may be away in the very minute in which the bot gives up, and a bug of ours must not make the job
    immortal.
    """
    late_s = -history.left_s
    is_bug = not isinstance(error, TranscriptionError)
    again = RetryAfter(backoff_s(history.attempt, history.jitter), None)
    match error:
        case UnknownRefusal() if history.attempt + 1 >= MOST_REFUSALS:
            return Ignore(Outcome.UNDELIVERABLE)
        case Misconfigured() if late_s < 0:
            return Park(None)
        case Unavailable() if late_s < LAST_WORD_PATIENCE_S:
            return again
        case _ if _may_have_moved(error, history.waited_s):
            return again
        case _ if is_bug and late_s < 0 and history.bugs + 1 < MOST_BUGS:
            return again
        case _:
            return Ignore(Outcome.UNDELIVERABLE)


def _may_have_moved(error: Exception, waited_s: float) -> bool:
    """True where Slack knows no such channel, and may yet tell of its new id.

    Args:
        error: Of a post or a look-up.
        waited_s: Since it was wanted.
    """
    is_unknown = isinstance(error, Rejected) and error.code == "channel_not_found"
    return is_unknown and waited_s < MOVE_PATIENCE_S


def backoff_s(attempt: int, jitter: float) -> float:
    """Exponential, capped, with half of it jittered so that what failed together does not come back in step.

    Args:
        attempt: How often it was tried before.
        jitter: From [0, 1).
    """
    # The exponent is capped first: 2.0 ** 2000 overflows.
    ceiling_s = min(LONGEST_DELAY_S, FIRST_DELAY_S * 2.0 ** min(attempt, 16))
    return ceiling_s * (0.5 + jitter / 2)


def _judge(error: Exception, request: TranscriptionRequest, history: History) -> Decision:
    """The decision on an error where somebody waits for the reply."""
    match error:
        case ThreadGone() | Undeliverable() | Forgotten():
            return Ignore(_SILENT_ENDS[type(error)])
        case Rejected():
            return _refuse(error, history)
        case ConsentNeeded():
            return AwaitConsent(error.duration_s, error.heard_s)
        case Unavailable() | Misconfigured():
            return _wait(error, history)
        case TranscriptionError():
            raise AssertionError("an error of another kind") from error
    if history.left_s <= 0 or history.bugs + 1 >= MOST_BUGS:
        return Say(Broken(request.key.file_id))
    return RetryAfter(min(backoff_s(history.attempt, history.jitter), history.left_s), None)


def _refuse(error: Rejected, history: History) -> Decision:
    """The refusal; where the file may still come, another try first."""
    left_s = _left_to_come_s(error, history) if isinstance(error, NotReady) else 0.0
    if left_s > 0:
        return RetryAfter(min(backoff_s(history.attempt, history.jitter), left_s), None)
    return Say(Refused(error.reason, error.limit, error.format_name))


def _left_to_come_s(error: NotReady, history: History) -> float:
    """The time for which a file that Slack does not have is asked for again; 0 or less to believe it."""
    # Not even an old file is the login page. Nor can a ts that somebody forged make a file new for ever.
    is_page = error.reason is Refusal.NOT_HANDED_OUT
    age_s = history.waited_s if is_page else max(history.file_age_s, history.waited_s)
    new_for_s = TYPED_WITHIN_S if error.reason is Refusal.NOT_AUDIO else NEW_FOR_S
    return min(new_for_s - age_s, history.left_s)


def _wait(error: Unavailable | Misconfigured, history: History) -> Decision:
    """The decision where something outside has to be mended."""
    if history.left_s <= 0:
        return Say(GaveUp(error.reason))
    if isinstance(error, UnknownRefusal) and history.attempt + 1 >= MOST_REFUSALS:
        return Say(Refused(Refusal.FORBIDDEN))
    if isinstance(error, Misconfigured):
        return Park(Waiting(error.reason))
    # The last try falls on the deadline, however long the other side asked to wait.
    delay_s = min(max(backoff_s(history.attempt, history.jitter), error.retry_after_s or 0.0), history.left_s)
    told = history.waited_s + delay_s > PATIENCE_S
    return RetryAfter(delay_s, Waiting(error.reason) if told else None)


def _is_unasked(error: Exception, request: TranscriptionRequest, claim: Claim) -> bool:
    """True where a reply about this failure would go to somebody who requested nothing."""
    match error:
        case Rejected(reason=Refusal.OPTED_OUT):
            return True
        case Rejected(reason=Refusal.NO_AUDIO_TRACK) if claim is Claim.VIDEO_CLIP:
            return True
        case ConsentNeeded() if request.wants_video:
            return False
        case _:
            return claim in _UNCLAIMED


def _hush(decision: Decision) -> Decision:
    """The same decision without a reply or a notice."""
    match decision:
        case Say() | AwaitConsent():
            return Ignore()
        case RetryAfter() | Park():
            return replace(decision, notice=None)
        case Ignore():
            return decision
