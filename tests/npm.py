"""Packages of the npm registry that judge ours: installed from their lock file, kept between runs."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
from pathlib import Path

import pytest

NODE, NPM = shutil.which("node"), shutil.which("npm")
needs_npm = pytest.mark.skipif(not (NODE and NPM), reason="node and npm are not installed")


def install(folder: Path) -> None:
    """Make sure that a folder's ``node_modules`` holds what its ``package-lock.json`` names."""
    mark = folder / "node_modules" / ".threadscribe-lock"
    with (folder / "package-lock.json").open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # test processes run side by side
        digest = hashlib.sha256(lock.read()).hexdigest()
        if not mark.exists() or mark.read_text() != digest:
            _install(folder)
            mark.write_text(digest)


def _install(folder: Path) -> None:
    npm = [str(NPM), "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
    done = subprocess.run(npm, cwd=folder, capture_output=True, text=True, timeout=100, check=False)
    if done.returncode and "network" in done.stderr:
        pytest.skip("npm cannot reach a registry")
    assert done.returncode == 0, done.stderr
