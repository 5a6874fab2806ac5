"""A Python on a kernel that refuses what confines decoders, as an old one or a strict container does."""

from __future__ import annotations

import os
import struct
import sys
from pathlib import Path

import pytest

from bot.audio.child.landlock import ADD_RULE, CREATE_RULESET, RESTRICT_SELF
from bot.audio.child.seccomp import IF_EQUAL, LOAD, MACHINES, NUMBER_AT, REFUSE, RETURN

_ALLOW_ALL = 0x7FFF0000
_SCRIPT = """#!{python}
import ctypes, os, struct, sys
libc = ctypes.CDLL(None)
program = ctypes.create_string_buffer({program!r}, {size})
described = struct.pack("HP", {size} // 8, ctypes.addressof(program))
assert libc.prctl(38, 1, 0, 0, 0) == 0  # PR_SET_NO_NEW_PRIVS
assert libc.syscall({seccomp}, 1, 0, described) == 0
os.execv({python!r}, [{python!r}, *sys.argv[1:]])
"""


def python_without_confinement(folder: Path, error: int, *lacking: str) -> str:
    """The path of a Python for which the calls of ``landlock``, ``seccomp`` or, by default, both fail."""
    machine = MACHINES.get(os.uname().machine)
    if machine is None:
        pytest.skip("a machine without seccomp: it lacks it by itself")
    numbers = {
        "landlock": (CREATE_RULESET, ADD_RULE, RESTRICT_SELF),
        "seccomp": (machine.seccomp,),
    }
    refused = [number for name in lacking or numbers for number in numbers[name]]
    instructions = [(LOAD, 0, 0, NUMBER_AT)]
    for number in refused:
        instructions += [(IF_EQUAL, 0, 1, number), (RETURN, 0, 0, REFUSE | error)]
    instructions.append((RETURN, 0, 0, _ALLOW_ALL))
    program = b"".join(struct.pack("=HBBI", *one) for one in instructions)
    path = folder / f"python-{error}"
    path.write_text(
        _SCRIPT.format(python=sys.executable, program=program, size=len(program), seccomp=machine.seccomp)
    )
    path.chmod(0o700)
    return str(path)
