"""Each kind of payload as Slack delivers it, and the same with odd, missing and further fields."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.channel_settings import Automatic
from bot.model import Claim, FileState, Place
from bot.slack.client.identity import Identity
from bot.slack.incoming.events import (
    AppHomeOpened,
    AppUninstalled,
    ChannelGone,
    ChannelIdChanged,
    ChannelMember,
    EventCallback,
    FileDeleted,
    FileShared,
    MessageEvent,
    ReactionAdded,
    TokensRevoked,
)
from bot.slack.incoming.fields import Payload
from bot.slack.incoming.interactions import BlockAction, MessageShortcut, SlashCommand, ViewSubmission
from bot.slack.interactions.presses import parse_press, parse_submission
from bot.slack.lifecycle.deleted import parse_gone
from bot.slack.reply_menu import edit_view, retranscribe, vocabulary
from bot.slack.reply_menu.buttons import parse_gap_button
from bot.slack.requests import shortcut_view
from bot.slack.requests.share_plan import Ignored, Share, added_files, parse_share
from bot.slack.settings import channel_modal_view, controls, home_view

SAMPLES = Path(__file__).parents[1] / "samples"
EVENTS: dict[str, type[Payload]] = {
    "message_file_share": MessageEvent,
    "message_file_share_upload": MessageEvent,
    "message_file_share_connect_stub": MessageEvent,
    "message_forwarded": MessageEvent,
    "message_deleted": MessageEvent,
    "message_changed_tombstone": MessageEvent,
    "message_changed_file_gone": MessageEvent,
    "message_changed_file_added": MessageEvent,
    "app_mention_with_clip": MessageEvent,
    "app_mention_in_thread": MessageEvent,
    "file_shared": FileShared,
    "file_deleted": FileDeleted,
    "reaction_added": ReactionAdded,
    "member_joined_channel": ChannelMember,
    "member_left_channel": ChannelMember,
    "channel_left": ChannelGone,
    "group_left": ChannelGone,
    "channel_deleted": ChannelGone,
    "group_deleted": ChannelGone,
    "channel_id_changed": ChannelIdChanged,
    "app_home_opened": AppHomeOpened,
    "app_uninstalled": AppUninstalled,
    "tokens_revoked": TokensRevoked,
}
INTERACTIONS: dict[str, type[Payload]] = {
    "slash_command": SlashCommand,
    "message_action": MessageShortcut,
    **{path.stem: BlockAction for path in SAMPLES.glob("block_actions_*.json")},
    **{path.stem: ViewSubmission for path in SAMPLES.glob("view_submission_*.json")},
}
MODELS: dict[str, type[Payload]] = {
    **{name: EventCallback[kind] for name, kind in EVENTS.items()},  # type: ignore[valid-type]  # made at run time
    **INTERACTIONS,
}


def raw(name: str) -> dict[str, Any]:
    sample: dict[str, Any] = json.loads((SAMPLES / f"{name}.json").read_text(encoding="utf-8"))
    return sample


def parsed(name: str) -> Any:
    return MODELS[name].model_validate(raw(name))


OURS = Identity("T07QK3V9XLM", "B07QT9BOT01", "U07QT9BOT01", frozenset())


def read(payload: Any) -> None:
    """Whatever handlers read of a payload, besides its fields."""
    match payload:
        case EventCallback():
            _ = payload.installation_id, payload.bot_user_id
            if isinstance(payload.event, MessageEvent):
                parse_share(payload)
                added_files(payload.event)
                list(parse_gone(payload, OURS))
        case MessageShortcut():
            payload.message.target("T1", payload.channel.id)
        case BlockAction():
            _ = payload.place, payload.message_ts
            parse_press(payload, OURS.team_id)
            parse_gap_button(payload)
            home_view.parse_mode(payload.action)
            home_view.parse_subscriptions(payload.action)
            channel_modal_view.parse_form(payload.view)
        case ViewSubmission():
            parse_submission(payload, OURS.team_id)
            shortcut_view.parse_asked_about(payload.view, OURS.team_id)
            shortcut_view.parse_choice(payload.view)
            channel_modal_view.parse_submission(payload.view)
            edit_view.parse_text(payload.view)
            vocabulary.parse_words(payload.view)
            vocabulary.field_of(payload.view)


def test_every_sample_of_a_delivery_has_its_model() -> None:
    answers = {"auth_test", "conversations_info", "conversations_members", "conversations_replies"}
    answers |= {"files_info", "users_conversations", "users_info"}

    assert {path.stem for path in SAMPLES.glob("*.json")} == set(MODELS) | answers


@pytest.mark.parametrize("name", MODELS)
def test_every_sample_is_read(name: str) -> None:
    payload = parsed(name)

    read(payload)
    if name in EVENTS:
        assert payload.installation_id.startswith("T")
    elif name != "slash_command":
        assert payload.user.id.startswith("U")


def test_a_shared_clip_is_a_share() -> None:
    share = parse_share(parsed("message_file_share"))

    assert isinstance(share, Share)
    assert [(file.claim, file.state) for file in share.target.files] == [
        (Claim.VOICE_CLIP, FileState.AVAILABLE)
    ]
    assert share.target.user_id == raw("message_file_share")["event"]["user"]


def test_a_stub_of_another_organisation_is_one() -> None:
    share = parse_share(parsed("message_file_share_connect_stub"))

    assert isinstance(share, Share)
    assert [(file.claim, file.state) for file in share.target.files] == [(Claim.UNKNOWN, FileState.STUB)]


def test_a_mention_is_asked_with_a_clip_and_shares_nothing_without() -> None:
    share = parse_share(parsed("app_mention_with_clip"))

    assert isinstance(share, Share)
    assert share.is_asked
    assert parse_share(parsed("app_mention_in_thread")) is Ignored.NO_FILES


def test_what_is_deleted_is_told_with_its_message() -> None:
    (whole,) = parse_gone(parsed("message_deleted"), OURS)
    (head,) = parse_gone(parsed("message_changed_tombstone"), OURS)
    (one,) = parse_gone(parsed("message_changed_file_gone"), OURS)

    assert (whole.file_id, head.file_id) == (None, None)
    assert one.file_id is not None
    assert one.file_id.startswith("F")
    assert parsed("file_deleted").event.file_id.startswith("F")


def test_a_shared_file_is_told_with_its_channel() -> None:
    event = parsed("file_shared").event
    assert (event.file_id[0], event.user_id[0], event.channel_id[0]) == ("F", "U", "C")
    assert float(event.event_ts) > 0


def test_what_an_edit_adds_is_told_by_what_was_there_before() -> None:
    added = parsed("message_changed_file_added").event

    assert added_files(added) == {added.message.files[0].id}
    assert added_files(parsed("message_changed_file_gone").event) == frozenset()
    assert added_files(parsed("message_changed_tombstone").event) == frozenset()
    assert added_files(parsed("message_file_share").event) == frozenset()


@pytest.mark.parametrize("name", [name for name in MODELS if "actions_in_message" in name])
def test_what_is_pressed_under_a_reply_names_it(name: str) -> None:
    sample = raw(name)

    press = parse_press(parsed(name), sample["team"]["id"])

    assert press is not None
    assert press.reply_ts == sample["message"]["ts"]
    assert press.place == Place(sample["channel"]["id"], sample["message"]["thread_ts"])


def test_an_ephemeral_message_is_known_by_its_container() -> None:
    sample, pressed = raw("block_actions_in_ephemeral"), parsed("block_actions_in_ephemeral")

    assert pressed.message_ts == sample["container"]["message_ts"]


def test_the_home_tab_tells_what_was_chosen() -> None:
    mode = home_view.parse_mode(parsed("block_actions_in_home_static_select").action)
    chosen = home_view.parse_subscriptions(parsed("block_actions_in_home_multi_static_select").action)
    boxes = parsed("block_actions_in_home_checkboxes").action

    assert mode is not None
    assert mode[1] in set(Automatic)
    assert all(channel_id.startswith("C") for channel_id in chosen)
    assert isinstance(controls.is_ticked(boxes), bool)


def test_modals_tell_what_was_written() -> None:
    sent = parsed("view_submission_channel_settings")
    asked = parsed("view_submission_ask")

    assert isinstance(channel_modal_view.parse_submission(sent.view), channel_modal_view.Submission)
    assert shortcut_view.parse_choice(asked.view) is not None
    assert shortcut_view.parse_asked_about(asked.view, OURS.team_id) is not None
    assert retranscribe.parse_choice(parsed("view_submission_transcribe_again").view) is not None
    assert vocabulary.parse_words(parsed("view_submission_add_words").view)
    assert edit_view.parse_text(parsed("view_submission_edit_transcript").view)
    for name in ("transcribe_again", "add_words", "edit_transcript", "delete_transcript"):
        assert parse_submission(parsed(f"view_submission_{name}"), OURS.team_id) is not None, name


ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=6,
)


def places(value: Any) -> Iterator[Callable[[Any], None]]:
    """Everything in a payload that can be replaced."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inside in list(items):
        yield partial(value.__setitem__, key)
        yield from places(inside)


