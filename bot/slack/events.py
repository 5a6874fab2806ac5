"""Slack's message events -> requests, or the reason to ignore them. Pure.

Source: https://docs.slack.dev/reference/events/message/file_share
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from bot.model import SUBSCRIBERS, THREAD, Claim, FileState, JobKey, Place, SharedFile, TranscriptionRequest
from bot.preferences import Automatic
from bot.slack.bodies import part, team_of
from bot.slack.files import parse_id
from bot.slack.targets import Target, parse_target, records


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
class Share:
    """Somebody shares files."""

    target: Target
    is_asked: bool
    """They mention the bot beside them."""
    is_direct: bool
    """In a direct message to the bot."""
    is_shared_externally: bool
    """In a channel that other organisations are in."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What is transcribed without being asked, and for whom."""

    automatic: Automatic
    only_for_sender: bool = False
    has_subscribers: bool = False
    """Somebody besides the sender wants the transcripts by direct message."""


_SHARING_SUBTYPES = frozenset({"", "file_share", "thread_broadcast", "me_message"})
_CLIPS = frozenset({Claim.VOICE_CLIP, Claim.VIDEO_CLIP})
_AUDIO = _CLIPS | {Claim.AUDIO, Claim.EITHER}
_WANTED = {
    Automatic.OFF: frozenset[Claim](),
    Automatic.CLIPS: _CLIPS,
    Automatic.AUDIO: _AUDIO,
    Automatic.VIDEO: _AUDIO | {Claim.VIDEO},
}


def parse_event(body: Mapping[str, Any]) -> Share | Ignored:
    """Read an ``event_callback`` body: ``message`` shares files, and a mention of the bot asks for them.

    A mention with a clip arrives as ``message`` and as ``app_mention``, with one ``ts`` and so with the same
    keys. Whichever is stored first counts, so both make the same of it: the message is searched for the
    mention, and a file has its place among all that could be transcribed, wanted or not.
    """
    event = part(body, "event")
    if event.get("type") not in ("message", "app_mention"):
        return Ignored.NOT_A_MESSAGE
    if reason := _not_a_share(body, event):
        return reason
    channel_id = parse_id(event, "channel")
    target = parse_target(team_of(body), channel_id, event)
    if target is None:
        return Ignored.MALFORMED
    if not target.files:
        return Ignored.NO_FILES
    return Share(
        target,
        is_asked=event.get("type") == "app_mention" or _mentions(event, _bot_user_id(body)),
        is_direct=event.get("channel_type") == "im" or channel_id.startswith("D"),
        is_shared_externally=bool(body.get("is_ext_shared_channel")),
    )


def plan_requests(share: Share, policy: Policy) -> list[TranscriptionRequest] | Ignored:
    """What is transcribed of what somebody shares, and for whom; the policy counts where nobody asks."""
    target = share.target
    # Whoever asks beside nothing but a picture or a PDF gets an answer; beside a clip it would be noise.
    files = target.transcribable or (target.files if share.is_asked else ())
    requests = [
        TranscriptionRequest(
            key=JobKey(target.team_id, target.channel_id, target.message_ts, file.id, audience),
            file=file,
            thread_ts=target.thread_ts,
            user_id=target.user_id,
            position=position,
            siblings=len(files),
            explicit=share.is_asked,
            asked_by=target.user_id if share.is_asked else "",
            wants_video=policy.automatic is Automatic.VIDEO,
            whisper_in=None if audience in {THREAD, SUBSCRIBERS} else where_seen(target),
        )
        for position, file in enumerate(files)
        for audience in _audiences(share, policy, file)
    ]
    if not requests and policy.automatic is Automatic.OFF:
        return Ignored.SHARED_EXTERNALLY if share.is_shared_externally else Ignored.AUTOMATIC_OFF
    return requests or Ignored.NO_AUDIO


def where_seen(target: Target) -> Place:
    """Where somebody who looks at a message sees what only they can see."""
    in_thread = target.thread_ts != target.message_ts
    return Place(target.channel_id, target.thread_ts if in_thread else None)


def is_unknown_stub(file: SharedFile) -> bool:
    """Whether Slack has to be asked what a file is, as in channels that other organisations are in."""
    return file.claim is Claim.UNKNOWN and file.state is FileState.STUB


def _audiences(share: Share, policy: Policy, file: SharedFile) -> Iterator[str]:
    """Who gets the transcript of a file."""
    wanted = _is_wanted(file, policy.automatic)
    if share.is_asked or (wanted and not policy.only_for_sender):
        # Subscribers get copies of what the thread reads.
        yield THREAD
        return
    if wanted and share.target.user_id:
        # And of what the sender alone does.
        yield share.target.user_id
    elif policy.has_subscribers and _is_wanted(file, Automatic.AUDIO):
        yield SUBSCRIBERS


def _is_wanted(file: SharedFile, automatic: Automatic) -> bool:
    # Without a type, a stub may still turn out to be audio; a tombstone or a nameless blob never claimed it.
    # Whether it is a clip only Slack knows, not the job.
    may_be = is_unknown_stub(file) and automatic in {Automatic.AUDIO, Automatic.VIDEO}
    return may_be or file.claim in _WANTED[automatic]


def _not_a_share(body: Mapping[str, Any], event: Mapping[str, Any]) -> Ignored | None:
    subtype = event.get("subtype") or ""
    if event.get("hidden") or not isinstance(subtype, str) or subtype not in _SHARING_SUBTYPES:
        return Ignored.SUBTYPE
    # What the bot uploads itself need not carry a bot id.
    own = parse_id(event, "user") or None
    if event.get("bot_id") or event.get("bot_profile") or own == _bot_user_id(body):
        return Ignored.FROM_A_BOT
    return None


def _bot_user_id(body: Mapping[str, Any]) -> str:
    """The user that people mention to call the bot; empty where Slack does not say.

    Source: https://docs.slack.dev/apis/events-api/#authorizations
    """
    authorization: Mapping[str, Any] = next(records(body.get("authorizations")), {})
    return parse_id(authorization, "user_id") if authorization.get("is_bot") is True else ""


def _mentions(event: Mapping[str, Any], user_id: str) -> bool:
    """Whether somebody is called in a message's text, where typed angle brackets stand escaped.

    Source: https://docs.slack.dev/messaging/formatting-message-text#mentioning-users
    """
    text = event.get("text")
    if not user_id or not isinstance(text, str):
        return False
    return re.search(rf"<@{re.escape(user_id)}(\|[^<>]*)?>", text) is not None
