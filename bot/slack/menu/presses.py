"""What people press under a reply, or send from a modal that it opened: of which reply, and who. Pure.

Sources: https://docs.slack.dev/reference/interaction-payloads/block_actions-payload and
https://docs.slack.dev/reference/interaction-payloads/view-interactions-payload
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.model import Claim, FileState, JobKey, Place, SharedFile, TranscriptionRequest
from bot.slack.bodies import Body, action_of, channel_of, part, team_of, user_of
from bot.slack.files import parse_id
from bot.slack.speech.reply_handle import ReplyHandle

_NOWHERE = "-"


@dataclass(frozen=True, slots=True)
class Press:
    """Somebody wants something of a reply."""

    handle: ReplyHandle
    channel_id: str
    """Where the reply stands: its recording's channel, or a direct message."""
    reply_ts: str
    thread_ts: str
    """The thread that the reply stands in; empty outside threads."""
    user_id: str
    id: str
    """What tells this press from another one."""
    known: str = ""
    """What a modal knew of the reply when it was opened; without white space."""

    @property
    def key(self) -> JobKey:
        """The reply's job."""
        return self.handle.key

    @property
    def place(self) -> Place:
        """Where the person looks."""
        return Place(self.channel_id, self.thread_ts or None)

    @property
    def asked_by(self) -> str:
        """Who asked for the transcript; who gets a copy of one is as good as an asker."""
        return self.handle.asked_by or self.key.reader_id or ""

    def dump(self, known: str = "") -> str:
        """The reply, for a modal's ``private_metadata``."""
        words = (self.handle.dump(), self.channel_id, self.reply_ts, self.thread_ts or _NOWHERE, known)
        return " ".join(words).rstrip()

    def request(self, *, audience: str, asked_by: str, language: str | None) -> TranscriptionRequest:
        """What has the reply's recording transcribed. Of the file only its id is known."""
        key, handle = self.key, self.handle
        file = SharedFile(key.file_id, "", Claim.UNKNOWN, FileState.STUB, None, None, None)
        return TranscriptionRequest(
            key=JobKey(key.team_id, key.channel_id, key.message_ts, key.file_id, audience),
            file=file,
            thread_ts=handle.thread_ts,
            user_id=handle.sender_id,
            position=handle.position,
            siblings=handle.siblings,
            explicit=True,
            asked_by=asked_by,
            ask_id=self.id,
            language=language,
        )


def parse_press(body: Body, team_id: str) -> Press | None:
    """Read a button or an entry of a menu; ``None`` where it is not of a reply that this person reads.

    Args:
        body: As Slack delivers it.
        team_id: The workspace that the bot is installed in.
    """
    action, container, message = action_of(body), part(body, "container"), part(body, "message")
    # Of an ephemeral message Slack tells no more than where it stands.
    press = _press(
        body,
        handle=action.get("block_id"),
        channel_id=channel_of(body),
        reply_ts=parse_id(message, "ts") or parse_id(container, "message_ts"),
        thread_ts=parse_id(message, "thread_ts") or parse_id(container, "thread_ts"),
        id_=parse_id(action, "action_ts"),
    )
    return press if press is not None and _is_theirs(press, body, team_id) else None


def parse_submission(body: Body, team_id: str) -> Press | None:
    """The same for a modal that carries what ``Press.dump`` wrote."""
    view = part(body, "view")
    handle, channel_id, reply_ts, thread_ts, known = (
        *str(view.get("private_metadata") or "").split(" "),
        *[""] * 5,
    )[:5]
    press = _press(
        body,
        handle=handle,
        channel_id=channel_id,
        reply_ts=reply_ts,
        thread_ts="" if thread_ts == _NOWHERE else thread_ts,
        id_=parse_id(view, "id"),
        known=known,
    )
    return press if press is not None and _is_theirs(press, body, team_id) else None


def _press(
    body: Body, *, handle: object, channel_id: str, reply_ts: str, thread_ts: str, id_: str, known: str = ""
) -> Press | None:
    parsed, user_id = ReplyHandle.parse(handle, channel_id), user_of(body)
    if parsed is None or not (channel_id and reply_ts and user_id):
        return None
    return Press(parsed, channel_id, reply_ts, thread_ts, user_id, id_, known)


def _is_theirs(press: Press, body: Body, team_id: str) -> bool:
    """Whether it is a reply in this workspace, and for everybody or for whoever pressed."""
    # Whoever is of another organisation may come with their own team.
    return press.key.team_id in {team_of(body), team_id} and press.key.reader_id in {None, press.user_id}
