"""Checks the bot token: its installation, its scopes, and this machine's clock against Slack's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from bot.commands.check.advice import common
from bot.commands.check.advice import slack as advice
from bot.commands.check.findings import Finding, bad, good, untried, warning
from bot.errors import Misconfigured, TranscriptionError, Unavailable
from bot.slack.client.api import SlackApi
from bot.slack.client.api_errors import rejection_means_bad_token
from bot.slack.client.identity import SCOPES, WHY_SCOPE, Identity, parse_identity

BOT_TOKEN = "Bot token"  # noqa: S105  # a name
_TIMEOUT_S = 20.0
_CLOCK_TOLERANCE_S = 60
_SIGNATURES_LAST_S = 300
"""Source: https://docs.slack.dev/authentication/verifying-requests-from-slack"""


@dataclass(frozen=True, slots=True)
class Installation:
    """The app in its workspace, as the bot token shows it."""

    identity: Identity
    team: str
    bot_name: str
    clock_off_s: int | None
    """Seconds by which this machine's clock is ahead of Slack's; ``None`` where Slack did not say."""


Answer = Installation | Unavailable | Misconfigured
"""The outcome of asking Slack whose the bot token is."""


async def find_installation(api: SlackApi, now: Callable[[], datetime]) -> Answer:
    """Ask ``auth.test`` whose the token is; the error where Slack does not say."""
    try:
        with rejection_means_bad_token():
            answer = await api.read("auth.test", timeout_s=_TIMEOUT_S)
    except (Unavailable, Misconfigured) as error:
        return error
    return Installation(
        identity=parse_identity(answer),
        team=answer.get("team", ""),
        bot_name=answer.get("user", ""),
        clock_off_s=clock_off_s(answer.headers, now()),
    )


async def find_app_id(api: SlackApi, installation: Installation) -> str | None:
    """The app that the bot token belongs to; ``None`` where Slack does not say.

    Source: https://docs.slack.dev/reference/methods/bots.info
    """
    try:
        answer = await api.read("bots.info", timeout_s=_TIMEOUT_S, bot=installation.identity.bot_id)
    except TranscriptionError:
        return None  # users:read is missing, of which the scopes' own line tells
    match answer:
        case {"bot": {"app_id": str(app_id)}}:
            return app_id
        case _:
            return None


def check_bot_token(found: Answer) -> Finding:
    """Check that Slack takes the bot token."""
    if not isinstance(found, Installation):
        return bad(BOT_TOKEN, advice.bot_token_trouble(found))
    return good(BOT_TOKEN, advice.bot_token(found.team, found.identity.team_id, found.bot_name))


def check_scopes(found: Answer) -> Finding:
    """Check that every scope of the manifest is granted."""
    name = "Scopes"
    if not isinstance(found, Installation):
        return untried(name, common.after(BOT_TOKEN))
    if missing := found.identity.missing_scopes:
        return bad(name, advice.scopes_missing({scope: WHY_SCOPE[scope] for scope in missing}))
    return good(name, advice.scopes_granted(len(SCOPES)))


def check_clock(found: Answer) -> Finding:
    """Check that this machine and Slack agree on the time."""
    name = "Clock"
    if not isinstance(found, Installation):
        return untried(name, common.after(BOT_TOKEN))
    off_s = found.clock_off_s
    if off_s is None:
        return untried(name, advice.NO_TIME)
    if abs(off_s) > _SIGNATURES_LAST_S:
        return bad(name, advice.clock_off(off_s))
    if abs(off_s) > _CLOCK_TOLERANCE_S:
        return warning(name, advice.clock_off(off_s))
    return good(name, advice.CLOCK_RIGHT)


def clock_off_s(headers: Mapping[str, str], now: datetime) -> int | None:
    """Seconds by which ``now`` is ahead of an answer's date; ``None`` where it has none.

    Source: https://www.rfc-editor.org/rfc/rfc9110#field.date
    """
    try:
        theirs = parsedate_to_datetime(headers.get("Date", ""))
    except ValueError:
        return None
    return round((now - theirs.replace(tzinfo=theirs.tzinfo or UTC)).total_seconds())
