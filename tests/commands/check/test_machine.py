from __future__ import annotations

import errno
import fcntl
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from bot.audio.confinement import Confinement
from bot.audio.media import Media
from bot.commands.check.advice import machine as advice
from bot.commands.check.findings import Mark
from bot.commands.check.machine import (
    check_database,
    check_decoder,
    check_disk,
    judge_confinement,
    judge_disk,
)
from bot.store import schema
from bot.store.store import open_store
from tests.audio.lacking import python_without_confinement

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
    confinement = await Media().confinement()
    found = await check_decoder()
    assert found == judge_confinement(confinement)
    assert found.text.startswith("a child process decodes sound")


def test_a_confined_decoder_says_by_what() -> None:
    found = judge_confinement(Confinement(landlock=4, seccomp=True))
    assert (found.mark, found.text) == (Mark.GOOD, advice.decodes(4))


@pytest.mark.parametrize(
    ("confinement", "told", "untold"),
    [
        (Confinement(landlock=0, seccomp=True), ["read what the bot can", "lsm="], "network"),
        (Confinement(landlock=1, seccomp=False), ["network and other processes", "x86-64"], "lsm="),
        (Confinement(landlock=0, seccomp=False), ["Landlock is missing", "seccomp is missing"], "✗"),
    ],
)
def test_what_does_not_confine_the_decoder_is_told(
    confinement: Confinement, told: list[str], untold: str
) -> None:
    found = judge_confinement(confinement)
    assert found.mark is Mark.WARNING
    assert all(text in found.text for text in told)
    assert untold not in found.text


async def test_a_machine_that_lacks_both_decodes_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", python_without_confinement(tmp_path, errno.ENOSYS))
    found = await check_decoder()
    assert found == judge_confinement(Confinement(landlock=0, seccomp=False))


async def test_sound_that_is_not_decoded_is_told(tmp_path: Path) -> None:
    clip = tmp_path / "clip.m4a"
    clip.write_bytes(b"no sound at all")
    found = await check_decoder(clip)
    assert found.mark is Mark.BAD
    assert "(not_audio" in found.text
