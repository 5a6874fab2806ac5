"""The manifest asks for what the code needs, and no more. Slack's own schema checks its shape on pasting."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.slack.actions import COMMAND, SHORTCUT
from bot.slack.identity import SCOPES

MANIFEST = Path(__file__).parents[1] / "manifest.yml"
SCOPE_OF_EVENT = {
    "app_mention": "app_mentions:read",
    "message.channels": "channels:history",
    "message.groups": "groups:history",
    "message.im": "im:history",
    "message.mpim": "mpim:history",
    "app_home_opened": None,
    "member_joined_channel": "channels:read",
    "member_left_channel": "channels:read",
    "reaction_added": "reactions:read",
    "file_deleted": "files:read",
    "channel_left": "channels:read",
    "group_left": "groups:read",
    "channel_deleted": "channels:read",
    "group_deleted": "groups:read",
    "channel_id_changed": "channels:read",
    "app_uninstalled": None,
    "tokens_revoked": None,
}
"""What Slack asks for before it tells an app of an event; ``None`` for nothing."""


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
    assert manifest["settings"]["event_subscriptions"] == {"bot_events": list(SCOPE_OF_EVENT)}


def test_every_event_has_its_scope(manifest: Any) -> None:
    granted = {*manifest["oauth_config"]["scopes"]["bot"], None}
    events = manifest["settings"]["event_subscriptions"]["bot_events"]
    assert {SCOPE_OF_EVENT[event] for event in events} <= granted


def test_the_command_and_the_shortcut_are_those_that_the_bot_answers(manifest: Any) -> None:
    (command,) = manifest["features"]["slash_commands"]
    assert command["command"] == COMMAND
    assert len(command["command"]) <= 32
    # With links escaped the words of a command would be Slack's, not the person's.
    assert command["should_escape"] is False
    (shortcut,) = manifest["features"]["shortcuts"]
    assert (shortcut["type"], shortcut["callback_id"]) == ("message", SHORTCUT)
    assert len(shortcut["name"]) <= 24


def test_people_can_write_to_the_bot(manifest: Any) -> None:
    assert manifest["features"]["app_home"] == {
        "home_tab_enabled": True,
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
    reasoned = [number for number, line in enumerate(lines) if line.strip().startswith("- ")]
    entries = [number for number in reasoned if ": " not in lines[number]]
    assert len(entries) == len(SCOPES) + len(SCOPE_OF_EVENT)
    for number in entries:
        assert lines[number - 1].strip().startswith("# "), lines[number]
