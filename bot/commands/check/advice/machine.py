"""Sentences about this machine: the database, the disk, the clock and the decoder."""

from __future__ import annotations

from collections.abc import Sequence


def database(version: int) -> str:
    """The database can be read and written."""
    return f"can be read and written, version {version}"


def database_older(version: int, ours: int) -> str:
    """The next start upgrades it."""
    return f"can be read and written, version {version}; the bot upgrades it to {ours} at its next start"


def database_newer(version: int, ours: int) -> str:
    """This version of the bot does not read it."""
    return (
        f"version {version} was written by a newer Threadscribe (this one knows {ours}). "
        "Run that one, or restore a backup"
    )


def database_to_come(folder: object) -> str:
    """There is none yet, and nothing stands in its way."""
    return f"none yet; the bot makes it in {folder} at its first start"


def database_empty(path: object) -> str:
    """There is a file, and nothing was ever written into it."""
    return (
        f"{path} is empty; the bot begins anew in it. If something should be in there, restore a backup first"
    )


def database_in_use(folder: object, version: int) -> str:
    """A running bot holds it."""
    return f"in use by a Threadscribe that runs on {folder}, version {version}"


def folder_trouble(folder: object, detail: str) -> str:
    """Nothing can be written there."""
    return (
        f"nothing can be written in DATA_DIR {folder} ({detail}). Give that folder to the user who runs the "
        "bot, with room on its disk, or set DATA_DIR to another one"
    )


def database_trouble(path: object, detail: str) -> str:
    """It is damaged, or no database at all."""
    return f"{path} cannot be used ({detail}). Restore a backup, or move the file away to begin anew"


def disk(free_mb: int) -> str:
    """There is room enough."""
    return f"{_size(free_mb)} free"


def disk_tight(free_mb: int, needed_mb: int, max_file_mb: int) -> str:
    """The biggest files may not fit."""
    return (
        f"{_size(free_mb)} free: too little for the biggest recording (MAX_FILE_MB is {max_file_mb}), "
        f"which needs {_size(needed_mb)}. Make room, or lower MAX_FILE_MB"
    )


def disk_full(free_mb: int) -> str:
    """Not even voice clips fit for long."""
    return f"only {_size(free_mb)} free. Make room where DATA_DIR is, or move DATA_DIR to a bigger disk"


NO_FILES_LEFT = (
    "no further file can be created: the disk has no inodes left. "
    "Remove files that are no longer needed where DATA_DIR is"
)


def decodes(landlock: int) -> str:
    """A child process decodes sound, and can do nothing else."""
    return f"a child process decodes sound, confined by Landlock (version {landlock}) and seccomp"


def decodes_unconfined(missing: Sequence[str]) -> str:
    """It decodes sound, and this machine does not confine it as far as others would."""
    return f"a child process decodes sound, but {' '.join(_MISSING[name] for name in missing)}"


_MISSING = {
    "landlock": (
        "Landlock is missing: a file made to take the decoder over could read what the bot can. Linux 5.13 "
        "and later have it; is “landlock” in the boot option lsm=, and does the container allow it?"
    ),
    "seccomp": (
        "seccomp is missing: a file made to take the decoder over could reach the network and other "
        "processes. Linux has it on x86-64 and 64-bit ARM; is the processor emulated, or the call forbidden?"
    ),
}


def decoder_trouble(detail: str) -> str:
    """A sound that comes with the bot cannot be decoded."""
    return (
        f"a child process cannot decode sound ({detail}). Leave it 1 GB of memory and the right to start "
        "threads; if that does not help, install Threadscribe anew"
    )


def _size(mb: int) -> str:
    return f"{mb} MB" if mb < 1024 else f"{mb / 1024:.1f} GB"
