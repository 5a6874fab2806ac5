"""The workspace's state, apart from the wire: what is in it, and what people do in it.

Whatever changes here is told to the sinks as inner events; the wire decides how they travel.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bot.playground.slack import payloads
from bot.playground.slack.calls import Call
from bot.playground.slack.records import (
    Channel,
    ChannelKind,
    File,
    JsonObject,
    Message,
    PendingUpload,
    ResponseUrl,
    Served,
    Status,
    Trigger,
    User,
    View,
    Workspace,
)

STATUS_LASTS_S = 120.0
"""Source: https://docs.slack.dev/reference/methods/assistant.threads.setStatus"""
_PREFIXES: dict[ChannelKind, str] = {"channel": "C", "group": "C", "im": "D", "mpim": "G"}

EventSink = Callable[[JsonObject], None]
"""Takes one ``event_callback`` payload; must not block."""


@dataclass
class SlackState:
    """A workspace with its people, channels, messages and files.

    Attributes:
        workspace: The team and the installed app.
        origin: Scheme, host and port that serve the files; set by the server.
        clock: Epoch seconds; a test may wind it on.
        sinks: Who hears of events.
    """

    workspace: Workspace = field(default_factory=Workspace)
    origin: str = "http://127.0.0.1"
    clock: Callable[[], float] = time.time
    sinks: list[EventSink] = field(default_factory=list)
    users: dict[str, User] = field(default_factory=dict)
    channels: dict[str, Channel] = field(default_factory=dict)
    files: dict[str, File] = field(default_factory=dict)
    messages: dict[tuple[str, str], Message] = field(default_factory=dict)
    views: dict[str, View] = field(default_factory=dict)
    homes: dict[str, View] = field(default_factory=dict)
    uploads: dict[str, PendingUpload] = field(default_factory=dict)
    triggers: dict[str, Trigger] = field(default_factory=dict)
    response_urls: dict[str, ResponseUrl] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    """Every call of the app, in order of arrival."""
    socket_tickets: set[str] = field(default_factory=set)
    """Addresses of Socket Mode that were given out and not used yet."""
    status_log: list[Status] = field(default_factory=list)
    """Every status that was ever set, also the empty ones that clear."""
    _statuses: dict[tuple[str, str], Status] = field(default_factory=dict)
    _last_us: int = 0
    _serial: int = 0

    def __post_init__(self) -> None:
        bot = self.workspace
        self.users[bot.bot_user_id] = User(bot.bot_user_id, bot.bot_name, bot.bot_name.title(), is_bot=True)

    # -- names and times -------------------------------------------------------------------------------------

    def next_id(self, prefix: str) -> str:
        """An id of Slack's form that nothing else here has."""
        self._serial += 1
        return f"{prefix}0{self._serial:09d}"

    def next_ts(self) -> str:
        """A timestamp later than every one before it."""
        self._last_us = max(self._last_us + 100, int(self.clock() * 1_000_000))
        return f"{self._last_us // 1_000_000}.{self._last_us % 1_000_000:06d}"

    # -- the furniture ---------------------------------------------------------------------------------------

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
            filetype: Slack's short type; the extension by default.
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
            filetype=name.rsplit(".", 1)[-1] if filetype is None else filetype,
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

    # -- what is said ----------------------------------------------------------------------------------------

    def post_as_user(
        self,
        channel_id: str,
        user: str,
        text: str = "",
        *,
        files: Sequence[File] = (),
        thread_ts: str | None = None,
        forwarded: Message | None = None,
        subtype: str | None = None,
        bot_id: str | None = None,
    ) -> Message:
        """A person writes, shares files or forwards a message; the bot hears of it where it is a member.

        Args:
            channel_id: Where.
            user: Who; another app's bot user together with ``bot_id``.
            text: As typed, with ``<@U…>`` for mentions.
            files: What is shared.
            thread_ts: The thread that it answers.
            forwarded: A message that is passed on, with its files.
            subtype: In place of the usual one.
            bot_id: Of another app.
        """
        message = Message(self.next_ts(), channel_id, user, text, bot_id, thread_ts=thread_ts)
        message.subtype = subtype or ("file_share" if files else None)
        message.files = list(files)
        if text:
            message.blocks = [payloads.rich_text_of(text, f"b{message.ts[-6:]}")]
        if forwarded:
            files_told = [self.file_json(file, in_event=True) for file in forwarded.files]
            message.attachments = [payloads.forwarded(forwarded, files_told, self.permalink(forwarded))]
            # Whoever reads the forwarded message can open its files.
            for file in forwarded.files:
                file.shares.append((channel_id, message.ts))
        self.keep(message)
        if f"<@{self.workspace.bot_user_id}>" in text:
            self.emit_about(message, {"type": "app_mention"}, without=("subtype",))
        return message

    def keep(self, message: Message) -> None:
        """Add a message, note where its files are shared, end a status of its thread, and tell of it."""
        self.messages[message.channel_id, message.ts] = message
        for file in message.files:
            file.shares.append((message.channel_id, message.ts))
        if message.bot_id == self.workspace.bot_id and message.thread_ts:
            self._statuses.pop((message.channel_id, message.thread_ts), None)
        self.emit_about(message, {})

    def edit(self, message: Message, **changes: object) -> None:
        """Change a message and tell of it (``message_changed``)."""
        before = self.message_json(message)
        for name, value in changes.items():
            setattr(message, name, value)
        message.edited_ts = self.next_ts()
        self._emit_hidden(
            message, "message_changed", {"message": self.message_json(message), "previous_message": before}
        )

    def delete_message(self, message: Message) -> None:
        """Delete a message; the head of a thread with replies leaves a tombstone."""
        before = self.message_json(message)
        if any(m.thread_ts == message.ts for m in self.thread(message.channel_id, message.ts)):
            message.tombstone, message.subtype, message.user = True, "tombstone", "USLACKBOT"
            message.text, message.files, message.blocks = "This message was deleted.", [], []
        else:
            del self.messages[message.channel_id, message.ts]
        self._emit_hidden(message, "message_deleted", {"previous_message": before, "deleted_ts": message.ts})

    def delete_file(self, file: File) -> None:
        """Delete a file: its messages keep a tombstone of it, and its bytes are gone."""
        file.deleted, file.mode, file.content = True, "tombstone", b""
        told = {"type": "file_deleted", "file_id": file.id, "event_ts": self.next_ts()}
        self.emit_event(told, channel_ids=[channel_id for channel_id, _ in file.shares])

    def react(self, message: Message, user: str, name: str) -> None:
        """Add someone's reaction."""
        users = message.reactions.setdefault(name, [])
        if user in users:
            return
        users.append(user)
        item = {"type": "message", "channel": message.channel_id, "ts": message.ts}
        told: JsonObject = {"type": "reaction_added", "user": user, "reaction": name, "item": item}
        told |= {"item_user": message.user, "event_ts": self.next_ts()}
        self.emit_event(told, channel_ids=[message.channel_id])

    # -- what can be seen ------------------------------------------------------------------------------------

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

    def set_status(self, channel_id: str, thread_ts: str, text: str) -> None:
        """Show a status under a thread; an empty text clears it."""
        status = Status(channel_id, thread_ts, text, self.clock())
        self.status_log.append(status)
        self._statuses[channel_id, thread_ts] = status

    def status(self, channel_id: str, thread_ts: str) -> str:
        """The status that a thread shows now; empty for none."""
        status = self._statuses.get((channel_id, thread_ts))
        if status is None or self.clock() - status.set_at >= STATUS_LASTS_S:
            return ""
        return status.text

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

    # -- JSON and events -------------------------------------------------------------------------------------

    def file_json(self, file: File, *, in_event: bool = False) -> JsonObject:
        """A file as the app sees it now."""
        visible = file.file_access == "visible" and not file.deleted
        if in_event and file.stub_in_events and visible:
            return payloads.file_stub(file)
        return payloads.file_json(
            file, self.workspace, self.origin, with_addresses=file.urls_missing_for <= 0
        )

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

    def emit_about(self, message: Message, changes: JsonObject, *, without: Sequence[str] = ()) -> None:
        """Tell of a message, unless only one person sees it."""
        if message.ephemeral_for is not None:
            return
        event = self.message_json(message, in_event=True)
        event |= {"channel": message.channel_id, "event_ts": message.ts} | self._channel_type(message)
        event |= changes
        if event["type"] == "app_mention":
            event.pop("channel_type")
        self.emit_event(
            {name: value for name, value in event.items() if name not in without},
            channel_ids=[message.channel_id],
        )

    def emit_event(self, event: JsonObject, *, channel_ids: Sequence[str] = ()) -> None:
        """Tell the sinks of an inner event, where the bot is a member of one of the channels (if any)."""
        channels = [self.channels[channel_id] for channel_id in channel_ids]
        if channels and not any(self.workspace.bot_user_id in channel.members for channel in channels):
            return
        payload = payloads.event_callback(
            event,
            self.workspace,
            event_id=self.next_id("Ev"),
            event_time=int(self.clock()),
            is_ext_shared=any(channel.is_ext_shared for channel in channels),
        )
        for sink in self.sinks:
            sink(payload)

    def _emit_hidden(self, message: Message, subtype: str, told: JsonObject) -> None:
        ts = self.next_ts()
        event: JsonObject = {"type": "message", "subtype": subtype, "hidden": True, "ts": ts, "event_ts": ts}
        event |= {"channel": message.channel_id, **self._channel_type(message)} | told
        if message.ephemeral_for is None:
            self.emit_event(event, channel_ids=[message.channel_id])

    def _channel_type(self, message: Message) -> dict[str, str]:
        return {"channel_type": self.channels[message.channel_id].kind}
