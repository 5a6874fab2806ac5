from __future__ import annotations

import time
from typing import Any

import pytest

from bot.playground.slack_lookalike.records import Channel, User
from bot.playground.slack_lookalike.state import ShareEvent, SlackState

Payloads = list[dict[str, Any]]


def named(told: Payloads, name: str) -> Payloads:
    """The inner events of one name."""
    return [payload["event"] for payload in told if payload["event"]["type"] == name]


@pytest.fixture
def told() -> Payloads:
    return []


@pytest.fixture
def state(told: Payloads) -> SlackState:
    return SlackState(origin="http://files", sinks=[told.append])


@pytest.fixture
def ann(state: SlackState) -> User:
    return state.add_user("ann")


@pytest.fixture
def general(state: SlackState, ann: User) -> Channel:
    return state.add_channel("general", ann.id)


def test_timestamps_rise_even_when_the_clock_stands_still(state: SlackState) -> None:
    state.clock = lambda: 1_700_000_000.0
    stamps = [state.next_ts() for _ in range(20_000)]
    assert stamps[0] == "1700000000.000000"
    assert stamps == sorted(set(stamps))


def test_a_voice_clip_looks_as_slack_sends_it(
    state: SlackState, told: Payloads, general: Channel, ann: User
) -> None:
    clip = state.add_file(
        b"abc", "audio_message.webm", user=ann.id, mimetype="audio/webm", as_voice_clip=True, duration_ms=6899
    )
    message = state.post_as_user(general.id, ann.id, files=[clip])
    payload = told[0]
    event = payload["event"]
    assert (event["type"], event["subtype"], event["text"]) == ("message", "file_share", "")
    assert (event["ts"], event["channel"], event["channel_type"]) == (message.ts, general.id, "channel")
    assert "blocks" not in event
    (file,) = event["files"]
    assert (file["subtype"], file["filetype"], file["duration_ms"]) == ("slack_audio", "webm", 6899)
    assert len(file["audio_wave_samples"]) == 100
    assert file["url_private"].endswith("/audio_message_audio.mp4")
    assert "/download/" in file["url_private_download"]
    assert payload["authorizations"][0]["team_id"] == payload["team_id"] == "T0PLAYGRND1"
    assert payload["is_ext_shared_channel"] is False


def test_a_mention_comes_twice_with_one_ts(
    state: SlackState, told: Payloads, general: Channel, ann: User
) -> None:
    clip = state.add_file(b"abc", "a.m4a", user=ann.id)
    state.post_as_user(general.id, ann.id, "<@U0BOT000001> please", files=[clip])
    (message,), (mention,) = named(told, "message"), named(told, "app_mention")
    assert message["ts"] == mention["ts"]
    assert message["files"] == mention["files"]
    assert "subtype" not in mention
    assert "channel_type" not in mention
    assert message["blocks"][0]["elements"][0]["elements"][0] == {"type": "user", "user_id": "U0BOT000001"}
    assert told[0]["event_id"] != told[1]["event_id"]


def test_in_a_direct_message_nobody_has_to_be_mentioned(state: SlackState, told: Payloads, ann: User) -> None:
    direct = state.add_channel("", ann.id, kind="im")
    message = state.post_as_user(direct.id, ann.id, "<@U0BOT000001> hello")
    state.edit(message, text="<@U0BOT000001> hello?")
    assert [payload["event"]["type"] for payload in told] == ["message", "message"]


def test_each_edit_of_a_mention_is_another_mention(
    state: SlackState, told: Payloads, general: Channel, ann: User
) -> None:
    message = state.post_as_user(general.id, ann.id, "<@U0BOT000001> frist")
    state.edit(message, text="<@U0BOT000001> first")
    changed, again = (payload["event"] for payload in told[2:])
    assert (changed["subtype"], again["type"]) == ("message_changed", "app_mention")
    assert (again["ts"], again["text"]) == (message.ts, "<@U0BOT000001> first")
    assert again["edited"] == {"user": ann.id, "ts": message.edited_ts}
    assert len({payload["event_id"] for payload in told}) == 4
    state.edit(message, text="first")
    assert told[4:] == told[-1:], "who is mentioned no more"


