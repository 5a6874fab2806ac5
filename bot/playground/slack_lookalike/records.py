"""Records of a workspace: people, channels, messages, files and views."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

JsonObject = dict[str, Any]
"""A decoded JSON object of Slack's wire."""

ChannelKind = Literal["channel", "group", "im", "mpim"]
"""Slack's word for public, private, direct and group-direct conversations."""

BOT_SCOPES = frozenset(
    {
        "app_mentions:read",
        "assistant:write",
        "channels:history",
        "channels:read",
        "chat:write",
        "commands",
        "files:read",
        "files:write",
        "groups:history",
        "groups:read",
        "im:history",
        "im:read",
        "im:write",
        "mpim:history",
        "mpim:read",
        "reactions:read",
        "reactions:write",
        "users:read",
    }
)
"""What the bot's token may do until a test takes something away."""


@dataclass(slots=True)
class Workspace:
    """The team, the installed app and its rights."""

    team_id: str = "T0PLAYGRND1"
    name: str = "Playground"
    domain: str = "playground"
    app_id: str = "A0PLAYGRND1"
    bot_user_id: str = "U0BOT000001"
    bot_id: str = "B0BOT000001"
    bot_name: str = "threadscribe"
    scopes: set[str] = field(default_factory=lambda: set(BOT_SCOPES))
    installed: bool = True
    """False answers every call with ``account_inactive``, as after an uninstallation."""
    status_refusal: str | None = None
    """Error code with which ``assistant.threads.setStatus`` refuses, such as ``not_allowed``."""
    login_page_for_downloads: bool = False
    """Every download answers 200 with the login page, as for a stale installation."""
    tells_previous_message: bool = True
    """False leaves ``previous_message`` out of ``message_deleted`` and ``message_changed``.

    Source: https://docs.slack.dev/reference/events/message/message_deleted, whose example has none.
    """


@dataclass(slots=True)
class User:
    """A person, or a bot's user."""

    id: str
    name: str
    real_name: str
    locale: str = "en-US"
    is_admin: bool = False
    is_bot: bool = False
    team_id: str | None = None
    """Of another organisation where it is not the workspace's own (Slack Connect)."""
    team_ids: tuple[str, ...] = ()
    """All workspaces of somebody whose organisation has several (Enterprise Grid)."""
    deleted: bool = False


@dataclass(slots=True)
class Channel:
    """A conversation of any kind."""

    id: str
    name: str
    kind: ChannelKind
    members: list[str]
    """User ids, in the order of joining."""
    is_ext_shared: bool = False
    archived: bool = False
    topic: str = ""
    unshareable: frozenset[str] = frozenset()
    """Extensions of files for which ``files.completeUploadExternal`` answers ``internal_error``, for ever.

    Source: https://github.com/slackapi/node-slack-sdk/issues/2301
    """
    looks_before_shares: int | None = 0
    """The answers of ``files.info`` after which an upload's share stands; ``None`` where it never does.

    Source: https://github.com/slackapi/python-slack-sdk/issues/1461
    """


@dataclass(frozen=True, slots=True)
class Served:
    """What a file's address answers. The default is the file's bytes."""

    status: int = 200
    html: str | None = None
    """A page in place of the bytes."""
    redirect_to: str | None = None
    """Answer 302 to this address."""
    cut_after_bytes: int | None = None
    """Declare the whole length, send this many bytes, then drop the connection."""
    chunk_delay_s: float = 0.0
    """Wait between chunks of 16 KiB."""
    content_type: str | None = None
    """In place of the file's own MIME type."""
    only_played: bool = False
    """``url_private_download`` answers 404, ``url_private`` the bytes."""


