"""Errors out of the exit of a decoding child, and its verdict as JSON. Pure.

| how it ends | what it means |
|---|---|
| exit 0, ``done`` | the recording is cut to its end, or the length is told |
| exit 0, a refusal's word | Rejected with that word; of a format that is not read the detail is the codec |
| exit 0, ``machine`` (it could not read or write) | Unavailable(MACHINE) |
| exit 0, ``memory`` (beyond RLIMIT_AS) | Rejected(TOO_COSTLY) |
| SIGXCPU (beyond RLIMIT_CPU) | Rejected(TOO_COSTLY) |
| SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT | Rejected(NOT_AUDIO): the file broke the decoder |
| SIGKILL, SIGTERM and the like, from outside | Unavailable(MACHINE): out of memory, or shutting down |
| no word for as long as it may stall | Unavailable(MACHINE): it had no CPU, else SIGXCPU had come first |
| anything else, a line too many among it | ChildError, a bug |
"""

from __future__ import annotations

import json
import signal
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from bot.audio.unread_formats import CODECS
from bot.errors import Outage, Refusal, Rejected, Unavailable

DETAIL_CHARACTERS = 200


class Verdict(StrEnum):
    """The final outcomes that a child reports of a file, besides the words of ``REFUSALS``."""

    DONE = "done"
    MACHINE = "machine"
    MEMORY = "memory"


REFUSALS = frozenset(
    {
        Refusal.NOT_AUDIO,
        Refusal.NO_AUDIO_TRACK,
        Refusal.PROTECTED,
        Refusal.FORMAT_NOT_READ,
        Refusal.DECODER_FAILED,
        Refusal.TOO_LONG,
    }
)
CRASHES = frozenset({signal.SIGSEGV, signal.SIGBUS, signal.SIGFPE, signal.SIGILL, signal.SIGABRT})
KILLS = frozenset({signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP})


class ChildError(RuntimeError):
    """A bug: the child did what it should not be able to."""


@dataclass(frozen=True, slots=True)
class ChildExit:
    """A child's exit status, and the tail of its stderr."""

    returncode: int | None
    """Negative: the signal that ended it; ``None``: it printed nothing for too long."""
    stderr_tail: bytes
    """The last bytes that it wrote to stderr."""


def judge(ended: ChildExit, report: dict[str, Any] | None, most_minutes: int | None) -> None:
    """Return where the child says that it is done; raise what the table above says."""
    if ended.returncode is None:
        raise Unavailable(Outage.MACHINE, "the decoder got too little CPU time")
    if ended.returncode == 0:
        return _read_report(report or {}, most_minutes)
    if ended.returncode > 0:
        raise ChildError(f"exit status {ended.returncode}: {plain(ended.stderr_tail)}")
    killed_by = -ended.returncode
    if killed_by == signal.SIGXCPU:
        raise Rejected(Refusal.TOO_COSTLY, "CPU time")
    if killed_by in CRASHES:
        raise Rejected(Refusal.NOT_AUDIO, f"the decoder crashed with signal {killed_by}")
    if killed_by in KILLS:
        raise Unavailable(Outage.MACHINE, f"the decoder was ended with signal {killed_by}")
    raise ChildError(f"signal {killed_by}: {plain(ended.stderr_tail)}")


def _read_report(report: dict[str, Any], most_minutes: int | None) -> None:
    verdict, detail = str(report.get("verdict")), plain(str(report.get("detail")).encode())
    if verdict in REFUSALS:
        # Of a codec only our own name for it may reach a thread, whatever the child says.
        name = CODECS.get(detail) if verdict == Refusal.FORMAT_NOT_READ else None
        limit = most_minutes if verdict == Refusal.TOO_LONG else None
        raise Rejected(Refusal(verdict), detail, limit, name)
    match verdict:
        case Verdict.MACHINE:
            raise Unavailable(Outage.MACHINE, detail)
        case Verdict.MEMORY:
            raise Rejected(Refusal.TOO_COSTLY, "memory")
        case Verdict.DONE:
            return
    raise ChildError(f"it ended with {plain(verdict.encode())}")


def parsed(line: bytes) -> dict[str, Any]:
    """A child's line; raises ChildError where it is none."""
    try:
        said = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ChildError(f"an unreadable line: {plain(line)}") from error
    if not isinstance(said, dict):
        raise ChildError(f"an unreadable line: {plain(line)}")
    return said


def plain(text: bytes) -> str:
    """The end of a child's output as one line of printable ASCII, fit for a log."""
    line = " ".join(text.decode("ascii", "replace").split())
    return "".join(sign if " " <= sign <= "~" else "?" for sign in line)[-DETAIL_CHARACTERS:]
