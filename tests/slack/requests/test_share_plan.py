from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channel_settings import Automatic
from bot.model import SUBSCRIBERS, THREAD, Claim, FileState, JobKey, Place, TranscriptionRequest
from bot.slack.incoming.events import EventCallback, MessageEvent
from bot.slack.requests.share_plan import (
    Ignored,
    Policy,
    Share,
    added_files,
    parse_share,
    plan_requests,
)
from bot.store.rows import dump_request
from tests.slack.payloads import BOT, CHANNEL, SHARER, TEAM, TS, body, callback, clip, event, mention, upload

ON, OFF = Policy(Automatic.AUDIO), Policy(Automatic.OFF)
CLIPS, FILMS = Policy(Automatic.CLIPS), Policy(Automatic.VIDEO)
VIDEO = upload("talk.mp4", "video/mp4", "mp4", "F024VIDEO")
PDF = upload("report.pdf", "application/pdf", "pdf", "F024PDF01")
STUB = {"id": "F024STUB1", "mode": "file_access", "file_access": "check_file_info"}
TOMBSTONE = {"id": "F024TOMB1", "mode": "tombstone"}
HIDDEN = {"id": "F024HIDE1", "mode": "hidden_by_limit"}
BLOB = upload("recording", "application/octet-stream", "binary", "F024BLOB1")


def read(payload: Any, policy: Policy = ON) -> list[TranscriptionRequest] | Ignored:
    share = parse_share(EventCallback[MessageEvent].model_validate(payload))
    return share if isinstance(share, Ignored) else plan_requests(share, policy)


def requests(inner: Any, policy: Policy = ON, **changes: Any) -> list[TranscriptionRequest]:
    planned = read(body(inner, **changes), policy)
    assert isinstance(planned, list), planned
    return planned


def test_a_voice_clip_asks_for_one_transcript_under_it() -> None:
    (request,) = requests(event(clip()))

    assert str(request.key) == f"{TEAM}:{CHANNEL}:{TS}:F024CLIP1:thread"
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


def test_what_a_forwarded_message_forwards_is_heard_too() -> None:
    inner = {
        "is_share": True,
        "files": [clip("F3")],
        "attachments": [{"is_share": True, "files": [clip("F4")]}],
    }
    outer = {"is_share": True, "files": [clip("F2")], "attachments": [inner, {"files": [clip("F9")]}]}

    heard = requests(event(clip("F1"), attachments=[outer, {"is_share": True, "files": [clip("F5")]}]))

    assert [request.file.id for request in heard] == ["F1", "F2", "F3", "F4", "F5"]


def test_what_a_previewed_message_forwards_is_not() -> None:
    preview = {
        "from_url": "https://a.slack.com/archives/G1/p1",
        "attachments": [{"is_share": True, "files": [clip()]}],
    }

    assert parse_share(callback(event(attachments=[preview]))) is Ignored.NO_FILES


def test_forwards_are_followed_so_far_and_no_further() -> None:
    nested: dict[str, Any] = {"is_share": True, "files": [clip("F0")]}
    for number in range(1, 400):
        nested = {"is_share": True, "files": [clip(f"F{number}")], "attachments": [nested]}

    assert [request.file.id for request in requests(event(attachments=[nested]))] == [
        f"F{number}" for number in range(399, 393, -1)
    ]


def edit(before: Any, *files: Any, **changes: Any) -> MessageEvent:
    now = event(*files) | changes
    inner = {"type": "message", "subtype": "message_changed", "channel": CHANNEL, "message": now}
    return callback(inner | {"previous_message": before}).event


@pytest.mark.parametrize(
    ("before", "added"),
    [
        (event(clip("F1")), {"F2"}),
        (event(), {"F1", "F2"}),
        (event(clip("F1"), clip("F2"), clip("F3")), set()),
        (event(attachments=[{"is_share": True, "files": [clip("F2")]}]), {"F1"}),
        # What it was is not told: only what is newer than the message can have been added.
        (None, {"F2"}),
        ({}, {"F2"}),
        ("odd", {"F2"}),
    ],
)
def test_what_an_edit_has_added(before: Any, added: set[str]) -> None:
    old, new = clip("F1", created=1_719_999_999), clip("F2", created=1_720_000_060)

    assert added_files(edit(before, old, new)) == added


