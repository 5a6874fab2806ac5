"""Landlock's rulesets as the kernel reads them, by the version of its interface. Pure.

Source: https://docs.kernel.org/userspace-api/landlock.html and ``linux/landlock.h``
"""

from __future__ import annotations

import struct
from enum import IntFlag

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
"""Numbers of the three system calls, the same on every machine."""
ASK_VERSION = 1
"""A flag of ``CREATE_RULESET``: it answers with the version, and makes nothing."""
PATH_BENEATH = 1
"""The kind of rule that allows something on a file, or below a folder."""


class Access(IntFlag):
    """The kinds of access to a file or folder that Landlock tells apart."""

    EXECUTE = 1 << 0
    WRITE_FILE = 1 << 1
    READ_FILE = 1 << 2
    READ_DIR = 1 << 3
    REMOVE_DIR = 1 << 4
    REMOVE_FILE = 1 << 5
    MAKE_CHAR = 1 << 6
    MAKE_DIR = 1 << 7
    MAKE_REG = 1 << 8
    MAKE_SOCK = 1 << 9
    MAKE_FIFO = 1 << 10
    MAKE_BLOCK = 1 << 11
    MAKE_SYM = 1 << 12
    REFER = 1 << 13
    TRUNCATE = 1 << 14
    IOCTL_DEV = 1 << 15


TO_SOURCE = Access.READ_FILE
TO_WORKSPACE = Access.WRITE_FILE | Access.MAKE_REG | Access.REMOVE_FILE
"""To write new files there, and to replace them; not to read, nor to list them."""

_TCP = 0b11
"""Binding to a port and connecting to one, from version 4."""
_SCOPES = 0b11
"""Abstract Unix sockets and signals, from version 6: neither leaves the confined process."""


def ruleset(version: int) -> bytes:
    """The ruleset that refuses whatever a kernel of this version can refuse."""
    parts = [sum(access.value for access in Access if version >= _since(access))]
    if version >= 4:
        parts.append(_TCP)
    if version >= 6:
        parts.append(_SCOPES)
    return struct.pack(f"={len(parts)}Q", *parts)


def rule(allowed: Access, descriptor: int) -> bytes:
    """The rule that allows something on an open file, or below an open folder."""
    return struct.pack("=Qi", allowed, descriptor)


def _since(access: Access) -> int:
    """The version that knows an access."""
    return {Access.REFER: 2, Access.TRUNCATE: 3, Access.IOCTL_DEV: 5}.get(access, 1)
