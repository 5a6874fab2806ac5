from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model import Claim, FileState, SharedFile
from bot.slack.incoming.files import FileObject
from tests.slack.payloads import clip, upload

AUDIO_UPLOADS = [
    ("note.m4a", "audio/mp4", "m4a"),
    ("note.m4a", "video/mp4", "mp4"),
    ("note.mp3", "audio/mpeg", "mp3"),
    ("note.wav", "audio/x-wav", "wav"),
    ("note.ogg", "application/ogg", "ogg"),
    ("note.opus", "application/octet-stream", "binary"),
    ("note.webm", "audio/webm", "webm"),
    ("note.flac", "audio/flac", "flac"),
    ("note.amr", "application/octet-stream", "binary"),
    ("note.wma", "video/x-ms-asf", "wma"),
    ("note.aac", "", ""),
    ("NOTE.MP3", "", "binary"),
    ("note", "AUDIO/MPEG", ""),
    ("note", "", "mp3"),
    ("Voice Memo.qta", "application/octet-stream", "binary"),
    ("Voice Memo.qta", "video/quicktime", "mov"),
    ("Voice 001.3ga", "application/octet-stream", "binary"),
    ("Voice 001.3ga", "video/3gpp", "3gp"),
    ("take.w64", "application/octet-stream", "binary"),
    ("take.w64", "application/octet-stream", "w64"),
    ("dictation.dss", "application/octet-stream", "dss"),
    ("dictation.ds2", "", "ds2"),
    ("call.au", "audio/basic", "au"),
    ("call.voc", "application/octet-stream", "binary"),
]
OTHER_UPLOADS = [
    ("report.pdf", "application/pdf", "pdf"),
    ("photo.jpg", "image/jpeg", "jpg"),
    ("index.ts", "text/plain", "typescript"),
    ("login.mp3", "text/html", "html"),
    ("archive.zip", "application/zip", "zip"),
    ("notes", "text/plain", "text"),
]


def claim_of(raw: dict[str, Any]) -> Claim:
    return FileObject.model_validate(raw).claim


def parse_file(raw: dict[str, Any]) -> SharedFile | None:
    return FileObject.model_validate(raw).shared_file


def test_a_file_has_one_address_or_two() -> None:
    both, one = upload("a.mp3", "", ""), upload("a.mp3", "", "", url_private_download="")
    addresses = [(file.url, file.other_url) for raw in (both, one) if (file := parse_file(raw))]
    assert addresses == [
        (both["url_private_download"], both["url_private"]),
        (one["url_private"], None),
    ]
    same = parse_file(upload("a.mp3", "", "", url_private_download=one["url_private"]))
    assert same is not None
    assert same.other_url is None


@pytest.mark.parametrize(
    ("changes", "is_described"),
    [
        ({}, False),
        ({"subtype": "slack_audio"}, True),
        ({"media_display_type": "audio"}, True),
        ({"filetype": "binary"}, True),
        ({"mimetype": "audio/mp4"}, True),
    ],
)
def test_a_file_is_described_once_slack_names_any_type(
    changes: dict[str, Any],
    is_described: bool,  # noqa: FBT001  # a case
) -> None:
    file = parse_file(upload("audio_message.m4a", "", "", created=1_720_000_000) | changes)
    assert file is not None
    assert file.is_described is is_described
    assert file.created_at == 1_720_000_000


@pytest.mark.parametrize(("name", "mimetype", "filetype"), AUDIO_UPLOADS)
def test_an_upload_that_says_audio_anywhere_is_audio(name: str, mimetype: str, filetype: str) -> None:
    assert claim_of(upload(name, mimetype, filetype)) is Claim.AUDIO


@pytest.mark.parametrize(
    "odd",
    [
        {"mimetype": "audio/webm", "filetype": "webm", "name": "audio_message.webm"},
        {"mimetype": "video/mp4", "filetype": "mp4"},
        {"mimetype": "", "filetype": "", "name": ""},
        {"mimetype": "text/plain", "filetype": "text"},
        {"mimetype": None, "filetype": {}, "name": 7},
    ],
)
def test_a_voice_clip_is_one_whatever_its_types_say(odd: dict[str, Any]) -> None:
    assert claim_of(clip(**odd)) is Claim.VOICE_CLIP


def test_a_media_display_type_of_audio_is_audio() -> None:
    shown = upload("take", "video/mp4", "mp4", media_display_type="audio")

    assert claim_of(shown) is Claim.AUDIO


@pytest.mark.parametrize(
    "name",
    ["a.mp4", "a.mov", "a.mkv", "a.avi", "a.m4v", "a.wmv", "a.mpg", "a.ogv", "a.flv", "a.vob", "a.mts"],
)
def test_an_uploaded_video_is_a_video(name: str) -> None:
    extension = name.rpartition(".")[2]

    assert claim_of(upload(name, f"video/{extension}", extension)) is Claim.VIDEO
    assert claim_of(upload(name, "", extension)) is Claim.VIDEO


