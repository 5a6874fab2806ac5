from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import (
    ConsentNeeded,
    Forgotten,
    Misconfiguration,
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
from bot.job.retry import (
    FEWEST_TRIES,
    FIRST_DELAY_S,
    LONGEST_DELAY_S,
    MOST_BUGS,
    MOST_REFUSALS,
    MOVE_PATIENCE_S,
    NEW_FOR_S,
    PATIENCE_S,
    TYPED_WITHIN_S,
    AwaitConsent,
    Decision,
    History,
    Ignore,
    Park,
    RetryAfter,
    Say,
    backoff_s,
    decide,
    decide_unsaid,
)
from bot.model import SUBSCRIBERS, Claim, Outcome
from bot.reply import Broken, GaveUp, Refused, Waiting
from tests.job.fakes import request_for

BUSY = Outage.RECOGNISER
KEY = Misconfiguration.RECOGNISER_KEY
BOUND_S = 21_600.0
LAST = FEWEST_TRIES - 1
LOUD = {Claim.VOICE_CLIP, Claim.AUDIO, Claim.VIDEO_CLIP}
QUIET = {Claim.EITHER, Claim.VIDEO, Claim.UNKNOWN, Claim.OTHER}


def history(
    *,
    attempt: int = 0,
    bugs: int = 0,
    waited_s: float = 0.0,
    jitter: float = 0.0,
    claim: Claim = Claim.AUDIO,
    spoken: bool = False,
    file_age_s: float = math.inf,
) -> History:
    return History(attempt, bugs, waited_s, BOUND_S, jitter, claim, spoken, file_age_s)


def unknown_channel() -> Rejected:
    error = Rejected(Refusal.GONE)
    error.code = "channel_not_found"
    return error


@pytest.mark.parametrize(
    ("error", "past", "expected"),
    [
        (Rejected(Refusal.TOO_LONG), history(), Say(Refused(Refusal.TOO_LONG))),
        (Rejected(Refusal.GONE), history(waited_s=BOUND_S + 1), Say(Refused(Refusal.GONE))),
        (
            Rejected(Refusal.MONTH_USED_UP, limit=600),
            history(),
            Say(Refused(Refusal.MONTH_USED_UP, 600)),
        ),
        (unknown_channel(), history(waited_s=10), RetryAfter(1.0, None)),
        (unknown_channel(), history(waited_s=MOVE_PATIENCE_S - 1), RetryAfter(1.0, Waiting(Outage.SLACK))),
        (unknown_channel(), history(waited_s=MOVE_PATIENCE_S), Say(Refused(Refusal.GONE))),
        (ConsentNeeded(1920.0, 3600.0), history(), AwaitConsent(1920.0, 3600.0)),
        (ConsentNeeded(1920.0), history(), AwaitConsent(1920.0, 1920.0)),
        (ConsentNeeded(1920.0), history(waited_s=BOUND_S + 1), AwaitConsent(1920.0, 1920.0)),
        (Unavailable(BUSY), history(), RetryAfter(1.0, None)),
        (Unavailable(BUSY), history(jitter=0.5), RetryAfter(1.5, None)),
        (Unavailable(BUSY), history(attempt=3), RetryAfter(8.0, None)),
        (Unavailable(BUSY), history(attempt=5_000), RetryAfter(300.0, Waiting(BUSY))),
        (Unavailable(BUSY, "", 30.0), history(), RetryAfter(30.0, None)),
        (Unavailable(BUSY, "", 61.0), history(), RetryAfter(61.0, Waiting(BUSY))),
        (Unavailable(BUSY, "", 0.1), history(), RetryAfter(1.0, None)),
        (Unavailable(BUSY), history(waited_s=59.5), RetryAfter(1.0, Waiting(BUSY))),
        (Unavailable(BUSY, "", 9e9), history(waited_s=BOUND_S - 10), RetryAfter(10.0, Waiting(BUSY))),
        (Unavailable(BUSY), history(waited_s=BOUND_S, attempt=LAST), Say(GaveUp(BUSY))),
        # A day off, or a clock that was a day ahead: nothing has been tried yet.
        (Unavailable(BUSY), history(waited_s=5 * BOUND_S), RetryAfter(1.0, Waiting(BUSY))),
        (Unavailable(BUSY, "", 9e9), history(waited_s=BOUND_S), RetryAfter(LONGEST_DELAY_S, Waiting(BUSY))),
        (Unavailable(BUSY), history(waited_s=BOUND_S, attempt=LAST - 1), RetryAfter(4.0, Waiting(BUSY))),
        (Misconfigured(KEY), history(waited_s=5 * BOUND_S), Park(Waiting(KEY))),
        (KeyError("x"), history(waited_s=5 * BOUND_S), RetryAfter(1.0, None)),
        (Misconfigured(KEY), history(), Park(Waiting(KEY))),
        (Misconfigured(KEY), history(waited_s=BOUND_S - 0.1), Park(Waiting(KEY))),
        (Misconfigured(KEY), history(waited_s=BOUND_S, attempt=LAST), Say(GaveUp(KEY))),
        (Forgotten(), history(), Ignore()),
        (ThreadGone("x"), history(), Ignore(Outcome.WITHDRAWN)),
        (ThreadGone("x"), history(spoken=True), Ignore(Outcome.WITHDRAWN)),
        (Undeliverable("x"), history(spoken=True), Ignore(Outcome.UNDELIVERABLE)),
        (UnknownRefusal(BUSY), history(), RetryAfter(1.0, None)),
        (UnknownRefusal(BUSY), history(attempt=MOST_REFUSALS - 1), Say(Refused(Refusal.FORBIDDEN))),
        (UnknownRefusal(BUSY), history(waited_s=BOUND_S, attempt=LAST), Say(GaveUp(BUSY))),
        (KeyError("x"), history(), RetryAfter(1.0, None)),
        (KeyError("x"), history(attempt=30), RetryAfter(300.0, None)),
        (KeyError("x"), history(bugs=MOST_BUGS - 1), Say(Broken("F1"))),
        (KeyError("x"), history(waited_s=BOUND_S, attempt=LAST), Say(Broken("F1"))),
        (TimeoutError(), history(bugs=1), RetryAfter(1.0, None)),
    ],
)
def test_what_follows_an_error(error: Exception, past: History, expected: Decision) -> None:
    assert decide(error, request_for(), past) == expected


MISSING, UNTYPED = NotReady(Refusal.GONE), NotReady(Refusal.NOT_AUDIO)
CLOSED = NotReady(Refusal.NOT_HANDED_OUT)


@pytest.mark.parametrize(
    ("error", "past", "expected"),
    [
        (MISSING, history(file_age_s=0.5), RetryAfter(1.0, None)),
        (MISSING, history(file_age_s=12.0, waited_s=11.0, attempt=3), RetryAfter(8.0, None)),
        (MISSING, history(file_age_s=NEW_FOR_S - 0.5, attempt=9), RetryAfter(0.5, None)),
        (MISSING, history(file_age_s=NEW_FOR_S), Say(Refused(Refusal.GONE))),
        (MISSING, history(), Say(Refused(Refusal.GONE))),
        (MISSING, history(file_age_s=math.nan), Say(Refused(Refusal.GONE))),
        # Slack's clock goes before this one, or somebody forged the ts.
        (MISSING, history(file_age_s=-9e9), RetryAfter(1.0, None)),
        (MISSING, history(file_age_s=-9e9, waited_s=NEW_FOR_S), Say(Refused(Refusal.GONE))),
        (UNTYPED, history(file_age_s=TYPED_WITHIN_S - 0.5), RetryAfter(0.5, None)),
        (UNTYPED, history(file_age_s=TYPED_WITHIN_S), Say(Refused(Refusal.NOT_AUDIO))),
        (CLOSED, history(waited_s=1.0), RetryAfter(1.0, None)),
        (CLOSED, history(waited_s=NEW_FOR_S), Say(Refused(Refusal.NOT_HANDED_OUT))),
    ],
)
def test_how_long_a_file_that_slack_does_not_have_is_waited_for(
    error: NotReady, past: History, expected: Decision
) -> None:
    assert decide(error, request_for(), past) == expected


@pytest.mark.parametrize("error", [Rejected(Refusal.NOT_AUDIO), MISSING, Misconfigured(KEY)])
def test_of_what_turns_out_to_be_unwanted_nothing_is_said(error: TranscriptionError) -> None:
    clips = request_for(wanted=frozenset({Claim.VOICE_CLIP}))
    for past in (history(claim=Claim.AUDIO), history(claim=Claim.AUDIO, waited_s=BOUND_S)):
        decision = decide(error, clips, past)
        assert decision in {Ignore(), Park(None)}
    assert decide(error, clips, history(claim=Claim.VOICE_CLIP)) not in {Ignore(), Park(None)}


def test_an_unforeseen_kind_of_error_is_a_mistake_in_the_code() -> None:
    with pytest.raises(AssertionError):
        decide(TranscriptionError(), request_for(), history())


errors = st.one_of(
    st.sampled_from(Refusal).map(Rejected),
    st.sampled_from(Refusal).map(NotReady),
    st.floats(0, 1e6).map(ConsentNeeded),
    st.builds(
        Unavailable,
        st.sampled_from(Outage),
        st.just(""),
        st.none() | st.floats(min_value=0) | st.just(math.nan),
    ),
    st.sampled_from(Misconfiguration).map(Misconfigured),
    st.sampled_from([ValueError(), KeyError("x"), OSError(), ExceptionGroup("x", [ValueError()])]),
)
histories = st.builds(
    History,
    attempt=st.integers(0, 10**6),
    bugs=st.integers(0, 5),
    waited_s=st.floats(-3600, 2 * BOUND_S),
    give_up_after_s=st.floats(1, 604_800),
    jitter=st.floats(0, 1, exclude_max=True),
    claim=st.sampled_from(Claim),
    spoken=st.booleans(),
    file_age_s=st.floats(),
)


@pytest.mark.parametrize(
    ("past", "expected"),
    [
        (history(waited_s=5 * BOUND_S), RetryAfter(1.0, None)),
        (history(waited_s=BOUND_S, attempt=LAST), RetryAfter(8.0, None)),
        (history(waited_s=5 * BOUND_S, attempt=LAST), Ignore(Outcome.UNDELIVERABLE)),
    ],
)
def test_what_follows_a_last_word_that_slack_did_not_take(past: History, expected: Decision) -> None:
    assert decide_unsaid(Unavailable(Outage.SLACK), past) == expected


@given(histories)
def test_backoff_stays_within_its_bounds_and_is_half_jitter(past: History) -> None:
    delay_s = backoff_s(past.attempt, past.jitter)
    assert FIRST_DELAY_S / 2 <= delay_s <= LONGEST_DELAY_S
    ceiling_s = min(LONGEST_DELAY_S, FIRST_DELAY_S * 2 ** min(past.attempt, 30))
    assert ceiling_s / 2 <= delay_s <= ceiling_s


@given(st.integers(0, 100), st.floats(0, 1, exclude_max=True), st.floats(0, 1, exclude_max=True))
def test_more_jitter_is_more_delay(attempt: int, one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert backoff_s(attempt, low) <= backoff_s(attempt, high)


@given(errors, histories, st.booleans())
def test_no_retry_comes_late_or_goes_on_for_ever(error: Exception, past: History, explicit: bool) -> None:  # noqa: FBT001  # drawn
    left_s = past.left_s
    assert left_s == past.give_up_after_s - past.waited_s or (past.attempt < LAST and left_s > 0)
    match decide(error, request_for(explicit=explicit), past):
        case RetryAfter(delay_s):
            assert 0 < delay_s <= left_s
            if isinstance(error, Unavailable):
                assert delay_s >= min(left_s, backoff_s(past.attempt, past.jitter))
                asked_s = error.retry_after_s
                if asked_s is not None and not math.isnan(asked_s):
                    assert delay_s >= min(left_s, asked_s)
        case Park():
            assert isinstance(error, Misconfigured)
            assert left_s > 0
        case AwaitConsent():
            assert isinstance(error, ConsentNeeded)
        case Say() | Ignore():
            assert isinstance(error, Rejected | ConsentNeeded) or left_s <= 0 or past.bugs + 1 >= MOST_BUGS


@given(errors, histories, st.booleans())
def test_who_asked_or_was_spoken_to_is_told_and_others_are_not(
    error: Exception,
    past: History,
    explicit: bool,  # noqa: FBT001  # drawn
) -> None:
    decision = decide(error, request_for(explicit=explicit), past)
    must_speak = explicit or past.spoken
    if must_speak or (past.claim in LOUD and not _hushed(error)):
        assert not isinstance(decision, Ignore)
        assert not (isinstance(decision, Park) and decision.notice is None)
    if past.claim in QUIET and not must_speak:
        assert not isinstance(decision, Say | AwaitConsent)
        assert not (isinstance(decision, RetryAfter | Park) and decision.notice is not None)


def _hushed(error: Exception) -> bool:
    quiet = {Refusal.NO_AUDIO_TRACK, Refusal.OPTED_OUT}
    return isinstance(error, Rejected) and error.reason in quiet


@pytest.mark.parametrize("explicit", [False, True])
@pytest.mark.parametrize("claim", list(Claim))
@pytest.mark.parametrize("reason", [Refusal.NO_AUDIO_TRACK, Refusal.NO_SPEECH, Refusal.NOT_AUDIO])
def test_who_hears_a_refusal(claim: Claim, reason: Refusal, explicit: bool) -> None:  # noqa: FBT001  # a case
    heard = {
        (Claim.VOICE_CLIP, Refusal.NO_AUDIO_TRACK),
        (Claim.VOICE_CLIP, Refusal.NO_SPEECH),
        (Claim.VOICE_CLIP, Refusal.NOT_AUDIO),
        (Claim.AUDIO, Refusal.NO_AUDIO_TRACK),
        (Claim.AUDIO, Refusal.NO_SPEECH),
        (Claim.AUDIO, Refusal.NOT_AUDIO),
        (Claim.VIDEO_CLIP, Refusal.NO_SPEECH),
        (Claim.VIDEO_CLIP, Refusal.NOT_AUDIO),
    }
    expected = Say(Refused(reason)) if explicit or (claim, reason) in heard else Ignore()
    assert decide(Rejected(reason), request_for(explicit=explicit), history(claim=claim)) == expected


@pytest.mark.parametrize("waited_s", [0.0, PATIENCE_S * 2])
def test_an_unclaimed_file_waits_in_silence(waited_s: float) -> None:
    past = history(claim=Claim.UNKNOWN, waited_s=waited_s)
    assert decide(Unavailable(BUSY), request_for(), past) == RetryAfter(1.0, None)
    assert decide(Misconfigured(KEY), request_for(), past) == Park(None)


@pytest.mark.parametrize("claim", list(Claim))
def test_who_opted_out_is_not_spoken_of_unless_somebody_asked(claim: Claim) -> None:
    error, past = Rejected(Refusal.OPTED_OUT), history(claim=claim)
    assert decide(error, request_for(), past) == Ignore()
    assert decide(error, request_for(explicit=True), past) == Say(Refused(Refusal.OPTED_OUT))


@pytest.mark.parametrize(
    ("claim", "wants_video", "asked"),
    [
        (Claim.AUDIO, False, True),
        (Claim.VIDEO_CLIP, False, True),
        (Claim.EITHER, False, False),
        (Claim.EITHER, True, True),
        (Claim.VIDEO, True, True),
    ],
)
def test_whose_cost_is_asked_about(claim: Claim, *, wants_video: bool, asked: bool) -> None:
    request = request_for(wants_video=wants_video)
    expected = AwaitConsent(60.0, 60.0) if asked else Ignore()
    assert decide(ConsentNeeded(60.0), request, history(claim=claim)) == expected


def test_of_subscribers_nobody_is_asked() -> None:
    error, request = ConsentNeeded(60.0), request_for(audience=SUBSCRIBERS)
    assert decide(error, request, history()) == Ignore()
    assert decide(error, request, history(spoken=True)) == Ignore()
