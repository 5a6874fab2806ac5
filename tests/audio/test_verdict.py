from __future__ import annotations

import json
import signal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.audio.verdict import REFUSALS, ChildError, Ended, Result, judge, plain
from bot.errors import Outage, Refusal, Rejected, Unavailable


def report(verdict: str, duration_s: object = 0.0, detail: object = "") -> bytes:
    return json.dumps(
        {"verdict": verdict, "detail": detail, "duration_s": duration_s, "has_video": False}
    ).encode()


@pytest.mark.parametrize("verdict", ["untouched", "converted"])
def test_a_finished_child_gives_its_result(verdict: str) -> None:
    assert judge(Ended(0, report(verdict, 1.5), b"")) == Result(verdict == "untouched", 1.5, has_video=False)


@pytest.mark.parametrize(
    ("returncode", "said", "reason"),
    [
        *((0, report(refusal), refusal) for refusal in sorted(REFUSALS)),
        (0, report("memory"), Refusal.TOO_COSTLY),
        (-signal.SIGXCPU, b"", Refusal.TOO_COSTLY),
        (-signal.SIGSEGV, b"", Refusal.NOT_AUDIO),
        (-signal.SIGABRT, b"", Refusal.NOT_AUDIO),
    ],
)
def test_what_is_the_file_s_fault_is_rejected(returncode: int, said: bytes, reason: Refusal) -> None:
    with pytest.raises(Rejected) as caught:
        judge(Ended(returncode, said, b""))

    assert caught.value.reason is reason


@pytest.mark.parametrize(
    ("returncode", "said"),
    [(0, report("machine")), (-signal.SIGKILL, b""), (-signal.SIGTERM, b""), (None, b"")],
)
def test_what_is_the_machine_s_fault_is_tried_again(returncode: int | None, said: bytes) -> None:
    with pytest.raises(Unavailable) as caught:
        judge(Ended(returncode, said, b""))

    assert caught.value.reason is Outage.MACHINE


@pytest.mark.parametrize(
    ("returncode", "said"),
    [
        (1, b""),
        (-signal.SIGUSR1, b""),
        (0, b""),
        (0, b"[]"),
        (0, b"\xff"),
        (0, b"[" * 4_000),
        (0, report("nonsense")),
        (0, report("too_big")),
        (0, report("converted")),
        (0, report("converted", "nan")),
        (0, report("converted", "Infinity")),
        (0, report("converted", None)),
        (0, report("not_audio") * 2),
    ],
)
def test_anything_else_is_a_bug(returncode: int, said: bytes) -> None:
    with pytest.raises(ChildError):
        judge(Ended(returncode, said, b"Traceback"))


def test_a_child_s_last_words_reach_the_operator_as_one_plain_line() -> None:
    with pytest.raises(ChildError, match=r"^exit status 1: a \?\[31mred line$"):
        judge(Ended(1, b"", b"a\n\x1b[31mred   line\n"))


@given(st.binary())
def test_words_are_plain_whatever_they_were(words: bytes) -> None:
    line = plain(words)

    assert len(line) <= 200
    assert line.isascii()
    assert line.isprintable()
