from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import sentences
from bot.channel_settings import Automatic
from bot.model import Usage
from bot.playground.slack_lookalike.blockkit import complaints_about_view
from bot.slack.blockkit import action_ids
from bot.slack.incoming.interactions import Action
from bot.slack.settings.home_view import (
    MOST_CHANNELS,
    SharedChannel,
    Tab,
    parse_mode,
    parse_subscriptions,
    render_home,
    render_trouble,
)
from bot.translations import ENGLISH, Reader

TAB = Tab(
    reader=ENGLISH,
    audio_goes_to="speech.example.com",
    ask_reaction="speech_balloon",
    is_opted_out=False,
    channels=(),
    subscriptions=frozenset(),
    month=date(2026, 11, 3),
    used=Usage(12, 2_040.0),
    cost=0.0714,
    monthly_minutes=None,
)


def channel(number: int = 1, **changes: Any) -> SharedChannel:
    made = SharedChannel(
        id=f"C{number}",
        name=f"channel-{number}",
        automatic=Automatic.AUDIO,
        is_shared_externally=False,
        may_change=True,
    )
    return replace(made, **changes)


def tab(*channels: SharedChannel, **changes: Any) -> dict[str, Any]:
    view = render_home(replace(TAB, channels=channels, **changes))
    assert complaints_about_view(view) == []
    return view


def texts(view: dict[str, Any]) -> list[str]:
    inside = [block.get("text") or block["elements"][0] for block in view["blocks"]]
    return [one["text"] for one in inside if isinstance(one.get("text"), str)]


def elements(view: dict[str, Any], action_id: str) -> list[dict[str, Any]]:
    inside = [
        element
        for block in view["blocks"]
        for element in [*block.get("elements", []), block.get("accessory", {})]
    ]
    return [element for element in inside if element.get("action_id") == action_id]


def chosen(menu: dict[str, Any]) -> list[str]:
    return [option["value"] for option in menu.get("initial_options", [])]


def test_the_tab_says_what_the_bot_does_and_where_audio_goes() -> None:
    said = texts(tab())

    assert ENGLISH.say(sentences.HOME_ABOUT) in said
    assert sentences.where_audio_goes(ENGLISH, "speech.example.com") in said
    assert sentences.ways_to_ask(ENGLISH, "speech_balloon") in said


def test_the_reaction_is_shown_as_the_emoji_that_it_is() -> None:
    (help_,) = [
        block["text"]
        for block in tab()["blocks"]
        if "text" in block and ":speech_balloon:" in block["text"]["text"]
    ]
    assert help_["emoji"] is True


@pytest.mark.parametrize(
    ("reader", "limit", "line"),
    [
        ("en", None, "November 2026: 1,200 recordings transcribed, 34 min, about $0.07."),
        ("en", 6_000, "November 2026: 1,200 recordings transcribed, 34 of 6,000 min, about $0.07."),
        ("de", None, "November 2026: 1.200 Aufnahmen transkribiert, 34 Min., etwa 0,07\xa0$."),
    ],
)
def test_usage_is_told_in_the_readers_numbers(reader: str, limit: int | None, line: str) -> None:
    used = Usage(1_200, 2_040.0)

    assert line in texts(tab(reader=Reader.of(reader), used=used, monthly_minutes=limit))


def test_one_recording_for_less_than_a_cent_is_one_for_a_cent() -> None:
    assert "November 2026: 1 recording transcribed, 0 min, about $0.01." in texts(
        tab(used=Usage(1, 11.0), cost=0.0004)
    )


@pytest.mark.parametrize("is_out", [True, False])
def test_the_box_of_the_opt_out_is_ticked_as_it_counts(is_out: bool) -> None:  # noqa: FBT001  # a parameter of the test
    (box,) = elements(tab(is_opted_out=is_out), action_ids.HOME_OPT_OUT)

    assert chosen(box) == (["yes"] if is_out else [])


def test_each_channel_has_its_mode_and_a_way_to_its_settings() -> None:
    view = tab(channel(1, automatic=Automatic.OFF), channel(2, automatic=Automatic.VIDEO))

    modes = elements(view, action_ids.HOME_MODE)
    assert [menu["initial_option"]["value"] for menu in modes] == ["off", "video"]
    assert [button["value"] for button in elements(view, action_ids.OPEN_SETTINGS)] == ["C1", "C2"]


def test_a_menu_whose_choice_changed_elsewhere_goes_by_another_id() -> None:
    ids = [
        {block.get("block_id") for block in tab(channel(automatic=mode), is_opted_out=out)["blocks"]}
        for mode, out in [(Automatic.OFF, False), (Automatic.AUDIO, True)]
    ]

    assert (ids[0] & ids[1]) - {None} == {"subscriptions"}


