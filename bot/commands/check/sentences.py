"""What ``python -m bot check`` tells the operator: of each thing that is wrong, what to do. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from bot.errors import Misconfiguration, Misconfigured, Unavailable

APP_PAGE = "api.slack.com/apps → your app"
_BOT_TOKEN_PAGE = f"{APP_PAGE} → OAuth & Permissions"
_APP_TOKEN_PAGE = f"{APP_PAGE} → Basic Information → App-Level Tokens"
_NETWORK = "this machine's network and, behind a proxy, HTTPS_PROXY"

WHY_SCOPE: Mapping[str, str] = {
    "app_mentions:read": "be asked by name",
    "channels:history": "hear of recordings in public channels",
    "channels:read": "see who is in a public channel",
    "chat:write": "reply",
    "commands": "/transcribe, and the menu of messages",
    "files:read": "download recordings",
    "files:write": "attach long transcripts",
    "groups:history": "hear of recordings in private channels",
    "groups:read": "see who is in a private channel",
    "im:history": "hear of recordings in direct messages",
    "im:read": "see who is in a direct message",
    "im:write": "answer one person alone",
    "mpim:history": "hear of recordings in group messages",
    "mpim:read": "see who is in a group message",
    "reactions:read": "be asked by a reaction",
    "users:read": "see who is an admin, and who reads which language",
}
"""What each scope is needed for."""

_REGIONS: Mapping[str, tuple[str, str]] = {
    "Singapore": ("https://dashscope-intl.aliyuncs.com", ".ap-southeast-1.maas.aliyuncs.com"),
    "Beijing": ("https://dashscope.aliyuncs.com", ".cn-beijing.maas.aliyuncs.com"),
    "US (Virginia)": ("https://dashscope-us.aliyuncs.com", ".us-east-1.maas.aliyuncs.com"),
}
"""Each region's shared address, and how the hosts of its workspaces end."""


def summary(wrong: int) -> str:
    """The last line."""
    if not wrong:
        return "Ready."
    return f"{wrong} thing{'' if wrong == 1 else 's'} to mend."


def settings_complete(*, socket_mode: bool) -> str:
    """Every setting can be read."""
    return f"complete; events come over {'Socket Mode' if socket_mode else 'HTTP'}"


def after(name: str) -> str:
    """Something else has to be mended first."""
    return f"not tried: needs “{name}” first"


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
    return f"Slack does not answer ({detail}). Check SLACK_API_URL if it is set, {_NETWORK}; then try again"


def scopes_granted(count: int) -> str:
    """Nothing is missing."""
    return f"all {count} are granted"


def scopes_missing(missing: Collection[str]) -> str:
    """Some of what the manifest asks for was not granted."""
    named = ", ".join(f"{scope} (to {WHY_SCOPE[scope]})" for scope in sorted(missing))
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
NO_HELLO = f"no hello came over the connection. Check {_NETWORK}: both must let WebSockets through"

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


# The speech service.


def key_accepted(address: str) -> str:
    """The key is one of this region."""
    return f"accepted by {_place(address)}"


def model_answers(model: str) -> str:
    """The model recognised a second of silence."""
    return f"{model} answers"


def key_trouble(address: str) -> str:
    """The service does not know the key."""
    here = region_of(address)
    others = [f"{shared} for {name}" for name, (shared, _) in _REGIONS.items() if name != here]
    return (
        f"{_place(address)} does not accept it. A key works only in the region where it was made: if that is "
        f"another one, set DASHSCOPE_BASE_URL ({'; '.join(others)}). "
        "Otherwise make a new key in Model Studio → API Key, and set DASHSCOPE_API_KEY to it"
    )


def account_trouble(detail: str) -> str:
    """The key is known, and its account may not use the service."""
    return (
        f"its account may not use the service ({detail}). Look for unpaid bills at Alibaba Cloud → Expenses "
        "and Costs, and in Model Studio whether the model is activated or its free quota used up"
    )


def model_trouble(model: str, detail: str) -> str:
    """The service has no such model for this key."""
    return (
        f"{model} is not to be had with this key ({detail}). Set ASR_MODEL to qwen3-asr-flash "
        "(in the US: qwen3-asr-flash-us), or allow the model to the key's workspace in Model Studio"
    )


