"""Message metadata of replies, and the look-up of replies and of their files by it.

A reply's metadata holds the ids of its files, and is written before these are shared: whoever finds them in
the thread knows whose they are. Former versions knew theirs by their names.

All messages here are the bot's own (``Identity.wrote``): anybody may post files of such names, and any app
such metadata.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from bot.model import Job, JobKey, Removal, SharedFile
from bot.reply import ReplyState, SharedTranscript, ThreadLookup
from bot.slack.incoming.messages import Message, ReplyMetadata
from bot.slack.replies.file_names import FORMER_BEGINNING, KINDS

EVENT_TYPE = "threadscribe_reply"
_FORMER_NAME = re.compile(
    rf"{FORMER_BEGINNING}([A-Za-z0-9]+)(?:-[0-9]+)?(?:-v([0-9]+))?\.({'|'.join(KINDS)})"
)
"""Of every revision; the first number stood in the names of still older versions."""


def render_metadata(
    job: Job,
    state: ReplyState,
    piece: int = 0,
    *,
    file_ids: Sequence[str] = (),
    outdated_ids: Sequence[str] = (),
) -> dict[str, Any]:
    """The metadata of a reply's message; visible to every app of the workspace, so never text.

    Source: https://docs.slack.dev/messaging/message-metadata/
    """
    payload: dict[str, Any] = {"key": str(job.key), "state": str(state), "revision": job.revision}
    payload |= {"piece": piece} if piece else {}
    return {"event_type": EVENT_TYPE, "event_payload": payload | _naming(file_ids, outdated_ids)}


def with_files(message: Message, file_ids: Sequence[str]) -> dict[str, Any] | None:
    """The metadata of a reply that stands, with other files beside it; ``None`` where it has none of ours."""
    ours = _ours(message)
    if ours is None:
        return None
    payload = ours.model_dump(include={"key", "state"}) | {"revision": int(ours.revision or 0)}
    return {"event_type": EVENT_TYPE, "event_payload": payload | _naming(file_ids, ours.outdated_files)}


def is_beside(reply: Message, file: SharedFile, key: JobKey, revision: int) -> bool:
    """True where a file belongs to a reply, of this key and revision."""
    ours = _ours(reply)
    return bool(ours and file.id in ours.files) or _former(file.name) == (key.file_id, revision)


def look_up(messages: Sequence[Message], job: Job) -> ThreadLookup:
    """The reply and the files of a job, among the messages of its thread."""
    found = ThreadLookup()
    for message in messages:
        found = _note_metadata(found, message, job)
    for message in messages:
        found = _note_files(found, message, job)
    return found


def plan_removal(messages: Sequence[Message], removal: Removal) -> list[SharedTranscript]:
    """The messages to delete of a thread, files first: without the replies nobody knows whose they are.

    Files that a former version has shared of a recording whose other reply stays are that one's too, and
    stay. Those that no reply tells of any more, as somebody has deleted it, go with the last recording.
    """
    found = [(message, _key_of(message, removal.channel_id)) for message in messages]
    keys = [key for _, key in found if key is not None]
    covered = {key.file_id for key in (*keys, *removal.keys) if removal.covers(key)}
    covered |= {removal.file_id} if removal.file_id else set()
    covered -= {key.file_id for key in keys if not removal.covers(key)}
    is_last = all(map(removal.covers, keys))
    told = [(bool(key and removal.covers(key)), _named_by(message)) for message, key in found]
    going = {file_id for is_covered, file_ids in told if is_covered for file_id in file_ids}
    staying = {file_id for is_covered, file_ids in told if not is_covered for file_id in file_ids}

    def goes(message: Message) -> bool:
        ids = {file.id for file in message.files}
        return (
            _is_leftover(message)
            or bool({former[0] for file in message.files if (former := _former(file.name))} & covered)
            or bool(ids & (going - staying))
            or (is_last and not ids & staying and _is_untold(message))
        )

    files = [_shared(message) for message in messages if goes(message)]
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


def _naming(file_ids: Sequence[str], outdated_ids: Sequence[str]) -> dict[str, Any]:
    """The part of the metadata that tells of files."""
    told = {"files": list(file_ids), "outdated_files": list(outdated_ids)}
    return {name: ids for name, ids in told.items() if ids}


def _named_by(message: Message) -> tuple[str, ...]:
    """The files that a reply tells of."""
    ours = _ours(message)
    return (*ours.files, *ours.outdated_files) if ours else ()


def _former(name: str) -> tuple[str, int] | None:
    """The recording and the revision that a file of a former version was named after."""
    match = _FORMER_NAME.fullmatch(name)
    return (match[1], int(match[2] or 1) - 1) if match else None


def _is_untold(message: Message) -> bool:
    """True where a message shares files that look like a transcript's, and of no former version."""
    names = [file.name for file in message.files]
    return bool(names) and all(name.endswith(KINDS) and _former(name) is None for name in names)


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
        is_older = revision < job.revision
        return replace(
            found,
            ts=ts,
            state=_state(ours.state),
            revision=revision,
            file_ids=() if is_older else ours.files,
            outdated_ids=(*ours.outdated_files, *(ours.files if is_older else ())),
        )
    if revision == job.revision:
        return replace(found, pieces=found.pieces | {piece})
    return replace(found, outdated=(*found.outdated, SharedTranscript(ts, ())))


def _note_files(found: ThreadLookup, message: Message, job: Job) -> ThreadLookup:
    standing = [file for file in message.files if file.mode != "tombstone"]
    ids = [file.id for file in standing]
    former = {
        revision: file
        for file in reversed(standing)
        for file_id, revision in [_former(file.name) or ("", 0)]
        if file_id == job.key.file_id
    }
    if found.file_ids[:1] and found.file_ids[0] in ids:
        return replace(found, file_shared=True)
    if job.revision in former:
        is_text = former[job.revision].name.endswith(KINDS[0])
        told = tuple(dict.fromkeys((*found.file_ids, *ids)))
        return replace(found, file_shared=found.file_shared or is_text, file_ids=told)
    is_outdated = bool(set(ids) & set(found.outdated_ids)) or any(old < job.revision for old in former)
    if is_outdated or (job.revision > 0 and _is_leftover(message)):
        return replace(found, outdated=(*found.outdated, _shared(message)))
    return found


def _state(word: str) -> ReplyState:
    try:
        return ReplyState(word)
    except ValueError:
        return ReplyState.WAITING
