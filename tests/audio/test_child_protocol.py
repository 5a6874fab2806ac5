from __future__ import annotations

import json
import signal
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.audio.child_exit import REFUSALS, ChildError, ChildExit, plain
from bot.audio.child_protocol import (
    ALIVE,
    LINE_BYTES,
    MOST_FURTHER_CHANNELS,
    MOST_SOUNDS,
    Cut,
    CutChannel,
    SplitReader,
    render_cut,
)
from bot.audio.plan import MOST_TRACKS
from bot.errors import Outage, Refusal, Rejected, Unavailable
from bot.recording import Span

MOST_MINUTES = 10
DONE = (Span(100_000, 200_000), Span(200_000, 300_000))


def report(verdict: str, detail: object = "") -> bytes:
    return json.dumps({"verdict": verdict, "detail": detail}).encode() + b"\n"


def line(start_ms: object = 0, end_ms: object = 2_000, **changes: Any) -> bytes:
    sent = [start_ms, end_ms]
    said = {
        "start_ms": start_ms,
        "end_ms": end_ms,
        "sounds": [sent],
        "sent": sent,
        "tracks": 1,
        "further_channels": [],
    }
    flags = {"last": True, "short": False, "untouched": False, "has_video": False, "breaks_off": False}
    return json.dumps({**said, **flags, **changes}).encode()


def account(*lines: bytes, done: Sequence[Span] = ()) -> SplitReader:
    made = SplitReader(done, MOST_MINUTES)
    for one in lines:
        made.feed(one)
    return made


@pytest.mark.parametrize("untouched", [False, True])
def test_a_line_is_read_as_it_was_written(*, untouched: bool) -> None:
    cut = Cut(
        Span(0, 2_000),
        (Span(40, 500), Span(900, 2_000)),
        Span(0, 2_000),
        last=True,
        short=True,
        untouched=untouched,
        has_video=not untouched,
        tracks=3,
        breaks_off=not untouched,
        further_channels=() if untouched else (CutChannel((Span(100, 1_700),), Span(0, 1_900)),),
    )

    assert account().feed(render_cut(cut).encode()) == cut


def test_a_channel_may_be_silent() -> None:
    span, sound = Span(0, 2_000), (Span(0, 2_000),)
    for first, further in (((), sound), (sound, ()), ((), ())):
        cut = Cut(
            *(span, first, span if first else None, True, True),
            untouched=False,
            has_video=False,
            further_channels=(CutChannel(further, span if further else None),),
        )
        assert account().feed(render_cut(cut).encode()) == cut


def test_the_longest_line_there_can_be_is_within_the_limit() -> None:
    sounds = tuple(Span(at, at + 60) for at in range(10_000_000, 10_171_000, 360))
    span = Span(10_000_000, 10_171_000)
    cut = Cut(
        *(span, sounds, span),
        last=False,
        short=False,
        untouched=False,
        has_video=False,
        further_channels=(CutChannel(sounds, span),) * MOST_FURTHER_CHANNELS,
    )

    assert len(sounds) <= MOST_SOUNDS
    assert len(render_cut(cut)) < LINE_BYTES


def test_a_recording_that_is_cut_to_its_end_is_done() -> None:
    lines = (line(end_ms=90_000, last=False), line(90_000, 261_000, last=False), line(261_000, 262_000))

    account(*lines, report("done")).finish(ChildExit(0, b""))


def test_segments_lie_around_what_is_done() -> None:
    lines = (line(end_ms=100_000, last=False), line(300_000, 310_000))

    account(*lines, report("done"), done=DONE).finish(ChildExit(0, b""))
    account(lines[0], report("done"), done=DONE).finish(ChildExit(0, b""))


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
@pytest.mark.parametrize("before", [(), (line(end_ms=90_000, last=False),), (line(),)])
def test_what_is_the_file_s_fault_is_rejected(
    returncode: int, said: bytes, reason: Refusal, before: tuple[bytes, ...]
) -> None:
    heard = account(*before, *([said] if said else []))
    with pytest.raises(Rejected) as caught:
        heard.finish(ChildExit(returncode, b""))

    assert caught.value.reason is reason
    assert caught.value.limit == (MOST_MINUTES if reason is Refusal.TOO_LONG else None)


@pytest.mark.parametrize(
    ("returncode", "said"),
    [(0, report("machine")), (-signal.SIGKILL, b""), (-signal.SIGTERM, b""), (None, b"")],
)
def test_what_is_the_machine_s_fault_is_tried_again(returncode: int | None, said: bytes) -> None:
    heard = account(*([said] if said else []))
    with pytest.raises(Unavailable) as caught:
        heard.finish(ChildExit(returncode, b""))

    assert caught.value.reason is Outage.MACHINE


