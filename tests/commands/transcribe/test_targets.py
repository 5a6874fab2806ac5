from __future__ import annotations

from pathlib import Path

import pytest

from bot.commands.transcribe.targets import Target, plan_targets, write
from tests.commands.transcribe.full_disk import small_files


@pytest.mark.parametrize(
    ("recordings", "names"),
    [
        (["a.wav", "b.mp3"], ["a.wav", "b.mp3"]),
        (["1/x.wav", "2/x.wav", "3/x.wav"], ["x.wav", "x-2.wav", "x-3.wav"]),
        (["1/x.wav", "2/x.wav", "x-2.wav"], ["x.wav", "x-3.wav", "x-2.wav"]),
        (["1/x.wav", "2/X.WAV"], ["x.wav", "X-2.WAV"]),
        (["1/note", "2/note", "1/.wav", "2/.wav"], ["note", "note-2", ".wav", ".wav-2"]),
        (["x.wav", "x.mp3"], ["x.wav", "x.mp3"]),
    ],
)
def test_names_are_told_apart_and_always_the_same(recordings: list[str], names: list[str]) -> None:
    targets = plan_targets([Path(name) for name in recordings], Path("out"), "srt", is_folder=True)
    assert [target.path for target in targets] == [Path("out") / f"{name}.srt" for name in names]
    assert [target.is_renamed for target in targets] == [
        Path(recording).name != name for recording, name in zip(recordings, names, strict=True)
    ]


def test_a_link_that_leads_nowhere_is_something(tmp_path: Path) -> None:
    link = tmp_path / "out.txt"
    link.symlink_to(tmp_path / "nowhere")
    assert Target(Path("a.wav"), link).is_taken


def test_a_device_takes_all_and_loses_nothing() -> None:
    target = Target(Path("a.wav"), Path("/dev/null"))
    assert not target.is_taken
    write(target, "words", overwrites=False, has_title=False)


def test_half_a_transcript_is_not_left(tmp_path: Path) -> None:
    target = Target(Path("a.wav"), tmp_path / "out.txt")
    with small_files(20), pytest.raises(OSError, match="too large"):
        write(target, "words " * 20, overwrites=False, has_title=False)
    assert list(tmp_path.iterdir()) == []


def test_what_is_there_is_overwritten_only_where_that_is_wanted(tmp_path: Path) -> None:
    target = Target(Path("a.wav"), tmp_path / "out.txt")
    write(target, "first", overwrites=False, has_title=False)
    with pytest.raises(FileExistsError):
        write(target, "second", overwrites=False, has_title=False)
    assert (tmp_path / "out.txt").read_text() == "first"
    write(target, "third", overwrites=True, has_title=False)
    assert (tmp_path / "out.txt").read_text() == "third"
