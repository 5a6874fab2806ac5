"""An error and its history -> what happens next. Pure: outcomes are values, backoff is arithmetic."""

from __future__ import annotations

from dataclasses import dataclass

from bot.errors import (
    Misconfiguration,
    Misconfigured,
    Outage,
    Refusal,
    Rejected,
    TranscriptionError,
    Unavailable,
)
from bot.model import Claim, TranscriptionRequest
from bot.ports import Broken, GaveUp, Refused, Waiting

FIRST_DELAY_S = 2.0
LONGEST_DELAY_S = 600.0
PATIENCE_S = 60.0
"""A person who has waited this long hears that it takes longer."""
MOST_FAULTS = 3
"""How often a job may fail by a fault of ours before it ends."""


@dataclass(frozen=True, slots=True)
class Say:
    """The job ends with this reply."""

    reply: Refused | GaveUp | Broken


@dataclass(frozen=True, slots=True)
class Ignore:
    """The job ends without a word."""


@dataclass(frozen=True, slots=True)
class RetryAfter:
    """The job is tried again."""

    delay_s: float
    notice: Waiting | None
    """What the thread should show meanwhile, if anything."""


@dataclass(frozen=True, slots=True)
class Park:
    """The job waits until verification succeeds."""

    notice: Waiting


Decision = Say | Ignore | RetryAfter | Park


@dataclass(frozen=True, slots=True)
class History:
    """What the decision depends on besides the error."""

    attempt: int
    """How often it was tried before, 0 on the first try."""
    waited_s: float
    """Since the job was accepted."""
    give_up_after_s: float
    jitter: float
    """Drawn from [0, 1) by the caller."""
    claim: Claim
    """What the file turned out to claim: of a stub, only Slack's answer tells."""


def decide(error: Exception, request: TranscriptionRequest, history: History) -> Decision:
    """Choose what follows an error."""
    match error:
        case Rejected():
            silent = _is_silent(request, history.claim, error.reason)
            return Ignore() if silent else Say(Refused(error.reason))
        case Unavailable():
            return _later(error.reason, history, error.retry_after_s)
        case Misconfigured():
            if history.waited_s >= history.give_up_after_s:
                return Say(GaveUp(error.reason))
            return Park(Waiting(error.reason))
        case TranscriptionError():
            raise AssertionError("an error of a fourth kind") from error
        case _:
            if history.attempt + 1 >= MOST_FAULTS:
                return Say(Broken(request.key.file_id))
            return RetryAfter(backoff_s(history), None)


def backoff_s(history: History) -> float:
    """Exponential, capped, with half of it jittered so that jobs do not come back in step."""
    # The exponent is capped first: 2.0 ** 2000 overflows.
    ceiling_s = min(LONGEST_DELAY_S, FIRST_DELAY_S * 2.0 ** min(history.attempt, 16))
    return ceiling_s * (0.5 + history.jitter / 2)


def _later(reason: Outage | Misconfiguration, history: History, retry_after_s: float | None) -> Decision:
    left_s = history.give_up_after_s - history.waited_s
    if left_s <= 0:
        return Say(GaveUp(reason))
    delay_s = max(backoff_s(history), retry_after_s or 0.0)
    # The last try falls on the deadline, however long the other side asked to wait.
    delay_s = min(delay_s, left_s)
    told = history.waited_s + delay_s > PATIENCE_S
    return RetryAfter(delay_s, Waiting(reason) if told else None)


def _is_silent(request: TranscriptionRequest, claim: Claim, reason: Refusal) -> bool:
    """Whether a refusal would answer somebody who asked for nothing."""
    if request.explicit:
        return False
    if claim in {Claim.UNKNOWN, Claim.EITHER, Claim.VIDEO, Claim.OTHER}:
        return True
    return claim is Claim.VIDEO_CLIP and reason is Refusal.NO_AUDIO_TRACK
