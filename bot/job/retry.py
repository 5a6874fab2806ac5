"""An error and its history -> what happens next. Pure: outcomes are values, backoff is arithmetic."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bot.errors import (
    Misconfigured,
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

_UNCLAIMED = frozenset({Claim.UNKNOWN, Claim.EITHER, Claim.VIDEO, Claim.OTHER})
"""Files that never said they were audio: where nobody asked, only a transcript is worth a word."""


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

    notice: Waiting | None
    """What the thread should show meanwhile, if anything."""


Decision = Say | Ignore | RetryAfter | Park


@dataclass(frozen=True, slots=True)
class History:
    """What the decision depends on besides the error."""

    attempt: int
    """How often it was tried before, 0 on the first try."""
    faults: int
    """How many of those tries ended by a fault of ours."""
    waited_s: float
    """Since the job was accepted."""
    give_up_after_s: float
    jitter: float
    """Drawn from [0, 1) by the caller."""
    claim: Claim
    """What the file turned out to claim: of a stub, only Slack's answer tells."""
    spoken: bool
    """The bot has set out to speak of this file before, so it must not fall silent now."""


def decide(error: Exception, request: TranscriptionRequest, history: History) -> Decision:
    """Choose what follows an error."""
    decision = _judge(error, request, history)
    if request.explicit or history.spoken or not _is_unasked(error, history.claim):
        return decision
    return _hush(decision)


def backoff_s(history: History) -> float:
    """Exponential, capped, with half of it jittered so that jobs do not come back in step."""
    # The exponent is capped first: 2.0 ** 2000 overflows.
    ceiling_s = min(LONGEST_DELAY_S, FIRST_DELAY_S * 2.0 ** min(history.attempt, 16))
    return ceiling_s * (0.5 + history.jitter / 2)


def _judge(error: Exception, request: TranscriptionRequest, history: History) -> Decision:
    """What follows an error where somebody listens."""
    left_s = history.give_up_after_s - history.waited_s
    match error:
        case Rejected():
            return Say(Refused(error.reason, error.limit))
        case Unavailable() | Misconfigured() if left_s <= 0:
            return Say(GaveUp(error.reason))
        case Unavailable():
            # The last try falls on the deadline, however long the other side asked to wait.
            delay_s = min(max(backoff_s(history), error.retry_after_s or 0.0), left_s)
            told = history.waited_s + delay_s > PATIENCE_S
            return RetryAfter(delay_s, Waiting(error.reason) if told else None)
        case Misconfigured():
            return Park(Waiting(error.reason))
        case TranscriptionError():
            raise AssertionError("an error of a fourth kind") from error
        case _ if left_s <= 0 or history.faults + 1 >= MOST_FAULTS:
            return Say(Broken(request.key.file_id))
        case _:
            return RetryAfter(min(backoff_s(history), left_s), None)


def _is_unasked(error: Exception, claim: Claim) -> bool:
    """Whether a word about this failure would answer somebody who asked for nothing."""
    soundless = isinstance(error, Rejected) and error.reason is Refusal.NO_AUDIO_TRACK
    return claim in _UNCLAIMED or (claim is Claim.VIDEO_CLIP and soundless)


def _hush(decision: Decision) -> Decision:
    """The same without a word."""
    match decision:
        case Say():
            return Ignore()
        case RetryAfter() | Park():
            return replace(decision, notice=None)
        case Ignore():
            return decision