def test_where_somebody_may_not_decide_the_mode_is_only_told() -> None:
    view = tab(channel(1, may_change=False), channel(2))

    assert "#channel-1: Clips and audio files" in texts(view)
    assert len(elements(view, action_ids.HOME_MODE)) == 1
    assert [button["value"] for button in elements(view, action_ids.OPEN_SETTINGS)] == ["C2"]


def test_a_channel_of_two_organisations_says_so() -> None:
    assert "#channel-1, shared with another organisation" in texts(tab(channel(1, is_shared_externally=True)))


def test_more_channels_than_the_tab_holds_are_counted() -> None:
    view = tab(*(channel(number) for number in range(250)))

    assert len(elements(view, action_ids.HOME_MODE)) == MOST_CHANNELS
    assert sentences.more_channels(ENGLISH, 220) in texts(view)
    (menu,) = elements(view, action_ids.HOME_SUBSCRIPTIONS)
    assert len(menu["options"]) == 100


def test_what_is_subscribed_is_offered_first_so_that_it_can_stay() -> None:
    channels = [channel(number) for number in range(150)]

    (menu,) = elements(
        tab(*channels, subscriptions=frozenset({"C149", "C3", "C999"})), action_ids.HOME_SUBSCRIPTIONS
    )

    assert chosen(menu) == ["C3", "C149"]
    assert len(menu["options"]) == 100


@pytest.mark.parametrize(
    ("channels", "said"),
    [(None, ENGLISH.say(sentences.CHANNELS_UNKNOWN)), ((), ENGLISH.say(sentences.NO_CHANNELS))],
)
def test_without_channels_it_says_why(channels: Sequence[SharedChannel] | None, said: str) -> None:
    view = render_home(replace(TAB, channels=channels))

    assert complaints_about_view(view) == []
    assert said in texts(view)
    assert elements(view, action_ids.HOME_SUBSCRIPTIONS) == []


def test_what_did_not_happen_stands_on_top() -> None:
    assert texts(tab(notice=ENGLISH.say(sentences.ADMINS_ONLY)))[0] == ENGLISH.say(sentences.ADMINS_ONLY)


def test_the_tab_of_trouble_can_be_shown() -> None:
    assert complaints_about_view(render_trouble(ENGLISH, ENGLISH.say(sentences.WENT_WRONG))) == []


hostile_names = st.text(max_size=200) | st.sampled_from(
    ["", "<!channel>", "{name}", "a\nb", "\u202egnp", "x" * 500]
)


@given(
    st.lists(hostile_names, max_size=120),
    st.booleans(),
    st.booleans(),
    st.text(max_size=300).filter(bool),
    st.sampled_from(["en", "ar", "zh_Hant", "ja"]),
)
@settings(max_examples=50, deadline=None)
def test_any_names_and_any_number_of_them_can_be_shown(
    names: list[str],
    may_change: bool,  # noqa: FBT001  # a parameter of the test
    shared: bool,  # noqa: FBT001  # the same
    host: str,
    reader: str,
) -> None:
    channels = [
        channel(number, name=name, may_change=may_change, is_shared_externally=shared)
        for number, name in enumerate(names)
    ]

    view = tab(*channels, audio_goes_to=host, reader=Reader.of(reader))

    assert '"mrkdwn"' not in json.dumps(view)


@pytest.mark.parametrize(
    ("action", "parsed"),
    [
        ({"block_id": "mode:C1:off", "selected_option": {"value": "video"}}, ("C1", Automatic.VIDEO)),
        ({"block_id": "mode:C1", "selected_option": {"value": "off"}}, ("C1", Automatic.OFF)),
        ({"block_id": "mode:C1:off", "selected_option": {"value": "all"}}, None),
        ({"block_id": "mode:C1:off", "selected_option": {"value": ["off"]}}, None),
        ({"block_id": "mode::off", "selected_option": {"value": "off"}}, None),
        ({"block_id": "mode:C 1:off", "selected_option": {"value": "off"}}, None),
        ({"block_id": "opt_out:C1", "selected_option": {"value": "off"}}, None),
        ({"block_id": 7, "selected_option": {"value": "off"}}, None),
        ({"block_id": "mode:C1:off", "selected_option": None}, None),
        ({}, None),
    ],
)
def test_a_choice_of_mode_is_read(action: dict[str, Any], parsed: tuple[str, Automatic] | None) -> None:
    assert parse_mode(Action.model_validate(action)) == parsed


@pytest.mark.parametrize(
    ("options", "ids"),
    [
        ([{"value": "C1"}, {"value": "C2"}], ["C1", "C2"]),
        ([{"value": "C1"}, {"value": "<!channel>"}, {"value": 7}, "C2", {}], ["C1"]),
        ([], []),
        ({}, []),
        (None, []),
    ],
)
def test_a_choice_of_channels_is_read(options: Any, ids: list[str]) -> None:
    assert parse_subscriptions(Action.model_validate({"selected_options": options})) == ids
