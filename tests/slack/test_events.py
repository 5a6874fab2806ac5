from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model import Claim, FileState, TranscriptionRequest
from bot.slack.blocks import FILL_GAPS
from bot.slack.events import Ignored, Policy, parse_event, parse_gap_request
from bot.store.records import dump_request
from tests.slack.payloads import BOT, CHANNEL, SHARER, TEAM, TS, body, clip, event, mention, upload

ON, OFF = Policy(automatic=True), Policy(automatic=False)
VIDEO = upload("talk.mp4", "video/mp4", "mp4", "F024VIDEO")
PDF = upload("report.pdf", "application/pdf", "pdf", "F024PDF01")
STUB = {"id": "F024STUB1", "mode": "file_access", "file_access": "check_file_info"}
TOMBSTONE = {"id": "F024TOMB1", "mode": "tombstone"}
HIDDEN = {"id": "F024HIDE1", "mode": "hidden_by_limit"}
BLOB = upload("recording", "application/octet-stream", "binary", "F024BLOB1")


def requests(inner: Any, policy: Policy = ON, **changes: Any) -> list[TranscriptionRequest]:
    parsed = parse_event(body(inner, **changes), policy)
    assert isinstance(parsed, list), parsed
    return parsed


def test_a_voice_clip_asks_for_one_transcript_under_it() -> None:
    (request,) = requests(event(clip()))

    assert str(request.key) == f"{TEAM}:{CHANNEL}:{TS}:F024CLIP1:thread:0"
    assert (request.thread_ts, request.user_id) == (TS, SHARER)
    assert (request.position, request.siblings, request.explicit) == (0, 1, False)


def test_a_clip_in_a_thread_is_answered_in_that_thread() -> None:
    (request,) = requests(event(clip(), thread_ts="1710000000.000200"))

    assert request.thread_ts == "1710000000.000200"
    assert request.key.message_ts == TS


@pytest.mark.parametrize("subtype", [None, "", "file_share", "thread_broadcast", "me_message", {}])
def test_every_kind_of_sharing_is_heard(subtype: Any) -> None:
    assert requests(event(clip(), subtype=subtype))


def test_files_of_a_forwarded_message_are_heard_once() -> None:
    forwarded = [{"is_share": True, "files": [clip("F1"), clip("F2")]}, {"files": {}}, "text"]

    heard = requests(event(clip("F1"), attachments=forwarded))

    assert [request.file.id for request in heard] == ["F1", "F2"]
    assert [(request.position, request.siblings) for request in heard] == [(0, 2), (1, 2)]


def test_files_that_a_bot_posted_stay_unheard_when_forwarded() -> None:
    forwarded = [{"is_share": True, "bot_id": "B1", "files": [clip()]}]

    assert parse_event(body(event(attachments=forwarded)), ON) is Ignored.NO_FILES


def test_a_slack_connect_stub_that_names_another_kind_is_ignored() -> None:
    assert parse_event(body(event(STUB | {"mimetype": "application/pdf"})), ON) is Ignored.NO_AUDIO


def test_a_slack_connect_stub_is_asked_about() -> None:
    (request,) = requests(event(STUB))

    assert (request.file.state, request.file.claim) == (FileState.STUB, Claim.UNKNOWN)


@pytest.mark.parametrize("file", [VIDEO, TOMBSTONE, HIDDEN, BLOB])
def test_what_is_read_on_request_alone_waits_for_a_mention(file: dict[str, Any]) -> None:
    assert parse_event(body(event(file)), ON) is Ignored.NO_AUDIO
    (request,) = requests(mention(file))
    assert request.explicit


@pytest.mark.parametrize("inner", [event(PDF), event(PDF, channel_type="im")])
def test_what_never_claimed_audio_is_ignored(inner: dict[str, Any]) -> None:
    assert parse_event(body(inner), ON) is Ignored.NO_AUDIO


def test_whoever_asks_beside_nothing_but_a_pdf_gets_an_answer() -> None:
    (request,) = requests(mention(PDF))

    assert request.explicit
    assert request.file.claim is Claim.OTHER


@pytest.mark.parametrize(
    ("extension", "mimetype"),
    [("webm", "video/webm"), ("3gp", "video/3gpp"), ("mp3", "audio/mpeg"), ("opus", "audio/ogg")],
)
def test_an_upload_that_may_be_audio_is_heard_unasked(extension: str, mimetype: str) -> None:
    assert requests(event(upload(f"a.{extension}", mimetype, extension)))


