"""Sentences about Slack: tokens, scopes, events, downloads, and its clock."""

from __future__ import annotations

from collections.abc import Mapping

from bot.commands.check.advice.common import NETWORK
from bot.errors import Misconfiguration, Misconfigured, Unavailable

APP_PAGE = "api.slack.com/apps → your app"
_BOT_TOKEN_PAGE = f"{APP_PAGE} → OAuth & Permissions"
_APP_TOKEN_PAGE = f"{APP_PAGE} → Basic Information → App-Level Tokens"

# Tokens and scopes.


def bot_token(team: str, team_id: str, bot_name: str) -> str:
    """Slack takes the bot token."""
    return f"xoxb, workspace “{team}” ({team_id}), bot @{bot_name}"


def bot_token_trouble(error: Unavailable | Misconfigured) -> str:
    """Slack does not take the bot token, or does not answer."""
    if isinstance(error, Unavailable):
        return slack_silent(error.detail)
    return (
        f"Slack does not accept it ({error.detail}). Copy SLACK_BOT_TOKEN anew from {_BOT_TOKEN_PAGE} → "
        "Bot User OAuth Token; where there is none, press “Install to Workspace” first"
    )


def slack_silent(detail: str) -> str:
    """Slack does not answer as it should."""
    return f"Slack does not answer ({detail}). Check SLACK_API_URL if it is set, {NETWORK}; then try again"


def scopes_granted(count: int) -> str:
    """Nothing is missing."""
    return f"all {count} are granted"


def scopes_missing(missing: Mapping[str, str]) -> str:
    """Advice for scopes of the manifest that were not granted.

    Args:
        missing: Each scope with what it is needed for.
    """
    named = ", ".join(f"{scope} (to {missing[scope]})" for scope in sorted(missing))
    verb = "is" if len(missing) == 1 else "are"
    return (
        f"{named} {verb} not granted. Add {'it' if len(missing) == 1 else 'them'} at {_BOT_TOKEN_PAGE} → "
        "Bot Token Scopes, then press “Reinstall to Workspace” on the same page"
    )


def app_token(app_id: str) -> str:
    """Slack takes the app token, and it is of the bot's own app as far as anybody can say."""
    return f"xapp, app {app_id}" if app_id else "xapp"


def app_token_trouble(error: Unavailable | Misconfigured) -> str:
    """Slack does not open a connection for the app token."""
    if isinstance(error, Unavailable):
        return slack_silent(error.detail)
    if error.reason is Misconfiguration.SLACK_SCOPE:
        why = "it has not the scope connections:write"
    else:
        why = f"Slack does not accept it ({error.detail})"
    return (
        f"{why}. Make a new one with the scope connections:write at {_APP_TOKEN_PAGE}, "
        "and set SLACK_APP_TOKEN to it"
    )


def other_app(app_id: str, bot_app_id: str) -> str:
    """The two tokens are of two apps."""
    return (
        f"it belongs to another app ({app_id}) than the bot token ({bot_app_id}), so nothing would arrive. "
        f"Take both from one app; this one is at {_APP_TOKEN_PAGE}"
    )


# Events.

HELLO = "Slack opened a Socket Mode connection and said hello"
SOCKET_MODE_OFF = f"Socket Mode is switched off. Switch it on at {APP_PAGE} → Socket Mode"
TOO_MANY_SOCKETS = (
    "Slack has as many connections of this app as it allows. Stop other copies of the bot, then try again"
)
NO_HELLO = f"no hello came over the connection. Check {NETWORK}: both must let WebSockets through"

SIGNING_SECRET = "32 hexadecimal digits"  # noqa: S105  # a sentence
SIGNING_SECRET_MALFORMED = (
    "SLACK_SIGNING_SECRET is not 32 hexadecimal digits. "
    f"Copy it anew from {APP_PAGE} → Basic Information → Signing Secret"
)
_VERIFIED = f"{APP_PAGE} → Event Subscriptions has to show “Verified” beside the Request URL"


def bot_not_running(port: int) -> str:
    """In HTTP mode nobody listens where the bot would."""
    return f"not seen from here: no bot runs on port {port}. Start it; then {_VERIFIED}"


BOT_READY = f"a bot runs here and is ready. Whether Slack reaches it is not seen from here: {_VERIFIED}"


def bot_not_ready(parts: Mapping[str, str]) -> str:
    """In HTTP mode the bot runs on this machine, and says itself what is wrong."""
    named = ", ".join(f"{part}: {word}" for part, word in parts.items() if word != "ok")
    return f"a bot runs here and is not ready ({named}). Mend what is marked here, and look into its log"


def port_taken(port: int) -> str:
    """In HTTP mode something else listens where the bot would."""
    return f"another program answers on port {port}. Stop it, or set HTTP_PORT to a free port"


# Downloads.

NO_FILE_YET = "no recording yet: share a voice clip where the bot is, and run this again"
LOGIN_PAGE = (
    f"Slack answers with its login page instead of the file. Press “Reinstall to Workspace” at "
    f"{_BOT_TOKEN_PAGE}, and set SLACK_BOT_TOKEN to the token that is shown then"
)


def downloaded(file_id: str) -> str:
    """A file's bytes arrive."""
    return f"the newest recording ({file_id}) can be read"


def unsafe_address(detail: str) -> str:
    """A file's address leads away from Slack."""
    return (
        f"a recording's address leads away from Slack ({detail}), where the bot token is not sent. "
        "If that host is yours, name its origin in SLACK_FILE_ORIGINS"
    )


def download_trouble(detail: str) -> str:
    """A file's bytes do not arrive."""
    return (
        f"a recording cannot be read ({detail}). Share a new voice clip where the bot is, and run this again"
    )


# The clock.

CLOCK_RIGHT = "agrees with Slack's"


def clock_off(off_s: int) -> str:
    """This machine's clock is not Slack's, ahead of it by so much."""
    direction = "ahead of" if off_s > 0 else "behind"
    return (
        f"{abs(off_s)} s {direction} Slack's; from five minutes on Slack's requests are refused. "
        "Turn on time synchronisation (timedatectl set-ntp true); in a container, on its host"
    )


NO_TIME = "Slack did not say what time it is"
