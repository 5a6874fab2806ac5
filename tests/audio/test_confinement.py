"""What a child reports of its confinement, and what it does where the kernel has none."""

from __future__ import annotations

import errno
import sys
from pathlib import Path

import pytest

from bot.audio.child_exit import ChildError, ChildExit
from bot.audio.confinement import Confinement, ConfinementReader, render_confinement
from bot.audio.media import Media
from bot.errors import Outage, Unavailable
from tests.audio.lacking import python_without_confinement
from tests.audio.samples import TONE_HZ, encode, heard
from tests.audio.splitting import only_audio_of

DONE = b'{"verdict": "done", "detail": ""}\n'
WHOLE = Confinement(landlock=7, seccomp=True)


def reported(*lines: bytes, returncode: int | None = 0) -> Confinement:
    reader = ConfinementReader()
    for line in lines:
        reader.feed(line)
    return reader.finish(ChildExit(returncode, b"Traceback"))


@pytest.mark.parametrize("confinement", [WHOLE, Confinement(landlock=0, seccomp=False)])
def test_a_report_is_read_as_it_was_written(confinement: Confinement) -> None:
    assert reported(render_confinement(confinement).encode(), DONE) == confinement


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"nonsense",
        b"[]",
        b'{"landlock": 7}',
        b'{"landlock": "7", "seccomp": true}',
        b'{"landlock": 7, "seccomp": 1}',
        b'{"length_s": 2.0}',
    ],
)
def test_what_no_child_says_is_a_bug(line: bytes) -> None:
    with pytest.raises(ChildError):
        reported(line, DONE)


def test_each_line_comes_once() -> None:
    line = render_confinement(WHOLE).encode()
    with pytest.raises(ChildError):
        reported(line, line, DONE)
    with pytest.raises(ChildError):
        reported(line, DONE, DONE)


def test_a_child_that_is_done_has_told() -> None:
    with pytest.raises(ChildError):
        reported(DONE)


def test_a_child_that_broke_or_had_no_time_told_nothing() -> None:
    line = render_confinement(WHOLE).encode()
    with pytest.raises(ChildError):
        reported(line, returncode=1)
    with pytest.raises(Unavailable) as caught:
        reported(line, returncode=None)
    assert caught.value.reason is Outage.MACHINE


@pytest.mark.parametrize(
    ("confinement", "missing"),
    [
        (WHOLE, ()),
        (Confinement(landlock=1, seccomp=True), ()),
        (Confinement(landlock=0, seccomp=True), ("landlock",)),
        (Confinement(landlock=7, seccomp=False), ("seccomp",)),
        (Confinement(landlock=0, seccomp=False), ("landlock", "seccomp")),
    ],
)
def test_what_is_missing_has_a_name(confinement: Confinement, missing: tuple[str, ...]) -> None:
    assert confinement.missing == missing


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="seccomp is Linux's")
async def test_this_machine_filters_calls(media: Media) -> None:
    assert (await media.confinement()).seccomp


@pytest.mark.slow
@pytest.mark.parametrize(
    "error", [errno.ENOSYS, errno.EPERM, errno.EOPNOTSUPP, errno.EINVAL], ids=errno.errorcode.get
)
async def test_where_the_kernel_lacks_them_a_child_decodes_without(
    error: int, tmp_path: Path, workspace: Path, media: Media, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", python_without_confinement(tmp_path, error))
    source = encode(tmp_path / "source", "ipod", "aac")

    assert await media.confinement() == Confinement(landlock=0, seccomp=False)
    assert heard((await only_audio_of(media, source, workspace)).path)[1] == pytest.approx(TONE_HZ, rel=0.02)
    assert await media.duration_s(source) == pytest.approx(2.0, abs=0.1)


@pytest.mark.slow
@pytest.mark.parametrize("lacking", ["landlock", "seccomp"])
async def test_where_the_kernel_lacks_one_the_other_is_put_up(
    lacking: str, tmp_path: Path, workspace: Path, media: Media, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = await media.confinement()
    python = python_without_confinement(tmp_path, errno.ENOSYS, lacking)
    monkeypatch.setattr(sys, "executable", python)
    source = encode(tmp_path / "source", "ipod", "aac")

    found = await media.confinement()
    assert found == Confinement(
        landlock=0 if lacking == "landlock" else here.landlock, seccomp=lacking != "seccomp" and here.seccomp
    )
    await only_audio_of(media, source, workspace)


@pytest.mark.slow
@pytest.mark.parametrize("lacking", ["landlock", "seccomp"])
async def test_a_kernel_that_has_no_memory_for_it_now_is_asked_again_later(
    lacking: str, tmp_path: Path, workspace: Path, media: Media, monkeypatch: pytest.MonkeyPatch
) -> None:
    if lacking == "landlock" and not (await media.confinement()).landlock:
        pytest.skip("this kernel has no Landlock")
    python = python_without_confinement(tmp_path, errno.ENOMEM, lacking)
    monkeypatch.setattr(sys, "executable", python)
    source = encode(tmp_path / "source", "ipod", "aac")

    with pytest.raises(Unavailable) as caught:
        await only_audio_of(media, source, workspace)

    assert (caught.value.reason, caught.value.detail) == (Outage.MACHINE, f"OSError {errno.ENOMEM}")