def test_direct_messages_are_heard_whatever_the_setting() -> None:
    assert requests(event(clip(), channel="D024DIRECT", channel_type="im"), OFF)
    assert requests(event(clip(), channel="D024DIRECT", channel_type=None), OFF)
    assert requests(event(clip(), channel_type="im"), OFF, is_ext_shared_channel=True)


@pytest.mark.parametrize("channel_type", ["channel", "group", "mpim"])
def test_channels_are_heard_where_the_setting_says_so(channel_type: str) -> None:
    inner = event(clip(), channel_type=channel_type)

    assert requests(inner, ON)
    assert parse_event(body(inner), OFF) is Ignored.AUTOMATIC_OFF
    assert parse_event(body(inner, is_ext_shared_channel=True), ON) is Ignored.SHARED_EXTERNALLY


@pytest.mark.parametrize("twin", [mention(clip()), event(clip(), text=f"<@{BOT}> please")])
def test_a_mention_is_heard_where_nothing_is_automatic(twin: dict[str, Any]) -> None:
    (request,) = requests(twin, OFF, is_ext_shared_channel=True)

    assert request.explicit


@pytest.mark.parametrize(
    ("text", "explicit"),
    [
        (f"<@{BOT}>", True),
        (f"listen <@{BOT}|threadscribe>!", True),
        (f"&lt;@{BOT}&gt;", False),
        (f"<@{BOT}9>", False),
        ("<@U024OTHER>", False),
        (None, False),
    ],
)
def test_a_message_is_searched_for_the_bots_name(text: str | None, explicit: bool) -> None:  # noqa: FBT001
    (request,) = requests(event(clip(), text=text))

    assert request.explicit is explicit


def test_nobody_is_mentioned_where_slack_does_not_say_who_the_bot_is() -> None:
    inner = event(clip(), text=f"<@{SHARER}> <@>")
    person = [{"team_id": TEAM, "user_id": SHARER, "is_bot": False}]

    assert not requests(inner | {"user": "U024OTHER"}, authorizations=person)[0].explicit
    assert not requests(inner, authorizations=[])[0].explicit


@pytest.mark.parametrize("files", list(permutations([clip("F1"), VIDEO, clip("F2"), PDF, STUB], 4)))
@pytest.mark.parametrize("order", [1, -1])
def test_whichever_twin_comes_first_decides_the_same(files: tuple[Any, ...], order: int) -> None:
    twins = [mention(*files), event(*files, text=f"<@{BOT}> what is said here?")]

    first, second = (requests(twin) for twin in twins[::order])

    assert first == second


def test_a_twin_without_a_readable_mention_keeps_each_files_place() -> None:
    files = [VIDEO, clip("F1"), PDF, clip("F2")]

    unasked = {request.key: request for request in requests(event(*files))}
    asked = {request.key: request for request in requests(mention(*files))}

    assert [request.position for request in asked.values()] == [0, 1, 2]
    assert len(unasked) == 2
    for key, request in unasked.items():
        assert (request.position, request.siblings) == (asked[key].position, asked[key].siblings)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"subtype": "message_changed", "hidden": True}, Ignored.SUBTYPE),
        ({"subtype": "message_deleted"}, Ignored.SUBTYPE),
        ({"subtype": "message_replied"}, Ignored.SUBTYPE),
        ({"subtype": "bot_message"}, Ignored.SUBTYPE),
        ({"subtype": "tombstone"}, Ignored.SUBTYPE),
        ({"subtype": ["file_share"]}, Ignored.SUBTYPE),
        ({"hidden": True}, Ignored.SUBTYPE),
        ({"bot_id": "B024BOT01"}, Ignored.FROM_A_BOT),
        ({"bot_profile": {"id": "B024BOT01"}}, Ignored.FROM_A_BOT),
        ({"user": BOT}, Ignored.FROM_A_BOT),
        ({"files": {}}, Ignored.NO_FILES),
        ({"files": None}, Ignored.NO_FILES),
        ({"files": [{}, "F1", None]}, Ignored.NO_FILES),
        ({"attachments": {}, "files": []}, Ignored.NO_FILES),
        ({"ts": None}, Ignored.MALFORMED),
        ({"ts": "1:2"}, Ignored.MALFORMED),
        ({"channel": {}}, Ignored.MALFORMED),
        ({"type": "file_shared"}, Ignored.NOT_A_MESSAGE),
        ({"type": {}}, Ignored.NOT_A_MESSAGE),
        ({"type": ["message"]}, Ignored.NOT_A_MESSAGE),
    ],
)
def test_what_asks_for_nothing_is_ignored_with_its_reason(changes: dict[str, Any], reason: Ignored) -> None:
    assert parse_event(body(event(clip()) | changes), ON) is reason


