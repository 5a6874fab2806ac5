from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import ConsentNeeded, Refusal, Rejected
from bot.job.budget import FEWEST_BYTES_PER_S, WARN_FROM, Budget, month_to_tell
from bot.model import Job
from tests.job.fakes import request_for
from tests.job.memory_ledger import MemoryLedger
from tests.job.virtual import EPOCH

HALF_AN_HOUR_S = 1_800.0


def a_budget(
    ledger: MemoryLedger | None = None,
    *,
    monthly_minutes: int | None = None,
    confirm_above_minutes: int | None = None,
    now: datetime = EPOCH,
) -> Budget:
    return Budget(
        ledger or MemoryLedger(),
        price_per_second=0.000035,
        monthly_minutes=monthly_minutes,
        confirm_above_minutes=confirm_above_minutes,
        now=lambda: now,
    )


def a_job(*, revision: int = 0, is_confirmed: bool = False) -> Job:
    return Job(request_for(), EPOCH, 0, None, None, None, revision=revision, is_confirmed=is_confirmed)


def used(seconds: float, *, team_id: str = "T1", at: datetime = EPOCH) -> MemoryLedger:
    ledger = MemoryLedger()
    ledger.add(team_id, "C1", at, seconds=seconds / 2)
    ledger.add(team_id, "C2", at, seconds=seconds / 2)
    return ledger


def test_the_cost_is_the_length_at_its_price() -> None:
    assert a_budget().cost(HALF_AN_HOUR_S + 120) == pytest.approx(0.0672)


@pytest.mark.parametrize(
    ("seconds", "monthly_minutes", "share"),
    [
        (0, 100, 0.0),
        (4_740, 100, 0.79),
        (4_800, 100, 0.8),
        (6_000, 100, 1.0),
        (9_000, 100, 1.5),
        (9e9, None, 0),
    ],
)
async def test_the_share_is_that_of_all_channels_together(
    seconds: float, monthly_minutes: int | None, share: float
) -> None:
    budget = a_budget(used(seconds), monthly_minutes=monthly_minutes)
    assert await budget.share_used("T1") == pytest.approx(share)


async def test_nobody_pays_for_another_workspace_or_month() -> None:
    assert await a_budget(used(6_000, team_id="T2"), monthly_minutes=100).share_used("T1") == 0
    october = datetime(2026, 10, 31, 23, 59, tzinfo=UTC)
    assert await a_budget(used(6_000, at=october), monthly_minutes=100).share_used("T1") == 0
    assert await a_budget(used(6_000, at=october), monthly_minutes=100, now=october).share_used("T1") == 1


@pytest.mark.parametrize(
    ("share_used", "told"),
    [(0.0, None), (0.799, None), (WARN_FROM, WARN_FROM), (0.95, 0.95), (1.0, 1.0), (1.7, 1.0)],
)
def test_a_reply_tells_the_month_from_four_fifths_on(share_used: float, told: float | None) -> None:
    assert month_to_tell(share_used) == told


@pytest.mark.parametrize("share_used", [1.0, 1.5])
@pytest.mark.parametrize("duration_s", [None, 2.0, HALF_AN_HOUR_S * 9])
def test_a_month_that_is_used_up_refuses_and_does_not_ask(
    share_used: float, duration_s: float | None
) -> None:
    budget = a_budget(monthly_minutes=100, confirm_above_minutes=30)
    with pytest.raises(Rejected) as refusal:
        budget.check(a_job(is_confirmed=True), share_used, duration_s)
    assert (refusal.value.reason, refusal.value.limit) == (Refusal.MONTH_USED_UP, 100)


@pytest.mark.parametrize("share_used", [0.0, 0.999])
def test_what_is_left_of_the_month_is_spent(share_used: float) -> None:
    a_budget(monthly_minutes=100).check(a_job(), share_used, 9_000.0)


@pytest.mark.parametrize("job", [a_job(), a_job(revision=1)], ids=["new", "anew, and nobody has agreed"])
def test_a_longer_recording_asks_first(job: Job) -> None:
    with pytest.raises(ConsentNeeded) as question:
        a_budget(confirm_above_minutes=30).check(job, 0.0, HALF_AN_HOUR_S + 0.1)
    assert question.value.duration_s == HALF_AN_HOUR_S + 0.1


def test_what_is_heard_twice_asks_first_for_what_it_costs() -> None:
    with pytest.raises(ConsentNeeded) as question:
        a_budget(confirm_above_minutes=30).check(a_job(), 0.0, 1_000.0, HALF_AN_HOUR_S + 0.1)
    assert (question.value.duration_s, question.value.heard_s) == (1_000.0, HALF_AN_HOUR_S + 0.1)


@pytest.mark.parametrize(
    ("confirm_above_minutes", "job", "duration_s"),
    [
        (30, a_job(), HALF_AN_HOUR_S),
        (30, a_job(), None),
        (30, a_job(is_confirmed=True), 90_000.0),
        (None, a_job(), 90_000.0),
    ],
    ids=["short enough", "nobody knows", "agreed", "no such limit"],
)
def test_others_do_not(confirm_above_minutes: int | None, job: Job, duration_s: float | None) -> None:
    budget = a_budget(confirm_above_minutes=confirm_above_minutes)
    budget.check(job, 0.0, duration_s)


@pytest.mark.parametrize(
    ("confirm_above_minutes", "job", "size_bytes", "may_ask"),
    [
        (30, a_job(), 540_001, True),
        (30, a_job(), 540_000, False),
        (30, a_job(is_confirmed=True), 10**12, False),
        (30, a_job(revision=1), 10**12, True),
        (None, a_job(), 10**12, False),
    ],
)
def test_only_a_file_that_may_be_long_is_worth_a_look(
    confirm_above_minutes: int | None, job: Job, size_bytes: int, *, may_ask: bool
) -> None:
    budget = a_budget(confirm_above_minutes=confirm_above_minutes)
    assert budget.needs_length(job, 0.0, size_bytes) is may_ask


@pytest.mark.parametrize(("size_bytes", "is_needed"), [(450_001, True), (450_000, False)])
def test_what_may_be_longer_than_the_rest_of_the_month_is_measured_too(
    size_bytes: int, *, is_needed: bool
) -> None:
    budget = a_budget(monthly_minutes=100, confirm_above_minutes=30)
    assert budget.needs_length(a_job(), 0.75, size_bytes) is is_needed
    assert budget.needs_length(a_job(is_confirmed=True), 0.75, size_bytes) is is_needed


@given(st.floats(0, 10**6), st.integers(1, 10**4), st.booleans(), st.integers(0, 1))
def test_whatever_asks_was_worth_a_look(
    duration_s: float,
    minutes: int,
    is_confirmed: bool,  # noqa: FBT001  # drawn
    revision: int,
) -> None:
    budget, job = (
        a_budget(confirm_above_minutes=minutes),
        a_job(revision=revision, is_confirmed=is_confirmed),
    )
    try:
        budget.check(job, 0.0, duration_s)
    except ConsentNeeded:
        assert budget.needs_length(job, 0.0, int(duration_s * FEWEST_BYTES_PER_S) + 1)
