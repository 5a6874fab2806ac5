"""Reading a thread for what the bot has posted there itself: by its metadata, and by names of files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bot.model import Job
from bot.ports import Found, ReplyState, SharedTranscript
from bot.slack.blocks import transcript_file_names

EVENT_TYPE = "threadscribe_reply"


def render_metadata(job: Job, state: ReplyState, piece: int = 0) -> dict[str, Any]:
    """What a message of the bot's carries unseen; visible to every app of the workspace, so never text.

    Source: https://docs.slack.dev/messaging/message-metadata/
    """
    payload: dict[str, Any] = {"key": str(job.key), "state": str(state), "revision": job.revision}
    return {"event_type": EVENT_TYPE, "event_payload": payload | ({"piece": piece} if piece else {})}


def note_message(found: Found, message: Mapping[str, Any], job: Job) -> Found:
    """Add to what was found what one more message of the thread says."""
    ts = str(message.get("ts"))
    files = [file for file in message.get("files") or [] if isinstance(file, dict)]
    names = {str(file.get("name")) for file in files}
    if transcript_file_names(job.key, job.revision)[0] in names:
        found = replace(found, file_shared=True)
    old_names = {
        name for revision in range(job.revision) for name in transcript_file_names(job.key, revision)
    }
    # Somebody died between deleting files and the message that shared them: only tombstones are left.
    only_tombstones = {file.get("mode") for file in files} == {"tombstone"}
    if old_names & names or (job.revision > 0 and "bot_id" in message and only_tombstones):
        outdated = SharedTranscript(ts, tuple(str(file.get("id")) for file in files))
        found = replace(found, outdated=(*found.outdated, outdated))
    return _note_metadata(found, message, job, ts)


def _note_metadata(found: Found, message: Mapping[str, Any], job: Job, ts: str) -> Found:
    metadata = message.get("metadata") or {}
    payload = metadata.get("event_payload") or {}
    if metadata.get("event_type") != EVENT_TYPE or payload.get("key") != str(job.key):
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
