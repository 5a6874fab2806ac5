"""Slack's event payloads -> requests, or the reason to ignore them. Pure.

Source: https://docs.slack.dev/reference/events/message/file_share
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from bot.model import Claim, FileState, JobKey, SharedFile, TranscriptionRequest
from bot.slack.blocks import FILL_GAPS
from bot.slack.files import parse_file, parse_id


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


_SHARING_SUBTYPES = frozenset({"", "file_share", "thread_broadcast", "me_message"})
_AUTOMATIC = frozenset({Claim.AUDIO, Claim.VIDEO_CLIP, Claim.EITHER})
_ON_REQUEST = _AUTOMATIC | {Claim.VIDEO, Claim.UNKNOWN}
_MOST_FILES = 50
"""Slack lets a message hold 10; a forwarded one adds its own. A forged payload may hold any number."""


def parse_event(body: Mapping[str, Any], policy: Policy) -> list[TranscriptionRequest] | Ignored:
    """Read an ``event_callback`` body: ``message`` shares files, and a mention of the bot asks for them.

    A mention with a clip arrives as ``message`` and as ``app_mention``, with one ``ts`` and so with the same
    keys. Whichever is stored first counts, so both make the same of it: the message is searched for the
    mention, and a file has its place among all that could be transcribed, wanted or not.
    """
    event = body.get("event")
    if not isinstance(event, Mapping) or event.get("type") not in ("message", "app_mention"):
        return Ignored.NOT_A_MESSAGE
    asked = event.get("type") == "app_mention" or _mentions(event, _bot_user_id(body))
    candidates = list(_files(event))
    reason = _not_a_share(body, event) or (None if candidates else Ignored.NO_FILES)
    if reason is None and not asked:
        reason = _not_automatic(body, event, policy)
    if reason is not None:
        return reason
    team_id, channel_id, ts = _team_id(body), parse_id(event, "channel"), parse_id(event, "ts")
    if not (team_id and channel_id and ts):
        return Ignored.MALFORMED
    transcribable = [file for file in candidates if file.claim in _ON_REQUEST]
    # Whoever asks beside nothing but a picture or a PDF gets an answer; beside a clip it would be noise.
    candidates = transcribable or (candidates if asked else [])
    requests = [
        TranscriptionRequest(
            key=JobKey(team_id, channel_id, ts, file.id),
            file=file,
            thread_ts=parse_id(event, "thread_ts") or ts,
            user_id=parse_id(event, "user"),
            position=position,
            siblings=len(candidates),
            explicit=asked,
        )
        for position, file in enumerate(candidates)
        if asked or _is_automatic(file)
    ]
    return requests or Ignored.NO_AUDIO


def parse_gap_request(body: Mapping[str, Any]) -> str | None:
    """The key of the job whose missing parts somebody asks for with the button under its transcript.

    ``None`` where the button is not one that this bot put into this channel.

    Source: https://docs.slack.dev/reference/interaction-payloads/block_actions-payload
    """
    for action in _records(body.get("actions")):
        value, channel = action.get("value"), body.get("channel")
        if action.get("action_id") != FILL_GAPS or not isinstance(value, str):
            continue
        channel_id = parse_id(channel, "id") if isinstance(channel, Mapping) else ""
        if channel_id and value.split(":")[1:2] == [channel_id]:
            return value
    return None


def _not_a_share(body: Mapping[str, Any], event: Mapping[str, Any]) -> Ignored | None:
    subtype = event.get("subtype") or ""
    if event.get("hidden") or not isinstance(subtype, str) or subtype not in _SHARING_SUBTYPES:
        return Ignored.SUBTYPE
    # What the bot uploads itself need not carry a bot id.
    own = parse_id(event, "user") or None
    if event.get("bot_id") or event.get("bot_profile") or own == _bot_user_id(body):
        return Ignored.FROM_A_BOT
    return None


def _not_automatic(body: Mapping[str, Any], event: Mapping[str, Any], policy: Policy) -> Ignored | None:
    if event.get("channel_type") == "im" or parse_id(event, "channel").startswith("D"):
        return None
    if not policy.automatic:
        return Ignored.AUTOMATIC_OFF
    return Ignored.SHARED_EXTERNALLY if body.get("is_ext_shared_channel") else None


def _is_automatic(file: SharedFile) -> bool:
    # Without a type, a stub may still turn out to be audio; a tombstone or a nameless blob never claimed it.
    return file.claim in _AUTOMATIC or (file.claim is Claim.UNKNOWN and file.state is FileState.STUB)


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


def _authorization(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """The installation that this event is for; Slack lists one.

    Source: https://docs.slack.dev/apis/events-api/#authorizations
    """
    return next(_records(body.get("authorizations")), {})


def _team_id(body: Mapping[str, Any]) -> str:
    """The installation's team: the outer ``team_id`` may be the sender's."""
    return parse_id(_authorization(body), "team_id") or parse_id(body, "team_id")


def _bot_user_id(body: Mapping[str, Any]) -> str:
    """The user that people mention to call the bot; empty where Slack does not say."""
    authorization = _authorization(body)
    return parse_id(authorization, "user_id") if authorization.get("is_bot") is True else ""


def _mentions(event: Mapping[str, Any], user_id: str) -> bool:
    """Whether somebody is called in a message's text, where typed angle brackets stand escaped.

    Source: https://docs.slack.dev/messaging/formatting-message-text#mentioning-users
    """
    text = event.get("text")
    if not user_id or not isinstance(text, str):
        return False
    return re.search(rf"<@{re.escape(user_id)}(\|[^<>]*)?>", text) is not None
