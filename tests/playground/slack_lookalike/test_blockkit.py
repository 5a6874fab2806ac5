from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.playground.slack_lookalike.blockkit import (
    characters_in,
    complaints_about_blocks,
    complaints_about_view,
)

Block = dict[str, Any]


def mrkdwn(text: str) -> Block:
    return {"type": "mrkdwn", "text": text}


def plain(text: str) -> Block:
    return {"type": "plain_text", "text": text}


def section(text: str = "x", **more: Any) -> Block:
    return {"type": "section", "text": mrkdwn(text), **more}


def rich(*elements: Block) -> Block:
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": list(elements)}]}


def option(value: str = "a") -> Block:
    return {"text": plain(value), "value": value}


def overflow(count: int) -> Block:
    return {"type": "overflow", "action_id": "more", "options": [option(str(n)) for n in range(count)]}


def select(count: int, **more: Any) -> Block:
    options = [option(str(n)) for n in range(count)]
    return {"type": "static_select", "action_id": "language", "options": options, **more}


def text_input(**more: Any) -> Block:
    element = {"type": "plain_text_input", "action_id": "terms", **more}
    return {"type": "input", "label": plain("Terms"), "element": element}


_SOUND: list[Block] = [
    section("x" * 3000),
    section(fields=[mrkdwn("x" * 2000)] * 10),
    section(accessory=overflow(5)),
    section(accessory=select(100, initial_option=option("7"))),
    section(accessory={"type": "button", "text": plain("Go"), "style": "danger", "value": "1"}),
    {"type": "header", "text": plain("x" * 150)},
    {"type": "context", "elements": [mrkdwn("x")] * 10},
    {"type": "context", "elements": [{"type": "image", "image_url": "http://x", "alt_text": ""}]},
    {"type": "divider"},
    {"type": "divider", "block_id": "one"},
    {"type": "actions", "elements": [overflow(1), select(1)]},
    {"type": "image", "image_url": "http://x", "alt_text": "a picture"},
    {"type": "markdown", "text": "**bold**"},
    text_input(max_length=3000, initial_value="x" * 3000, multiline=True),
    rich(
        {"type": "text", "text": "a", "style": {"bold": True}},
        {"type": "user", "user_id": "U1"},
        {"type": "link", "url": "http://x", "text": "x"},
        {"type": "emoji", "name": "ear"},
        {"type": "broadcast", "range": "here"},
    ),
    {"type": "rich_text", "elements": [{"type": "rich_text_quote", "elements": [], "border": 1}]},
]

_REFUSED: list[tuple[Block, str]] = [
    (section("x" * 3001), "[ERROR] must be less than 3001 characters [json-pointer:/blocks/0/text/text]"),
    (section(""), "[ERROR] must be more than 0 characters [json-pointer:/blocks/0/text/text]"),
    ({"type": "section"}, "[ERROR] missing required field: text [json-pointer:/blocks/0]"),
    ({"type": "header", "text": plain("x" * 151)}, "must be less than 151 characters"),
    ({"type": "header", "text": mrkdwn("x")}, "must be one of: plain_text"),
    ({"type": "context", "elements": [mrkdwn("x")] * 11}, "no more than 10 items allowed"),
    ({"type": "context", "elements": []}, "no fewer than 1 items required"),
    ({"type": "actions", "elements": [text_input()["element"]]}, "unsupported element: plain_text_input"),
    (section(accessory=overflow(6)), "no more than 5 items allowed"),
    (section(accessory=select(101)), "no more than 100 items allowed"),
    (section(accessory=select(2, initial_option=option("9"))), "initial_option must be one of the options"),
    (section(accessory={"type": "static_select"}), "must provide either options or option_groups"),
    (section(colour="red"), "invalid additional property: colour"),
    ({"type": "rich_text", "elements": [overflow(1)]}, "unsupported rich text element: overflow"),
    (rich({"type": "text", "text": ""}), "must be more than 0 characters"),
    (rich({"type": "text"}), "missing required field: text"),
    (rich({"type": "text", "text": "a", "style": {"loud": True}}), "invalid additional property: loud"),
    (rich(mrkdwn("x")), "unsupported rich text element: mrkdwn"),
    ({"type": "rich_text"}, "missing required field: elements"),
    (text_input(max_length=3001), "must be between 1 and 3000"),
    (text_input(max_length=2, initial_value="abc"), "must be less than 3 characters"),
    (text_input(initial_value="x" * 3001), "must be less than 3001 characters"),
    ({"type": "paragraph"}, "unsupported block type: paragraph"),
    ({}, "missing required field: type"),
    ({"type": "image", "alt_text": "x"}, "must provide either image_url or slack_file"),
    ({"type": "actions", "elements": [overflow(1), overflow(1)]}, "action_id more already exists"),
]


