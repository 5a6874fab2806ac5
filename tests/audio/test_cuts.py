from __future__ import annotations

from array import array
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bot.audio.channel_pair import Pcm
from bot.audio.cuts import EARLIEST_MS, LATEST_MS, Cutter, Piece, decide_cut, stretch_from
from bot.audio.levels import FRAME_MS, FRAME_SAMPLES, SAMPLES_PER_MS, SILENCE, power
from bot.audio.plan import LONGEST_MS, SHORTEST_MS
from bot.recording import Span

pytestmark = pytest.mark.slow

WINDOW = 25
LONGEST = LONGEST_MS // FRAME_MS
LOUD = 1_000_000
SMOOTHED_MS = 40
"""A burst seems so much longer at both ends."""


def levels_of(quiet: Sequence[tuple[int, int, int]], frames: int = LONGEST) -> array[int]:
    """Loud frames, but for stretches of (first frame, frames, level)."""
    levels = array("I", [LOUD]) * frames
    for first, length, level in quiet:
        levels[first : first + length] = array("I", [level]) * length
    return levels


def loudness(levels: Sequence[int], first: int) -> int:
    return sum(max(level, int(SILENCE)) for level in levels[first : first + WINDOW])


CANDIDATES = range(EARLIEST_MS // FRAME_MS, LATEST_MS // FRAME_MS - WINDOW + 1)
QUIET = st.lists(
    st.tuples(st.integers(4_000, 8_600), st.integers(1, 40), st.sampled_from([0, 20, 500, 40_000])),
    max_size=6,
)


@settings(max_examples=40)
@given(QUIET)
def test_the_cut_lies_in_the_quietest_half_second(quiet: list[tuple[int, int, int]]) -> None:
    levels = levels_of(quiet)

    cut_ms = decide_cut(levels, None)

    assert cut_ms is not None
    assert cut_ms % FRAME_MS == 0
    first = cut_ms // FRAME_MS - WINDOW // 2
    assert first in CANDIDATES
    chosen = loudness(levels, first)
    assert all(chosen <= loudness(levels, at) for at in CANDIDATES)
    assert all(chosen < loudness(levels, at) for at in CANDIDATES if at > first)
    assert decide_cut(levels, None) == cut_ms


def test_a_pause_is_cut_in_its_middle() -> None:
    assert decide_cut(levels_of([(6_000, WINDOW, 0)]), None) == (6_000 + 12) * FRAME_MS


def test_silence_below_75_dbfs_is_no_quieter_than_silence() -> None:
    assert decide_cut(levels_of([(5_000, 200, 0), (7_000, 30, 30)]), None) == (7_005 + 12) * FRAME_MS


def test_what_is_heard_outside_of_the_window_does_not_count() -> None:
    levels = levels_of([(4_300, 200, 0), (5_000, 100, 9_000), (8_500, 50, 0)])

    assert 5_000 * FRAME_MS < (decide_cut(levels, None) or 0) < 5_100 * FRAME_MS


def test_nothing_is_decided_before_171_s_are_heard() -> None:
    levels = levels_of([(6_000, WINDOW, 0)], LONGEST + 100)

    assert decide_cut(levels[: LONGEST - 1], None) is None
    assert decide_cut(levels[:LONGEST], None) == decide_cut(levels, None)


@pytest.mark.parametrize("room_ms", [20, 60_000, LONGEST_MS])
def test_a_stretch_before_what_is_done_is_one_segment_where_nothing_cuts_it(room_ms: int) -> None:
    levels = levels_of([], LONGEST)

    assert decide_cut(levels[:-1], room_ms) is None
    assert decide_cut(levels[:-1], room_ms, ended=True) == room_ms
    if room_ms < EARLIEST_MS:
        assert decide_cut(levels, room_ms) == room_ms


def test_a_longer_stretch_before_what_is_done_is_cut_as_usual() -> None:
    levels = levels_of([(6_000, WINDOW, 0)])

    assert decide_cut(levels, LONGEST_MS + 20) == decide_cut(levels, None)
    assert decide_cut(levels[:-1], LONGEST_MS + 20) is None


def test_a_long_silence_is_cut_shortly_before_the_sound_behind_it() -> None:
    levels = levels_of([(2_000, 260, 0), (4_000, 500, 0)])

    assert decide_cut(levels) == 2_260 * FRAME_MS - 760 - SMOOTHED_MS
    assert decide_cut(levels[:-1]) is None
    assert decide_cut(levels[:-1], ended=True) == decide_cut(levels)


def test_a_long_silence_is_cut_where_it_is_quietest() -> None:
    assert decide_cut(levels_of([(2_000, 300, 20_000), (2_100, WINDOW, 9_000)])) == (2_100 + 12) * FRAME_MS


def test_a_long_silence_in_noise_is_cut_too() -> None:
    noise = int(power(-36))
    levels = array("I", [noise]) * LONGEST
    levels[1_000:2_000] = array("I", [LOUD * 4]) * 1_000
    levels[3_000:] = array("I", [LOUD * 4]) * (LONGEST - 3_000)

    assert decide_cut(levels) == pytest.approx(59_240, abs=100)


def test_what_noise_nearly_hides_is_no_silence() -> None:
    levels = array("I", [10_000] * 1_000 + [200_000] * 1_000 + [10_000, 30_000] * 500 + [200_000] * 5_550)

    assert (decide_cut(levels) or 0) > EARLIEST_MS


def test_a_silence_of_less_than_five_seconds_is_not_cut() -> None:
    levels = levels_of([(2_000, 249, 0), (6_000, WINDOW, 0)])

    assert (decide_cut(levels) or 0) > EARLIEST_MS


def test_many_short_sounds_are_not_as_many_requests() -> None:
    # A second of sound after every six of silence: as many segments as a request is worth, and no more.
    pieces = cut(recording(([9_000] + [0] * 6) * 100))

    assert len(pieces) <= 700_000 / SHORTEST_MS + 1
    assert all(piece.span.duration_ms >= SHORTEST_MS for piece in pieces[:-1])
    assert sum(len(piece.channels[0].pcm) for piece in pieces) < 700 * 16_000 * 0.85


def test_silence_between_is_left_out_of_what_is_sent() -> None:
    pieces = cut(recording([9_000] * 20 + [0] * 60 + [9_000] * 20))

    assert [piece.span for piece in pieces] == [Span(0, 79_200), Span(79_200, 100_000)]
    assert [piece.last for piece in pieces] == [False, True]
    assert [len(piece.channels[0].pcm) // 16 for piece in pieces] == [20_540, 20_800]
    assert all(piece.short for piece in pieces)


def test_words_across_a_silence_stay_apart_in_a_second_run() -> None:
    seconds = ([9_000] * 22 + [0] * 6) * 12
    first = cut(recording(seconds))
    assert len(first) == 12

    second = cut(recording(seconds), [first[0].span, first[5].span, first[6].span])

    assert [piece.span for piece in second] == [first[at].span for at in (1, 2, 3, 4, 7, 8, 9, 10, 11)]


def test_the_next_segment_begins_behind_what_is_done() -> None:
    done = (Span(0, 100), Span(100, 200), Span(300, 400))

    assert stretch_from(0, done) == (200, 300)
    assert stretch_from(200, done) == (200, 300)
    assert stretch_from(150, done) == (200, 300)
    assert stretch_from(300, done) == (400, None)
    assert stretch_from(0, ()) == (0, None)


def recording(seconds: Sequence[int], rest_samples: int = 0) -> array[int]:
    """A second of each amplitude, in samples of alternating sign."""
    pcm = array("h")
    for amplitude in seconds:
        pcm.extend(array("h", [amplitude, -amplitude]) * (500 * SAMPLES_PER_MS))
    pcm.extend(array("h", [1_000, -1_000] * (rest_samples // 2 + 1))[:rest_samples])
    return pcm


def cut(pcm: array[int], done: Sequence[Span] = (), step_samples: int = 48_000) -> list[Piece]:
    cutter, pieces = Cutter(done), []
    for at in range(0, len(pcm), step_samples):
        pieces += cutter.add(Pcm(pcm[at : at + step_samples].tobytes()))
    return [*pieces, *cutter.end()]


@st.composite
def done_within(draw: st.DrawFn, seconds: int) -> tuple[Span, ...]:
    edges = draw(st.lists(st.integers(0, seconds * 50), max_size=6, unique=True).map(sorted))
    spans = [
        Span(start * FRAME_MS, end * FRAME_MS) for start, end in zip(edges[::2], edges[1::2], strict=False)
    ]
    if len(spans) > 1 and draw(st.booleans()):
        spans[0] = Span(spans[0].start_ms, spans[1].start_ms)  # side by side, as they are after a run
    return tuple(spans)


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_segments_and_what_is_done_lie_side_by_side(data: st.DataObject) -> None:
    pattern = data.draw(st.lists(st.sampled_from([0, 3, 300, 9_000]), min_size=1, max_size=20))
    seconds = (pattern * 420)[: data.draw(st.integers(1, 420))]
    pcm = recording(seconds, data.draw(st.integers(0, 700)))
    done = data.draw(done_within(len(seconds)))

    pieces = cut(pcm, done)

    # Behind what is done, less than a frame may be left over.
    end_ms = -(-len(pcm) // SAMPLES_PER_MS)
    spans = sorted((*(piece.span for piece in pieces), *done), key=lambda span: span.start_ms)
    assert spans[0].start_ms == 0
    assert all(one.end_ms == other.start_ms for one, other in pairwise(spans))
    assert 0 <= end_ms - spans[-1].end_ms < (FRAME_MS if spans[-1] in done else 1)
    for piece in pieces:
        span = piece.span
        assert span.duration_ms <= LONGEST_MS
        assert piece.last == (span.end_ms == end_ms)
        if not piece.last:
            assert span.end_ms % FRAME_MS == 0
            assert span.duration_ms >= SHORTEST_MS or span.end_ms in {one.start_ms for one in done}


@settings(max_examples=8, deadline=None)
@given(
    st.lists(st.sampled_from([0, 5, 400, 9_000]), min_size=200, max_size=400),
    st.integers(1_000, 100_000),
)
def test_the_cuts_do_not_depend_on_how_the_recording_arrives(seconds: list[int], step_samples: int) -> None:
    pcm = recording(seconds)

    assert cut(pcm, step_samples=step_samples) == cut(pcm)


@settings(max_examples=8, deadline=None)
@given(st.lists(st.sampled_from([0, 5, 400, 9_000]), min_size=200, max_size=500), st.data())
def test_a_second_run_makes_what_the_first_had_left(seconds: list[int], data: st.DataObject) -> None:
    first = cut(recording(seconds))
    kept = [data.draw(st.booleans()) for _ in first]
    done = [piece.span for piece, keep in zip(first, kept, strict=True) if keep]
    assume(done)

    second = cut(recording(seconds), done)

    left = [piece for piece, keep in zip(first, kept, strict=True) if not keep]
    assert [(piece.span, piece.channels[0].sounds, piece.channels[0].pcm) for piece in second] == [
        (piece.span, piece.channels[0].sounds, piece.channels[0].pcm) for piece in left
    ]


@pytest.mark.parametrize("seconds", [170, 171, 172, 340, 342])
def test_what_is_left_at_the_end_is_never_shorter_than_a_second(seconds: int) -> None:
    pieces = cut(recording([9_000] * seconds))

    assert pieces[-1].last
    assert pieces[-1].span.end_ms == seconds * 1_000
    assert len(pieces) == 1 + (seconds >= 171) + (seconds >= 341)
    assert all(piece.span.duration_ms >= 1_000 for piece in pieces)


def test_a_recording_shorter_than_a_frame_is_a_segment() -> None:
    (piece,) = cut(recording([], rest_samples=17))

    assert (piece.span, piece.last) == (Span(0, 2), True)


def test_a_recording_that_ends_within_what_is_done_leaves_nothing() -> None:
    assert cut(recording([9_000] * 3), [Span(0, 3_500)]) == []


@pytest.mark.parametrize(("rest_samples", "spans"), [(FRAME_SAMPLES - 1, []), (400, [Span(2_000, 2_025)])])
def test_less_than_a_frame_behind_what_is_done_is_rounding(rest_samples: int, spans: list[Span]) -> None:
    assert [piece.span for piece in cut(recording([9_000] * 2, rest_samples), [Span(0, 2_000)])] == spans


def test_the_levels_of_what_is_done_do_not_count() -> None:
    before, behind = cut(recording([9_000] * 4 + [0] * 3), [Span(2_000, 4_000)], step_samples=7 * 16_000)

    assert (before.span, before.channels[0].sounds) == (Span(0, 2_000), (Span(0, 2_000),))
    assert (behind.span, behind.channels[0].sounds) == (Span(4_000, 7_000), ())


def test_long_silence_at_both_ends_is_not_sent() -> None:
    (piece,) = cut(recording([0] * 10 + [9_000] * 5 + [0] * 4))

    assert piece.span == Span(0, 19_000)
    ((start_ms, end_ms),) = [(sound.start_ms, sound.end_ms) for sound in piece.channels[0].sounds]
    assert start_ms == pytest.approx(10_000, abs=60)
    assert end_ms == pytest.approx(15_000, abs=60)
    sent = recording([0] * 10 + [9_000] * 5 + [0] * 4)[(start_ms - 500) * 16 : (end_ms + 500) * 16]
    assert piece.channels[0].pcm == sent


def test_short_silence_at_the_ends_is_sent() -> None:
    pcm = recording([0] * 2 + [9_000] * 5 + [0] * 2)
    (piece,) = cut(pcm)

    assert piece.channels[0].pcm == pcm


def test_silence_has_nothing_to_send() -> None:
    (piece,) = cut(recording([0] * 5))

    assert (piece.channels[0].sounds, len(piece.channels[0].pcm)) == ((), 0)
