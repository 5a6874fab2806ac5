from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.errors import Misconfiguration, Outage, Refusal
from bot.model import JobKey
from bot.playground.slack_lookalike.blockkit import complaints_about_blocks
from bot.recording import Gap, Span
from bot.reply import Broken, ConsentRequest, GaveUp, Growing, Refused, Reply, Waiting
from bot.slack.blockkit.action_ids import AGREE, DECLINE, FILL_GAPS, REPLY_MENU, SHARE
from bot.slack.replies.controls import Choice, render_controls
from bot.slack.replies.handle import ReplyHandle
from bot.translations import ENGLISH
from tests.slack.payloads import CHANNEL, TEAM, TS, request
from tests.transcripts import said

HELLO = said("Hello.")
GAPPED = replace(HELLO, passages=(*HELLO.passages, Gap(Span(1_000, 2_000))))
PRIVATE: dict[str, Any] = {"key": JobKey(TEAM, CHANNEL, TS, "F024CLIP1", "U024BERT1")}
LAST_WORDS = [Refused(Refusal.NO_SPEECH), GaveUp(Outage.RECOGNISER), Broken("F024CLIP1")]
NOT_YET = [Waiting(Misconfiguration.RECOGNISER_KEY), Growing(GAPPED, 3, 12)]


def controls(reply: Reply, *, fleeting: bool = False, **changes: Any) -> list[dict[str, Any]]:
    """The elements of the only block."""
    blocks = render_controls(ENGLISH, request(**changes), reply, 2, fleeting=fleeting)
    assert complaints_about_blocks(blocks) == []
    if not blocks:
        return []
    (block,) = blocks
    assert ReplyHandle.parse(block["block_id"]) == ReplyHandle.of(request(**changes), 2)
    return list(block["elements"])


def ids(elements: list[dict[str, Any]]) -> list[str]:
    return [element["action_id"] for element in elements]


def choices(elements: list[dict[str, Any]]) -> list[str]:
    """What the menu offers, by its values."""
    (menu,) = (element for element in elements if element["action_id"] == REPLY_MENU)
    return [option["value"] for option in menu["options"]]


def test_a_transcript_can_be_had_again_corrected_and_deleted() -> None:
    assert ids(controls(HELLO)) == [REPLY_MENU]
    assert choices(controls(HELLO)) == list(Choice)
    assert ids(controls(GAPPED)) == [FILL_GAPS, REPLY_MENU]


@pytest.mark.parametrize("reply", LAST_WORDS)
def test_where_there_is_no_transcript_there_is_nothing_to_correct(reply: Reply) -> None:
    assert ids(controls(reply)) == [REPLY_MENU]
    assert choices(controls(reply)) == [Choice.AGAIN_IN, Choice.AGAIN, Choice.DELETE]


@pytest.mark.parametrize("reply", NOT_YET)
@pytest.mark.parametrize("reader", [{}, PRIVATE])
def test_a_word_on_the_way_offers_nothing(reply: Reply, reader: dict[str, Any]) -> None:
    assert controls(reply, **reader) == []


@pytest.mark.parametrize("fleeting", [False, True])
@pytest.mark.parametrize("reader", [{}, PRIVATE])
def test_a_question_has_two_answers(reader: dict[str, Any], *, fleeting: bool) -> None:
    assert ids(controls(ConsentRequest(1_920.0, 0.07), fleeting=fleeting, **reader)) == [AGREE, DECLINE]


def test_what_one_person_reads_can_be_shared() -> None:
    assert ids(controls(HELLO, **PRIVATE)) == [SHARE, REPLY_MENU]
    assert ids(controls(GAPPED, **PRIVATE)) == [FILL_GAPS, SHARE, REPLY_MENU]


def test_what_cannot_be_edited_has_no_menu() -> None:
    assert ids(controls(HELLO, fleeting=True, **PRIVATE)) == [SHARE]
    assert ids(controls(GAPPED, fleeting=True, **PRIVATE)) == [FILL_GAPS, SHARE]


@pytest.mark.parametrize("reply", LAST_WORDS)
def test_a_refusal_is_not_shared(reply: Reply) -> None:
    assert controls(reply, fleeting=True, **PRIVATE) == []
    assert ids(controls(reply, **PRIVATE)) == [REPLY_MENU]
