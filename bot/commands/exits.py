"""The exit codes of the commands, and the line that explains one."""

from __future__ import annotations

import sys

FAILED = 1
"""It did not work."""
USAGE = 2
"""An argument or a setting is wrong."""
REFUSED = 3
"""A recording was refused."""
INTERRUPTED = 130
"""Somebody pressed Ctrl-C."""


def fail(line: str, code: int) -> int:
    """Say in a line why a command did not work; returns the code."""
    sys.stderr.write(f"threadscribe: {line}\n")
    return code
