"""Slack's event payloads -> requests, or the reason to ignore them. Pure.

Source: https://docs.slack.dev/reference/events/message/file_share
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from bot.model import Claim, JobKey, SharedFile, TranscriptionRequest
from bot.slack.files import parse_file


class Ignored(StrEnum):
    """Why an event asks for nothing."""

    NOT_A_MESSAGE = "not_a_message"
    MALFORMED = "malformed"
    SUBTYPE = "subtype"
    """Edits, deletions, joins: messages that share nothing new."""
    FROM_A_BOT = "from_a_bot"
    NO_FILES = "no_files"
    NO_AUDIO = "no_audio"
    AUTOMATIC_OFF = "automatic_off"
    SHARED_EXTERNALLY = "shared_externally"


@dataclass(frozen=True, slots=True)
class Policy:
    """What is transcribed without being asked."""

    automatic: bool


_SHARING_SUBTYPES = frozenset({None, "", "file_share", "thread_broadcast", "me_message"})
_AUTOMATIC = frozenset({Claim.AUDIO, Claim.VIDEO_CLIP, Claim.EITHER, Claim.UNKNOWN})
_ON_REQUEST = _AUTOMATIC | {Claim.VIDEO}
_MOST_FILES = 50
"""Slack lets a message hold 10; a forwarded one adds its own. A forged payload may hold any number."""

_LONGEST_ID = 64


def parse_event(body: Mapping[str, Any], policy: Policy) -> list[TranscriptionRequest] | Ignored:
    """Read an ``event_callback`` body: ``message`` shares files, ``app_mention`` asks for them by name.

    A mention with a clip arrives as both, with one ``ts`` and so one key; what is refused aloud follows from
    whichever is stored first, so both say that the sharer wants an answer where the file claims audio.
    """
    event = body.get("event")
    if not isinstance(event, Mapping) or event.get("type") not in {"message", "app_mention"}:
        return Ignored.NOT_A_MESSAGE
    mention = event.get("type") == "app_mention"
    files = list(_files(event))
    reason = _not_a_share(event) or (None if files else Ignored.NO_FILES)
    if reason is None and not mention:
        reason = _not_automatic(body, event, policy)
    if reason is not None:
        return reason
    team_id, channel_id, ts = _team_id(body), _id(event, "channel"), _id(event, "ts")
    if not (team_id and channel_id and ts):
        return Ignored.MALFORMED
    wanted = [file for file in files if file.claim in (_ON_REQUEST if mention else _AUTOMATIC)]
    if not wanted:
        return Ignored.NO_AUDIO
    return [
        TranscriptionRequest(
            key=JobKey(team_id, channel_id, ts, file.id),
            file=file,
            thread_ts=_id(event, "thread_ts") or ts,
            user_id=_id(event, "user"),
            position=position,
            siblings=len(wanted),
            explicit=mention,
        )
        for position, file in enumerate(wanted)
    ]


def _not_a_share(event: Mapping[str, Any]) -> Ignored | None:
    if event.get("hidden") or event.get("subtype") not in _SHARING_SUBTYPES:
        return Ignored.SUBTYPE
    if event.get("bot_id") or event.get("bot_profile"):
        return Ignored.FROM_A_BOT
    return None


def _not_automatic(body: Mapping[str, Any], event: Mapping[str, Any], policy: Policy) -> Ignored | None:
    if event.get("channel_type") == "im" or _id(event, "channel").startswith("D"):
        return None
    if not policy.automatic:
        return Ignored.AUTOMATIC_OFF
    return Ignored.SHARED_EXTERNALLY if body.get("is_ext_shared_channel") else None


def _files(event: Mapping[str, Any]) -> Iterator[SharedFile]:
    """The message's own files, then those of messages that it forwards; each once."""
    seen: set[str] = set()
    forwarded = (held for held in _records(event.get("attachments")) if not held.get("bot_id"))
    for holder in (event, *forwarded):
        for raw in _records(holder.get("files")):
            file = parse_file(raw)
            if file is not None and file.id not in seen and len(seen) < _MOST_FILES:
                seen.add(file.id)
                yield file


def _records(value: Any) -> Iterator[Mapping[str, Any]]:
    # An empty list can arrive as {}.
    if isinstance(value, list):
        yield from (item for item in value if isinstance(item, Mapping))


def _team_id(body: Mapping[str, Any]) -> str:
    """The team whose installation this event is for; the outer ``team_id`` may be the sender's."""
    for authorization in _records(body.get("authorizations")):
        return _id(authorization, "team_id") or _id(body, "team_id")
    return _id(body, "team_id")


def _id(record: Mapping[str, Any], name: str) -> str:
    """An id or timestamp; empty where it is missing or no such thing."""
    value = record.get(name)
    return value if isinstance(value, str) and len(value) <= _LONGEST_ID else ""
