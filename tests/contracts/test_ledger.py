"""What a month has cost, by workspace and channel. Jobs write it: see test_jobs_parts.py."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from bot.model import Outcome, Usage
from tests.contracts.kept import Kept, asked, part
from tests.job.virtual import EPOCH

NOVEMBER = date(2026, 11, 5)


async def use(kept: Kept, seconds: float, *, team_id: str = "T1", channel_id: str = "C1") -> None:
    """A clip, now."""
    message_ts = f"{kept.time.passed_s}"
    job = await kept.claimed(asked(team_id=team_id, channel_id=channel_id, message_ts=message_ts))
    await kept.queue.keep(job, part(0, last=True), billed_s=seconds)
    await kept.queue.finish(job, Outcome.TRANSCRIBED)


async def test_who_has_used_nothing_owes_nothing(kept: Kept) -> None:
    assert await kept.ledger.used("T1", NOVEMBER) == Usage()
    assert await kept.ledger.used_by_channel("T1", NOVEMBER) == {}


async def test_channels_add_up_to_their_workspace(kept: Kept) -> None:
    await use(kept, 60.5)
    await kept.pass_by(1)
    await use(kept, 30.25)
    await use(kept, 7.0, channel_id="C2")
    await use(kept, 900.0, team_id="T2")
    assert await kept.ledger.used("T1", NOVEMBER) == Usage(3, 97.75)
    assert await kept.ledger.used_by_channel("T1", NOVEMBER) == {"C1": Usage(2, 90.75), "C2": Usage(1, 7.0)}
    assert await kept.ledger.used("T2", NOVEMBER) == Usage(1, 900.0)


async def test_every_month_begins_at_nothing(kept: Kept) -> None:
    await use(kept, 60.0)
    midnight = datetime(2026, 12, 1, tzinfo=UTC)
    await kept.pass_by((midnight - EPOCH - timedelta(seconds=1)).total_seconds())
    await use(kept, 5.0)
    await kept.pass_by(1)
    await use(kept, 1.0)
    assert await kept.ledger.used("T1", date(2026, 11, 30)) == Usage(2, 65.0)
    assert await kept.ledger.used("T1", kept.time.now()) == Usage(1, 1.0)
    assert await kept.ledger.used("T1", date(2025, 12, 1)) == Usage(), "nor is it another year's"


@pytest.mark.parametrize("day", [1, 15, 30])
async def test_any_day_stands_for_its_month(kept: Kept, day: int) -> None:
    await use(kept, 60.0)
    assert await kept.ledger.used("T1", date(2026, 11, day)) == Usage(1, 60.0)
    assert await kept.ledger.used_by_channel("T1", date(2026, 11, day)) == {"C1": Usage(1, 60.0)}


async def test_what_forgotten_channels_used_adds_up(kept: Kept) -> None:
    await use(kept, 60.0)
    await use(kept, 7.0, channel_id="C2")
    await kept.preferences.forget_channel("T1", "C1")
    await kept.preferences.forget_channel("T1", "C2")
    assert await kept.ledger.used("T1", NOVEMBER) == Usage(2, 67.0)
    assert await kept.ledger.used_by_channel("T1", NOVEMBER) == {"": Usage(2, 67.0)}
