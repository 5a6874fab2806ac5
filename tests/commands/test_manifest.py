"""The manifest asks for what the code needs, and no more. Slack's own schema checks its shape on pasting."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml

from bot import sentences
from bot.__main__ import main
from bot.commands.manifest import Manifest, link, markdown_target, over_http, read
from bot.slack.blockkit.action_ids import COMMAND, SHORTCUT
from bot.slack.client.identity import SCOPES, markdown_scopes
from bot.slack.requests.command_text import Word
from bot.translations import ENGLISH

ROOT = Path(__file__).parents[2]
MANIFEST = ROOT / "manifest.yml"
HTTPS = "https://threadscribe.example.com"
SCOPE_OF_EVENT = {
    "app_mention": "app_mentions:read",
    "message.channels": "channels:history",
    "message.groups": "groups:history",
    "message.im": "im:history",
    "message.mpim": "mpim:history",
    "file_shared": "files:read",
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


@pytest.fixture
def manifest() -> Manifest:
    return read()


def decoded(address: str) -> Any:
    """The manifest in a link, as a server reads it."""
    return json.loads(parse_qs(urlsplit(address).query)["manifest_json"][0])


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


def test_every_word_of_the_command_is_in_its_hint_and_in_its_help(manifest: Any) -> None:
    (command,) = manifest["features"]["slash_commands"]
    helped = sentences.command_help(ENGLISH, "eyes")
    for word in Word:
        assert word in command["usage_hint"].split(" | ")
        assert word is Word.HELP or re.search(rf"^/transcribe .*\b{word}\b", helped, re.MULTILINE), word


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


def test_over_http_one_address_takes_everything(manifest: Manifest) -> None:
    before = copy.deepcopy(manifest)
    made = over_http(manifest, HTTPS)
    address = f"{HTTPS}/slack/events"
    assert made["settings"]["event_subscriptions"]["request_url"] == address
    assert made["settings"]["interactivity"] == {"is_enabled": True, "request_url": address}
    assert [command["url"] for command in made["features"]["slash_commands"]] == [address]
    assert made["settings"]["socket_mode_enabled"] is False
    assert manifest == before


def test_over_http_it_is_the_same_app_otherwise(manifest: Manifest) -> None:
    made = over_http(manifest, HTTPS)
    del made["settings"]["event_subscriptions"]["request_url"]
    del made["settings"]["interactivity"]["request_url"]
    del made["features"]["slash_commands"][0]["url"]
    made["settings"]["socket_mode_enabled"] = True
    assert made == manifest


@pytest.mark.parametrize(
    ("url", "address"),
    [
        (HTTPS, f"{HTTPS}/slack/events"),
        (f"{HTTPS}/", f"{HTTPS}/slack/events"),
        (f"{HTTPS}/bots/threadscribe", f"{HTTPS}/bots/threadscribe"),
        (f"{HTTPS}:8443", f"{HTTPS}:8443/slack/events"),
    ],
)
def test_the_path_is_added_where_there_is_none(manifest: Manifest, url: str, address: str) -> None:
    assert over_http(manifest, url)["settings"]["interactivity"]["request_url"] == address


@pytest.mark.parametrize(
    "url",
    [
        "",
        "http://threadscribe.example.com",
        "threadscribe.example.com",
        "https://localhost",
        f"{HTTPS}?a=1",
        f"{HTTPS}/#a",
        f"{HTTPS}:port",
        f"{HTTPS}/a b",
        f"{HTTPS}/\n",
        "https://user:word@threadscribe.example.com",
    ],
)
def test_an_address_that_slack_cannot_use_is_refused(capsys: pytest.CaptureFixture[str], url: str) -> None:
    assert main(["manifest", "--url", url]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("threadscribe: --url must be an https address")
    assert err.count("\n") == 1


def test_the_link_holds_the_whole_manifest(manifest: Manifest) -> None:
    address = link(manifest)
    assert address.startswith("https://api.slack.com/apps?new_app=1&manifest_json=")
    assert decoded(address) == manifest
    # Nothing in it ends a link in Markdown or in a terminal.
    assert address.isascii()
    assert not set(address) & set(" ()<>\"'")


def test_the_command_prints_the_manifest_alone_and_the_link_beside_it(
    capsys: pytest.CaptureFixture[str], manifest: Manifest
) -> None:
    assert main(["manifest"]) == 0
    out, err = capsys.readouterr()
    # With its reasons.
    assert (out == MANIFEST.read_text(encoding="utf-8")) is True
    assert decoded(err.split()[-1]) == manifest


def test_with_an_address_the_command_prints_that_of_http(
    capsys: pytest.CaptureFixture[str], manifest: Manifest
) -> None:
    assert main(["manifest", "--url", HTTPS]) == 0
    out, err = capsys.readouterr()
    assert yaml.safe_load(out) == over_http(manifest, HTTPS) == decoded(err.split()[-1])


def test_the_readmes_button_creates_this_app() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    target = readme.partition("<!-- create-app -->")[2].partition("<!-- /create-app -->")[0]
    assert readme.count("][create-app]") == 1
    is_current = target.strip() == markdown_target()
    assert is_current, "the manifest has changed: `make fix` rewrites README's button"


def test_the_readmes_table_of_scopes_is_made_from_the_code() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    table = readme.partition("<!-- scopes -->")[2].partition("<!-- /scopes -->")[0]
    assert table.strip() == markdown_scopes(), "the scopes have changed: `make fix` rewrites README's table"