@pytest.mark.parametrize("ts", ["odd", None, "nan"])
def test_without_a_time_nothing_was_added(ts: str | None) -> None:
    assert added_files(edit(None, clip("F2", created=1_720_000_060), ts=ts)) == frozenset()


@pytest.mark.parametrize("changes", [{}, {"is_share": False}, {"is_share": "true"}])
def test_files_of_a_previewed_message_are_not_for_whoever_reads_the_link(changes: dict[str, Any]) -> None:
    preview = {"is_msg_unfurl": True, "from_url": "https://a.slack.com/archives/G1/p1", "files": [clip()]}

    assert parse_share(callback(event(attachments=[preview | changes]))) is Ignored.NO_FILES
    (request,) = requests(event(clip("F1"), attachments=[preview | changes]))
    assert request.file.id == "F1"


BY_BOT = [{"is_share": True, "bot_id": "B1", "files": [clip("F1"), clip("F2")]}]


def test_files_that_a_bot_posted_stay_unheard_when_forwarded() -> None:
    by_person = [{"is_share": True, "files": [clip("F2"), clip("F3")]}]

    assert parse_share(callback(event(attachments=BY_BOT))) is Ignored.FROM_A_BOT
    heard = requests(event(clip("F0"), attachments=[*BY_BOT, *by_person]))
    assert [(request.file.id, request.position) for request in heard] == [("F0", 0), ("F2", 2), ("F3", 3)]


@pytest.mark.parametrize(
    "inner",
    [mention(attachments=BY_BOT), event(attachments=BY_BOT, channel="D024DIRECT", channel_type="im")],
)
def test_but_whoever_asks_gets_them(inner: dict[str, Any]) -> None:
    assert [request.file.id for request in requests(inner, ON)] == ["F1", "F2"]


POSTED = {"bot_id": "B024RELAY", "app_id": "A024RELAY", "bot_profile": {"id": "B024RELAY"}}


@pytest.mark.parametrize(
    ("inner", "is_heard"),
    [
        (event(clip(), **POSTED), False),
        (event(clip(), text=f"<@{BOT}>", **POSTED), True),
        (mention(clip(), **POSTED), True),
        (event(clip(), channel="D024DIRECT", **POSTED), True),
        (event(clip(), channel="D024DIRECT", bot_id="B024BOT01"), False),
        (event(clip(), channel="D024DIRECT", user=BOT), False),
        (mention(clip(), bot_id="B024BOT01"), False),
    ],
)
def test_what_an_app_posted_is_heard_where_somebody_asks(inner: dict[str, Any], is_heard: bool) -> None:  # noqa: FBT001
    planned = read(body(inner, own_bot_id="B024BOT01"))

    assert isinstance(planned, list) is is_heard
    assert is_heard or planned is Ignored.FROM_A_BOT


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("transcribe in German", "de"),
        ("Minutes of today. <@U024BOT01> in French", "fr"),
        ("what is said here?", None),
        ("transcribe in Klingon", None),
    ],
)
def test_both_twins_know_the_language_beside_the_files(text: str, language: str | None) -> None:
    text = text if BOT in text else f"<@{BOT}> {text}"

    first, second = (requests(twin) for twin in (mention(clip(), text=text), event(clip(), text=text)))

    assert first == second
    assert [request.language for request in first] == [language]
    assert first[0].ask_id == (f"{TS}:{language}" if language else TS)


def test_words_in_a_channel_that_are_for_people_name_no_language() -> None:
    assert requests(event(clip(), text="in German"))[0].language is None


@pytest.mark.parametrize(
    ("text", "is_asked", "language"),
    [
        ("", False, None),
        ("listen to this", False, None),
        ("!", False, None),
        ("transcribe this", True, None),
        ("in German", True, "de"),
    ],
)
def test_in_a_direct_message_the_words_alone_ask(text: str, is_asked: bool, language: str | None) -> None:  # noqa: FBT001
    share = parse_share(callback(event(VIDEO, text=text, channel="D024DIRECT", channel_type="im")))

    assert isinstance(share, Share)
    assert (share.is_asked, share.language) == (is_asked, language)


