"""The workspace's state, apart from the wire: what is in it, and what people do in it.

Whatever changes here is told to the sinks as inner events; the wire decides how they travel.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from bot.playground.slack_lookalike import payloads
from bot.playground.slack_lookalike.calls import Call
from bot.playground.slack_lookalike.contents import Contents
from bot.playground.slack_lookalike.post_limits import PostLimits
from bot.playground.slack_lookalike.records import Channel, File, JsonObject, Message, Status

STATUS_LASTS_S = 120.0
"""Source: https://docs.slack.dev/reference/methods/assistant.threads.setStatus"""

ShareEvent = Literal["message", "file_shared"]
"""An event that tells of a shared file."""

EventSink = Callable[[JsonObject], None]
"""Takes one ``event_callback`` payload; must not block."""


@dataclass
class SlackState(Contents):
    """A workspace in which things happen.

    Attributes:
        sinks: Who hears of events.
        calls: Every call of the app, in order of arrival.
        status_log: Every status that was ever set, also the empty ones that clear.
        share_events: The events that tell of a message with files, in this order. Slack sends both, in either
            order, and at times ``file_shared`` alone (https://github.com/openclaw/openclaw/issues/15879).
        post_limits: How often the app may post in a channel.
    """

    sinks: list[EventSink] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    status_log: list[Status] = field(default_factory=list)
    share_events: Sequence[ShareEvent] = ("message", "file_shared")
    post_limits: PostLimits = field(default_factory=PostLimits)
    _statuses: dict[tuple[str, str], Status] = field(default_factory=dict)

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
            for file in self._files_in(message.attachments):
                file.shares.append((channel_id, message.ts))
        self.keep(message)
        if not files or "message" in self.share_events:
            self._emit_mention(message)
        return message

    def keep(self, message: Message) -> None:
        """Add a message, note where its files are shared, end a status of its thread, and tell of it."""
        self.messages[message.channel_id, message.ts] = message
        for file in message.files:
            file.shares.append((message.channel_id, message.ts))
        if message.bot_id == self.workspace.bot_id and message.thread_ts:
            self._statuses.pop((message.channel_id, message.thread_ts), None)
        for event in self.share_events if message.files else ("message",):
            if event == "message":
                self.emit_about(message, {})
            else:
                self._emit_file_shared(message, message.files)

    def edit(self, message: Message, **changes: object) -> None:
        """Change a message, its files too, and tell of it; of a mention twice, as of a new one."""
        before, files = self.message_json(message), message.files
        for name, value in changes.items():
            setattr(message, name, value)
        message.edited_ts = self.next_ts()
        for file in message.files:
            if file not in files:
                file.shares.append((message.channel_id, message.ts))
        self._emit_hidden(
            message, "message_changed", {"message": self.message_json(message), "previous_message": before}
        )
        self._emit_mention(message)

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

    def take_back_reaction(self, message: Message, user: str, name: str) -> None:
        """Remove someone's reaction. The app's manifest asks for no event of it."""
        users = message.reactions.get(name, [])
        if user in users:
            users.remove(user)
        if not users:
            message.reactions.pop(name, None)

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

    def shown_statuses(self) -> list[Status]:
        """Every status that some thread shows now."""
        return [s for s in self._statuses.values() if self.status(s.channel_id, s.thread_ts)]

    def rename_channel(self, channel: Channel, new_id: str) -> None:
        """Give a channel another id, and with it all that is known by it; tells nobody."""
        old_id, channel.id = channel.id, new_id
        self.channels[new_id] = self.channels.pop(old_id)
        messages = list(self.messages.values())
        self.messages.clear()
        for message in messages:
            message.channel_id = new_id if message.channel_id == old_id else message.channel_id
            self.messages[message.channel_id, message.ts] = message
        for file in self.files.values():
            file.shares = [(new_id if where == old_id else where, ts) for where, ts in file.shares]
        for answer in self.response_urls.values():
            answer.channel_id = new_id if answer.channel_id == old_id else answer.channel_id
        for status in [status for key, status in self._statuses.items() if key[0] == old_id]:
            del self._statuses[old_id, status.thread_ts]
            self._statuses[new_id, status.thread_ts] = replace(status, channel_id=new_id)

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

    def _emit_mention(self, message: Message) -> None:
        """Tell the bot that it is mentioned, where it is; each edit tells it anew, with ``edited``.

        In a direct message with the bot there is no such event.

        Sources: https://docs.slack.dev/reference/events/app_mention and, of edits,
        https://github.com/PostHog/posthog/issues/59517
        """
        is_direct = self.channels[message.channel_id].kind == "im"
        is_own = message.bot_id == self.workspace.bot_id
        if not (is_direct or is_own) and f"<@{self.workspace.bot_user_id}>" in message.text:
            self.emit_about(message, {"type": "app_mention"}, without=("subtype",))

    def _emit_file_shared(self, message: Message, files: Sequence[File]) -> None:
        """Tell of shared files alone.

        Source: https://docs.slack.dev/reference/events/file_shared
        """
        if message.ephemeral_for is not None:
            return
        for file in files:
            told: JsonObject = {"type": "file_shared", "file_id": file.id, "user_id": message.user}
            told |= {"file": {"id": file.id}, "channel_id": message.channel_id, "event_ts": self.next_ts()}
            self.emit_event(told, channel_ids=[message.channel_id])

    def _files_in(self, attachments: Sequence[JsonObject]) -> list[File]:
        """The files of forwarded messages, and of those that they forward."""
        found: list[File] = []
        for attachment in attachments:
            found += [self.files[told["id"]] for told in attachment.get("files", [])]
            found += self._files_in(attachment.get("attachments", []))
        return found

    def _emit_hidden(self, message: Message, subtype: str, told: JsonObject) -> None:
        ts = self.next_ts()
        if not self.workspace.tells_previous_message:
            told = {name: value for name, value in told.items() if name != "previous_message"}
        event: JsonObject = {"type": "message", "subtype": subtype, "hidden": True, "ts": ts, "event_ts": ts}
        event |= {"channel": message.channel_id, **self._channel_type(message)} | told
        if message.ephemeral_for is None:
            self.emit_event(event, channel_ids=[message.channel_id])

    def _channel_type(self, message: Message) -> dict[str, str]:
        return {"channel_type": self.channels[message.channel_id].kind}