def test_a_clip_recorded_with_a_camera_is_a_video_clip() -> None:
    assert claim_of(clip(subtype="slack_video", mimetype="video/mp4")) is Claim.VIDEO_CLIP


@pytest.mark.parametrize("extension", ["webm", "3gp", "3gpp", "3g2"])
def test_a_container_of_either_kind_under_a_video_label_is_either(extension: str) -> None:
    assert claim_of(upload(f"a.{extension}", f"video/{extension}", extension)) is Claim.EITHER


@pytest.mark.parametrize(("name", "mimetype", "filetype"), OTHER_UPLOADS)
def test_what_names_another_kind_is_other(name: str, mimetype: str, filetype: str) -> None:
    assert claim_of(upload(name, mimetype, filetype)) is Claim.OTHER


@pytest.mark.parametrize(
    ("name", "mimetype", "filetype"),
    [
        ("recording", "", ""),
        ("recording", "application/octet-stream", "binary"),
        ("recording.xyz", "application/octet-stream", "binary"),
        ("recording.xyz", "application/octet-stream", "xyz"),
        ("recording.XYZ", "", "xyz"),
    ],
)
def test_what_names_no_kind_is_unknown_whatever_its_extension(
    name: str, mimetype: str, filetype: str
) -> None:
    assert claim_of(upload(name, mimetype, filetype)) is Claim.UNKNOWN


@pytest.mark.parametrize("mimetype", ["application/ogg", "application/mxf"])
def test_an_application_s_type_that_means_a_recording_is_either(mimetype: str) -> None:
    assert claim_of(upload("recording", mimetype, "binary")) is Claim.EITHER


@pytest.mark.parametrize(
    ("raw", "state"),
    [
        ({"mode": "tombstone"}, FileState.GONE),
        ({"mode": "hidden_by_limit"}, FileState.HIDDEN_BY_LIMIT),
        ({"mode": "external"}, FileState.EXTERNAL),
        ({"mode": "hosted", "is_external": True}, FileState.EXTERNAL),
        ({"mode": "file_access", "file_access": "check_file_info"}, FileState.STUB),
        ({"mode": "file_access", "file_access": "access_denied"}, FileState.FORBIDDEN),
        ({"mode": "file_access", "file_access": "file_not_found"}, FileState.GONE),
        ({"mode": "hosted", "file_access": "visible"}, FileState.AVAILABLE),
        ({}, FileState.AVAILABLE),
    ],
)
def test_the_state_follows_mode_and_access(raw: dict[str, Any], state: FileState) -> None:
    file = parse_file({"id": "F1"} | raw)

    assert file is not None
    assert file.state is state
    assert file.claim is Claim.UNKNOWN


def test_a_clip_is_read_whole() -> None:
    file = parse_file(clip())

    assert file is not None
    assert (file.id, file.name) == ("F024CLIP1", "audio_message.m4a")
    assert (file.size_bytes, file.duration_s) == (309_514, 11.54)
    assert file.url == clip()["url_private_download"]


def test_the_private_address_serves_where_the_download_is_missing() -> None:
    file = parse_file(clip(url_private_download=""))

    assert file is not None
    assert file.url == clip()["url_private"]


@pytest.mark.parametrize("number", [True, "12", -1, float("nan"), float("inf"), 1e300, [], None])
def test_what_is_no_number_is_no_size_and_no_duration(number: Any) -> None:
    file = parse_file(clip(size=number, duration_ms=number))

    assert file is not None
    assert (file.size_bytes, file.duration_s) == (None, None)


@pytest.mark.parametrize("file_id", ["", None, 7, {}, "F" * 65, "F1:thread", "F 1", "F1\n", "\ud800"])
def test_without_a_sound_id_there_is_no_file(file_id: Any) -> None:
    assert parse_file(clip(id=file_id)) is None


def test_half_a_surrogate_pair_can_be_stored() -> None:
    file = parse_file(clip(name="a\ud83d.m4a", url_private_download="https://files.slack.com/\udc00"))

    assert file is not None
    assert file.name.encode() == b"a?.m4a"
    assert file.url is not None
    assert file.url.encode() == b"https://files.slack.com/?"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
FIELDS = sorted({*clip(), "nothing_known"})


@given(st.dictionaries(st.sampled_from(FIELDS), JSON | st.text(st.characters(categories=["Cs", "Lu"]))))
def test_no_file_object_breaks_the_parser(raw: dict[str, Any]) -> None:
    file = parse_file(raw)

    if file is not None:
        file.name.encode()
        assert len(file.name) <= 255
