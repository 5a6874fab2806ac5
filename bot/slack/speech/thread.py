"""Reading a thread for what the bot has posted there itself: by its metadata, and by names of files."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from bot.model import Job, JobKey, Removal
from bot.reply import Found, ReplyState, SharedTranscript
from bot.slack.speech.blocks import transcript_file_names
from bot.slack.targets import records

EVENT_TYPE = "threadscribe_reply"
_FILE_NAME = re.compile(r"transcript-([A-Za-z0-9]+)(-[0-9]+)?(-v[0-9]+)?\.(txt|srt|vtt)")
"""Of every revision; the first number stood in the names of older versions."""


def render_metadata(job: Job, state: ReplyState, piece: int = 0) -> dict[str, Any]:
    """What a message of the bot's carries unseen; visible to every app of the workspace, so never text.

    Source: https://docs.slack.dev/messaging/message-metadata/
    """
    payload: dict[str, Any] = {"key": str(job.key), "state": str(state), "revision": job.revision}
    return {"event_type": EVENT_TYPE, "event_payload": payload | ({"piece": piece} if piece else {})}


def note_message(found: Found, message: Mapping[str, Any], job: Job) -> Found:
    """Add to what was found what one more message of the thread says."""
    names = {str(file.get("name")) for file in records(message.get("files"))}
    if transcript_file_names(job.key, job.revision)[0] in names:
        found = replace(found, file_shared=True)
    old_names = {
        name for revision in range(job.revision) for name in transcript_file_names(job.key, revision)
    }
    if old_names & names or (job.revision > 0 and _is_leftover(message)):
        found = replace(found, outdated=(*found.outdated, _shared(message)))
    return _note_metadata(found, message, job)


def plan_removal(messages: Sequence[Mapping[str, Any]], removal: Removal) -> list[SharedTranscript]:
    """What of a thread has to go, files first: their names say less than the metadata of what goes after.

    Files of a recording whose other reply stays are that one's too, and stay.
    """
    keys = [key for key in map(_key_of, messages) if key is not None]
    covered = {key.file_id for key in (*keys, *removal.keys) if removal.covers(key)}
    covered |= {removal.file_id} if removal.file_id else set()
    covered -= {key.file_id for key in keys if not removal.covers(key)}
    files = [_shared(message) for message in messages if _is_leftover(message) or _names(message) & covered]
    replies = [
        SharedTranscript(str(message.get("ts")), ())
        for message in messages
        if (key := _key_of(message)) is not None and removal.covers(key)
    ]
    return [*files, *replies]


def state_in(message: Mapping[str, Any]) -> ReplyState | None:
    """How far a reply of ours is; ``None`` where a message is none."""
    payload = _payload_of(message)
    return _state(payload.get("state")) if payload else None


def is_carried_on(messages: Sequence[Mapping[str, Any]], key: JobKey) -> bool:
    """Whether further messages carry a reply on, where no file could be shared."""
    return any(_key_of(message) == key and _number(_payload_of(message).get("piece")) for message in messages)


def _names(message: Mapping[str, Any]) -> set[str]:
    """The recordings whose transcripts a message shares as files."""
    found = (_FILE_NAME.fullmatch(str(file.get("name"))) for file in records(message.get("files")))
    return {match[1] for match in found if match}


def _shared(message: Mapping[str, Any]) -> SharedTranscript:
    files = records(message.get("files"))
    return SharedTranscript(str(message.get("ts")), tuple(str(file.get("id")) for file in files))


def _is_leftover(message: Mapping[str, Any]) -> bool:
    """Somebody died between deleting files and the message that shared them: only tombstones are left."""
    modes = {file.get("mode") for file in records(message.get("files"))}
    return "bot_id" in message and modes == {"tombstone"}


def _payload_of(message: Mapping[str, Any]) -> Mapping[str, Any]:
    """The payload of our metadata; empty where a message has none."""
    metadata = message.get("metadata")
    if not isinstance(metadata, Mapping) or metadata.get("event_type") != EVENT_TYPE:
        return {}
    payload = metadata.get("event_payload")
    return payload if isinstance(payload, Mapping) else {}


def _key_of(message: Mapping[str, Any]) -> JobKey | None:
    try:
        return JobKey.parse(str(_payload_of(message).get("key")))
    except ValueError:
        return None


def _note_metadata(found: Found, message: Mapping[str, Any], job: Job) -> Found:
    payload, ts = _payload_of(message), str(message.get("ts"))
    if _key_of(message) != job.key:
        return found
    revision, piece = _number(payload.get("revision")), _number(payload.get("piece"))
    if not piece:
        return replace(found, ts=ts, state=_state(payload.get("state")), revision=revision)
    if revision == job.revision:
        return replace(found, pieces=found.pieces | {piece})
    return replace(found, outdated=(*found.outdated, SharedTranscript(ts, ())))


def _state(value: object) -> ReplyState:
    try:
        return ReplyState(str(value))
    except ValueError:
        return ReplyState.WAITING


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0
