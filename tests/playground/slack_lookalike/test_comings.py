from __future__ import annotations

from typing import Any

import pytest

from bot.playground.slack_lookalike.comings import Comings
from bot.playground.slack_lookalike.records import Channel
from bot.playground.slack_lookalike.state import SlackState

Payloads = list[dict[str, Any]]


@pytest.fixture
def told() -> Payloads:
    return []


@pytest.fixture
def state(told: Payloads) -> SlackState:
    return SlackState(sinks=[told.append])


@pytest.fixture
def general(state: SlackState) -> Channel:
    return state.add_channel("general", state.add_user("ann").id, with_bot=False)


def _events(told: Payloads) -> list[dict[str, Any]]:
    return [payload["event"] for payload in told]


def test_the_bot_hears_that_it_was_invited(state: SlackState, general: Channel, told: Payloads) -> None:
    Comings(state).join(general, state.workspace.bot_user_id, inviter=general.members[0])
    (event,) = _events(told)
    assert event["type"] == "member_joined_channel"
    assert (event["user"], event["channel"]) == (state.workspace.bot_user_id, general.id)
    assert event["inviter"] == general.members[0]
    assert state.workspace.bot_user_id in general.members


@pytest.mark.parametrize(("kind", "letter"), [("channel", "C"), ("group", "G")])
def test_the_bot_hears_that_somebody_left(state: SlackState, told: Payloads, kind: Any, letter: str) -> None:
    channel = state.add_channel("plans", state.add_user("bea").id, kind=kind)
    bea = channel.members[0]
    Comings(state).leave(channel, bea)
    (event,) = _events(told)
    assert event["type"] == "member_left_channel"
    assert (event["user"], event["channel"], event["channel_type"]) == (bea, channel.id, letter)
    assert channel.members == [state.workspace.bot_user_id]


@pytest.mark.parametrize(("kind", "name"), [("channel", "channel_left"), ("group", "group_left")])
def test_the_bot_hears_that_it_was_removed(state: SlackState, told: Payloads, kind: Any, name: str) -> None:
    channel = state.add_channel("plans", kind=kind)
    Comings(state).remove_bot(channel)
    assert [(event["type"], event["channel"]) for event in _events(told)] == [(name, channel.id)]
    assert channel.members == []


@pytest.mark.parametrize(("kind", "name"), [("channel", "channel_deleted"), ("group", "group_deleted")])
def test_a_deleted_channel_takes_its_messages_along(
    state: SlackState, told: Payloads, kind: Any, name: str
) -> None:
    channel = state.add_channel("plans", state.add_user("bea").id, kind=kind)
    state.post_as_user(channel.id, channel.members[0], "hello")
    told.clear()
    Comings(state).delete_channel(channel)
    assert [(event["type"], event["channel"]) for event in _events(told)] == [(name, channel.id)]
    assert not state.messages
    assert channel.id not in state.channels


def test_a_channel_keeps_its_messages_under_a_new_id(state: SlackState, told: Payloads) -> None:
    channel = state.add_channel("plans", state.add_user("bea").id)
    message = state.post_as_user(channel.id, channel.members[0], "hello")
    old_id = channel.id
    Comings(state).change_id(channel, "C0NEW000001")
    event = _events(told)[-1]
    assert (event["old_channel_id"], event["new_channel_id"]) == (old_id, "C0NEW000001")
    assert state.thread("C0NEW000001", message.ts) == [message]
    assert old_id not in state.channels


def test_all_that_belongs_to_a_channel_goes_by_its_new_id(state: SlackState, told: Payloads) -> None:
    ann = state.add_user("ann").id
    channel = state.add_channel("plans", ann)
    file = state.add_file(b"x", "note.m4a", user=ann)
    message = state.post_as_user(channel.id, ann, files=[file])
    other = state.add_channel("news", ann)
    elsewhere = state.post_as_user(other.id, ann, files=[file])
    state.set_status(channel.id, message.ts, "at work")
    answer = state.response_urls[state.new_response_url(channel.id, ann).rsplit("/", 1)[-1]]

    Comings(state).change_id(channel, "C0NEW000001", is_ext_shared=True)

    assert file.shares == [("C0NEW000001", message.ts), (other.id, elsewhere.ts)]
    assert state.status("C0NEW000001", message.ts) == "at work"
    assert answer.channel_id == "C0NEW000001"
    assert channel.is_ext_shared
    state.delete_file(file)
    assert _events(told)[-1]["type"] == "file_deleted"


def test_the_word_of_a_new_id_may_come_late(state: SlackState, told: Payloads) -> None:
    channel = state.add_channel("plans", state.add_user("bea").id)
    old_id = channel.id
    Comings(state).change_id(channel, "C0NEW000001", is_told=False)
    assert told == []
    Comings(state).tell_changed_id(old_id, "C0NEW000001")
    (event,) = _events(told)
    assert (event["old_channel_id"], event["new_channel_id"]) == (old_id, "C0NEW000001")


def test_an_uninstalled_app_hears_it_and_is_shut_out(state: SlackState, told: Payloads) -> None:
    Comings(state).uninstall()
    assert [event["type"] for event in _events(told)] == ["tokens_revoked", "app_uninstalled"]
    assert not state.workspace.installed
