"""The exit codes of the commands, and the line that explains one."""

from __future__ import annotations

import sys
from collections.abc import Iterable

FAILED = 1
"""It did not work."""
USAGE = 2
"""An argument or a setting is wrong."""
REFUSED = 3
"""A recording was refused."""
INTERRUPTED = 130
"""Somebody pressed Ctrl-C, or the system asked it to end."""

_FROM_BAD_TO_WORSE = (0, REFUSED, FAILED, USAGE)
"""What is so for good, what another run may mend, what somebody has to mend."""


def worst(codes: Iterable[int]) -> int:
    """The code of a command that did several things; 0 where there is none."""
    return max(codes, key=_FROM_BAD_TO_WORSE.index, default=0)


def tell(line: str) -> None:
    """Say something in a line beside the output."""
    sys.stderr.write(f"threadscribe: {line}\n")


def fail(line: str, code: int) -> int:
    """Say in a line why a command did not work; returns the code."""
    tell(line)
    return code
