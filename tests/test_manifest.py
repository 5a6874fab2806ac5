"""The manifest asks for what the code needs, and no more. Slack's own schema checks its shape on pasting."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.slack.identity import SCOPES

MANIFEST = Path(__file__).parents[1] / "manifest.yml"


@pytest.fixture(scope="module")
def manifest() -> Any:
    return yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))


def test_it_keeps_to_slacks_lengths(manifest: Any) -> None:
    shown = manifest["display_information"]
    assert 1 <= len(shown["name"]) <= 35
    assert 1 <= len(shown["description"]) <= 140
    assert 175 <= len(shown["long_description"]) <= 4000
    assert 1 <= len(manifest["features"]["bot_user"]["display_name"]) <= 80


def test_the_scopes_are_those_that_the_bot_looks_for(manifest: Any) -> None:
    scopes = manifest["oauth_config"]["scopes"]
    assert list(scopes) == ["bot"]
    assert sorted(scopes["bot"]) == sorted(SCOPES)


def test_the_events_are_those_that_the_bot_listens_to(manifest: Any) -> None:
    assert manifest["settings"]["event_subscriptions"] == {
        "bot_events": ["app_mention", "message.channels", "message.groups", "message.im", "message.mpim"]
    }


def test_every_event_has_its_scope(manifest: Any) -> None:
    needed = {
        "app_mention": "app_mentions:read",
        "message.channels": "channels:history",
        "message.groups": "groups:history",
        "message.im": "im:history",
        "message.mpim": "mpim:history",
    }
    events = manifest["settings"]["event_subscriptions"]["bot_events"]
    assert {needed[event] for event in events} <= set(manifest["oauth_config"]["scopes"]["bot"])


def test_people_can_write_to_the_bot(manifest: Any) -> None:
    assert manifest["features"]["app_home"] == {
        "home_tab_enabled": False,
        "messages_tab_enabled": True,
        "messages_tab_read_only_enabled": False,
    }


def test_it_needs_no_public_address(manifest: Any) -> None:
    settings = manifest["settings"]
    assert settings["socket_mode_enabled"] is True
    assert settings["interactivity"] == {"is_enabled": True}
    assert settings["org_deploy_enabled"] is False
    assert settings["token_rotation_enabled"] is False


def test_every_scope_and_event_has_its_reason() -> None:
    lines = MANIFEST.read_text(encoding="utf-8").splitlines()
    entries = [number for number, line in enumerate(lines) if line.strip().startswith("- ")]
    assert len(entries) == 13
    for number in entries:
        assert lines[number - 1].strip().startswith("# "), lines[number]
