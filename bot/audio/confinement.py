"""The confinement of decoding children by the kernel, and the line in which a child reports it. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from bot.audio.child_exit import ChildError, ChildExit, judge, parsed, plain


@dataclass(frozen=True, slots=True)
class Confinement:
    """The kernel's means that confine a child, besides its resource limits."""

    landlock: int
    """The version of the kernel's Landlock, which closes files; 0: none."""
    seccomp: bool
    """System calls are filtered."""

    @property
    def missing(self) -> tuple[str, ...]:
        """The names of what it did not get."""
        found = {"landlock": self.landlock > 0, "seccomp": self.seccomp}
        return tuple(name for name, is_there in found.items() if not is_there)


def render_confinement(confinement: Confinement) -> str:
    """A confinement as a child's line."""
    return json.dumps({"landlock": confinement.landlock, "seccomp": confinement.seccomp})


class ConfinementReader:
    """Reads the lines of a child that reports its confinement."""

    def __init__(self) -> None:
        """Nothing yet."""
        self._confinement: Confinement | None = None
        self._report: dict[str, Any] | None = None

    def feed(self, line: bytes) -> None:
        """Take one line.

        Raises:
            ChildError: no child of ours says this.
        """
        match parsed(line):
            case {"verdict": _} as report if self._report is None:
                self._report = report
            case {"landlock": int(landlock), "seccomp": bool(seccomp)} if self._confinement is None:
                self._confinement = Confinement(landlock, seccomp)
            case _:
                raise ChildError(f"an unreadable line: {plain(line)}")

    def finish(self, ended: ChildExit) -> Confinement:
        """The confinement that the child reported.

        Raises:
            Unavailable: MACHINE.
            ChildError: anything unforeseen.
        """
        judge(ended, self._report, None)
        if self._confinement is None:
            raise ChildError("done, and no confinement told")
        return self._confinement
