"""Targets of transcripts: a file for each recording or standard output, nothing overwritten unasked."""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Target:
    """The target of one recording's transcript."""

    recording: Path
    path: Path | None
    """``None`` for standard output."""
    is_renamed: bool = False
    """Another recording has the same name, and its transcript the name that this one would have had."""

    @property
    def is_taken(self) -> bool:
        """True where something would be overwritten; a pipe or a terminal loses nothing."""
        return (
            self.path is not None
            and (self.path.is_symlink() or self.path.exists())
            and not _is_device(self.path)
        )


def plan_targets(
    recordings: Sequence[Path], output: Path | None, kind: str, *, is_folder: bool
) -> list[Target]:
    """The target of each recording, in their order.

    Args:
        recordings: As they were named.
        output: A file or a folder; ``None`` for standard output.
        kind: The format, as the end of a name.
        is_folder: Each recording has a file of its own in ``output``.
    """
    if output is None or not is_folder:
        return [Target(recording, output) for recording in recordings]
    return [
        Target(recording, output / f"{name}.{kind}", is_renamed=name != recording.name)
        for recording, name in zip(recordings, _told_apart([path.name for path in recordings]), strict=True)
    ]


def _told_apart(names: Sequence[str]) -> Iterator[str]:
    """The same names; of those that are equal the first stays, and the others get numbers.

    The same arguments always give the same names. Some file systems know no capital letters.
    """
    wanted = {name.casefold() for name in names}
    met: Counter[str] = Counter()
    for name in names:
        met[name.casefold()] += 1
        if met[name.casefold()] == 1:
            yield name
            continue
        numbered = (f"{Path(name).stem}-{number}{Path(name).suffix}" for number in count(2))
        free = next(other for other in numbered if other.casefold() not in wanted)
        wanted.add(free.casefold())
        yield free


def prove_writable(target: Path, *, is_folder: bool) -> None:
    """Try a target before anything is recognised: that is paid for.

    Raises:
        OSError: it cannot be written.
    """
    if is_folder:
        target.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=target):
            return
    if _is_device(target):
        return  # whoever reads a pipe must not take this for all of it
    is_new = not target.exists()
    with target.open("ab"):
        pass
    if is_new:
        target.unlink()


def is_same(path: Path, other: Path) -> bool:
    """True where both are one file, by whatever name."""
    try:
        return path.samefile(other)
    except OSError:
        return False


def write(target: Target, text: str, *, overwrites: bool, has_title: bool) -> None:
    """Write a transcript.

    Args:
        target: Where to.
        text: As it is to stand there.
        overwrites: Also over what is there.
        has_title: On standard output, name the recording first.

    Raises:
        FileExistsError: something is there, and has come since that was last looked at.
        OSError: it cannot be written.
    """
    if target.path is None:
        title = f"{target.recording}\n\n" if has_title else ""
        sys.stdout.write(f"{title}{text.rstrip()}\n" + ("\n" if title else ""))
        # What is not out yet may still be lost.
        sys.stdout.flush()
        return
    is_new = not (overwrites or _is_device(target.path))
    with target.path.open("x" if is_new else "w", encoding="utf-8") as file:
        try:
            file.write(text)
            file.flush()
        except OSError:
            if is_new:
                target.path.unlink()  # half a transcript must not pass for one
            raise


def _is_device(path: Path) -> bool:
    return path.exists() and not (path.is_file() or path.is_dir())
