"""How a child's end is read: its report, exit status and time, as one of our errors or a result. Pure.

| the child | what it means |
|---|---|
| exit 0, ``untouched`` or ``converted`` | the result |
| exit 0, a refusal's word | Rejected with that word |
| exit 0, ``machine`` (it could not read or write) | Unavailable(MACHINE) |
| exit 0, ``memory`` (beyond RLIMIT_AS) | Rejected(TOO_COSTLY) |
| SIGXCPU (beyond RLIMIT_CPU) | Rejected(TOO_COSTLY) |
| SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT | Rejected(NOT_AUDIO): the file broke the decoder |
| SIGKILL, SIGTERM and the like, from outside | Unavailable(MACHINE): out of memory, or shutting down |
| still there at the wall limit | Unavailable(MACHINE): it had no CPU, else SIGXCPU had come first |
| anything else | ChildError, a bug |
"""

from __future__ import annotations

import json
import math
import signal
from dataclasses import dataclass
from enum import StrEnum

from bot.errors import Outage, Refusal, Rejected, Unavailable

REPORT_BYTES = 4_096
"""A child that says more is broken."""
DETAIL_CHARACTERS = 200


class Verdict(StrEnum):
    """What a child says of a file, besides the words of ``REFUSALS``."""

    UNTOUCHED = "untouched"
    CONVERTED = "converted"
    MACHINE = "machine"
    MEMORY = "memory"


REFUSALS = frozenset(
    {
        Refusal.NOT_AUDIO,
        Refusal.NO_AUDIO_TRACK,
        Refusal.PROTECTED,
        Refusal.TOO_LONG,
    }
)
CRASHES = frozenset({signal.SIGSEGV, signal.SIGBUS, signal.SIGFPE, signal.SIGILL, signal.SIGABRT})
KILLS = frozenset({signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP})


class ChildError(RuntimeError):
    """A bug: the child ended in a way that it should not be able to."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a child ended, before anything of it is believed."""

    returncode: int | None
    """Negative: the signal that ended it; ``None``: it was still there at the wall limit."""
    report: bytes
    complaint: bytes
    """The last it wrote to stderr."""


@dataclass(frozen=True, slots=True)
class Result:
    """Audio that the child calls ready."""

    untouched: bool
    duration_s: float
    has_video: bool


def judge(ended: Ended) -> Result:
    """Read a child's end by the table above.

    Raises:
        Rejected: NOT_AUDIO, NO_AUDIO_TRACK, PROTECTED, TOO_LONG or TOO_COSTLY.
        Unavailable: MACHINE.
        ChildError: anything unforeseen.
    """
    if ended.returncode is None:
        raise Unavailable(Outage.MACHINE, "the decoder got too little CPU time")
    if ended.returncode == 0:
        return _believe(ended.report)
    if ended.returncode > 0:
        raise ChildError(f"exit status {ended.returncode}: {plain(ended.complaint)}")
    killed_by = -ended.returncode
    if killed_by == signal.SIGXCPU:
        raise Rejected(Refusal.TOO_COSTLY, "CPU time")
    if killed_by in CRASHES:
        raise Rejected(Refusal.NOT_AUDIO, f"the decoder crashed with signal {killed_by}")
    if killed_by in KILLS:
        raise Unavailable(Outage.MACHINE, f"the decoder was ended with signal {killed_by}")
    raise ChildError(f"signal {killed_by}: {plain(ended.complaint)}")


def _believe(report: bytes) -> Result:
    try:
        said = json.loads(report)
        verdict, detail = str(said["verdict"]), plain(str(said["detail"]).encode())
        duration_s, has_video = float(said["duration_s"]), bool(said["has_video"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ChildError(f"an unreadable report: {plain(report)}") from error
    if verdict in REFUSALS:
        raise Rejected(Refusal(verdict), detail)
    match verdict:
        case Verdict.MACHINE:
            raise Unavailable(Outage.MACHINE, detail)
        case Verdict.MEMORY:
            raise Rejected(Refusal.TOO_COSTLY, "memory")
        case Verdict.UNTOUCHED | Verdict.CONVERTED if math.isfinite(duration_s) and duration_s > 0:
            return Result(verdict == Verdict.UNTOUCHED, duration_s, has_video)
    raise ChildError(f"an unreadable report: {plain(report)}")


def plain(text: bytes) -> str:
    """The end of a child's words as one line of printable ASCII, fit for a log."""
    line = " ".join(text.decode("ascii", "replace").split())
    return "".join(sign if " " <= sign <= "~" else "?" for sign in line)[-DETAIL_CHARACTERS:]
