"""Presses under a reply, and submissions of modals that it opened, parsed: of which reply, by whom. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from bot.model import JobKey, Place, TranscriptionRequest
from bot.slack.incoming.files import stub
from bot.slack.incoming.interactions import BlockAction, Interaction, ViewSubmission
from bot.slack.interactions.modal_kind import Trigger
from bot.slack.replies.handle import ReplyHandle

_NOWHERE = "-"


@dataclass(frozen=True, slots=True)
class Press:
    """A press, a menu's choice or a modal's submission that concerns one reply."""

    handle: ReplyHandle
    channel_id: str
    """The channel that the reply stands in: its recording's, or a direct message."""
    reply_ts: str
    thread_ts: str
    """The thread that the reply stands in; empty outside threads."""
    user_id: str
    id: str
    """Identifies the press."""
    known: str = ""
    """The version of the reply that a modal was opened with; without white space."""
    trigger_id: str = ""
    """Allows one modal; empty in a modal's submission."""

    @property
    def key(self) -> JobKey:
        """The reply's job."""
        return self.handle.key

    @property
    def place(self) -> Place:
        """The channel and thread that the person looks at."""
        return Place(self.channel_id, self.thread_ts or None)

    @property
    def trigger(self) -> Trigger:
        """The trigger of a modal for whoever pressed."""
        return Trigger(self.trigger_id, self.user_id, self.place)

    @property
    def asked_by(self) -> str:
        """The user who asked for the transcript; who gets a copy of one is as good as an asker."""
        return self.handle.asked_by or self.key.reader_id or ""

    def dump(self, known: str = "") -> str:
        """The reply, for a modal's ``private_metadata``."""
        words = (self.handle.dump(), self.channel_id, self.reply_ts, self.thread_ts or _NOWHERE, known)
        return " ".join(words).rstrip()

    def request(self, *, audience: str, asked_by: str, language: str | None) -> TranscriptionRequest:
        """A request for the reply's recording. Of the file only its id is known."""
        key, handle = self.key, self.handle
        return TranscriptionRequest(
            key=JobKey(key.team_id, key.channel_id, key.message_ts, key.file_id, audience),
            file=stub(key.file_id),
            thread_ts=handle.thread_ts,
            user_id=handle.sender_id,
            position=handle.position,
            siblings=handle.siblings,
            explicit=True,
            asked_by=asked_by,
            ask_id=self.id,
            language=language,
        )


def parse_press(pressed: BlockAction, team_id: str) -> Press | None:
    """Read a button or an entry of a menu; ``None`` where it is not of a reply that this person reads.

    Args:
        pressed: What Slack delivered.
        team_id: The workspace that the bot is installed in.
    """
    handle = ReplyHandle.parse(pressed.action.block_id, pressed.channel.id)
    if handle is None or not (pressed.channel.id and pressed.message_ts and pressed.user.id):
        return None
    press = Press(
        handle,
        pressed.channel.id,
        pressed.message_ts,
        pressed.thread_ts,
        pressed.user.id,
        pressed.action.action_ts,
        trigger_id=pressed.trigger_id,
    )
    return press if _is_theirs(press, pressed, team_id) else None


def parse_submission(sent: ViewSubmission, team_id: str) -> Press | None:
    """The same for a modal that carries what ``Press.dump`` wrote."""
    view = sent.view
    handle, channel_id, reply_ts, thread_ts, known = (*view.private_metadata.split(" "), *[""] * 5)[:5]
    parsed = ReplyHandle.parse(handle, channel_id)
    if parsed is None or not (channel_id and reply_ts and sent.user.id):
        return None
    thread_ts = "" if thread_ts == _NOWHERE else thread_ts
    press = Press(parsed, channel_id, reply_ts, thread_ts, sent.user.id, view.id, known)
    return press if _is_theirs(press, sent, team_id) else None


def _is_theirs(press: Press, interaction: Interaction, team_id: str) -> bool:
    """True for a reply in this workspace that is for everybody, or for whoever pressed."""
    return press.key.team_id in {interaction.team.id, team_id} and press.key.reader_id in {
        None,
        press.user_id,
    }