@pytest.mark.parametrize(
    ("returncode", "lines"),
    [
        (1, ()),
        (1, (line(), report("done"))),
        (-signal.SIGUSR1, ()),
        (0, ()),
        (0, (line(),)),
        (0, (report("nonsense"),)),
        (0, (report("too_big"),)),
        (0, (report("done"),)),
        (0, (line(end_ms=90_000, last=False), report("done"))),
        (0, (b'{"verdict": null}',)),
        (0, (b'{"verdict": ["done"]}',)),
    ],
)
def test_any_other_end_is_a_bug(returncode: int, lines: tuple[bytes, ...]) -> None:
    heard = account(*lines)
    with pytest.raises(ChildError):
        heard.finish(ChildExit(returncode, b"Traceback"))


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"\n",
        b"[]",
        b"7",
        b"null",
        b"\xff",
        b"{}",
        b"[" * 10_000,
        b'{"start_ms": ' + b"1" * 10_000 + b"}",
        report("not_audio") * 2,
        line(1, 2_000),
        line(-1, 2_000),
        line(0, 0),
        line(0, -5),
        line(0, 171_001),
        line(0, 10**30),
        line(0, 19_998, last=False),
        line(0, 2_000.0),
        line(0, float("nan"), sounds=[]),
        line(0, float("inf"), sounds=[]),
        line(0, "2000", sounds=[]),
        line(start_ms=False, sounds=[]),
        line(end_ms=True, sounds=[]),
        line(0, None),
        line(sounds=[]),
        line(sent=None),
        line(sent=[0]),
        line(sent=[0, 2_001]),
        line(sent=[-1, 2_000]),
        line(sent=[1, 2_000]),
        line(sent=[0, 1_999]),
        line(sent=[0, 2_000.0]),
        line(short=1),
        line(100_000, 172_000, short=True),
        line(sounds=None),
        line(sounds={"a": 1}),
        line(sounds="ab"),
        line(sounds=[[0]]),
        line(sounds=[[0, 1, 2]]),
        line(sounds=[[0, 0]]),
        line(sounds=[[-1, 5]]),
        line(sounds=[[0, 2_001]]),
        line(sounds=[[5, 3]]),
        line(sounds=[[10, 20], [0, 5]]),
        line(sounds=[[0, 20], [10, 30]]),
        line(sounds=[[0, float("nan")]]),
        line(sounds=[[at, at + 1] for at in range(MOST_SOUNDS + 1)]),
        line(last=1),
        line(last=None),
        line(untouched="no"),
        line(has_video=0),
        line(tracks=True),
        line(tracks=-1),
        line(tracks=MOST_TRACKS + 1),
        line(breaks_off=1),
        line(end_ms=90_000, last=False, breaks_off=True),
        line(end_ms=100_000, last=False, untouched=True),
        line(further_channels=None),
        line(further_channels={"sounds": [], "sent": None}),
        line(further_channels=[{"sounds": []}]),
        line(further_channels=[{"sounds": [], "sent": [0, 2_000]}]),
        line(further_channels=[{"sounds": [[0, 5]], "sent": None}]),
        line(further_channels=[{"sounds": [[0, 5]], "sent": [0, 2_001]}]),
        line(
            further_channels=[{"sounds": [[at, at + 1] for at in range(MOST_SOUNDS + 1)], "sent": [0, 2_000]}]
        ),
        line(further_channels=[{"sounds": [], "sent": None}] * (MOST_FURTHER_CHANNELS + 1)),
        line(further_channels=[{"sounds": [], "sent": None}], untouched=True),
        line().replace(b"has_video", b"had_video"),
    ],
)
def test_a_line_that_no_child_of_ours_says_is_a_bug(said: bytes) -> None:
    with pytest.raises(ChildError):
        account().feed(said)


@pytest.mark.parametrize(
    "said",
    [
        line(0, 100_001),
        line(0, 99_999, last=False)[:-1] + b"]",
        line(0, 19_000, last=False),
        line(100_000, 200_000),
        line(300_000, 301_000),
        line(0, 100_000, untouched=True),
    ],
)
def test_a_segment_that_reaches_into_what_is_done_is_a_bug(said: bytes) -> None:
    with pytest.raises(ChildError):
        account(done=DONE).feed(said)


@pytest.mark.parametrize(
    "lines",
    [
        (line(), line(2_000, 3_000)),
        (line(), line()),
        (line(), report("done"), report("done")),
        (report("done"), line()),
        (line(end_ms=90_000, last=False), line(90_001, 91_000)),
        (line(end_ms=90_000, last=False), line(89_999, 91_000)),
        (line(end_ms=90_000, last=False), line(0, 90_000)),
        (line(end_ms=90_000, last=False), line(90_000, 180_000, short=True)),
        (line(end_ms=90_000, last=False), line(90_000, 91_000, untouched=True)),
        (*(line(at, at + 150_000, last=False) for at in range(0, 600_000, 150_000)), line(600_000, 601_001)),
    ],
)
def test_a_line_that_does_not_follow_is_a_bug(lines: tuple[bytes, ...]) -> None:
    heard = account(*lines[:-1])
    with pytest.raises(ChildError):
        heard.feed(lines[-1])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(
    st.sampled_from(
        [
            *("start_ms", "end_ms", "sounds", "sent", "last", "short", "untouched", "has_video", "tracks"),
            *("breaks_off", "further_channels"),
        ]
    ),
    JSON,
)
def test_whatever_stands_in_a_line_it_is_believed_or_a_bug(name: str, value: object) -> None:
    try:
        cut = account().feed(line(**{name: value}))
    except ChildError:
        return

    assert cut is not None
    assert cut.span.start_ms == 0 < cut.span.end_ms <= 171_000
    assert all(0 <= sound.start_ms < sound.end_ms <= cut.span.end_ms for sound in cut.sounds)


@given(st.binary(max_size=200))
def test_no_bytes_break_the_account(said: bytes) -> None:
    with pytest.raises(ChildError):
        account().feed(said)


def test_a_child_s_last_words_reach_the_operator_as_one_plain_line() -> None:
    with pytest.raises(ChildError, match=r"^exit status 1: a \?\[31mred line$"):
        account().finish(ChildExit(1, b"a\n\x1b[31mred   line\n"))


@given(st.binary())
def test_words_are_plain_whatever_they_were(words: bytes) -> None:
    shown = plain(words)

    assert len(shown) <= 200
    assert shown.isascii()
    assert shown.isprintable()


def test_a_sign_of_life_changes_nothing() -> None:
    account = SplitReader((), 180)

    assert account.feed(json.dumps(ALIVE).encode()) is None
    assert account.feed(b'{"verdict": "done", "detail": ""}') is None
    with pytest.raises(ChildError):
        account.feed(json.dumps(ALIVE).encode())
