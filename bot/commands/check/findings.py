"""The findings on each prerequisite, and their rendering in a terminal. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.commands.check.advice import common


class Mark(StrEnum):
    """The state of a prerequisite."""

    GOOD = "✓"
    BAD = "✗"
    WARNING = "!"
    UNTRIED = "–"  # noqa: RUF001  # a dash is meant
    """Something else has to be mended first, or there is nothing to try it on."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One prerequisite: how it stands, its name, and where it is not good what to do."""

    mark: Mark
    name: str
    text: str


_PLAIN = {ord("✓"): "+", ord("✗"): "x", ord(Mark.UNTRIED): "-"} | str.maketrans("“”→", '"">')
"""For terminals without Unicode."""


def good(name: str, text: str) -> Finding:
    """A finding: it is as it has to be."""
    return Finding(Mark.GOOD, name, text)


def bad(name: str, text: str) -> Finding:
    """A finding: the bot cannot work like this."""
    return Finding(Mark.BAD, name, text)


def warning(name: str, text: str) -> Finding:
    """A finding: the bot works, but not for long or not for everything."""
    return Finding(Mark.WARNING, name, text)


def untried(name: str, text: str) -> Finding:
    """A finding: it cannot be told."""
    return Finding(Mark.UNTRIED, name, text)


def is_ready(findings: Sequence[Finding]) -> bool:
    """True where nothing has to be mended."""
    return all(finding.mark is not Mark.BAD for finding in findings)


def render(findings: Sequence[Finding], encoding: str) -> str:
    """A line for each finding, and one that sums up, in what the encoding can write."""
    lines = [_one_line(f"{finding.mark} {finding.name}: {finding.text}") for finding in findings]
    wrong = sum(finding.mark is Mark.BAD for finding in findings)
    text = "".join(f"{line}\n" for line in (*lines, common.summary(wrong)))
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return text.translate(_PLAIN).encode(encoding, "replace").decode(encoding)
    return text


def _one_line(text: str) -> str:
    """Nothing that moves a cursor: names come from outside."""
    return "".join(character if character.isprintable() else " " for character in text)
