from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.commands.transcribe.kept_parts import KeptParts, key_of
from bot.recording import Part, Recognition, Span
from tests.commands.transcribe.full_disk import small_files


def part(start_s: int, text: str = "Words.", *, failed: bool = False) -> Part:
    span = Span(start_s * 1_000, start_s * 1_000 + 1_000)
    heard = None if failed else Recognition(text, "en", 1.0, complete=True, request_id="r")
    return Part(span, (span,), last=False, recognition=heard, failed=failed)


class Keeping:
    """What is kept in a folder, and what was told of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "parts"
        self.told: list[str] = []

    def now(self, *, is_on: bool = True) -> KeptParts:
        """What another run sees of it."""
        kept = KeptParts(self.folder, is_on=is_on, tell=self.told.append)
        kept.tidy()
        return kept

    def parts(self, key: str = "k") -> list[Part]:
        with self.now().of(key) as kept:
            return kept.parts


@pytest.fixture
def keeping(tmp_path: Path) -> Iterator[Keeping]:
    made = Keeping(tmp_path)
    yield made
    assert made.told == []


def test_what_is_kept_comes_back_once_each_and_without_failures(keeping: Keeping) -> None:
    with keeping.now().of("k") as kept:
        for one in (part(0), part(2, "\nä\ud7ff"), part(0, "Again."), part(4, failed=True)):
            kept.add(one)
    assert keeping.parts() == [part(0, "Again."), part(2, "\nä\ud7ff")]
    assert keeping.parts("another") == []
    assert len(list(keeping.folder.iterdir())) == 1, "an empty file does not stay"


def test_only_its_owner_can_read_it(keeping: Keeping) -> None:
    keeping.folder.mkdir(mode=0o777)
    before = os.umask(0)
    try:
        with keeping.now().of("k") as kept:
            kept.add(part(0))
        keeping.now().note_written("k", Path("out.txt"))
    finally:
        os.umask(before)
    assert keeping.folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in keeping.folder.iterdir()} == {0o600}


@pytest.mark.parametrize("rubbish", [b'{"span": {"start', b"\xff\x00", b"[]\n{}\n", b"x" * 100_000])
def test_what_cannot_be_read_is_passed_over(keeping: Keeping, rubbish: bytes) -> None:
    with keeping.now().of("k") as kept:
        kept.add(part(0))
    (file,) = keeping.folder.iterdir()
    with file.open("ab") as damaged:
        damaged.write(rubbish)
    with keeping.now().of("k") as kept:
        kept.add(part(2))
    assert keeping.parts() == [part(0), part(2)]


def test_it_goes_when_it_is_discarded_and_after_a_week(keeping: Keeping) -> None:
    with keeping.now().of("k") as kept:
        kept.add(part(0))
        kept.discard()
    assert list(keeping.folder.iterdir()) == []
    for key in ("old", "young"):
        with keeping.now().of(key) as kept:
            kept.add(part(0))
        keeping.now().note_written(key, Path("out.txt"))
    week_s = 7 * 86_400
    for key, age_s in (("old", week_s + 60), ("young", week_s - 60)):
        for path in (keeping.folder / f"{key}.jsonl", keeping.now()._mark(key, Path("out.txt"))):
            os.utime(path, (time.time() - age_s,) * 2)
    keeping.now()
    assert (keeping.parts("old"), keeping.parts("young")) == ([], [part(0)])
    assert not keeping.now().was_written("old", Path("out.txt"))
    assert keeping.now().was_written("young", Path("out.txt"))


def test_what_another_process_has_open_is_its_own(keeping: Keeping) -> None:
    with keeping.now().of("k") as first:
        first.add(part(0))
        with keeping.now().of("k") as second:
            assert second.parts == []
            second.add(part(2))
    assert keeping.parts() == [part(0)]


def test_where_it_is_off_nothing_is_kept_and_what_was_kept_goes(keeping: Keeping) -> None:
    for key in ("k", "another"):
        with keeping.now().of(key) as kept:
            kept.add(part(0))
    with keeping.now(is_on=False).of("k") as kept:
        assert kept.parts == []
        kept.add(part(2))
    assert (keeping.parts("k"), keeping.parts("another")) == ([], [part(0)])
    assert not Keeping(keeping.folder / "other").now(is_on=False)._folder.exists()


def test_a_full_disk_is_told_once_and_what_was_kept_stays(tmp_path: Path) -> None:
    keeping = Keeping(tmp_path)
    with keeping.now().of("k") as kept:
        kept.add(part(0))
        (file,) = keeping.folder.iterdir()
        with small_files(file.stat().st_size + 20):
            for start_s in (2, 4, 6):
                kept.add(part(start_s))
        assert kept.parts == [part(0)]
    (told,) = keeping.told
    assert told.startswith("what is recognised cannot be kept, should this be interrupted: ")
    assert keeping.parts() == [part(0)]


def test_a_key_is_of_the_bytes_and_of_every_option(tmp_path: Path) -> None:
    one, same, other = (tmp_path / name for name in ("one", "same", "other"))
    for path, content in ((one, b"x"), (same, b"x"), (other, b"y")):
        path.write_bytes(content)
    key = key_of(one, ("model", None, "a"))
    assert key_of(same, ("model", None, "a")) == key
    keys = {
        key,
        key_of(other, ("model", None, "a")),
        key_of(one, ("model", "a", None)),
        key_of(one, ("model", None, "")),
        key_of(one, ("model2", None, "a")),
    }
    assert len(keys) == 5
