"""Confines the decoding child by Landlock and seccomp, as far as this kernel has them.

By ctypes: the standard library has no way to either. The choice is docs/adr/0009-confined-decoder.md.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from bot.audio.child import landlock, seccomp
from bot.audio.confinement import Confinement

_PR_SET_NO_NEW_PRIVS = 38
"""Source: https://man7.org/linux/man-pages/man2/PR_SET_NO_NEW_PRIVS.2const.html"""
_LACKING = frozenset({errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL, errno.EPERM, errno.E2BIG})
"""The kernel is too old or built without it, or a container forbids it, or has confined too often already."""
_FIRST_OF_OTHERS = 3
"""The descriptor after stdin, stdout and stderr."""

T = TypeVar("T")


def confine(source: Path | None, workspace: Path | None, start: Callable[[], T]) -> tuple[Confinement, T]:
    """Give up for good whatever decoding one file does not need.

    Left are: reading ``source``; making, writing and removing files in ``workspace``; stdin, stdout and
    stderr; the process's own memory and threads. Every module has to be imported, since none can be read
    afterwards, and no thread may run yet.

    Args:
        source: The file that is read; ``None``: no file at all.
        workspace: The folder that is written to; ``None``: no folder at all.
        start: Starts the threads that are needed: none can be started later.

    Returns:
        What of it this kernel has, and what ``start`` returned.

    Raises:
        OSError: this machine's trouble, such as a source that is gone. What the kernel lacks raises nothing.
    """
    _close_descriptors()
    if sys.platform != "linux":
        return Confinement(landlock=0, seccomp=False), start()
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    libc.prctl(*map(ctypes.c_ulong, (_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)))
    # Landlock holds for the threads that are started after it, the filter for those that run before it.
    version = _close_files(libc, source, workspace)
    started = start()
    return Confinement(version, _filter_calls(libc)), started


def _close_descriptors() -> None:
    """Close what else was open when this process began."""
    # Where there is no such folder: whoever starts a process closes them too.
    with suppress(OSError):
        # Listed whole first: the listing has a descriptor of its own.
        for descriptor in [int(path.name) for path in Path("/dev/fd").iterdir()]:
            if descriptor >= _FIRST_OF_OTHERS:
                with suppress(OSError):
                    os.close(descriptor)


def _close_files(libc: ctypes.CDLL, source: Path | None, workspace: Path | None) -> int:
    """Refuse other files, TCP, and signals to others; the version of Landlock, 0 where there is none."""
    try:
        version = _call(libc, landlock.CREATE_RULESET, None, 0, landlock.ASK_VERSION)
        attributes = landlock.ruleset(version)
        ruleset = _call(libc, landlock.CREATE_RULESET, attributes, len(attributes), 0)
        try:
            for path, allowed in ((source, landlock.TO_SOURCE), (workspace, landlock.TO_WORKSPACE)):
                if path is not None:
                    _allow(libc, ruleset, path, allowed)
            _call(libc, landlock.RESTRICT_SELF, ruleset, 0)
        finally:
            os.close(ruleset)
    except OSError as error:
        if error.errno in _LACKING:
            return 0
        raise
    return version


def _allow(libc: ctypes.CDLL, ruleset: int, path: Path, allowed: landlock.Access) -> None:
    place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        _call(libc, landlock.ADD_RULE, ruleset, landlock.PATH_BENEATH, landlock.rule(allowed, place), 0)
    finally:
        os.close(place)


def _filter_calls(libc: ctypes.CDLL) -> bool:
    """Filter the system calls of every thread; false where that cannot be done."""
    machine = seccomp.MACHINES.get(os.uname().machine)
    # A program of 32 bits, or of the other byte order, has other numbers on the same machine.
    if machine is None or sys.maxsize < 2**32 or sys.byteorder != "little":
        return False
    program = seccomp.filter_program(machine)
    instructions = ctypes.create_string_buffer(program, len(program))
    # ``struct sock_fprog``: how many, and where.
    described = struct.pack("HP", len(program) // 8, ctypes.addressof(instructions))
    try:
        unwilling = _call(libc, machine.seccomp, seccomp.SET_FILTER, seccomp.ALL_THREADS, described)
    except OSError as error:
        if error.errno in _LACKING:
            return False
        raise
    # A positive answer is a thread that has got another filter from elsewhere.
    return not unwilling


def _call(libc: ctypes.CDLL, number: int, *arguments: int | bytes | None) -> int:
    """Make a system call.

    Raises:
        OSError: it failed.
    """
    longs = (ctypes.c_long(one) if isinstance(one, int) else one for one in arguments)
    result: int = libc.syscall(ctypes.c_long(number), *longs)
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result