def test_a_slack_connect_stub_that_names_another_kind_is_ignored() -> None:
    assert read(body(event(STUB | {"mimetype": "application/pdf"}))) is Ignored.NO_AUDIO


def test_a_slack_connect_stub_is_asked_about() -> None:
    (request,) = requests(event(STUB))

    assert (request.file.state, request.file.claim) == (FileState.STUB, Claim.UNKNOWN)


@pytest.mark.parametrize("file", [VIDEO, TOMBSTONE, HIDDEN, BLOB])
def test_what_is_read_on_request_alone_waits_for_a_mention(file: dict[str, Any]) -> None:
    assert read(body(event(file))) is Ignored.NO_AUDIO
    (request,) = requests(mention(file))
    assert request.explicit


@pytest.mark.parametrize("inner", [event(PDF), event(PDF, channel_type="im")])
def test_what_never_claimed_audio_is_ignored(inner: dict[str, Any]) -> None:
    assert read(body(inner)) is Ignored.NO_AUDIO


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


@pytest.mark.parametrize(
    ("changes", "is_direct"),
    [
        ({"channel": "D024DIRECT", "channel_type": "im"}, True),
        ({"channel": "D024DIRECT", "channel_type": None}, True),
        ({"channel_type": "im"}, True),
        ({"channel_type": "mpim"}, False),
        ({"channel_type": "group"}, False),
        ({}, False),
    ],
)
def test_a_direct_message_to_the_bot_is_known_as_such(changes: dict[str, Any], is_direct: bool) -> None:  # noqa: FBT001
    share = parse_share(callback(event(clip(), **changes)))

    assert isinstance(share, Share)
    assert share.is_direct is is_direct


@pytest.mark.parametrize("channel_type", ["channel", "group", "mpim"])
def test_channels_are_heard_where_their_settings_say_so(channel_type: str) -> None:
    inner = event(clip(), channel_type=channel_type)

    assert requests(inner, ON)
    assert requests(inner, ON, is_ext_shared_channel=True)
    assert read(body(inner), OFF) is Ignored.AUTOMATIC_OFF
    assert read(body(inner, is_ext_shared_channel=True), OFF) is Ignored.SHARED_EXTERNALLY


SONG = upload("song.mp3", "audio/mpeg", "mp3", "F024SONG1")
FILM_CLIP = clip("F024CLIP2", subtype="slack_video", mimetype="video/mp4", media_display_type="video")
WEBM = upload("a.webm", "video/webm", "webm", "F024WEBM1")
EVERYTHING = [clip(), FILM_CLIP, SONG, WEBM, VIDEO, STUB, PDF, BLOB, TOMBSTONE]


@pytest.mark.parametrize(
    ("policy", "heard"),
    [
        (CLIPS, ["F024CLIP1", "F024CLIP2", "F024STUB1"]),
        (ON, ["F024CLIP1", "F024CLIP2", "F024SONG1", "F024WEBM1", "F024STUB1"]),
        (FILMS, ["F024CLIP1", "F024CLIP2", "F024SONG1", "F024WEBM1", "F024VIDEO", "F024STUB1"]),
    ],
)
def test_each_setting_wants_more_than_the_one_before(policy: Policy, heard: list[str]) -> None:
    found = requests(event(*EVERYTHING), policy)

    assert [request.file.id for request in found] == heard
    assert {request.key.audience for request in found} == {THREAD}
    assert {request.siblings for request in found} == {8}
    assert {request.wants_video for request in found} == {policy is FILMS}
    assert not any(request.explicit or request.asked_by or request.whisper_in for request in found)


