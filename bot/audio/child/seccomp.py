"""The seccomp filter of the decoding child: the few system calls that decoding needs. Pure.

A filter is a program for the kernel's classic BPF machine. Ours lists what is allowed. A call that is not on
the list is refused with EACCES (EPERM would look like the bare -1 of a decoder that meets broken data), and
one that is newer than the list with ENOSYS, so that a newer libc falls back to the older call for the same.

Source: https://docs.kernel.org/userspace-api/seccomp_filter.html; ``linux/seccomp.h``, ``linux/audit.h`` and
``linux/bpf_common.h``; the numbers are those of ``arch/x86/entry/syscalls/syscall_64.tbl`` and of
``include/uapi/asm-generic/unistd.h``, which 64-bit ARM uses.
"""

from __future__ import annotations

import errno
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

SET_FILTER, ALL_THREADS = 1, 1
"""Operation and flag of the system call ``seccomp``."""
ALLOW, REFUSE = 0x7FFF0000, 0x00050000
"""What a filter answers; the second with an error number in its lower half."""
FIRST_NEW_CALL = 424
"""From here on, a call has the same number on every machine (Linux 5.1), and libc knows an older way."""
LOAD, IF_EQUAL, IF_AT_LEAST, RETURN = 0x20, 0x15, 0x35, 0x06
NUMBER_AT, MACHINE_AT, ARGUMENTS_AT = 0, 4, 16
"""Offsets in ``struct seccomp_data``."""


@dataclass(frozen=True, slots=True)
class Machine:
    """A kind of machine: its mark in ``linux/audit.h``, the call ``seccomp``, and its column in ``CALLS``."""

    audit: int
    seccomp: int
    column: int


MACHINES = {
    "x86_64": Machine(audit=0xC000003E, seccomp=317, column=0),
    "aarch64": Machine(audit=0xC00000B7, seccomp=277, column=1),
}
"""By the names that ``uname`` gives; 64-bit and little-endian."""

CALLS: Mapping[str, tuple[int | None, int | None]] = {
    # Memory.
    "mmap": (9, 222),
    "mprotect": (10, 226),
    "munmap": (11, 215),
    "brk": (12, 214),
    "mremap": (25, 216),
    "madvise": (28, 233),
    # Files: which ones, Landlock says.
    "read": (0, 63),
    "write": (1, 64),
    "open": (2, None),
    "close": (3, 57),
    "stat": (4, None),
    "fstat": (5, 80),
    "lstat": (6, None),
    "lseek": (8, 62),
    "pread64": (17, 67),
    "readv": (19, 65),
    "writev": (20, 66),
    "fcntl": (72, 25),
    "getcwd": (79, 17),
    "unlink": (87, None),
    "openat": (257, 56),
    "newfstatat": (262, 79),
    "unlinkat": (263, 35),
    "statx": (332, 291),
    # Threads and signals, of those that run already.
    "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139),
    "sched_yield": (24, 124),
    "getpid": (39, 172),
    "exit": (60, 93),
    "gettid": (186, 178),
    "futex": (202, 98),
    "restart_syscall": (219, 128),
    "exit_group": (231, 94),
    # Time, where the kernel does not map its clock.
    "nanosleep": (35, 101),
    "gettimeofday": (96, 169),
    "clock_gettime": (228, 113),
    "clock_getres": (229, 114),
    "clock_nanosleep": (230, 115),
    # The machine, which allocators and thread counts go by; the child's own CPU time limit; random numbers.
    "sysinfo": (99, 179),
    "sched_getaffinity": (204, 123),
    "prlimit64": (302, 261),
    "getrandom": (318, 278),
}

ONLY_WITH: Mapping[str, tuple[int, tuple[int, ...]]] = {
    # Of this process: another one's limits would end that.
    "prlimit64": (0, (0,)),
    # F_GETFD, F_SETFD, F_GETFL: further ones send signals.
    "fcntl": (1, (1, 2, 3)),
}
"""For some calls, the place of an argument of 32 bits, and the values with which the call is allowed."""


def filter_program(machine: Machine) -> bytes:
    """The filter for a machine, as the kernel reads it: instructions of eight bytes each."""
    return b"".join(_instructions(machine))


def _instructions(machine: Machine) -> Iterator[bytes]:
    yield _instruction(LOAD, MACHINE_AT)
    # Calls of another kind of machine (32 bits) have other numbers.
    yield _instruction(IF_EQUAL, machine.audit, if_true=1)
    yield _instruction(RETURN, REFUSE | errno.EACCES)
    yield _instruction(LOAD, NUMBER_AT)
    # Those of x32, which have a bit of their own, are above it too.
    yield _instruction(IF_AT_LEAST, FIRST_NEW_CALL, if_false=1)
    yield _instruction(RETURN, REFUSE | errno.ENOSYS)
    for name, numbers in CALLS.items():
        number = numbers[machine.column]
        if number is None:
            continue
        if name not in ONLY_WITH:
            yield from _allow_if(number)
            continue
        place, values = ONLY_WITH[name]
        yield _instruction(IF_EQUAL, number, if_false=2 * len(values) + 2)
        yield _instruction(LOAD, ARGUMENTS_AT + 8 * place)
        for value in values:
            yield from _allow_if(value)
        yield _instruction(RETURN, REFUSE | errno.EACCES)
    yield _instruction(RETURN, REFUSE | errno.EACCES)


def _allow_if(value: int) -> Iterator[bytes]:
    yield _instruction(IF_EQUAL, value, if_false=1)
    yield _instruction(RETURN, ALLOW)


def _instruction(code: int, operand: int, *, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, operand)
