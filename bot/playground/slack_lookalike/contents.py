"""The contents of the workspace: people, channels, files, messages, and their JSON."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from bot.playground.slack_lookalike import payloads
from bot.playground.slack_lookalike.records import (
    Channel,
    ChannelKind,
    File,
    JsonObject,
    LateShare,
    Message,
    PendingUpload,
    ResponseUrl,
    Served,
    Trigger,
    User,
    View,
    Workspace,
)

_PREFIXES: dict[ChannelKind, str] = {"channel": "C", "group": "C", "im": "D", "mpim": "G"}

_FOUND_OUT = {"subtype", "media_display_type", "duration_ms", "audio_wave_samples", "transcription"}
"""Fields that a file has once Slack has looked at it."""


@dataclass
class Contents:
    """Everything that the workspace holds, and how one more is added.

    Attributes:
        workspace: The team and the installed app.
        origin: Scheme, host and port that serve the files; set by the server.
        clock: Epoch seconds; a test may wind it on.
    """

    workspace: Workspace = field(default_factory=Workspace)
    origin: str = "http://127.0.0.1"
    clock: Callable[[], float] = time.time
    users: dict[str, User] = field(default_factory=dict)
    channels: dict[str, Channel] = field(default_factory=dict)
    files: dict[str, File] = field(default_factory=dict)
    messages: dict[tuple[str, str], Message] = field(default_factory=dict)
    """By channel id and ``ts``, in the order of posting."""
    views: dict[str, View] = field(default_factory=dict)
    homes: dict[str, View] = field(default_factory=dict)
    """The home tab of each user who has seen one."""
    uploads: dict[str, PendingUpload] = field(default_factory=dict)
    late_shares: list[LateShare] = field(default_factory=list)
    triggers: dict[str, Trigger] = field(default_factory=dict)
    response_urls: dict[str, ResponseUrl] = field(default_factory=dict)
    socket_tickets: set[str] = field(default_factory=set)
    """Addresses of Socket Mode that were given out and not used yet."""
    _last_us: int = 0
    _serial: int = 0

    def __post_init__(self) -> None:
        bot = self.workspace
        self.users[bot.bot_user_id] = User(bot.bot_user_id, bot.bot_name, bot.bot_name.title(), is_bot=True)

    def next_id(self, prefix: str) -> str:
        """An id of Slack's form that nothing else here has."""
        self._serial += 1
        return f"{prefix}0{self._serial:09d}"

    def next_ts(self) -> str:
        """A timestamp later than every one before it."""
        self._last_us = max(self._last_us + 100, int(self.clock() * 1_000_000))
        return f"{self._last_us // 1_000_000}.{self._last_us % 1_000_000:06d}"

    def add_user(self, name: str, *, locale: str = "en-US", is_admin: bool = False, team: str = "") -> User:
        """Someone of this workspace, or of another one (``team``) met through Slack Connect."""
        user = User(self.next_id("U"), name, name.title(), locale, is_admin=is_admin, team_id=team or None)
        self.users[user.id] = user
        return user

    def add_channel(
        self,
        name: str,
        *members: str,
        kind: ChannelKind = "channel",
        with_bot: bool = True,
        is_ext_shared: bool = False,
    ) -> Channel:
        """A conversation of these users, and of the bot unless told otherwise."""
        everyone = [*members, *([self.workspace.bot_user_id] if with_bot else [])]
        channel = Channel(self.next_id(_PREFIXES[kind]), name, kind, everyone, is_ext_shared)
        self.channels[channel.id] = channel
        return channel

    def add_file(  # noqa: PLR0913  # each is something that Slack says of a file
        self,
        content: bytes | Path,
        name: str,
        *,
        user: str,
        mimetype: str = "audio/mp4",
        filetype: str | None = None,
        as_voice_clip: bool = False,
        duration_ms: int | None = None,
        size: int | None = None,
        served: Served | None = None,
        **described: object,
    ) -> File:
        """A file that its owner can share.

        Args:
            content: Its bytes, or the path that holds them.
            name: With its extension.
            user: Who uploaded it.
            mimetype: What Slack says it is.
            filetype: Slack's short type; by default the extension, without one "binary".
            as_voice_clip: Recorded in Slack: ``subtype: slack_audio``, addresses of a transcode.
            duration_ms: As Slack measured it.
            size: As Slack declares it; the true size by default.
            served: How the bytes are served.
            **described: Further fields of :class:`File`.
        """
        true_size = len(content) if isinstance(content, bytes) else content.stat().st_size
        file = File(
            id=self.next_id("F"),
            name=name,
            title=name,
            mimetype=mimetype,
            filetype=(Path(name).suffix.lstrip(".") or "binary") if filetype is None else filetype,
            user=user,
            created=int(self.clock()),
            content=content,
            size=true_size if size is None else size,
            is_voice_clip=as_voice_clip,
            duration_ms=duration_ms,
            served=served or Served(),
        )
        if as_voice_clip:
            file.subtype, file.media_display_type = "slack_audio", "audio"
            file.transcription_status = "processing"
        for field_name, value in described.items():
            setattr(file, field_name, value)
        self.files[file.id] = file
        return file

    def thread(self, channel_id: str, ts: str) -> list[Message]:
        """A message and its replies, oldest first, ephemeral ones included."""
        return sorted(
            (
                message
                for message in self.messages.values()
                if message.channel_id == channel_id and ts in {message.ts, message.thread_ts}
            ),
            key=lambda message: message.ts,
        )

    def replies(self, message: Message) -> list[Message]:
        """What the bot said in the thread of this message to everybody."""
        thread = self.thread(message.channel_id, message.thread_ts or message.ts)
        return [m for m in thread if m.bot_id == self.workspace.bot_id and m.ephemeral_for is None]

    def permalink(self, message: Message) -> str:
        """The address that people copy."""
        stamp = message.ts.replace(".", "")
        link = f"https://{self.workspace.domain}.slack.com/archives/{message.channel_id}/p{stamp}"
        return f"{link}?thread_ts={message.thread_ts}&cid={message.channel_id}" if message.thread_ts else link

    def new_trigger(self, user: str) -> str:
        """A ``trigger_id`` for what someone just did."""
        trigger_id = f"{self.next_id('')}.{secrets.token_hex(8)}"
        self.triggers[trigger_id] = Trigger(user, self.clock())
        return trigger_id

    def new_response_url(self, channel_id: str, user: str, message_ts: str | None = None) -> str:
        """An address that answers what someone just did."""
        found = ResponseUrl(secrets.token_hex(8), channel_id, user, self.clock(), message_ts)
        self.response_urls[found.id] = found
        return f"{self.origin}/response/{found.id}"

    def file_json(self, file: File, *, in_event: bool = False) -> JsonObject:
        """A file as the app sees it now."""
        visible = file.file_access == "visible" and not file.deleted
        if in_event and file.stub_in_events and visible:
            return payloads.file_stub(file)
        told = payloads.file_json(
            file, self.workspace, self.origin, with_addresses=file.urls_missing_for <= 0
        )
        if visible and file.types_missing_for > 0:
            told = {name: value for name, value in told.items() if name not in _FOUND_OUT}
            told |= {"mimetype": "", "filetype": "", "pretty_type": ""}
        return told

    def message_json(
        self, message: Message, *, in_event: bool = False, with_metadata: bool = False
    ) -> JsonObject:
        """A message as the app sees it now."""
        files = [self.file_json(file, in_event=in_event) for file in message.files]
        found = payloads.message_json(message, self.workspace, files, with_metadata=with_metadata)
        if message.thread_ts:
            parent = self.messages.get((message.channel_id, message.thread_ts))
            found["parent_user_id"] = parent.user if parent else "USLACKBOT"
        return found
