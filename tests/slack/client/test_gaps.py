from __future__ import annotations

from datetime import timedelta

from bot.slack.client.gaps import GapDetector
from tests.job.virtual import EPOCH


def looked(*looks: tuple[float, bool]) -> list[float | None]:
    """The gaps that looks find, each at so many seconds, the socket open or not."""
    detector = GapDetector(EPOCH)
    found = [detector.look(EPOCH + timedelta(seconds=at_s), is_open=is_open) for at_s, is_open in looks]
    return [None if gap is None else (gap - EPOCH).total_seconds() for gap in found]


def test_a_connection_that_stays_open_has_no_gap() -> None:
    assert looked((2, True), (4, True), (6, True)) == [None, None, None]


def test_the_routine_renewal_of_a_socket_is_no_gap() -> None:
    assert looked((2, True), (4, False), (6, False), (32, True)) == [None] * 4


def test_without_a_socket_for_longer_a_gap_ends_once_there_is_one() -> None:
    looks = [(2.0, True), (4.0, False), (30.0, False), (34.0, True), (36.0, True)]
    assert looked(*looks) == [None, None, None, 2.0, None]


def test_a_process_that_stood_still_has_missed_something() -> None:
    assert looked((2, True), (40, True), (42, True)) == [None, 2.0, None]


def test_what_was_never_heard_counts_from_the_start() -> None:
    assert looked((2, False), (31, True)) == [None, 0.0]


def test_a_clock_that_is_set_back_is_no_gap() -> None:
    assert looked((2, True), (-3_600, True), (-3_598, True)) == [None, None, None]
