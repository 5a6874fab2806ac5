"""The page's code keeps to the types that its comments name."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.npm import install, needs_npm

_TOOLS = Path(__file__).parent / "node"


@needs_npm
def test_the_types_in_the_comments_hold() -> None:
    install(_TOOLS)
    command = [str(_TOOLS / "node_modules" / ".bin" / "tsc"), "--project", str(_TOOLS)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout
