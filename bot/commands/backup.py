"""``python -m bot backup``: a sound copy of the database, made beside a running bot."""

from __future__ import annotations

import argparse
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

from bot.commands import exits
from bot.settings.load import SettingsError, load_store
from bot.store.backup import CopyFailed, copy_database
from bot.store.data_dir import DataDirUnusable, find_database
from bot.store.schema import metadata


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument(
        "target", type=Path, metavar="FILE", help="where the copy goes; it must not exist yet"
    )


def run(arguments: argparse.Namespace) -> int:
    """Copy the database; returns the exit code (2: an argument or a setting is wrong)."""
    target: Path = arguments.target
    try:
        source = find_database(load_store().data_dir)
        if target.exists() or target.is_symlink():
            return exits.fail(f"{target} exists already: name a new file", exits.USAGE)
        if not target.parent.is_dir():
            return exits.fail(f"there is no folder {target.parent}", exits.USAGE)
    except (SettingsError, DataDirUnusable) as error:
        return exits.fail(str(error), exits.USAGE)
    except OSError as error:
        return exits.fail(f"{target} cannot be written: {error.strerror}", exits.USAGE)
    try:
        copy_database(source, target)
    except CopyFailed as error:
        return exits.fail(str(error), exits.FAILED)
    sys.stdout.write(f"{target}: {_size(target)}; rows: {_rows(target)}\n")
    return 0


def _size(path: Path) -> str:
    return f"{path.stat().st_size / 2**20:.1f} MB"


def _rows(path: Path) -> str:
    """The number of rows in each table, but for empty ones."""
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as database:
        found = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        counts = {
            name: database.execute(f"SELECT count(*) FROM {name}").fetchone()[0]  # noqa: S608  # our own tables
            for name in metadata.tables
            if name in found
        }
    return ", ".join(f"{name} {number}" for name, number in counts.items() if number) or "none"
