from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import sentences
from bot.channel_settings import Automatic, ChannelSettings, vocabulary_bytes
from bot.playground.slack_lookalike.blockkit import complaints_about_view
from bot.playground.slack_lookalike.form import initial_values, merged_values
from bot.recording import LANGUAGES, MOST_CONTEXT_BYTES
from bot.slack.blockkit import action_ids
from bot.slack.incoming.interactions import View
from bot.slack.settings import channel_modal_view
from bot.slack.settings.channel_modal_view import MODAL, Errors, Form, Submission, form_for, render_settings
from bot.translations import ENGLISH, Reader

HOSTILE = "<!channel> *bold* <@U1> &amp; `x`"

words = st.lists(
    st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=60),
    max_size=300,
).map(lambda found: tuple(dict.fromkeys(found)))
decided = st.builds(
    ChannelSettings,
    automatic=st.sampled_from(Automatic),
    language=st.sampled_from([None, *LANGUAGES]),
    vocabulary=words.filter(lambda found: vocabulary_bytes(found) <= MOST_CONTEXT_BYTES),
    names_in_vocabulary=st.booleans(),
    emotion=st.booleans(),
    time_marks=st.booleans(),
    only_for_sender=st.booleans(),
)


def parse_form(raw: Any) -> Form | Errors:
    return channel_modal_view.parse_form(View.model_validate(raw))


def parse_submission(raw: Any) -> Submission | Errors:
    return channel_modal_view.parse_submission(View.model_validate(raw))


def sent(view: dict[str, Any], **changed: Any) -> dict[str, Any]:
    """The modal as Slack gives it back, with some fields changed."""
    changes = {name: {_action(view, name): state} for name, state in changed.items()}
    return view | {"state": {"values": merged_values(initial_values(view), changes)}}


def _action(view: dict[str, Any], block_id: str) -> str:
    return str(next(b["element"]["action_id"] for b in view["blocks"] if b.get("block_id") == block_id))


def shown(channel: ChannelSettings = ChannelSettings(), channel_id: str = "C1", reader: str = "en-GB") -> Any:  # noqa: B008  # frozen
    return render_settings(
        form_for(channel_id, Reader.of(reader), channel, channel.automatic or Automatic.OFF)
    )


def decision(view: dict[str, Any], stored: ChannelSettings = ChannelSettings()) -> Any:  # noqa: B008  # the same
    """The channel and what is kept for it; where it says what is wrong, that."""
    parsed = parse_submission(view)
    return (parsed.channel_id, parsed.onto(stored)) if isinstance(parsed, Submission) else parsed


def fields(view: dict[str, Any]) -> list[str]:
    return [block["block_id"] for block in view["blocks"] if block["type"] == "input"]


def field(view: dict[str, Any], block_id: str) -> dict[str, Any]:
    return next(dict(block["element"]) for block in view["blocks"] if block.get("block_id") == block_id)


def choose(value: str) -> dict[str, Any]:
    return {"selected_option": {"value": value, "text": {"type": "plain_text", "text": value}}}


@given(decided)
@settings(max_examples=60, deadline=None)
def test_what_is_shown_is_what_comes_back(channel: ChannelSettings) -> None:
    view = shown(channel)

    assert complaints_about_view(view) == []
    assert decision(sent(view), channel) == ("C1", channel)


def test_a_vocabulary_that_fills_its_bounds_has_room_to_write_on_in_every_field() -> None:
    vocabulary = tuple(f"term {number:04}" for number in range(990))
    assert MOST_CONTEXT_BYTES - 200 < vocabulary_bytes(vocabulary) <= MOST_CONTEXT_BYTES
    view = shown(ChannelSettings(Automatic.AUDIO, vocabulary=vocabulary))

    texts = [field(view, name)["initial_value"] for name in fields(view) if name.startswith("vocabulary")]
    assert len(texts) == 5
    assert all(len(text) <= 2_400 for text in texts)
    assert complaints_about_view(view) == []


def test_terms_as_long_as_a_field_stand_alone() -> None:
    vocabulary = ("a" * 3_000, "b" * 2_999, "c")

    view = shown(ChannelSettings(Automatic.OFF, vocabulary=vocabulary))

    assert complaints_about_view(view) == []
    parsed = parse_submission(sent(view))
    assert isinstance(parsed, Submission)
    assert parsed.settings == ChannelSettings(Automatic.OFF, vocabulary=vocabulary)


@pytest.mark.parametrize("text", ["x" * 3_000, "\n".join(f"term {n:03}" for n in range(300)), "语" * 2_999])
def test_words_are_kept_while_they_fit(text: str) -> None:
    _, kept = decision(sent(shown(), vocabulary_0={"value": text}))

    assert kept.vocabulary == tuple(text.split("\n"))


