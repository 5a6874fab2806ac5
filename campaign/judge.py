"""The verdict on each clip, from what stands in its thread and in the bot's database. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from bot.playground.slack_lookalike.records import Message
from campaign.sounds import Clip, words_of

_FINAL = frozenset({"transcribed", "gapped", "refused", "failed"})
_FILES = 3
"""That a transcript is shared as, where it is too long for a message."""
_SENTENCE = re.compile(r"This is clip number \d+\.")


class Verdict(StrEnum):
    """What became of a clip."""

    ANSWERED = "answered"
    REFUSED = "refused, as it should"
    STUCK = "stuck"
    LOST = "lost after it was accepted"
    NEVER_ACCEPTED = "never accepted"
    DOUBLED = "doubled"
    LEFT_OVER = "a notice is left beside the answer"
    WRONG_WORDS = "wrong words"
    WRONG_FILES = "wrong number of files"
    GAPPED = "answered with gaps"
    WRONGLY_REFUSED = "refused, wrongly"
    FAILED = "failed"


GOOD = frozenset({Verdict.ANSWERED, Verdict.REFUSED})


@dataclass(frozen=True, slots=True)
class Reply:
    """A message of the bot's in the thread of a clip."""

    state: str
    """As its metadata says; empty where there is none."""
    words: str
    is_piece: bool
    """It carries another reply on."""
    files: int


def read_reply(message: Message) -> Reply:
    """The reply that a message is."""
    payload: dict[str, Any] = (message.metadata or {}).get("event_payload", {})
    texts = (
        element.get("text", "")
        for block in message.blocks
        if block["type"] == "rich_text"
        for section in block["elements"]
        for element in section.get("elements", [])
        # A time mark is no word.
        if "style" not in element
    )
    return Reply(
        str(payload.get("state", "")), " ".join(texts), bool(payload.get("piece")), len(message.files)
    )


def judge(clip: Clip, replies: Iterable[Reply], job: str | None) -> Verdict:
    """The verdict on a clip.

    Args:
        clip: What was shared.
        replies: All that the bot says in its thread.
        job: The state of its row in the database; ``None`` where there is none.
    """
    replies = list(replies)
    said = [reply for reply in replies if not (reply.is_piece or reply.files)]
    last = [reply for reply in said if reply.state in _FINAL]
    if not last:
        return _unanswered(job)
    if len(last) > 1:
        return Verdict.DOUBLED
    if len(said) > 1:
        return Verdict.LEFT_OVER
    if clip.kind == "broken" and last[0].state == "refused":
        return Verdict.REFUSED
    return _judge_answer(clip, last[0], replies)


def _unanswered(job: str | None) -> Verdict:
    if job is None:
        return Verdict.NEVER_ACCEPTED
    return Verdict.LOST if job == "ended" else Verdict.STUCK


def _judge_answer(clip: Clip, answer: Reply, replies: list[Reply]) -> Verdict:
    otherwise = {
        "refused": Verdict.WRONGLY_REFUSED,
        "failed": Verdict.FAILED,
        "gapped": Verdict.GAPPED,
    }
    if answer.state in otherwise:
        return otherwise[answer.state]
    # A long recording has several parts, and each says so.
    if set(_SENTENCE.findall(answer.words)) != {words_of(clip.number)}:
        return Verdict.WRONG_WORDS
    files, pieces = sum(reply.files for reply in replies), sum(reply.is_piece for reply in replies)
    if clip.kind == "wordy":
        is_whole = (files == _FILES and not pieces) or (not files and pieces)
    else:
        is_whole = not files and not pieces
    return Verdict.ANSWERED if is_whole else Verdict.WRONG_FILES
