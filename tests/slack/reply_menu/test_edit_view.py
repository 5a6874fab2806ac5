from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import sentences
from bot.playground.slack_lookalike.blockkit import complaints_about_view
from bot.playground.slack_lookalike.form import initial_values
from bot.slack.incoming.interactions import View
from bot.slack.interactions.presses import Press
from bot.slack.replies.handle import ReplyHandle
from bot.slack.reply_menu import edit_view
from bot.slack.reply_menu.edit_view import render_edit
from bot.transcript.edits import parse_paragraphs
from bot.translations import ENGLISH
from tests.slack.interactions.test_presses import HANDLE, JSON, sent
from tests.slack.payloads import CHANNEL, SHARER, TEAM, TS
from tests.transcript.texts import SPOKEN, texts

PRESS = Press(HANDLE, CHANNEL, TS, TS, SHARER, "1")
paragraphs = st.lists(texts, min_size=1, max_size=4)
long_texts = st.builds(lambda parts, times: "\n\n".join(parts * times), paragraphs, st.integers(1, 40))


def parse_text(raw: Any) -> str:
    return edit_view.parse_text(View.model_validate(raw))


def shown(text: str, warning: str = "") -> dict[str, Any]:
    return render_edit(ENGLISH, PRESS, "v", text, warning)


def filled(view: dict[str, Any], **changed: str) -> dict[str, Any]:
    """What Slack sends back of it."""
    values = initial_values(view)
    for block_id, text in changed.items():
        values[block_id.replace("_", "-")]["entry"]["value"] = text
    return {"state": {"values": values}, "blocks": view["blocks"]}


def fields(view: dict[str, Any]) -> list[dict[str, Any]]:
    return [block for block in view["blocks"] if block["type"] == "input"]


@settings(max_examples=60)
@given(long_texts)
def test_what_nobody_changed_comes_back(text: str) -> None:
    text = "\n\n".join(parse_paragraphs(text)) or "…"
    view = shown(text)

    assert complaints_about_view(view) == []
    assert parse_text(filled(view)) == text
    assert all(len(field["element"]["initial_value"]) <= 2_400 for field in fields(view))


def test_a_short_text_has_one_field_and_may_not_be_empty() -> None:
    (field,) = fields(shown("Hello."))

    assert (field["element"]["initial_value"], field["optional"]) == ("Hello.", False)
    assert field["element"]["max_length"] == 3_000


@pytest.mark.parametrize("name", ["English", "Chinese", "Thai"])
def test_a_long_paragraph_is_divided_and_joined_as_its_script_does(name: str) -> None:
    text = (" " if name != "Chinese" else "").join([SPOKEN[name]] * 200)
    view = shown(text)

    assert len(fields(view)) > 2
    assert parse_text(filled(view)) == text


def test_where_a_field_is_emptied_its_neighbours_stay_apart() -> None:
    text = "\n\n".join(["a" * 2_300, "b" * 2_300, "c" * 2_300])
    view = shown(text)
    assert [field["block_id"] for field in fields(view)] == ["cut-0", "paragraph-1", "paragraph-2"]

    assert parse_text(filled(view, paragraph_1=" \n")) == f"{'a' * 2_300}\n\n{'c' * 2_300}"
    assert parse_text(filled(view, cut_0="", paragraph_2="")) == "b" * 2_300
    assert parse_text(filled(view, cut_0="", paragraph_1="", paragraph_2="")) == ""


def test_what_divides_most_counts_where_a_field_between_is_emptied() -> None:
    view = shown(f"{'a' * 2_300}\n\n{'word ' * 750}end")
    assert [field["block_id"] for field in fields(view)] == ["cut-0", "paragraph-1", "word-2"]

    text = parse_text(filled(view, paragraph_1=""))

    assert text.startswith(f"{'a' * 2_300}\n\nword ")


def test_a_warning_stands_above() -> None:
    view = shown("Hello.", ENGLISH.say(sentences.EDIT_CHANGED))

    assert complaints_about_view(view) == []
    assert view["blocks"][0]["text"]["text"] == ENGLISH.say(sentences.EDIT_CHANGED)
    assert View.model_validate(view).blocks == ("cut-0",)


@pytest.mark.parametrize(("letter", "fits", "most"), [("a", 88, 2_400), ("a", 90, 1_300), ("语", 14, 2_400)])
def test_what_slack_would_refuse_is_not_shown(letter: str, fits: int, most: int) -> None:
    assert len(fields(shown("\n\n".join([letter * most] * fits)))) == fits
    longer = shown("\n\n".join([letter * most] * (fits * 2)))
    assert longer["blocks"][0]["text"]["text"] == ENGLISH.say(sentences.EDIT_TOO_LONG)
    assert "submit" not in longer


@given(JSON)
def test_an_odd_state_is_no_text(value: Any) -> None:
    assert parse_text({"state": {"values": {"cut-0": value}}}) == ""
    assert parse_text({"state": {"values": value}}) == ""
    assert parse_text({"state": value}) == ""


def test_a_field_with_an_odd_name_is_passed_over() -> None:
    state = {"entry": {"value": "x"}}
    names = ["", "cut", "cut-", "cut-x", "cut--1", "glue-1", "cut-99999", "word-²"]

    assert parse_text({"state": {"values": dict.fromkeys(names, state)}}) == ""


def test_it_carries_its_reply_along() -> None:
    metadata = shown("Hello.")["private_metadata"]

    assert ReplyHandle.parse(metadata.split(" ")[0]) == HANDLE
    assert metadata.endswith(" v")
    assert sent(metadata)
    assert TEAM in metadata
