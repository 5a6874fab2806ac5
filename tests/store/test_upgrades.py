"""How a file of an older version is upgraded: as a whole or not at all, with a copy of it beside."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from bot.store import schema
from bot.store.data_dir import DataDirUnusable
from bot.store.migrations import build_config
from bot.store.store import open_store
from tests.store.old_files import VERSIONS, old_file, request
from tests.store.opening import ROOT

pytestmark = pytest.mark.slow

COPY = f"threadscribe.db.before-{schema.HEAD}"


def test_the_tables_are_the_newest_revision() -> None:
    revisions = list(ScriptDirectory.from_config(build_config()).walk_revisions())
    assert revisions[0].revision == schema.HEAD
    assert [revision.revision for revision in reversed(revisions)] == [
        schema.revision_of(version) for version in range(1, schema.VERSION + 1)
    ]


@VERSIONS
async def test_an_old_file_becomes_what_a_new_one_is(tmp_path: Path, version: int) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    old.mkdir()
    old_file(old, version).close()
    for data_dir in (old, new):
        async with open_store(data_dir):
            pass
    assert dict(_shape(old)) == dict(_shape(new))


@VERSIONS
async def test_alembic_finds_nothing_left_to_change(tmp_path: Path, version: int) -> None:
    old_file(tmp_path, version).close()
    async with open_store(tmp_path):
        pass
    engine = create_engine(f"sqlite:///{tmp_path / 'threadscribe.db'}")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert context.get_current_revision() == schema.HEAD
        assert compare_metadata(context, schema.metadata) == []
    engine.dispose()


async def test_few_starts_import_alembic(tmp_path: Path) -> None:
    program = (
        "import asyncio, sys, pathlib\n"
        "from bot.store.store import open_store\n"
        "async def main():\n"
        "    for _ in range(2):\n"
        "        async with open_store(pathlib.Path(sys.argv[1])):\n"
        "            pass\n"
        "asyncio.run(main())\n"
        "sys.exit('alembic' in sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", program, tmp_path], cwd=ROOT, check=True)  # noqa: ASYNC221  # nothing else runs
    assert _names(tmp_path) == {"threadscribe.db", "threadscribe.lock"}


@VERSIONS
async def test_an_upgrade_that_fails_leaves_the_file_as_it_was(tmp_path: Path, version: int) -> None:
    with closing(old_file(tmp_path, version)) as database:
        # The last revision stumbles over it, when everything else is done.
        database.execute("CREATE TABLE waiting_event (id INTEGER)")
        before = list(database.iterdump())
    with pytest.raises(DataDirUnusable, match="cannot be used: table waiting_event already exists"):
        async with open_store(tmp_path):
            pass
    with closing(sqlite3.connect(tmp_path / "threadscribe.db")) as database:
        assert list(database.iterdump()) == before
        assert database.execute("PRAGMA user_version").fetchone() == (version,)
        database.execute("DROP TABLE waiting_event")
    async with open_store(tmp_path) as store:
        assert await store.requests.accept([request("F1"), request("F2")]) == 0


@VERSIONS
async def test_a_copy_of_the_old_file_stays_beside_it(tmp_path: Path, version: int) -> None:
    with closing(old_file(tmp_path, version)) as database:
        before = list(database.iterdump())
    async with open_store(tmp_path):
        pass
    with closing(sqlite3.connect(tmp_path / COPY)) as copy:
        assert list(copy.iterdump()) == before
        assert copy.execute("PRAGMA user_version").fetchone() == (version,)
    assert (tmp_path / COPY).stat().st_mode & 0o777 == 0o600
    assert _names(tmp_path) == {"threadscribe.db", "threadscribe.lock", COPY}


async def test_the_copy_goes_after_a_day_because_it_holds_words(tmp_path: Path) -> None:
    old_file(tmp_path, 2).close()
    now = datetime.now(UTC)
    async with open_store(tmp_path) as store:
        for age, stays in ((timedelta(hours=23), True), (timedelta(hours=25), False)):
            made_at = (now - age).timestamp()
            os.utime(tmp_path / COPY, (made_at, made_at))
            await store.queue.sweep()
            assert (tmp_path / COPY).exists() == stays


async def test_so_does_what_a_crash_left_of_one(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        unfinished = tmp_path / f".{COPY}.abcdefgh"
        unfinished.write_text("said in confidence")
        made_at = (datetime.now(UTC) - timedelta(hours=25)).timestamp()
        os.utime(unfinished, (made_at, made_at))
        await store.queue.sweep()
        assert not unfinished.exists()


async def test_without_room_for_the_copy_nothing_is_changed(tmp_path: Path) -> None:
    old_file(tmp_path, 3).close()
    (tmp_path / COPY).mkdir()
    with pytest.raises(
        DataDirUnusable, match=r"cannot be upgraded: .*before-\d+ cannot be written"
    ) as refusal:
        async with open_store(tmp_path):
            pass
    assert "\n" not in str(refusal.value)
    with closing(sqlite3.connect(tmp_path / "threadscribe.db")) as database:
        assert database.execute("PRAGMA user_version").fetchone() == (3,)
    assert _names(tmp_path) == {"threadscribe.db", "threadscribe.lock", COPY}


@pytest.mark.parametrize("stamp", ["9999", "ae1027a6acf"])
async def test_a_revision_that_is_not_known_was_written_by_a_newer_one(tmp_path: Path, stamp: str) -> None:
    async with open_store(tmp_path):
        pass
    with closing(sqlite3.connect(tmp_path / "threadscribe.db")) as database:
        database.execute("UPDATE alembic_version SET version_num = ?", (stamp,))
        database.commit()
    with pytest.raises(DataDirUnusable, match="was written by a newer Threadscribe"):
        async with open_store(tmp_path):
            pass


async def test_an_empty_file_is_a_new_one(tmp_path: Path) -> None:
    (tmp_path / "threadscribe.db").touch()
    async with open_store(tmp_path) as store:
        assert await store.requests.accept([request("F1")]) == 1


def _names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def _shape(data_dir: Path) -> Iterator[tuple[str, object]]:
    """A database's version, and its tables' columns and indexes."""
    with closing(sqlite3.connect(data_dir / "threadscribe.db")) as database:
        yield "version", database.execute("PRAGMA user_version").fetchone()
        for (table,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            columns = database.execute(f"PRAGMA table_info({table})").fetchall()
            yield table, {(name, kind, required, key) for _, name, kind, required, _, key in columns}
        indexes = database.execute("SELECT name, tbl_name FROM sqlite_master WHERE type = 'index'").fetchall()
        for name, table in indexes:
            columns = database.execute(f"PRAGMA index_info('{name}')").fetchall()
            yield f"{table} {name}", [column for _, _, column in columns]
