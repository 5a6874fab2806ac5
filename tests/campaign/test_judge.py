from __future__ import annotations

import pytest

from bot.playground.slack_lookalike.records import Message
from campaign.judge import Reply, Verdict, judge, read_reply
from campaign.sounds import Clip, Kind, words_of


def clip(kind: Kind = "wav") -> Clip:
    return Clip(7, kind, b"", "clip_7.wav", "audio/wav")


def reply(state: str = "transcribed", words: str = "This is clip number 7.") -> Reply:
    return Reply(state, words, is_piece=False, files=0)


FILES = Reply("", "", is_piece=False, files=3)
PIECE = Reply("transcribed", "word1", is_piece=True, files=0)


@pytest.mark.parametrize(
    ("replies", "verdict"),
    [
        ([reply()], Verdict.ANSWERED),
        ([reply(words=f"{words_of(7)} {words_of(7)}")], Verdict.ANSWERED),
        ([reply(), reply()], Verdict.DOUBLED),
        ([reply(), reply("refused")], Verdict.DOUBLED),
        ([reply("waiting"), reply()], Verdict.LEFT_OVER),
        ([reply(words=words_of(70))], Verdict.WRONG_WORDS),
        ([reply(words=f"{words_of(7)} {words_of(8)}")], Verdict.WRONG_WORDS),
        ([reply(words="")], Verdict.WRONG_WORDS),
        ([reply(), FILES], Verdict.WRONG_FILES),
        ([reply(), PIECE], Verdict.WRONG_FILES),
        ([reply("gapped")], Verdict.GAPPED),
        ([reply("refused")], Verdict.WRONGLY_REFUSED),
        ([reply("failed")], Verdict.FAILED),
    ],
)
def test_what_stands_in_the_thread_of_a_recording_is_judged(replies: list[Reply], verdict: Verdict) -> None:
    assert judge(clip(), replies, "ended") is verdict


@pytest.mark.parametrize(
    ("job", "verdict"),
    [
        (None, Verdict.NEVER_ACCEPTED),
        ("ready", Verdict.STUCK),
        ("parked", Verdict.STUCK),
        ("ended", Verdict.LOST),
    ],
)
@pytest.mark.parametrize("replies", [[], [reply("waiting")], [FILES]])
def test_without_a_last_word_the_job_tells_what_became_of_it(
    replies: list[Reply], job: str | None, verdict: Verdict
) -> None:
    assert judge(clip(), replies, job) is verdict


@pytest.mark.parametrize(
    ("replies", "verdict"),
    [
        ([reply("refused")], Verdict.REFUSED),
        ([reply("refused"), reply("refused")], Verdict.DOUBLED),
        ([reply("failed")], Verdict.FAILED),
    ],
)
def test_a_broken_recording_has_to_be_refused(replies: list[Reply], verdict: Verdict) -> None:
    assert judge(clip("broken"), replies, "ended") is verdict


@pytest.mark.parametrize(
    ("replies", "verdict"),
    [
        ([reply(), FILES], Verdict.ANSWERED),
        ([reply(), PIECE, PIECE], Verdict.ANSWERED),
        ([reply()], Verdict.WRONG_FILES),
        ([reply(), FILES, FILES], Verdict.WRONG_FILES),
        ([reply(), FILES, PIECE], Verdict.WRONG_FILES),
    ],
)
def test_a_long_transcript_is_shared_once(replies: list[Reply], verdict: Verdict) -> None:
    assert judge(clip("wordy"), replies, "ended") is verdict


def test_a_message_of_the_bot_is_read() -> None:
    element = {"type": "text", "text": "This is"}
    section = {"type": "rich_text_section", "elements": [element, {"type": "text", "text": "clip."}]}
    blocks = [{"type": "rich_text", "elements": [section]}, {"type": "context", "elements": [element]}]
    payload = {"state": "transcribed", "piece": 2}
    message = Message("1.0", "C1", "U1", "", blocks=blocks, metadata={"event_payload": payload})
    assert read_reply(message) == Reply("transcribed", "This is clip.", is_piece=True, files=0)


def test_a_time_mark_is_no_word_of_an_answer() -> None:
    elements = [
        {"type": "text", "text": "0:00\u2002", "style": {"italic": True}},
        {"type": "text", "text": "This is clip number 7."},
    ]
    section = {"type": "rich_text_section", "elements": elements}
    message = Message("1.0", "C1", "U1", "", blocks=[{"type": "rich_text", "elements": [section]}])
    assert read_reply(message).words == "This is clip number 7."


def test_a_message_without_metadata_is_no_answer() -> None:
    assert read_reply(Message("1.0", "C1", "U1", "Hello.")) == Reply("", "", is_piece=False, files=0)