RECOGNISER_BUSY = (
    "the account's limit of requests is reached at the moment. Try again in a minute; "
    "if it stays so, lower ASR_REQUESTS_PER_MINUTE"
)


def recogniser_silent(address: str, detail: str) -> str:
    """The service does not answer as it should."""
    return (
        f"{_place(address)} does not answer ({detail}). Check DASHSCOPE_BASE_URL, {_NETWORK}; then try again"
    )


def region_of(address: str) -> str | None:
    """The region that an address of the speech service belongs to; ``None`` for any other address."""
    for name, (shared, ending) in _REGIONS.items():
        if address == shared or address.endswith(ending):
            return name
    return None


def _place(address: str) -> str:
    region = region_of(address)
    return f"{address} ({region})" if region else address


# This machine.


def database(version: int) -> str:
    """The database can be read and written."""
    return f"can be read and written, version {version}"


def database_older(version: int, ours: int) -> str:
    """The next start upgrades it."""
    return f"can be read and written, version {version}; the bot upgrades it to {ours} at its next start"


def database_newer(version: int, ours: int) -> str:
    """This version of the bot does not read it."""
    return (
        f"version {version} was written by a newer Threadscribe (this one knows {ours}). "
        "Run that one, or restore a backup"
    )


def database_to_come(folder: object) -> str:
    """There is none yet, and nothing stands in its way."""
    return f"none yet; the bot makes it in {folder} at its first start"


def database_empty(path: object) -> str:
    """There is a file, and nothing was ever written into it."""
    return (
        f"{path} is empty; the bot begins anew in it. If something should be in there, restore a backup first"
    )


def database_in_use(folder: object, version: int) -> str:
    """A running bot holds it."""
    return f"in use by a Threadscribe that runs on {folder}, version {version}"


def folder_trouble(folder: object, detail: str) -> str:
    """Nothing can be written there."""
    return (
        f"nothing can be written in DATA_DIR {folder} ({detail}). Give that folder to the user who runs the "
        "bot, with room on its disk, or set DATA_DIR to another one"
    )


def database_trouble(path: object, detail: str) -> str:
    """It is damaged, or no database at all."""
    return f"{path} cannot be used ({detail}). Restore a backup, or move the file away to begin anew"


def disk(free_mb: int) -> str:
    """There is room enough."""
    return f"{_size(free_mb)} free"


def disk_tight(free_mb: int, needed_mb: int, max_file_mb: int) -> str:
    """The biggest files may not fit."""
    return (
        f"{_size(free_mb)} free: too little for the biggest recording (MAX_FILE_MB is {max_file_mb}), "
        f"which needs {_size(needed_mb)}. Make room, or lower MAX_FILE_MB"
    )


def disk_full(free_mb: int) -> str:
    """Not even voice clips fit for long."""
    return f"only {_size(free_mb)} free. Make room where DATA_DIR is, or move DATA_DIR to a bigger disk"


NO_FILES_LEFT = (
    "no further file can be created: the disk has no inodes left. "
    "Remove files that are no longer needed where DATA_DIR is"
)


CLOCK_RIGHT = "agrees with Slack's"


def clock_off(off_s: int) -> str:
    """This machine's clock is not Slack's, ahead of it by so much."""
    direction = "ahead of" if off_s > 0 else "behind"
    return (
        f"{abs(off_s)} s {direction} Slack's; from five minutes on Slack's requests are refused. "
        "Turn on time synchronisation (timedatectl set-ntp true); in a container, on its host"
    )


NO_TIME = "Slack did not say what time it is"

DECODES = "a child process decodes sound"


def decoder_trouble(detail: str) -> str:
    """A sound that comes with the bot cannot be decoded."""
    return (
        f"a child process cannot decode sound ({detail}). Leave it 1 GB of memory and the right to start "
        "threads; if that does not help, install Threadscribe anew"
    )


def no_end(seconds: float) -> str:
    """For a detail: something took too long."""
    return f"no end after {seconds:.0f} s"


def _size(mb: int) -> str:
    return f"{mb} MB" if mb < 1024 else f"{mb / 1024:.1f} GB"
