"""Message metadata of replies, and the look-up of replies by it and by file names.

All messages here are the bot's own (``Identity.wrote``): anybody may post files of such names, and any app
such metadata.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from bot.model import Job, JobKey, Removal
from bot.reply import ReplyState, SharedTranscript, ThreadLookup
from bot.slack.incoming.messages import Message, ReplyMetadata
from bot.slack.replies.render import transcript_file_names

EVENT_TYPE = "threadscribe_reply"
_FILE_NAME = re.compile(r"transcript-([A-Za-z0-9]+)(-[0-9]+)?(-v[0-9]+)?\.(txt|srt|vtt)")
"""Of every revision; the first number stood in the names of older versions."""


def render_metadata(job: Job, state: ReplyState, piece: int = 0) -> dict[str, Any]:
    """The metadata of a reply's message; visible to every app of the workspace, so never text.

    Source: https://docs.slack.dev/messaging/message-metadata/
    """
    payload: dict[str, Any] = {"key": str(job.key), "state": str(state), "revision": job.revision}
    return {"event_type": EVENT_TYPE, "event_payload": payload | ({"piece": piece} if piece else {})}


def note_message(found: ThreadLookup, message: Message, job: Job) -> ThreadLookup:
    """Add to a thread lookup what one more message of the thread says."""
    names = {file.name for file in message.files}
    if transcript_file_names(job.key, job.revision)[0] in names:
        found = replace(found, file_shared=True)
    old_names = {
        name for revision in range(job.revision) for name in transcript_file_names(job.key, revision)
    }
    if old_names & names or (job.revision > 0 and _is_leftover(message)):
        found = replace(found, outdated=(*found.outdated, _shared(message)))
    return _note_metadata(found, message, job)


def plan_removal(messages: Sequence[Message], removal: Removal) -> list[SharedTranscript]:
    """The messages to delete of a thread, files first: names tell less than the metadata of what goes after.

    Files of a recording whose other reply stays are that one's too, and stay.
    """
    found = [(message, _key_of(message, removal.channel_id)) for message in messages]
    keys = [key for _, key in found if key is not None]
    covered = {key.file_id for key in (*keys, *removal.keys) if removal.covers(key)}
    covered |= {removal.file_id} if removal.file_id else set()
    covered -= {key.file_id for key in keys if not removal.covers(key)}
    files = [_shared(message) for message in messages if _is_leftover(message) or _names(message) & covered]
    replies = [
        SharedTranscript(message.ts, ()) for message, key in found if key is not None and removal.covers(key)
    ]
    return [*files, *replies]


def state_in(message: Message) -> ReplyState | None:
    """The state of a reply of the bot's; ``None`` for any other message."""
    ours = _ours(message)
    return _state(ours.state) if ours else None


def is_carried_on(messages: Sequence[Message], key: JobKey) -> bool:
    """True where further messages carry a reply on, as no file could be shared."""
    return any(
        _key_of(message, key.channel_id) == key and message.metadata.event_payload.piece
        for message in messages
    )


def _names(message: Message) -> set[str]:
    """The recordings whose transcripts a message shares as files."""
    found = (_FILE_NAME.fullmatch(file.name) for file in message.files)
    return {match[1] for match in found if match}


def _shared(message: Message) -> SharedTranscript:
    return SharedTranscript(message.ts, tuple(file.id for file in message.files))


def _is_leftover(message: Message) -> bool:
    """True where tombstones of files are left: the process died before it deleted their message."""
    return {file.mode for file in message.files} == {"tombstone"}


def _ours(message: Message) -> ReplyMetadata | None:
    """The bot's own metadata of a message; ``None`` where it is not the bot's."""
    metadata = message.metadata
    return metadata.event_payload if metadata.event_type == EVENT_TYPE else None


def _key_of(message: Message, channel_id: str) -> JobKey | None:
    """The key of a reply, if its recording is in this channel.

    A channel's id changes, and what stands in Slack names the old one: the message's ``ts``, the file and the
    audience tell a recording from others without it.
    """
    ours = _ours(message)
    try:
        return replace(JobKey.parse(ours.key), channel_id=channel_id) if ours else None
    except ValueError:
        return None


def _note_metadata(found: ThreadLookup, message: Message, job: Job) -> ThreadLookup:
    ours, ts = _ours(message), message.ts
    if ours is None or _key_of(message, job.key.channel_id) != job.key:
        return found
    revision, piece = int(ours.revision or 0), int(ours.piece or 0)
    if not piece:
        return replace(found, ts=ts, state=_state(ours.state), revision=revision)
    if revision == job.revision:
        return replace(found, pieces=found.pieces | {piece})
    return replace(found, outdated=(*found.outdated, SharedTranscript(ts, ())))


def _state(word: str) -> ReplyState:
    try:
        return ReplyState(word)
    except ValueError:
        return ReplyState.WAITING