def test_an_edit_can_add_the_mention(state: SlackState, told: Payloads, general: Channel, ann: User) -> None:
    clip = state.add_file(b"abc", "a.m4a", user=ann.id)
    state.edit(state.post_as_user(general.id, ann.id, files=[clip]), text="<@U0BOT000001>")
    event = told[-1]["event"]
    assert (event["type"], event["files"][0]["id"]) == ("app_mention", clip.id)
    assert "subtype" not in event


def test_what_the_bot_edits_itself_is_no_mention(state: SlackState, told: Payloads, general: Channel) -> None:
    ours = state.post_as_user(general.id, "U0BOT000001", "said", bot_id="B0BOT000001")
    state.edit(ours, text="<@U0BOT000001> said")
    assert [payload["event"]["type"] for payload in told] == ["message", "message"]


def test_the_bot_hears_nothing_where_it_is_not(state: SlackState, told: Payloads, ann: User) -> None:
    elsewhere = state.add_channel("elsewhere", ann.id, with_bot=False)
    state.delete_message(state.post_as_user(elsewhere.id, ann.id, "<@U0BOT000001>"))
    assert told == []


def test_slack_connect_delivers_a_stub(state: SlackState, told: Payloads, ann: User) -> None:
    shared = state.add_channel("shared", ann.id, is_ext_shared=True)
    clip = state.add_file(b"abc", "a.m4a", user=ann.id, stub_in_events=True)
    state.post_as_user(shared.id, ann.id, files=[clip])
    (file,) = told[0]["event"]["files"]
    assert (file["mode"], file["file_access"]) == ("file_access", "check_file_info")
    assert "url_private" not in file
    assert told[0]["is_ext_shared_channel"] is True
    assert state.file_json(clip)["name"] == "a.m4a"


def test_forwarded_files_are_in_attachments(
    state: SlackState, told: Payloads, general: Channel, ann: User
) -> None:
    clip = state.add_file(b"abc", "a.m4a", user=ann.id)
    original = state.post_as_user(general.id, ann.id, files=[clip])
    state.post_as_user(general.id, ann.id, "listen", forwarded=original)
    event = named(told, "message")[1]
    assert "files" not in event
    assert event["attachments"][0]["files"][0]["id"] == clip.id
    assert event["attachments"][0]["ts"] == original.ts
    assert "bot_id" not in event["attachments"][0]


def test_a_forwarded_message_of_a_bots_names_the_bot(
    state: SlackState, told: Payloads, general: Channel, ann: User
) -> None:
    voicemail = state.add_file(b"abc", "voicemail.mp3", user="U0PHONE0001", mimetype="audio/mpeg")
    original = state.post_as_user(general.id, "U0PHONE0001", files=[voicemail], bot_id="B0PHONE0001")
    state.post_as_user(general.id, ann.id, forwarded=original)
    (attachment,) = told[-1]["event"]["attachments"]
    assert (attachment["is_share"], attachment["bot_id"]) == (True, "B0PHONE0001")
    assert attachment["files"][0]["id"] == voicemail.id


def test_what_a_forwarded_message_forwards_is_inside_its_attachment(
    state: SlackState, told: Payloads, general: Channel, ann: User
) -> None:
    elsewhere = state.add_channel("elsewhere", ann.id, with_bot=False)
    clip = state.add_file(b"abc", "a.m4a", user=ann.id)
    first = state.post_as_user(elsewhere.id, ann.id, files=[clip])
    second = state.post_as_user(elsewhere.id, ann.id, forwarded=first)
    third = state.post_as_user(general.id, ann.id, forwarded=second)
    (event,) = named(told, "message")
    (outer,) = event["attachments"]
    assert outer["files"] == []
    assert outer["attachments"][0]["files"][0]["id"] == clip.id
    assert (general.id, third.ts) in clip.shares


