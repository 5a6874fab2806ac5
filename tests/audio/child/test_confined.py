"""Decoding in confinement: it comes out as elsewhere, and what the walls refuse loses no recording."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from bot.audio.child_exit import Verdict
from bot.audio.child_process import CHILD_ENVIRONMENT
from tests.audio.child import confined
from tests.audio.samples import encode, tone, write_wav
from tests.audio.test_containers import CONTAINERS, FILMS, make
from tests.faults.test_hostile_audio import PLAYLISTS, picture

pytestmark = pytest.mark.slow


def decoded(
    sources: Sequence[Path], workspace: Path, *, readable: Path, is_confined: bool = True
) -> dict[str, Any]:
    """What ``confined`` reports."""
    workspace.mkdir()
    command = [sys.executable, "-I", confined.__file__, "yes" if is_confined else "no", readable, workspace]
    done = subprocess.run(
        [*command, *sources], env=CHILD_ENVIRONMENT, capture_output=True, timeout=100, check=False
    )
    assert (done.returncode, done.stderr) == (0, b"")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def everything(folder: Path) -> list[Path]:
    """A file of every kind that is taken, and some that are not."""
    folder.mkdir()
    kinds = [*CONTAINERS.values(), *FILMS.values(), ("mp4", "aac", {"video": "mjpeg", "cover": True})]
    sources = [make(folder / f"clip{at}", kind) for at, kind in enumerate(kinds)]
    sources.append(write_wav(folder / "long", tone(400.0, 16_000)))
    sources.append(picture("png", "image2pipe", "rgb24", folder))
    drm = {"encryption_scheme": "cenc-aes-ctr", "encryption_key": "0" * 32, "encryption_kid": "1" * 32}
    sources.append(encode(folder / "encrypted", "mp4", "aac", options=drm))
    sources.append(encode(folder / "silent film", "mp4", "aac", video="libx264", tones_hz=()))
    random_bytes, noise = folder / "random", random.Random(7).randbytes(100_000)
    random_bytes.write_bytes(noise)
    sources.append(random_bytes)
    for at, playlist in enumerate(PLAYLISTS.values()):
        (folder / f"playlist{at}").write_text(playlist.format(sources[0], "http://127.0.0.1:9/"))
        sources.append(folder / f"playlist{at}")
    for broken in sources[:6]:
        whole = bytearray(broken.read_bytes())
        for at in random.Random(8).sample(range(len(whole)), 40):
            whole[at] ^= 0x55
        (folder / f"broken {broken.name}").write_bytes(whole)
        sources.append(folder / f"broken {broken.name}")
    return sources


def written(workspace: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in workspace.iterdir()}


def test_whatever_is_decoded_comes_out_as_it_does_without_walls(tmp_path: Path) -> None:
    sources = everything(tmp_path / "sources")
    within, without = tmp_path / "within", tmp_path / "without"

    found = decoded(sources, within, readable=tmp_path / "sources")
    free = decoded(sources, without, readable=tmp_path / "sources", is_confined=False)

    assert found["verdicts"] == free["verdicts"]
    assert {verdict for verdict, *_ in found["verdicts"].values()} >= {"done", "not_audio", "protected"}
    assert written(within) == written(without)
    assert len(written(within)) > len(CONTAINERS)
    # None could have been read.
    assert found["loaded"] == free["loaded"] == []


@pytest.mark.parametrize("kind", ["m4a", "flac", "wav, float"])
def test_a_file_that_the_walls_keep_out_is_no_bad_recording(kind: str, tmp_path: Path) -> None:
    (tmp_path / "sources").mkdir()
    source = make(tmp_path / "clip", CONTAINERS[kind])

    found = decoded([source], tmp_path / "workspace", readable=tmp_path / "sources")

    assert found["verdicts"]["clip"] == [Verdict.MACHINE, "PermissionError 13"]
