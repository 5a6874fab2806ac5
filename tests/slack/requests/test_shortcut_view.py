from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model import Claim, FileState
from bot.playground.slack_lookalike.blockkit import complaints_about_view
from bot.playground.slack_lookalike.form import initial_values
from bot.playground.slack_lookalike.records import View
from bot.recording import LANGUAGES
from bot.slack.incoming.interactions import View as Sent
from bot.slack.incoming.messages import Message, SharedMessage
from bot.slack.requests import shortcut_view
from bot.slack.requests.shortcut_view import MODAL, Choice, render_ask
from bot.translations import ENGLISH, Reader
from tests.flows.hands import Form
from tests.slack.payloads import CHANNEL, SHARER, TEAM, TS, clip, event, upload

PDF = upload("report.pdf", "application/pdf", "pdf", "F024PDF01")


def parse_choice(raw: Any) -> Choice | None:
    return shortcut_view.parse_choice(Sent.model_validate(raw))


def parse_asked_about(raw: Any, team_id: str) -> SharedMessage | None:
    return shortcut_view.parse_asked_about(Sent.model_validate(raw), team_id)


def target(*files: Any, **changes: Any) -> SharedMessage:
    found = Message.model_validate(event(*files, **changes)).target(TEAM, CHANNEL)
    assert found is not None
    return found


def shown(view: dict[str, Any]) -> Form:
    assert complaints_about_view(view) == []
    return Form(View("V1", "U1", view, "h", "V1"))


def sent(view: dict[str, Any], **values: Any) -> dict[str, Any]:
    """What comes back of a modal that nobody has changed, but for these fields."""
    return view | {"id": "V1", "state": {"values": initial_values(view) | values}}


def test_it_offers_the_thread_and_oneself_and_every_language() -> None:
    form = shown(render_ask(ENGLISH, target(clip())))

    assert form.offers("Where") == ["In the thread, for everybody", "Only for me"]
    assert form.chosen("Where") == "In the thread, for everybody"
    assert form.chosen("Language") == "Automatic"
    assert len(form.offers("Language")) == 1 + len(LANGUAGES) == 28
    assert {"German", "Cantonese", "Filipino"} <= set(form.offers("Language"))


def test_languages_go_by_the_readers_names() -> None:
    offered = shown(render_ask(Reader.of("de-DE"), target(clip()))).offers("Sprache")

    assert {"Deutsch", "Französisch"} <= set(offered)
    assert "German" not in offered


def test_where_the_bot_cannot_answer_in_the_thread_it_is_not_offered() -> None:
    view = render_ask(ENGLISH, target(clip()), only_for_me=True)

    assert shown(view).offers("Where") == ["Only for me"]
    assert parse_choice(sent(view)) == Choice(for_me=True, language=None)
    assert "/invite @Threadscribe" in view["blocks"][0]["text"]["text"]


def test_a_sentence_alone_cannot_be_sent() -> None:
    view = MODAL.notice(ENGLISH, "x" * 4_000)

    assert complaints_about_view(view) == []
    assert "submit" not in view


@pytest.mark.parametrize(
    ("thread_ts", "answered_in"), [(None, TS), ("1710000000.000200", "1710000000.000200")]
)
def test_what_the_modal_is_about_comes_back_with_it(thread_ts: str | None, answered_in: str) -> None:
    view = render_ask(ENGLISH, target(clip("F1"), PDF, clip("F2"), thread_ts=thread_ts))

    about = parse_asked_about(sent(view), TEAM)

    assert about is not None
    assert (about.team_id, about.channel_id, about.message_ts) == (TEAM, CHANNEL, TS)
    assert (about.thread_ts, about.user_id) == (answered_in, SHARER)
    assert [file.id for file in about.files] == ["F1", "F2"]
    assert about.transcribable == about.files
    # Of each nothing but its id is known, so that its job asks Slack.
    assert {(file.claim, file.state, file.url) for file in about.files} == {
        (Claim.UNKNOWN, FileState.STUB, None)
    }


def test_no_word_of_a_message_is_in_it_but_ids() -> None:
    view = render_ask(ENGLISH, target(clip(name="salary.m4a"), text="a secret"))

    assert "salary" not in json.dumps(view)
    assert "secret" not in json.dumps(view)


def test_more_files_than_there_is_room_for_are_cut_off() -> None:
    crowd = [clip(f"F{number:063}") for number in range(50)]

    view = render_ask(ENGLISH, target(*crowd))

    assert complaints_about_view(view) == []
    about = parse_asked_about(sent(view), TEAM)
    assert about is not None
    assert [file.id for file in about.files] == [file["id"] for file in crowd[: len(about.files)]]
    assert len(about.files) > 30


def test_as_many_as_slack_lets_a_message_hold_fit() -> None:
    files = [clip(f"F0AAAAAAA{number:02}") for number in range(20)]

    about = parse_asked_about(sent(render_ask(ENGLISH, target(*files))), TEAM)

    assert about is not None
    assert len(about.files) == 20


def chosen(where: Any, language: Any) -> dict[str, Any]:
    values = {
        "where": {"entry": {"selected_option": where}},
        "language": {"entry": {"selected_option": language}},
    }
    return {"state": {"values": values}}


@pytest.mark.parametrize("where", ["thread", "me"])
@pytest.mark.parametrize(("language", "code"), [("automatic", None), ("de", "de"), ("yue", "yue")])
def test_what_was_chosen_is_read(where: str, language: str, code: str | None) -> None:
    assert parse_choice(chosen({"value": where}, {"value": language})) == Choice(where == "me", code)


@pytest.mark.parametrize(
    ("where", "language"),
    [
        ({"value": "everywhere"}, {"value": "automatic"}),
        ({"value": "thread"}, {"value": "tlh"}),
        ({"value": ["thread"]}, {"value": "de"}),
        ({"value": "thread"}, {"value": {}}),
        (None, {"value": "de"}),
        ({"value": "me"}, None),
    ],
)
def test_what_no_menu_offers_is_no_choice(where: Any, language: Any) -> None:
    assert parse_choice(chosen(where, language)) is None


GOOD = {"channel": CHANNEL, "ts": TS, "thread_ts": TS, "user": SHARER, "files": ["F1"]}


@pytest.mark.parametrize(
    "metadata",
    [
        "",
        "{",
        "[]",
        "7",
        *(json.dumps(GOOD | {name: None}) for name in ("channel", "ts", "thread_ts", "files")),
        json.dumps(GOOD | {"channel": "C:1"}),
        json.dumps(GOOD | {"files": []}),
        json.dumps(GOOD | {"files": ["F:1", 7, None]}),
        json.dumps(GOOD | {"files": "F1"}),
    ],
)
def test_what_is_no_message_is_not_asked_about(metadata: str) -> None:
    assert parse_asked_about({"private_metadata": metadata}, TEAM) is None


def test_a_sharer_whom_slack_does_not_name_is_no_hindrance() -> None:
    about = parse_asked_about({"private_metadata": json.dumps(GOOD | {"user": ""})}, TEAM)

    assert about is not None
    assert about.user_id == ""


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["state", "private_metadata", "id"]), JSON), JSON, JSON)
def test_nothing_that_comes_back_breaks_it(view: dict[str, Any], where: Any, metadata: Any) -> None:
    for hostile in (view, chosen(where, where), {"state": {"values": where}}):
        parse_choice(hostile)
    parse_asked_about(view, TEAM)
    parse_asked_about({"private_metadata": json.dumps(metadata)}, TEAM)
