"""The command that copies the database beside a running bot."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bot.__main__ import main
from bot.model import Outcome
from bot.store.store import open_store
from tests.job.fakes import request_for
from tests.store.opening import closed_to_us


@pytest.fixture
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    return tmp_path / "data"


async def test_a_backup_is_made_beside_the_bot_and_says_what_is_in_it(
    data_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with open_store(data_dir) as store:
        await store.requests.accept([request_for()])
        await store.preferences.opt_out("T1", "U1", out=True)
        assert await asyncio.to_thread(main, ["backup", "copy.db"]) == 0
        out, err = capsys.readouterr()
        assert (out, err) == ("copy.db: 0.1 MB; rows: job 1, opted_out 1\n", "")
        assert await store.requests.accept([request_for()]) == 0, "the bot goes on"


async def test_what_is_restored_is_what_was_kept(data_dir: Path) -> None:
    async with open_store(data_dir) as store:
        await store.preferences.opt_out("T1", "U1", out=True)
        await store.requests.accept([request_for()])
        job = await store.queue.claim()
        assert job is not None
        await store.queue.finish(job, Outcome.TRANSCRIBED)
        assert await asyncio.to_thread(main, ["backup", str(data_dir / "copy.db")]) == 0
        await store.preferences.opt_out("T1", "U1", out=False)
    (data_dir / "copy.db").replace(data_dir / "threadscribe.db")
    async with open_store(data_dir) as store:
        assert await store.preferences.is_opted_out("T1", "U1")
        assert await store.requests.accept([request_for()]) == 0, (
            "an answered recording is not answered again"
        )


def test_without_a_database_there_is_nothing_to_copy(
    data_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["backup", "copy.db"]) == 2
    assert capsys.readouterr().err == f"threadscribe: there is no database in DATA_DIR {data_dir}\n"
    assert not data_dir.exists()


@pytest.fixture
def database(data_dir: Path) -> Path:
    data_dir.mkdir()
    path = data_dir / "threadscribe.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE job (id INTEGER)")
    return path


@pytest.mark.parametrize("target", ["there.db", "data/threadscribe.db", "link.db", "."])
def test_nothing_is_overwritten(database: Path, target: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("there.db").write_text("precious")
    Path("link.db").symlink_to("nowhere.db")
    before = database.read_bytes()
    assert main(["backup", target]) == 2
    assert capsys.readouterr().err == f"threadscribe: {target} exists already: name a new file\n"
    assert Path("there.db").read_text() == "precious"
    assert database.read_bytes() == before
    assert not Path("nowhere.db").exists()


@pytest.mark.usefixtures("database")
def test_a_folder_that_is_missing_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["backup", "missing/copy.db"]) == 2
    assert capsys.readouterr().err == "threadscribe: there is no folder missing\n"


def test_an_empty_database_is_not_copied(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    database.write_bytes(b"")
    assert main(["backup", "copy.db"]) == 1
    assert capsys.readouterr().err == f"threadscribe: {database} is empty: there is nothing to copy\n"
    assert not Path("copy.db").exists()


def test_somebody_elses_database_is_one_line(
    database: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir("/")
    with closed_to_us(database):
        assert main(["backup", "copy.db"]) == 2
    assert capsys.readouterr().err == (
        f"threadscribe: {database} cannot be read: Permission denied; "
        "run this as the user that the bot runs as\n"
    )


@pytest.mark.usefixtures("database")
def test_a_target_that_cannot_be_looked_at_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    target = "x" * 300
    assert main(["backup", target]) == 2
    assert capsys.readouterr().err == f"threadscribe: {target} cannot be written: File name too long\n"


def test_a_file_that_is_no_database_is_not_copied(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    database.write_text("I am no database. " * 400)
    assert main(["backup", "copy.db"]) == 1
    assert capsys.readouterr().err.endswith("cannot be copied: file is not a database\n")
    assert not Path("copy.db").exists()


@pytest.mark.usefixtures("database")
def test_neither_tokens_nor_other_settings_are_needed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RETENTION_DAYS", "for ever")
    assert main(["backup", "copy.db"]) == 0
    assert capsys.readouterr().out == "copy.db: 0.0 MB; rows: none\n"
