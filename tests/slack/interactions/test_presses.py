from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model import THREAD, Claim, FileState, JobKey, Place
from bot.slack.incoming.interactions import BlockAction, ViewSubmission
from bot.slack.interactions import presses
from bot.slack.interactions.presses import Press
from bot.slack.replies.handle import ReplyHandle
from tests.slack.payloads import CHANNEL, SHARER, TEAM, TS

KEY = JobKey(TEAM, CHANNEL, TS, "F024CLIP1")
HANDLE = ReplyHandle(KEY, 1, SHARER, "U024BERT1", 0, 2, TS, "de")
PRIVATE = ReplyHandle(JobKey(TEAM, CHANNEL, TS, "F024CLIP1", SHARER), 0, "U0", "", 0, 1, TS, None)
REPLY_TS = "1720000001.000100"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(max_size=10), inside, max_size=3),
    max_leaves=10,
)


def pressed(handle: ReplyHandle = HANDLE, **changes: Any) -> dict[str, Any]:
    body = {
        "type": "block_actions",
        "team": {"id": TEAM},
        "user": {"id": SHARER},
        "channel": {"id": CHANNEL},
        "container": {"message_ts": REPLY_TS, "thread_ts": TS, "is_ephemeral": True},
        "message": {"ts": REPLY_TS, "thread_ts": TS},
        "actions": [{"action_id": "x", "block_id": handle.dump(), "action_ts": "1720000002.000100"}],
    }
    return body | changes


def parse_press(raw: dict[str, Any], team_id: str) -> Press | None:
    return presses.parse_press(BlockAction.model_validate(raw), team_id)


def parse_submission(raw: dict[str, Any], team_id: str) -> Press | None:
    return presses.parse_submission(ViewSubmission.model_validate(raw), team_id)


def sent(metadata: object, **changes: Any) -> dict[str, Any]:
    return {
        "type": "view_submission",
        "team": {"id": TEAM},
        "user": {"id": SHARER},
        "view": {"id": "V024VIEW1", "private_metadata": metadata},
    } | changes


def test_a_press_tells_of_which_reply_and_by_whom() -> None:
    press = parse_press(pressed(), TEAM)

    assert press == Press(HANDLE, CHANNEL, REPLY_TS, TS, SHARER, "1720000002.000100")
    assert press.place == Place(CHANNEL, TS)
    assert press.asked_by == "U024BERT1"


def test_of_an_ephemeral_message_slack_tells_where_it_stands_alone() -> None:
    body = pressed(PRIVATE)
    del body["message"]

    press = parse_press(body, TEAM)

    assert press == Press(PRIVATE, CHANNEL, REPLY_TS, TS, SHARER, "1720000002.000100")
    assert press.asked_by == SHARER


def test_a_direct_message_has_no_thread() -> None:
    body = pressed(PRIVATE, channel={"id": "D024DIRCT"}, message={"ts": REPLY_TS}, container={})

    press = parse_press(body, TEAM)

    assert press is not None
    assert press.place == Place("D024DIRCT")
    modal = parse_submission(sent(press.dump()), TEAM)
    assert modal is not None
    assert modal.place == Place("D024DIRCT")


@pytest.mark.parametrize("known", ["", "v/1/F2"])
def test_a_modal_carries_the_reply_along(known: str) -> None:
    press = parse_press(pressed(), TEAM)
    assert press is not None

    modal = parse_submission(sent(press.dump(known)), TEAM)

    assert modal == Press(HANDLE, CHANNEL, REPLY_TS, TS, SHARER, "V024VIEW1", known)
    assert len(press.dump(known)) < 3_000


def test_somebody_of_another_organisation_comes_with_their_own_team() -> None:
    assert parse_press(pressed(team={"id": "T0OTHERORG"}), TEAM) is not None
    assert parse_press(pressed(team={"id": "T0OTHERORG"}), "T0ELSEWHERE") is None


@pytest.mark.parametrize(
    "changes",
    [
        {"user": {"id": "U0SOMEONE"}},
        {"user": {}},
        {"channel": {}},
        {"message": {}, "container": {}},
        {"actions": []},
        {"actions": {}},
        {"actions": [{"block_id": "1|nothing"}]},
        {"team": {"id": "T0OTHER"}, "_team": "T0OTHER"},
    ],
)
def test_a_press_with_something_missing_or_of_others_is_none(changes: dict[str, Any]) -> None:
    team_id = changes.pop("_team", TEAM)

    assert parse_press(pressed(PRIVATE, **changes), team_id) is None


def test_a_reply_for_all_stands_in_its_channel() -> None:
    """Which may have another id since it was posted."""
    press = parse_press(pressed(channel={"id": "C0SHARED001"}), TEAM)
    assert press is not None
    assert press.key.channel_id == press.channel_id == "C0SHARED001"
    assert press.request(audience="thread", asked_by="", language=None).key == press.key


@given(JSON)
def test_nothing_odd_is_taken_for_a_press(value: Any) -> None:
    assert parse_press(pressed(actions=value), TEAM) is None
    assert parse_press(value if isinstance(value, dict) else {}, TEAM) is None
    assert parse_submission(sent(value), TEAM) is None
    assert parse_submission(sent("", view=value), TEAM) is None


def test_its_recording_can_be_asked_for() -> None:
    press = parse_press(pressed(), TEAM)
    assert press is not None

    request = press.request(audience=THREAD, asked_by="U0", language="fr")

    assert request.key == KEY
    assert (request.file.id, request.file.state, request.file.claim) == (
        *("F024CLIP1", FileState.STUB, Claim.UNKNOWN),
    )
    assert (request.position, request.siblings, request.thread_ts) == (0, 2, TS)
    assert (request.user_id, request.asked_by, request.ask_id) == (SHARER, "U0", press.id)
    assert request.explicit
