"""The guide's restore, done by a shell as in the container: it may lose nothing, whatever it is given."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
import yaml

from bot.store.backup import copy_database
from bot.store.store import open_store
from tests.dockerfile import ROOT, environment, stages

pytestmark = pytest.mark.slow

GUIDE = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
(COMMAND,) = re.findall(
    r"^(docker run .*--interactive.*) -euc '\n(.*?)' < threadscribe-", GUIDE, re.MULTILINE | re.DOTALL
)
"""How the container is started, and what its shell does."""


def test_it_works_on_the_volume_and_with_the_image_of_compose() -> None:
    composed = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
    (service,), (volume,) = composed["services"].values(), composed["volumes"].values()
    place = environment(stages()[-1])["DATA_DIR"]
    options, _ = COMMAND
    assert f"--volume {volume['name']}:{place} " in options
    assert options.endswith(f" --entrypoint sh {service['image']}")


def restore(data: Path, backup: bytes) -> subprocess.CompletedProcess[bytes]:
    """Do the guide's restore as its container would."""
    _, script = COMMAND
    assert "/data" in script
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return subprocess.run(
        ["/bin/sh", "-euc", script.replace("/data", str(data))],
        input=backup,
        cwd=ROOT,
        env={"PATH": path},
        capture_output=True,
        timeout=30,
        check=False,
    )


def content(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as database:
        return [word for (word,) in database.execute("SELECT word FROM said")]


async def write(data: Path, word: str) -> Path:
    """A bot's database that holds a word besides; its log lies beside it, as after a crash."""
    origin, path = data / "origin", data / "threadscribe.db"
    async with open_store(origin):
        with closing(sqlite3.connect(origin / path.name)) as database:
            database.execute("CREATE TABLE said (word)")
            database.execute("INSERT INTO said VALUES (?)", [word])
            database.commit()
            for end in ("", "-wal"):
                shutil.copy(origin / f"{path.name}{end}", data)
    shutil.rmtree(origin)
    return path


@pytest.mark.parametrize("is_new", [False, True])
async def test_restoring_puts_the_backup_in_place_and_moves_the_rest_aside(
    tmp_path: Path, *, is_new: bool
) -> None:
    data, backup = tmp_path / "data", tmp_path / "backup.db"
    copy_database(await write(tmp_path, "yesterday"), backup)
    data.mkdir()
    if not is_new:
        await write(data, "today")
    ended = restore(data, backup.read_bytes())
    assert ended.returncode == 0, ended.stderr
    (aside,) = data.glob("replaced-*")
    assert {path.name for path in data.iterdir()} == {"threadscribe.db", aside.name}
    assert content(data / "threadscribe.db") == ["yesterday"]
    assert (data / "threadscribe.db").stat().st_mode & 0o777 == 0o600
    assert is_new or content(aside / "threadscribe.db") == ["today"]


@pytest.mark.parametrize("backup", [b"", b"no database"])
async def test_restoring_what_is_no_backup_leaves_what_is_there(tmp_path: Path, backup: bytes) -> None:
    await write(tmp_path, "today")
    assert restore(tmp_path, backup).returncode > 0
    assert content(tmp_path / "threadscribe.db") == ["today"]
