"""Identity of the bot (``auth.test``): its ids in the workspace, and the scopes that it lacks.

Source: https://docs.slack.dev/reference/methods/auth.test
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.slack.client.api import Answer, SlackApi
from bot.slack.client.api_errors import rejection_means_bad_token
from bot.slack.incoming.messages import Message

_HISTORY = (
    "hear of messages with files in public and private channels, direct and group messages; find its own "
    "reply again after a lost connection"
)
_READ = (
    "see that whoever asks by a link, or reads alone, is in the recording's channel; list your channels in "
    "the home tab"
)

WHY_SCOPE: Mapping[str, str] = {
    "files:read": "download the recordings",
    "chat:write": "reply in the thread, edit that reply, show that it is at work",
    "files:write": (
        "attach transcripts that are too long for a message, and replace them when missing parts are filled "
        "in"
    ),
    **dict.fromkeys(("channels:history", "groups:history", "im:history", "mpim:history"), _HISTORY),
    **dict.fromkeys(("channels:read", "groups:read", "im:read", "mpim:read"), _READ),
    "im:write": "answer one person by direct message",
    "commands": "offer `/transcribe`, and *Transcribe* in the menu of messages",
    "reactions:read": "be asked by a reaction",
    "app_mentions:read": "be asked by name",
    "users:read": (
        "know who is an admin, which language somebody reads and, where a channel wants them in its "
        "vocabulary, its members' names"
    ),
}
"""What each scope is needed for, after “to”, in Markdown; the README's table is made from it."""

SCOPES = frozenset(WHY_SCOPE)
"""What the token must be granted."""

SCOPES_OF_JOBS = frozenset({"chat:write", "files:read", "files:write"})
"""The scopes that an accepted job cannot do without. The others let events arrive."""


@dataclass(frozen=True, slots=True)
class Identity:
    """The bot's ids in its workspace, and the scopes that it lacks there."""

    team_id: str
    bot_id: str
    bot_user_id: str
    """The user that people mention."""
    missing_scopes: frozenset[str]
    """The scopes that the manifest asks for and the workspace has not granted."""
    enterprise_id: str = ""
    """The organisation that the app is installed for as a whole; empty where it is for one workspace."""

    def wrote(self, message: Message) -> bool:
        """True for the bot's own messages: metadata and file names can be anybody's."""
        return bool({self.bot_user_id, self.bot_id} & {message.user, message.bot_id} - {""})


class OwnIdentity:
    """The bot's identity for what is built before Slack was asked for it; asked for once, when it is needed.

    Args:
        api: Of Slack.
    """

    def __init__(self, api: SlackApi) -> None:
        self._api = api
        self._known: Identity | None = None

    async def get(self) -> Identity:
        """The bot's ids; raises as ``identify`` does."""
        if self._known is None:
            self._known = await identify(self._api)
        return self._known


async def identify(api: SlackApi) -> Identity:
    """Ask ``auth.test`` who the token is, and which scopes it was granted.

    Raises:
        Unavailable: Slack does not answer.
        Misconfigured: SLACK_TOKEN: the token is wrong.
    """
    with rejection_means_bad_token():
        answer = await api.read("auth.test")
    return parse_identity(answer)


def parse_identity(answer: Answer) -> Identity:
    """Read the answer of ``auth.test``."""
    granted = {scope.strip() for scope in answer.headers.get("x-oauth-scopes", "").split(",")}
    return Identity(
        team_id=answer.get("team_id", ""),
        bot_id=answer.get("bot_id", ""),
        bot_user_id=answer.get("user_id", ""),
        missing_scopes=SCOPES - granted,
        enterprise_id=(answer.get("enterprise_id") or "") if answer.get("is_enterprise_install") else "",
    )


def markdown_scopes() -> str:
    """The README's table of scopes: one row a reason."""
    rows = ["| Scope | Why |", "|---|---|"]
    for why in dict.fromkeys(WHY_SCOPE.values()):
        scopes = ", ".join(f"`{scope}`" for scope, reason in WHY_SCOPE.items() if reason == why)
        rows.append(f"| {scopes} | {why} |")
    return "\n".join(rows)