@pytest.mark.parametrize(
    "order", [("message", "file_shared"), ("file_shared", "message"), ("file_shared",), ("message",)]
)
def test_a_shared_file_is_told_of_twice_in_either_order_or_once(
    state: SlackState, told: Payloads, general: Channel, ann: User, order: tuple[ShareEvent, ...]
) -> None:
    state.share_events = order
    clip = state.add_file(b"abc", "a.m4a", user=ann.id)
    state.post_as_user(general.id, ann.id, files=[clip])
    assert [payload["event"]["type"] for payload in told] == list(order)
    for event in named(told, "file_shared"):
        assert event == {"type": "file_shared", "file_id": clip.id, "user_id": ann.id} | {
            "file": {"id": clip.id},
            "channel_id": general.id,
            "event_ts": event["event_ts"],
        }


def test_where_the_message_is_not_told_of_neither_is_its_mention(
    state: SlackState, told: Payloads, general: Channel, ann: User
) -> None:
    state.share_events = ("file_shared",)
    state.post_as_user(general.id, ann.id, "<@U0BOT000001>", files=[state.add_file(b"", "a", user=ann.id)])
    state.post_as_user(general.id, ann.id, "<@U0BOT000001>")
    assert [payload["event"]["type"] for payload in told] == ["file_shared", "message", "app_mention"]


def test_a_file_that_an_edit_adds_is_told_in_the_edit(
    state: SlackState, told: Payloads, general: Channel, ann: User
) -> None:
    message = state.post_as_user(general.id, ann.id, "see below")
    clip = state.add_file(b"abc", "a.m4a", user=ann.id)
    state.edit(message, files=[clip])
    changed = named(told, "message")[1]
    assert "files" not in changed["previous_message"]
    assert [file["id"] for file in changed["message"]["files"]] == [clip.id]
    assert clip.shares == [(general.id, message.ts)]


def test_a_file_that_slack_has_not_looked_at_has_no_type(
    state: SlackState, told: Payloads, general: Channel, ann: User
) -> None:
    clip = state.add_file(b"abc", "audio_message", user=ann.id, as_voice_clip=True, types_missing_for=1)
    state.post_as_user(general.id, ann.id, files=[clip])
    (file,) = told[0]["event"]["files"]
    assert (file["mimetype"], file["filetype"], file["name"]) == ("", "", "audio_message")
    assert not file.keys() & {"subtype", "media_display_type", "duration_ms"}
    assert "url_private" in file
    clip.types_missing_for = 0
    assert state.file_json(clip)["subtype"] == "slack_audio"


@pytest.mark.parametrize(
    ("changes", "kept"),
    [
        ({"mode": "tombstone"}, {"id", "mode"}),
        ({"mode": "hidden_by_limit"}, {"id", "mode"}),
        ({"file_access": "access_denied"}, {"id", "mode", "file_access"}),
    ],
)
def test_files_that_cannot_be_read_say_little(
    state: SlackState, ann: User, changes: dict[str, Any], kept: set[str]
) -> None:
    file = state.add_file(b"abc", "a.m4a", user=ann.id, **changes)
    assert state.file_json(file).keys() == kept


def test_an_external_file_leads_away(state: SlackState, ann: User) -> None:
    file = state.add_file(
        b"", "a", user=ann.id, is_external=True, mode="external", external_url="http://else"
    )
    told = state.file_json(file)
    assert (told["mode"], told["url_private"]) == ("external", "http://else")
    assert "url_private_download" not in told


def test_edits_and_deletions_are_told(state: SlackState, told: Payloads, general: Channel, ann: User) -> None:
    message = state.post_as_user(general.id, ann.id, "frist")
    state.edit(message, text="first")
    state.delete_message(message)
    changed, deleted = told[1]["event"], told[2]["event"]
    assert (changed["subtype"], changed["hidden"]) == ("message_changed", True)
    assert (changed["previous_message"]["text"], changed["message"]["text"]) == ("frist", "first")
    assert (deleted["subtype"], deleted["deleted_ts"]) == ("message_deleted", message.ts)
    assert deleted["ts"] > message.ts
    assert state.messages == {}