@pytest.mark.parametrize(
    ("thread_ts", "seen_in"),
    [(None, None), (TS, None), ("1710000000.000200", "1710000000.000200")],
)
def test_only_the_sender_is_answered_where_they_look(thread_ts: str | None, seen_in: str | None) -> None:
    policy = Policy(Automatic.AUDIO, only_for_sender=True)

    (request,) = requests(event(clip(), thread_ts=thread_ts), policy)

    assert request.key.audience == request.key.reader_id == SHARER
    assert request.whisper_in == Place(CHANNEL, seen_in)
    assert request.thread_ts == (thread_ts or TS)


def test_a_sender_whom_slack_does_not_name_is_not_answered_in_public() -> None:
    assert (
        read(body(event(clip(), user=None)), Policy(Automatic.AUDIO, only_for_sender=True))
        is Ignored.NO_AUDIO
    )


def test_a_mention_is_answered_in_public_even_there() -> None:
    (request,) = requests(
        mention(clip()), Policy(Automatic.AUDIO, only_for_sender=True, has_subscribers=True)
    )

    assert (request.key.audience, request.whisper_in) == (THREAD, None)
    assert (request.asked_by, request.ask_id) == (SHARER, TS)


def test_subscribers_are_served_where_nothing_is_automatic() -> None:
    found = requests(event(clip(), SONG, VIDEO, PDF), Policy(Automatic.OFF, has_subscribers=True))

    assert [(request.file.id, request.key.audience) for request in found] == [
        ("F024CLIP1", SUBSCRIBERS),
        ("F024SONG1", SUBSCRIBERS),
    ]
    assert [(request.position, request.siblings) for request in found] == [(0, 3), (1, 3)]
    assert not any(request.explicit or request.whisper_in for request in found)


def test_subscribers_get_copies_of_what_the_thread_reads_and_no_job_of_their_own() -> None:
    assert requests(event(clip()), Policy(Automatic.AUDIO, has_subscribers=True)) == requests(event(clip()))


def test_subscribers_get_copies_of_what_the_sender_alone_is_told() -> None:
    found = requests(event(clip()), Policy(Automatic.AUDIO, only_for_sender=True, has_subscribers=True))

    assert [request.key.audience for request in found] == [SHARER]
    assert [request.whisper_in for request in found] == [Place(CHANNEL)]


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
    assert read(body(event(clip()) | changes)) is reason


@pytest.mark.parametrize("inner", [None, "message", [], 7])
def test_a_body_without_an_event_is_ignored(inner: Any) -> None:
    assert read(body(inner)) is Ignored.NOT_A_MESSAGE
    assert read({}) is Ignored.NOT_A_MESSAGE


def test_the_team_is_the_installations() -> None:
    installed = [{"team_id": "T024INST1", "user_id": BOT, "is_bot": True}]

    assert requests(event(clip()), authorizations=installed)[0].key.team_id == "T024INST1"
    # An installation for a whole organisation has no team of its own.
    assert requests(event(clip()), authorizations=[{"team_id": None}])[0].key.team_id == TEAM
    assert requests(event(clip()), authorizations={})[0].key.team_id == TEAM
    assert read(body(event(clip()), authorizations=[], team_id=None)) is Ignored.MALFORMED


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
    attachments=st.lists(object_with({"bot_id": None, "is_share": True}, files=FILES) | JSON, max_size=2)
    | JSON,
    type=st.sampled_from(["message", "app_mention"]) | JSON,
)
BODIES = object_with(body({}), event=EVENTS | JSON)


POLICIES = st.builds(
    Policy, st.sampled_from(Automatic), only_for_sender=st.booleans(), has_subscribers=st.booleans()
)


@given(BODIES | st.dictionaries(st.text(max_size=5), JSON, max_size=3), POLICIES)
def test_no_payload_breaks_the_parser_or_what_stores_its_requests(
    raw: dict[str, Any], policy: Policy
) -> None:
    planned = read(raw, policy)

    if isinstance(planned, list):
        assert planned
        assert len({request.key for request in planned}) == len(planned)
        for request in planned:
            dump_request(request)
            assert JobKey.parse(str(request.key)) == request.key
            assert 0 <= request.position < request.siblings
            assert (request.whisper_in is None) == (request.key.reader_id is None)
