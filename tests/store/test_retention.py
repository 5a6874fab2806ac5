"""How long ids and months are kept, and that a store which holds many of them stays quick."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from annotated_types import Ge
from sqlalchemy import event, insert

from bot.model import Outcome, Usage
from bot.settings.settings import Settings
from bot.store import schema
from bot.store.requests import KEYS_KEPT_AT_LEAST
from bot.store.store import Store, open_store
from tests.job.fakes import request_for, shared_file
from tests.job.virtual import EPOCH, VirtualTime

QUARTER = timedelta(days=90)


def test_no_operator_keeps_keys_for_less_than_is_relied_on() -> None:
    assert Ge(KEYS_KEPT_AT_LEAST.days) in Settings.model_fields["retention_days"].metadata


async def test_a_recording_that_is_deleted_months_later_takes_its_copies_along(tmp_path: Path) -> None:
    time = VirtualTime()
    async with open_store(tmp_path, time.now, retention=QUARTER) as store:
        for audience in ("thread", "U7"):
            request = request_for()
            await store.requests.accept([replace(request, key=replace(request.key, audience=audience))])
            job = await store.queue.claim()
            assert job is not None
            await store.queue.finish(job, Outcome.TRANSCRIBED)
        time.passed_s += QUARTER.total_seconds() - 1
        assert await store.queue.sweep() == 0
        assert await store.requests.remove_file("T1", "F1") == 1
        removal = await store.removals.claim_removal()
        assert removal is not None
        assert {key.audience for key in removal.keys} == {"thread", "U7"}
        time.passed_s += QUARTER.total_seconds() + 2
        assert await store.queue.sweep() == 2
        assert await store.requests.remove_file("T1", "F1") == 0


@pytest.mark.parametrize(
    ("days", "kept"),
    [
        (8, {"2026-10", "2026-11"}),  # on the 8th day the month before still counts in part
        (29, {"2026-10", "2026-11"}),
        (31, {"2026-10", "2026-11"}),
        (90, {"2026-08", "2026-09", "2026-10", "2026-11"}),
    ],
)
async def test_months_go_when_all_of_them_is_old(tmp_path: Path, days: int, kept: set[str]) -> None:
    async with open_store(tmp_path, lambda: EPOCH, retention=timedelta(days=days)) as store:
        assert EPOCH.date() == date(2026, 11, 1)
        months = [f"2026-{number:02}" for number in range(1, 12)]
        for month in months:
            row = {"team_id": "T1", "channel_id": "C1", "month": month, "clips": 1, "seconds": 2.0}
            await store.database.changed(insert(schema.usage).values(**row))
        await store.queue.sweep()
        assert {month for month in months if await _used(store, month) == Usage(1, 2.0)} == kept


async def _used(store: Store, month: str) -> Usage:
    return await store.ledger.used("T1", datetime.strptime(f"{month}-15", "%Y-%m-%d").replace(tzinfo=UTC))


async def test_the_month_that_runs_never_goes(tmp_path: Path) -> None:
    last_day = datetime(2026, 11, 30, 23, 59, tzinfo=UTC)
    async with open_store(tmp_path, lambda: last_day) as store:
        row = {"team_id": "T1", "channel_id": "C1", "month": "2026-11", "clips": 1, "seconds": 2.0}
        await store.database.changed(insert(schema.usage).values(**row))
        await store.queue.sweep()
        assert await store.ledger.used("T1", last_day) == Usage(1, 2.0)


async def test_nothing_regular_reads_all_the_rows_of_a_quarter(tmp_path: Path) -> None:
    """90 days with 1,000 recordings each: whatever runs again and again has to find its rows by an index.

    The bot never has SQLite count what is in its tables, so its plans do not depend on that.
    """
    statements: list[tuple[str, Any]] = []
    time = VirtualTime()
    async with open_store(tmp_path, time.now, retention=QUARTER) as store:

        @event.listens_for(store.database._engine.sync_engine, "before_cursor_execute")
        def note(_connection: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
            statements.append((statement, values))

        await store.requests.accept([request_for(shared_file("F1"))])
        job = await store.queue.claim()
        assert job is not None
        job = await store.queue.record_reply(await store.queue.write_intent(job), "5.5", None)
        await store.queue.wait_for_earlier_files(job, 1.0)
        await store.queue.finish(job, Outcome.TRANSCRIBED, copies=["U7"])
        await store.queue.sweep()
        await store.requests.depth()
        await store.requests.oldest_s()
        await store.queue.release_parked(accepted_before=time.now())
        await store.queue.resume()
        await store.requests.ask([request_for(shared_file("F1"))])
        await store.requests.remove_file("T1", "F1")
        await store.removals.claim_removal()
        await store.queue.claim()
    with closing(sqlite3.connect(tmp_path / "threadscribe.db")) as database:
        plans = {
            statement: database.execute(f"EXPLAIN QUERY PLAN {statement}", values).fetchall()
            for statement, values in statements
            if "job" in statement
        }
    assert len(plans) > 15
    scans = [(s, step) for s, plan in plans.items() for *_, step in plan if step.startswith("SCAN job")]
    assert scans == []
