"""Identity of the bot (``auth.test``): its ids in the workspace, and the scopes that it lacks.

Source: https://docs.slack.dev/reference/methods/auth.test
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.slack.client.api import Answer, SlackApi
from bot.slack.client.api_errors import rejection_means_bad_token

SCOPES = frozenset(
    {
        *("app_mentions:read", "chat:write", "commands", "files:read", "files:write"),
        *("channels:history", "groups:history", "im:history", "mpim:history"),
        *("channels:read", "groups:read", "im:read", "mpim:read"),
        *("im:write", "reactions:read", "users:read"),
    }
)
"""The scopes that the token must be granted; the README says why for each."""

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
    )
