"""Files of older versions are brought up to date, and nothing in them is lost."""

from __future__ import annotations

from contextlib import closing
from datetime import date
from pathlib import Path

from bot.model import Outcome, Usage
from bot.ports.store import RequestOutcome
from bot.recording import Part, Recognition, Span
from bot.store.store import open_store
from tests.store.old_files import VERSIONS, add_job, old_file, old_request, request


@VERSIONS
async def test_what_was_under_way_goes_on(tmp_path: Path, version: int) -> None:
    old_file(tmp_path, version).close()
    for _ in range(2):
        async with open_store(tmp_path) as store:
            job = await store.queue.claim()
            assert job is not None
            assert job.request == request("F1")
            assert (job.attempt, job.bugs, job.reply_ts, job.is_confirmed) == (3, 1, "5.5", False)
            assert job.revision == (4 if version > 1 else 0)
            span = Span(0, 2_000)
            heard = Recognition("words", "en", 2.0, complete=True, request_id="r-1")
            assert await store.queue.parts(job) == (
                [Part(span, (span,), last=True, recognition=heard)] if version > 1 else []
            )
            assert await store.queue.claim() is None


@VERSIONS
async def test_keys_are_still_known_without_their_number(tmp_path: Path, version: int) -> None:
    old_file(tmp_path, version).close()
    async with open_store(tmp_path) as store:
        assert await store.requests.accept([request("F1"), request("F2")]) == 0
        assert await store.requests.ask([request("F2")]) == [RequestOutcome.ANSWERED]
        assert await store.requests.ask([request("F2")], retranscribe=True) == [RequestOutcome.ACCEPTED]
        jobs = [await store.queue.claim() for _ in range(2)]
        assert {job.key.file_id: job.reply_ts for job in jobs if job} == {"F1": "5.5", "F2": "6.5"}


@VERSIONS
async def test_deleted_files_are_found_in_old_rows(tmp_path: Path, version: int) -> None:
    old_file(tmp_path, version).close()
    async with open_store(tmp_path) as store:
        assert await store.requests.remove_file("T1", "F2") == 1
        removal = await store.removals.claim_removal()
        assert removal is not None
        assert (removal.keys, removal.thread_ts) == ((request("F2").key,), "1.0")


@VERSIONS
async def test_a_row_whose_key_cannot_be_read_stops_nobody(tmp_path: Path, version: int) -> None:
    with closing(old_file(tmp_path, version)) as database:
        database.execute("UPDATE job SET key = 'no key' WHERE key LIKE '%F2%'")
        database.commit()
    async with open_store(tmp_path) as store:
        job = await store.queue.claim()
        assert job is not None
        assert job.request == request("F1")
        assert await store.requests.accept([request("F1"), request("F2")]) == 1


async def test_every_kind_of_row_of_the_first_release_is_kept(tmp_path: Path) -> None:
    with closing(old_file(tmp_path, 1)) as database:
        for file_id, state in (("F3", "ready"), ("F4", "parked")):
            add_job(database, 1, file_id, state, due_at=4.0, request=old_request(file_id))
        add_job(database, 1, "F5", "ended", ended_at=2_000_000_000.0, outcome="refused")
        database.commit()
    async with open_store(tmp_path) as store:
        assert await store.requests.depth() == {"ready": 2, "running": 0, "parked": 1}
        assert await store.queue.release_parked() == 1
        claimed = {}
        while job := await store.queue.claim():
            claimed[job.key.file_id] = job.request
            await store.queue.finish(await store.queue.write_intent(job), Outcome.TRANSCRIBED)
        assert claimed == {file_id: request(file_id) for file_id in ("F1", "F3", "F4")}
        assert await store.requests.accept([request(f"F{n}") for n in range(1, 6)]) == 0


async def test_what_people_have_decided_is_kept(tmp_path: Path) -> None:
    with closing(old_file(tmp_path, 3)) as database:
        database.execute("""INSERT INTO channel VALUES ('T1', 'C1', '{"language": "de"}', 1)""")
        database.execute("INSERT INTO opted_out VALUES ('T1', 'U1')")
        database.execute("INSERT INTO subscription VALUES ('T1', 'C1', 'U2')")
        database.execute("INSERT INTO usage VALUES ('T1', 'C1', '2026-11', 3, 45.5)")
        database.execute(
            "INSERT INTO removal VALUES (7, 'T1', 'C1', '0.5', '1.0', 'F9', NULL, 2, 1, 3.0)",
        )
        database.commit()
    async with open_store(tmp_path) as store:
        assert (await store.preferences.channel("T1", "C1")).language == "de"
        assert not await store.preferences.greet("T1", "C1")
        assert await store.preferences.is_opted_out("T1", "U1")
        assert list(await store.preferences.subscribers("T1", "C1")) == ["U2"]
        assert await store.ledger.used("T1", date(2026, 11, 5)) == Usage(3, 45.5)
        removal = await store.removals.claim_removal()
        assert removal is not None
        assert (removal.id, removal.file_id, removal.attempt) == (7, "F9", 2)
