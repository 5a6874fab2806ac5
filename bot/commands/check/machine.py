"""Checks this machine: a database that can be written, room on the disk, and a decoder that works."""

from __future__ import annotations

import asyncio
import fcntl
import os
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

from bot.audio.child_exit import ChildError
from bot.audio.confinement import Confinement
from bot.audio.media import Media
from bot.commands.check.advice import common
from bot.commands.check.advice import machine as advice
from bot.commands.check.findings import Finding, bad, good, warning
from bot.commands.playground import CLIP
from bot.errors import TranscriptionError
from bot.scratch import scratch_folder
from bot.store import schema
from bot.store.data_dir import FILE_NAME, LOCK_NAME

_DATABASE, _DISK, _DECODER = "Database", "Disk", "Decoder"
_DECODER_TIMEOUT_S = 30.0
_MB = 1024 * 1024
_LEAST_FREE_MB = 100
"""The database, its log and some voice clips."""


def check_database(data_dir: Path) -> Finding:
    """Check that the database can be read and written; it is neither made nor changed."""
    try:
        folder = _nearest_folder(data_dir)
        _write_in(folder)
        is_in_use = _is_locked(data_dir)
        if not (data_dir / FILE_NAME).exists():
            return good(_DATABASE, advice.database_to_come(data_dir))
    except OSError as error:
        return bad(_DATABASE, advice.folder_trouble(data_dir, _word(error)))
    return _check_file(data_dir / FILE_NAME, is_in_use=is_in_use)


def check_disk(data_dir: Path, max_file_mb: int) -> Finding:
    """Check that the data directory's disk has room."""
    try:
        found = os.statvfs(_nearest_folder(data_dir))
    except OSError as error:
        return bad(_DISK, advice.folder_trouble(data_dir, _word(error)))
    # Some file systems count no inodes.
    return judge_disk(
        found.f_bavail * found.f_frsize // _MB, found.f_favail if found.f_files else None, max_file_mb
    )


def judge_disk(free_mb: int, free_inodes: int | None, max_file_mb: int) -> Finding:
    """Check that there is room for the biggest recording that is taken, beside what is always needed."""
    if free_inodes == 0:
        return bad(_DISK, advice.NO_FILES_LEFT)
    if free_mb < _LEAST_FREE_MB:
        return bad(_DISK, advice.disk_full(free_mb))
    needed_mb = max_file_mb + _LEAST_FREE_MB
    if free_mb < needed_mb:
        return warning(_DISK, advice.disk_tight(free_mb, needed_mb, max_file_mb))
    return good(_DISK, advice.disk(free_mb))


async def check_decoder(clip: Path = CLIP) -> Finding:
    """Check that a confined child decodes a voice clip, by default the one that comes with the bot."""
    media = Media(children=1)
    try:
        async with asyncio.timeout(_DECODER_TIMEOUT_S):
            confinement = await media.confinement()
            with scratch_folder() as scratch:
                async for _ in media.split(clip, scratch):
                    pass
    except TimeoutError:
        return bad(_DECODER, advice.decoder_trouble(common.no_end(_DECODER_TIMEOUT_S)))
    except (TranscriptionError, ChildError, OSError) as error:
        return bad(_DECODER, advice.decoder_trouble(str(error)))
    return judge_confinement(confinement)


def judge_confinement(confinement: Confinement) -> Finding:
    """Check that a decoder that works can do nothing else."""
    if confinement.missing:
        return warning(_DECODER, advice.decodes_unconfined(confinement.missing))
    return good(_DECODER, advice.decodes(confinement.landlock))


def _nearest_folder(path: Path) -> Path:
    """The folder itself, or what it would be made in."""
    return next(folder for folder in (path, *path.absolute().parents) if folder.exists())


def _word(error: OSError) -> str:
    return error.strerror or type(error).__name__


def _write_in(folder: Path) -> None:
    """Write a file that has no name, down to the disk.

    Raises:
        OSError: it cannot be done.
    """
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(bytes(4096))
        file.flush()
        os.fsync(file.fileno())


def _is_locked(data_dir: Path) -> bool:
    """True where a running bot holds the data directory."""
    try:
        lock = os.open(data_dir / LOCK_NAME, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(lock)
    return False


def _check_file(path: Path, *, is_in_use: bool) -> Finding:
    # A running bot writes it all the time. Neither creates it where it has gone meanwhile.
    mode, begin = ("ro", "BEGIN") if is_in_use else ("rw", "BEGIN IMMEDIATE")
    try:
        with closing(
            sqlite3.connect(f"{path.absolute().as_uri()}?mode={mode}", uri=True, isolation_level=None)
        ) as db:
            db.execute(begin)
            (version,) = db.execute("PRAGMA user_version").fetchone()
            (tables,) = db.execute("SELECT count(*) FROM sqlite_schema").fetchone()
            db.execute("ROLLBACK")
    except sqlite3.Error as error:
        return bad(_DATABASE, advice.database_trouble(path, str(error)))
    if version > schema.VERSION:
        return bad(_DATABASE, advice.database_newer(version, schema.VERSION))
    if not tables:
        return warning(_DATABASE, advice.database_empty(path))
    if is_in_use:
        return good(_DATABASE, advice.database_in_use(path.parent, version))
    if version < schema.VERSION:
        return good(_DATABASE, advice.database_older(version, schema.VERSION))
    return good(_DATABASE, advice.database(version))