@dataclass(slots=True)
class File:
    """A file: what Slack says of it, its bytes, and how they are served."""

    id: str
    name: str
    title: str
    mimetype: str
    filetype: str
    user: str
    """Who uploaded it: a user's id, or the bot's user id."""
    created: int
    content: bytes | Path
    size: int
    """As Slack declares it; the bytes served may differ."""
    is_voice_clip: bool = False
    """A clip recorded in Slack: ``subtype: slack_audio`` and addresses of a transcode."""
    subtype: str | None = None
    media_display_type: str | None = None
    duration_ms: int | None = None
    wave: list[int] | None = None
    """Its loudness from beginning to end, 0 to 100; of a clip a made-up one is told if left out."""
    mode: str = "hosted"
    file_access: str = "visible"
    is_external: bool = False
    external_url: str = ""
    transcription_status: str | None = None
    stub_in_events: bool = False
    """Slack Connect: events hold the id alone, ``files.info`` the rest."""
    urls_missing_for: int = 0
    """How many answers of ``files.info`` (and every event before them) still lack the addresses."""
    types_missing_for: int = 0
    """The same for its types: Slack has not looked at it yet.

    Source: https://github.com/matrix-org/matrix-appservice-slack/issues/432
    """
    unknown_for: int = 0
    """How many answers of ``files.info`` and downloads say that there is no such file: it is that new.

    Source: https://github.com/slackapi/python-slack-sdk/issues/1277
    """
    login_page_for: int = 0
    """How many downloads answer the login page, though the bot may read files: it is that new.

    Source: https://github.com/42wim/matterbridge/issues/655
    """
    alt_text: str | None = None
    served: Served = field(default_factory=Served)
    deleted: bool = False
    shares: list[tuple[str, str]] = field(default_factory=list)
    """Where it was shared: (channel id, message ts)."""

    def read(self) -> bytes:
        """Its whole content."""
        return self.content if isinstance(self.content, bytes) else self.content.read_bytes()


@dataclass(slots=True)
class Message:
    """A message of any author."""

    ts: str
    channel_id: str
    user: str
    text: str
    bot_id: str | None = None
    subtype: str | None = None
    blocks: list[JsonObject] = field(default_factory=list)
    attachments: list[JsonObject] = field(default_factory=list)
    thread_ts: str | None = None
    """Set on replies alone; the parent's ``ts``."""
    files: list[File] = field(default_factory=list)
    metadata: JsonObject | None = None
    edited_ts: str | None = None
    tombstone: bool = False
    """Deleted, but still the head of a thread that has replies."""
    ephemeral_for: str | None = None
    """The only person who sees it."""
    reactions: dict[str, list[str]] = field(default_factory=dict)
    """Emoji name to the users who reacted."""
    options: JsonObject = field(default_factory=dict)
    """How it was posted: ``unfurl_links``, ``parse`` and the like, as the caller sent them."""


@dataclass(slots=True)
class View:
    """A modal or a home tab."""

    id: str
    user: str
    content: JsonObject
    """Type, title, blocks and so on as the app sent them."""
    hash: str
    root_id: str
    previous_id: str | None = None
    closed: bool = False
    errors: JsonObject = field(default_factory=dict)
    """Block id to what was wrong with it when the modal was sent last."""


@dataclass(frozen=True, slots=True)
class Status:
    """The line "… is transcribing" under a thread."""

    channel_id: str
    thread_ts: str
    text: str
    set_at: float
    """Epoch seconds; it lapses two minutes later."""


@dataclass(slots=True)
class PendingUpload:
    """An upload between ``files.getUploadURLExternal`` and its completion."""

    file_id: str
    filename: str
    length: int
    alt_text: str | None = None
    content: bytes | None = None


@dataclass(slots=True)
class LateShare:
    """A message that shares completed uploads, but does not stand yet."""

    message: Message
    looks_left: int
    """The answers of ``files.info`` that come before it."""


@dataclass(slots=True)
class ResponseUrl:
    """An address that an interaction may answer five times within half an hour."""

    id: str
    channel_id: str
    user: str
    issued_at: float
    message_ts: str | None = None
    """The message that the interaction came from, which ``replace_original`` changes."""
    uses: int = 0


@dataclass(slots=True)
class Trigger:
    """A ``trigger_id``: opens one modal within three seconds."""

    user: str
    issued_at: float
    used: bool = False
