"""A message and what could be transcribed of it -> requests. Pure.

Source: https://docs.slack.dev/reference/events/message/file_share
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bot.model import THREAD, Claim, JobKey, Place, SharedFile, TranscriptionRequest
from bot.slack.files import parse_file, parse_id

TRANSCRIBABLE = frozenset(
    {Claim.VOICE_CLIP, Claim.VIDEO_CLIP, Claim.AUDIO, Claim.EITHER, Claim.VIDEO, Claim.UNKNOWN}
)
"""What may be transcribed where somebody asks for it."""
_MOST_FILES = 50
"""Slack lets a message hold 10; a forwarded one adds its own. A forged payload may hold any number."""


@dataclass(frozen=True, slots=True)
class Target:
    """A message with recordings."""

    team_id: str
    channel_id: str
    message_ts: str
    thread_ts: str
    """Where its replies go: its own thread, or itself."""
    user_id: str
    """Who shared it; empty where Slack does not say."""
    files: tuple[SharedFile, ...]
    """All of its files, in its order."""

    @property
    def transcribable(self) -> tuple[SharedFile, ...]:
        """Those that could be transcribed. A file has its place among these, wanted or not."""
        return tuple(file for file in self.files if file.claim in TRANSCRIBABLE)


@dataclass(frozen=True, slots=True)
class Ask:
    """Who wants a target transcribed, and how."""

    by: str
    """The asker's user id."""
    id: str
    """What tells this ask from another one, however often it is delivered."""
    audience: str = THREAD
    """``THREAD``, or the asker."""
    language: str | None = None
    whisper_in: Place | None = None
    """Where the asker looks now, if the answer is for them alone."""


def parse_target(team_id: str, channel_id: str, message: Mapping[str, Any]) -> Target | None:
    """A message of an event, a shortcut or a history; ``None`` where it is none."""
    ts = parse_id(message, "ts")
    if not (team_id and channel_id and ts):
        return None
    return Target(
        team_id=team_id,
        channel_id=channel_id,
        message_ts=ts,
        thread_ts=parse_id(message, "thread_ts") or ts,
        user_id=parse_id(message, "user"),
        files=tuple(_files(message)),
    )


def asked_requests(target: Target, ask: Ask) -> list[TranscriptionRequest]:
    """One request for each recording of a message that somebody asks for.

    Where nothing in it could be transcribed, its files are asked for all the same: the refusal is the answer.
    """
    files = target.transcribable or target.files
    return [
        TranscriptionRequest(
            key=JobKey(target.team_id, target.channel_id, target.message_ts, file.id, ask.audience),
            file=file,
            thread_ts=target.thread_ts,
            user_id=target.user_id,
            position=position,
            siblings=len(files),
            explicit=True,
            asked_by=ask.by,
            ask_id=ask.id,
            language=ask.language,
            whisper_in=ask.whisper_in,
        )
        for position, file in enumerate(files)
    ]


def records(value: Any) -> Iterator[Mapping[str, Any]]:
    """The objects of a list; an empty list can arrive as ``{}``."""
    if isinstance(value, list):
        yield from (item for item in value if isinstance(item, Mapping))


def _files(message: Mapping[str, Any]) -> Iterator[SharedFile]:
    """The message's own files, then those of messages that it forwards; each once."""
    seen: set[str] = set()
    for holder in (message, *filter(_is_forwarded, records(message.get("attachments")))):
        for raw in records(holder.get("files")):
            file = parse_file(raw)
            if file is not None and file.id not in seen and len(seen) < _MOST_FILES:
                seen.add(file.id)
                yield file


def _is_forwarded(attachment: Mapping[str, Any]) -> bool:
    """Whether somebody passes a person's message on.

    Slack previews a linked message, too, as the poster may read it: its files are not for whoever reads the
    link.
    """
    return attachment.get("is_share") is True and not attachment.get("bot_id")