@pytest.mark.parametrize("block", _SOUND)
def test_sound_blocks(block: Block) -> None:
    assert complaints_about_blocks([block]) == []


@pytest.mark.parametrize(("block", "complaint"), _REFUSED)
def test_refused_blocks(block: Block, complaint: str) -> None:
    assert complaint in " ".join(complaints_about_blocks([block]))


def test_limits_of_the_list() -> None:
    assert complaints_about_blocks([{"type": "divider"}] * 50) == []
    assert "no more than 50 items" in complaints_about_blocks([{"type": "divider"}] * 51)[0]
    twins = [section(block_id="same"), section(block_id="same")]
    assert "block_id same already exists" in complaints_about_blocks(twins)[0]


def test_views() -> None:
    modal = {"type": "modal", "title": plain("x" * 24), "blocks": [section()], "private_metadata": "x" * 3000}
    assert complaints_about_view(modal) == []
    assert complaints_about_view(modal | {"blocks": [{"type": "divider"}] * 100}) == []
    assert complaints_about_view({"type": "home", "blocks": [section()]}) == []
    changes: list[Block] = [
        {"title": plain("x" * 25)},
        {"private_metadata": "x" * 3001},
        {"blocks": [text_input()]},
        {"blocks": [{"type": "markdown", "text": "x"}]},
        {"blocks": {}},
        {"type": "sheet"},
    ]
    for changed in changes:
        assert complaints_about_view(modal | changed)
    assert complaints_about_view({"type": "home", "title": plain("x"), "blocks": []})
    assert complaints_about_view("modal")


def test_the_characters_that_blocks_show() -> None:
    blocks = [section("four"), rich({"type": "text", "text": "seven77"}), {"type": "markdown", "text": "two"}]
    assert characters_in(blocks) == 4 + 7 + 3


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "text", "elements", "accessory", "options", "block_id", "element", "x"]),
            inner
            | st.sampled_from(["section", "actions", "rich_text", "static_select", "overflow", "modal"]),
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(st.lists(_JSON, max_size=4), _JSON)
def test_anything_can_be_examined(blocks: list[Any], view: Any) -> None:
    assert all(complaint.startswith("[ERROR] ") for complaint in complaints_about_blocks(blocks))
    assert all(complaint.startswith("[ERROR] ") for complaint in complaints_about_view(view))
    assert characters_in(blocks) >= 0


_ODD: list[Any] = [None, 1, "x", [], {}, [[]], [{}], {"type": []}, [{"type": {}}]]


@pytest.mark.parametrize("odd", _ODD)
@pytest.mark.parametrize("place", ["text", "elements", "accessory", "element", "fields"])
def test_odd_values_are_complained_of(place: str, odd: Any) -> None:
    for block in (section(), rich(), text_input()):
        sound = odd == [] and place == "elements" and block["type"] == "rich_text"
        assert bool(complaints_about_blocks([{**block, place: odd}])) is not sound


@pytest.mark.parametrize("odd", _ODD)
@pytest.mark.parametrize("place", ["options", "option_groups", "initial_option", "initial_options"])
def test_odd_values_in_menus_are_complained_of(place: str, odd: Any) -> None:
    for menu in (select(1), overflow(1)):
        assert complaints_about_blocks([section(accessory={**menu, place: odd})])