def test_what_a_message_was_may_be_left_out(
    state: SlackState, told: Payloads, general: Channel, ann: User
) -> None:
    state.workspace.tells_previous_message = False
    message = state.post_as_user(general.id, ann.id, "frist")
    state.edit(message, text="first")
    state.delete_message(message)
    changed, deleted = told[1]["event"], told[2]["event"]
    assert "previous_message" not in changed | deleted
    assert (changed["message"]["text"], deleted["deleted_ts"]) == ("first", message.ts)


def test_a_deleted_head_leaves_a_tombstone(state: SlackState, general: Channel, ann: User) -> None:
    head = state.post_as_user(general.id, ann.id, "head")
    reply = state.post_as_user(general.id, ann.id, "reply", thread_ts=head.ts)
    state.delete_message(head)
    assert [message.ts for message in state.thread(general.id, head.ts)] == [head.ts, reply.ts]
    assert state.message_json(head)["subtype"] == "tombstone"
    state.delete_message(reply)
    state.delete_message(head)
    assert state.thread(general.id, head.ts) == []


def test_a_deleted_file_is_told_and_gone(
    state: SlackState, told: Payloads, general: Channel, ann: User
) -> None:
    clip = state.add_file(b"abc", "a.m4a", user=ann.id)
    message = state.post_as_user(general.id, ann.id, files=[clip])
    state.delete_file(clip)
    (event,) = named(told, "file_deleted")
    assert event == {"type": "file_deleted", "file_id": clip.id, "event_ts": event["event_ts"]}
    assert state.message_json(message)["files"] == [{"id": clip.id, "mode": "tombstone"}]


def test_reactions_are_told_once(state: SlackState, told: Payloads, general: Channel, ann: User) -> None:
    message = state.post_as_user(general.id, ann.id, "hello")
    state.react(message, ann.id, "ear")
    state.react(message, ann.id, "ear")
    (event,) = (payload["event"] for payload in told[1:])
    assert (event["type"], event["reaction"]) == ("reaction_added", "ear")
    assert event["item"] == {"type": "message", "channel": general.id, "ts": message.ts}


def test_any_event_can_be_told(state: SlackState, told: Payloads, general: Channel) -> None:
    state.emit_event({"type": "member_joined_channel", "channel": general.id}, channel_ids=[general.id])
    state.emit_event({"type": "app_uninstalled"})
    assert [payload["event"]["type"] for payload in told] == ["member_joined_channel", "app_uninstalled"]


def test_a_status_lasts_two_minutes(state: SlackState, general: Channel) -> None:
    now = time.time()
    state.clock = lambda: now
    state.set_status(general.id, "1.000001", "is transcribing")
    state.clock = lambda: now + 119.9
    assert state.status(general.id, "1.000001") == "is transcribing"
    state.clock = lambda: now + 120
    assert state.status(general.id, "1.000001") == ""
    assert [status.text for status in state.status_log] == ["is transcribing"]


def test_another_apps_files_are_told_as_a_bots(
    state: SlackState, told: Payloads, general: Channel, ann: User
) -> None:
    file = state.add_file(b"abc", "a.m4a", user=ann.id)
    head = state.post_as_user(general.id, ann.id, files=[file], bot_id="B0OTHER0001")
    event = told[0]["event"]
    assert (event["bot_id"], event["bot_profile"]["name"]) == ("B0OTHER0001", "another app")
    assert "client_msg_id" not in event
    assert state.replies(head) == []


def test_typed_text_comes_as_the_rich_text_that_it_reads_as(state: SlackState) -> None:
    ada = state.add_user("ada")
    channel = state.add_channel("general", ada.id)
    typed = f"Tom &amp; <@{ada.id}> in <#{channel.id}|general>: <https://example.com/?a=1&amp;b=2|here>"
    message = state.post_as_user(channel.id, ada.id, typed)
    (section,) = message.blocks[0]["elements"]
    assert section["elements"] == [
        {"type": "text", "text": "Tom & "},
        {"type": "user", "user_id": ada.id},
        {"type": "text", "text": " in "},
        {"type": "channel", "channel_id": channel.id},
        {"type": "text", "text": ": "},
        {"type": "link", "url": "https://example.com/?a=1&b=2", "text": "here"},
    ]
