"""Plan for shared files: message events -> requests, or the reason to ignore them. Pure.

Source: https://docs.slack.dev/reference/events/message/file_share
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from bot.channel_settings import Automatic
from bot.model import SUBSCRIBERS, THREAD, Claim, FileState, JobKey, SharedFile, TranscriptionRequest
from bot.slack.incoming.events import EventCallback, MessageEvent
from bot.slack.incoming.messages import Message, SharedMessage
from bot.slack.requests.command_text import RecordingQuery, ask_id, parse_mention, says_nothing


class Ignored(StrEnum):
    """Reasons to ignore an event."""

    NOT_A_MESSAGE = "not_a_message"
    MALFORMED = "malformed"
    SUBTYPE = "subtype"
    """Edits, deletions, joins: messages that share nothing new."""
    FROM_A_BOT = "from_a_bot"
    NO_FILES = "no_files"
    NO_AUDIO = "no_audio"
    AUTOMATIC_OFF = "automatic_off"
    SHARED_EXTERNALLY = "shared_externally"
    OPTED_OUT = "opted_out"


@dataclass(frozen=True, slots=True)
class ConversationFacts:
    """The conversation that a message stands in, however the message was learned of."""

    team_id: str
    channel_id: str
    bot_user_id: str
    """The user that people mention to call the bot; empty where Slack does not say."""
    bot_id: str
    """The ``bot_id`` of what the bot itself posts; the same."""
    is_direct: bool
    """It is a direct message to the bot."""
    is_shared_externally: bool
    """Other organisations are in it."""


@dataclass(frozen=True, slots=True)
class Share:
    """A message with files that somebody shares."""

    target: SharedMessage
    is_asked: bool
    """The bot is mentioned beside the files; in a direct message the words alone ask."""
    is_direct: bool
    """The message is in a direct message to the bot."""
    is_shared_externally: bool
    """The message is in a channel that other organisations are in."""
    language: str | None = None
    """The language that is named beside the files, where the bot is addressed."""
    unheard: frozenset[str] = frozenset()
    """Files that are transcribed for none but who asks: a bot wrote the message that passes them on."""
    new_files: frozenset[str] | None = None
    """The ids of the files that an edit has added; ``None``: all of the message's are new."""


@dataclass(frozen=True, slots=True)
class Policy:
    """The channel's policy: what is transcribed without being asked, and for whom."""

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
_READABLE = frozenset({FileState.STUB, FileState.AVAILABLE})


def parse_share(callback: EventCallback[MessageEvent]) -> Share | Ignored:
    """Read a message or a mention: the first shares files, the second asks for them.

    A mention with a clip arrives as ``message`` and as ``app_mention``, with one ``ts`` and so with the same
    keys. Whichever is stored first counts, so both make the same of it: the message is searched for the
    mention, the words of both for a language, and a file has its place among all that could be transcribed,
    wanted or not.

    What apps post is heard where somebody asks, by a mention or in a direct message, and not by itself; what
    the bot itself posts never is.
    """
    event = callback.event
    if event.type not in {"message", "app_mention"}:
        return Ignored.NOT_A_MESSAGE
    facts = facts_of(callback, event.channel, event.channel_type)
    return read_share(event, facts, is_mention=event.type == "app_mention")


def facts_of(callback: EventCallback[Any], channel_id: str, channel_type: str = "") -> ConversationFacts:
    """The conversation that an event is about."""
    return ConversationFacts(
        callback.installation_id,
        channel_id,
        callback.bot_user_id,
        callback.own_bot_id,
        is_direct=channel_type == "im" or channel_id.startswith("D"),
        is_shared_externally=callback.is_ext_shared_channel,
    )