def test_too_many_words_are_an_error_that_says_by_how_much() -> None:
    view = shown(ChannelSettings(Automatic.OFF, vocabulary=("x" * 2_999, "y" * 2_999, "z" * 2_999)))

    errors = parse_submission(sent(view, vocabulary_2={"value": "语" * 2_999}))

    # 14,997 bytes are 4,997 too many, and 8,999 letters hold 1.67 bytes each.
    assert errors == {"vocabulary_2": sentences.vocabulary_too_long(ENGLISH, 2_999)}


def test_one_letter_too_many_is_one() -> None:
    view = shown(
        ChannelSettings(Automatic.OFF, vocabulary=("w" * 3_000, "x" * 3_000, "y" * 3_000, "z" * 997))
    )
    assert vocabulary_bytes(("w" * 3_000, "x" * 3_000, "y" * 3_000, "z" * 997)) == MOST_CONTEXT_BYTES

    assert isinstance(parse_submission(sent(view)), Submission)
    assert parse_submission(sent(view, vocabulary_3={"value": "z" * 998})) == {
        "vocabulary_3": sentences.vocabulary_too_long(ENGLISH, 1)
    }


def test_lines_are_tidied_and_each_is_kept_once() -> None:
    text = f"  Åsa  Öberg \n\nKubernetes\r\nKubernetes\n\t\n{HOSTILE}\n\ud800"

    _, kept = decision(sent(shown(), vocabulary_0={"value": text}))

    assert kept.vocabulary == ("Åsa Öberg", "Kubernetes", HOSTILE, "?")


@pytest.mark.parametrize(("language", "offered"), [(None, True), ("zh", True), ("en", True), ("de", False)])
def test_digits_are_offered_where_the_recogniser_can_write_them(language: str | None, offered: bool) -> None:  # noqa: FBT001  # a parameter of the test
    view = shown(ChannelSettings(Automatic.OFF, language=language, digits=True))

    assert ("digits" in fields(view)) is offered
    _, kept = decision(sent(view))
    assert kept.digits is offered


def test_a_language_without_digits_takes_them_back_also_where_the_box_still_stood() -> None:
    view = shown(ChannelSettings(Automatic.OFF, digits=True))

    kept = decision(sent(view, language=choose("de")))

    assert kept == ("C1", ChannelSettings(Automatic.OFF, language="de"))


def test_a_change_of_language_keeps_what_was_written_in_every_field() -> None:
    view = shown(ChannelSettings(Automatic.CLIPS, vocabulary=("x" * 2_400, "y")), reader="de-DE")
    told = sent(
        view,
        language=choose("fr"),
        vocabulary_0={"value": "  as \n typed "},
        vocabulary_1={"value": None},
        reply=choose("sender"),
    )

    form = parse_form(told)
    assert isinstance(form, Form)
    again = render_settings(form)

    assert form.texts == ("  as \n typed ", "")
    assert field(again, "vocabulary_0")["initial_value"] == "  as \n typed "
    assert "initial_value" not in field(again, "vocabulary_1")
    assert field(again, "language")["initial_option"]["text"]["text"] == "Französisch"
    assert field(again, "reply")["initial_option"]["value"] == "sender"
    assert field(again, "automatic")["initial_option"]["value"] == "clips"
    assert again["private_metadata"] == view["private_metadata"]
    assert complaints_about_view(again) == []


def test_the_languages_go_by_their_names_in_the_readers_own() -> None:
    names = [one["text"]["text"] for one in field(shown(reader="de-DE"), "language")["options"]]

    assert len(names) == 28
    assert names[0] == "Automatisch"
    assert names[1:] == sorted(names[1:])
    assert {"Deutsch", "Kantonesisch", "Norwegisch"} < set(names)


def test_a_choice_of_language_is_told_at_once() -> None:
    (block,) = [block for block in shown()["blocks"] if block.get("block_id") == "language"]

    assert block["dispatch_action"] is True
    assert block["element"]["action_id"] == action_ids.SETTINGS_LANGUAGE


def test_time_marks_are_there_until_somebody_unticks_them() -> None:
    view = shown()
    assert field(view, "time_marks")["initial_options"]
    assert decision(sent(view))[1].time_marks

    assert not decision(sent(view, time_marks={"selected_options": []}))[1].time_marks


def test_a_modal_that_an_older_version_opened_leaves_time_marks() -> None:
    view = sent(shown())
    del view["state"]["values"]["time_marks"]

    assert decision(view)[1].time_marks


def test_a_direct_message_has_less_to_decide() -> None:
    view = shown(channel_id="D1")

    assert fields(view) == ["language", "vocabulary_0", "digits", "emotion", "time_marks"]
    assert complaints_about_view(view) == []
    assert decision(sent(view, language=choose("ja"))) == ("D1", ChannelSettings(language="ja"))


