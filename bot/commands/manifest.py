"""``python -m bot manifest``: the Slack app's manifest for this deployment, and a link that creates the app.

Source: https://docs.slack.dev/app-manifests/configuring-apps-with-app-manifests
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote

import yaml

from bot.commands import exits

_PATH = Path(__file__).parents[1] / "manifest.yml"
"""A link to the one at the top of the project; in a wheel, a copy of it."""
_CREATE_APP = "https://api.slack.com/apps?new_app=1&manifest_json="
_EVENTS_PATH = "/slack/events"
_ADDRESS = re.compile(
    r"(https://(?:[a-z0-9-]+\.)+[a-z0-9-]+(?::[0-9]{1,5})?)(/[a-z0-9._~%/-]*)?", re.IGNORECASE
)

Manifest = dict[str, Any]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.description = (
        "Prints the manifest of the Slack app, and on stderr a link that creates the app from it. "
        "Without --url it is for Socket Mode, which needs no public address."
    )
    parser.add_argument(
        "--url",
        metavar="https://…",
        help=f"HTTP mode: where Slack reaches the bot ({_EVENTS_PATH} is added where there is no path)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Print the manifest; returns the exit code."""
    if arguments.url is None:
        text, manifest = read_text(), read()
    else:
        try:
            manifest = over_http(read(), arguments.url)
        except ValueError as error:
            return exits.fail(f"--url {error}", exits.USAGE)
        text = yaml.safe_dump(manifest, sort_keys=False, allow_unicode=True, width=110)
    sys.stdout.write(text)
    sys.stdout.flush()
    sys.stderr.write(f"\nTo create the app with one click, open:\n{link(manifest)}\n")
    return 0


def read_text() -> str:
    """The manifest for Socket Mode as YAML, with the reason of each scope and event."""
    return _PATH.read_text(encoding="utf-8")


def read() -> Manifest:
    """The manifest for Socket Mode."""
    manifest: Manifest = yaml.safe_load(read_text())
    return manifest


def over_http(manifest: Manifest, url: str) -> Manifest:
    """The manifest for HTTP mode: one address takes events, interactions and the slash command.

    Args:
        manifest: For Socket Mode; it stays as it is.
        url: Where Slack reaches the bot, with or without a path.

    Raises:
        ValueError: Slack could not deliver to that address; the message says what it must be.
    """
    address = _address(url)
    settings, features = manifest["settings"], manifest["features"]
    return manifest | {
        "features": features
        | {"slash_commands": [command | {"url": address} for command in features["slash_commands"]]},
        "settings": settings
        | {
            "event_subscriptions": {"request_url": address, **settings["event_subscriptions"]},
            "interactivity": settings["interactivity"] | {"request_url": address},
            "socket_mode_enabled": False,
        },
    }


def link(manifest: Manifest) -> str:
    """An address at which Slack offers to create the app, with everything filled in."""
    compact = json.dumps(manifest, separators=(",", ":"), ensure_ascii=False)
    return _CREATE_APP + quote(compact, safe=",:/")


def markdown_target() -> str:
    """The link definition for the README's button."""
    return f"[create-app]: {link(read())}"


def _address(url: str) -> str:
    match = _ADDRESS.fullmatch(url)
    if match is None:
        raise ValueError(
            "must be an https address that Slack can reach, such as https://threadscribe.example.com, "
            "without user name, query or fragment"
        )
    origin, path = match.groups()
    return origin + (path if path not in {None, "/"} else _EVENTS_PATH)
