from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.job.parts import Parts
from bot.recording import Part, Recognition, Segment, Span


def part(start_ms: int, end_ms: int, *, last: bool = False, failed: bool = False) -> Part:
    heard = Recognition(f"words at {start_ms}", "en", 1.0, complete=True, request_id="")
    return Part(Span(start_ms, end_ms), (), last, None if failed else heard, failed)


FOUR = [part(0, 10), part(10, 25), part(25, 30), part(30, 44, last=True)]


@given(st.permutations(FOUR), st.integers(0, 4))
def test_what_comes_in_any_order_is_read_in_the_recordings(order: list[Part], arrived: int) -> None:
    parts = Parts()
    for one in order[:arrived]:
        parts.add(one)
    known = {one.span.start_ms for one in order[:arrived]}
    ready = list(itertools.takewhile(lambda one: one.span.start_ms in known, FOUR))
    assert parts.prefix() == ready
    assert parts.is_whole == (arrived == 4)
    assert parts.count == arrived
    assert parts.done() == [one.span for one in FOUR if one.span.start_ms in known]


def test_the_total_is_known_when_all_is_cut() -> None:
    parts = Parts()
    parts.remember(FOUR[:1])
    parts.expect(Segment(Span(10, 25), (), last=False, audio=None))
    assert (parts.count, parts.total) == (1, None)
    parts.all_cut = True
    total: int | None = parts.total
    assert total == 2


def test_what_failed_before_has_failed_for_good() -> None:
    parts = Parts()
    parts.remember([FOUR[0], part(10, 25, failed=True), *FOUR[2:]])
    assert parts.done() == [one.span for one in FOUR]
    assert parts.is_whole


@pytest.mark.parametrize(
    ("known", "end_ms", "holes"),
    [
        (FOUR, 0, []),
        (FOUR[1:], 0, [(0, 10)]),
        ([FOUR[0], FOUR[3]], 0, [(10, 30)]),
        (FOUR[:2], 44, [(25, 44)]),
        (FOUR[:2], 0, [(25, 26)]),
        ([], 44, []),
    ],
)
def test_holes_are_filled_with_failures(known: list[Part], end_ms: int, holes: list[tuple[int, int]]) -> None:
    parts = Parts()
    for one in known:
        parts.add(one)
    filled = parts.filled(end_ms)
    assert [(p.span.start_ms, p.span.end_ms) for p in filled if p.failed] == holes
    assert all(one.span.end_ms == two.span.start_ms for one, two in itertools.pairwise(filled))