@pytest.mark.parametrize("by_default", [Automatic.AUDIO, Automatic.OFF])
def test_what_nobody_has_decided_stays_so_while_it_is_left_as_it_was_shown(by_default: Automatic) -> None:
    view = render_settings(form_for("C1", Reader.of("en-GB"), ChannelSettings(), by_default))

    left = sent(view, language=choose("de"))
    assert decision(left) == ("C1", ChannelSettings(language="de"))
    # Somebody else has decided meanwhile.
    assert decision(left, ChannelSettings(Automatic.VIDEO))[1].automatic is Automatic.VIDEO

    chosen = sent(view, automatic=choose("clips"))
    assert decision(chosen, ChannelSettings(Automatic.VIDEO))[1].automatic is Automatic.CLIPS


def test_what_somebody_has_decided_is_decided_again_as_it_was_shown() -> None:
    view = shown(ChannelSettings(Automatic.AUDIO))

    assert decision(sent(view), ChannelSettings(Automatic.OFF))[1].automatic is Automatic.AUDIO


def test_a_change_of_language_forgets_nothing_of_what_the_modal_began_with() -> None:
    begun = form_for("C1", Reader.of("en-GB"), ChannelSettings(vocabulary=("Åsa",)), Automatic.AUDIO)
    form = parse_form(sent(render_settings(begun), vocabulary_0={"value": "Åsa\nBo"}))
    assert isinstance(form, Form)

    again = render_settings(form)

    added = ChannelSettings(vocabulary=("Åsa", "Grünwald"))
    assert decision(sent(again), added) == ("C1", ChannelSettings(vocabulary=("Åsa", "Bo")))
    assert decision(sent(again, vocabulary_0={"value": " Åsa\r\n"}), added) == ("C1", added)


@pytest.mark.parametrize("before", [(), ("Åsa",), ("x" * 2_400, "y")])
def test_words_that_were_added_meanwhile_stay_where_nobody_wrote_into_the_fields(
    before: tuple[str, ...],
) -> None:
    view = shown(ChannelSettings(Automatic.OFF, vocabulary=before))
    stored = ChannelSettings(Automatic.OFF, vocabulary=(*before, "Grünwald"))

    assert decision(sent(view, language=choose("de")), stored)[1].vocabulary == stored.vocabulary
    assert decision(sent(view, vocabulary_0={"value": "Bo"}), stored)[1].vocabulary[0] == "Bo"
    assert "Grünwald" not in decision(sent(view, vocabulary_0={"value": "Bo"}), stored)[1].vocabulary


@pytest.mark.parametrize(
    ("block_id", "state"),
    [
        ("automatic", choose("everything")),
        ("automatic", {"selected_option": None}),
        ("automatic", {"selected_option": {"value": ["off"]}}),
        ("language", choose("xx")),
        ("language", choose("")),
        ("language", {"selected_option": {"value": {"en": 1}}}),
        ("names", {"selected_options": {}}),
        ("emotion", {"selected_options": "yes"}),
        ("reply", choose("everybody")),
        ("reply", {"selected_option": {"value": ["thread"]}}),
        ("vocabulary_0", {"value": 7}),
        ("vocabulary_0", {"value": "x" * 3_001}),
    ],
)
def test_what_no_field_can_hold_is_an_error_of_that_field(block_id: str, state: dict[str, Any]) -> None:
    assert parse_submission(sent(shown(), **{block_id: state})) == {
        block_id: ENGLISH.say(sentences.NOT_AN_OPTION)
    }


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=10,
)
names = st.sampled_from(["automatic", "language", "vocabulary_0", "names", "reply", "x"])


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "private_metadata": json_values | st.just("C1 - 0 en-GB"),
            "state": json_values
            | st.fixed_dictionaries({"values": st.dictionaries(names, json_values, max_size=4)}),
        },
    )
)
@settings(max_examples=150, deadline=None)
def test_a_hostile_modal_is_an_error_and_no_crash(view: dict[str, Any]) -> None:
    assert isinstance(parse_submission(view), dict)


@pytest.mark.parametrize("metadata", ["", " - 0 en-GB", "C1/../2 - 0 en-GB", "x" * 65, None, 7])
def test_a_modal_without_a_channel_is_an_error(metadata: Any) -> None:
    assert parse_submission(sent(shown()) | {"private_metadata": metadata}) == {
        "language": ENGLISH.say(sentences.NOT_AN_OPTION)
    }


@pytest.mark.parametrize("reader", ["", "tlh", "zz-ZZ", "x" * 100, "pt-BR"])
def test_any_locale_will_do(reader: str) -> None:
    assert complaints_about_view(shown(reader=reader)) == []


@pytest.mark.parametrize(
    "text", [ENGLISH.say(sentences.ONE_MOMENT), ENGLISH.say(sentences.OUT_OF_REACH), "x" * 5_000]
)
def test_a_notice_can_be_shown(text: str) -> None:
    assert complaints_about_view(MODAL.notice(ENGLISH, text)) == []
