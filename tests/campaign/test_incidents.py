from __future__ import annotations

import asyncio
import random
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from campaign.clock import SystemClock
from campaign.disk import Disk
from campaign.incidents import INCIDENTS, plan


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    (tmp_path / "tmp").mkdir()
    with closing(sqlite3.connect(tmp_path / "threadscribe.db")) as database:
        database.execute("CREATE TABLE job (message_ts TEXT, state TEXT)")
        database.execute("INSERT INTO job VALUES ('1.0', 'ready')")
        database.commit()
    return Disk(tmp_path, is_own=False)


def test_a_seed_decides_what_happens_when() -> None:
    assert plan(INCIDENTS, 240, random.Random(1)) == plan(INCIDENTS, 240, random.Random(1))
    assert plan(INCIDENTS, 240, random.Random(1)) != plan(INCIDENTS, 240, random.Random(2))


def test_each_incident_happens_as_often_as_it_is_to() -> None:
    planned = plan(["kill", "freeze"], 240, random.Random(1))
    assert sorted(name for _, name in planned) == ["freeze", *["kill"] * 6]
    assert all(3 <= at_s <= 240 for at_s, _ in planned)


async def test_a_locked_database_takes_nothing(disk: Disk, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "threadscribe.db", timeout=0)) as database:
        async with disk.locked():
            with pytest.raises(sqlite3.OperationalError, match="locked"):
                database.execute("DELETE FROM job")
        database.execute("DELETE FROM job")


async def test_a_database_in_use_is_locked_as_soon_as_it_is_free(disk: Disk, tmp_path: Path) -> None:
    async def lock() -> None:
        async with disk.locked():
            pass

    with closing(sqlite3.connect(tmp_path / "threadscribe.db")) as database:
        database.execute("DELETE FROM job")
        locking = asyncio.create_task(lock())
        await asyncio.sleep(0.2)
        assert not locking.done()
        database.rollback()
        await locking


def test_jobs_that_wait_are_told_from_those_that_have_ended(disk: Disk, tmp_path: Path) -> None:
    assert disk.jobs() == {"1.0": "ready"}
    assert not disk.is_idle()
    with closing(sqlite3.connect(tmp_path / "threadscribe.db")) as database:
        database.execute("UPDATE job SET state = 'ended'")
        database.commit()
    assert disk.is_idle()


async def test_the_folder_for_temporary_audio_can_be_written_again(disk: Disk, tmp_path: Path) -> None:
    async with disk.unwritable_tmp():
        assert (tmp_path / "tmp").stat().st_mode & 0o777 == 0o500
    (tmp_path / "tmp" / "left").touch()
    assert disk.left_in_tmp() == ["left"]


def test_the_clock_is_set_in_the_words_of_the_library(tmp_path: Path) -> None:
    clock = SystemClock(tmp_path / "clock", Path("/usr/lib/libfaketime.so"))
    said = [(tmp_path / "clock").read_text()]
    for ahead_s in (3_600, -3_600):
        clock.set(ahead_s)
        said.append((tmp_path / "clock").read_text())
    assert said == ["+0\n", "+3600\n", "-3600\n"]
    assert clock.can_be_set
    assert not SystemClock(tmp_path / "clock", None).can_be_set
