"""What holds for removals in SQLite beyond the contract of any (tests/contracts)."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import update

from bot.store import schema
from bot.store.store import open_store
from tests.job.fakes import request_for


async def test_a_removal_that_nobody_ended_is_due_again(tmp_path: Path) -> None:
    key = request_for().key
    async with open_store(tmp_path) as store:
        await store.requests.accept([request_for()])
        await store.requests.remove_reply(key, thread_ts="0.5")
        first = await store.removals.claim_removal()
        assert await store.removals.claim_removal() is None
    async with open_store(tmp_path) as store:
        again = await store.removals.claim_removal()
        assert again is not None
        assert again == first
        await store.removals.removed(again)
    async with open_store(tmp_path) as store:
        assert await store.removals.claim_removal() is None
        assert await store.queue.claim() is None


async def test_a_job_of_an_older_version_names_no_thread(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        await store.requests.accept([request_for()])
        await store.database.changed(update(schema.job).values(thread_ts=None))
        assert await store.requests.remove_file("T1", "F1") == 1
        removal = await store.removals.claim_removal()
        assert removal is not None
        assert removal.thread_ts == removal.message_ts
