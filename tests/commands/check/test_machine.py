from __future__ import annotations

import fcntl
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bot.commands.check.advice import machine as advice
from bot.commands.check.findings import Mark
from bot.commands.check.machine import check_database, check_decoder, check_disk, judge_disk
from bot.store import schema
from bot.store.store import open_store

FILE = "threadscribe.db"


@pytest.fixture
async def data_dir(tmp_path: Path) -> Path:
    """With a database of today's version in it, and no bot."""
    async with open_store(tmp_path):
        return tmp_path


def set_version(data_dir: Path, version: int) -> None:
    with closing(sqlite3.connect(data_dir / FILE)) as database:
        database.execute(f"PRAGMA user_version={version}")


def test_a_database_that_is_there_says_its_version(data_dir: Path) -> None:
    found = check_database(data_dir)
    assert (found.mark, found.text) == (Mark.GOOD, advice.database(schema.VERSION))


def test_looking_changes_nothing(data_dir: Path) -> None:
    before = {path.name: path.read_bytes() for path in data_dir.iterdir()}
    check_database(data_dir)
    assert {path.name: path.read_bytes() for path in data_dir.iterdir()} == before


def test_a_folder_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    found = check_database(tmp_path / "a" / "b")
    assert (found.mark, found.text) == (Mark.GOOD, advice.database_to_come(tmp_path / "a" / "b"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("folder", [Path("/proc/nowhere"), Path("/dev/null/data"), Path("/dev/null")])
def test_where_nothing_can_be_written_is_told(folder: Path) -> None:
    found = check_database(folder)
    assert found.mark is Mark.BAD
    assert f"DATA_DIR {folder} (" in found.text


def test_an_older_database_is_upgraded_by_the_bot(data_dir: Path) -> None:
    set_version(data_dir, 1)
    found = check_database(data_dir)
    assert (found.mark, found.text) == (Mark.GOOD, advice.database_older(1, schema.VERSION))


def test_a_newer_database_needs_its_own_version(data_dir: Path) -> None:
    set_version(data_dir, 99)
    found = check_database(data_dir)
    assert found.mark is Mark.BAD
    assert "newer Threadscribe" in found.text


def test_what_is_no_database_is_told(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"not a database " * 1000)
    found = check_database(tmp_path)
    assert found.mark is Mark.BAD
    assert "Restore a backup" in found.text


async def test_a_running_bots_database_is_left_alone(tmp_path: Path) -> None:
    async with open_store(tmp_path):
        found = check_database(tmp_path)
    assert (found.mark, found.text) == (Mark.GOOD, advice.database_in_use(tmp_path, schema.VERSION))


async def test_a_database_that_breaks_under_a_running_bot_is_told(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"not a database " * 1000)
    with (tmp_path / "threadscribe.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        found = check_database(tmp_path)
    assert found.mark is Mark.BAD
    assert "Restore a backup" in found.text


def test_an_empty_database_is_no_older_one(tmp_path: Path) -> None:
    (tmp_path / FILE).touch()
    found = check_database(tmp_path)
    assert (found.mark, found.text) == (Mark.WARNING, advice.database_empty(tmp_path / FILE))
    assert (tmp_path / FILE).stat().st_size == 0


def test_a_lock_that_nobody_holds_is_no_bot(data_dir: Path) -> None:
    check_database(data_dir)
    with (data_dir / "threadscribe.lock").open("w") as lock:
        # A bot could start at once.
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)


@pytest.mark.parametrize(
    ("free_mb", "free_inodes", "mark"),
    [
        (5_000, None, Mark.GOOD),
        (5_000, 1_000, Mark.GOOD),
        (1_000, None, Mark.WARNING),
        (50, None, Mark.BAD),
        (5_000, 0, Mark.BAD),
    ],
)
def test_there_has_to_be_room(free_mb: int, free_inodes: int | None, mark: Mark) -> None:
    assert judge_disk(free_mb, free_inodes, max_file_mb=1_024).mark is mark


def test_the_biggest_recording_has_to_fit(tmp_path: Path) -> None:
    found = check_disk(tmp_path / "data", max_file_mb=10**9)
    assert found.mark is Mark.WARNING
    assert "MAX_FILE_MB is 1000000000" in found.text


def test_a_disk_that_cannot_be_asked_is_told(tmp_path: Path) -> None:
    found = check_disk(tmp_path / ("x" * 300), max_file_mb=1)
    assert found.mark is Mark.BAD
    assert "(File name too long)" in found.text


async def test_sound_is_decoded() -> None:
    found = await check_decoder()
    assert (found.mark, found.text) == (Mark.GOOD, advice.DECODES)


async def test_sound_that_is_not_decoded_is_told(tmp_path: Path) -> None:
    clip = tmp_path / "clip.m4a"
    clip.write_bytes(b"no sound at all")
    found = await check_decoder(clip)
    assert found.mark is Mark.BAD
    assert "(not_audio" in found.text
