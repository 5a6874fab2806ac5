"""The filter of system calls, run here as the kernel would run it."""

from __future__ import annotations

import errno
import re
import struct
from pathlib import Path

import pytest

from bot.audio.child.seccomp import (
    ALLOW,
    CALLS,
    FIRST_NEW_CALL,
    IF_AT_LEAST,
    IF_EQUAL,
    LOAD,
    MACHINES,
    ONLY_WITH,
    REFUSE,
    RETURN,
    filter_program,
)

EACCES, ENOSYS = REFUSE | errno.EACCES, REFUSE | errno.ENOSYS
I386, ARM, X32 = 0x40000003, 0x40000028, 0x40000000
HEADERS = {
    "x86_64": Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
    "aarch64": Path("/usr/include/asm-generic/unistd.h"),
}
MOST_INSTRUCTIONS = 4096
"""Source: ``BPF_MAXINSNS`` in ``linux/bpf_common.h``"""
DANGEROUS = {
    *("socket", "connect", "bind", "sendto", "sendmsg", "socketpair", "accept"),
    *("clone", "fork", "vfork", "execve", "execveat", "unshare", "setns"),
    *("kill", "tkill", "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo"),
    *("ptrace", "process_vm_readv", "process_vm_writev", "kcmp"),
    *("rename", "renameat", "link", "linkat", "symlink", "symlinkat", "mkdir", "mkdirat", "mknod", "mknodat"),
    *("chmod", "fchmod", "fchmodat", "chown", "fchownat", "truncate", "ftruncate", "getdents64", "mount"),
    *("ioctl", "memfd_create", "bpf", "perf_event_open", "userfaultfd", "keyctl", "setrlimit", "dup", "dup2"),
    *(
        "chroot",
        "chdir",
        "fchdir",
        "setuid",
        "setresuid",
        "capset",
        "prctl",
        "personality",
        "sched_setaffinity",
    ),
}


def answer(machine: str, number: int, *arguments: int, audit: int | None = None) -> int:
    """What the filter answers to a call, by an interpreter of the instructions that it may hold."""
    data = struct.pack(
        "=IIQ6Q",
        number,
        MACHINES[machine].audit if audit is None else audit,
        0,
        *(*arguments, *(0xDEADBEEF for _ in range(6 - len(arguments)))),
    )
    program = list(struct.iter_unpack("=HBBI", filter_program(MACHINES[machine])))
    accumulator, at = 0, 0
    while True:
        code, if_true, if_false, operand = program[at]
        at += 1
        if code == RETURN:
            return int(operand)
        if code == LOAD:
            (accumulator,) = struct.unpack_from("=I", data, operand)
        elif code == IF_EQUAL:
            at += if_true if accumulator == operand else if_false
        elif code == IF_AT_LEAST:
            at += if_true if accumulator >= operand else if_false
        else:
            raise AssertionError(f"no such instruction: {code:#x}")


def numbers_of(machine: str) -> dict[str, int]:
    """The numbers of a machine's calls in the list."""
    column = MACHINES[machine].column
    return {name: number for name, both in CALLS.items() if (number := both[column]) is not None}


def told_by_headers(machine: str) -> dict[str, int]:
    path = HEADERS[machine]
    if not path.exists():
        pytest.skip(f"the kernel's headers are not here: {path}")
    # Where a number has several names (__NR3264_fstatat), the one without a suffix is meant.
    text = re.sub(r"__NR(?:3264)?_(?:newfstatat|fstatat)\b", "__NR_newfstatat", path.read_text())
    found = re.findall(r"^#define __NR(?:3264)?_(\w+)\s+(\d+)$", text, re.MULTILINE)
    return {name: int(number) for name, number in found}


@pytest.mark.parametrize("machine", MACHINES)
def test_the_numbers_are_the_kernel_s(machine: str) -> None:
    told = told_by_headers(machine)
    assert {name: told[name] for name in numbers_of(machine)} == numbers_of(machine)
    assert told["seccomp"] == MACHINES[machine].seccomp


@pytest.mark.parametrize("machine", MACHINES)
def test_what_is_listed_is_allowed_and_nothing_else(machine: str) -> None:
    allowed = {name: number for name, number in numbers_of(machine).items() if name not in ONLY_WITH}
    for number in range(FIRST_NEW_CALL):
        assert answer(machine, number) == (ALLOW if number in allowed.values() else EACCES), number


@pytest.mark.parametrize("machine", MACHINES)
def test_some_calls_are_allowed_with_some_arguments_alone(machine: str) -> None:
    numbers = numbers_of(machine)
    assert answer(machine, numbers["prlimit64"], 0) == ALLOW
    assert answer(machine, numbers["prlimit64"], 1) == EACCES
    f_dupfd, f_getfd, f_setfd, f_getfl, f_setfl, f_setown, f_setsig = 0, 1, 2, 3, 4, 8, 10
    for command in (f_getfd, f_setfd, f_getfl):
        assert answer(machine, numbers["fcntl"], 3, command) == ALLOW
    for command in (f_dupfd, f_setfl, f_setown, f_setsig):
        assert answer(machine, numbers["fcntl"], 3, command) == EACCES


@pytest.mark.parametrize("machine", MACHINES)
def test_calls_that_are_newer_than_the_list_seem_not_to_exist(machine: str) -> None:
    # So libc falls back from clone3 (435) to clone, from faccessat2 (439) to faccessat.
    for number in (*range(FIRST_NEW_CALL, 600), 2**32 - 1):
        assert answer(machine, number) == ENOSYS


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("audit", [I386, ARM, 0, "the other"])
def test_another_kind_of_machine_may_do_nothing(machine: str, audit: int | str) -> None:
    (other,) = (kind.audit for name, kind in MACHINES.items() if name != machine)
    kind = other if isinstance(audit, str) else audit
    assert {answer(machine, number, 0, 1, audit=kind) for number in range(600)} == {EACCES}


def test_x32_is_no_way_round() -> None:
    assert {answer("x86_64", X32 | number, 0, 1) for number in range(600)} == {ENOSYS}


@pytest.mark.parametrize("machine", MACHINES)
def test_what_reaches_outside_is_refused(machine: str) -> None:
    told = told_by_headers(machine)
    for name in DANGEROUS & told.keys():
        assert answer(machine, told[name], 0, 1, 0) in {EACCES, ENOSYS}, name


@pytest.mark.parametrize("machine", MACHINES)
def test_the_kernel_takes_a_program_of_this_length(machine: str) -> None:
    assert 0 < len(filter_program(MACHINES[machine])) // 8 < MOST_INSTRUCTIONS