@pytest.mark.parametrize("inner", [None, "message", [], 7])
def test_a_body_without_an_event_is_ignored(inner: Any) -> None:
    assert parse_event(body(inner), ON) is Ignored.NOT_A_MESSAGE
    assert parse_event({}, ON) is Ignored.NOT_A_MESSAGE


def test_the_team_is_the_installations() -> None:
    installed = [{"team_id": "T024INST1", "user_id": BOT, "is_bot": True}]

    assert requests(event(clip()), authorizations=installed)[0].key.team_id == "T024INST1"
    # An installation for a whole organisation has no team of its own.
    assert requests(event(clip()), authorizations=[{"team_id": None}])[0].key.team_id == TEAM
    assert requests(event(clip()), authorizations={})[0].key.team_id == TEAM
    assert parse_event(body(event(clip()), authorizations=[], team_id=None), ON) is Ignored.MALFORMED


def test_a_forged_crowd_of_files_is_cut() -> None:
    crowd = [clip(f"F{number}") for number in range(200)]

    assert len(requests(event(*crowd))) == 50


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def object_with(plain: dict[str, Any], **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """A sound object, some of whose fields are missing or hold anything."""
    odd = st.fixed_dictionaries({}, optional=dict.fromkeys(plain, JSON) | fields)
    missing = st.sets(st.sampled_from(sorted(plain)), max_size=3)
    return st.builds(
        lambda changes, gone: {k: v for k, v in (plain | changes).items() if k not in gone}, odd, missing
    )


FILES = st.lists(object_with(clip()) | JSON, max_size=3) | JSON
EVENTS = object_with(
    event(clip(), attachments=[]),
    files=FILES,
    attachments=st.lists(object_with({"bot_id": None}, files=FILES) | JSON, max_size=2) | JSON,
    type=st.sampled_from(["message", "app_mention"]) | JSON,
)
BODIES = object_with(body({}), event=EVENTS | JSON)


@given(BODIES | st.dictionaries(st.text(max_size=5), JSON, max_size=3), st.booleans())
def test_no_payload_breaks_the_parser_or_what_stores_its_requests(raw: dict[str, Any], on: bool) -> None:  # noqa: FBT001
    parsed = parse_event(raw, Policy(automatic=on))

    if isinstance(parsed, list):
        assert parsed
        for request in parsed:
            dump_request(request)
            assert str(request.key).count(":") == 5
            assert 0 <= request.position < request.siblings


KEY = "T024TEAM1:C024CHAN1:1720000000.000100:F024CLIP1:thread:0"


@pytest.mark.parametrize(
    ("pressed", "key"),
    [
        ({"channel": {"id": "C024CHAN1"}, "actions": [{"action_id": FILL_GAPS, "value": KEY}]}, KEY),
        ({"channel": {"id": "C024ELSE1"}, "actions": [{"action_id": FILL_GAPS, "value": KEY}]}, None),
        ({"channel": {"id": "C024CHAN1"}, "actions": [{"action_id": "other", "value": KEY}]}, None),
        ({"channel": {"id": "C024CHAN1"}, "actions": [{"action_id": FILL_GAPS, "value": 7}]}, None),
        ({"channel": {"id": "C024CHAN1"}, "actions": [{"action_id": FILL_GAPS, "value": ""}]}, None),
        ({"channel": "C024CHAN1", "actions": [{"action_id": FILL_GAPS, "value": KEY}]}, None),
        ({"channel": {"id": "C024CHAN1"}, "actions": {}}, None),
        ({}, None),
    ],
)
def test_whose_missing_parts_a_button_asks_for(pressed: dict[str, Any], key: str | None) -> None:
    assert parse_gap_request(pressed) == key
