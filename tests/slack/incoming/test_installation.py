from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bot.slack.incoming.installation import installation_in, is_for_other_installation

PERSON = {"id": "U1", "team_id": "T2"}
SAMPLES = sorted((Path(__file__).parents[1] / "samples").glob("*.json"))


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"event": {}, "team_id": "T2", "authorizations": [{"team_id": "T1"}]}, "T1"),
        ({"event": {}, "team_id": "T2", "authorizations": [{"team_id": None, "enterprise_id": "E1"}]}, "E1"),
        ({"event": {}, "team_id": "T2", "authorizations": {}}, "T2"),
        ({"event": {}, "team_id": None}, ""),
        ({"command": "/transcribe", "team_id": "T1", "is_enterprise_install": "false"}, "T1"),
        (
            {
                "command": "/transcribe",
                "team_id": "T1",
                "enterprise_id": "E1",
                "is_enterprise_install": "true",
            },
            "E1",
        ),
        ({"type": "message_action", "team": {"id": "T1"}, "enterprise": None}, "T1"),
        (
            {
                "type": "message_action",
                "team": {"id": "T1"},
                "enterprise": {"id": "E1"},
                "is_enterprise_install": True,
            },
            "E1",
        ),
        # Whoever pressed may be of another organisation.
        ({"type": "block_actions", "team": {"id": "T2"}, "user": PERSON, "message": {}}, ""),
        ({"type": "block_actions", "team": {"id": "T2"}, "view": {"app_installed_team_id": "T1"}}, "T1"),
        ({"type": "view_submission", "team": {"id": "T2"}, "view": {"app_installed_team_id": "T1"}}, "T1"),
        ({"type": "view_submission", "team": {"id": "T2"}, "view": {}}, ""),
        ({}, ""),
        ({"event": {}, "authorizations": [None, 7, "T1"], "team_id": ["T1"]}, ""),
    ],
)
def test_the_installation_that_a_payload_is_for(body: dict[str, Any], told: str) -> None:
    assert installation_in(body) == told
    assert is_for_other_installation(body, {"T9"}) == bool(told)
    assert not is_for_other_installation(body, {"T9", told})


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_slacks_own_payloads_are_for_their_workspace(sample: Path) -> None:
    assert installation_in(json.loads(sample.read_text())) in {"T07QK3V9XLM", ""}
