"""Landlock's structures, byte by byte, for each version of its interface."""

from __future__ import annotations

import struct

import pytest

from bot.audio.child.landlock import TO_SOURCE, TO_WORKSPACE, Access, rule, ruleset


@pytest.mark.parametrize(
    ("version", "words"),
    [
        (1, (0x1FFF,)),
        (2, (0x3FFF,)),
        (3, (0x7FFF,)),
        (4, (0x7FFF, 3)),
        (5, (0xFFFF, 3)),
        (6, (0xFFFF, 3, 3)),
        (7, (0xFFFF, 3, 3)),
        (99, (0xFFFF, 3, 3)),
    ],
)
def test_a_kernel_is_asked_for_all_that_it_knows_and_no_more(version: int, words: tuple[int, ...]) -> None:
    assert ruleset(version) == struct.pack(f"={len(words)}Q", *words)


def test_a_rule_names_what_is_allowed_and_where() -> None:
    assert rule(Access.READ_FILE, 7) == b"\4" + bytes(7) + b"\7" + bytes(3)


def test_every_version_knows_what_the_rules_allow() -> None:
    # A rule that allows what its ruleset does not know of is refused by the kernel.
    (known,) = struct.unpack("=Q", ruleset(1))
    assert (TO_SOURCE | TO_WORKSPACE) & ~known == 0
