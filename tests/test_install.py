"""The Dockerfile's own steps, done without an engine: into an empty prefix, and the bot is run from there."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.dockerfile import ROOT, environment, of, stages

pytestmark = pytest.mark.slow

HOME = "/opt/threadscribe"
"""Where the image keeps the bot."""
_CACHES = shutil.ignore_patterns("__pycache__", "*.py[cod]")


def copy(arguments: str, build: Path) -> None:
    """Do a COPY from the checkout."""
    *sources, target = arguments.split()
    for source in sources:
        place = build / target / Path(source).name if target.endswith("/") else build / target
        place.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / source).is_dir():
            # Links stay links, as in the image.
            shutil.copytree(ROOT / source, place, symlinks=True, ignore=_CACHES)
        else:
            shutil.copy(ROOT / source, place)


def install(build: Path, prefix: Path) -> None:
    """Do the builder's steps in order; ``build`` stands for its working directory."""
    stage = stages()[0]
    base = build.with_name("base")
    given = {
        **os.environ,
        **environment(stage),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        # `pip` without more fills the base image's Python there, and here one that is as empty.
        "PIP_PYTHON": str(base / "bin" / "python"),
    }
    # A layer must not keep it; here it saves the next run the downloads.
    del given["PIP_NO_CACHE_DIR"]
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", base], check=True, timeout=60)
    for name, arguments in stage:
        match name:
            case "COPY":
                copy(arguments, build)
            case "RUN":
                command = arguments.replace(HOME, str(prefix))
                subprocess.run(["/bin/sh", "-c", command], cwd=build, env=given, check=True, timeout=150)


def files_in(folder: Path) -> dict[str, int]:
    """Every file but for compiled ones, and when it was written (ns)."""
    return {
        str(path.relative_to(folder)): path.stat().st_mtime_ns
        for path in folder.rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }


def make_environment(place: Path, python: str) -> subprocess.CompletedProcess[str]:
    """Have a copy of the Makefile set up its environment, with a script for a Python."""
    shutil.copy(ROOT / "Makefile", place)
    script = place / "python"
    script.write_text(f"#!/bin/sh\n{python}\n", encoding="utf-8")
    script.chmod(0o700)
    return subprocess.run(
        ["make", ".venv/bin/pip", f"PYTHON={script}"],
        cwd=place,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_python_that_is_too_old_is_named_before_anything_is_made(tmp_path: Path) -> None:
    ended = make_environment(tmp_path, "exit 1")
    assert ended.returncode == 2
    assert f"{tmp_path}/python is not Python 3.11 or later" in ended.stderr
    assert not (tmp_path / ".venv").exists()


def test_an_environment_that_was_left_unfinished_is_finished_by_the_next_run(tmp_path: Path) -> None:
    # Debian's Python does so without its python3-venv: an interpreter is left, and no pip.
    left = '[ "$1" = -c ] || { mkdir -p .venv/bin && touch .venv/bin/python && exit 1; }'
    assert make_environment(tmp_path, left).returncode == 2
    assert (tmp_path / ".venv/bin/python").exists()
    finished = '[ "$*" != "-m venv .venv" ] || touch .venv/bin/pip'
    assert make_environment(tmp_path, finished).returncode == 0
    assert (tmp_path / ".venv/bin/pip").exists()


# It fetches 35 packages, and an index may be slow.
@pytest.mark.timeout(240)
def test_the_dockerfiles_steps_install_a_bot_that_runs_from_there(tmp_path: Path) -> None:
    build, prefix, empty = tmp_path / "build", tmp_path / "prefix", tmp_path / "empty"
    build.mkdir()
    empty.mkdir()
    install(build, prefix)
    (packages,) = prefix.glob("lib/python3.*/site-packages")
    same = files_in(packages / "bot").keys() == files_in(build / "bot").keys()
    assert same, "the package lacks files, or has too many"
    assert not list(prefix.glob("bin/pip*"))

    image = stages()[-1]
    entry, given = json.loads(of("ENTRYPOINT", image)[0]), environment(image)
    given |= {"PATH": f"{prefix}/bin:{os.environ['PATH']}", "DATA_DIR": str(empty / "data")}

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*entry, *arguments],
            cwd=empty,
            env=given,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )

    before = files_in(tmp_path)
    checked, printed, unset = run("check", "--help"), run("manifest"), run("run")
    assert (checked.returncode, checked.stderr) == (0, "")
    assert printed.returncode == 0, printed.stderr
    assert yaml.safe_load(printed.stdout)["display_information"]["name"] == "Threadscribe"
    assert (unset.returncode, unset.stdout) == (2, "")
    assert "SLACK_BOT_TOKEN is missing" in unset.stderr
    written = files_in(tmp_path) != before
    assert not written, "a read-only root filesystem would have refused it"
