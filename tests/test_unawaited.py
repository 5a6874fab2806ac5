"""A test fails that leaves a coroutine which nobody awaited: what should have happened there did not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FORGETFUL = """
class Holder:
    pass

async def forgotten():
    pass

def test_that_awaits_nothing():
    forgotten()

async def test_that_awaits_something_else():
    forgotten()

def test_that_is_innocent():
    pass

def test_that_hides_it_in_a_cycle():
    holder = Holder()
    holder.itself, holder.coroutine = holder, forgotten()
"""


@pytest.mark.slow
def test_a_coroutine_that_nobody_awaits_fails_its_test(tmp_path: Path) -> None:
    path = tmp_path / "test_forgetful.py"
    path.write_text(FORGETFUL)

    ended = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", path, "--config-file", ROOT / "pyproject.toml"),
            *("--rootdir", ROOT, "-p", "tests.conftest", "-p", "no:cacheprovider", "-p", "no:xdist"),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    told = {
        tuple(line.split()[:2]) for line in ended.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))
    }
    assert told == {
        ("FAILED", "::test_that_awaits_nothing"),
        ("FAILED", "::test_that_awaits_something_else"),
        ("ERROR", "::test_that_hides_it_in_a_cycle"),
    }, ended.stdout
