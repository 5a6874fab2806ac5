from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model import THREAD, JobKey
from bot.recording import LANGUAGES
from bot.slack.replies.handle import ReplyHandle
from tests.slack.payloads import CHANNEL, SHARER, TEAM, TS, request

HANDLE = ReplyHandle(JobKey(TEAM, CHANNEL, TS, "F024CLIP1"), 0, SHARER, "", 0, 1, TS, None)
IDS = st.from_regex(r"[A-Z0-9]{1,20}", fullmatch=True)
TIMES = st.from_regex(r"[0-9]{10}\.[0-9]{6}", fullmatch=True)
HANDLES = st.builds(
    ReplyHandle,
    key=st.builds(JobKey, IDS, IDS, TIMES, IDS, IDS | st.just(THREAD)),
    revision=st.integers(0, 999_999),
    sender_id=IDS | st.just(""),
    asked_by=IDS | st.just(""),
    position=st.integers(0, 49),
    siblings=st.integers(1, 50),
    thread_ts=TIMES,
    language=st.none() | st.sampled_from(LANGUAGES),
    is_edited=st.booleans(),
)


def test_a_handle_is_made_of_a_request() -> None:
    wanted = request(
        key=JobKey(TEAM, CHANNEL, TS, "F024CLIP1", "U024BERT1"),
        thread_ts="1719000000.000200",
        position=1,
        siblings=3,
        asked_by="U024BERT1",
        language="yue",
    )

    handle = ReplyHandle.of(wanted, 2)

    assert handle == ReplyHandle(wanted.key, 2, SHARER, "U024BERT1", 1, 3, "1719000000.000200", "yue")
    assert ReplyHandle.parse(handle.dump()) == handle


@given(HANDLES)
def test_what_is_written_is_read_again_and_fits_a_blocks_id(handle: ReplyHandle) -> None:
    assert len(handle.dump()) <= 255
    assert ReplyHandle.parse(handle.dump()) == handle
    assert ReplyHandle.parse(handle.dump(), handle.key.channel_id) == handle


@given(st.text() | st.none() | st.integers() | st.lists(st.text()) | st.just("1|" * 500))
def test_what_was_not_written_is_not_read(text: object) -> None:
    assert ReplyHandle.parse(text) is None


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("1|", "2|"),
        (TEAM, ""),
        (TEAM, "T<@U1>"),
        (CHANNEL, "C1:C2"),
        (f":{TS}:", ":yesterday:"),
        (f"|{TS}|", "||"),
        (f"|{TS}|", f"|{TS}\n|"),
        (":thread", ""),
        (":thread", ":thread:1:2"),
        ("|0|", "|-1|"),
        ("|0|", "|1e3|"),
        ("|0|", "|9999999|"),
        ("|0|", "|\u0663|"),
        (SHARER, "U1 or U2"),
    ],
)
def test_a_handle_with_something_wrong_is_not_read(right: str, wrong: str) -> None:
    text = HANDLE.dump()
    assert ReplyHandle.parse(text) == HANDLE
    assert right in text

    assert ReplyHandle.parse(text.replace(right, wrong, 1)) is None


def test_an_unknown_language_or_too_long_an_id_is_not_read() -> None:
    assert ReplyHandle.parse(f"{HANDLE.dump()}xx") is None
    assert ReplyHandle.parse(HANDLE.dump().replace(SHARER, "U" * 64)) is not None
    assert ReplyHandle.parse(HANDLE.dump().replace(SHARER, "U" * 65)) is None


def test_a_key_of_an_older_version_is_read_without_its_run() -> None:
    assert ReplyHandle.parse(HANDLE.dump().replace(":thread", ":thread:2")) == HANDLE


def test_a_reply_for_everybody_stands_in_its_recordings_channel_whatever_that_is_called_now() -> None:
    private = HANDLE.dump().replace(":thread", ":U024BERT1")
    moved = replace(HANDLE, key=replace(HANDLE.key, channel_id="C024OTHER"))

    assert ReplyHandle.parse(HANDLE.dump(), CHANNEL) == HANDLE
    assert ReplyHandle.parse(HANDLE.dump(), "C024OTHER") == moved
    assert ReplyHandle.parse(private, "D024DIRECT") == ReplyHandle.parse(private)
