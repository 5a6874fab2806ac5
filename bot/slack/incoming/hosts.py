"""Slack's own hosts, GovSlack's too: the bot token may be sent to them, and links to them are Slack's. Pure.

Sources: https://docs.slack.dev/govslack and https://docs.slack.dev/reference/objects/file-object
"""

from __future__ import annotations

import re

_HOST = re.compile(
    r"(?:[a-z0-9-]+\.)*(?:slack\.com|slack-files\.com|slack-edge\.com|slack-gov\.com|slack-files-gov\.com)"
)


def is_slack_host(host: str) -> bool:
    """True for a host name of Slack's in lower case, such as ``files.slack.com``."""
    return _HOST.fullmatch(host) is not None