@settings(max_examples=300)
@given(st.sampled_from(sorted(MODELS)), st.data())
def test_odd_missing_and_further_fields_break_nothing(name: str, data: st.DataObject) -> None:
    payload = raw(name)
    replaceable = list(places(payload))
    for _ in range(data.draw(st.integers(1, 4))):
        data.draw(st.sampled_from(replaceable))(data.draw(ODD))
    for key in data.draw(st.lists(st.sampled_from(sorted(payload)), max_size=2)):
        payload.pop(key, None)
    payload |= data.draw(st.dictionaries(st.text(max_size=9), ODD, max_size=2))

    try:
        read(MODELS[name].model_validate(payload))
    except ValueError as error:
        # A menu's odd state is said so; nothing else raises.
        assert "boxes" in str(error) or "language" in str(error), error  # noqa: PT017  # most examples raise none


@given(st.sampled_from(sorted(MODELS)), ODD)
def test_a_payload_of_nothing_but_odd_things_is_read(name: str, odd: Any) -> None:
    payload = odd if isinstance(odd, dict) else {"event": odd, "view": odd, "actions": odd, "message": odd}

    read(MODELS[name].model_validate(payload))


@pytest.mark.parametrize("name", sorted(MODELS))
def test_a_field_of_ours_may_stand_in_a_payload_as_anything(name: str) -> None:
    # Also one that a listener fills in, and that Slack knows nothing of.
    for field in MODELS[name].model_fields:
        for odd in (None, True, 1, "x", [None], {"x": None}):
            MODELS[name].model_validate(raw(name) | {field: odd})