def read_share(message: Message, facts: ConversationFacts, *, is_mention: bool = False) -> Share | Ignored:
    """The files that a message of a conversation shares; ``is_mention`` where its event says so."""
    if reason := _not_a_share(message, facts):
        return reason
    target = message.target(facts.team_id, facts.channel_id)
    if target is None:
        return Ignored.MALFORMED
    if not target.files:
        return Ignored.NO_FILES
    said = parse_mention(message.text, facts.bot_user_id)
    is_understood = isinstance(said, RecordingQuery) and not says_nothing(message.text, facts.bot_user_id)
    is_mention = is_mention or message.mentions(facts.bot_user_id)
    is_asked = is_mention or (facts.is_direct and is_understood)
    unheard = frozenset[str]() if is_asked or facts.is_direct else message.bots_file_ids
    if (message.is_from_app and not (is_asked or facts.is_direct)) or unheard >= {f.id for f in target.files}:
        return Ignored.FROM_A_BOT
    return Share(
        target,
        is_asked=is_asked,
        is_direct=facts.is_direct,
        is_shared_externally=facts.is_shared_externally,
        language=said.language if is_asked and isinstance(said, RecordingQuery) else None,
        unheard=unheard,
    )


def added_files(event: MessageEvent) -> frozenset[str]:
    """The ids of the files that an edit (``message_changed``) has added to its message."""
    if event.message is None:
        return frozenset()
    files, before = event.message.shared_files, event.previous_message
    if before is not None and before.ts:
        return frozenset(file.id for file in files) - {file.id for file in before.shared_files}
    # Slack need not say what it was. A file that it had is older than the message.
    posted_at = _time_of(event.message.ts)
    return frozenset(file.id for file in files if file.created_at and file.created_at > posted_at)


def plan_requests(share: Share, policy: Policy) -> list[TranscriptionRequest] | Ignored:
    """The requests for shared files; the policy counts where nobody asks."""
    target = share.target
    # Whoever asks beside nothing but a picture or a PDF gets an answer; else it would be noise.
    files = target.recordings if share.is_asked else target.transcribable
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
            ask_id=ask_id(target.message_ts, share.language) if share.is_asked else "",
            language=share.language,
            wants_video=policy.automatic is Automatic.VIDEO,
            whisper_in=None if audience in {THREAD, SUBSCRIBERS} else target.where_seen,
            wanted=wanted,
        )
        for position, file in enumerate(files)
        if share.new_files is None or file.id in share.new_files
        for audience, wanted in _audiences(share, policy)
        if file.id not in share.unheard and (wanted is None or _may_be(file, wanted))
    ]
    if not requests and policy.automatic is Automatic.OFF:
        return Ignored.SHARED_EXTERNALLY if share.is_shared_externally else Ignored.AUTOMATIC_OFF
    return requests or Ignored.NO_AUDIO


def _audiences(share: Share, policy: Policy) -> Iterator[tuple[str, frozenset[Claim] | None]]:
    """The audiences of the message's files, and the kinds of files that each gets; ``None`` for all."""
    if share.is_asked:
        # Subscribers get copies of what the thread reads.
        yield THREAD, None
        return
    wanted = _WANTED[policy.automatic]
    if share.is_direct:
        # Nobody else reads it, and whoever sends the bot a file means it: its content decides.
        wanted |= {Claim.UNKNOWN}
    audience = share.target.user_id if policy.only_for_sender else THREAD
    if audience:
        yield audience, wanted
    if policy.has_subscribers:
        # And of what the sender alone does.
        yield SUBSCRIBERS, _AUDIO - wanted if audience else _AUDIO


def _may_be(file: SharedFile, wanted: frozenset[Claim]) -> bool:
    """True where a file is of one of these kinds, or may turn out to be: the job asks Slack.

    A stub has no type, and Slack may not have looked yet at a new file. A tombstone never gets one.
    """
    if file.claim in wanted - {Claim.UNKNOWN}:
        return True
    may_change = bool(wanted) and not file.is_described
    return file.state in _READABLE and (may_change or file.claim in wanted)


def _not_a_share(message: Message, facts: ConversationFacts) -> Ignored | None:
    if message.hidden or message.subtype not in _SHARING_SUBTYPES:
        return Ignored.SUBTYPE
    # What the bot uploads itself need not carry a bot id.
    ours = {facts.bot_user_id, facts.bot_id} - {""}
    return Ignored.FROM_A_BOT if ours & {message.user, message.bot_id} else None


def _time_of(ts: str) -> float:
    """Seconds since the epoch; never, where it is no time."""
    try:
        return float(ts)
    except ValueError:
        return math.inf
